#include "api/jobs/unknown_fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "api/codec.h"
#include "api/jobs/common.h"
#include "api/nearest_name.h"

namespace muster::api {
namespace {

using nlohmann::json;
using Names = std::vector<absl::string_view>;

// The fields of one object in a job.
struct Level {
  std::string at;  // JSON pointer; "*" is every item or every value
  Names fields;
};

const Names& JobSpec() {
  static const auto& names = *new Names{"parallelism",
                                        "completions",
                                        "activeDeadlineSeconds",
                                        "podFailurePolicy",
                                        "successPolicy",
                                        "backoffLimit",
                                        "backoffLimitPerIndex",
                                        "maxFailedIndexes",
                                        "selector",
                                        "manualSelector",
                                        "template",
                                        "ttlSecondsAfterFinished",
                                        "completionMode",
                                        "suspend",
                                        "podReplacementPolicy",
                                        "managedBy"};
  return names;
}

const Level& RunPolicy() {
  static const auto& level = *new Level{"/spec/runPolicy",
                                        {"cleanPodPolicy", "ttlSecondsAfterFinished", "activeDeadlineSeconds",
                                         "backoffLimit", "schedulingPolicy", "suspend", "managedBy", "queueName"}};
  return level;
}

// The kinds of the training operator: replica types, each with a count and a pod template.
std::vector<Level> Replicas(absl::string_view replicas_at, Names spec, Names types) {
  static const auto& each = *new Names{"replicas", "template", "restartPolicy"};
  spec.push_back("runPolicy");
  spec.push_back(absl::StripPrefix(replicas_at, "/spec/"));
  return {{"/spec", std::move(spec)},
          RunPolicy(),
          {std::string(replicas_at), std::move(types)},
          {absl::StrCat(replicas_at, "/*"), each}};
}

std::vector<Level> Ray(absl::string_view cluster, absl::string_view head, absl::string_view workers) {
  return {{std::string(cluster),
           {"suspend", "managedBy", "autoscalerOptions", "headServiceAnnotations", "enableInTreeAutoscaling",
            "gcsFaultToleranceOptions", "headGroupSpec", "rayVersion", "workerGroupSpecs", "authOptions",
            "upgradeStrategy", "networkPolicy"}},
          {std::string(head),
           {"template", "headService", "enableIngress", "resources", "labels", "rayStartParams", "serviceType"}},
          {std::string(workers),
           {"suspend", "groupName", "replicas", "minReplicas", "maxReplicas", "idleTimeoutSeconds", "resources",
            "labels", "rayStartParams", "template", "scaleStrategy", "numOfHosts"}}};
}

// What the kinds' types have, as far as it is about pods. Empty for a kind that is not listed.
std::vector<Level> LevelsOf(absl::string_view kind) {
  if (kind == "Job") return {{"/spec", JobSpec()}};
  if (kind == "JobSet") {
    return {{"/spec",
             {"replicatedJobs", "network", "successPolicy", "failurePolicy", "startupPolicy", "suspend", "coordinator",
              "managedBy", "ttlSecondsAfterFinished", "volumeClaimPolicies"}},
            {"/spec/replicatedJobs/*", {"name", "groupName", "template", "replicas", "dependsOn"}},
            {"/spec/replicatedJobs/*/template", {"metadata", "spec"}},
            {"/spec/replicatedJobs/*/template/spec", JobSpec()}};
  }
  if (kind == "PyTorchJob") {
    return Replicas("/spec/pytorchReplicaSpecs", {"elasticPolicy", "nprocPerNode"}, {"Master", "Worker"});
  }
  if (kind == "TFJob") {
    return Replicas("/spec/tfReplicaSpecs", {"successPolicy", "enableDynamicWorker"},
                    {"Chief", "Master", "PS", "Worker", "Evaluator"});
  }
  if (kind == "XGBoostJob") return Replicas("/spec/xgbReplicaSpecs", {}, {"Master", "Worker"});
  if (kind == "PaddleJob") return Replicas("/spec/paddleReplicaSpecs", {"elasticPolicy"}, {"Master", "Worker"});
  if (kind == "JAXJob") return Replicas("/spec/jaxReplicaSpecs", {}, {"Worker"});
  if (kind == "MPIJob") {
    return Replicas("/spec/mpiReplicaSpecs",
                    {"slotsPerWorker", "runLauncherAsWorker", "sshAuthMountPath", "launcherCreationPolicy",
                     "mpiImplementation", "cleanPodPolicy", "mainContainer"},
                    {"Launcher", "Worker"});
  }
  if (kind == "RayCluster") return Ray("/spec", "/spec/headGroupSpec", "/spec/workerGroupSpecs/*");
  if (kind == "RayJob") {
    return Ray("/spec/rayClusterSpec", "/spec/rayClusterSpec/headGroupSpec", "/spec/rayClusterSpec/workerGroupSpecs/*");
  }
  if (kind == "RayService") {
    return Ray("/spec/rayClusterConfig", "/spec/rayClusterConfig/headGroupSpec",
               "/spec/rayClusterConfig/workerGroupSpecs/*");
  }
  if (kind == "Deployment") {
    return {{"/spec",
             {"replicas", "selector", "template", "strategy", "minReadySeconds", "revisionHistoryLimit", "paused",
              "progressDeadlineSeconds"}}};
  }
  if (kind == "StatefulSet") {
    return {{"/spec",
             {"replicas", "selector", "template", "volumeClaimTemplates", "serviceName", "podManagementPolicy",
              "updateStrategy", "revisionHistoryLimit", "minReadySeconds", "persistentVolumeClaimRetentionPolicy",
              "ordinals"}}};
  }
  if (kind == "LeaderWorkerSet") {
    return {{"/spec", {"replicas", "leaderWorkerTemplate", "rolloutStrategy", "startupPolicy", "networkConfig"}},
            {"/spec/leaderWorkerTemplate",
             {"leaderTemplate", "workerTemplate", "size", "restartPolicy", "subGroupPolicy", "volumeClaimTemplates",
              "persistentVolumeClaimRetentionPolicy", "resourceClaimTemplates", "exclusivePlacement"}}};
  }
  if (kind == "HyperPodPyTorchJob") {
    return {{"/spec/replicaSpecs/*",
             {"name", "replicas", "template", "spares", "restartPolicy", "maxReplicas", "topology"}}};
  }
  return {};
}

class Finder {
 public:
  explicit Finder(std::string object) : object_(std::move(object)) {}

  // `path` is how messages call what `value` is, `rest` what is left of a level's pointer.
  void Look(const json& value, const std::string& path, absl::string_view rest, const Names& fields) {
    if (rest.empty()) return Check(value, path, fields);
    rest.remove_prefix(1);
    const size_t end = std::min(rest.find('/'), rest.size());
    const std::string key(rest.substr(0, end));
    rest.remove_prefix(end);
    if (key == "*" && value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) Look(value[i], absl::StrCat(path, "[", i, "]"), rest, fields);
    } else if (key == "*" && value.is_object()) {
      for (const auto& [name, item] : value.items()) Look(item, absl::StrCat(path, "[", name, "]"), rest, fields);
    } else if (value.is_object() && value.contains(key)) {
      Look(value[key], absl::StrCat(path, path.empty() ? "" : ".", key), rest, fields);
    }
  }

  void LookIntoTemplate(const json& pod_template, const std::string& path) {
    json wrapped = {{"apiVersion", "v1"}, {"kind", "PodTemplate"}, {"metadata", {{"name", "t"}}}};
    wrapped["template"] = pod_template;
    for (const Problem& problem : Decode(std::move(wrapped)).problems) {
      // Values of the wrong type are for whoever reads the job.
      if (problem.rule != "UnknownField") continue;
      Add(absl::StrCat(path, absl::StripPrefix(problem.path, "template")),
          absl::StrContains(problem.message, " meant?") ? Severity::kError : Severity::kWarning, problem.message);
    }
  }

  std::vector<Problem> Take() { return std::move(problems_); }

 private:
  void Check(const json& value, const std::string& path, const Names& fields) {
    if (!value.is_object()) return;
    for (const auto& [name, unused] : value.items()) {
      if (std::find(fields.begin(), fields.end(), name) != fields.end()) continue;
      const std::string hint = hints_left_ > 0 && hints_left_-- > 0 ? MeantHint(name, fields) : "";
      Add(absl::StrCat(path, ".", name), hint.empty() ? Severity::kWarning : Severity::kError,
          absl::StrCat("unknown field, ignored", hint));
    }
  }

  void Add(std::string path, Severity severity, std::string message) {
    Problem& problem = problems_.emplace_back();
    problem.object = object_;
    problem.path = std::move(path);
    problem.message = std::move(message);
    problem.severity = severity;
    problem.rule = "UnknownField";
  }

  std::string object_;
  int hints_left_ = 20;  // looking for what was meant takes time
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> UnknownJobFields(const json& manifest) {
  const absl::StatusOr<JobSource> job = SourceOf(manifest);
  if (!job.ok()) return {};
  Finder finder(absl::StrCat(job->kind->kind, "/", job->ns, "/", job->name));
  for (const Level& level : LevelsOf(job->kind->kind)) finder.Look(manifest, "", level.at, level.fields);
  for (const PodSetView& set : PodSetsOf(*job->kind, manifest)) {
    if (job->kind->kind == "Pod" || set.pod_template == nullptr || set.rule == nullptr) continue;
    finder.LookIntoTemplate(*set.pod_template, set.TemplatePath());
  }
  return finder.Take();
}

}  // namespace muster::api
