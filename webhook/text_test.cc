// What Go prints, and the patches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "webhook/go_text.h"
#include "webhook/object_patch.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

TEST(GoText, SyntaxErrorsAreThoseOfEncodingJson) {
  const struct {
    const char* text;
    const char* want;
  } kCases[] = {
      {R"({"a": [1, -0.5e+3, true, null, "x\u00e9\n"], "b": {}})", ""},
      {"[]", ""},
      {"{nope", "invalid character 'n' looking for beginning of object key string"},
      {"nope", "invalid character 'o' in literal null (expecting 'u')"},
      {"{\"a\" 1}", "invalid character '1' after object key"},
      {"{\"a\": 1 2}", "invalid character '2' after object key:value pair"},
      {"[1 2]", "invalid character '2' after array element"},
      {"[1,]", "invalid character ']' looking for beginning of value"},
      {"1 x", "invalid character 'x' after top-level value"},
      {"\"\\q\"", "invalid character 'q' in string escape code"},
      {"\"\\u12g\"", "invalid character 'g' in \\u hexadecimal character escape"},
      {"\"a\nb\"", "invalid character '\\n' in string literal"},
      {"01", "invalid character '1' after top-level value"},
      {"-x", "invalid character 'x' in numeric literal"},
      {"1.", "unexpected end of JSON input"},
      {"1e+", "unexpected end of JSON input"},
      {"{", "unexpected end of JSON input"},
      {"", "unexpected end of JSON input"},
      {"'", R"(invalid character '\'' looking for beginning of value)"},
  };
  for (const auto& c : kCases) EXPECT_EQ(GoJsonSyntaxError(c.text), c.want) << c.text;
}

TEST(GoText, NestingIsFollowedWithoutRecursion) {
  EXPECT_EQ(GoJsonSyntaxError(std::string(1'000'000, '[')), "exceeded max depth");
}

TEST(GoText, NumbersAndBooleansParseAsInStrconv) {
  EXPECT_EQ(GoAtoi("-7").value(), -7);
  EXPECT_EQ(GoAtoi("+7").value(), 7);
  EXPECT_EQ(GoAtoi("1.5").status().message(), R"(strconv.Atoi: parsing "1.5": invalid syntax)");
  EXPECT_EQ(GoAtoi("").status().message(), R"(strconv.Atoi: parsing "": invalid syntax)");
  EXPECT_EQ(GoAtoi("99999999999999999999").status().message(),
            R"(strconv.Atoi: parsing "99999999999999999999": value out of range)");
  EXPECT_EQ(GoParseInt32("2147483648").status().message(),
            R"(strconv.ParseInt: parsing "2147483648": value out of range)");
  EXPECT_TRUE(GoParseBool("T").value());
  EXPECT_EQ(GoParseBool("yes").status().message(), R"(strconv.ParseBool: parsing "yes": invalid syntax)");
}

TEST(GoText, TimesThatCannotBeReadSayHowFarReadingCame) {
  EXPECT_EQ(GoTimeError("2026-11-23T05:33:44Z"), "");
  EXPECT_EQ(GoTimeError("nope"),
            R"(parsing time "nope" as "2006-01-02T15:04:05Z07:00": cannot parse "nope" as "2006")");
  EXPECT_EQ(GoTimeError("2026-11"), R"(parsing time "2026-11" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "-")");
}

TEST(GoText, StringsAreEscapedAsGoDoes) {
  std::string out;
  AppendGoJsonString("a<b>&\"\\\n\x01", &out);
  EXPECT_EQ(out, R"("a\u003cb\u003e\u0026\"\\\n\u0001")");
}

TEST(GoText, WhatIsNoUtf8IsReplaced) {
  std::string out;
  AppendGoJsonString("r\xdd\"x", &out);
  EXPECT_EQ(out, "\"r\xef\xbf\xbd\\\"x\"");
}

// Applies the operations to a copy with the library's own implementation.
void ExpectPatch(const char* before, const std::function<void(ObjectPatch&)>& change, const char* ops,
                 const char* after) {
  json object = json::parse(before);
  const json original = object;
  ObjectPatch patch(&object);
  change(patch);
  EXPECT_EQ(patch.empty(), std::string(ops) == "null");
  const json taken = patch.Take();
  EXPECT_EQ(taken, json::parse(ops)) << taken;
  EXPECT_EQ(object, json::parse(after));
  if (!taken.is_null()) {
    EXPECT_EQ(original.patch(taken), object);
  }
}

TEST(ObjectPatch, SetMakesWhatIsMissingAndNothingElse) {
  ExpectPatch(R"({"a": {"b": 1}})", [](ObjectPatch& p) { p.Set("/a/b", 1); }, "null", R"({"a": {"b": 1}})");
  ExpectPatch(R"({"a": {"b": 1}})", [](ObjectPatch& p) { p.Set("/a/b", 2); },
              R"([{"op": "replace", "path": "/a/b", "value": 2}])", R"({"a": {"b": 2}})");
  ExpectPatch(R"({"a": {}})", [](ObjectPatch& p) { p.Set("/a/b/c~1d", "x"); },
              R"([{"op": "add", "path": "/a/b", "value": {"c/d": "x"}}])", R"({"a": {"b": {"c/d": "x"}}})");
  ExpectPatch(
      "{}", [](ObjectPatch& p) { p.Set("/a/b/c", true); },
      R"([{"op": "add", "path": "/a", "value": {"b": {"c": true}}}])", R"({"a": {"b": {"c": true}}})");
  ExpectPatch(R"({"a": null})", [](ObjectPatch& p) { p.Set("/a/b", 1); },
              R"([{"op": "replace", "path": "/a", "value": {"b": 1}}])", R"({"a": {"b": 1}})");
}

TEST(ObjectPatch, SetStopsAtWhatIsNoObject) {
  for (const char* object : {R"({"a": 7})", R"({"a": "x"})", R"({"a": []})"}) {
    ExpectPatch(
        object, [](ObjectPatch& p) { p.Set("/a/b", 1); }, "null", object);
  }
}

TEST(ObjectPatch, AppendAndRemoveWorkOnLists) {
  ExpectPatch(R"({"l": [{"n": 1}]})", [](ObjectPatch& p) { p.Append("/l", 2); },
              R"([{"op": "add", "path": "/l/1", "value": 2}])", R"({"l": [{"n": 1}, 2]})");
  ExpectPatch(
      "{}", [](ObjectPatch& p) { p.Append("/l", 2), p.Append("/l", 3); },
      R"([{"op": "add", "path": "/l", "value": [2]}, {"op": "add", "path": "/l/1", "value": 3}])", R"({"l": [2, 3]})");
  ExpectPatch(R"({"l": [1, 2], "m": 3})", [](ObjectPatch& p) { p.Remove("/l/0"), p.Remove("/m"), p.Remove("/z"); },
              R"([{"op": "remove", "path": "/l/0"}, {"op": "remove", "path": "/m"}])", R"({"l": [2]})");
}

}  // namespace
}  // namespace muster::webhook
