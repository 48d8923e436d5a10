// What the engine remembers of one workload.
#ifndef MUSTER_SCHEDULER_WORKLOAD_WORKLOAD_STATE_H_
#define MUSTER_SCHEDULER_WORKLOAD_WORKLOAD_STATE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/core.h"
#include "api/kueue.h"
#include "quota/forest.h"
#include "quota/fr_sum.h"
#include "scheduler/base/seldom.h"
#include "scheduler/ids.h"
#include "scheduler/shared.h"
#include "scheduler/status.h"
#include "scheduler/topology_placement.h"
#include "scheduler/workload/workload_shape.h"

namespace muster::scheduler {

// What the workload holds for one pod set.
struct HeldPodSet {
  std::string name;
  int32_t count = 0;
  struct Item {
    ResourceId resource;
    FlavorId flavor;
    quota::Amount amount;
  };
  absl::InlinedVector<Item, 2> items;  // by resource name
  std::optional<TopologyPlacement> topology;
  FlavorId topology_flavor = kNoId;
  std::string delayed_topology;  // "", Pending, Ready
};

using TriedFlavors = absl::InlinedVector<absl::InlinedVector<std::pair<ResourceId, int>, 2>, 1>;

// Where flavor scanning stopped, so that the next attempt goes on from there (Kueue: AssignmentClusterQueueState).
struct ScanProgress {
  int64_t cluster_queue_generation = 0;
  int64_t cycle = 0;
  int equivalence = -1;
  // [pod set][resource] -> index of the last flavor tried, -1 when all were.
  TriedFlavors last_tried;

  bool HasUntried() const {
    for (const auto& pod_set : last_tried) {
      for (const auto& [resource, index] : pod_set) {
        if (index != -1) return true;
      }
    }
    return false;
  }
};

// What every cycle that looks at the workload needs comes first, what hardly any workload has last.
struct WorkloadState {
  WorkloadId id;
  ClusterQueueId cq = kNoId;
  int32_t ns = kNoId;           // interned
  int32_t local_queue = kNoId;  // interned
  size_t place = 0;             // among the workloads of the LocalQueue
  int equivalence = -1;
  int second_passes = 0;  // in a row without success
  // kPending stands for heap and parked alike: which of the two, its queue knows.
  WorkloadPhase phase = WorkloadPhase::kUnqueued;
  bool in_use = false;
  bool active = true;
  bool on_hold = false;   // its quota was taken back on purpose, or it waits for pods to be replaced
  bool admitted = false;  // kReserved and all checks that it needs are ready
  bool evicted = false;
  bool requeued_false = false;  // condition Requeued is False: waits for SetRequeued
  bool removed = false;         // taken out of the world for a what-if
  bool failed_checks = false;
  bool checks_ready = false;      // it has admission checks, and all are ready
  bool preemption_gated = false;  // must not preempt anybody yet
  bool owned_by_single_pod = false;
  bool workload_priority_class = false;  // whether `priority_class` is a WorkloadPriorityClass

  int64_t priority = 0;  // effective
  int64_t generation = 0;
  // The generation that was last looked at in a cycle; 0 once the object has been seen anew since
  // (Kueue: LastEvaluatedGeneration).
  int64_t evaluated_generation = 0;
  int64_t preempted_in_cycle = -1;  // the cycle that last chose it as a victim
  absl::Time queue_timestamp;
  Shared<WorkloadIdentity> identity;
  std::shared_ptr<const WorkloadShape> shape;
  absl::Span<const PodSetState> pod_sets;  // of the shape
  // What `held` amounts to in the forest, less what is reclaimable. Zero amounts stay: they tell which pairs are used.
  quota::FrAmounts usage;
  absl::Time reserved_at = absl::InfinitePast();
  std::vector<HeldPodSet> held;  // while kReserved, or awaits is set
  std::optional<ScanProgress> progress;
  absl::Time creation;
  Seldom<std::vector<api::ReclaimablePod>> reclaimable;
  // When the conditions Evicted and Requeued last changed, as the object tells (InfinitePast: it has no such
  // condition). nullopt: the engine has set it itself, and the caller's write has not been seen yet.
  std::optional<absl::Time> evicted_since, requeued_since;
  std::optional<absl::Time> requeue_at;
  Seldom<std::string> eviction_reason;
  Seldom<std::string> priority_class;             // that the spec refers to
  Seldom<std::string> gated_by;                   // annotation admission-gated-by
  Seldom<std::vector<std::string>> ready_checks;  // admission checks in state Ready
  // While kUnqueued: it was admitted to this ClusterQueue, which does not exist (yet).
  Seldom<std::string> awaits;
  // [ConcurrentAdmission] annotation workload-allowed-resource-flavors; empty = all.
  Seldom<std::vector<std::string>> allowed_flavors;
  Seldom<std::string> variant_of;  // [ConcurrentAdmission] UID of the Workload that owns it; "" = not a variant
  Seldom<std::string> replaces;    // [ElasticJobsViaWorkloadSlices] key of the slice it takes the place of
  Seldom<std::vector<std::string>> unhealthy_nodes;

  const std::string& key() const { return identity->key; }
  // Orders point into it: it stays where it is as long as the workload is in one.
  const std::string& uid() const { return identity->uid; }
};

// How many pods of the pod set have ended and give back their part. O(pod sets).
inline int32_t Reclaimed(const std::vector<api::ReclaimablePod>& pods, const std::string& name) {
  for (const api::ReclaimablePod& p : pods) {
    if (p.name == name) return p.count;
  }
  return 0;
}

// What the workload holds of the resource for the pod set of that name; null if nothing.
inline const HeldPodSet::Item* HeldItem(const WorkloadState& w, const std::string& pod_set, ResourceId resource) {
  for (const HeldPodSet& ps : w.held) {
    if (ps.name != pod_set) continue;
    for (const HeldPodSet::Item& item : ps.items) {
      if (item.resource == resource) return &item;
    }
  }
  return nullptr;
}

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_WORKLOAD_WORKLOAD_STATE_H_
