#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "sim/files/output_file.h"
#include "sim/files/result_folder.h"
#include "sim/sweep/folder.h"
#include "sim/sweep/plan.h"

namespace muster::sim {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr char kPlan[] = R"(
parameters:
- name: quota
  values: [4, 8]
  set: [{object: ClusterQueue/red, spec.q: $value}]
- name: order
  variants:
  - name: as-it-is
  - name: strict
    set: [{object: ClusterQueue/*, spec.queueingStrategy: StrictFIFO}]
  - name: fewer
    nodesDown: [node-1]
)";

TEST(SweepPlan, IsAllCombinationsTheLastParameterChangingFastest) {
  const auto plan = SweepPlan::Parse(kPlan, "plan.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->size(), 6);
  EXPECT_THAT(plan->ValuesOf(0), ElementsAre(4, "as-it-is"));
  EXPECT_THAT(plan->ValuesOf(1), ElementsAre(4, "strict"));
  EXPECT_THAT(plan->ValuesOf(5), ElementsAre(8, "fewer"));
  const Variant variant = plan->VariantOf(4);
  EXPECT_EQ(variant.name, "p000004");
  ASSERT_EQ(variant.set.size(), 2u);
  EXPECT_EQ(variant.set[0].values[0].second, 8) << "$value is the value, not a text";
  EXPECT_EQ(variant.set[1].object, "ClusterQueue/*");
  EXPECT_THAT(plan->VariantOf(5).remove, ElementsAre("Node/node-1"));
}

TEST(SweepPlan, ASampleIsAPartOfTheCombinationsAndTheSameForTheSameSeed) {
  const std::string text = absl::StrCat(kPlan, "sample: {points: 4, seed: 3}\n");
  const auto plan = SweepPlan::Parse(text, "plan.yaml"), again = SweepPlan::Parse(text, "plan.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->size(), 4);
  std::set<std::string> seen;
  for (int64_t point = 0; point < 4; ++point) {
    EXPECT_EQ(plan->ValuesOf(point), again->ValuesOf(point));
    seen.insert(nlohmann::json(plan->ValuesOf(point)).dump());
  }
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_EQ(SweepPlan::Parse(absl::StrCat(kPlan, "sample: {points: 100}\n"), "p")->size(), 6)
      << "no more than there are";
}

TEST(SweepPlan, SamplesAreDrawnEvenly) {
  int64_t times[10] = {};
  constexpr int kDraws = 3000;
  for (uint64_t seed = 0; seed < kDraws; ++seed) {
    const std::vector<int64_t> sample = SampleBelow(10, 3, seed);
    ASSERT_EQ(std::set<int64_t>(sample.begin(), sample.end()).size(), 3u);
    for (int64_t i : sample) ++times[i];
  }
  for (int64_t t : times) EXPECT_NEAR(static_cast<double>(t), kDraws * 0.3, 130);
  EXPECT_EQ(SampleBelow(3, 3, 1), (std::vector<int64_t>{0, 1, 2}));
}

TEST(SweepPlan, SaysWhatIsWrong) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const Case& c :
       {Case{"parameters: []", "a list `parameters`"}, Case{"parameters: [{values: [1]}]", "has no name"},
        Case{"parameters: [{name: a}]", "values or variants"},
        Case{"parameters: [{name: a, values: [1], variants: []}]", "values or variants"},
        Case{"parameters: [{name: a, values: [1, 2], set: [{object: X/y, p: 3}]}]", "\"$value\" stands nowhere"},
        Case{"parameters: [{name: a, values: [1, 1], set: [{object: X/y, p: $value}]}]", "is there twice"},
        Case{"parameters: [{name: a, values: [], set: []}]", "a list of 1 to"},
        Case{"parameters: [{name: a, values: [[1]], set: [{object: X/y, p: $value}]}]", "a number, a word"},
        Case{"parameters: [{name: a, variants: [{name: x}, {name: x}]}]", "is there twice"},
        Case{"parameters: [{name: a, variants: [{name: x}], set: []}]", "does not go with variants"},
        Case{"parameters: [{name: a, variants: [{name: x, sett: []}]}]", "\"sett\" is not known"},
        Case{"parameters: [{name: a, variants: [{name: x}]}]\nsample: {point: 3}", "\"point\" is not known"},
        Case{"parameters: [{name: a, variants: [{name: x}]}]\nsample: {points: 0}", "from 1 to"},
        Case{"parameters: [{name: a, variants: [{name: x}]}]\ngrid: 1", "\"grid\" is not known"}}) {
    EXPECT_THAT(SweepPlan::Parse(c.text, "plan.yaml").status().message(), HasSubstr(c.says)) << c.text;
  }
}

TEST(SweepPlan, MoreCombinationsThanAnyoneWantsAreRefusedOrSampled) {
  std::string text = "parameters:\n";
  for (int p = 0; p < 18; ++p) {
    absl::StrAppend(&text, "- name: p", p, "\n  variants: [{name: a}, {name: b}, {name: c}]\n");
  }
  EXPECT_THAT(SweepPlan::Parse(text, "plan.yaml").status().message(), HasSubstr("take a `sample`"));
  const auto sampled = SweepPlan::Parse(text + "sample: {points: 50}\n", "plan.yaml");
  ASSERT_TRUE(sampled.ok()) << sampled.status();
  EXPECT_EQ(sampled->size(), 50);
}

class SweepFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
  }
  std::string At(const std::string& name) const { return (root_ / name).string(); }
  void WritePoint(const std::string& dir, int64_t point, const std::string& jobs = "x",
                  const std::string& version = "1") {
    Json provenance = {
        {"muster", version}, {"trace", {{"sha256", "t"}}}, {"variant", {{"name", SweepPlan::NameOf(point)}}}};
    auto folder = ResultFolder::Create(PointFolder(dir, point), true);
    ASSERT_TRUE(folder.ok()) << folder.status();
    const Json summary = {{"resource", "gpu"},
                          {"total", {{"name", "total"}, {"wait_s", {{"mean", 1.5 + static_cast<double>(point)}}}}},
                          {"teams", Json::array({{{"name", "red"}, {"jobs", 7}}})}};
    ASSERT_TRUE(WriteFile(folder->staging() + "/summary.json", summary.dump()).ok());
    ASSERT_TRUE(WriteFile(folder->staging() + "/jobs.csv", jobs).ok());
    ASSERT_TRUE(folder->Commit(provenance).ok());
  }
  std::string Bytes(const std::string& path) const {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  const Json identity_ = {{"muster", "1"},      {"trace", {{"file", "t.csv"}, {"sha256", "t"}}},
                          {"points", 2u},       {"parameters", {"quota"}},
                          {"grid", {{4}, {8}}}, {"binary", "b"}};
  fs::path root_;
};

TEST_F(SweepFolderTest, TablesHaveALinePerPointWithValuesAndAllFigures) {
  WritePoint(At("s"), 0);
  WritePoint(At("s"), 1);
  ASSERT_TRUE(WriteSweepTables(At("s"), {"quota"}, {{4}, {8}}).ok());
  EXPECT_EQ(Bytes(At("s/results.csv")),
            "point,parameter.quota,wait_s.mean,red:jobs\np000000,4,1.5,7\np000001,8,2.5,7\n");
  const Json table = Json::parse(Bytes(At("s/results.json")));
  EXPECT_EQ(table["points"][1]["figures"]["wait_s.mean"], 2.5);
  EXPECT_EQ(table["points"][1]["values"]["quota"], 8);
  EXPECT_THAT(Bytes(At("s/index.html")), HasSubstr("p000001"));
}

TEST_F(SweepFolderTest, AFolderIsOfOneSweep) {
  ASSERT_TRUE(OpenSweepFolder(At("s"), identity_).ok());
  EXPECT_TRUE(OpenSweepFolder(At("s"), identity_).ok());
  Json other = identity_;
  other["binary"] = "c";
  EXPECT_THAT(OpenSweepFolder(At("s"), other).message(), HasSubstr("another sweep (other binary)"));
}

TEST_F(SweepFolderTest, APointCountsIfItIsWholeAndOfTheSameOrigin) {
  WritePoint(At("s"), 0);
  const Json provenance = {{"muster", "1"}, {"trace", {{"sha256", "t"}}}, {"variant", {{"name", "p000000"}}}};
  EXPECT_TRUE(HasPoint(At("s"), 0, provenance));
  EXPECT_FALSE(HasPoint(At("s"), 1, provenance));
  Json other = provenance;
  other["muster"] = "2";
  EXPECT_FALSE(HasPoint(At("s"), 0, other));
  std::ofstream(PointFolder(At("s"), 0) + "/jobs.csv") << "changed";
  EXPECT_FALSE(HasPoint(At("s"), 0, provenance));
}

TEST_F(SweepFolderTest, MergedShardsAreTheWhole) {
  for (const char* dir : {"whole", "a", "b"}) ASSERT_TRUE(OpenSweepFolder(At(dir), identity_).ok());
  WritePoint(At("whole"), 0);
  WritePoint(At("whole"), 1);
  WritePoint(At("a"), 0);
  WritePoint(At("b"), 1);
  ASSERT_TRUE(WriteSweepTables(At("whole"), {"quota"}, {{4}, {8}}).ok());
  const absl::Status merged = MergeSweeps({At("a"), At("b")}, At("merged"));
  ASSERT_TRUE(merged.ok()) << merged;
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(At("whole"))) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(Bytes(entry.path()), Bytes(At("merged") / fs::relative(entry.path(), At("whole")))) << entry.path();
  }
  EXPECT_EQ(files, 8u);
}

TEST_F(SweepFolderTest, ShardsThatDoNotMakeAWholeAreRefused) {
  ASSERT_TRUE(OpenSweepFolder(At("a"), identity_).ok());
  WritePoint(At("a"), 0);
  EXPECT_THAT(MergeSweeps({At("a")}, At("m")).message(), HasSubstr("1 of 2 points are in none of the shards: p000001"));
  Json other = identity_;
  other["trace"]["sha256"] = "u";
  ASSERT_TRUE(OpenSweepFolder(At("b"), other).ok());
  EXPECT_THAT(MergeSweeps({At("a"), At("b")}, At("m")).message(), HasSubstr("different sweeps (other trace)"));
  ASSERT_TRUE(OpenSweepFolder(At("c"), identity_).ok());
  WritePoint(At("c"), 0, "otherwise");
  WritePoint(At("c"), 1);
  EXPECT_THAT(MergeSweeps({At("a"), At("c")}, At("m")).message(), HasSubstr("the same point with different results"));
  ASSERT_TRUE(OpenSweepFolder(At("d"), identity_).ok());
  WritePoint(At("d"), 1, "x", "2");
  EXPECT_THAT(MergeSweeps({At("a"), At("d")}, At("m")).message(), HasSubstr("made of another muster"));
  EXPECT_THAT(MergeSweeps({At("nowhere")}, At("m")).message(), HasSubstr("no sweep.json"));
  EXPECT_FALSE(fs::exists(At("m")));
}

}  // namespace
}  // namespace muster::sim
