// The kinds of the training operator (PyTorchJob, TFJob, ...) and MPIJobs.
#include "manager/jobs/kinds.h"
#include "manager/jobs/read.h"

namespace muster::manager {
namespace {

using nlohmann::json;

bool IsActive(const JobRef& job) {
  const json* statuses = job.object.At("/status/replicaStatuses");
  if (statuses == nullptr || !statuses->is_object()) return false;
  for (const json& each : *statuses) {
    if (IntAt(each, "/active") != 0) return true;
  }
  return false;
}

std::optional<Outcome> Finished(const JobRef& job) {
  for (const json& condition : ListAt(job.value(), "/status/conditions")) {
    const std::string type = TextAt(condition, "/type");
    if ((type == "Succeeded" || type == "Failed") && TextAt(condition, "/status") == "True") {
      return Outcome{TextAt(condition, "/message"), type == "Succeeded"};
    }
  }
  return std::nullopt;
}

bool PodsReady(const JobRef& job) { return HasTrueCondition(job.value(), "Running"); }

std::string PriorityClass(const JobRef& job) {
  std::string name(job.object.StringAt("/spec/runPolicy/schedulingPolicy/priorityClass"));
  if (!name.empty()) return name;
  for (const api::PodSetView& view : api::PodSetsOf(job.kind, job.value())) {
    if (view.pod_template == nullptr) continue;
    name = TextAt(*view.pod_template, "/spec/priorityClassName");
    if (!name.empty()) return name;
  }
  return "";
}

}  // namespace

std::vector<KindRules> TrainingRules() {
  std::vector<KindRules> table;
  for (const absl::string_view framework : {"kubeflow.org/tfjob", "kubeflow.org/pytorchjob", "kubeflow.org/xgboostjob",
                                            "kubeflow.org/paddlejob", "kubeflow.org/jaxjob", "kubeflow.org/mpijob"}) {
    KindRules& rules = table.emplace_back();
    rules.framework = framework;
    rules.active = IsActive;
    rules.finished = Finished;
    rules.pods_ready = PodsReady;
    rules.priority_class = PriorityClass;
  }
  return table;
}

}  // namespace muster::manager
