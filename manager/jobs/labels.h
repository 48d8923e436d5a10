// What labels and annotations of jobs and Workloads say.
//
// Pure.
#ifndef MUSTER_MANAGER_JOBS_LABELS_H_
#define MUSTER_MANAGER_JOBS_LABELS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

// "" when it is in none.
std::string QueueName(const kube::Object& job);
// The Workload made beforehand that the job is to use; "" for none.
std::string PrebuiltWorkloadName(const kube::Object& job);
// nullopt unless it is a whole number above zero.
std::optional<int32_t> MaxExecSeconds(const kube::Object& job);
// Whether a job, or a Workload, may grow and shrink while it runs.
bool IsElastic(const World& world, const kube::Object& object);
// The first Workload of a chain of slices.
std::string SliceName(const kube::Object& workload);
// The controller among the owners.
std::optional<kube::Owner> ControllerOf(const kube::Object& object);

// Kubernetes: content.IsLabelValue, validation.IsDNS1123Label.
bool IsLabelValue(absl::string_view text);
bool IsDnsLabel(absl::string_view text);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_LABELS_H_
