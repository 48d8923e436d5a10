#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "manager/jobs/kind_rules.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kPodTemplate[] = "{metadata: {}, spec: {containers: [{name: c, resources: {}}]}}";

// An object of a kind, with "T" for a pod template.
std::string Yaml(std::string text) {
  for (size_t at = text.find("T!"); at != text.npos; at = text.find("T!")) text.replace(at, 2, kPodTemplate);
  return text;
}

const char* const kJobSet =
    "{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, metadata: {name: j, namespace: g}, spec: {suspend: true, "
    "replicatedJobs: [{name: w, replicas: 2, template: {spec: {parallelism: 2, completions: 3, template: T!}}}, "
    "{name: d, replicas: 1, template: {spec: {template: T!}}}]}}";
const char* const kPyTorch =
    "{apiVersion: kubeflow.org/v1, kind: PyTorchJob, metadata: {name: j, namespace: g}, spec: {runPolicy: {suspend: "
    "true}, pytorchReplicaSpecs: {Worker: {replicas: 3, template: T!}, Master: {template: T!}}}}";
const char* const kMpi =
    "{apiVersion: kubeflow.org/v2beta1, kind: MPIJob, metadata: {name: j, namespace: g}, spec: {runPolicy: {suspend: "
    "true}, mpiReplicaSpecs: {Worker: {replicas: 3, template: T!}, Launcher: {template: T!}}}}";
const char* const kRayJob =
    "{apiVersion: ray.io/v1, kind: RayJob, metadata: {name: j, namespace: g}, spec: {suspend: true, submissionMode: "
    "K8sJobMode, rayClusterSpec: {headGroupSpec: {template: {metadata: {}, spec: {containers: [{name: c, image: i, "
    "resources: {}}]}}}, workerGroupSpecs: [{groupName: w, replicas: 2, numOfHosts: 2, template: T!}]}}}";
const char* const kRayCluster =
    "{apiVersion: ray.io/v1, kind: RayCluster, metadata: {name: j, namespace: g}, spec: {suspend: true, headGroupSpec: "
    "{template: T!}, workerGroupSpecs: [{groupName: w, template: T!}]}}";
const char* const kRayService =
    "{apiVersion: ray.io/v1, kind: RayService, metadata: {name: j, namespace: g}, spec: {rayClusterConfig: {suspend: "
    "true, headGroupSpec: {template: T!}}}}";
const char* const kSpark =
    "{apiVersion: sparkoperator.k8s.io/v1beta2, kind: SparkApplication, metadata: {name: j, namespace: g}, spec: "
    "{suspend: "
    "true, volumes: [{name: v}, {name: unused}], driver: {coreRequest: 500m, memory: 512m, template: {spec: "
    "{containers: "
    "[{name: spark-kubernetes-driver}]}}}, executor: {instances: 2, memory: 2g, coreLimit: '1', gpu: {name: "
    "nvidia.com/gpu, quantity: 1}, volumeMounts: [{name: v, mountPath: /v}], template: {spec: {containers: [{name: "
    "spark-kubernetes-executor}]}}}}}";
const char* const kAppWrapper =
    "{apiVersion: workload.codeflare.dev/v1beta2, kind: AppWrapper, metadata: {name: j, namespace: g}, spec: {suspend: "
    "true, components: [{template: {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, "
    "image: "
    "'i:1'}], restartPolicy: Never}}}]}}";

TEST(Kinds, StateOfJobs) {
  const struct {
    const char* why;
    const char* job;
    const char* status;
    bool active, ready;
    const char* finished;  // "", "+message", "-message"
  } kCases[] = {
      {"JobSet: new", kJobSet, "{}", false, false, ""},
      {"JobSet: one Job has pods", kJobSet, "{replicatedJobsStatus: [{name: w, active: 1}]}", true, false, ""},
      {"JobSet: all Jobs are ready or done", kJobSet,
       "{replicatedJobsStatus: [{name: w, ready: 2}, {name: d, succeeded: 1}]}", false, true, ""},
      {"JobSet: complete", kJobSet, "{conditions: [{type: Completed, status: 'True', message: m}]}", false, false,
       "+m"},
      {"JobSet: failed", kJobSet, "{conditions: [{type: Failed, status: 'True', message: m}]}", false, false, "-m"},
      {"PyTorchJob: active", kPyTorch, "{replicaStatuses: {Worker: {active: 1}}}", true, false, ""},
      {"PyTorchJob: runs", kPyTorch, "{conditions: [{type: Running, status: 'True'}]}", false, true, ""},
      {"PyTorchJob: succeeded", kPyTorch,
       "{conditions: [{type: Running, status: 'False'}, {type: Succeeded, status: 'True', message: m}]}", false, false,
       "+m"},
      {"MPIJob: failed", kMpi, "{conditions: [{type: Failed, status: 'True', message: m}]}", false, false, "-m"},
      {"MPIJob: did not fail", kMpi, "{conditions: [{type: Failed, status: 'False', message: m}]}", false, false, ""},
      {"RayJob: new", kRayJob, "{}", false, false, ""},
      {"RayJob: suspended", kRayJob, "{jobDeploymentStatus: Suspended}", false, false, ""},
      {"RayJob: on its way", kRayJob, "{jobDeploymentStatus: Initializing}", true, false, ""},
      {"RayJob: runs", kRayJob, "{jobDeploymentStatus: Running, rayClusterStatus: {state: ready}}", true, true, ""},
      {"RayJob: done", kRayJob, "{jobDeploymentStatus: Complete, jobStatus: SUCCEEDED, message: m}", true, false, "+m"},
      {"RayJob: done, and the job had failed", kRayJob, "{jobDeploymentStatus: Complete, jobStatus: FAILED}", true,
       false, "-"},
      {"RayCluster: never done", kRayCluster, "{state: failed}", false, false, ""},
      {"RayCluster: ready", kRayCluster, "{state: ready}", true, true, ""},
      {"RayService: ready", kRayService, "{conditions: [{type: Ready, status: 'True'}]}", true, true, ""},
      {"SparkApplication: its driver runs, its executors wait", kSpark, "{applicationState: {state: RUNNING}}", true,
       false, ""},
      {"SparkApplication: all run", kSpark,
       "{applicationState: {state: RUNNING}, executorState: {a: RUNNING, b: COMPLETED}}", true, true, ""},
      {"SparkApplication: failed", kSpark, "{applicationState: {state: SUBMISSION_FAILED, errorMessage: m}}", false,
       false, "-m"},
      {"AppWrapper: has quota", kAppWrapper, "{conditions: [{type: QuotaReserved, status: 'True'}]}", true, false, ""},
      {"AppWrapper: pods are ready", kAppWrapper, "{conditions: [{type: PodsReady, status: 'True'}]}", false, true, ""},
      {"AppWrapper: succeeded", kAppWrapper, "{phase: Succeeded}", false, false, "+AppWrapper finished successfully"},
      {"AppWrapper: failed, and cleaned up", kAppWrapper, "{phase: Failed}", false, false, "-AppWrapper failed"},
      {"AppWrapper: failed, not cleaned up", kAppWrapper,
       "{phase: Failed, conditions: [{type: ResourcesDeployed, status: 'True'}]}", false, false, ""},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    const kube::ObjectPtr object = world.Add(Yaml(c.job), absl::StrCat("{status: ", c.status, "}"));
    const api::JobKind& kind = *api::FindJobKind(object->type().group, object->type().kind);
    const KindRules& rules = *FindKindRules(kind);
    const JobRef job{world.get(), kind, *object};
    EXPECT_TRUE(IsSuspendedBySpec(job)) << c.why;
    EXPECT_EQ(rules.active(job), c.active) << c.why;
    EXPECT_EQ(rules.pods_ready(job), c.ready) << c.why;
    const std::optional<Outcome> outcome = rules.finished(job);
    EXPECT_EQ(outcome.has_value() ? (outcome->success ? "+" : "-") + outcome->message : "", c.finished) << c.why;
  }
}

// Pod sets as "name:count", and what is special about them.
TEST(Kinds, PodSets) {
  const struct {
    const char* why;
    const char* job;
    const char* patch;
    const char* want;
  } kCases[] = {
      {"JobSet", kJobSet, "{}", "w:4 d:1"},
      {"PyTorchJob: the master first", kPyTorch, "{}", "master:1 worker:3"},
      {"MPIJob", kMpi, "{}", "launcher:1 worker:3"},
      {"RayJob: all hosts, and who submits", kRayJob, "{}", "head:1 w:4 submitter:1"},
      {"RayJob that another submits", kRayJob, "{spec: {submissionMode: HTTPMode}}", "head:1 w:4"},
      {"RayCluster", kRayCluster, "{}", "head:1 w:1"},
      {"RayService", kRayService, "{}", "head:1"},
      {"SparkApplication", kSpark, "{}", "driver:1 executor:2"},
      {"AppWrapper", kAppWrapper, "{}", "j-0:1"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    const kube::ObjectPtr object = world.Add(Yaml(c.job), c.patch);
    const api::JobKind& kind = *api::FindJobKind(object->type().group, object->type().kind);
    const KindRules& rules = *FindKindRules(kind);
    const JobRef job{world.get(), kind, *object};
    const auto pod_sets = rules.pod_sets != nullptr ? rules.pod_sets(job) : PodSetsOfTemplates(job);
    ASSERT_TRUE(pod_sets.ok()) << c.why << pod_sets.status();
    std::string text;
    for (const json& each : *pod_sets) {
      absl::StrAppend(&text, text.empty() ? "" : " ", std::string(each["name"]), ":", each["count"].dump());
    }
    EXPECT_EQ(text, c.want) << c.why;
  }
}

json PodSet(const char* yaml, const char* patch, size_t index) {
  JobWorld world;
  const kube::ObjectPtr object = world.Add(Yaml(yaml), patch);
  const api::JobKind& kind = *api::FindJobKind(object->type().group, object->type().kind);
  const JobRef job{world.get(), kind, *object};
  return (*FindKindRules(kind)->pod_sets(job))[index];
}

TEST(Kinds, WhatOperatorsAddToPods) {
  EXPECT_EQ(PodSet(kRayCluster, "{spec: {enableInTreeAutoscaling: true}}", 0)["template"]["spec"]["containers"][1],
            FromYaml("{name: autoscaler, resources: {limits: {cpu: 500m, memory: 512Mi}, requests: {cpu: 500m, memory: "
                     "512Mi}}}"));
  EXPECT_EQ(PodSet(kRayCluster, "{spec: {gcsFaultToleranceOptions: {}}}",
                   0)["template"]["spec"]["containers"][0]["resources"],
            FromYaml("{requests: {cpu: 200m, memory: 256Mi}}"))
      << "cleaning Redis up takes as much";
  EXPECT_EQ(PodSet(kRayJob, "{}", 2)["template"]["spec"]["containers"][0]["image"], "i") << "that of the head";
  EXPECT_EQ(PodSet(kRayJob, "{spec: {submissionMode: SidecarMode}}", 0)["template"]["spec"]["containers"].size(), 2u);
  EXPECT_EQ(PodSet(kJobSet, "{}", 0)["topologyRequest"],
            FromYaml("{podIndexLabel: batch.kubernetes.io/job-completion-index, subGroupIndexLabel: "
                     "jobset.sigs.k8s.io/job-index, subGroupCount: 2}"));
  EXPECT_EQ(PodSet(kSpark, "{}", 0)["template"]["spec"]["containers"],
            FromYaml("[{name: spark-kubernetes-driver, resources: {requests: {cpu: 500m, memory: 512Mi}}}]"));
  EXPECT_EQ(
      PodSet(kSpark, "{}", 1)["template"]["spec"],
      FromYaml("{containers: [{name: spark-kubernetes-executor, resources: {requests: {memory: 2Gi}, limits: {cpu: "
               "'1', nvidia.com/gpu: '1'}}, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v}]}"));
  const json wrapped = PodSet(kAppWrapper, "{}", 0)["template"];
  EXPECT_EQ(wrapped["metadata"], json::object()) << "its name is not the template's";
  EXPECT_EQ(wrapped["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent") << "nobody else fills that in";
}

TEST(Kinds, StartAndRestore) {
  for (const char* yaml : {kJobSet, kPyTorch, kMpi, kRayJob, kRayCluster, kRayService, kSpark, kAppWrapper}) {
    JobWorld world;
    const kube::ObjectPtr object = world.Add(Yaml(yaml));
    const api::JobKind& kind = *api::FindJobKind(object->type().group, object->type().kind);
    const KindRules& rules = *FindKindRules(kind);
    const JobRef job{world.get(), kind, *object};
    const auto pod_sets = rules.pod_sets != nullptr ? rules.pod_sets(job) : PodSetsOfTemplates(job);
    ASSERT_TRUE(pod_sets.ok()) << kind.kind;
    std::vector<PodSetInfo> put, back;
    for (const json& each : *pod_sets) {
      back.push_back(InfoOfPodSet(each));
      PodSetInfo& info = put.emplace_back();
      info.labels["l"] = std::string(each["name"]);
      info.node_selector["n"] = "v";
    }
    json after = object->value();
    const auto run = [&](const std::vector<PodSetInfo>& infos) {
      return rules.run != nullptr ? rules.run(job, infos, &after) : RunTemplates(job, infos, &after);
    };
    ASSERT_TRUE(run(put).ok()) << kind.kind;
    const json* suspend = api::At(after, kind.suspend);
    EXPECT_TRUE(suspend == nullptr || *suspend == false) << kind.kind;
    for (const PodSetInfo& info : put) {
      EXPECT_THAT(after.dump(), testing::HasSubstr("{\"l\":\"" + info.labels.at("l") + "\"}")) << kind.kind;
    }
    const kube::ObjectPtr running = *kube::Object::Parse(after);
    const JobRef started{world.get(), kind, *running};
    SetSuspended(kind, true, &after);
    rules.restore != nullptr ? rules.restore(started, back, &after) : RestoreTemplates(started, back, &after);
    json want = object->value();
    // The submitter that was made to put something in stays.
    if (api::At(after, "/spec/submitterPodTemplate") != nullptr) {
      want["spec"]["submitterPodTemplate"] = after["spec"]["submitterPodTemplate"];
      EXPECT_EQ(after["spec"]["submitterPodTemplate"]["metadata"], json::object());
    }
    EXPECT_EQ(after, want) << kind.kind << json::diff(want, after);

    put.emplace_back();
    const absl::Status wrong = run(put);
    EXPECT_TRUE(absl::IsFailedPrecondition(wrong)) << kind.kind;
    EXPECT_THAT(std::string(wrong.message()), testing::HasSubstr("invalid podset infos: expecting")) << kind.kind;
  }
}

TEST(Kinds, ReclaimablePodsOfAJobSet) {
  const struct {
    const char* why;
    const char* status;
    const char* want;
  } kCases[] = {
      {"none", "[]", ""},
      {"all pods of each Job that is done", "[{name: w, succeeded: 1}, {name: d, succeeded: 1}]", "w:2 d:1"},
      {"more than there are is no number", "[{name: w, succeeded: 3}]", ""},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    const kube::ObjectPtr object =
        world.Add(Yaml(kJobSet), absl::StrCat("{status: {replicatedJobsStatus: ", c.status, "}}"));
    const api::JobKind& kind = *api::FindJobKind("jobset.x-k8s.io", "JobSet");
    std::string text;
    for (const api::ReclaimablePod& each : FindKindRules(kind)->reclaimable({world.get(), kind, *object})) {
      absl::StrAppend(&text, text.empty() ? "" : " ", each.name, ":", each.count);
    }
    EXPECT_EQ(text, c.want) << c.why;
  }
}

TEST(Kinds, PriorityClassOfTheTrainingOperatorsKinds) {
  const auto class_of = [](const char* patch) {
    JobWorld world;
    const kube::ObjectPtr object = world.Add(Yaml(kPyTorch), patch);
    const api::JobKind& kind = *api::FindJobKind("kubeflow.org", "PyTorchJob");
    return FindKindRules(kind)->priority_class({world.get(), kind, *object});
  };
  EXPECT_EQ(class_of("{}"), "");
  EXPECT_EQ(class_of("{spec: {pytorchReplicaSpecs: {Worker: {template: {spec: {priorityClassName: w}}}}}}"), "w");
  EXPECT_EQ(
      class_of("{spec: {runPolicy: {schedulingPolicy: {priorityClass: p}}, pytorchReplicaSpecs: {Worker: {template: "
               "{spec: {priorityClassName: w}}}}}}"),
      "p");
}

TEST(Kinds, AllOfKueuesHaveRules) {
  std::vector<std::string> without;
  for (const api::JobKind& kind : api::JobKinds()) {
    if (FindKindRules(kind) == nullptr) without.emplace_back(kind.kind);
  }
  // Of HyperPod's own operators, and those that are reconciled in another way.
  EXPECT_THAT(without,
              testing::UnorderedElementsAre("Pod", "Deployment", "StatefulSet", "LeaderWorkerSet", "HyperPodPyTorchJob",
                                            "InferenceEndpointConfig", "JumpStartModel"));
}

}  // namespace
}  // namespace muster::manager
