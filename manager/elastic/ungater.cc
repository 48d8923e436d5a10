#include "manager/elastic/ungater.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "api/kueue.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pods/pod_state.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/names.h"
#include "manager/vocabulary.h"

namespace muster::manager {
namespace {

using kube::ObjectPtr;
using nlohmann::json;

constexpr absl::Duration kPodBatch = absl::Seconds(1);
// The gate has the name of the annotation.
constexpr const char* kGate = api::kElasticJobAnnotation;

bool Counts(const World& world, const ReadWorkload& slice) {
  return IsElastic(world, *slice.object) && !slice.HasTrue(kFinished) && slice.HasTrue(kAdmitted) &&
         slice.typed->status.admission.has_value();
}

// The slice of a job that its pods are counted against: admitted, and not on its way out. Errors: of one that cannot be
// read.
absl::StatusOr<std::optional<ReadWorkload>> ActiveSlice(const World& world, absl::string_view ns,
                                                        const std::optional<kube::Owner>& job) {
  if (!job.has_value()) return std::nullopt;
  const api::JobKind* kind = api::FindJobKind(kube::GroupOf(job->api_version), job->kind);
  if (kind == nullptr) return std::nullopt;
  const absl::StatusOr<std::vector<ReadWorkload>> slices = UnfinishedWorkloads(world, *kind, ns, job->name);
  if (!slices.ok()) return slices.status();
  const ReadWorkload* latest = LatestReserved(*slices);
  if (latest == nullptr || !Counts(world, *latest)) return std::nullopt;
  return *latest;
}

// What checks ask for of the pods of one pod set.
struct CheckUpdate {
  api::StringMap annotations, node_selector;
};

absl::Status Add(const std::string& key, const std::string& value, const char* what, const std::string& pod_set,
                 api::StringMap* map) {
  const auto [it, is_new] = map->emplace(key, value);
  if (is_new || it->second == value) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("conflicting \"", key, "\" ", what, " updates for PodSet \"", pod_set, "\""));
}

absl::StatusOr<CheckUpdate> UpdateOf(const api::Workload& slice, const std::string& pod_set) {
  CheckUpdate all;
  for (const api::AdmissionCheckState& check : slice.status.admission_checks) {
    for (const api::PodSetUpdate& update : check.pod_set_updates) {
      if (update.name != pod_set) continue;
      for (const char* key : {kConsumeProvisioningRequestAnnotation, kProvisioningClassAnnotation}) {
        const auto value = update.annotations.find(key);
        if (value == update.annotations.end()) continue;
        const absl::Status status = Add(key, value->second, "annotation", pod_set, &all.annotations);
        if (!status.ok()) return status;
      }
      for (const auto& [key, value] : update.node_selector) {
        const absl::Status status = Add(key, value, "node selector", pod_set, &all.node_selector);
        if (!status.ok()) return status;
      }
    }
  }
  return all;
}

// Whether the pod says nothing else already: what was said of a pod cannot be taken back.
bool MayGet(const kube::Object& pod, const CheckUpdate& update) {
  for (const auto& [key, value] : update.annotations) {
    if (pod.HasAnnotation(key) && pod.annotation(key) != value) return false;
  }
  const json* selector = pod.At("/spec/nodeSelector");
  if (selector == nullptr || !selector->is_object()) return true;
  for (const auto& [key, value] : update.node_selector) {
    const auto it = selector->find(key);
    if (it != selector->end() && *it != value) return false;
  }
  return true;
}

Step Ungate(const kube::Object& pod, const CheckUpdate& update) {
  json after = pod.value();
  RemoveGate(&after, kGate);
  for (const auto& [key, value] : update.annotations) SetMetadata(after, "annotations", key, value);
  for (const auto& [key, value] : update.node_selector) Member(Member(after, "spec"), "nodeSelector")[key] = value;
  Step step;
  step.request = *MergePatch(pod, after);
  step.gone_is_fine = true;
  return step;
}

// The pods of a pod set, by name.
struct PodSetPods {
  std::vector<ObjectPtr> gated;
  int64_t running = 0;
};

Plan UngatePodsOf(const World& world, const ReadWorkload& slice) {
  Plan plan;
  std::map<std::string, PodSetPods> pod_sets;
  for (const ObjectPtr& pod :
       world.objects.Lookup(kPodsByWorkload, absl::StrCat(slice.object->ns(), "/", SliceName(*slice.object)))) {
    if (IsTerminated(*pod)) continue;
    PodSetPods& pods = pod_sets[std::string(pod->label(kPodSetLabel))];
    if (HasGate(*pod, kGate)) {
      pods.gated.push_back(pod);
    } else {
      ++pods.running;
    }
  }
  for (const api::PodSet& pod_set : slice.typed->spec.pod_sets) {
    const auto it = pod_sets.find(pod_set.name);
    if (it == pod_sets.end() || it->second.gated.empty()) continue;
    const absl::StatusOr<CheckUpdate> update = UpdateOf(*slice.typed, pod_set.name);
    if (!update.ok()) {
      plan.steps.clear();
      plan.error = update.status();
      return plan;
    }
    int64_t room = pod_set.count - it->second.running;
    for (const ObjectPtr& pod : it->second.gated) {
      if (room <= 0) break;
      if (!MayGet(*pod, *update)) continue;
      plan.steps.push_back(Ungate(*pod, *update));
      --room;
    }
  }
  return plan;
}

// The job of the chain that a pod belongs to: the owner of the slice it names, or its own if that slice is gone.
std::optional<kube::Owner> JobOf(const World& world, const kube::Object& pod, absl::string_view slice) {
  const ObjectPtr workload = world.Workload(pod.ns(), slice);
  if (workload != nullptr) {
    if (std::optional<kube::Owner> owner = ControllerOf(*workload)) return owner;
  }
  return ControllerOf(pod);
}

}  // namespace

Plan UngateElastic(const World& world, absl::string_view ns, absl::string_view name) {
  Plan plan;
  const ObjectPtr object = world.Workload(ns, name);
  if (object == nullptr) return plan;
  absl::StatusOr<ReadWorkload> slice = Read(world, object);
  if (!slice.ok()) {
    plan.error = slice.status();
    return plan;
  }
  if (Counts(world, *slice) && !slice->HasTrue(kEvicted)) return UngatePodsOf(world, *slice);
  const absl::StatusOr<std::optional<ReadWorkload>> active = ActiveSlice(world, ns, ControllerOf(*object));
  plan.error = active.status();
  if (!active.ok() || !active->has_value()) return plan;
  return UngatePodsOf(world, **active);
}

std::vector<ElasticLook> ElasticToLookAt(const World& world, const ObjectPtr& before, const ObjectPtr& after) {
  std::vector<ElasticLook> looks;
  if (!world.options.webhook.gates.IsOn(api::Gate::kElasticJobsViaWorkloadSlices)) return looks;
  const kube::Object& any = after != nullptr ? *after : *before;
  std::optional<kube::Owner> job;
  const bool is_pod = &any.type() == &PodType();
  if (is_pod) {
    absl::string_view slice = any.annotation(kWorkloadSliceNameAnnotation);
    if (slice.empty()) slice = any.annotation(kWorkloadAnnotation);
    if (slice.empty()) return looks;
    job = JobOf(world, any, slice);
  } else if (&any.type() == &WorkloadType() && after != nullptr && IsElastic(world, any)) {
    const absl::StatusOr<ReadWorkload> slice = Read(world, after);
    if (!slice.ok() || !Counts(world, *slice)) return looks;
    job = ControllerOf(any);
  }
  const absl::StatusOr<std::optional<ReadWorkload>> active = ActiveSlice(world, any.ns(), job);
  if (active.ok() && active->has_value()) {
    looks.push_back({(*active)->object->key(), is_pod ? kPodBatch : absl::ZeroDuration()});
  }
  return looks;
}

}  // namespace muster::manager
