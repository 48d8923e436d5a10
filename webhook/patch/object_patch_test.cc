#include "webhook/patch/object_patch.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace muster::webhook {
namespace {

using nlohmann::json;

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
