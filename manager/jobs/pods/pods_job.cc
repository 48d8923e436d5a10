#include "manager/jobs/pods/pods_job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/jobs/kind_rules.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/names.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

std::string ReasonText(StopReason reason, const ReadWorkload* workload) {
  switch (reason) {
    case StopReason::kWorkloadDeleted:
      return "WorkloadDeleted";
    case StopReason::kNoMatchingWorkload:
      return "NoMatchingWorkload";
    case StopReason::kNotAdmitted:
      return "NotAdmitted";
    case StopReason::kWorkloadEvicted:
      break;
  }
  if (workload == nullptr || !workload->HasTrue(kEvicted)) return "WorkloadEvicted";
  return absl::StrCat("WorkloadEvictedDueTo", api::FindCondition(workload->typed->status.conditions, kEvicted)->reason);
}

// Says in the pod's status why it is about to be deleted.
kube::Request SayWhy(const kube::Object& pod, const std::string& reason, absl::string_view message, absl::Time now) {
  kube::Request request;
  request.verb = kube::Verb::kApply;
  request.key = pod.key();
  request.subresource = "status";
  request.field_manager = kDefaultFieldManager;
  request.force = true;
  request.body = {{"apiVersion", pod.type().ApiVersion()},
                  {"kind", std::string(pod.type().kind)},
                  {"metadata", {{"name", pod.name()}, {"namespace", pod.ns()}, {"uid", pod.uid()}}},
                  {"status",
                   {{"conditions", json::array({{{"type", "TerminationTarget"},
                                                 {"status", "True"},
                                                 {"reason", reason},
                                                 {"message", std::string(message)},
                                                 {"lastTransitionTime", kube::TimeText(now)}}})}}}};
  return request;
}

bool AsksForTopologyGate(const PodSetInfo& info) {
  return std::any_of(info.scheduling_gates.begin(), info.scheduling_gates.end(),
                     [](const json& gate) { return TextAt(gate, "/name") == api::kTopologySchedulingGate; });
}

}  // namespace

const api::JobKind& PodKind() {
  static const api::JobKind& kind = *api::FindJobKind("", "Pod");
  return kind;
}

PodsJob::PodsJob(const World& world, Pods pods, absl::Time now)
    : Job(world, PodKind(), pods.front()), pods_(std::move(pods)), now_(now) {}

bool PodsJob::IsSuspended() const {
  return std::any_of(pods_.begin(), pods_.end(),
                     [](const kube::ObjectPtr& pod) { return IsTerminated(*pod) || IsGated(*pod); });
}

absl::Status PodsJob::Start(const ReadWorkload& workload, const std::vector<PodSetInfo>& infos, Plan* plan) const {
  const std::string message =
      absl::StrCat("Admitted by clusterQueue ", workload.typed->status.admission->cluster_queue);
  std::vector<Step> steps;
  for (const kube::ObjectPtr& pod : pods_) {
    if (!IsGated(*pod)) continue;
    const PodSetInfo* info = InfoOf(*pod, infos);
    if (info == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("invalid podset infos: podSetInfo with the name '", RoleOf(*pod), "' is not found"));
    }
    json after = pod->value();
    // A pod is its own template.
    if (absl::Status status = MergeIntoTemplate(*info, &after); !status.ok()) return status;
    RemoveGate(&after, api::kAdmissionSchedulingGate);
    if (!AsksForTopologyGate(*info)) RemoveGate(&after, api::kTopologySchedulingGate);
    std::optional<kube::Request> request = MergePatch(*pod, after);
    if (!request.has_value()) continue;
    Step& step = steps.emplace_back();
    step.request = *std::move(request);
    step.events.push_back(PodEvent(*pod, "Started", message));
  }
  std::move(steps.begin(), steps.end(), std::back_inserter(plan->steps));
  return absl::OkStatus();
}

absl::Status PodsJob::Stop(const ReadWorkload* workload, StopReason reason, absl::string_view message,
                           Plan* plan) const {
  const bool all = reason == StopReason::kWorkloadDeleted;
  for (const kube::ObjectPtr& pod : pods_) {
    if (pod->deleting() || (!all && (IsTerminated(*pod) || IsGated(*pod)))) continue;
    Step& why = plan->steps.emplace_back();
    why.request = SayWhy(*pod, ReasonText(reason, workload), message, now_);
    why.gone_is_fine = true;
    Step& gone = plan->steps.emplace_back();
    gone.request.verb = kube::Verb::kDelete;
    gone.request.key = pod->key();
    gone.gone_is_fine = true;
    gone.events.push_back(PodEvent(*pod, "Stopped", message));
  }
  return absl::OkStatus();
}

void PodsJob::NoteEach(absl::string_view reason, absl::string_view message, Plan* plan) const {
  for (const kube::ObjectPtr& pod : pods_) plan->events.push_back(PodEvent(*pod, reason, message));
}

EventNote PodsJob::PodEvent(const kube::Object& pod, absl::string_view reason, absl::string_view message,
                            bool warning) const {
  return Note(pod, recorder(), warning, reason, message);
}

void PodsJob::RemoveFinalizers(const Pods& pods, Plan* plan) const {
  for (const kube::ObjectPtr& pod : pods) {
    if (!pod->HasFinalizer(api::kManagedLabel)) continue;
    Step& step = plan->steps.emplace_back();
    step.request = *MergePatch(*pod, WithoutFinalizer(*pod, api::kManagedLabel).body);
    step.gone_is_fine = true;
  }
}

absl::StatusOr<json> PodsJob::PodSetOf(const kube::Object& pod, const std::string& name, int64_t count) const {
  const json* spec = pod.At("/spec");
  // Annotations of the pod say what topology it asks for, and stay its own.
  json pod_template = {{"metadata", json::object()}, {"spec", spec == nullptr ? json::object() : *spec}};
  if (const json* annotations = pod.At("/metadata/annotations")) pod_template["metadata"]["annotations"] = *annotations;
  absl::StatusOr<json> made = MakePodSet(world(), kind(), name, count, pod_template);
  if (!made.ok()) return made;
  (*made)["template"]["metadata"] = json::object();
  if (world().options.webhook.gates[api::Gate::kTopologyAwareScheduling]) {
    (*made)["topologyRequest"]["podIndexLabel"] = api::kPodGroupPodIndexLabel;
  }
  return made;
}

}  // namespace muster::manager
