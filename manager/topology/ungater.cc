#include "manager/topology/ungater.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pods/pod_state.h"
#include "manager/jobs/read.h"
#include "manager/names.h"
#include "manager/topology/placing.h"
#include "manager/vocabulary.h"

namespace muster::manager {
namespace {

using nlohmann::json;

const api::PodSet* FindPodSet(const api::Workload& workload, const std::string& name) {
  const auto it = std::find_if(workload.spec.pod_sets.begin(), workload.spec.pod_sets.end(),
                               [&](const api::PodSet& each) { return each.name == name; });
  return it == workload.spec.pod_sets.end() ? nullptr : &*it;
}

// The pod sets of the admission, with the numbers of their pods: of two in a group, the smaller one is the leader, and
// comes first.
std::vector<PlacedPodSet> PlacedPodSets(const api::Workload& workload) {
  const std::vector<api::PodSetAssignment>& assignments = workload.status.admission->pod_set_assignments;
  std::vector<PlacedPodSet> placed(assignments.size());
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t i = 0; i < assignments.size(); ++i) {
    const api::PodSet* pod_set = FindPodSet(workload, assignments[i].name);
    PlacedPodSet& each = placed[i];
    if (assignments[i].topology_assignment.has_value()) each.assignment = &*assignments[i].topology_assignment;
    each.count = assignments[i].count.value_or(pod_set == nullptr ? 0 : pod_set->count);
    each.end_index = each.count;
    if (pod_set == nullptr || !pod_set->topology_request.has_value()) continue;
    each.request = &*pod_set->topology_request;
    if (each.request->pod_set_group_name.has_value()) groups[*each.request->pod_set_group_name].push_back(i);
  }
  for (const auto& [name, members] : groups) {
    if (members.size() < 2) continue;
    PlacedPodSet* leader = &placed[members[0]];
    PlacedPodSet* others = &placed[members[1]];
    if (leader->count > others->count) std::swap(leader, others);
    others->first_index = leader->count;
    others->end_index = leader->count + others->count;
  }
  return placed;
}

// Its pods that have not ended. Pods of all slices of an elastic job name the first.
std::vector<kube::ObjectPtr> PodsOf(const World& world, const kube::Object& workload, const std::string& pod_set) {
  std::vector<kube::ObjectPtr> pods =
      world.objects.Lookup(kPodsByWorkload, absl::StrCat(workload.ns(), "/", SliceName(workload)));
  std::erase_if(pods,
                [&](const kube::ObjectPtr& pod) { return pod->label(kPodSetLabel) != pod_set || IsTerminated(*pod); });
  return pods;
}

// Numbers of pods may start anywhere; what the first pod says goes for all.
absl::Status AddOffset(const std::vector<kube::ObjectPtr>& pods, PlacedPodSet* pod_set) {
  if (pods.empty() || !pods[0]->HasAnnotation(api::kPodIndexOffsetAnnotation)) return absl::OkStatus();
  const absl::string_view text = pods[0]->annotation(api::kPodIndexOffsetAnnotation);
  int32_t offset = 0;
  if (!absl::SimpleAtoi(text, &offset)) {
    return absl::InvalidArgumentError(absl::StrCat("Pod ", pods[0]->ns(), "/", pods[0]->name(), ": annotation ",
                                                   api::kPodIndexOffsetAnnotation, " must be a whole number, not \"",
                                                   text, "\""));
  }
  pod_set->first_index += offset;
  pod_set->end_index += offset;
  return absl::OkStatus();
}

bool IsOnUnhealthyNode(const api::Workload& workload, const PlacedPod& placed, const PlacedPodSet& pod_set) {
  const std::vector<std::string>& nodes = workload.status.unhealthy_nodes;
  return !nodes.empty() && !pod_set.assignment->levels.empty() &&
         pod_set.assignment->levels.back() == api::kHostnameLabel &&
         std::find(nodes.begin(), nodes.end(), placed.domain->values.back()) != nodes.end();
}

Step Ungate(const PlacedPod& placed, const std::vector<std::string>& levels) {
  json after = placed.pod->value();
  RemoveGate(&after, api::kTopologySchedulingGate);
  json& selector = Member(Member(after, "spec"), "nodeSelector");
  for (size_t i = 0; i < levels.size() && i < placed.domain->values.size(); ++i) {
    selector[levels[i]] = placed.domain->values[i];
  }
  Step step;
  step.request = *MergePatch(*placed.pod, after);
  step.gone_is_fine = true;
  return step;
}

}  // namespace

bool IsAdmittedByTopology(const kube::Object& workload) {
  if (!HasTrueCondition(workload.value(), kAdmitted)) return false;
  for (const json& assignment : ListAt(workload.value(), "/status/admission/podSetAssignments")) {
    const auto topology = assignment.find("topologyAssignment");
    if (topology != assignment.end() && topology->is_object()) return true;
  }
  return false;
}

Plan UngateByTopology(const World& world, absl::string_view ns, absl::string_view name) {
  Plan plan;
  const kube::ObjectPtr object = world.Workload(ns, name);
  if (object == nullptr || !IsAdmittedByTopology(*object)) return plan;
  const absl::StatusOr<std::shared_ptr<const api::Workload>> workload = world.Typed(object);
  if (!workload.ok()) {
    plan.error = workload.status();
    return plan;
  }
  std::vector<PlacedPodSet> pod_sets = PlacedPodSets(**workload);
  for (size_t i = 0; i < pod_sets.size(); ++i) {
    PlacedPodSet& pod_set = pod_sets[i];
    if (pod_set.assignment == nullptr) continue;
    const std::vector<kube::ObjectPtr> pods =
        PodsOf(world, *object, (*workload)->status.admission->pod_set_assignments[i].name);
    if (plan.error = AddOffset(pods, &pod_set); !plan.error.ok()) {
      plan.steps.clear();
      return plan;
    }
    for (const PlacedPod& placed : PlaceGatedPods(pod_set, pods)) {
      if (IsOnUnhealthyNode(**workload, placed, pod_set)) continue;
      plan.steps.push_back(Ungate(placed, pod_set.assignment->levels));
    }
  }
  return plan;
}

}  // namespace muster::manager
