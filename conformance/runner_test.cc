#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "conformance/baseline.h"
#include "conformance/case.h"
#include "conformance/suites.h"

namespace muster::conformance {
namespace {

std::string TempFile(const std::string& name) { return std::string(std::getenv("TEST_TMPDIR")) + "/" + name; }

TEST(VerdictTest, KeepsTheFirstDivergenceAndNarrowsIt) {
  Verdict v;
  EXPECT_TRUE(v.Equal("same", 1, 1));
  EXPECT_TRUE(v.agreed());
  EXPECT_FALSE(v.Equal("result", Json({{"a", 1}, {"b", {{"c", 2}}}}), Json({{"a", 1}, {"b", {{"c", 3}}}})));
  EXPECT_FALSE(v.Equal("later", 1, 2));
  EXPECT_EQ(v.first_divergence(), "result.b.c: expected 2, got 3");
}

TEST(VerdictTest, MemberOnlyOneSideHasIsADivergence) {
  Verdict v;
  EXPECT_FALSE(v.Equal("r", Json::object(), Json({{"x", 1}})));
  EXPECT_EQ(v.first_divergence(), "r: expected {}, got {\"x\":1}");
}

TEST(VerdictTest, UndeterminedPathsAreIgnored) {
  Verdict v({"r.x"});
  EXPECT_TRUE(v.Equal("r.x", 1, 2));
  EXPECT_TRUE(v.agreed());
}

TEST(HandlerTest, UnknownSuitesFailInsteadOfBeingAbsent) {
  Verdict v;
  HandlerFor("no_such_suite")(Case(), Level::kDecisions, v);
  EXPECT_FALSE(v.agreed());
}

TEST(HandlerTest, LongestPrefixWins) {
  EXPECT_EQ(HandlerFor("queue_heads"), &RunQueueHeads);
  EXPECT_EQ(HandlerFor("queue_strict_fifo"), &RunQueueOrder);
  EXPECT_EQ(HandlerFor("cache_snapshot_add_remove_workload"), &RunCacheSnapshot);
}

TEST(BaselineTest, IsReadBackAsWritten) {
  const std::string path = TempFile("baseline.tsv");
  ASSERT_TRUE(WriteBaseline(path, {{"a", {1, 2}}, {"b", {0, 3}}}).ok());
  const auto counts = ReadBaseline(path);
  ASSERT_TRUE(counts.ok()) << counts.status();
  ASSERT_EQ(counts->size(), 2u);
  EXPECT_EQ(counts->at("a").agreed, 1);
  EXPECT_EQ(counts->at("b").total, 3);
}

TEST(BaselineTest, MalformedLinesAreErrors) {
  const std::string path = TempFile("bad.tsv");
  std::ofstream(path) << "# comment\nsuite 1 2\n";
  EXPECT_FALSE(ReadBaseline(path).ok());
  EXPECT_FALSE(ReadBaseline(TempFile("absent.tsv")).ok());
}

TEST(BaselineTest, OnlyFallingOrMissingSuitesAreBelow) {
  const Counts baseline = {{"a", {2, 3}}, {"b", {1, 1}}};
  EXPECT_TRUE(CompareWithBaseline(baseline, {{"a", {2, 3}}, {"b", {1, 1}}}, false));
  EXPECT_TRUE(CompareWithBaseline(baseline, {{"a", {3, 3}}, {"b", {1, 1}}}, false));
  EXPECT_FALSE(CompareWithBaseline(baseline, {{"a", {1, 3}}, {"b", {1, 1}}}, false));
  EXPECT_FALSE(CompareWithBaseline(baseline, {{"a", {2, 3}}}, false));
  EXPECT_TRUE(CompareWithBaseline(baseline, {{"a", {2, 3}}}, true));
}

}  // namespace
}  // namespace muster::conformance
