// How the engine decides: the bits of Kueue's Configuration that change decisions, and its feature gates.
#ifndef MUSTER_SCHEDULER_OPTIONS_H_
#define MUSTER_SCHEDULER_OPTIONS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/feature_gates.h"

namespace muster::scheduler {

// When fair sharing may take from a queue with a larger share (Kueue: fairSharing.preemptionStrategies).
enum class FairSharingStrategy { kLessThanOrEqualToFinalShare, kLessThanInitialShare };

// Kueue: admissionFairSharing.
struct AdmissionFairSharingOptions {
  absl::Duration usage_half_life = absl::ZeroDuration();
  absl::Duration usage_sampling_interval = absl::ZeroDuration();
  std::map<std::string, double> resource_weights;  // absent = 1
};

// What to do with a requested resource that no resource group covers (Kueue: resources.quotaCheckStrategy).
enum class QuotaCheckStrategy { kBlockUndeclared, kIgnoreUndeclared };

// Which time puts an evicted-for-readiness workload back in line (Kueue: waitForPodsReady.requeuingStrategy.timestamp).
enum class RequeuingTimestamp { kEviction, kCreation };

// One resource transformation (Kueue: resources.transformations). Outputs are amounts per unit of `input`.
struct RequestTransformation {
  std::string input;
  bool replace = false;                   // strategy Replace drops the input, Retain keeps it
  std::string multiply_by;                // "" or the resource whose amount multiplies the outputs
  std::map<std::string, double> outputs;  // resource -> natural units per natural unit of input
};

// Thread-safety: value type.
struct EngineOptions {
  FeatureGates gates;
  // nullopt = classical preemption and ordering; otherwise fair sharing with these strategies in this order.
  std::optional<std::vector<FairSharingStrategy>> fair_sharing;
  std::optional<AdmissionFairSharingOptions> admission_fair_sharing;
  QuotaCheckStrategy quota_check = QuotaCheckStrategy::kBlockUndeclared;
  RequeuingTimestamp requeuing_timestamp = RequeuingTimestamp::kEviction;
  std::vector<RequestTransformation> transformations;
  std::vector<std::string> exclude_resource_prefixes;
  // How long after the first notification parked workloads of a cohort tree are looked at again (Kueue: 1 s).
  absl::Duration reactivation_batch = absl::Seconds(1);
  // Beyond Kueue, off for parity: do not let a workload in that over-commits a node. Kueue checks the pod sets of a
  // workload one by one and without the node's pod limit when an earlier entry of the cycle took part of a node, does
  // not see what that entry took through another flavor, and admits partial counts that are no multiple of the slice
  // size although only whole slices are placed.
  bool strict_topology = false;

  static EngineOptions Default() { return {}; }
  // Fair sharing with Kueue's two default strategies.
  static EngineOptions FairSharing() {
    EngineOptions o;
    o.fair_sharing = {FairSharingStrategy::kLessThanOrEqualToFinalShare, FairSharingStrategy::kLessThanInitialShare};
    return o;
  }
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_OPTIONS_H_
