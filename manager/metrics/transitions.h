// What became of a Workload between two versions of its object, as Kueue's metrics count it.
//
// Source of the rules: kueue-manager.md, "Metrics".
#ifndef MUSTER_MANAGER_METRICS_TRANSITIONS_H_
#define MUSTER_MANAGER_METRICS_TRANSITIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "kube/object.h"

namespace muster::manager {

struct Transition {
  enum class Kind : uint8_t { kQuotaReserved, kAdmitted, kReady, kEvicted, kFinished };
  Kind kind = Kind::kQuotaReserved;
  // By the admission; "" when it never had one.
  std::string cluster_queue;
  std::string ns, local_queue;
  std::string priority_class;
  // kEvicted: why, and whether for the first time.
  std::string reason, cause;
  bool once = false;
  bool preempted = false;
  // Until quota was reserved or the workload admitted, from when it was made or queued again.
  absl::Duration waited;
  // kAdmitted: from the reservation. kReady: from the admission. kEvicted: from when its pods were ready, below zero if
  // they were not.
  absl::Duration since_before;

  friend bool operator==(const Transition&, const Transition&) = default;
};

// None when one of the two is null: what was so when it was first seen is nobody's news. REQUIRES: Workloads.
std::vector<Transition> TransitionsOf(const kube::ObjectPtr& before, const kube::ObjectPtr& after, absl::Time now);

// "LocalQueue" and so on are read without going through api/: a condition's status is "" when there is none.
struct ConditionView {
  std::string status, reason;
  absl::Time since = absl::InfinitePast();  // lastTransitionTime

  bool is_true() const { return status == "True"; }
};
ConditionView ConditionOf(const kube::Object& object, absl::string_view type);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_METRICS_TRANSITIONS_H_
