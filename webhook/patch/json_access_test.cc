#include "webhook/patch/json_access.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace muster::webhook {
namespace {

using nlohmann::json;

TEST(JsonAccess, NullAndOtherTypesCountAsAbsent) {
  const json object = json::parse(R"({"a": "x", "b": null, "c": 7, "d": true})");
  ASSERT_NE(StringField(object, "a"), nullptr);
  EXPECT_EQ(*StringField(object, "a"), "x");
  for (const char* name : {"b", "c", "d", "e"}) EXPECT_EQ(StringField(object, name), nullptr) << name;
  EXPECT_EQ(Field(object, "b"), nullptr);
  EXPECT_NE(Field(object, "c"), nullptr);
  EXPECT_TRUE(BoolField(object, "d"));
  EXPECT_FALSE(BoolField(object, "c"));
  for (const json& other : {json("text"), json(7), json::array({1}), json()}) EXPECT_EQ(Field(other, "a"), nullptr);
}

TEST(JsonAccess, LabelsAndAnnotationsAreLookedUpWhateverIsThere) {
  const json object = json::parse(R"({"metadata": {"labels": {"K/a": "x", "n": 1}, "annotations": "none"}})");
  EXPECT_EQ(ValueOrEmpty(Label(object, "K/a")), "x");
  EXPECT_EQ(Label(object, "n"), nullptr);
  EXPECT_EQ(Annotation(object, "K/a"), nullptr);
  EXPECT_EQ(Label(json::parse(R"({"metadata": []})"), "K/a"), nullptr);
  EXPECT_EQ(ValueOrEmpty(nullptr), "");
}

TEST(JsonAccess, TypesAreNamedAsGoDoes) {
  EXPECT_STREQ(JsonTypeName("x"), "string");
  EXPECT_STREQ(JsonTypeName(true), "bool");
  EXPECT_STREQ(JsonTypeName(1.5), "number");
  EXPECT_STREQ(JsonTypeName(json::array()), "array");
  EXPECT_STREQ(JsonTypeName(json::object()), "object");
  EXPECT_STREQ(JsonTypeName(nullptr), "null");
}

}  // namespace
}  // namespace muster::webhook
