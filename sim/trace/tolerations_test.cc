#include "sim/trace/tolerations.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::sim {
namespace {

using Tolerations = std::vector<api::Toleration>;

TEST(TolerationsTest, TextAndTolerationsAreTheSame) {
  const struct {
    const char* what;
    const char* text;
    Tolerations tolerations;
  } kCases[] = {
      {"none", "", {}},
      {"a value and an effect", "a.io/b=c:NoSchedule", {{"a.io/b", "Equal", "c", "NoSchedule", {}}}},
      {"an empty value is a value", "a=:NoExecute", {{"a", "Equal", "", "NoExecute", {}}}},
      {"any value", "a:PreferNoSchedule", {{"a", "Exists", "", "PreferNoSchedule", {}}}},
      {"any effect", "a=b", {{"a", "Equal", "b", "", {}}}},
      {"any value and effect", "a", {{"a", "Exists", "", "", {}}}},
      {"everything", "*", {{"", "Exists", "", "", {}}}},
      {"every taint of an effect", "*:NoExecute", {{"", "Exists", "", "NoExecute", {}}}},
      {"several", "a;b=c", {{"a", "Exists", "", "", {}}, {"b", "Equal", "c", "", {}}}},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    const auto parsed = ParseTolerations(c.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, c.tolerations);
    const auto text = TolerationsText(c.tolerations);
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(*text, c.text);
  }
  EXPECT_EQ(ParseTolerations(" a ; b ")->size(), 2u) << "blanks around them do not count";
  EXPECT_EQ(*TolerationsText({{"a", "", "b", "", {}}}), "a=b") << "no operator is Equal";
  EXPECT_EQ(*TolerationsText({{"a", "Exists", "", "NoExecute", 300}}), "a:NoExecute") << "for how long is left out";
}

TEST(TolerationsTest, MistakesAreErrors) {
  const struct {
    const char* text;
    const char* message;
  } kTexts[] = {{"a:NoScheduling", "\"a:NoScheduling\": the effect is none of NoSchedule"},
                {"a:", "the effect is none of"},
                {"=b", "no name of a taint"},
                {"a b", "no name of a taint"},
                {"a=b=c", "no name of a taint"},
                {"*=b", "every key has no one value"},
                {"good;:NoExecute", "\":NoExecute\": no name of a taint"}};
  for (const auto& c : kTexts) {
    const auto parsed = ParseTolerations(c.text);
    ASSERT_FALSE(parsed.ok()) << c.text;
    EXPECT_NE(std::string(parsed.status().message()).find(c.message), std::string::npos) << parsed.status();
  }
  for (const api::Toleration& t : Tolerations{{"a", "Gt", "5", "", {}},
                                              {"a", "Exists", "b", "", {}},
                                              {"", "Equal", "b", "", {}},
                                              {"a;b", "Exists", "", "", {}},
                                              {"a", "Exists", "", "Never", {}}}) {
    EXPECT_FALSE(TolerationsText({t}).ok()) << t.key << t.op << t.value;
  }
}

}  // namespace
}  // namespace muster::sim
