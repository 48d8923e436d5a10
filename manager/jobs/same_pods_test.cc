#include "manager/jobs/same_pods.h"

#include <gtest/gtest.h>

#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

TEST(SamePods, Containers) {
  const struct {
    const char* why;
    const char* a;
    const char* b;
    bool same;
  } kCases[] = {
      {"the same", "{name: c}", "{name: c}", true},
      {"absent as good as empty", "{name: c, env: [], resources: {}, command: null}", "{name: c}", true},
      {"absent as good as false and 0 where Kubernetes leaves those out",
       "{name: c, tty: false, livenessProbe: {initialDelaySeconds: 0}, image: ''}", "{name: c, livenessProbe: {}}",
       true},
      {"not where false says something", "{securityContext: {runAsNonRoot: false}}", "{securityContext: {}}", false},
      {"nor where 0 does", "{securityContext: {runAsUser: 0}}", "{}", false},
      {"amounts by value", "{resources: {requests: {cpu: 1, memory: 1Gi}}}",
       "{resources: {requests: {cpu: 1000m, memory: 1024Mi}}}", true},
      {"other amounts", "{resources: {requests: {cpu: 1}}}", "{resources: {requests: {cpu: 2}}}", false},
      {"an amount of 0 is one", "{resources: {requests: {cpu: 1, gpu: 0}}}", "{resources: {requests: {cpu: 1}}}",
       false},
      {"texts are no amounts", "{args: ['1']}", "{args: [1000m]}", false},
      {"order counts", "{args: [a, b]}", "{args: [b, a]}", false},
      {"a field that only one has", "{name: c, unheardOf: 1}", "{name: c}", false},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(SameMeaning(FromYaml(c.a), FromYaml(c.b)), c.same) << c.why;
    EXPECT_EQ(SameMeaning(FromYaml(c.b), FromYaml(c.a)), c.same) << c.why << ", the other way round";
  }
}

TEST(SamePods, RepeatedVariablesAreOneAndTheLastCounts) {
  json pod = FromYaml("{spec: {containers: [{env: [{name: a, value: x}, {name: b}, {name: a, value: y}]}]}}");
  DropRepeatedVariables(&pod);
  EXPECT_EQ(pod, FromYaml("{spec: {containers: [{env: [{name: a, value: y}, {name: b}]}]}}"));
  json odd = FromYaml("{spec: {containers: [7, {env: 7}]}}");
  DropRepeatedVariables(&odd);
  EXPECT_EQ(odd, FromYaml("{spec: {containers: [7, {env: 7}]}}"));
}

}  // namespace
}  // namespace muster::manager
