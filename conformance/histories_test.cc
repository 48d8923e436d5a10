// Replays every history of testdata/histories: each decision with its messages, each queue after each event, and the
// usage and shares that are left at the end.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "conformance/history.h"
#include "conformance/scenario.h"
#include "gtest/gtest.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;

constexpr char kFolder[] = "testdata/histories";

std::vector<std::string> Files() {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string Text(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

class HistoriesTest : public testing::TestWithParam<std::string> {};

TEST_P(HistoriesTest, IsDecidedAsRecorded) {
  const absl::StatusOr<Case> history = ReadHistory(Text(GetParam()));
  ASSERT_TRUE(history.ok()) << GetParam() << ": " << history.status();
  Verdict verdict;
  RunScenario(*history, Level::kMessages, verdict);
  EXPECT_TRUE(verdict.agreed()) << GetParam() << ": " << verdict.first_divergence();
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = fs::path(info.param).lexically_relative(kFolder).replace_extension().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, HistoriesTest, testing::ValuesIn(Files()), TestName);

// A rule that a file misspells must not go untested.
TEST(HistoryTest, MistakesAreErrors) {
  const std::string good = R"yaml(
about: One job comes and is admitted.
from: here
flavors: {f: {}}
queues: {q: {quota: [f = cpu 4]}}
events:
- at: 1
  submit: ns/w
  to: q
  pods: [{name: main, count: 1, each: {cpu: 1}}]
  cycles: [[{admit: w, pods: {main: 1 of cpu=f}}]]
finally: {admitted: [w], usage: {q: {f/cpu: 1000}}}
)yaml";
  const absl::StatusOr<Case> history = ReadHistory(good);
  ASSERT_TRUE(history.ok()) << history.status();
  Verdict verdict;
  RunScenario(*history, Level::kMessages, verdict);
  EXPECT_TRUE(verdict.agreed()) << verdict.first_divergence();

  struct Mistake {
    const char* what;
    const char* with;
    const char* complaint;
  };
  const Mistake kMistakes[] = {
      {"flavors:", "flavours:", "no such key: flavours"},
      {"admit: w", "admits: w", "what is decided?"},
      {"admit: w", "admit: v", "no such workload: v"},
      {"cpu 4", "cpu 4 borow 2", "neither borrow nor lend"},
      {"1 of cpu=f", "one of cpu=f", "not COUNT of"},
      {"count: 1", "number: 1", "no such key: number"},
      {"ns/w", "w", "not namespace/name"},
  };
  for (const Mistake& m : kMistakes) {
    std::string text = good;
    text.replace(text.find(m.what), std::string(m.what).size(), m.with);
    const absl::StatusOr<Case> bad = ReadHistory(text);
    ASSERT_FALSE(bad.ok()) << m.with;
    EXPECT_NE(bad.status().message().find(m.complaint), absl::string_view::npos) << bad.status();
  }
}

// What is recorded is compared, not only run.
TEST(HistoryTest, DivergencesAreFound) {
  const std::string text = R"yaml(
about: w002 preempts w001 of its own queue.
from: here
flavors: {f: {}}
queues: {q: {withinClusterQueue: LowerPriority, quota: [f = cpu 2]}}
events:
- at: 1
  submit: ns/w001
  to: q
  priority: 1
  pods: [{name: main, count: 2, each: {cpu: 1}}]
  cycles: [[{admit: w001, pods: {main: 2 of cpu=f}}]]
- at: 2
  submit: ns/w002
  to: q
  priority: 2
  pods: [{name: main, count: 1, each: {cpu: 1}}]
  cycles:
  - - {preempt: w002, victims: {w001: InClusterQueue}, pods: {main: 1 of cpu=f}, because: "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor f, 1 more needed. Pending the preemption of 1 workload(s)"}
    - {released: [w001]}
  - - {admit: w002, pods: {main: 1 of cpu=f}}
  - - {wait: w001, because: "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor f, 1 more needed"}
  waiting: {q: {parked: [w001]}}
finally: {admitted: [w002], pending: [w001], evictions: {w001: 1}, usage: {q: {f/cpu: 1000}}}
)yaml";
  const auto divergence = [](const std::string& history) {
    const absl::StatusOr<Case> c = ReadHistory(history);
    if (!c.ok()) return c.status().ToString();
    Verdict verdict;
    RunScenario(*c, Level::kMessages, verdict);
    return verdict.agreed() ? std::string("none") : verdict.first_divergence();
  };
  ASSERT_EQ(divergence(text), "none");
  for (const auto& [what, with] : std::vector<std::pair<std::string, std::string>>{
           {"{admit: w002, pods: {main: 1 of", "{admit: w002, pods: {main: 2 of"},
           {"f, 1 more needed. Pending", "f, 2 more needed. Pending"},
           {"w001: InClusterQueue", "w001: InCohortReclamation"},
           {"w001: InClusterQueue", "w001: InClusterQueue again"},
           {"- {released: [w001]}", "- {released: []}"},
           {"{parked: [w001]}", "{heap: [w001]}"},
           {"admitted: [w002], pending: [w001]", "admitted: [w001], pending: [w002]"},
           {"f/cpu: 1000", "f/cpu: 1001"},
           {"evictions: {w001: 1}", "evictions: {w001: 2}"},
       }) {
    std::string changed = text;
    ASSERT_NE(changed.find(what), std::string::npos) << what;
    changed.replace(changed.find(what), what.size(), with);
    EXPECT_NE(divergence(changed), "none") << with;
  }
}

}  // namespace
}  // namespace muster::conformance
