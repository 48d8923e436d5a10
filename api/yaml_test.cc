#include "api/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "api/json_text.h"

namespace muster::api {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::SizeIs;

json One(const std::string& text) {
  const std::vector<YamlDocument> documents = ParseYaml(text);
  EXPECT_THAT(documents, SizeIs(1)) << text;
  if (documents.empty()) return nullptr;
  EXPECT_EQ(documents[0].error, "") << text;
  return documents[0].value;
}

std::string ErrorOf(const std::string& text) {
  const std::vector<YamlDocument> documents = ParseYaml(text);
  return documents.empty() ? "" : documents[0].error;
}

TEST(YamlTest, PlainScalars) {
  const struct {
    const char* text;
    json value;
    const char* why;
  } cases[] = {
      {"", nullptr, "nothing is null"},
      {"~", nullptr, "so is a tilde"},
      {"Null", nullptr, "in three spellings"},
      {"true", true, "booleans"},
      {"yes", true, "the words of YAML 1.1 are booleans too"},
      {"Off", false, "in three spellings"},
      {"nO", "nO", "but not in every one"},
      {"1", 1, "integers"},
      {"-12", -12, "with a sign"},
      {"+12", 12, "either sign"},
      {"0x1F", 31, "hexadecimal"},
      {"0b101", 5, "binary"},
      {"0777", 511, "a leading zero is octal"},
      {"0o17", 15, "as is 0o"},
      {"08", 8, "which 08 is not, so that it is a decimal number"},
      {"1_000", 1000, "underscores group digits"},
      {"9223372036854775807", INT64_MAX, "the largest int64"},
      {"-9223372036854775808", INT64_MIN, "and the smallest"},
      {"18446744073709551615", UINT64_MAX, "the largest uint64"},
      {"1.5", 1.5, "fractions"},
      {".5", 0.5, "without a leading digit"},
      {"5.", 5, "whole numbers lose their point"},
      {"1e3", 1000, "exponents"},
      {"1e400", "1e400", "what is no finite double stays text"},
      {".inf", ".inf", "infinity has no JSON"},
      {"1.2.3", "1.2.3", "a version is text"},
      {"1Gi", "1Gi", "a quantity is text"},
      {"500m", "500m", "of any suffix"},
      {"2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z", "times stay text"},
      {"-", "-", "a lone dash is text"},
      {"0x", "0x", "a prefix without digits is text"},
      {"e3", "e3", "an exponent alone is text"},
  };
  for (const auto& c : cases) EXPECT_EQ(ResolvePlainScalar(c.text), c.value) << c.text << ": " << c.why;
}

TEST(YamlTest, QuotedScalarsAreText) {
  EXPECT_EQ(One(R"({a: "1", b: 'yes', c: !!str 1, d: 1, 2: x})"),
            json::parse(R"({"a": "1", "b": "yes", "c": "1", "d": 1, "2": "x"})"));
}

TEST(YamlTest, AnchorsAndMergeKeys) {
  EXPECT_EQ(One("a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, k: 3}\n"),
            json::parse(R"({"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 2}, "c": {"k": 3, "l": 2}})"));
}

TEST(YamlTest, Refuses) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'm'; ++c) {
    const char before = static_cast<char>(c - 1);
    absl::StrAppend(&bomb, std::string(1, c), ": &", std::string(1, c), " [");
    for (int i = 0; i < 9; ++i) absl::StrAppend(&bomb, i == 0 ? "*" : ",*", std::string(1, before));
    bomb += "]\n";
  }
  std::string deep_by_alias = "a0: &a0 [x]\n";
  for (int i = 1; i < 200; ++i) absl::StrAppend(&deep_by_alias, "a", i, ": &a", i, " [*a", i - 1, "]\n");
  const struct {
    std::string text;
    const char* error;
    const char* why;
  } cases[] = {
      {"a: [", "line 1", "an open bracket"},
      {"a: 1\na: 2\n", "line 2: key \"a\" is given twice", "a key given twice"},
      {"{[1]: 2}", "a key must be a string", "a list as a key"},
      {"a: *b", "", "an unknown alias"},
      {"a: &a [*a]", "an alias inside its own anchor", "an endless value"},
      {bomb, "aliases expand to too large a document", "a billion laughs"},
      {std::string(100000, '['), "", "deep nesting"},
      {deep_by_alias, "nests deeper", "nesting built of aliases"},
      {"a: \xff", "UTF-8", "bytes that are no text"},
      {"{<<: 1}", "<< must refer to a map", "merging what is no map"},
      {"\t- a", "", "a tab as indent"},
      {"%YAML 9", "", "a directive without a document"},
      {"a: \"\\x\"", "", "a bad escape"},
      {", a: 1", "cannot start like this", "a comma before anything"},
      {"]", "illegal flow end", "a bracket that nothing opened"},
  };
  for (const auto& c : cases) {
    const std::string error = ErrorOf(c.text);
    EXPECT_FALSE(error.empty()) << c.why;
    EXPECT_THAT(error, HasSubstr(c.error)) << c.why;
  }
}

TEST(YamlTest, DocumentsKnowTheirLines) {
  const std::vector<YamlDocument> documents = ParseYaml("# head\na: 1\n---\n---\nb: [\n--- # next\nc: 3\n...\n");
  ASSERT_THAT(documents, SizeIs(3));
  EXPECT_EQ(documents[0].line, 2) << "comments come before the content";
  EXPECT_THAT(documents[1].error, HasSubstr("line 6")) << "where the text ends";
  EXPECT_EQ(documents[2].line, 7);
  EXPECT_EQ(documents[2].value, json::parse(R"({"c": 3})"));
}

TEST(YamlTest, WritesWhatItReads) {
  const char* const cases[] = {
      R"({"a": [], "b": {}, "c": [[1, 2], [], [{"x": 1, "y": [1]}]], "d": null})",
      R"(["", " a", "a ", "a: b", "a #b", "#a", "- a", "yes", "1", "1e3", "0x1", "~", "null", "2026-01-31", "1:30"])",
      R"(["line\nbreak", "tab\t", "\u0001", "ü", "'", "\"", "a:", ":a", "*a", "&a", "!a", "@a", "%a", "?", "{", "a,b"])",
      R"({"yes": 1, "1": 2, "a b": 3, "": 4, "x: y": 5, "kubernetes.io/hostname": 6})",
      R"([1.5, -1, 18446744073709551615, true, false, "text"])",
      R"({"metadata": {"name": "x"}, "items": [{"name": "a", "list": ["b"]}]})",
  };
  for (const char* text : cases) {
    const json value = json::parse(text);
    EXPECT_EQ(One(ToYaml(value)), value) << ToYaml(value);
  }
  EXPECT_EQ(ToYaml(json::parse(R"({"a": [{"b": 1, "c": ["d"]}], "e": {"f": "1"}})")),
            "a:\n- b: 1\n  c:\n  - d\ne:\n  f: \"1\"\n");

  // YAML reads a key of more than 1024 characters, escapes included, only after "?".
  for (const std::string& key : {std::string(1500, 'k'), std::string(300, '\1')}) {
    const json value = {{key, {{{"b", 1}, {key, json::array({1})}}}}, {"z", {{key, {{"c", nullptr}}}}}};
    EXPECT_EQ(One(ToYaml(value)), value) << ToYaml(value);
  }
}

TEST(JsonTextTest, Refuses) {
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"", "malformed JSON"},    {"{\"a\": 1,}", "line 1, column 9"},
      {"\"\xc3\x28\"", "UTF-8"}, {std::string(200, '[') + std::string(200, ']'), "nests deeper"},
      {"1e999", "overflow"},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<json> parsed = ParseJson(c.text);
    ASSERT_FALSE(parsed.ok()) << c.text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(c.error));
  }
  EXPECT_TRUE(ParseJson("{\"a\": \"" + std::string(500, '[') + "\\\"\"}").ok()) << "brackets in strings do not nest";
}

TEST(JsonTextTest, Utf8) {
  for (const char* good : {"", "a", "ü", "€", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) EXPECT_TRUE(IsValidUtf8(good));
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
  }
}

}  // namespace
}  // namespace muster::api
