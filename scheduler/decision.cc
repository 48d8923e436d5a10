// The wire names of the enumerations, and of what a decision mentions.
#include "scheduler/decision.h"

namespace muster::scheduler {

const std::string& Decision::NameIn(const NameList* names, int32_t id) {
  static const std::string* const kNone = new std::string();
  return names == nullptr || id < 0 ? *kNone : (*names)[id];
}

std::string_view ToString(Outcome outcome) {
  constexpr std::string_view kNames[] = {"admitted", "preempting", "pending", "refused", "evicted"};
  return kNames[static_cast<int>(outcome)];
}
std::string_view ToString(Retry retry) {
  constexpr std::string_view kNames[] = {"", "not now", "never"};
  return kNames[static_cast<int>(retry)];
}
std::string_view ToString(Mode mode) {
  constexpr std::string_view kNames[] = {"NoFit", "Preempt", "DeferredFit", "Fit"};
  return kNames[static_cast<int>(mode)];
}
std::string_view ToString(EntryStatus status) {
  constexpr std::string_view kNames[] = {"", "nominated", "skipped", "assumed", "evicted", "preemptionGated"};
  return kNames[static_cast<int>(status)];
}
std::string_view ToString(RequeueReason reason) {
  constexpr std::string_view kNames[] = {"",
                                         "FailedAfterNomination",
                                         "NamespaceMismatch",
                                         "PreemptionGated",
                                         "PendingPreemption",
                                         "PendingMigration",
                                         "PreemptionFailed",
                                         "NoFit",
                                         "PreemptionNoCandidates"};
  return kNames[static_cast<int>(reason)];
}
std::string_view ToString(PendingReason reason) {
  constexpr std::string_view kNames[] = {"",
                                         "NoMatchingFlavor",
                                         "WaitingForQuota",
                                         "ExceedsMaxQuota",
                                         "TopologyPlacementFailed",
                                         "WaitingForPreemptedWorkloads",
                                         "Misconfigured",
                                         "Suspended",
                                         "PendingEvaluation",
                                         "AdmissionGated"};
  return kNames[static_cast<int>(reason)];
}
std::string_view ToString(PreemptionReason reason) {
  constexpr std::string_view kNames[] = {"InClusterQueue", "InCohortReclamation", "InCohortFairSharing",
                                         "InCohortReclaimWhileBorrowing"};
  return kNames[static_cast<int>(reason)];
}
std::string_view ToString(FlavorAttempt::Preemption preemption) {
  constexpr std::string_view kNames[] = {"", "NoCandidates", "Preempt", "Reclaim"};
  return kNames[static_cast<int>(preemption)];
}
absl::string_view RuleInWords(PreemptionReason reason) {
  switch (reason) {
    case PreemptionReason::kInClusterQueue:
      return "prioritization in the ClusterQueue";
    case PreemptionReason::kInCohortReclamation:
      return "reclamation within the cohort";
    case PreemptionReason::kInCohortFairSharing:
      return "Fair Sharing within the cohort";
    case PreemptionReason::kInCohortReclaimWhileBorrowing:
      return "reclamation within the cohort while borrowing";
  }
  return "";
}

}  // namespace muster::scheduler
