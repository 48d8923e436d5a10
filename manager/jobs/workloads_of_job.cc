#include "manager/jobs/workloads_of_job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/jobs/workloads.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/jobs/same_pods.h"
#include "manager/names.h"
#include "manager/vocabulary.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

std::vector<json> PodSetsOf(const ReadWorkload& workload) {
  const json& list = ListAt(workload.object->value(), "/spec/podSets");
  return {list.begin(), list.end()};
}

// The pod sets of a Workload that holds quota as they are while its job runs; nullopt when that cannot be said.
std::optional<std::vector<json>> RunningPodSets(const World& world, const ReadWorkload& workload) {
  if (!workload.HasTrue(kQuotaReserved)) return std::nullopt;
  absl::StatusOr<std::vector<PodSetInfo>> infos = InfosOfAdmission(world, *workload.object, *workload.typed);
  if (!infos.ok()) return std::nullopt;
  std::vector<json> pod_sets = PodSetsOf(workload);
  for (json& pod_set : pod_sets) {
    const std::string name = TextAt(pod_set, "/name");
    const auto info =
        std::find_if(infos->begin(), infos->end(), [&](const PodSetInfo& each) { return each.name == name; });
    if (info == infos->end() || !MergeIntoTemplate(*info, &Member(pod_set, "template")).ok()) return std::nullopt;
    // As many as were admitted, of a pod set that may be admitted in part.
    const int64_t least = IntAt(pod_set, "/minCount", -1);
    if (least >= 0 && IntAt(pod_set, "/count") > least) pod_set["count"] = info->count;
  }
  return pod_sets;
}

void CopyAnnotations(const kube::Object& job, json* workload) {
  const json* annotations = job.At("/metadata/annotations");
  if (annotations == nullptr || !annotations->is_object()) return;
  for (const auto& [key, value] : annotations->items()) {
    if (absl::StartsWith(key, kProvisioningAnnotationPrefix) && value.is_string()) {
      SetMetadata(*workload, "annotations", key, value.get<std::string>());
    }
  }
}

}  // namespace

absl::StatusOr<ReadWorkload> Read(const World& world, const kube::ObjectPtr& workload) {
  absl::StatusOr<std::shared_ptr<const api::Workload>> typed = world.Typed(workload);
  if (!typed.ok()) return typed.status();
  return ReadWorkload{workload, *std::move(typed)};
}

absl::StatusOr<std::vector<ReadWorkload>> WorkloadsOwnedBy(const World& world, const api::JobKind& kind,
                                                           absl::string_view ns, absl::string_view name) {
  std::vector<ReadWorkload> found;
  for (const kube::ObjectPtr& each :
       world.objects.Lookup(kWorkloadsByOwner, OwnerIndexValue(kind.group, kind.kind, ns, name))) {
    absl::StatusOr<ReadWorkload> read = Read(world, each);
    if (!read.ok()) return read.status();
    found.push_back(*std::move(read));
  }
  return found;
}

absl::StatusOr<std::vector<ReadWorkload>> UnfinishedWorkloads(const World& world, const kube::Object& job) {
  const api::JobKind* kind = api::FindJobKind(job.type().group, job.type().kind);
  if (kind == nullptr) return std::vector<ReadWorkload>();
  return UnfinishedWorkloads(world, *kind, job.ns(), job.name());
}

absl::StatusOr<std::vector<ReadWorkload>> UnfinishedWorkloads(const World& world, const api::JobKind& kind,
                                                              absl::string_view ns, absl::string_view name) {
  absl::StatusOr<std::vector<ReadWorkload>> all = WorkloadsOwnedBy(world, kind, ns, name);
  if (!all.ok()) return all;
  std::erase_if(*all, [](const ReadWorkload& each) { return each.HasTrue(kFinished); });
  std::stable_sort(all->begin(), all->end(), [](const ReadWorkload& a, const ReadWorkload& b) {
    return std::make_pair(a.object->created(), a.object->uid()) < std::make_pair(b.object->created(), b.object->uid());
  });
  return all;
}

const ReadWorkload* LatestReserved(const std::vector<ReadWorkload>& workloads) {
  for (auto it = workloads.rbegin(); it != workloads.rend(); ++it) {
    if (it->HasTrue(kQuotaReserved) && !it->HasTrue(kEvicted)) return &*it;
  }
  return nullptr;
}

bool SameAsWorkload(const World& world, const std::vector<json>& pod_sets, const ReadWorkload& workload,
                    bool suspended) {
  const Tolerations tolerations = workload.HasTrue(kAdmitted) ? Tolerations::kIgnored : Tolerations::kCompared;
  if (const std::optional<std::vector<json>> running = RunningPodSets(world, workload)) {
    if (SamePodSets(pod_sets, *running, tolerations)) return true;
    if (!suspended) return false;
  }
  return SamePodSets(pod_sets, PodSetsOf(workload), tolerations);
}

json NewWorkload(const kube::Object& job, const std::string& name, std::vector<json> pod_sets) {
  json workload = {
      {"apiVersion", WorkloadType().ApiVersion()},
      {"kind", std::string(WorkloadType().kind)},
      {"metadata", {{"name", name}, {"namespace", job.ns()}, {"finalizers", {api::kResourceInUseFinalizer}}}}};
  CopyAnnotations(job, &workload);
  json& spec = workload["spec"];
  spec = {{"podSets", std::move(pod_sets)}, {"active", true}};
  if (const std::string queue = QueueName(job); !queue.empty()) spec["queueName"] = queue;
  if (const std::optional<int32_t> seconds = MaxExecSeconds(job)) spec["maximumExecutionTimeSeconds"] = *seconds;
  return workload;
}

void CopyLabels(const World& world, const kube::Object& job, json* workload) {
  for (const std::string& key : world.options.label_keys_to_copy) {
    if (job.HasLabel(key)) SetMetadata(*workload, "labels", key, std::string(job.label(key)));
  }
}

void SetJobUid(const kube::Object& job, json* workload) {
  if (!job.uid().empty() && IsLabelValue(job.uid())) SetMetadata(*workload, "labels", api::kJobUidLabel, job.uid());
}

json OwnerReferenceTo(const kube::Object& owner, bool controller) {
  json reference = {{"apiVersion", owner.type().ApiVersion()},
                    {"kind", std::string(owner.type().kind)},
                    {"name", owner.name()},
                    {"uid", owner.uid()}};
  if (controller) {
    reference["controller"] = true;
    reference["blockOwnerDeletion"] = true;
  }
  return reference;
}

bool CopyAdmissionGate(const World& world, const kube::Object& job, json* workload) {
  if (!world.options.webhook.gates[api::Gate::kAdmissionGatedBy]) return false;
  const std::string wanted(job.annotation(api::kAdmissionGatedByAnnotation));
  const json* annotations = api::At(*workload, "/metadata/annotations");
  const auto it = annotations == nullptr ? json::const_iterator() : annotations->find(api::kAdmissionGatedByAnnotation);
  const bool has = annotations != nullptr && annotations->is_object() && it != annotations->end() && it->is_string();
  if (wanted == (has ? it->get<std::string>() : "")) return false;
  if (wanted.empty()) {
    RemoveMetadata(*workload, "annotations", api::kAdmissionGatedByAnnotation);
  } else {
    SetMetadata(*workload, "annotations", api::kAdmissionGatedByAnnotation, wanted);
  }
  return true;
}

void ReleaseWorkload(const kube::Object& workload, Plan* plan) {
  if (!workload.HasFinalizer(api::kResourceInUseFinalizer)) return;
  Step step;
  step.request = WithoutFinalizer(workload, api::kResourceInUseFinalizer);
  step.gone_is_fine = true;
  plan->steps.push_back(std::move(step));
}

bool DeleteWorkload(const kube::Object& workload, Plan* plan) {
  ReleaseWorkload(workload, plan);
  if (workload.deleting()) return false;
  Step step;
  step.request.verb = kube::Verb::kDelete;
  step.request.key = workload.key();
  step.gone_is_fine = true;
  plan->steps.push_back(std::move(step));
  return true;
}

}  // namespace muster::manager
