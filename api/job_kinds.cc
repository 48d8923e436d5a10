#include "api/job_kinds.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace muster::api {
namespace {

using nlohmann::json;
using Shape = PodSetRule::Shape;

constexpr char kTemplate[] = "/template";

PodSetRule OneJob(absl::string_view at, absl::string_view path) {
  return {.at = at, .pod_template = kTemplate, .name = "main", .count = CountRule::kJob, .always = true, .path = path};
}

// A replica type of the training operator's kinds.
PodSetRule Replica(absl::string_view at, absl::string_view name, absl::string_view path) {
  return {.at = at, .pod_template = kTemplate, .name = name, .replicas = "/replicas", .path = path};
}

// `always`: not of a RayJob, which need not say what its cluster is.
PodSetRule RayHead(absl::string_view at, absl::string_view path, bool always) {
  return {
      .at = at, .pod_template = kTemplate, .name = "head", .count = CountRule::kFixed, .always = always, .path = path};
}

PodSetRule RayWorkers(absl::string_view at, absl::string_view path) {
  return {.shape = Shape::kEach,
          .at = at,
          .pod_template = kTemplate,
          .name = "/groupName",
          .count = CountRule::kHosts,
          .replicas = "/replicas",
          .path = path};
}

JobKind TrainingOperatorKind(absl::string_view framework, absl::string_view kind, absl::string_view resource,
                             std::vector<PodSetRule> pod_sets) {
  return {.framework = framework,
          .group = "kubeflow.org",
          .version = "v1",
          .kind = kind,
          .resource = resource,
          .suspend = "/spec/runPolicy/suspend",
          .managed_by = "/spec/runPolicy/managedBy",
          .own_controller = "kubeflow.org/training-operator",
          .traits = kPrebuiltWorkload,
          .pod_sets = std::move(pod_sets)};
}

// One row per kind. JAXJob is the one of the training operator's kinds that may not name a prebuilt workload.
std::vector<JobKind> MakeTable() {
  std::vector<JobKind> table;
  table.push_back({.framework = "batch/job",
                   .group = "batch",
                   .version = "v1",
                   .kind = "Job",
                   .resource = "jobs",
                   .suspend = "/spec/suspend",
                   .managed_by = "/spec/managedBy",
                   .own_controller = "kubernetes.io/job-controller",
                   .traits = kPrebuiltWorkload | kElastic,
                   .pod_sets = {OneJob("/spec", "spec")}});
  table.push_back({.framework = "jobset.x-k8s.io/jobset",
                   .group = "jobset.x-k8s.io",
                   .version = "v1alpha2",
                   .kind = "JobSet",
                   .resource = "jobsets",
                   .suspend = "/spec/suspend",
                   .managed_by = "/spec/managedBy",
                   .own_controller = "jobset.sigs.k8s.io/jobset-controller",
                   .traits = kPrebuiltWorkload,
                   .pod_sets = {{.shape = Shape::kEach,
                                 .at = "/spec/replicatedJobs",
                                 .pod_template = "/template/spec/template",
                                 .name = "/name",
                                 .count = CountRule::kReplicatedJob,
                                 .replicas = "/replicas",
                                 .path = "spec.replicatedJobs"}}});
  table.push_back(
      TrainingOperatorKind("kubeflow.org/tfjob", "TFJob", "tfjobs",
                           {Replica("/spec/tfReplicaSpecs/Chief", "chief", "spec.tfReplicaSpecs[Chief]"),
                            Replica("/spec/tfReplicaSpecs/Master", "master", "spec.tfReplicaSpecs[Master]"),
                            Replica("/spec/tfReplicaSpecs/PS", "ps", "spec.tfReplicaSpecs[PS]"),
                            Replica("/spec/tfReplicaSpecs/Worker", "worker", "spec.tfReplicaSpecs[Worker]"),
                            Replica("/spec/tfReplicaSpecs/Evaluator", "evaluator", "spec.tfReplicaSpecs[Evaluator]")}));
  table.push_back(TrainingOperatorKind(
      "kubeflow.org/pytorchjob", "PyTorchJob", "pytorchjobs",
      {Replica("/spec/pytorchReplicaSpecs/Master", "master", "spec.pytorchReplicaSpecs[Master]"),
       Replica("/spec/pytorchReplicaSpecs/Worker", "worker", "spec.pytorchReplicaSpecs[Worker]")}));
  table.push_back(
      TrainingOperatorKind("kubeflow.org/xgboostjob", "XGBoostJob", "xgboostjobs",
                           {Replica("/spec/xgbReplicaSpecs/Master", "master", "spec.xgbReplicaSpecs[Master]"),
                            Replica("/spec/xgbReplicaSpecs/Worker", "worker", "spec.xgbReplicaSpecs[Worker]")}));
  table.push_back(
      TrainingOperatorKind("kubeflow.org/paddlejob", "PaddleJob", "paddlejobs",
                           {Replica("/spec/paddleReplicaSpecs/Master", "master", "spec.paddleReplicaSpecs[Master]"),
                            Replica("/spec/paddleReplicaSpecs/Worker", "worker", "spec.paddleReplicaSpecs[Worker]")}));
  table.push_back(
      TrainingOperatorKind("kubeflow.org/jaxjob", "JAXJob", "jaxjobs",
                           {Replica("/spec/jaxReplicaSpecs/Worker", "worker", "spec.jaxReplicaSpecs[Worker]")}));
  table.back().traits = kNoTraits;
  table.push_back({.framework = "kubeflow.org/mpijob",
                   .group = "kubeflow.org",
                   .version = "v2beta1",
                   .kind = "MPIJob",
                   .resource = "mpijobs",
                   .suspend = "/spec/runPolicy/suspend",
                   .managed_by = "/spec/runPolicy/managedBy",
                   .own_controller = "kubeflow.org/mpi-operator",
                   .traits = kPrebuiltWorkload,
                   .pod_sets = {Replica("/spec/mpiReplicaSpecs/Launcher", "launcher", "spec.mpiReplicaSpecs[Launcher]"),
                                Replica("/spec/mpiReplicaSpecs/Worker", "worker", "spec.mpiReplicaSpecs[Worker]")}});
  table.push_back({.framework = "ray.io/raycluster",
                   .group = "ray.io",
                   .version = "v1",
                   .kind = "RayCluster",
                   .resource = "rayclusters",
                   .suspend = "/spec/suspend",
                   .managed_by = "/spec/managedBy",
                   .own_controller = "ray.io/kuberay-operator",
                   .traits = kPrebuiltWorkload | kElastic | kServing,
                   .pod_sets = {RayHead("/spec/headGroupSpec", "spec.headGroupSpec", /*always=*/true),
                                RayWorkers("/spec/workerGroupSpecs", "spec.workerGroupSpecs")}});
  table.push_back(
      {.framework = "ray.io/rayjob",
       .group = "ray.io",
       .version = "v1",
       .kind = "RayJob",
       .resource = "rayjobs",
       .suspend = "/spec/suspend",
       .managed_by = "/spec/managedBy",
       .own_controller = "ray.io/kuberay-operator",
       .traits = kPrebuiltWorkload | kElastic,
       .pod_sets = {RayHead("/spec/rayClusterSpec/headGroupSpec", "spec.rayClusterSpec.headGroupSpec",
                            /*always=*/false),
                    RayWorkers("/spec/rayClusterSpec/workerGroupSpecs", "spec.rayClusterSpec.workerGroupSpecs"),
                    {.at = "/spec",
                     .pod_template = "/submitterPodTemplate",
                     .name = "submitter",
                     .count = CountRule::kSubmitter,
                     .path = "spec.submitterPodTemplate"}}});
  table.push_back(
      {.framework = "ray.io/rayservice",
       .group = "ray.io",
       .version = "v1",
       .kind = "RayService",
       .resource = "rayservices",
       .suspend = "/spec/rayClusterConfig/suspend",
       .managed_by = "/spec/managedBy",
       .own_controller = "ray.io/kuberay-operator",
       .traits = kPrebuiltWorkload | kElastic | kServing,
       .pod_sets = {RayHead("/spec/rayClusterConfig/headGroupSpec", "spec.rayClusterSpec.headGroupSpec",
                            /*always=*/true),
                    RayWorkers("/spec/rayClusterConfig/workerGroupSpecs", "spec.rayClusterSpec.workerGroupSpecs")}});
  table.push_back({.framework = "sparkoperator.k8s.io/sparkapplication",
                   .group = "sparkoperator.k8s.io",
                   .version = "v1beta2",
                   .kind = "SparkApplication",
                   .resource = "sparkapplications",
                   .suspend = "/spec/suspend",
                   .pod_sets = {{.at = "/spec/driver",
                                 .pod_template = kTemplate,
                                 .name = "driver",
                                 .count = CountRule::kFixed,
                                 .path = "spec.driver"},
                                {.at = "/spec/executor",
                                 .pod_template = kTemplate,
                                 .name = "executor",
                                 .replicas = "/instances",
                                 .path = "spec.executor"}}});
  table.push_back({.framework = "trainer.kubeflow.org/trainjob",
                   .group = "trainer.kubeflow.org",
                   .version = "v1alpha1",
                   .kind = "TrainJob",
                   .resource = "trainjobs",
                   .suspend = "/spec/suspend",
                   .managed_by = "/spec/managedBy",
                   .own_controller = "trainer.kubeflow.org/trainjob-controller",
                   .traits = kPrebuiltWorkload | kRuntimePods});
  table.push_back({.framework = "workload.codeflare.dev/appwrapper",
                   .group = "workload.codeflare.dev",
                   .version = "v1beta2",
                   .kind = "AppWrapper",
                   .resource = "appwrappers",
                   .suspend = "/spec/suspend",
                   .managed_by = "/spec/managedBy",
                   .own_controller = "workload.codeflare.dev/appwrapper",
                   .traits = kPrebuiltWorkload | kComponentPods});
  table.push_back({.framework = "pod",
                   .version = "v1",
                   .kind = "Pod",
                   .resource = "pods",
                   .traits = kPrebuiltWorkload,
                   .pod_sets = {{.name = "main", .count = CountRule::kFixed}}});
  table.push_back(
      {.framework = "deployment",
       .group = "apps",
       .version = "v1",
       .kind = "Deployment",
       .resource = "deployments",
       .traits = kServing,
       .pod_sets = {
           {.at = "/spec", .pod_template = kTemplate, .name = "main", .replicas = "/replicas", .path = "spec"}}});
  table.push_back(
      {.framework = "statefulset",
       .group = "apps",
       .version = "v1",
       .kind = "StatefulSet",
       .resource = "statefulsets",
       .traits = kServing,
       .pod_sets = {
           {.at = "/spec", .pod_template = kTemplate, .name = "main", .replicas = "/replicas", .path = "spec"}}});
  table.push_back({.framework = "leaderworkerset.x-k8s.io/leaderworkerset",
                   .group = "leaderworkerset.x-k8s.io",
                   .version = "v1",
                   .kind = "LeaderWorkerSet",
                   .resource = "leaderworkersets",
                   .traits = kServing,
                   .pod_sets = {{.at = "/spec/leaderWorkerTemplate/leaderTemplate",
                                 .name = "leader",
                                 .count = CountRule::kFixed,
                                 .path = "spec.leaderWorkerTemplate.leaderTemplate"},
                                {.at = "/spec/leaderWorkerTemplate",
                                 .pod_template = "/workerTemplate",
                                 .name = "worker",
                                 .count = CountRule::kGroupSize,
                                 .replicas = "/size",
                                 .always = true,
                                 .path = "spec.leaderWorkerTemplate"}}});
  // HyperPod's kinds. The inference operator makes a Deployment of each model; nothing of its pods is in the object.
  table.push_back({.framework = "sagemaker.amazonaws.com/hyperpodpytorchjob",
                   .group = "sagemaker.amazonaws.com",
                   .version = "v1",
                   .kind = "HyperPodPyTorchJob",
                   .resource = "hyperpodpytorchjobs",
                   .suspend = "/spec/runPolicy/suspend",
                   .traits = kBeyondKueue,
                   .pod_sets = {{.shape = Shape::kEach,
                                 .at = "/spec/replicaSpecs",
                                 .pod_template = kTemplate,
                                 .name = "/name",
                                 .count = CountRule::kWithSpares,
                                 .replicas = "/replicas",
                                 .path = "spec.replicaSpecs"}}});
  table.push_back({.framework = "inference.sagemaker.aws.amazon.com/inferenceendpointconfig",
                   .group = "inference.sagemaker.aws.amazon.com",
                   .version = "v1",
                   .kind = "InferenceEndpointConfig",
                   .resource = "inferenceendpointconfigs",
                   .traits = kBeyondKueue | kServing | kRuntimePods});
  table.push_back({.framework = "inference.sagemaker.aws.amazon.com/jumpstartmodel",
                   .group = "inference.sagemaker.aws.amazon.com",
                   .version = "v1",
                   .kind = "JumpStartModel",
                   .resource = "jumpstartmodels",
                   .traits = kBeyondKueue | kServing | kRuntimePods});
  return table;
}

int32_t Clamp(int64_t value) {
  using Limits = std::numeric_limits<int32_t>;
  return static_cast<int32_t>(std::clamp<int64_t>(value, Limits::min(), Limits::max()));
}

int64_t NumberAt(const json& value, absl::string_view pointer, int64_t fallback) {
  const json* number = At(value, pointer);
  return number != nullptr && number->is_number_integer() ? number->get<int64_t>() : fallback;
}

int32_t Times(int64_t a, int64_t b) { return Clamp(static_cast<int64_t>(Clamp(a)) * Clamp(b)); }

std::string StringAt(const json& value, absl::string_view pointer) {
  const json* text = At(value, pointer);
  return text != nullptr && text->is_string() ? text->get<std::string>() : std::string();
}

int32_t CountOf(const PodSetRule& rule, const json& set) {
  switch (rule.count) {
    case CountRule::kFixed:
    case CountRule::kSubmitter:
      return rule.fixed_count;
    case CountRule::kReplicas:
      return Clamp(NumberAt(set, rule.replicas, 1));
    case CountRule::kJob:
      return PodsOfJobSpec(set);
    case CountRule::kReplicatedJob: {
      const json* spec = At(set, "/template/spec");
      return Times(NumberAt(set, rule.replicas, 1), spec == nullptr ? 1 : PodsOfJobSpec(*spec));
    }
    case CountRule::kHosts:
      return Times(NumberAt(set, rule.replicas, 1), std::max<int64_t>(NumberAt(set, "/numOfHosts", 1), 1));
    case CountRule::kWithSpares:
      return Clamp(int64_t{Clamp(NumberAt(set, rule.replicas, 0))} + Clamp(NumberAt(set, "/spares", 0)));
    case CountRule::kGroupSize:
      return Clamp(NumberAt(set, rule.replicas, 1) - (At(set, "/leaderTemplate") == nullptr ? 0 : 1));
  }
  return 0;
}

// The pod template of a component of an AppWrapper: "template.spec.template" leads from the component to it.
const json* ComponentTemplate(const json& component, const std::string& path) {
  return At(component, absl::StrCat("/", absl::StrReplaceAll(path, {{".", "/"}})));
}

// Declared pod sets of every component; for a component that declares none, those of the kind it wraps.
void AddComponents(const json& object, std::vector<PodSetView>& sets) {
  const json* components = At(object, "/spec/components");
  if (components == nullptr || !components->is_array()) return;
  const std::string name = StringAt(object, "/metadata/name");
  const auto add = [&](int32_t count, const json* pod_template) {
    PodSetView& view = sets.emplace_back();
    view.name = absl::StrCat(name, "-", sets.size() - 1);
    view.count = count;
    view.pod_template = pod_template;
  };
  for (const json& component : *components) {
    const json* declared = At(component, "/podSets");
    if (declared == nullptr || !declared->is_array() || declared->empty()) {
      const json* wrapped = At(component, "/template");
      if (wrapped == nullptr) continue;
      const std::vector<std::string> version = absl::StrSplit(StringAt(*wrapped, "/apiVersion"), '/');
      const JobKind* kind = FindJobKind(version.size() == 2 ? version[0] : "", StringAt(*wrapped, "/kind"));
      // An AppWrapper cannot wrap another.
      if (kind == nullptr || kind->Has(kComponentPods)) continue;
      for (const PodSetView& set : PodSetsOf(*kind, *wrapped)) add(set.count, set.pod_template);
      continue;
    }
    for (const json& set : *declared) {
      add(Clamp(NumberAt(set, "/replicas", 1)), ComponentTemplate(component, StringAt(set, "/path")));
    }
  }
}

}  // namespace

absl::Span<const JobKind> JobKinds() {
  static const auto& table = *new std::vector<JobKind>(MakeTable());
  return table;
}

const JobKind* FindJobKind(absl::string_view group, absl::string_view kind) {
  for (const JobKind& row : JobKinds()) {
    if (row.kind == kind && row.group == group) return &row;
  }
  return nullptr;
}

const JobKind* FindJobKindByFramework(absl::string_view framework) {
  for (const JobKind& row : JobKinds()) {
    if (row.framework == framework) return &row;
  }
  return nullptr;
}

std::string PodSetView::TemplatePath() const {
  if (rule == nullptr) return "";
  std::string path(rule->path);
  if (index >= 0) absl::StrAppend(&path, "[", index, "]");
  if (rule->count == CountRule::kSubmitter) return path;
  absl::StrAppend(&path, absl::StrReplaceAll(rule->pod_template, {{"/", "."}}));
  return path;
}

std::vector<PodSetView> PodSetsOf(const JobKind& kind, const json& object) {
  std::vector<PodSetView> sets;
  if (kind.Has(kComponentPods)) AddComponents(object, sets);
  for (const PodSetRule& rule : kind.pod_sets) {
    const json* at = At(object, rule.at);
    if (at == nullptr) continue;
    if (rule.shape == Shape::kOne) {
      if (!at->is_object()) continue;
      if (rule.count == CountRule::kSubmitter) {
        const std::string mode = StringAt(*at, "/submissionMode");
        if (!mode.empty() && mode != "K8sJobMode") continue;
      }
      sets.push_back({std::string(rule.name), CountOf(rule, *at), At(*at, rule.pod_template), &rule, -1});
    } else if (at->is_array()) {
      for (size_t i = 0; i < at->size(); ++i) {
        const json& item = (*at)[i];
        std::string name = StringAt(item, rule.name);
        if (rule.count == CountRule::kWithSpares) {
          name = absl::StrCat(StringAt(object, "/metadata/name"), "-", name, "-podset");
        }
        sets.push_back({std::move(name), CountOf(rule, item), At(item, rule.pod_template), &rule, static_cast<int>(i)});
      }
    }
  }
  return sets;
}

std::vector<std::string> TemplatePointersOf(const JobKind& kind, const json& object) {
  std::vector<std::string> pointers;
  for (const PodSetRule& rule : kind.pod_sets) {
    const json* at = At(object, rule.at);
    if (rule.shape == Shape::kOne) {
      const bool there = at != nullptr && At(*at, rule.pod_template) != nullptr;
      if (there || rule.always) pointers.push_back(absl::StrCat(rule.at, rule.pod_template));
    } else if (at != nullptr && at->is_array()) {
      for (size_t i = 0; i < at->size(); ++i) pointers.push_back(absl::StrCat(rule.at, "/", i, rule.pod_template));
    }
  }
  return pointers;
}

int32_t PodsOfJobSpec(const json& job_spec) {
  const int64_t parallelism = NumberAt(job_spec, "/parallelism", 1);
  return Clamp(std::min(parallelism, NumberAt(job_spec, "/completions", parallelism)));
}

const json* At(const json& value, absl::string_view pointer) {
  const json* at = &value;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    const absl::string_view key = pointer.substr(0, end);
    pointer.remove_prefix(end);
    if (at->is_object()) {
      const auto it = at->find(std::string_view(key.data(), key.size()));
      if (it == at->end() || it->is_null()) return nullptr;
      at = &*it;
    } else if (at->is_array()) {
      size_t index = 0;
      if (!absl::SimpleAtoi(key, &index) || index >= at->size()) return nullptr;
      at = &(*at)[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

}  // namespace muster::api
