#include "api/hyperpod/shorthand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::hyperpod {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Case {
  const char* text;
  const char* value;
};

TEST(ShorthandTest, MeansWhatTheAwsCliMakesOfIt) {
  for (const Case& c : {
           Case{"a=b", R"({"a":"b"})"},
           Case{"a=b,c=d", R"({"a":"b","c":"d"})"},
           Case{"a=b,c,d", R"({"a":["b","c","d"]})"},
           Case{"a=b,c,d=e", R"({"a":["b","c"],"d":"e"})"},
           Case{"a=[b,c]", R"({"a":["b","c"]})"},
           Case{"a=[]", R"({"a":[]})"},
           Case{"a={}", R"({"a":{}})"},
           Case{"a={b=c,d={e=f}}", R"({"a":{"b":"c","d":{"e":"f"}}})"},
           Case{"a=[{b=c,d=1},{b=e}],f=g", R"({"a":[{"b":"c","d":"1"},{"b":"e"}],"f":"g"})"},
           Case{"a=[[b],[c,d]]", R"({"a":[["b"],["c","d"]]})"},
           Case{"a='b,c',d=\"e=f\"", R"({"a":"b,c","d":"e=f"})"},
           Case{"a=b\\,c", R"({"a":"b,c"})"},
           Case{"a=", R"({"a":""})"},
           Case{"a=x=y", R"({"a":"x=y"})"},
           Case{" a = b , c = [ d , e ] ", R"({"a":"b","c":["d","e"]})"},
           Case{"a={b=[c]}", R"({"a":{"b":["c"]}})"},
       }) {
    SCOPED_TRACE(c.text);
    const auto value = ParseShorthand(c.text);
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(*value, json::parse(c.value));
  }
}

TEST(ShorthandTest, ErrorsSayWhereAndWhat) {
  for (const Case& c : {
           Case{"", "column 1: expected a key, but the text ends"},
           Case{"a", "column 2: expected = after a, but the text ends"},
           Case{"a=b,", "column 5: expected a key"},
           Case{"a=[b", "expected a comma or ], but the text ends"},
           Case{"a={b=c", "expected a comma or }, but the text ends"},
           Case{"a='b", "expected the closing quote"},
           Case{"a='b'c", "expected a comma, but there is 'c'"},
           Case{"a={b}", "expected = after b, but there is '}'"},
           Case{"a=b,a=c", "a is given twice"},
           Case{"a=[b]c=d", "expected a comma, but there is 'c'"},
       }) {
    SCOPED_TRACE(c.text);
    const auto value = ParseShorthand(c.text);
    ASSERT_FALSE(value.ok());
    EXPECT_THAT(std::string(value.status().message()), HasSubstr(c.value));
  }
  EXPECT_FALSE(ParseShorthand("a=" + std::string(100'000, '[')).ok()) << "too deep, not a crash";
}

TEST(ShorthandTest, CommandsAreFoundInScripts) {
  const auto commands = FindAwsCommands(
      "set -e\n"
      "# aws sagemaker create-cluster\n"
      "ID=$(aws sagemaker list-clusters --query 'x[0]') && aws s3 ls\n"
      "aws --profile p sagemaker create-compute-quota --name=\"a b\" \\\n"
      "  --tags Key=a,Value=b Key=c,Value=d\n");
  ASSERT_THAT(commands, SizeIs(2));
  EXPECT_EQ(commands[0].operation, "list-clusters");
  EXPECT_EQ(commands[1].operation, "create-compute-quota");
  EXPECT_EQ(commands[1].line, 4);
  ASSERT_THAT(commands[1].options, SizeIs(3));
  EXPECT_EQ(commands[1].options[1].name, "name");
  EXPECT_THAT(commands[1].options[1].values, ElementsAre("a b"));
  EXPECT_THAT(commands[1].options[2].values, ElementsAre("Key=a,Value=b", "Key=c,Value=d"));
  EXPECT_THAT(FindAwsCommands("aws"), IsEmpty());
  EXPECT_THAT(FindAwsCommands("aws sagemaker 'unclosed"), SizeIs(1));
}

}  // namespace
}  // namespace muster::hyperpod
