// Plays every scenario of testdata/scenarios.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "sim/scenario/run.h"

namespace muster::sim {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Files() {
  std::vector<std::string> files;
  for (const char* folder : {"g5.8xlarge", "g5.12xlarge", "walkthroughs"}) {
    for (const auto& entry : fs::directory_iterator(fs::path("testdata/scenarios") / folder)) {
      if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(WalkThrough, EveryScenarioIsAsExpected) {
  for (const std::string& file : Files()) {
    absl::StatusOr<std::vector<Scenario>> loaded = LoadScenarios(file);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    for (const Scenario& scenario : *loaded) {
      absl::StatusOr<ScenarioResult> result = RunScenario(scenario);
      ASSERT_TRUE(result.ok()) << file << ": " << result.status();
      EXPECT_GT(result->checked, 0) << file;
      EXPECT_TRUE(result->failures.empty()) << file << ":\n" << result->story;
    }
  }
}

// The walk-through of the workshop is complete, on both of its instance types.
TEST(WalkThrough, NoneIsMissing) {
  std::set<std::string> names;
  for (const std::string& file : Files()) {
    absl::StatusOr<std::vector<Scenario>> loaded = LoadScenarios(file);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    for (const Scenario& scenario : *loaded) {
      const std::string folder = fs::path(file).parent_path().filename().string();
      const std::vector<std::string> parts = absl::StrSplit(scenario.name, absl::MaxSplits(". ", 1));
      for (absl::string_view name : absl::StrSplit(parts[0], ", ")) names.insert(folder + " " + std::string(name));
    }
  }
  for (int i = 1; i <= 11; ++i) {
    EXPECT_TRUE(names.contains("g5.8xlarge S" + std::to_string(i))) << i;
    EXPECT_TRUE(names.contains("g5.12xlarge S" + std::to_string(i))) << i;
  }
  for (int i = 1; i <= 9; ++i) EXPECT_TRUE(names.contains("walkthroughs T" + std::to_string(i))) << i;
}

}  // namespace
}  // namespace muster::sim
