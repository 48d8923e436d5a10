#include "api/job_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::api {
namespace {

using nlohmann::json;

// "name×count@path" of every pod set, "!" after those without a template.
std::string Summary(const JobKind& kind, const json& object) {
  std::vector<std::string> parts;
  for (const PodSetView& set : PodSetsOf(kind, object)) {
    parts.push_back(
        absl::StrCat(set.name, "x", set.count, "@", set.TemplatePath(), set.pod_template == nullptr ? "!" : ""));
  }
  return absl::StrJoin(parts, " ");
}

struct Case {
  const char* about;
  const char* group;
  const char* kind;
  const char* object;
  const char* want;
};

TEST(JobKinds, PodSetsAreFoundWhereTheKindHasThem) {
  const Case kCases[] = {
      {"a job has as many pods as run at once", "batch", "Job",
       R"({"spec": {"parallelism": 4, "completions": 3, "template": {}}})", "mainx3@spec.template"},
      {"parallelism and completions may both be absent", "batch", "Job", R"({"spec": {"template": {}}})",
       "mainx1@spec.template"},
      {"a JobSet multiplies replicas by pods of the job", "jobset.x-k8s.io", "JobSet",
       R"({"spec": {"replicatedJobs": [
            {"name": "a", "replicas": 2, "template": {"spec": {"parallelism": 3, "template": {}}}},
            {"name": "b", "template": {"spec": {"template": {}}}}]}})",
       "ax6@spec.replicatedJobs[0].template.spec.template bx1@spec.replicatedJobs[1].template.spec.template"},
      {"replica types come in Kueue's order, not the document's", "kubeflow.org", "TFJob",
       R"({"spec": {"tfReplicaSpecs": {"Worker": {"replicas": 2, "template": {}}, "PS": {"template": {}},
                                       "Chief": {"replicas": 1, "template": {}}}}})",
       "chiefx1@spec.tfReplicaSpecs[Chief].template psx1@spec.tfReplicaSpecs[PS].template "
       "workerx2@spec.tfReplicaSpecs[Worker].template"},
      {"Ray workers multiply replicas by hosts; there is one head", "ray.io", "RayCluster",
       R"({"spec": {"headGroupSpec": {"template": {}},
                    "workerGroupSpecs": [{"groupName": "g", "replicas": 3, "numOfHosts": 2, "template": {}}]}})",
       "headx1@spec.headGroupSpec.template gx6@spec.workerGroupSpecs[0].template"},
      {"a RayJob has a submitter unless it is submitted some other way", "ray.io", "RayJob",
       R"({"spec": {"rayClusterSpec": {"headGroupSpec": {"template": {}}}}})",
       "headx1@spec.rayClusterSpec.headGroupSpec.template submitterx1@spec.submitterPodTemplate!"},
      {"a RayJob in HTTP mode has no submitter", "ray.io", "RayJob",
       R"({"spec": {"submissionMode": "HTTPMode", "rayClusterSpec": {"headGroupSpec": {"template": {}}}}})",
       "headx1@spec.rayClusterSpec.headGroupSpec.template"},
      {"the leader is one of the group", "leaderworkerset.x-k8s.io", "LeaderWorkerSet",
       R"({"spec": {"leaderWorkerTemplate": {"size": 4, "leaderTemplate": {}, "workerTemplate": {}}}})",
       "leaderx1@spec.leaderWorkerTemplate.leaderTemplate workerx3@spec.leaderWorkerTemplate.workerTemplate"},
      {"without a leader template all of the group are workers", "leaderworkerset.x-k8s.io", "LeaderWorkerSet",
       R"({"spec": {"leaderWorkerTemplate": {"size": 4, "workerTemplate": {}}}})",
       "workerx4@spec.leaderWorkerTemplate.workerTemplate"},
      {"a pod is its own template", "", "Pod", R"({"metadata": {}, "spec": {}})", "mainx1@"},
      {"an AppWrapper's components declare their pods, or are of a kind that is known", "workload.codeflare.dev",
       "AppWrapper",
       R"({"metadata": {"name": "aw"}, "spec": {"components": [
            {"podSets": [{"replicas": 2, "path": "template.spec.template"}],
             "template": {"spec": {"template": {}}}},
            {"template": {"apiVersion": "batch/v1", "kind": "Job",
                          "spec": {"parallelism": 5, "template": {}}}},
            {"podSets": [{"path": "template.nowhere"}], "template": {}}]}})",
       "aw-0x2@ aw-1x5@ aw-2x1@!"},
      {"HyperPod's job holds quota for its spares too", "sagemaker.amazonaws.com", "HyperPodPyTorchJob",
       R"({"metadata": {"name": "j"}, "spec": {"replicaSpecs": [
            {"name": "pods", "replicas": 2, "spares": 1, "template": {}}]}})",
       "j-pods-podsetx3@spec.replicaSpecs[0].template"},
      {"what has the wrong shape is left out", "kubeflow.org", "PyTorchJob",
       R"({"spec": {"pytorchReplicaSpecs": {"Master": 3, "Worker": []}}})", ""},
      {"counts are not believed beyond their range", "jobset.x-k8s.io", "JobSet",
       R"({"spec": {"replicatedJobs": [{"name": "a", "replicas": 2000000000, "template": {"spec": {
            "parallelism": 2000000000, "template": {}}}}, 7]}})",
       "ax2147483647@spec.replicatedJobs[0].template.spec.template "
       "x1@spec.replicatedJobs[1].template.spec.template!"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    const JobKind* kind = FindJobKind(c.group, c.kind);
    ASSERT_NE(kind, nullptr);
    EXPECT_EQ(Summary(*kind, json::parse(c.object)), c.want);
  }
}

TEST(JobKinds, EveryKindHasItsOwnNames) {
  std::set<absl::string_view> frameworks;
  std::set<std::string> names;
  for (const JobKind& kind : JobKinds()) {
    EXPECT_TRUE(frameworks.insert(kind.framework).second) << kind.framework;
    EXPECT_TRUE(names.insert(absl::StrCat(kind.group, "/", kind.resource)).second) << kind.resource;
    EXPECT_EQ(FindJobKindByFramework(kind.framework), &kind);
    EXPECT_EQ(FindJobKind(kind.group, kind.kind), &kind);
  }
}

TEST(JobKinds, APointerLeadsThroughListsAndStopsAtWhatIsNotThere) {
  const json value = json::parse(R"({"a": [{"b": 1}], "n": null})");
  EXPECT_EQ(*At(value, "/a/0/b"), 1);
  EXPECT_EQ(At(value, ""), &value);
  for (const char* nowhere : {"/a/1", "/a/x", "/a/0/b/c", "/n", "/z"})
    EXPECT_EQ(At(value, nowhere), nullptr) << nowhere;
}

}  // namespace
}  // namespace muster::api
