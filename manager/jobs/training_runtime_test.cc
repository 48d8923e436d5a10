#include "manager/jobs/training_runtime.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kRuntime[] = R"(
apiVersion: trainer.kubeflow.org/v1alpha1
kind: ClusterTrainingRuntime
metadata: {name: rt}
spec:
  mlPolicy: {numNodes: 3, torch: {}}
  template:
    spec:
      replicatedJobs:
      - name: dataset-initializer
        template:
          metadata: {labels: {trainer.kubeflow.org/trainjob-ancestor-step: dataset-initializer}}
          spec: {template: {spec: {containers: [{name: dataset-initializer, image: d}]}}}
      - name: node
        template:
          metadata: {labels: {trainer.kubeflow.org/trainjob-ancestor-step: trainer}}
          spec:
            template:
              spec:
                containers:
                - {name: node, image: x, env: [{name: A, value: a}], resources: {requests: {cpu: "1", memory: 1Gi}}}
                - {name: side, image: y})";
constexpr char kTrainJob[] = R"(
apiVersion: trainer.kubeflow.org/v1alpha1
kind: TrainJob
metadata: {name: t, namespace: g}
spec: {runtimeRef: {apiGroup: trainer.kubeflow.org, kind: ClusterTrainingRuntime, name: rt}})";

absl::StatusOr<json> Render(const char* job, const char* runtime = "{}") {
  JobWorld world;
  world.Add(kRuntime, runtime);
  const absl::StatusOr<kube::ObjectPtr> job_set = JobSetOfTrainJob(world.get(), *world.Add(kTrainJob, job));
  if (!job_set.ok()) return job_set.status();
  return (*job_set)->value();
}

// "node 1x3": the replicated jobs with replicas and pods in each.
std::string Counts(const char* job, const char* runtime = "{}") {
  const absl::StatusOr<json> job_set = Render(job, runtime);
  if (!job_set.ok()) return std::string(job_set.status().message());
  std::string text;
  for (const json& each : (*job_set)["spec"]["replicatedJobs"]) {
    const json& spec = each["template"]["spec"];
    EXPECT_EQ(spec["parallelism"], spec["completions"]);
    absl::StrAppend(&text, text.empty() ? "" : " ", std::string(each["name"]), " ", each.value("replicas", 0), "x",
                    spec["parallelism"].get<int>());
  }
  return text;
}

TEST(JobSetOfTrainJob, HowManyPods) {
  constexpr char kFour[] = "{spec: {trainer: {numNodes: 4}}}";
  const struct {
    const char* why;
    const char* job;
    const char* runtime;
    const char* want;
  } kCases[] = {
      {"as the policy says", "{}", "{}", "dataset-initializer 1x1 node 1x3"},
      {"as the job says", kFour, "{}", "dataset-initializer 1x1 node 1x4"},
      {"no policy: as the template says", "{}", "{spec: {mlPolicy: null}}", "dataset-initializer 1x1 node 1x1"},
      {"no policy, and the job says", kFour, "{spec: {mlPolicy: null}}", "dataset-initializer 1x1 node 1x4"},
      {"MPI goes by the name of the replicated job", kFour, "{spec: {mlPolicy: {torch: null, mpi: {}}}}",
       "dataset-initializer 1x1 node 1x4"},
      {"one node is the launcher's", kFour, "{spec: {mlPolicy: {torch: null, mpi: {runLauncherAsNode: true}}}}",
       "dataset-initializer 1x1 node 1x3"},
      {"there is always one", "{spec: {trainer: {numNodes: 1}}}",
       "{spec: {mlPolicy: {torch: null, mpi: {runLauncherAsNode: true}}}}", "dataset-initializer 1x1 node 1x1"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Counts(c.job, c.runtime), c.want) << c.why;
}

TEST(JobSetOfTrainJob, WhatTheJobSaysOfItsContainers) {
  const absl::StatusOr<json> job_set = Render(R"(
spec:
  initializer: {dataset: {storageUri: "s3://x", env: [{name: T, value: t}], secretRef: {name: s}}}
  trainer:
    image: mine
    command: [python]
    args: [train.py]
    env: [{name: A, value: b}, {name: C, value: c}]
    resourcesPerNode: {requests: {cpu: "2"}, limits: {nvidia.com/gpu: "1"}})");
  ASSERT_TRUE(job_set.ok()) << job_set.status();
  const auto containers = [&](int i) -> const json& {
    return (*job_set)["spec"]["replicatedJobs"][i]["template"]["spec"]["template"]["spec"]["containers"];
  };
  EXPECT_EQ(containers(1)[0], FromYaml(R"(
name: node
image: mine
command: [python]
args: [train.py]
env: [{name: A, value: b}, {name: C, value: c}]
resources: {requests: {cpu: "2", memory: 1Gi}, limits: {nvidia.com/gpu: "1"}})"));
  EXPECT_EQ(containers(1)[1], FromYaml("{name: side, image: y}"));
  EXPECT_EQ(containers(0)[0], FromYaml("{name: dataset-initializer, image: d, env: [{name: STORAGE_URI, value: "
                                       "'s3://x'}, {name: T, value: t}], envFrom: [{secretRef: {name: s}}]}"));
}

TEST(JobSetOfTrainJob, PatchesOfTheRuntime) {
  const absl::StatusOr<json> job_set = Render(R"(
spec:
  runtimePatches:
  - manager: mine
    trainingRuntimeSpec:
      template:
        spec:
          replicatedJobs:
          - {name: node, template: {spec: {template: {spec: {nodeSelector: {a: b}, containers: [{name: side, env: [{name: X}]}]}}}}}
  - manager: other
  - manager: third
    trainingRuntimeSpec: {template: {spec: {replicatedJobs: [{name: node, template: {spec: {template: {spec: {nodeSelector: {a: c}}}}}}]}}})");
  ASSERT_TRUE(job_set.ok()) << job_set.status();
  const json& jobs = (*job_set)["spec"]["replicatedJobs"];
  EXPECT_EQ(jobs[0]["name"], "dataset-initializer") << "in the order of the runtime";
  const json& spec = jobs[1]["template"]["spec"]["template"]["spec"];
  EXPECT_EQ(spec["nodeSelector"], FromYaml("{a: c}"));
  EXPECT_EQ(spec["containers"][0]["image"], "x");
  EXPECT_EQ(spec["containers"][1], FromYaml("{name: side, image: y, env: [{name: X}]}"));
}

TEST(JobSetOfTrainJob, PodGroupsAreLabelled) {
  const absl::StatusOr<json> job_set = Render("{}", "{spec: {podGroupPolicy: {coscheduling: {}}}}");
  ASSERT_TRUE(job_set.ok()) << job_set.status();
  EXPECT_EQ((*job_set)["spec"]["replicatedJobs"][1]["template"]["spec"]["template"]["metadata"]["labels"],
            FromYaml("{scheduling.x-k8s.io/pod-group: t}"));
}

TEST(JobSetOfTrainJob, WhatCannotBeRendered) {
  EXPECT_EQ(Counts("{spec: {runtimeRef: {name: none}}}"), "runtime 'none' not found");
  EXPECT_EQ(Counts("{spec: {runtimeRef: {kind: TrainingRuntime}}}"), "runtime 'rt' not found") << "in its namespace";
  EXPECT_EQ(Counts("{spec: {runtimeRef: {kind: Deployment}}}"), "unsupported runtime: Deployment.trainer.kubeflow.org");
  EXPECT_EQ(Counts("{spec: {runtimePatches: [{trainingRuntimeSpec: {template: {spec: {replicatedJobs: [{}]}}}}]}}"),
            "replicatedJobs: an item has no name");
  EXPECT_EQ(Counts("{spec: {trainer: {command: [tune, run]}}}"),
            "TrainJob g/t: runs torchtune, whose command is not known here; use a runtime that names the command");
  EXPECT_EQ(Counts("{}", "{spec: {mlPolicy: {torch: null, flux: {}}}}"),
            "TrainJob g/t: runs Flux, whose command is not known here; use a runtime that names the command");
}

}  // namespace
}  // namespace muster::manager
