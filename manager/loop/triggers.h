// What has to be looked at when an object changes.
// Source of the rules: kueue-manager.md, "what it watches" of each controller.
#ifndef MUSTER_MANAGER_LOOP_TRIGGERS_H_
#define MUSTER_MANAGER_LOOP_TRIGGERS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

// Who looks.
enum class Controller : uint8_t {
  kWorkload,
  kClusterQueue,
  kLocalQueue,
  kCohort,
  kReferenced,  // ResourceFlavor, AdmissionCheck, Topology
  kPriorityClass,
  kPods,  // single ones and groups: keys of PodsToLookAt
  kStatefulSet,
  kPodOfStatefulSet,
  kLeaderWorkerSet,
  kProvisioning,       // of a Workload
  kProvisioningCheck,  // an AdmissionCheck
  kReplaceSlice,       // of an elastic job, by the Workload that was let in
  kUngateElastic,      // pods of the job of a Workload
  kUngateByTopology,   // pods of a Workload
  kNode,               // Workloads and pods on a node that fails
  kJob,                // every other kind of job
  kVerify,             // of any object, after a write that may or may not have been done: what it says now
};

struct Item {
  Controller controller = Controller::kWorkload;
  kube::ObjectKey key;
  friend bool operator==(const Item&, const Item&) = default;
  template <class H>
  friend H AbslHashValue(H h, const Item& item) {
    return H::combine(std::move(h), item.controller, item.key);
  }
};

struct Trigger {
  Item item;
  absl::Duration after;  // zero = at once
};

// How long figures of queues are collected before they are written.
inline constexpr absl::Duration kStatusBatch = absl::Seconds(1);

// `before` is null for a new object, `after` for one that is gone; the world has `after` already. In an order that
// depends on nothing else. O(what is triggered).
std::vector<Trigger> TriggersOf(const World& world, const kube::ObjectPtr& before, const kube::ObjectPtr& after);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_LOOP_TRIGGERS_H_
