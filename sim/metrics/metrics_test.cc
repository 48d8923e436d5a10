#include "sim/metrics/metrics.h"

#include <gtest/gtest.h>

namespace muster::sim {
namespace {

TEST(SpreadTest, PercentilesAreByNearestRank) {
  std::vector<int64_t> values = {4, 1, 3, 2};
  const Spread spread = SpreadOf(&values);
  EXPECT_EQ(spread.mean, 2.5);
  EXPECT_EQ(spread.p50, 2);
  EXPECT_EQ(spread.p90, 4);
  EXPECT_EQ(spread.max, 4);
  std::vector<int64_t> none;
  EXPECT_EQ(SpreadOf(&none).max, 0);
}

TEST(SummaryTest, CountsJobsByWhatBecameOfThem) {
  const std::vector<JobOutcome> jobs = {{.submit_s = 0, .duration_s = 100, .first_start_s = 50, .finish_s = 150},
                                        {.submit_s = 0, .duration_s = 1, .first_start_s = 0, .finish_s = 1},
                                        {.submit_s = 0, .duration_s = 1}};
  std::vector<TeamMetrics> teams(1);
  teams[0].nominal = 2;
  teams[0].amount_hours = 1;
  teams[0].capacity_hours = 2;
  Summary summary(1);
  for (const JobOutcome& job : jobs) summary.Take(0, job);
  const Metrics m = std::move(summary).Finish(teams, TeamMetrics(), 0, 3600);
  EXPECT_EQ(m.total.jobs, 3);
  EXPECT_EQ(m.total.started, 2);
  EXPECT_EQ(m.total.never_admitted, 1);
  EXPECT_EQ(m.total.wait.max, 50);
  EXPECT_EQ(m.total.wait_so_far.max, 3600) << "who never started has waited all the time";
  EXPECT_EQ(m.total.wait_so_far.p50, 50);
  EXPECT_EQ(m.total.wait.mean, 25);
  EXPECT_EQ(m.total.jct_mean_s, 75.5);
  EXPECT_EQ(m.total.slowdown_mean, 1.25) << "short jobs count as ten seconds long";
  EXPECT_EQ(m.teams[0].utilisation, 0.5);
}

}  // namespace
}  // namespace muster::sim
