// Both wire forms of a topology assignment, through the codec.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/codec.h"

namespace muster::api {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json Slices(const char* levels, const char* slice) {
  return json::parse(absl::StrCat(R"({"levels": )", levels, R"(, "slices": [)", slice, "]}"));
}

TEST(TopologyAssignmentTest, SlicesStandForDomains) {
  const json packed = json::parse(R"({"levels": ["rack", "host"], "slices": [
      {"domainCount": 2, "valuesPerLevel": [{"universal": "r1"},
         {"individual": {"prefix": "h", "suffix": "-x", "roots": ["1", "22"]}}], "podCounts": {"universal": 4}},
      {"domainCount": 1, "valuesPerLevel": [{"individual": {"roots": ["r2"]}}, {"universal": "h9"}],
       "podCounts": {"individual": [7]}}]})");
  const absl::StatusOr<TopologyAssignment> assignment = DecodePart<TopologyAssignment>(packed);
  ASSERT_TRUE(assignment.ok()) << assignment.status();
  ASSERT_EQ(assignment->domains.size(), 3u);
  EXPECT_EQ(assignment->domains[1].values, (std::vector<std::string>{"r1", "h22-x"}));
  EXPECT_EQ(assignment->domains[1].count, 4);
  EXPECT_EQ(assignment->domains[2].values, (std::vector<std::string>{"r2", "h9"}));
  EXPECT_EQ(assignment->domains[2].count, 7);
}

TEST(TopologyAssignmentTest, WritesOneSlice) {
  const struct {
    std::vector<std::string> values;
    const char* packed;
    const char* why;
  } cases[] = {
      {{"a"}, R"({"universal": "a"})", "one value"},
      {{"a", "a"}, R"({"universal": "a"})", "equal values"},
      {{"x1", "x2"}, R"({"individual": {"prefix": "x", "roots": ["1", "2"]}})", "a common front"},
      {{"1x", "2x"}, R"({"individual": {"suffix": "x", "roots": ["1", "2"]}})", "a common back"},
      {{"a1z", "a22z"}, R"({"individual": {"prefix": "a", "suffix": "z", "roots": ["1", "22"]}})", "both"},
      {{"aa", "aaa"},
       R"({"individual": {"suffix": "aa", "roots": ["", "a"]}})",
       "where they overlap the front gives way"},
      {{"", "a"}, R"({"individual": {"roots": ["", "a"]}})", "nothing in common"},
  };
  for (const auto& c : cases) {
    TopologyAssignment assignment;
    assignment.levels = {"host"};
    for (const std::string& value : c.values) assignment.domains.push_back({{value}, 1});
    const json packed = EncodePart(assignment);
    EXPECT_EQ(packed["slices"][0]["valuesPerLevel"][0], json::parse(c.packed)) << c.why;
    EXPECT_EQ(EncodePart(*DecodePart<TopologyAssignment>(packed)), packed) << c.why;
  }
}

// Hosts of two pools: what is common within a pool is said once per pool, if that is shorter.
TEST(TopologyAssignmentTest, WritesASlicePerPoolOfHosts) {
  TopologyAssignment assignment;
  assignment.levels = {"kubernetes.io/hostname"};
  for (const char* pool : {"training-cluster-a100-", "inference-pool-l4-"}) {
    for (int i = 10; i < 30; ++i) assignment.domains.push_back({{absl::StrCat(pool, i)}, 1});
  }
  const json packed = EncodePart(assignment);
  ASSERT_EQ(packed["slices"].size(), 2u) << packed;
  EXPECT_EQ(packed["slices"][0]["domainCount"], 20);
  EXPECT_EQ(packed["slices"][0]["valuesPerLevel"][0]["individual"]["prefix"], "training-cluster-a100-");
  EXPECT_EQ(packed["slices"][1]["valuesPerLevel"][0]["individual"]["prefix"], "inference-pool-l4-");
  const absl::StatusOr<TopologyAssignment> read = DecodePart<TopologyAssignment>(packed);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->domains.size(), 40u);
  EXPECT_EQ(read->domains[39].values[0], "inference-pool-l4-29");
  // Two hosts of one pool: one slice is shorter.
  assignment.domains = {{{"a-1"}, 1}, {{"a-2"}, 1}, {{"b-1"}, 1}};
  EXPECT_EQ(EncodePart(assignment)["slices"].size(), 1u);
}

TEST(TopologyAssignmentTest, ReadsTheListOfDomains) {
  const json listed = json::parse(R"({"levels": ["host"], "domains": [{"values": ["a"], "count": 1}, {"values": ["b"],
      "count": 2}]})");
  const absl::StatusOr<TopologyAssignment> assignment = DecodePart<TopologyAssignment>(listed);
  ASSERT_TRUE(assignment.ok());
  EXPECT_EQ(EncodePart(*assignment), Slices(R"(["host"])", R"({"domainCount": 2,
      "valuesPerLevel": [{"individual": {"roots": ["a", "b"]}}], "podCounts": {"individual": [1, 2]}})"));
}

TEST(TopologyAssignmentTest, RefusesWhatDoesNotFit) {
  const std::string huge(300, 'x');
  const struct {
    std::string slice;
    const char* error;
    const char* why;
  } cases[] = {
      {R"({"domainCount": 0, "valuesPerLevel": [{"universal": "a"}], "podCounts": {"universal": 1}})",
       "slices[0].domainCount: Invalid value: 0: must be between 1 and 100000", "no domains"},
      {R"({"domainCount": 1, "valuesPerLevel": [], "podCounts": {"universal": 1}})",
       "valuesPerLevel must have the same length as the number of levels", "a level is missing"},
      {R"({"domainCount": 1, "valuesPerLevel": [{}], "podCounts": {"universal": 1}})",
       "valuesPerLevel[0]: Invalid value: exactly one of the fields in [universal individual] must be set",
       "no values"},
      {R"({"domainCount": 1, "valuesPerLevel": [{"universal": "a", "individual": {"roots": ["a"]}}],
           "podCounts": {"universal": 1}})",
       "exactly one of the fields", "values twice"},
      {R"({"domainCount": 2, "valuesPerLevel": [{"individual": {"roots": ["a"]}}], "podCounts": {"universal": 1}})",
       "must have roots of length equal to domainCount", "too few values"},
      {R"({"domainCount": 2, "valuesPerLevel": [{"universal": "a"}], "podCounts": {"individual": [1]}})",
       "podCounts.individual must have length equal to domainCount", "too few counts"},
      {R"({"domainCount": 2, "valuesPerLevel": [{"universal": "a"}], "podCounts": {}})",
       "slices[0].podCounts: Invalid value: exactly one of", "no counts"},
  };
  for (const auto& c : cases) {
    const absl::Status status = DecodePart<TopologyAssignment>(Slices(R"(["host"])", c.slice.c_str())).status();
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.error)) << c.why;
  }

  // A few kilobytes must not become gigabytes.
  json bomb = {{"levels", {"host"}}, {"slices", json::array()}};
  const json slice = {
      {"domainCount", 100000}, {"valuesPerLevel", {{{"universal", huge}}}}, {"podCounts", {{"universal", 1}}}};
  for (int i = 0; i < 1000; ++i) bomb["slices"].push_back(slice);
  EXPECT_THAT(std::string(DecodePart<TopologyAssignment>(bomb).status().message()), HasSubstr("stands for more than"));
}

}  // namespace
}  // namespace muster::api
