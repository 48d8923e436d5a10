#include "api/cross_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "api/load.h"

namespace muster::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Check(const char* text) {
  const LoadResult loaded = LoadText(text, "x.yaml");
  EXPECT_TRUE(loaded.status().ok()) << loaded.status();
  std::vector<std::string> lines;
  for (const Problem& problem : CrossValidate(loaded.objects)) {
    lines.push_back((problem.severity == Severity::kError ? "E " : "W ") + ToString(problem));
  }
  return lines;
}

constexpr char kComplete[] = R"(
{apiVersion: kueue.x-k8s.io/v1beta2, kind: LocalQueue, metadata: {name: l, namespace: ns}, spec: {clusterQueue: q}}
---
{apiVersion: kueue.x-k8s.io/v1beta2, kind: ClusterQueue, metadata: {name: q}, spec: {cohortName: c, resourceGroups: [
  {coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: 1}]}]}]}}
---
{apiVersion: kueue.x-k8s.io/v1beta2, kind: ResourceFlavor, metadata: {name: f}}
---
{apiVersion: kueue.x-k8s.io/v1beta2, kind: Workload, metadata: {name: w, namespace: ns}, spec: {queueName: l}}
)";

TEST(CrossValidationTest, ACompleteClusterIsFine) {
  EXPECT_THAT(Check(kComplete), IsEmpty()) << "the order of objects does not matter, and a cohort needs no object";
}

TEST(CrossValidationTest, MissingObjectsAreWarnings) {
  EXPECT_THAT(
      Check(R"(
{apiVersion: kueue.x-k8s.io/v1beta2, kind: LocalQueue, metadata: {name: l, namespace: ns}, spec: {clusterQueue: q}}
---
{apiVersion: kueue.x-k8s.io/v1beta2, kind: ResourceFlavor, metadata: {name: f}, spec: {topologyName: t}}
---
{apiVersion: kueue.x-k8s.io/v1beta2, kind: ClusterQueue, metadata: {name: r}, spec: {
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: g, resources: [{name: cpu, nominalQuota: 1}]}]}],
  admissionChecksStrategy: {admissionChecks: [{name: a}]}}}
---
{apiVersion: kueue.x-k8s.io/v1beta2, kind: Workload, metadata: {name: w, namespace: other}, spec: {queueName: l,
  priorityClassRef: {group: kueue.x-k8s.io, kind: WorkloadPriorityClass, name: p}}}
)"),
      ElementsAre("W x.yaml, document 1 (line 2): LocalQueue/ns/l: spec.clusterQueue: there is no ClusterQueue/q",
                  "W x.yaml, document 2 (line 4): ResourceFlavor/f: spec.topologyName: there is no Topology/t",
                  "W x.yaml, document 3 (line 6): ClusterQueue/r: spec.resourceGroups[0].flavors[0].name: there "
                  "is no ResourceFlavor/g",
                  "W x.yaml, document 3 (line 6): ClusterQueue/r: "
                  "spec.admissionChecksStrategy.admissionChecks[0].name: there is no AdmissionCheck/a",
                  "W x.yaml, document 4 (line 10): Workload/other/w: spec.queueName: there is no "
                  "LocalQueue/other/l",
                  "W x.yaml, document 4 (line 10): Workload/other/w: spec.priorityClassRef.name: there is no "
                  "WorkloadPriorityClass/p"));
}

TEST(CrossValidationTest, DuplicatesAreErrors) {
  EXPECT_THAT(
      Check(R"(
{apiVersion: v1, kind: Node, metadata: {name: n1}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: n1}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}}
)"),
      ElementsAre("E x.yaml, document 3 (line 6): Node/n1: metadata.name: Duplicate value: the same object is given "
                  "before, in x.yaml, document 1 (line 2)"));
}

}  // namespace
}  // namespace muster::api
