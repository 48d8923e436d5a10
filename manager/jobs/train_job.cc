// TrainJobs: their pods are those of the JobSet that the runtime describes, and what they get when they start goes into
// a patch of the runtime that is Kueue's own, in the job.
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/jobs/kinds.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/jobs/training_runtime.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kReplicatedJobs[] = "/spec/replicatedJobs";
constexpr char kStatuses[] = "/status/jobsStatus";

const api::JobKind& JobSetKind() {
  static const api::JobKind& kind = *api::FindJobKind("jobset.x-k8s.io", "JobSet");
  return kind;
}

bool IsActive(const JobRef& job) {
  for (const json& each : ListAt(job.value(), kStatuses)) {
    if (IntAt(each, "/active") > 0) return true;
  }
  return false;
}

std::optional<Outcome> Finished(const JobRef& job) {
  for (const bool success : {true, false}) {
    const json* condition = ConditionOf(job.value(), success ? "Complete" : "Failed");
    if (condition != nullptr && TextAt(*condition, "/status") == "True") {
      return Outcome{TextAt(*condition, "/message"), success};
    }
  }
  return std::nullopt;
}

// Counts Jobs, not pods.
bool PodsReady(const JobRef& job) {
  const absl::StatusOr<kube::ObjectPtr> job_set = JobSetOfTrainJob(job.world, job.object);
  if (!job_set.ok()) return false;
  int64_t wanted = 0, ready = 0;
  for (const json& each : ListAt((*job_set)->value(), kReplicatedJobs)) wanted += IntAt(each, "/replicas", 1);
  for (const json& each : ListAt(job.value(), kStatuses)) ready += IntAt(each, "/ready") + IntAt(each, "/succeeded");
  return wanted == ready;
}

std::vector<api::ReclaimablePod> Reclaimable(const JobRef& job) {
  std::vector<api::ReclaimablePod> pods;
  if (ListAt(job.value(), kStatuses).empty()) return pods;
  const absl::StatusOr<kube::ObjectPtr> job_set = JobSetOfTrainJob(job.world, job.object);
  if (!job_set.ok()) return pods;
  for (const json& each : ListAt((*job_set)->value(), kReplicatedJobs)) {
    const std::string name = TextAt(each, "/name");
    const json* spec = api::At(each, "/template/spec");
    for (const json& status : ListAt(job.value(), kStatuses)) {
      const int64_t succeeded = IntAt(status, "/succeeded");
      if (TextAt(status, "/name") != name || succeeded <= 0 || succeeded > IntAt(each, "/replicas", 1)) continue;
      pods.push_back({name, static_cast<int32_t>(succeeded * (spec == nullptr ? 1 : api::PodsOfJobSpec(*spec)))});
      break;
    }
  }
  return pods;
}

absl::StatusOr<std::vector<json>> PodSets(const JobRef& job) {
  const absl::StatusOr<kube::ObjectPtr> job_set = JobSetOfTrainJob(job.world, job.object);
  if (!job_set.ok()) return job_set.status();
  return FindKindRules(JobSetKind())->pod_sets({job.world, JobSetKind(), **job_set});
}

// The replicated jobs of Kueue's own patch of the runtime, made if they are missing; null when the job has no such patch,
// which its webhook puts there.
json* OwnPatch(json* job) {
  json* patches = Reach(job, "/spec/runtimePatches");
  if (patches == nullptr || !patches->is_array()) return nullptr;
  for (json& patch : *patches) {
    if (TextAt(patch, "/manager") == api::kKueueManager) return Reach(&patch, "/trainingRuntimeSpec/template/spec");
  }
  return nullptr;
}

template <class T>
void SetUnlessEmpty(const char* field, const T& value, json* object) {
  if (!value.empty()) (*object)[field] = value;
}

json PatchOf(const PodSetInfo& info) {
  json metadata = json::object(), spec = json::object();
  SetUnlessEmpty("annotations", info.annotations, &metadata);
  SetUnlessEmpty("labels", info.labels, &metadata);
  SetUnlessEmpty("nodeSelector", info.node_selector, &spec);
  SetUnlessEmpty("tolerations", info.tolerations, &spec);
  SetUnlessEmpty("schedulingGates", info.scheduling_gates, &spec);
  const json pod_template = {{"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
  return {{"name", info.name}, {"template", {{"spec", {{"template", pod_template}}}}}};
}

// Two writes: the trainer takes patches only while the job is suspended.
absl::Status Start(const JobRef& job, Infos infos, const EventNote& started, Plan* plan) {
  const absl::StatusOr<kube::ObjectPtr> job_set = JobSetOfTrainJob(job.world, job.object);
  if (!job_set.ok()) return job_set.status();
  const size_t wanted = ListAt((*job_set)->value(), kReplicatedJobs).size();
  if (infos.size() != wanted) return WrongNumberOfPodSets(wanted, infos.size());
  json patched = job.value();
  json* own = OwnPatch(&patched);
  if (own == nullptr || !own->is_object()) return absl::NotFoundError("kueue runtime patch not found");
  json& replicated = (*own)["replicatedJobs"] = json::array();
  for (const PodSetInfo& info : infos) replicated.push_back(PatchOf(info));
  Step patch;
  patch.request = Update(job.object, patched);
  plan->steps.push_back(std::move(patch));
  json running = job.value();
  SetSuspended(job.kind, false, &running);
  Step run;
  run.request = *MergePatch(job.object, running, PatchMode::kLoose);
  run.events = {started};
  plan->steps.push_back(std::move(run));
  return absl::OkStatus();
}

// Suspended at once; what it was started with goes once its pods are gone.
absl::Status Stop(const JobRef& job, Infos, const EventNote& stopped, Plan* plan) {
  const bool was_suspended = IsSuspendedBySpec(job);
  json held = job.value();
  if (!was_suspended) {
    SetSuspended(job.kind, true, &held);
    Step step;
    step.request = Update(job.object, held);
    plan->steps.push_back(std::move(step));
  }
  if (IsActive(job)) return absl::UnavailableError("jobs are still active");
  json restored = job.value();
  json* own = OwnPatch(&restored);
  if (own == nullptr || !own->is_object()) return absl::NotFoundError("kueue runtime patch not found");
  own->erase("replicatedJobs");
  const PatchMode mode = was_suspended ? PatchMode::kStrict : PatchMode::kLoose;
  if (std::optional<kube::Request> request = MergePatch(job.object, restored, mode)) {
    Step step;
    step.request = *std::move(request);
    plan->steps.push_back(std::move(step));
  }
  if (!plan->steps.empty()) plan->steps.back().events.push_back(stopped);
  return absl::OkStatus();
}

}  // namespace

KindRules TrainJobRules() {
  KindRules rules;
  rules.framework = "trainer.kubeflow.org/trainjob";
  rules.active = IsActive;
  rules.finished = Finished;
  rules.pods_ready = PodsReady;
  rules.reclaimable = Reclaimable;
  rules.pod_sets = PodSets;
  rules.start = Start;
  rules.stop = Stop;
  return rules;
}

}  // namespace muster::manager
