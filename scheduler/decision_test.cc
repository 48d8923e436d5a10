// The wire names of what a decision says.
#include "scheduler/decision.h"

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

TEST(Decision, NamesAreKueues) {
  EXPECT_EQ(ToString(Mode::kNoFit), "NoFit");
  EXPECT_EQ(ToString(Mode::kPreempt), "Preempt");
  EXPECT_EQ(ToString(Mode::kDeferredFit), "DeferredFit");
  EXPECT_EQ(ToString(Mode::kFit), "Fit");

  EXPECT_EQ(ToString(EntryStatus::kNotNominated), "");
  EXPECT_EQ(ToString(EntryStatus::kNominated), "nominated");
  EXPECT_EQ(ToString(EntryStatus::kSkipped), "skipped");
  EXPECT_EQ(ToString(EntryStatus::kAssumed), "assumed");
  EXPECT_EQ(ToString(EntryStatus::kEvicted), "evicted");
  EXPECT_EQ(ToString(EntryStatus::kPreemptionGated), "preemptionGated");

  EXPECT_EQ(ToString(RequeueReason::kGeneric), "");
  EXPECT_EQ(ToString(RequeueReason::kFailedAfterNomination), "FailedAfterNomination");
  EXPECT_EQ(ToString(RequeueReason::kNamespaceMismatch), "NamespaceMismatch");
  EXPECT_EQ(ToString(RequeueReason::kPreemptionGated), "PreemptionGated");
  EXPECT_EQ(ToString(RequeueReason::kPendingPreemption), "PendingPreemption");
  EXPECT_EQ(ToString(RequeueReason::kPendingMigration), "PendingMigration");
  EXPECT_EQ(ToString(RequeueReason::kPreemptionFailed), "PreemptionFailed");
  EXPECT_EQ(ToString(RequeueReason::kNoFit), "NoFit");
  EXPECT_EQ(ToString(RequeueReason::kPreemptionNoCandidates), "PreemptionNoCandidates");

  EXPECT_EQ(ToString(PendingReason::kNone), "");
  EXPECT_EQ(ToString(PendingReason::kNoMatchingFlavor), "NoMatchingFlavor");
  EXPECT_EQ(ToString(PendingReason::kWaitingForQuota), "WaitingForQuota");
  EXPECT_EQ(ToString(PendingReason::kExceedsMaxQuota), "ExceedsMaxQuota");
  EXPECT_EQ(ToString(PendingReason::kTopologyPlacementFailed), "TopologyPlacementFailed");
  EXPECT_EQ(ToString(PendingReason::kWaitingForPreemptedWorkloads), "WaitingForPreemptedWorkloads");
  EXPECT_EQ(ToString(PendingReason::kMisconfigured), "Misconfigured");
  EXPECT_EQ(ToString(PendingReason::kSuspended), "Suspended");
  EXPECT_EQ(ToString(PendingReason::kPendingEvaluation), "PendingEvaluation");
  EXPECT_EQ(ToString(PendingReason::kAdmissionGated), "AdmissionGated");

  EXPECT_EQ(ToString(PreemptionReason::kInClusterQueue), "InClusterQueue");
  EXPECT_EQ(ToString(PreemptionReason::kInCohortReclamation), "InCohortReclamation");
  EXPECT_EQ(ToString(PreemptionReason::kInCohortFairSharing), "InCohortFairSharing");
  EXPECT_EQ(ToString(PreemptionReason::kInCohortReclaimWhileBorrowing), "InCohortReclaimWhileBorrowing");
}

}  // namespace
}  // namespace muster::scheduler
