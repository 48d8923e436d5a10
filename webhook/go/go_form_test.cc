#include "webhook/go/go_form.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "webhook/go/go_types.h"
#include "webhook/patch/object_patch.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

// A type with one field of each sort, as an API has them.
constexpr GoField kPartFields[] = {go::String("name"), go::Quantity("size")};
constexpr GoStruct kPart = go::Struct("Part", "v1.Part", kPartFields);
constexpr GoField kFields[] = {go::Written(go::Int32("count"), "0"),
                               go::Omit(go::String("mode", "v1.Mode")),
                               go::Time("at"),
                               go::Value("part", kPart),
                               go::List("parts", kPart),
                               go::Quantities("limits"),
                               go::Any("anything")};
constexpr GoStruct kWhole = go::Struct("Whole", "v1.Whole", kFields);
constexpr GoStruct kAllOfIt = go::Complete("Whole", "v1.Whole", kFields);

std::string Error(const char* object) { return GoDecodeError(kWhole, json::parse(object)); }

TEST(GoForm, WhatGoCannotDecodeIsNamedByFieldAndType) {
  EXPECT_EQ(Error(R"({"count": 7, "mode": "m", "at": "2026-01-02T03:04:05Z", "part": {}, "anything": [1]})"), "");
  EXPECT_EQ(Error(R"({"count": null, "unknown": {"count": "x"}})"), "");
  EXPECT_EQ(Error(R"({"count": "7"})"), "json: cannot unmarshal string into Go struct field Whole.count of type int32");
  EXPECT_EQ(Error(R"({"count": 3000000000})"),
            "json: cannot unmarshal number 3000000000 into Go struct field Whole.count of type int32");
  EXPECT_EQ(Error(R"({"mode": 1})"), "json: cannot unmarshal number into Go struct field Whole.mode of type v1.Mode");
  EXPECT_EQ(Error(R"({"parts": {}})"),
            "json: cannot unmarshal object into Go struct field Whole.parts of type []v1.Part");
  EXPECT_EQ(Error(R"({"parts": [{"name": []}]})"),
            "json: cannot unmarshal array into Go struct field Part.parts.name of type string");
  EXPECT_EQ(Error(R"({"at": "soon"})"),
            R"(parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006")");
}

// A type that decodes itself stops the decoder; whatever was noticed before it is not said.
TEST(GoForm, AQuantityThatCannotBeReadIsTheAnswer) {
  EXPECT_EQ(Error(R"({"count": "7", "part": {"size": "1x"}})"),
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

TEST(GoForm, WritingMakesQuantitiesCanonicalAndFillsInWhatIsHeldByValue) {
  json object = json::parse(R"({"count": 1, "limits": {"cpu": "1000m", "a/b": 1024}, "parts": [{"size": "1.0"}]})");
  ObjectPatch patch(&object);
  AddGoRewriting(kWhole, patch);
  EXPECT_EQ(object, json::parse(R"({"count": 1, "limits": {"cpu": "1", "a/b": "1024"}, "parts": [{"size": "1"}],
                                    "part": {}})"));
  EXPECT_EQ(patch.Take().size(), 4u);
}

TEST(GoForm, RewritingLeavesOutWhatIsZeroAndKeepsWhatTheTableDoesNotHave) {
  const json object = json::parse(
      R"({"mode": "", "at": "2026-01-02T04:04:05.5+01:00", "parts": [], "other": {"x": ""}, "anything": null})");
  EXPECT_EQ(GoRewritten(kWhole, object),
            json::parse(R"({"count": 0, "at": "2026-01-02T03:04:05Z", "part": {}, "other": {"x": ""}})"));
  EXPECT_EQ(GoRewritten(kAllOfIt, object), json::parse(R"({"count": 0, "at": "2026-01-02T03:04:05Z", "part": {}})"));
}

TEST(GoForm, MarshalFollowsTheTableAndSortsTheRest) {
  EXPECT_EQ(GoMarshal(kWhole, json::parse(R"({"z": 1, "a": "<", "part": {"size": "2", "name": "n"}, "count": 3})")),
            R"({"count":3,"part":{"name":"n","size":"2"},"a":"\u003c","z":1})");
  EXPECT_EQ(GoMarshal(kPart, json::parse(R"([{"size": 1}, {"name": "b"}])")), R"([{"size":"1"},{"name":"b"}])");
}

TEST(GoTypes, KindsWithoutATableHaveTheirMetadataDecoded) {
  const GoStruct& type = GoTypeOf("example.com", "Widget");
  EXPECT_EQ(GoDecodeError(type, json::parse(R"({"metadata": {"labels": {"a": "b"}}, "spec": 7})")), "");
  EXPECT_NE(GoDecodeError(type, json::parse(R"({"metadata": {"labels": {"a": 1}}})")), "");
  EXPECT_EQ(GoOldKueueTypeOf("Job"), nullptr);
}

}  // namespace
}  // namespace muster::webhook
