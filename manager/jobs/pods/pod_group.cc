#include "manager/jobs/pods/pod_group.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/names.h"
#include "manager/vocabulary.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr size_t kMaxRoles = 18;
constexpr char kPodsFailed[] = "PodsFailed";

std::pair<Pods, Pods> Partition(const Pods& pods) {
  Pods active, inactive;
  for (const kube::ObjectPtr& pod : pods) (IsRunnableOrSucceeded(*pod) ? active : inactive).push_back(pod);
  return {std::move(active), std::move(inactive)};
}

Pods OfRole(const Pods& pods, const std::string& role) {
  Pods found;
  for (const kube::ObjectPtr& pod : pods) {
    if (RoleOf(*pod) == role) found.push_back(pod);
  }
  return found;
}

// Splits off the last `count`.
Pods TakeLast(Pods* pods, int64_t count) {
  Pods last(pods->end() - count, pods->end());
  pods->resize(pods->size() - count);
  return last;
}

void Append(Pods from, Pods* to) { to->insert(to->end(), from.begin(), from.end()); }

bool IsGroupWorkload(const kube::Object& workload) {
  return workload.annotation(api::kGroupWorkloadAnnotation) == "true";
}

}  // namespace

PodGroup::PodGroup(const World& world, Pods pods, absl::Time now) : PodsJob(world, pods, now), all_(std::move(pods)) {}

bool PodGroup::IsServing() const { return object().annotation(api::kPodGroupServingAnnotation) == "true"; }

bool PodGroup::IsAdmittedFast() const { return object().annotation(kPodGroupFastAdmissionAnnotation) == "true"; }

std::string PodGroup::WorkloadName() const {
  std::string name = PrebuiltWorkloadName(object());
  return name.empty() ? GroupOf(object()) : name;
}

bool PodGroup::IsActive() const {
  return std::any_of(pods().begin(), pods().end(), [&](const kube::ObjectPtr& pod) { return IsRunning(*pod, now()); });
}

std::optional<Outcome> PodGroup::Finished() const {
  const int64_t size = GroupSize(object());
  if (IsServing() || size == 0) return std::nullopt;
  int64_t succeeded = 0;
  bool ended = true, given_up = false;
  for (const kube::ObjectPtr& pod : pods()) {
    if (pod->StringAt("/status/phase") == "Succeeded") ++succeeded;
    ended &= IsTerminated(*pod);
    given_up |= pod->annotation(api::kRetriableInGroupAnnotation) == "false";
  }
  if (succeeded != size && !(ended && given_up)) return std::nullopt;
  return Outcome{absl::StrCat("Pods succeeded: ", succeeded, "/", size, "."), true};
}

bool PodGroup::PodsReady() const {
  const int64_t size = GroupSize(object());
  return size > 0 && static_cast<int64_t>(pods().size()) >= size &&
         std::all_of(pods().begin(), pods().end(), [](const kube::ObjectPtr& pod) { return IsReady(*pod); });
}

std::optional<std::vector<api::ReclaimablePod>> PodGroup::Reclaimable() const {
  std::vector<api::ReclaimablePod> reclaimable;
  if (IsServing()) return reclaimable;
  std::map<std::string, int32_t> succeeded;
  for (const kube::ObjectPtr& pod : pods()) {
    if (pod->StringAt("/status/phase") == "Succeeded") ++succeeded[RoleOf(*pod)];
  }
  for (const auto& [role, count] : succeeded) reclaimable.push_back({role, count});
  return reclaimable;
}

absl::StatusOr<std::vector<json>> PodGroup::PodSetsOf(const Pods& pods) const {
  std::map<std::string, json> by_role;
  for (const kube::ObjectPtr& pod : pods) {
    if (!IsRunnableOrSucceeded(*pod)) continue;
    const std::string role = RoleOf(*pod);
    if (const auto it = by_role.find(role); it != by_role.end()) {
      it->second["count"] = it->second["count"].get<int64_t>() + 1;
      continue;
    }
    absl::StatusOr<json> made = PodSetOf(*pod, role, 1);
    if (!made.ok()) return made.status();
    by_role[role] = *std::move(made);
  }
  std::vector<json> pod_sets;
  for (auto& [role, pod_set] : by_role) pod_sets.push_back(std::move(pod_set));
  return pod_sets;
}

absl::StatusOr<std::vector<json>> PodGroup::PodSets() const {
  if (!IsAdmittedFast()) return PodSetsOf(pods());
  for (const kube::ObjectPtr& pod : pods()) {
    if (!IsRunnableOrSucceeded(*pod)) continue;
    absl::StatusOr<json> made = PodSetOf(*pod, RoleOf(*pod), GroupSize(object()));
    if (!made.ok()) return made.status();
    return std::vector<json>{*std::move(made)};
  }
  return absl::NotFoundError("failed to find a runnable pod in the group");
}

PodGroup::Fit PodGroup::FitPods(const ReadWorkload& workload) const {
  auto [active, inactive] = Partition(all_);
  Fit fit;
  for (const json& pod_set : ListAt(workload.object->value(), "/spec/podSets")) {
    const int64_t count = IntAt(pod_set, "/count", 1);
    const std::string role = TextAt(pod_set, "/name");
    Pods alive = OfRole(active, role), ended = OfRole(inactive, role);
    const int64_t living = static_cast<int64_t>(alive.size()), gone = static_cast<int64_t>(ended.size());
    fit.absent += IsAdmittedFast() ? (count > 0 && living == 0 ? 1 : 0) : std::max<int64_t>(0, count - living);
    if (living > count) {
      SortActive(&alive);
      Append(TakeLast(&alive, living - count), &fit.excess);
    }
    // As many as others have taken the place of.
    if (const int64_t replaced = std::min(gone, gone + living - count); replaced > 0) {
      SortInactive(&ended, now());
      Append(TakeLast(&ended, replaced), &fit.replaced);
    }
    Append(std::move(alive), &fit.kept);
    Append(std::move(ended), &fit.kept);
  }
  return fit;
}

bool PodGroup::Fits(const ReadWorkload& workload, const std::vector<json>& pod_sets) const {
  const bool finished = workload.HasTrue(kFinished);
  if (workload.object->name() != WorkloadName()) return false;
  const json& has = ListAt(workload.object->value(), "/spec/podSets");
  size_t at = 0;
  for (const json& pod_set : pod_sets) {
    while (at < has.size() && TextAt(has[at], "/name") != TextAt(pod_set, "/name")) ++at;
    if (at == has.size()) return false;
    if (!finished && IntAt(has[at], "/count", 1) < IntAt(pod_set, "/count")) return false;
    ++at;
  }
  return true;
}

absl::StatusOr<Matching> PodGroup::FindMatching(Plan* plan) {
  const kube::ObjectPtr object_of_group = world().Workload(object().ns(), GroupOf(object()));
  if (object_of_group == nullptr) return Matching();
  absl::StatusOr<ReadWorkload> workload = Read(world(), object_of_group);
  if (!workload.ok()) return workload.status();
  if (!IsGroupWorkload(*object_of_group)) {
    EventNote& note = plan->events.emplace_back(
        Event("WorkloadNameConflict",
              absl::StrCat("A Workload named \"", GroupOf(object()),
                           "\" already exists but is not a pod group workload; this pod group cannot be admitted"),
              /*warning=*/true));
    note.action = "Admission";
    RemoveFinalizers(Partition(all_).second, plan);
    return absl::CancelledError("the Workload of that name is another's");
  }
  if (workload->typed->spec.maximum_execution_time_seconds.value_or(-1) != MaxExecSeconds(object()).value_or(-1)) {
    return Matching{std::nullopt, {*std::move(workload)}};
  }
  Fit fit = FitPods(*workload);
  const absl::StatusOr<std::vector<json>> pod_sets = PodSetsOf(fit.kept);
  if (!pod_sets.ok()) return pod_sets.status();
  if (fit.kept.empty() || !Fits(*workload, *pod_sets)) return Matching{std::nullopt, {*std::move(workload)}};
  absent_ = fit.absent;
  set_pods(std::move(fit.kept));
  AdoptWorkload(*workload, plan);
  RemoveExcess(fit.excess, plan);
  RemoveFinalizers(fit.replaced, plan);
  return Matching{*std::move(workload), {}};
}

absl::StatusOr<bool> PodGroup::FitsWorkload(const ReadWorkload& workload) const {
  const absl::StatusOr<std::vector<json>> pod_sets = PodSets();
  if (!pod_sets.ok()) return pod_sets.status();
  return Fits(workload, *pod_sets);
}

absl::Status PodGroup::Check(const Pods& active, Plan* plan) const {
  const int64_t size = GroupSize(object());
  if (size == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("failed to extract '", api::kPodGroupTotalCountAnnotation, "' annotation"));
  }
  if (object().HasLabel(api::kPodGroupPodIndexLabel)) {
    uint32_t index = 0;
    if (!absl::SimpleAtoi(object().label(api::kPodGroupPodIndexLabel), &index) || index >= size) {
      return absl::InvalidArgumentError(absl::StrCat("incorrect label value \"",
                                                     object().label(api::kPodGroupPodIndexLabel), "\" for Pod \"",
                                                     object().name(), "\": value should be less than ", size));
    }
  }
  if (!IsAdmittedFast() && static_cast<int64_t>(active.size()) < size) {
    const std::string message = absl::StrCat("'", GroupOf(object()), "' group has fewer runnable pods than expected");
    plan->events.push_back(Event("ErrWorkloadCompose", message, /*warning=*/true));
    return absl::CancelledError(message);
  }
  for (const kube::ObjectPtr& pod : all_) {
    if (pod->StringAt("/status/phase") == "Failed") continue;
    if (QueueName(*pod) != QueueName(object()) || GroupSize(*pod) != size) {
      return absl::CancelledError(absl::StrCat("pods '", object().name(), "' and '", pod->name(),
                                               "' have different queue names or total counts"));
    }
  }
  return absl::OkStatus();
}

absl::Status PodGroup::CopyCommonLabels(const Pods& pods, json* workload) const {
  std::map<std::string, std::string> labels;
  for (const kube::ObjectPtr& pod : pods) {
    for (const std::string& key : world().options.label_keys_to_copy) {
      if (!pod->HasLabel(key)) continue;
      const auto [it, added] = labels.emplace(key, pod->label(key));
      if (!added && it->second != pod->label(key)) {
        return absl::InvalidArgumentError("constructing workload: pods have different label values");
      }
    }
  }
  for (const auto& [key, value] : labels) SetMetadata(*workload, "labels", key, value);
  return absl::OkStatus();
}

absl::StatusOr<json> PodGroup::MakeWorkload(Plan* plan) const {
  auto [active, inactive] = Partition(all_);
  RemoveFinalizers(inactive, plan);
  if (absl::Status status = Check(active, plan); !status.ok()) return status;
  Pods kept = all_;
  if (const int64_t excess = static_cast<int64_t>(active.size()) - GroupSize(object()); excess > 0) {
    SortActive(&active);
    RemoveExcess(TakeLast(&active, excess), plan);
    kept = active;
  }
  absl::StatusOr<std::vector<json>> pod_sets = IsAdmittedFast() ? PodSets() : PodSetsOf(kept);
  if (!pod_sets.ok()) return pod_sets.status();
  if (pod_sets->size() > kMaxRoles) {
    return absl::CancelledError(absl::StrCat("pod group can't include more than ", kMaxRoles, " roles"));
  }
  json workload = NewWorkload(object(), WorkloadName(), *std::move(pod_sets));
  SetMetadata(workload, "annotations", api::kGroupWorkloadAnnotation, "true");
  CopyAdmissionGate(world(), object(), &workload);
  json owners = json::array();
  for (const kube::ObjectPtr& pod : kept) owners.push_back(OwnerReferenceTo(*pod, /*controller=*/false));
  workload["metadata"]["ownerReferences"] = std::move(owners);
  if (absl::Status status = CopyCommonLabels(kept, &workload); !status.ok()) return status;
  return workload;
}

bool PodGroup::AdoptWorkload(const ReadWorkload& workload, Plan* plan) const {
  const kube::Object& object = *workload.object;
  const std::vector<kube::Owner> has = object.Owners();
  json added = json::array();
  for (const kube::ObjectPtr& pod : pods()) {
    const bool known =
        std::any_of(has.begin(), has.end(), [&](const kube::Owner& each) { return each.uid == pod->uid(); });
    if (!known) added.push_back(OwnerReferenceTo(*pod, /*controller=*/false));
  }
  if (added.empty()) return false;
  json after = object.value();
  json& owners = Member(after, "metadata")["ownerReferences"];
  if (!owners.is_array()) owners = json::array();
  owners.insert(owners.end(), added.begin(), added.end());
  Step& step = plan->steps.emplace_back();
  step.request = Update(object, std::move(after));
  step.events.push_back(Note(object, recorder(), /*warning=*/false, "OwnerReferencesAdded",
                             absl::StrCat("Added ", added.size(), " owner reference(s)")));
  return true;
}

void PodGroup::RemoveExcess(const Pods& pods, Plan* plan) const {
  for (const kube::ObjectPtr& pod : pods) {
    RemoveFinalizers({pod}, plan);
    if (pod->deleting()) continue;
    Step& step = plan->steps.emplace_back();
    step.request.verb = kube::Verb::kDelete;
    step.request.key = pod->key();
    step.gone_is_fine = true;
    step.events.push_back(PodEvent(*pod, "ExcessPodDeleted", "Excess pod deleted"));
  }
}

absl::Status PodGroup::Stop(const ReadWorkload* workload, StopReason reason, absl::string_view message,
                            Plan* plan) const {
  absl::Status status = PodsJob::Stop(workload, reason, message, plan);
  if (status.ok() && reason == StopReason::kWorkloadDeleted) Finalize(plan);
  return status;
}

const PodSetInfo* PodGroup::InfoOf(const kube::Object& pod, const std::vector<PodSetInfo>& infos) const {
  const std::string role = RoleOf(pod);
  for (const PodSetInfo& info : infos) {
    if (info.name == role) return &info;
  }
  return nullptr;
}

bool PodGroup::UpdateConditions(const ReadWorkload& workload, absl::Time now, Plan* plan) const {
  std::vector<api::Condition> conditions = workload.typed->status.conditions;
  const api::Condition* has = api::FindCondition(conditions, kWaitingForReplacementPods);
  const bool waits = absent_ > 0;
  if (has == nullptr && !waits) return false;
  const bool waited = has != nullptr && has->status == "True";
  std::string reason = waits ? kPodsFailed : kPodsReady;
  std::string message = waits ? "Some Failed pods need replacement" : "No pods need replacement";
  if (waits && workload.HasTrue(kEvicted)) {
    const api::Condition& evicted = *api::FindCondition(conditions, kEvicted);
    reason = evicted.reason;
    message = evicted.message;
  } else if (has != nullptr && waited == waits) {
    return false;
  }
  if (has != nullptr && waited == waits && has->reason == reason && has->message == message) return false;
  api::Condition condition;
  condition.type = kWaitingForReplacementPods;
  condition.status = waits ? "True" : "False";
  condition.reason = std::move(reason);
  condition.message = std::move(message);
  condition.observed_generation = workload.object->generation();
  condition.last_transition_time = has != nullptr && waited == waits ? has->last_transition_time : now;
  Step& step = plan->steps.emplace_back();
  step.request = ApplyStatus(*workload.object, "kueue-pod-controller",
                             {{"conditions", json::array({api::EncodePart(condition)})}});
  return true;
}

}  // namespace muster::manager
