#include "scheduler/queue/local_queue_ledger.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1000);
constexpr WorkloadId kOne(1, 0), kTwo(2, 0);

AdmissionFairSharingOptions TenSeconds() {
  AdmissionFairSharingOptions o;
  o.usage_half_life = absl::Seconds(10);
  o.usage_sampling_interval = absl::Seconds(5);
  return o;
}

TEST(LocalQueueLedger, CoresAndBytesCountInNaturalUnits) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.SetConsumed(0, {{"cpu", 1500}, {"memory", 4}}, kStart);
  EXPECT_DOUBLE_EQ(ledger.Share(0), 5.5);
}

TEST(LocalQueueLedger, ResourceWeightsAndQueueWeightsScaleTheShare) {
  AdmissionFairSharingOptions o = TenSeconds();
  o.resource_weights = {{"cpu", 2}, {"memory", 0}};
  LocalQueueLedger ledger(o);
  ledger.SetConsumed(0, {{"cpu", 3000}, {"memory", 1 << 30}}, kStart);
  EXPECT_DOUBLE_EQ(ledger.Share(0), 6);
  ledger.SetWeight(0, 4);
  EXPECT_DOUBLE_EQ(ledger.Share(0), 1.5);
}

TEST(LocalQueueLedger, StatesWhatItKnows) {
  LocalQueueLedger ledger(TenSeconds());
  EXPECT_EQ(ledger.StatementOf(0).updated, absl::InfinitePast());
  ledger.SetConsumed(0, {{"cpu", 1500}, {"memory", 4}}, kStart);
  ledger.AddPenalty(0, kOne, {{"cpu", 1000}});
  ledger.AddPenalty(0, kTwo, {{"cpu", 1000}});
  const LocalQueueLedger::Statement statement = ledger.StatementOf(0);
  EXPECT_EQ(statement.updated, kStart);
  EXPECT_TRUE(statement.consumed.at("cpu") == 1'500'000'000);
  EXPECT_TRUE(statement.consumed.at("memory") == 4'000'000'000);
  // Twice what one core becomes in half a half-life.
  EXPECT_TRUE(statement.penalty.at("cpu") == 2 * 292'893'218);
}

TEST(LocalQueueLedger, AQueueWithoutWeightIsAlwaysLast) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.SetWeight(0, 0);
  EXPECT_EQ(ledger.Share(0), std::numeric_limits<double>::infinity());
}

TEST(LocalQueueLedger, AQueueThatIsMissingIsLookedUpWithWeightOne) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.SetConsumed(0, {{"cpu", 8000}}, kStart);
  ledger.SetWeight(0, 4);
  EXPECT_DOUBLE_EQ(ledger.LookedUpShare(0), 2);
  ledger.SetMissing(0);
  EXPECT_DOUBLE_EQ(ledger.Share(0), 2);
  EXPECT_DOUBLE_EQ(ledger.LookedUpShare(0), 8);
  ledger.SetWeight(0, 4);
  EXPECT_DOUBLE_EQ(ledger.LookedUpShare(0), 2);
}

TEST(LocalQueueLedger, AQueueThatIsGoneIsForgotten) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.SetConsumed(0, {{"cpu", 8000}}, kStart);
  ledger.SetWeight(0, 4);
  ledger.AddPenalty(0, kOne, {{"cpu", 4000}});
  ledger.Forget(0);
  EXPECT_EQ(ledger.Share(0), 0);
  EXPECT_FALSE(ledger.HasPenalty(0));
  ledger.SetConsumed(0, {{"cpu", 3000}}, kStart);
  EXPECT_DOUBLE_EQ(ledger.Share(0), 3);
}

TEST(LocalQueueLedger, AnUnknownQueueHasUsedNothing) { EXPECT_EQ(LocalQueueLedger(TenSeconds()).Share(7), 0); }

TEST(LocalQueueLedger, OneHalfLifeForgetsHalfAndLearnsHalf) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.SetConsumed(0, {{"cpu", 8000}}, kStart);
  ledger.Sample(0, {{"cpu", 2000}}, {}, kStart + absl::Seconds(10));
  EXPECT_DOUBLE_EQ(ledger.Share(0), 8 * 0.5 + 2 * 0.5);
}

TEST(LocalQueueLedger, APenaltyCountsAtOnceAndBecomesConsumptionWhenSettled) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.SetConsumed(0, {}, kStart);
  ledger.AddPenalty(0, kOne, {{"cpu", 4000}});
  const double penalty = 4 * (1 - std::pow(0.5, 0.5));
  EXPECT_NEAR(ledger.Share(0), penalty, 1e-9);
  EXPECT_TRUE(ledger.IsDue(0, kStart));
  ledger.Sample(0, {}, {kOne}, kStart);
  EXPECT_FALSE(ledger.HasPenalty(0));
  EXPECT_NEAR(ledger.Share(0), penalty, 1e-9);
}

TEST(LocalQueueLedger, APenaltyOfAWorkloadThatIsNotAdmittedYetStays) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.AddPenalty(0, kOne, {{"cpu", 4000}});
  ledger.Sample(0, {}, {kTwo}, kStart);
  EXPECT_TRUE(ledger.HasPenalty(0, kOne));
  ledger.DropPenalty(0, kOne);
  EXPECT_EQ(ledger.Share(0), 0);
}

TEST(LocalQueueLedger, PushingAgainReplacesThePenalty) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.AddPenalty(0, kOne, {{"cpu", 4000}});
  const double once = ledger.Share(0);
  ledger.AddPenalty(0, kOne, {{"cpu", 4000}});
  EXPECT_EQ(ledger.Share(0), once);
}

TEST(LocalQueueLedger, WithoutAHalfLifeASampleForgetsEverything) {
  LocalQueueLedger ledger({});
  ledger.SetConsumed(0, {{"cpu", 8000}}, kStart);
  EXPECT_DOUBLE_EQ(ledger.Share(0), 8);
  ledger.Sample(0, {{"cpu", 2000}}, {}, kStart + absl::Seconds(1));
  EXPECT_EQ(ledger.Share(0), 0);
}

TEST(LocalQueueLedger, ASampleIsDueOncePerInterval) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.SetConsumed(0, {}, kStart);
  EXPECT_FALSE(ledger.IsDue(0, kStart + absl::Seconds(4)));
  EXPECT_TRUE(ledger.IsDue(0, kStart + absl::Seconds(5)));
}

TEST(LocalQueueLedger, TimeThatGoesBackwardsChangesNothing) {
  LocalQueueLedger ledger(TenSeconds());
  ledger.SetConsumed(0, {{"cpu", 8000}}, kStart);
  ledger.Sample(0, {{"cpu", 0}}, {}, kStart - absl::Seconds(100));
  EXPECT_DOUBLE_EQ(ledger.Share(0), 8);
}

}  // namespace
}  // namespace muster::scheduler
