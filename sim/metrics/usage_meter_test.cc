#include "sim/metrics/usage_meter.h"

#include <gtest/gtest.h>

#include <vector>

namespace muster::sim {
namespace {

TEST(UsageMeterTest, IntegratesUseAndWhatIsBeyondTheQuota) {
  UsageMeter meter;
  meter.SetTeams({{{"a", 4}}, {}}, 100);
  meter.Add(0, {{0, 6}}, 1, 100);    // 2 of them borrowed
  meter.Add(0, {{0, 3}}, -1, 3700);  // after an hour, within the quota
  meter.CloseAt(7300);
  std::vector<TeamMetrics> teams(2);
  TeamMetrics total;
  meter.Report(&teams, &total);
  EXPECT_EQ(teams[0].amount_hours, 9);
  EXPECT_EQ(teams[0].borrowed_hours, 2);
  EXPECT_EQ(teams[0].capacity_hours, 8);
  EXPECT_EQ(total.amount_hours, 9);
  EXPECT_EQ(total.capacity_hours, 8);
}

TEST(UsageMeterTest, WhatOneFlavorLacksIsBorrowedWhateverAnotherHasLeft) {
  UsageMeter meter;
  meter.SetTeams({{{"a100", 8}, {"h100", 8}}}, 0);
  meter.Add(0, {{meter.FlavorOf(0, "a100"), 16}}, 1, 0);
  meter.Add(0, {{meter.FlavorOf(0, "l4"), 1}}, 1, 0);  // of which it has no quota
  meter.CloseAt(3600);
  std::vector<TeamMetrics> teams(1);
  TeamMetrics total;
  meter.Report(&teams, &total);
  EXPECT_EQ(teams[0].borrowed_hours, 9);
  EXPECT_EQ(teams[0].amount_hours, 17);
}

TEST(UsageMeterTest, AQuotaThatChangesCountsFromThenOn) {
  UsageMeter meter;
  meter.SetTeams({{{"a", 4}}}, 0);
  meter.Add(0, {{0, 4}}, 1, 0);
  meter.SetQuota(0, {{"a", 2}}, 3600);
  meter.CloseAt(7200);
  std::vector<TeamMetrics> teams(1);
  TeamMetrics total;
  meter.Report(&teams, &total);
  EXPECT_EQ(teams[0].nominal, 2);
  EXPECT_EQ(teams[0].capacity_hours, 6);
  EXPECT_EQ(teams[0].borrowed_hours, 2);
}

TEST(UsageMeterTest, ThePeakIsWhatIsLeftAfterDeciding) {
  UsageMeter meter;
  meter.SetTeams({{{"a", 1}}}, 0);
  meter.Queue(0, +3);
  meter.Queue(0, -2);
  meter.SamplePeaks();
  std::vector<TeamMetrics> teams(1);
  TeamMetrics total;
  meter.Report(&teams, &total);
  EXPECT_EQ(teams[0].peak_queue, 1);
  EXPECT_EQ(total.peak_queue, 1);
}

}  // namespace
}  // namespace muster::sim
