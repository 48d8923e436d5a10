#include "manager/jobs/job.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "api/jobs/workloads.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/workload/writes.h"

namespace muster::manager {

using nlohmann::json;

std::string Job::recorder() const { return absl::StrCat(kind_.framework, "-kueue-controller"); }

EventNote Job::Event(absl::string_view reason, absl::string_view message, bool warning) const {
  return Note(object(), recorder(), warning, reason, message);
}

absl::StatusOr<Matching> Job::FindMatching(Plan*) {
  absl::StatusOr<std::vector<ReadWorkload>> all = WorkloadsOwnedBy(world_, kind_, object().ns(), object().name());
  if (!all.ok()) return all.status();
  Matching matching;
  for (ReadWorkload& each : *all) {
    const absl::StatusOr<bool> fits = FitsWorkload(each);
    if (!fits.ok()) return fits.status();
    if (*fits && !matching.match.has_value()) {
      matching.match = std::move(each);
    } else {
      matching.others.push_back(std::move(each));
    }
  }
  return matching;
}

absl::StatusOr<bool> Job::FitsWorkload(const ReadWorkload& workload) const {
  const std::optional<kube::Owner> owner = ControllerOf(*workload.object);
  if (!owner.has_value() || owner->name != object().name() || owner->uid != object().uid()) return false;
  if (workload.typed->spec.maximum_execution_time_seconds.value_or(-1) != MaxExecSeconds(object()).value_or(-1)) {
    return false;
  }
  const absl::StatusOr<std::vector<json>> pod_sets = PodSets();
  if (!pod_sets.ok()) return pod_sets.status();
  return SameAsWorkload(world_, *pod_sets, workload, IsSuspended());
}

std::string Job::SliceExtra() const { return absl::StrCat(object().generation()); }

absl::StatusOr<json> Job::MakeWorkload(Plan*) const {
  absl::StatusOr<std::vector<json>> pod_sets = PodSets();
  if (!pod_sets.ok()) return pod_sets.status();
  const std::string& name = object().name();
  const std::string& uid = object().uid();
  json workload = NewWorkload(object(),
                              IsElastic(world_, object()) ? api::SliceWorkloadName(kind_, name, uid, SliceExtra())
                                                          : api::WorkloadName(kind_, name, uid),
                              *std::move(pod_sets));
  CopyLabels(world_, object(), &workload);
  SetJobUid(object(), &workload);
  workload["metadata"]["ownerReferences"] = json::array({OwnerReferenceTo(object(), /*controller=*/true)});
  return workload;
}

bool Job::AdoptWorkload(const ReadWorkload& workload, Plan* plan) const {
  if (ControllerOf(*workload.object).has_value()) return false;
  json after = workload.object->value();
  json& owners = Member(after, "metadata")["ownerReferences"];
  const json reference = OwnerReferenceTo(object(), /*controller=*/true);
  bool known = false;
  if (!owners.is_array()) owners = json::array();
  for (json& each : owners) {
    if (each.is_object() && each.value("uid", json()) == reference["uid"]) each = reference, known = true;
  }
  if (!known) owners.push_back(reference);
  SetJobUid(object(), &after);
  Step step;
  step.request = Update(*workload.object, std::move(after));
  plan->steps.push_back(std::move(step));
  return true;
}

}  // namespace muster::manager
