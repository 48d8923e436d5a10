#include "sim/sweep/variant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "sim/sweep/object_path.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kPolicy[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: gpu}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: red}
spec:
  cohortName: all
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [nvidia.com/gpu, cpu]
    flavors:
    - name: gpu
      resources:
      - {name: nvidia.com/gpu, nominalQuota: 4}
      - {name: cpu, nominalQuota: 10}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: blue}
spec: {cohortName: all, namespaceSelector: {}}
---
apiVersion: v1
kind: Node
metadata: {name: node-1}
---
apiVersion: v1
kind: Node
metadata: {name: node-2}
)";

api::LoadResult Policy() {
  api::LoadResult loaded = api::LoadText(kPolicy, "policy.yaml", {.set_defaults = true, .validate = true});
  EXPECT_TRUE(loaded.status().ok()) << loaded.status();
  return loaded;
}

absl::StatusOr<api::LoadResult> Apply(const std::string& changes) {
  absl::StatusOr<std::vector<Variant>> variants =
      ParseVariants(absl::StrCat("variants:\n- name: v\n", changes), "what-if.yaml");
  if (!variants.ok()) return variants.status();
  return ApplyVariant(Policy().objects, variants->front());
}

Json RawOf(const api::LoadResult& loaded, const std::string& id) {
  for (const api::Decoded& decoded : loaded.objects) {
    if (api::ObjectId(decoded.object) == id) return api::Encode(decoded.object, decoded.raw);
  }
  return nullptr;
}

TEST(ObjectPath, SetsWhatItLeadsTo) {
  const Json object = Json::parse(R"({"a": {"b": [{"name": "x", "v": 1}, {"name": "y.z", "v": 2}], "l": ["p", "q"]}})");
  struct Case {
    const char* path;
    const char* value;
    const char* pointer;
  };
  for (const Case& c : {Case{"a.b[x].v", "7", "/a/b/0/v"}, Case{"a.b[1].v", "7", "/a/b/1/v"},
                        Case{"a.b[y.z].v", "7", "/a/b/1/v"}, Case{"a.new.deep", "7", "/a/new/deep"},
                        Case{"a.l[q]", "7", "/a/l/1"}, Case{"a[\"with.dots\"]", "7", "/a/with.dots"}}) {
    Json changed = object;
    ASSERT_TRUE(SetAt(c.path, Json::parse(c.value), &changed).ok()) << c.path;
    Json expected = object;
    expected[Json::json_pointer(c.pointer)] = Json::parse(c.value);
    EXPECT_EQ(changed, expected) << c.path;
  }
  Json all = object;
  ASSERT_TRUE(SetAt("a.b[*].v", 9, &all).ok());
  EXPECT_EQ(all["a"]["b"][0]["v"], 9);
  EXPECT_EQ(all["a"]["b"][1]["v"], 9);
  Json less = object;
  ASSERT_TRUE(SetAt("a.b[x]", nullptr, &less).ok());
  ASSERT_TRUE(SetAt("a.l", nullptr, &less).ok());
  EXPECT_EQ(less, Json::parse(R"({"a": {"b": [{"name": "y.z", "v": 2}]}})"));
}

TEST(ObjectPath, SaysWhatIsWrongAndChangesNothing) {
  const Json object = Json::parse(R"({"a": {"b": [{"name": "x", "v": 1}], "t": "text"}})");
  struct Case {
    const char* path;
    const char* says;
  };
  for (const Case& c :
       {Case{"", "it is empty"}, Case{"a..b", "a name is missing"}, Case{"a.", "a name is missing"},
        Case{"a[", "\"]\" is missing"}, Case{"a[]", "nothing in the brackets"}, Case{"a.b[x]v", "after ]"},
        Case{"a.b[z].v", "a.b has no element z; there is x"}, Case{"a.b[1].v", "a.b has no element 1"},
        Case{"a.t[0]", "a.t is not a list"}, Case{"a.t.u", "a.t has no members"}}) {
    Json changed = object;
    EXPECT_THAT(SetAt(c.path, 1, &changed).message(), HasSubstr(c.says)) << c.path;
    EXPECT_EQ(changed, object) << c.path;
  }
}

TEST(Variant, ChangesQuotasLimitsStrategiesGatesAndNodes) {
  const auto changed = Apply(R"(
  set:
  - object: ClusterQueue/red
    spec.resourceGroups[0].flavors[gpu].resources[nvidia.com/gpu].nominalQuota: 8
    spec.resourceGroups[0].flavors[gpu].resources[cpu].borrowingLimit: "2"
  - object: ClusterQueue/*
    spec.queueingStrategy: StrictFIFO
    spec.fairSharing.weight: 2
  featureGates: {TopologyAwareScheduling: false}
  nodesDown: [node-2]
)");
  ASSERT_TRUE(changed.ok()) << changed.status();
  const Json red = RawOf(*changed, "ClusterQueue/red"), blue = RawOf(*changed, "ClusterQueue/blue");
  const Json& resources = red["spec"]["resourceGroups"][0]["flavors"][0]["resources"];
  EXPECT_EQ(resources[0]["nominalQuota"], "8");
  EXPECT_EQ(resources[1]["borrowingLimit"], "2");
  EXPECT_EQ(blue["spec"]["queueingStrategy"], "StrictFIFO");
  EXPECT_EQ(red["spec"]["fairSharing"]["weight"], "2");
  EXPECT_EQ(RawOf(*changed, "Configuration/")["featureGates"]["TopologyAwareScheduling"], false);
  EXPECT_TRUE(RawOf(*changed, "Node/node-2").is_null());
  EXPECT_FALSE(RawOf(*changed, "Node/node-1").is_null());
}

TEST(Variant, WithoutChangesIsThePolicyAsItIs) {
  const api::LoadResult policy = Policy();
  const auto same = ApplyVariant(policy.objects, {});
  ASSERT_TRUE(same.ok()) << same.status();
  ASSERT_EQ(same->objects.size(), policy.objects.size());
  for (const api::Decoded& decoded : policy.objects) {
    EXPECT_EQ(RawOf(*same, api::ObjectId(decoded.object)), api::Encode(decoded.object, decoded.raw));
  }
}

TEST(Variant, WhatIsNotThereOrNotAllowedIsAnErrorThatNamesIt) {
  struct Case {
    const char* sentence;
    const char* changes;
    const char* says;
  };
  const Case cases[] = {
      {"an object that is not there", "  set: [{object: ClusterQueue/green, spec.stopPolicy: Hold}]",
       "there is no object ClusterQueue/green in the policy; there is ClusterQueue/red, ClusterQueue/blue"},
      {"a field that is not there", "  set: [{object: ClusterQueue/red, spec.queuingStrategy: StrictFIFO}]",
       "spec.queuingStrategy: unknown field"},
      {"an element that is not there",
       "  set: [{object: ClusterQueue/red, 'spec.resourceGroups[0].flavors[tpu].resources[cpu].nominalQuota': 1}]",
       "has no element tpu; there is gpu"},
      {"a value that the rules refuse", "  set: [{object: ClusterQueue/red, spec.queueingStrategy: LIFO}]",
       "Unsupported value: \"LIFO\""},
      {"a value of the wrong type", "  set: [{object: ClusterQueue/red, spec.cohortName: [a]}]", "spec.cohortName"},
      {"a node that is not there", "  nodesDown: [node-9]", "there is no object Node/node-9"},
      {"an unknown member", "  quota: 3", "\"quota\" is not known; use name, set, remove, nodesDown or featureGates"},
      {"nothing to set", "  set: [{object: ClusterQueue/red}]", "nothing is set"},
      {"no object", "  set: [{spec.a: 1}]", "has to say which object"},
      {"a gate that is neither on nor off", "  featureGates: {A: maybe}", "A has to be true or false"},
      {"a list that is none", "  remove: Node/node-1", "has to be a list of names"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(Apply(c.changes).status().message(), HasSubstr(c.says)) << c.sentence;
  }
}

TEST(Variant, FilesThatAreNone) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const Case& c : {Case{"", "one YAML document"}, Case{"variants: []", "has to have a list `variants`"},
                        Case{"variants: [{name: a}]\nmore: 1", "\"more\" is not known"},
                        Case{"variants: [{set: []}]", "variants[0]: has no name"},
                        Case{"variants: [{name: a}, {name: a}]", "is used before"},
                        Case{"variants: [{name: base}]", "is the policy as it is"},
                        Case{"variants: [{name: ../a}]", "cannot be a name"},
                        Case{"variants: [{name: .a}]", "cannot be a name"}, Case{"variants: [", "what-if.yaml"}}) {
    const auto variants = ParseVariants(c.text, "what-if.yaml");
    EXPECT_THAT(variants.status().message(), HasSubstr(c.says)) << c.text;
  }
}

}  // namespace
}  // namespace muster::sim
