#include "api/nearest_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::api {
namespace {

using Names = std::vector<absl::string_view>;

TEST(NearestNameTest, FindsWhatWasMeant) {
  const struct {
    const char* what;
    const char* word;
    Names names;
    const char* nearest;
  } kCases[] = {
      {"a letter too few", "polcy", {"trace", "policy", "out"}, "policy"},
      {"a letter too many", "policyy", {"trace", "policy"}, "policy"},
      {"another letter", "prioriti", {"priority", "priorityClass"}, "priority"},
      {"two letters that changed places", "tarce", {"trace", "track"}, "trace"},
      {"only case differs", "cohortname", {"cohort", "cohortName"}, "cohortName"},
      {"two slips in a long word", "clusterqeue", {"ClusterQueue", "LocalQueue"}, "ClusterQueue"},
      {"two slips in a short word are too many", "tcare", {"trace"}, ""},
      {"short words: one slip", "pod", {"pods"}, "pods"},
      {"the beginning of a longer name", "cohort", {"flavors", "cohortName"}, "cohortName"},
      {"a slip is nearer than a beginning", "colum", {"columnNames", "column"}, "column"},
      {"the beginning of a word is no word", "coh", {"cohortName"}, ""},
      {"another word altogether", "colour", {"cohort", "flavors"}, ""},
      {"the nearer of two", "jobs", {"job", "jobz", "jobs2", "Jobs"}, "Jobs"},
      {"the first of equals", "bar", {"baz", "bat"}, "baz"},
      {"of a name of one letter nothing would be left", "x", {"y"}, ""},
      {"no names", "x", {}, ""},
      {"no word", "", {"a"}, ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(NearestName(c.word, c.names), c.nearest) << c.what;
}

TEST(NearestNameTest, LongWordsAreNearToNothing) {
  const std::string word(65, 'a');
  EXPECT_EQ(NearestName(word, {word}), "");
  EXPECT_EQ(NearestName(std::string(64, 'a'), {std::string(64, 'a')}), std::string(64, 'a'));
}

TEST(NearestNameTest, HintIsEmptyWhereNothingIsNear) {
  EXPECT_EQ(MeantHint("polcy", {"policy"}), "; is policy meant?");
  EXPECT_EQ(MeantHint("spam", {"policy"}), "");
}

}  // namespace
}  // namespace muster::api
