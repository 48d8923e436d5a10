// What one scheduling cycle decided, as values.
//
// Every workload looked at gets one Decision: admitted, preempting (somebody has to make room first), pending or
// refused, with the reason. Reasons are data: codes, names, amounts; decision_text.h writes them out word for word as
// Kueue does, json/decision_json.h as JSON. A Decision is complete: it names everything itself and stays true, and says
// the same, when the engine has moved on or is gone. Workloads and ClusterQueues are named beside their ids; flavors and
// resources by FlavorName and ResourceName of the decision. The ids are also for asking the engine that made it.
//
// `outcome` and `retry` say what to do; mode, status, requeue_reason and pending_reason are Kueue's own words for how it
// came about, and are what Kueue would log.
// Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_DECISION_H_
#define MUSTER_SCHEDULER_DECISION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"
#include "quota/amount.h"
#include "scheduler/ids.h"
#include "scheduler/shared.h"
#include "scheduler/topology_failure.h"
#include "scheduler/topology_placement.h"

namespace muster::scheduler {

enum class Outcome : uint8_t {
  kAdmitted,    // holds its quota now: start it
  kPreempting,  // `targets` and `migrates` have to go first: stop those that are newly_evicted
  kPending,     // there is no room, or somebody else takes it
  kRefused,     // not looked at: something about its queue, namespace or itself is in the way
  kEvicted,     // held quota and loses it: a failed node, and no replacement. Stop it
};

// Whether waiting helps a workload that is kPending or kRefused.
enum class Retry : uint8_t {
  kNone,    // any other outcome
  kNotNow,  // others' usage may change
  kNever,   // not before something declared (quotas, flavors, namespaces, ...) or the workload itself changes
};

// How well an assignment fits; worse first (Kueue: FlavorAssignmentMode).
enum class Mode : uint8_t { kNoFit, kPreempt, kDeferredFit, kFit };

// What became of a nominated workload in the cycle (Kueue: entryStatus).
enum class EntryStatus : uint8_t {
  kNotNominated,     // stays pending, or waits for its victims
  kNominated,        // could have been admitted but the caller's write failed
  kSkipped,          // fitted until an earlier entry of the cycle took the room or the victims
  kAssumed,          // admitted
  kEvicted,          // evicted in its second pass (no replacement for a failed node)
  kPreemptionGated,  // must not preempt yet
};

// Why the workload goes back to its queue (Kueue: RequeueReason).
enum class RequeueReason : uint8_t {
  kGeneric,
  kFailedAfterNomination,
  kNamespaceMismatch,
  kPreemptionGated,
  kPendingPreemption,
  kPendingMigration,
  kPreemptionFailed,
  kNoFit,
  kPreemptionNoCandidates,
};

// The reason of condition QuotaReserved=False.
enum class PendingReason : uint8_t {
  kNone,
  kNoMatchingFlavor,         // never, with these flavors
  kWaitingForQuota,          // not now
  kExceedsMaxQuota,          // never, with these quotas
  kTopologyPlacementFailed,  // quota would do, the nodes do not
  kWaitingForPreemptedWorkloads,
  kMisconfigured,
  kSuspended,
  kPendingEvaluation,
  kAdmissionGated,
};

// Why a victim was chosen (the reason of condition Preempted=True).
enum class PreemptionReason : uint8_t {
  kInClusterQueue,
  kInCohortReclamation,
  kInCohortFairSharing,
  kInCohortReclaimWhileBorrowing,
};

// One thing that kept a flavor from fitting, with the numbers behind it.
struct FlavorReason {
  enum class Code : uint8_t {
    kResourceUnavailable,      // resource
    kFlavorNotFound,           // flavor
    kUntoleratedTaint,         // flavor, detail = the taint
    kNodeAffinityMismatch,     // flavor
    kExceedsMaxQuota,          // flavor, resource, earlier, requested, capacity
    kInsufficientUnusedQuota,  // flavor, resource, missing
    kNotInNominationMapping,   // flavor, resource
    kNotAllowedByAnnotation,   // flavor
    kSliceFlavorMismatch,      // flavor, detail = the original flavor
    kTopologyUnsupported,      // flavor does not support topology-aware scheduling
    kTopologyOnly,             // flavor supports only topology-aware scheduling
    kText,                     // detail is the whole sentence
  };
  Code code = Code::kText;
  FlavorId flavor = kNoId;
  ResourceId resource = kNoId;
  quota::Amount earlier = 0;    // what pod sets before this one ask for
  quota::Amount requested = 0;  // what this pod set asks for
  quota::Amount capacity = 0;   // the most the ClusterQueue could ever have
  quota::Amount missing = 0;    // how much more would have to be free
  std::string detail;
  friend bool operator==(const FlavorReason&, const FlavorReason&) = default;
};

// What became of one flavor that was looked at for a pod set, the worst over the resources (Kueue:
// FlavorAssignmentAttempt).
struct FlavorAttempt {
  // Whom preemption could remove to make the flavor fit; kNone if it fits, or if preemption cannot help.
  enum class Preemption : uint8_t { kNone, kNoCandidates, kPreempt, kReclaim };
  FlavorId flavor = kNoId;
  Mode mode = Mode::kNoFit;
  Preemption preemption = Preemption::kNone;
  int borrow = 0;
  std::vector<FlavorReason> reasons = {};
  friend bool operator==(const FlavorAttempt&, const FlavorAttempt&) = default;
};

struct ResourceFlavorChoice {
  ResourceId resource = kNoId;
  FlavorId flavor = kNoId;
  Mode mode = Mode::kNoFit;
  int borrow = 0;
  int tried_flavor_idx = -1;
  friend bool operator==(const ResourceFlavorChoice&, const ResourceFlavorChoice&) = default;
};

struct PodSetDecision {
  std::string name;
  int32_t count = 0;
  Mode mode = Mode::kNoFit;
  std::vector<ResourceFlavorChoice> flavors;  // by resource name
  std::vector<FlavorReason> reasons;
  // Of a pod set that fits: the flavors that were looked at and do not fit, or fit only by borrowing; by flavor name.
  std::vector<FlavorAttempt> attempts;
  std::string error;  // set when the pod set could not be evaluated at all
  // Topology-aware pod sets: where the pods go; or why they have no place (also the last of `reasons`, in words); or
  // that it is decided once admission checks are ready ("Pending", then "Ready").
  std::optional<TopologyPlacement> topology;
  FlavorId topology_flavor = kNoId;
  std::optional<TopologyFailure> topology_failure;
  std::string delayed_topology;
  friend bool operator==(const PodSetDecision&, const PodSetDecision&) = default;
};

struct PreemptionTarget {
  WorkloadId workload = kNoId;
  PreemptionReason reason = PreemptionReason::kInClusterQueue;
  bool newly_evicted = false;  // false: it was already on its way out
  Shared<WorkloadIdentity> identity = {};
  Shared<QueueIdentity> queue = {};
  friend bool operator==(const PreemptionTarget&, const PreemptionTarget&) = default;
};

// A sentence about the whole entry that is not about a flavor.
enum class Note : uint8_t {
  kNone,
  kFailedAdmissionChecks,  // "The workload has failed admission checks"
  kClusterQueueInactive,   // "ClusterQueue X is inactive"
  kClusterQueueNotFound,   // "ClusterQueue X not found"
  kNamespaceMissing,
  kNamespaceMismatch,   // "workload namespace doesn't match ClusterQueue selector"
  kResourceValidation,  // detail
  kLimitRange,          // detail
  kDeferredFit,
  kOverlappingTargets,
  kNoLongerFits,
  kPreemptionGated,
  kMoreFavorableAdmitted,      // of the concurrently admitted variants
  kBelowLastAcceptableFlavor,  // a variant not worth evicting a running one for
  kNoReplacement,              // of a failed node; detail = the nodes
};

// Invariants: kAdmitted exactly if status is kAssumed, kEvicted exactly if status is kEvicted; kPreempting exactly if
// pending_preemptions > 0 or `migrates` is set; kRefused exactly for CycleResult::rejected; retry is kNone exactly if
// the outcome is none of kPending and kRefused.
struct Decision {
  Outcome outcome = Outcome::kPending;
  Retry retry = Retry::kNotNow;
  Mode mode = Mode::kNoFit;
  EntryStatus status = EntryStatus::kNotNominated;
  RequeueReason requeue_reason = RequeueReason::kGeneric;
  PendingReason pending_reason = PendingReason::kNone;
  Note note = Note::kNone;
  bool second_pass = false;  // it holds quota already; this was about its topology

  WorkloadId workload = kNoId;
  ClusterQueueId cluster_queue = kNoId;
  int borrowing = 0;            // height of the smallest cohort subtree that has to lend; 0 = none
  int pending_preemptions = 0;  // > 0: "Pending the preemption of N workload(s)"
  Shared<WorkloadIdentity> identity;
  Shared<QueueIdentity> queue;
  std::vector<PodSetDecision> pod_sets;
  std::vector<PreemptionTarget> targets;
  std::string note_detail;
  // The less favorable variant of the same job that has been marked for eviction (reason FlavorMigration).
  WorkloadId migrates = kNoId;
  Shared<WorkloadIdentity> migrates_identity;
  // The slice of the same elastic job that this admission takes the place of: to be finished by the caller, with reason
  // WorkloadSliceReplaced. Until then both hold quota.
  WorkloadId replaces = kNoId;
  Shared<WorkloadIdentity> replaces_identity;

  // The name of a flavor or resource that this decision mentions; "" for kNoId. O(1).
  const std::string& FlavorName(FlavorId id) const { return NameIn(queue->flavor_names.get(), id); }
  const std::string& ResourceName(ResourceId id) const { return NameIn(queue->resource_names.get(), id); }

  // Of decisions of one engine: flavors and resources are compared by id.
  friend bool operator==(const Decision&, const Decision&) = default;

 private:
  static const std::string& NameIn(const NameList* names, int32_t id);
};

struct CycleResult {
  int64_t cycle = 0;
  // Nominated entries in the order they were processed.
  std::vector<Decision> entries;
  // Heads refused before flavors were looked at, by ClusterQueue name.
  std::vector<Decision> rejected;

  // Whether a head was looked at.
  bool ran() const { return !entries.empty() || !rejected.empty(); }
  friend bool operator==(const CycleResult&, const CycleResult&) = default;
};

// The wire names: "Fit", "assumed", "NoFit", "WaitingForQuota", "InCohortReclamation".
std::string_view ToString(Outcome outcome);  // "admitted", ...
std::string_view ToString(Retry retry);      // "", "not now", "never"
std::string_view ToString(Mode mode);
std::string_view ToString(EntryStatus status);
std::string_view ToString(RequeueReason reason);
std::string_view ToString(PendingReason reason);
std::string_view ToString(PreemptionReason reason);
std::string_view ToString(FlavorAttempt::Preemption preemption);  // "", "NoCandidates", ...
// The rule in Kueue's words: "reclamation within the cohort".
absl::string_view RuleInWords(PreemptionReason reason);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_DECISION_H_
