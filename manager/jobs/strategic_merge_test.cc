#include "manager/jobs/strategic_merge.h"

#include <gtest/gtest.h>

#include <string>

#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

TEST(StrategicMerge, WhatALaidOverPatchDoes) {
  const struct {
    const char* why;
    const char* object;
    const char* patch;
    const char* want;
  } kCases[] = {
      {"objects are merged", "{spec: {a: 1, b: {c: 2}}}", "{spec: {b: {d: 3}}}", "{spec: {a: 1, b: {c: 2, d: 3}}}"},
      {"values are replaced", "{a: 1, b: [1, 2]}", "{a: 2, b: [3]}", "{a: 2, b: [3]}"},
      {"also by something of another kind", "{a: {b: 1}}", "{a: [1]}", "{a: [1]}"},
      {"nothing says nothing", "{a: 1, tolerations: [{key: x}]}", "{a: null, tolerations: []}",
       "{a: 1, tolerations: [{key: x}]}"},
      {"tolerations are replaced", "{tolerations: [{key: x}]}", "{tolerations: [{key: y}]}",
       "{tolerations: [{key: y}]}"},
      {"containers are merged by name", "{containers: [{name: a, image: x}, {name: b, image: y}]}",
       "{containers: [{name: b, env: [{name: E, value: v}]}]}",
       "{containers: [{name: a, image: x}, {name: b, image: y, env: [{name: E, value: v}]}]}"},
      {"variables, too", "{env: [{name: A, value: '1'}, {name: B, value: '2'}]}", "{env: [{name: B, value: '3'}]}",
       "{env: [{name: A, value: '1'}, {name: B, value: '3'}]}"},
      {"what is new stands in front", "{env: [{name: A}, {name: B}]}", "{env: [{name: C}]}",
       "{env: [{name: C}, {name: A}, {name: B}]}"},
      {"the patch says the order", "{env: [{name: A}, {name: B}, {name: C}]}", "{env: [{name: C}, {name: A}]}",
       "{env: [{name: B}, {name: C}, {name: A}]}"},
      {"mounts by their path", "{volumeMounts: [{name: v, mountPath: /a}]}",
       "{volumeMounts: [{name: v, mountPath: /b}]}",
       "{volumeMounts: [{name: v, mountPath: /b}, {name: v, mountPath: /a}]}"},
      {"a list that was not there", "{}", "{env: [{name: A}]}", "{env: [{name: A}]}"},
  };
  for (const auto& c : kCases) {
    nlohmann::json object = FromYaml(c.object);
    EXPECT_TRUE(StrategicMerge(FromYaml(c.patch), &object).ok()) << c.why;
    EXPECT_EQ(object, FromYaml(c.want)) << c.why << ": " << object.dump();
  }
}

TEST(StrategicMerge, ItemsThatSayNotWhichTheyAre) {
  nlohmann::json object = FromYaml("{spec: {containers: [{name: a}]}}");
  EXPECT_EQ(StrategicMerge(FromYaml("{spec: {containers: [{image: x}]}}"), &object).message(),
            "containers: an item has no name");
  EXPECT_EQ(StrategicMerge(FromYaml("{spec: {containers: [x]}}"), &object).message(),
            "containers: an item has no name");
  object = FromYaml("{spec: {containers: [x]}}");
  EXPECT_FALSE(StrategicMerge(FromYaml("{spec: {containers: [{name: a}]}}"), &object).ok());
  EXPECT_FALSE(StrategicMerge(FromYaml("[1]"), &object).ok());
}

}  // namespace
}  // namespace muster::manager
