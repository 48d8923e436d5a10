#include "manager/provisioning/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr char kConfig[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ProvisioningRequestConfig
metadata: {name: conf}
spec: {provisioningClassName: class})";
constexpr char kCheck[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: AdmissionCheck
metadata: {name: check}
spec:
  controllerName: kueue.x-k8s.io/provisioning-request
  parameters: {apiGroup: kueue.x-k8s.io, kind: ProvisioningRequestConfig, name: conf})";

TEST(ProvisioningConfig, WhatItSaysAndWhatIsAssumed) {
  JobWorld world;
  const ProvisioningConfig plain = ReadProvisioningConfig(*world.Add(kConfig));
  EXPECT_EQ(plain.class_name, "class");
  EXPECT_EQ(plain.backoff_limit, 3);
  EXPECT_EQ(plain.backoff_base, 60);
  EXPECT_EQ(plain.backoff_max, 1800);
  EXPECT_FALSE(plain.node_selector.has_value());
  EXPECT_EQ(plain.merge_policy, "");

  const ProvisioningConfig full = ReadProvisioningConfig(*world.Add(kConfig, R"(
spec:
  parameters: {p: v}
  managedResources: [nvidia.com/gpu]
  retryStrategy: {backoffLimitCount: 0, backoffBaseSeconds: 5, backoffMaxSeconds: 6}
  podSetUpdates: {nodeSelector: [{key: pool, valueFromProvisioningClassDetail: Pool}]}
  podSetMergePolicy: IdenticalPodTemplates)"));
  EXPECT_THAT(full.parameters, ElementsAre(Pair("p", "v")));
  EXPECT_THAT(full.managed_resources, ElementsAre("nvidia.com/gpu"));
  EXPECT_EQ(full.backoff_limit, 0);
  EXPECT_EQ(full.backoff_base, 5);
  EXPECT_EQ(full.backoff_max, 6);
  EXPECT_THAT(*full.node_selector, ElementsAre(Pair("pool", "Pool")));
  EXPECT_EQ(full.merge_policy, "IdenticalPodTemplates");
}

TEST(ProvisioningConfig, WhichOneACheckNames) {
  const struct {
    const char* why;
    const char* check;
    const char* want;
  } kCases[] = {
      {"the one that is there", "{}", ""},
      {"none", "{spec: {parameters: null}}", "missing parameters reference"},
      {"no name", "{spec: {parameters: {name: null}}}", "empty name: bad parameters reference"},
      {"another group", "{spec: {parameters: {apiGroup: x}}}",
       "wrong group \"x\", expecting \"kueue.x-k8s.io\": bad parameters reference"},
      {"another kind", "{spec: {parameters: {kind: X}}}",
       "wrong kind \"X\", expecting \"ProvisioningRequestConfig\": bad parameters reference"},
      {"one that is not there", "{spec: {parameters: {name: x}}}",
       "provisioningrequestconfigs.kueue.x-k8s.io \"x\" not found"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(kConfig);
    const absl::StatusOr<kube::ObjectPtr> config = FindProvisioningConfig(world.get(), *world.Add(kCheck, c.check));
    EXPECT_EQ(config.status().message(), c.want) << c.why;
  }
}

TEST(ProvisioningConfig, ChecksThatNameIt) {
  JobWorld world;
  world.Add(kCheck);
  world.Add(kCheck, "{metadata: {name: other}, spec: {parameters: {name: x}}}");
  world.Add(kCheck, "{metadata: {name: foreign}, spec: {controllerName: example.com/x}}");
  world.Add(kCheck, "{metadata: {name: bad}, spec: {parameters: {kind: X}}}");
  const std::vector<kube::ObjectPtr> checks = ChecksWithConfig(world.get(), "conf");
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_EQ(checks[0]->name(), "check");
}

}  // namespace
}  // namespace muster::manager
