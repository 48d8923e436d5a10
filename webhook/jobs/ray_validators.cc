// RayCluster, RayJob, RayService and SparkApplication.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "webhook/jobs/job_defaults.h"
#include "webhook/jobs/job_validation.h"
#include "webhook/jobs/job_validators.h"
#include "webhook/jobs/topology_validation.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using api::FieldErrors;
using api::JsonPath;
using api::Quoted;
using nlohmann::json;

constexpr size_t kMaxPodSets = 18;
constexpr char kHeadName[] = "head";

bool HasElasticGate(const json& group) {
  const json* gates = api::At(group, "/template/spec/schedulingGates");
  return gates != nullptr && gates->is_array() && std::any_of(gates->begin(), gates->end(), [](const json& gate) {
           return ValueOrEmpty(StringField(gate, "name")) == api::kElasticJobAnnotation;
         });
}

void CheckElasticGate(const json& group, const JsonPath& path, FieldErrors& errors) {
  if (HasElasticGate(group)) return;
  const json* gates = api::At(group, "/template/spec/schedulingGates");
  const JsonPath pod_template = path.Field("template");
  const JsonPath spec = pod_template.Field("spec");
  errors.Invalid(spec.Field("schedulingGates"), gates == nullptr ? "null" : gates->dump(),
                 "an elastic job must have the ElasticJobSchedulingGate");
}

// What a kind's cluster is, and how messages call it.
struct Cluster {
  const json& spec;
  const JsonPath& path;
};

const json* WorkerGroups(const json& cluster) {
  const json* groups = Field(cluster, "workerGroupSpecs");
  return groups != nullptr && groups->is_array() ? groups : nullptr;
}

void CheckRayClusterElastic(const Env& env, const json& job, const Cluster& cluster, FieldErrors& errors) {
  const bool autoscaling = BoolField(cluster.spec, "enableInTreeAutoscaling");
  const JsonPath autoscaling_path = cluster.path.Field("enableInTreeAutoscaling");
  if (!IsElastic(env, job)) {
    if (autoscaling) {
      errors.Invalid(autoscaling_path, "true",
                     "a kueue-managed RayCluster can use autoscaling only as an elastic job: enable the "
                     "ElasticJobsViaWorkloadSlices feature gate and set the \"kueue.x-k8s.io/elastic-job\": \"true\" "
                     "annotation");
    }
    return;
  }
  const JsonPath groups_path = cluster.path.Field("workerGroupSpecs");
  if (const json* groups = WorkerGroups(cluster.spec)) {
    for (size_t i = 0; i < groups->size() && !env.budget.Spent(); ++i) {
      CheckElasticGate((*groups)[i], groups_path.Item(static_cast<int>(i)), errors);
    }
  }
  const json* head = Field(cluster.spec, "headGroupSpec");
  CheckElasticGate(head == nullptr ? json() : *head, cluster.path.Field("headGroupSpec"), errors);
  if (autoscaling && ValueOrEmpty(StringField(cluster.spec, "managedBy")) == api::kMultiKueueController) {
    errors.Forbidden(autoscaling_path,
                     "in-tree autoscaling is not supported for a MultiKueue-managed elastic RayCluster");
  }
}

void CheckGroups(const Cluster& cluster, FieldErrors& errors) {
  const json* groups = WorkerGroups(cluster.spec);
  if (groups == nullptr) return;
  const JsonPath path = cluster.path.Field("workerGroupSpecs");
  // The head is a pod set of its own.
  if (groups->size() + 1 > kMaxPodSets) errors.TooMany(path, groups->size() + 1, kMaxPodSets);
  for (size_t i = 0; i < groups->size(); ++i) {
    if (ValueOrEmpty(StringField((*groups)[i], "groupName")) != kHeadName) continue;
    const JsonPath item = path.Item(static_cast<int>(i));
    errors.Forbidden(item.Field("groupName"), absl::StrCat(Quoted(kHeadName), " is reserved for the head group"));
  }
}

void CheckAutoscaling(const Env& env, const json& job, const Cluster& cluster, FieldErrors& errors) {
  if (BoolField(cluster.spec, "enableInTreeAutoscaling") && !IsElastic(env, job)) {
    errors.Invalid(cluster.path.Field("enableInTreeAutoscaling"), "true",
                   "a kueue managed job should only use autoscaling when workload slicing is enabled");
  }
}

bool IsManaged(const Env& env, const json& job) {
  return env.config.manage_jobs_without_queue_name || !ValueOrEmpty(Label(job, api::kQueueNameLabel)).empty();
}

// Updates of what Kueue never managed are not looked at.
bool LooksAtUpdate(const Env& env, const json& job, const json& old) {
  return IsManaged(env, job) || (env.config.gates[Gate::kValidateRayAndSparkJobUpdates] && IsManaged(env, old));
}

void CheckChange(const Env& env, const api::JobKind& kind, const json& job, const json* old, FieldErrors& errors) {
  if (old != nullptr) CheckChangedJob(env, kind, job, *old, IsSuspended(kind, job), IsSuspended(kind, *old), errors);
}

// Returns false when nothing else is looked at: the job is refused already, or uses a cluster that is there.
bool CheckRayJob(const json& job, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath path = root.Field("spec");
  const json* spec = Field(job, "spec");
  const json* selector = spec == nullptr ? nullptr : Field(*spec, "clusterSelector");
  const json* cluster = spec == nullptr ? nullptr : Field(*spec, "rayClusterSpec");
  if (selector != nullptr && selector->is_object() && !selector->empty()) {
    if (cluster != nullptr) {
      errors.Invalid(path.Field("clusterSelector"), selector->dump(),
                     "a kueue managed job should not use an existing cluster");
    }
    return false;
  }
  if (cluster == nullptr) {
    errors.Required(path.Field("rayClusterSpec"),
                    "rayClusterSpec is required for Kueue-managed jobs that don't use clusterSelector");
    return false;
  }
  if (!BoolField(*spec, "shutdownAfterJobFinishes")) {
    errors.Invalid(path.Field("shutdownAfterJobFinishes"), "false",
                   "a kueue managed job should delete the cluster after finishing");
  }
  return true;
}

// Whether the submitter would get the image of the head's first container, and the head has none: Kueue does not look.
bool MakesSubmitterOfNothing(const Env& env, const json& job) {
  const json* spec = Field(job, "spec");
  if (!env.config.gates[Gate::kTopologyAwareScheduling] || spec == nullptr) return false;
  const json* cluster = Field(*spec, "rayClusterSpec");
  const std::string& mode = ValueOrEmpty(StringField(*spec, "submissionMode"));
  if (cluster == nullptr || Field(*spec, "submitterPodTemplate") != nullptr ||
      (!mode.empty() && mode != "K8sJobMode")) {
    return false;
  }
  const json* containers = api::At(*cluster, "/headGroupSpec/template/spec/containers");
  return containers == nullptr || containers->empty();
}

}  // namespace

void ValidateRay(const Env& env, const api::JobKind& kind, const json& job, const json* old, Validation& out) {
  if (old != nullptr && !LooksAtUpdate(env, job, *old)) return;
  CheckChange(env, kind, job, old, out.errors);
  const JsonPath root;
  const JsonPath spec_path = root.Field("spec");
  const JsonPath embedded_path = spec_path.Field("rayClusterSpec");
  static const json& empty = *new json(json::object());
  const bool is_cluster = kind.kind == "RayCluster";
  const bool is_job = kind.kind == "RayJob";
  const json* found = api::At(job, is_cluster ? "/spec" : (is_job ? "/spec/rayClusterSpec" : "/spec/rayClusterConfig"));
  const Cluster cluster{found == nullptr ? empty : *found, is_cluster ? spec_path : embedded_path};
  if (IsManaged(env, job)) {
    if (is_job && !CheckRayJob(job, out.errors)) return;
    if (is_cluster) {
      CheckRayClusterElastic(env, job, cluster, out.errors);
    } else {
      CheckAutoscaling(env, job, cluster, out.errors);
    }
    CheckGroups(cluster, out.errors);
  }
  CheckNewJob(env, kind, job, out.errors);
  if (is_job && MakesSubmitterOfNothing(env, job)) {
    out.failure = AdmissionResponse::Panicked("index out of range [0] with length 0");
    return;
  }
  std::vector<TopologySubject> subjects = SubjectsOf(kind, job);
  // There is always a head, if an empty one.
  if (Field(cluster.spec, "headGroupSpec") == nullptr) {
    subjects.insert(subjects.begin(), {.name = kHeadName, .path = "", .annotations = nullptr, .count = 1});
  }
  for (TopologySubject& subject : subjects) {
    // Kueue makes a request for the submitter, too, and holds the groups of a RayCluster against the rules by name.
    const bool head = &subject == subjects.data();
    subject.checked = subject.path != "spec.submitterPodTemplate.metadata.annotations" &&
                      (!is_cluster || head || absl::AsciiStrToLower(subject.name) != kHeadName);
  }
  CheckTopology(env, subjects, {.grouping = true, .grouping_after_first = true, .rest_only_when_parsed = is_cluster},
                out);
}

void ValidateSpark(const Env& env, const api::JobKind& kind, const json& job, const json* old, Validation& out) {
  if (old != nullptr && !LooksAtUpdate(env, job, *old)) return;
  CheckChange(env, kind, job, old, out.errors);
  const JsonPath root;
  const JsonPath path = root.Field("spec");
  const json* spec = Field(job, "spec");
  if (spec != nullptr && IsManaged(env, job)) {
    const std::string& mode = ValueOrEmpty(StringField(*spec, "mode"));
    if (mode != "cluster") {
      out.errors.Invalid(path.Field("mode"), Quoted(mode), "only Cluster mode is supported for a kueue managed job");
    }
    const json* allocation = Field(*spec, "dynamicAllocation");
    if (allocation != nullptr && BoolField(*allocation, "enabled") && !IsElastic(env, job)) {
      const JsonPath allocation_path = path.Field("dynamicAllocation");
      out.errors.Invalid(allocation_path.Field("enabled"), "true",
                         "a kueue managed job can use dynamicAllocation only when the ElasticJobsViaWorkloadSlices "
                         "feature gate is on and the job is an elastic job");
    }
  }
  CheckNewJob(env, kind, job, out.errors);
  // The annotations of driver and executor become those of their pods, over the ones of the pod template.
  std::vector<TopologySubject> subjects;
  std::vector<json> merged;
  merged.reserve(kind.pod_sets.size());
  for (const api::PodSetRule& rule : kind.pod_sets) {
    const json* role = api::At(job, rule.at);
    if (role == nullptr) continue;
    json& annotations = merged.emplace_back(json::object());
    for (const json* from : {api::At(*role, "/template/metadata/annotations"), Field(*role, "annotations")}) {
      if (from != nullptr && from->is_object()) annotations.update(*from);
    }
    const json* instances = rule.replicas.empty() ? nullptr : api::At(*role, rule.replicas);
    const bool number = instances != nullptr && instances->is_number_integer();
    subjects.push_back(
        {std::string(rule.name), absl::StrCat(rule.path, ".annotations"), &annotations,
         static_cast<int32_t>(number ? std::clamp<int64_t>(instances->get<int64_t>(), INT32_MIN, INT32_MAX) : 1)});
  }
  CheckTopology(env, subjects, {.parse_first = true}, out);
}

}  // namespace muster::webhook
