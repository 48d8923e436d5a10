#include "api/jobs/workloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/vocabulary.h"
#include "api/yaml.h"

namespace muster::api {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// A line "apiVersion kind name" and what comes below metadata and spec, so that cases stay short.
json Manifest(const std::string& head, const std::string& body) {
  const std::vector<std::string> words = absl::StrSplit(head, ' ');
  const std::vector<YamlDocument> documents = ParseYaml(body);
  json out = documents.empty() ? json::object() : documents[0].value;
  EXPECT_TRUE(documents.empty() || documents[0].error.empty()) << documents[0].error;
  out["apiVersion"] = words[0];
  out["kind"] = words[1];
  out["metadata"]["name"] = words[2];
  if (!out["metadata"].contains("labels")) out["metadata"]["labels"] = json::object();
  out["metadata"]["labels"][kQueueNameLabel] = "queue";
  return out;
}

std::string Requests(const PodSpec& spec) {
  std::vector<std::string> parts;
  for (const Container& c : spec.containers) {
    for (const auto& [name, amount] : c.resources.requests) parts.push_back(absl::StrCat(name, "=", amount.ToString()));
  }
  return absl::StrJoin(parts, ",");
}

// "worker:2(cpu=1) | main:1()" : pod sets joined by space, workloads by " | ".
std::string Summary(const JobWorkloads& job) {
  std::vector<std::string> workloads;
  for (const Workload& w : job.workloads) {
    std::vector<std::string> sets;
    for (const PodSet& set : w.spec.pod_sets) {
      sets.push_back(absl::StrCat(set.name, ":", set.count, "(", Requests(set.pod_template.spec), ")"));
    }
    workloads.push_back(absl::StrJoin(sets, " "));
  }
  return absl::StrJoin(workloads, " | ");
}

JobOptions Options() {
  JobOptions options;
  options.workload_priority_classes = {{"training-priority", 70}, {"inference-priority", 90}};
  options.priority_classes = {{"high", 1000}};
  return options;
}

#define POD "{spec: {containers: [{name: c, resources: {requests: {nvidia.com/gpu: 1}}}]}}"

struct Case {
  const char* about;
  const char* head;
  const char* body;
  const char* want;
};

TEST(WorkloadsOf, EveryKindBecomesItsPodSets) {
  const Case kCases[] = {
      {"a Job runs no more pods than it has to complete", "batch/v1 Job j",
       "spec: {parallelism: 4, completions: 3, template: " POD "}", "main:3(nvidia.com/gpu=1)"},
      {"replica types come master first", "kubeflow.org/v1 PyTorchJob j",
       "spec: {pytorchReplicaSpecs: {Worker: {replicas: 2, template: " POD "}, Master: {replicas: 1, template: " POD
       "}}}",
       "master:1(nvidia.com/gpu=1) worker:2(nvidia.com/gpu=1)"},
      {"HyperPod's job asks for its spares, in pod sets named after job and replica spec",
       "sagemaker.amazonaws.com/v1 HyperPodPyTorchJob j",
       "spec: {replicaSpecs: [{name: pods, replicas: 2, spares: 1, template: " POD "}]}",
       "j-pods-podset:3(nvidia.com/gpu=1)"},
      {"an MPIJob has a launcher and workers", "kubeflow.org/v2beta1 MPIJob j",
       "spec: {mpiReplicaSpecs: {Launcher: {template: {spec: {containers: []}}}, Worker: {replicas: 8, template: " POD
       "}}}",
       "launcher:1() worker:8(nvidia.com/gpu=1)"},
      {"a JobSet has a pod set per replicated job", "jobset.x-k8s.io/v1alpha2 JobSet j",
       "spec: {replicatedJobs: [{name: a, replicas: 2, template: {spec: {parallelism: 3, completions: 3, template: " POD
       "}}}]}",
       "a:6(nvidia.com/gpu=1)"},
      {"a RayCluster holds its head and all workers it declares", "ray.io/v1 RayCluster j",
       "spec: {headGroupSpec: {template: {spec: {containers: [{name: h, resources: {requests: {cpu: 2}}}]}}}, "
       "workerGroupSpecs: [{groupName: gpus, replicas: 2, numOfHosts: 2, template: " POD "}]}",
       "head:1(cpu=2) gpus:4(nvidia.com/gpu=1)"},
      {"a head that scales its workers has Ray's autoscaler beside it", "ray.io/v1 RayCluster j",
       "spec: {enableInTreeAutoscaling: true, headGroupSpec: {template: {spec: {containers: [{name: h}]}}}}",
       "head:1(cpu=500m,memory=512Mi)"},
      {"a RayJob that does not describe its submitter gets KubeRay's", "ray.io/v1 RayJob j",
       "spec: {rayClusterSpec: {headGroupSpec: {template: " POD "}}}",
       "head:1(nvidia.com/gpu=1) submitter:1(cpu=500m,memory=200Mi)"},
      {"every pod of a Deployment is a Workload of its own", "apps/v1 Deployment j",
       "spec: {replicas: 2, template: " POD "}", "main:1(nvidia.com/gpu=1) | main:1(nvidia.com/gpu=1)"},
      {"a Deployment without replicas has one pod", "apps/v1 Deployment j", "spec: {template: " POD "}",
       "main:1(nvidia.com/gpu=1)"},
      {"the pods of a StatefulSet are one group", "apps/v1 StatefulSet j", "spec: {replicas: 3, template: " POD "}",
       "main:3(nvidia.com/gpu=1)"},
      {"every group of a LeaderWorkerSet is a Workload of its own", "leaderworkerset.x-k8s.io/v1 LeaderWorkerSet j",
       "spec: {replicas: 2, leaderWorkerTemplate: {size: 3, leaderTemplate: " POD ", workerTemplate: " POD "}}",
       "leader:1(nvidia.com/gpu=1) worker:2(nvidia.com/gpu=1) | leader:1(nvidia.com/gpu=1) worker:2(nvidia.com/gpu=1)"},
      {"without a leader the group is one pod set", "leaderworkerset.x-k8s.io/v1 LeaderWorkerSet j",
       "spec: {leaderWorkerTemplate: {size: 3, workerTemplate: " POD "}}", "main:3(nvidia.com/gpu=1)"},
      {"a Pod is a Workload", "v1 Pod j", "spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}",
       "main:1(cpu=1)"},
      {"every replica of an endpoint is a Workload", "inference.sagemaker.aws.amazon.com/v1 InferenceEndpointConfig j",
       "spec: {replicas: 2, instanceType: ml.g5.8xlarge, worker: {resources: {requests: {nvidia.com/gpu: 1, cpu: 4}}}}",
       "main:1(cpu=4,nvidia.com/gpu=1) | main:1(cpu=4,nvidia.com/gpu=1)"},
      {"a JumpStart model takes the accelerators of its instance",
       "inference.sagemaker.aws.amazon.com/v1 JumpStartModel j",
       "spec: {model: {modelId: m}, server: {instanceType: ml.g5.8xlarge}}", "main:1(nvidia.com/gpu=1)"},
      {"or the one partition it names", "inference.sagemaker.aws.amazon.com/v1 JumpStartModel j",
       "spec: {server: {instanceType: ml.p4d.24xlarge, acceleratorPartitionType: mig-1g.5gb}}",
       "main:1(nvidia.com/mig-1g.5gb=1)"},
  };
  for (const Case& c : kCases) {
    absl::StatusOr<JobWorkloads> job = WorkloadsOf(Manifest(c.head, c.body), Options());
    ASSERT_TRUE(job.ok()) << c.about << ": " << job.status();
    EXPECT_EQ(Summary(*job), c.want) << c.about;
    EXPECT_EQ(job->queue_name, "queue") << c.about;
    EXPECT_EQ(job->ns, "default") << c.about;
  }
}

TEST(WorkloadsOf, WhatCannotBeReadIsRefusedWithItsPlace) {
  const Case kCases[] = {
      {"an unknown priority class lists those there are", "batch/v1 Job j",
       "{metadata: {labels: {kueue.x-k8s.io/priority-class: training}}, spec: {template: " POD "}}",
       "Job/default/j: metadata.labels[kueue.x-k8s.io/priority-class]: Workload priority class 'training' is not "
       "found; "
       "there are inference-priority, training-priority"},
      {"a PriorityClass too", "v1 Pod j", "spec: {priorityClassName: low, containers: []}",
       "PriorityClass 'low' is not found; there are high"},
      {"a job without pods", "kubeflow.org/v1 PyTorchJob j", "spec: {}",
       "PyTorchJob/default/j: spec: has no pods; expected at spec.pytorchReplicaSpecs[Master]"},
      {"an amount that is none", "batch/v1 Job j",
       "spec: {template: {spec: {containers: [{name: c, resources: {requests: {cpu: much}}}]}}}",
       "spec.template.spec.containers[0].resources.requests[cpu]"},
      {"a job whose pods are elsewhere", "trainer.kubeflow.org/v1alpha1 TrainJob j", "spec: {}", "spec.runtimeRef"},
      {"an endpoint on an instance type that is none",
       "inference.sagemaker.aws.amazon.com/v1 InferenceEndpointConfig j",
       "spec: {instanceType: g5.8xlarge, worker: {}}", "instance type \"g5.8xlarge\" must start with \"ml.\""},
      {"a model on a type that nobody knows", "inference.sagemaker.aws.amazon.com/v1 JumpStartModel j",
       "spec: {server: {instanceType: ml.zzz}}", "\"ml.zzz\" is not an instance type of HyperPod"},
      {"two topologies at once", "batch/v1 Job j",
       "spec: {template: {metadata: {annotations: {kueue.x-k8s.io/podset-required-topology: a, "
       "kueue.x-k8s.io/podset-preferred-topology: b}}, spec: {containers: []}}}",
       "spec.template.metadata.annotations[kueue.x-k8s.io/podset-preferred-topology]: \"b\" must not be set together"},
      {"a time limit that is none", "batch/v1 Job j",
       "{metadata: {labels: {kueue.x-k8s.io/max-exec-time-seconds: '-1'}}, spec: {template: " POD "}}",
       "should be greater than 0"},
  };
  for (const Case& c : kCases) {
    absl::StatusOr<JobWorkloads> job = WorkloadsOf(Manifest(c.head, c.body), Options());
    ASSERT_FALSE(job.ok()) << c.about;
    EXPECT_THAT(std::string(job.status().message()), HasSubstr(c.want)) << c.about;
  }
}

TEST(WorkloadsOf, ShapesThatAreNoObjectsNeverCrash) {
  for (const char* text :
       {"null", "[]", "{}", R"({"kind":1,"apiVersion":2})", R"({"kind":"Job","apiVersion":"batch/v1"})",
        R"({"kind":"Job","apiVersion":"batch/v1","metadata":[],"spec":7})",
        R"({"kind":"Job","apiVersion":"batch/v1","metadata":{"name":"j","labels":[]},"spec":[]})"}) {
    EXPECT_FALSE(WorkloadsOf(json::parse(text), Options()).ok()) << text;
  }
}

TEST(WorkloadsOf, PrioritiesComeFromTheLabelBeforeThePods) {
  const auto priority = [](const char* body) {
    absl::StatusOr<JobWorkloads> job = WorkloadsOf(Manifest("batch/v1 Job j", body), Options());
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? job->workloads.at(0).spec.priority.value_or(-1) : -1;
  };
  EXPECT_EQ(priority("{metadata: {labels: {kueue.x-k8s.io/priority-class: training-priority}}, spec: {template: {spec: "
                     "{priorityClassName: high, containers: []}}}}"),
            70);
  EXPECT_EQ(priority("spec: {template: {spec: {priorityClassName: high, containers: []}}}"), 1000);
  EXPECT_EQ(priority("spec: {template: {spec: {containers: []}}}"), 0);
}

TEST(WorkloadsOf, TopologyRequestsComeFromTheAnnotationsOfThePods) {
  absl::StatusOr<JobWorkloads> job = WorkloadsOf(
      Manifest(
          "jobset.x-k8s.io/v1alpha2 JobSet j",
          "spec: {replicatedJobs: [{name: a, replicas: 2, template: {spec: {parallelism: 3, completions: 3, template: "
          "{metadata: {annotations: {kueue.x-k8s.io/podset-preferred-topology: rack, "
          "kueue.x-k8s.io/podset-slice-required-topology: host, kueue.x-k8s.io/podset-slice-size: '3', "
          "kueue.x-k8s.io/podset-group-name: g}}, spec: {containers: []}}}}}]}"),
      Options());
  ASSERT_TRUE(job.ok()) << job.status();
  const TopologyRequest& request = *job->workloads.at(0).spec.pod_sets.at(0).topology_request;
  EXPECT_EQ(request.preferred, "rack");
  EXPECT_EQ(request.required, std::nullopt);
  EXPECT_EQ(request.pod_set_slice_required_topology, "host");
  EXPECT_EQ(request.pod_set_slice_size, 3);
  EXPECT_EQ(request.pod_set_group_name, "g");
  EXPECT_EQ(request.pod_index_label, "batch.kubernetes.io/job-completion-index");
  EXPECT_EQ(request.sub_group_count, 2);
}

TEST(WorkloadsOf, PartialAdmissionIsAskedForByAnAnnotation) {
  absl::StatusOr<JobWorkloads> job =
      WorkloadsOf(Manifest("batch/v1 Job j",
                           "{metadata: {annotations: {kueue.x-k8s.io/job-min-parallelism: '2'}}, spec: "
                           "{parallelism: 5, template: " POD "}}"),
                  Options());
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->workloads.at(0).spec.pod_sets.at(0).min_count, 2);
}

// The hash is sha1sum's of "PyTorchJob\nkubeflow.org\nimagenet\n1234".
TEST(WorkloadName, IsKindNameAndHash) {
  const JobKind& kind = *FindJobKind("kubeflow.org", "PyTorchJob");
  EXPECT_EQ(WorkloadName(kind, "imagenet", "1234"), "pytorchjob-imagenet-dcf4f");
  EXPECT_EQ(WorkloadName(kind, std::string(300, 'a'), "1").size(), 253u);
}

json GroupPod(const std::string& name, int gpus) {
  return Manifest("v1 Pod " + name,
                  absl::StrCat("{metadata: {labels: {kueue.x-k8s.io/pod-group-name: g}, annotations: "
                               "{kueue.x-k8s.io/pod-group-total-count: '3'}}, spec: {containers: [{name: ",
                               name, ", resources: {requests: {nvidia.com/gpu: ", gpus, "}}}]}}"));
}

TEST(PodGroups, PodsOfOneShapeAreOnePodSet) {
  const std::vector<json> pods = {GroupPod("a", 1), GroupPod("b", 8), GroupPod("c", 1)};
  EXPECT_EQ(*PodGroupSize(pods[0]), 3);
  absl::StatusOr<JobWorkloads> job = WorkloadOfPodGroup(pods, Options());
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->name, "g");
  ASSERT_EQ(job->workloads.size(), 1u);
  std::map<int32_t, std::string> by_count;
  for (const PodSet& set : job->workloads[0].spec.pod_sets) by_count[set.count] = Requests(set.pod_template.spec);
  EXPECT_EQ(by_count, (std::map<int32_t, std::string>{{1, "nvidia.com/gpu=8"}, {2, "nvidia.com/gpu=1"}}));
}

TEST(PodGroups, NameAndCountGoTogether) {
  json pod = GroupPod("a", 1);
  pod["metadata"]["annotations"].clear();
  EXPECT_FALSE(PodGroupSize(pod).ok());
  pod = GroupPod("a", 1);
  pod["metadata"]["annotations"][kPodGroupTotalCountAnnotation] = "0";
  EXPECT_FALSE(PodGroupSize(pod).ok());
  EXPECT_EQ(*PodGroupSize(Manifest("v1 Pod a", "spec: {containers: []}")), 0);
}

}  // namespace
}  // namespace muster::api
