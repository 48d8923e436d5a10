// Which priority a Workload has.
//
// Source of the rules: Kueue, pkg/util/priority and jobframework.
#ifndef MUSTER_MANAGER_JOBS_PRIORITY_H_
#define MUSTER_MANAGER_JOBS_PRIORITY_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kube/object.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

struct Priority {
  nlohmann::json class_ref;  // as spec.priorityClassRef has it; null for none
  int32_t value = 0;
};

// The priority of what `owner` asks for: of the WorkloadPriorityClass its label names; else of the PriorityClass its kind
// names (`own_class`; nullopt = the kind has no such field, then that of the first pod set that has one); else of the
// cluster's default. Errors: NotFound for a class that is gone; if it is the label's, `plan` gets an event too.
absl::StatusOr<Priority> PriorityOf(const World& world, const kube::Object& owner, absl::string_view recorder,
                                    const std::vector<nlohmann::json>& pod_sets,
                                    const std::optional<std::string>& own_class, Plan* plan);

// Whether the Workload's class follows the label of its job: not one of the cluster's PriorityClasses, and none can be
// added any more once quota is reserved.
bool FollowsLabel(const kube::Object& workload, bool reserved);

// The write that makes the Workload's class that of its owner's label, and the event about it; nullopt when it is.
// Errors: as PriorityOf.
absl::StatusOr<std::optional<Step>> FollowPriority(const World& world, const kube::Object& owner,
                                                   absl::string_view recorder, const kube::Object& workload,
                                                   bool reserved, const std::optional<std::string>& own_class,
                                                   Plan* plan);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_PRIORITY_H_
