#include "webhook/go/go_json.h"

#include <gtest/gtest.h>

#include <string>

namespace muster::webhook {
namespace {

TEST(GoJson, SyntaxErrorsAreThoseOfEncodingJson) {
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

TEST(GoJson, NestingIsFollowedWithoutRecursion) {
  EXPECT_EQ(GoJsonSyntaxError(std::string(1'000'000, '[')), "exceeded max depth");
}

TEST(GoJson, StringsAreEscapedAsGoDoes) {
  std::string out;
  AppendGoJsonString("a<b>&\"\\\n\x01", &out);
  EXPECT_EQ(out, R"("a\u003cb\u003e\u0026\"\\\n\u0001")");
}

TEST(GoJson, WhatIsNoUtf8IsReplaced) {
  std::string out;
  AppendGoJsonString("r\xdd\"x", &out);
  EXPECT_EQ(out, "\"r\xef\xbf\xbd\\\"x\"");
}

}  // namespace
}  // namespace muster::webhook
