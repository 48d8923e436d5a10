#include "sim/trace/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <vector>

#include "sim/trace/trace.h"

namespace muster::sim {
namespace {

Trace Make(const GenerateOptions& options) {
  const std::string path = testing::TempDir() + "/generated.csv";
  std::ofstream(path) << *GenerateTrace(options);
  return *ReadTrace(path, Mapping::ForFile(path));
}

TEST(GenerateTest, OneSeedOneTrace) {
  GenerateOptions o;
  EXPECT_EQ(*GenerateTrace(o), *GenerateTrace(o));
  GenerateOptions other = o;
  other.seed = 2;
  EXPECT_NE(*GenerateTrace(o), *GenerateTrace(other));
}

TEST(GenerateTest, FollowsThePublishedShape) {
  const Trace trace = Make({.days = 28, .gpus = 1024, .jobs = 40000});
  EXPECT_EQ(trace.bad_rows, 0);
  EXPECT_NEAR(static_cast<double>(trace.jobs.size()), 40000, 1000);
  std::vector<int64_t> durations;
  int64_t single = 0;
  for (const Job& job : trace.jobs) {
    durations.push_back(job.duration_s);
    single +=
        trace.ShapeOf(job).pods[0].count == 1 && trace.ShapeOf(job).pods[0].requests.at("nvidia.com/gpu").Value() == 1;
  }
  std::sort(durations.begin(), durations.end());
  EXPECT_NEAR(static_cast<double>(single) / durations.size(), 0.8716, 0.01) << "95462 of 109514 jobs";
  EXPECT_NEAR(static_cast<double>(durations[durations.size() / 2]), 1196, 100);
  EXPECT_NEAR(static_cast<double>(durations[durations.size() * 9 / 10]), 27516, 3000);
}

TEST(GenerateTest, LoadIsMet) {
  const Trace trace = Make({.days = 300, .gpus = 256, .load = 0.5});
  double demand = 0;
  for (const Job& job : trace.jobs) {
    demand += static_cast<double>(job.duration_s * trace.ShapeOf(job).pods[0].count) *
              trace.ShapeOf(job).pods[0].requests.at("nvidia.com/gpu").ToDouble();
  }
  EXPECT_NEAR(demand / (256.0 * 300 * 86400), 0.5, 0.03);
}

TEST(GenerateTest, OptionsAreChecked) {
  EXPECT_FALSE(GenerateTrace({.days = 0}).ok());
  EXPECT_FALSE(GenerateTrace({.teams = 27}).ok());
  EXPECT_FALSE(GenerateTrace({.load = -1}).ok());
  EXPECT_FALSE(GenerateTrace({.days = 3660, .gpus = 1000000000}).ok());
  EXPECT_FALSE(GenerateTrace({.days = 3660, .gpus = std::numeric_limits<int64_t>::max()}).ok());
  EXPECT_FALSE(GenerateTrace({.resource = "a,b"}).ok());
  EXPECT_FALSE(GenerateTrace({.resource = ""}).ok());
}

}  // namespace
}  // namespace muster::sim
