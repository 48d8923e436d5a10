#include "manager/jobs/pod_set_info.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/vocabulary.h"

namespace muster::manager {
namespace {

using api::StringMap;
using nlohmann::json;

StringMap MapAt(const json& object, absl::string_view pointer) {
  StringMap map;
  const json* found = api::At(object, pointer);
  if (found == nullptr || !found->is_object()) return map;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) map[key] = value.get<std::string>();
  }
  return map;
}

std::vector<json> Items(const json& object, absl::string_view pointer) {
  const json& list = ListAt(object, pointer);
  return {list.begin(), list.end()};
}

PodSetInfo InfoOfTemplate(const json& pod_template) {
  PodSetInfo info;
  info.annotations = MapAt(pod_template, "/metadata/annotations");
  info.labels = MapAt(pod_template, "/metadata/labels");
  info.node_selector = MapAt(pod_template, "/spec/nodeSelector");
  info.tolerations = Items(pod_template, "/spec/tolerations");
  info.scheduling_gates = Items(pod_template, "/spec/schedulingGates");
  return info;
}

template <class T>
void SetOrErase(json& object, const char* part, const char* field, const T& value) {
  if (!value.empty()) {
    Member(Member(object, part), field) = value;
  } else if (const auto it = object.find(part); it != object.end() && it->is_object()) {
    it->erase(field);
  }
}

absl::Status Conflict(absl::string_view what, const StringMap& have, const StringMap& more) {
  for (const auto& [key, value] : have) {
    const auto it = more.find(key);
    if (it != more.end() && it->second != value) {
      return absl::FailedPreconditionError(absl::StrCat("invalid admission check PodSetUpdate: conflict for ", what,
                                                        ": conflict for key=", key, ", value1=", value,
                                                        ", value2=", it->second));
    }
  }
  return absl::OkStatus();
}

// A toleration without operator is one with Equal.
auto TolerationKey(const json& toleration) {
  const std::string op = TextAt(toleration, "/operator");
  return std::make_tuple(TextAt(toleration, "/key"), op.empty() ? "Equal" : op, TextAt(toleration, "/value"),
                         TextAt(toleration, "/effect"));
}

void AddTolerations(const std::vector<json>& more, std::vector<json>* tolerations) {
  for (const json& each : more) {
    const auto same = [&](const json& other) { return TolerationKey(other) == TolerationKey(each); };
    if (std::none_of(tolerations->begin(), tolerations->end(), same)) tolerations->push_back(each);
  }
}

// Elastic jobs are started again by another Workload, whose name takes the place of the earlier one.
void DropOverridden(const PodSetInfo& info, PodSetInfo* have) {
  const bool elastic = info.annotations.count(kWorkloadSliceNameAnnotation) > 0;
  if (!elastic) return;
  for (const char* key : {kWorkloadSliceNameAnnotation, kWorkloadAnnotation}) {
    if (info.annotations.count(key) > 0) have->annotations.erase(key);
  }
}

bool AsksForTopology(const api::PodSet& pod_set) {
  const std::optional<api::TopologyRequest>& request = pod_set.topology_request;
  return request.has_value() &&
         (request->preferred.has_value() || request->required.has_value() || request->unconstrained.has_value());
}

absl::Status AddFlavors(const World& world, const api::PodSetAssignment& assignment, PodSetInfo* info) {
  std::set<std::string> done;
  for (const auto& [resource, flavor] : assignment.flavors) {
    if (!done.insert(flavor).second) continue;
    const kube::ObjectPtr object = world.objects.Find(ResourceFlavorType(), "", flavor);
    if (object == nullptr) {
      return absl::NotFoundError(absl::StrCat("resourceflavors.kueue.x-k8s.io \"", flavor, "\" not found"));
    }
    for (auto& [key, value] : MapAt(object->value(), "/spec/nodeLabels")) info->node_selector[key] = value;
    for (json& each : Items(object->value(), "/spec/tolerations")) info->tolerations.push_back(std::move(each));
  }
  return absl::OkStatus();
}

// What an admission check asks for of a pod set; tolerations as the check wrote them.
PodSetInfo InfoOfUpdate(const api::PodSetUpdate& update) {
  PodSetInfo info;
  info.name = update.name;
  info.annotations = update.annotations;
  info.labels = update.labels;
  info.node_selector = update.node_selector;
  for (const api::Toleration& each : update.tolerations) info.tolerations.push_back(api::EncodePart(each));
  return info;
}

absl::Status AddCheckUpdates(const api::Workload& workload, PodSetInfo* info) {
  for (const api::AdmissionCheckState& check : workload.status.admission_checks) {
    for (const api::PodSetUpdate& update : check.pod_set_updates) {
      if (update.name != info->name) continue;
      if (absl::Status status = Merge(InfoOfUpdate(update), info); !status.ok()) {
        return absl::FailedPreconditionError(
            absl::StrCat("in admission check \"", check.name, "\": ", status.message()));
      }
      break;
    }
  }
  return absl::OkStatus();
}

void AddOwnLabels(const World& world, const kube::Object& workload, const api::Workload& typed, PodSetInfo* info) {
  if (world.options.webhook.gates[api::Gate::kTopologyAwareScheduling]) {
    info->annotations[kWorkloadAnnotation] = workload.name();
  }
  if (IsElastic(world, workload)) info->annotations[kWorkloadSliceNameAnnotation] = SliceName(workload);
  info->labels[kPodSetLabel] = info->name;
  info->labels[kLocalQueueNameLabel] = typed.spec.queue_name;
  if (IsDnsLabel(typed.status.admission->cluster_queue)) {
    info->labels[kClusterQueueNameLabel] = typed.status.admission->cluster_queue;
  }
}

}  // namespace

absl::Status Merge(const PodSetInfo& more, PodSetInfo* info) {
  absl::Status status = Conflict("annotations", info->annotations, more.annotations);
  if (status.ok()) status = Conflict("labels", info->labels, more.labels);
  if (status.ok()) status = Conflict("nodeSelector", info->node_selector, more.node_selector);
  if (!status.ok()) return status;
  info->annotations.insert(more.annotations.begin(), more.annotations.end());
  info->labels.insert(more.labels.begin(), more.labels.end());
  info->node_selector.insert(more.node_selector.begin(), more.node_selector.end());
  AddTolerations(more.tolerations, &info->tolerations);
  for (const json& gate : more.scheduling_gates) {
    std::vector<json>& gates = info->scheduling_gates;
    if (std::find(gates.begin(), gates.end(), gate) == gates.end()) gates.push_back(gate);
  }
  return absl::OkStatus();
}

absl::Status MergeIntoTemplate(const PodSetInfo& info, json* pod_template) {
  PodSetInfo merged = InfoOfTemplate(*pod_template);
  DropOverridden(info, &merged);
  if (absl::Status status = Merge(info, &merged); !status.ok()) return status;
  RestoreTemplate(merged, pod_template);
  return absl::OkStatus();
}

void RestoreTemplate(const PodSetInfo& info, json* pod_template) {
  SetOrErase(*pod_template, "metadata", "annotations", info.annotations);
  SetOrErase(*pod_template, "metadata", "labels", info.labels);
  SetOrErase(*pod_template, "spec", "nodeSelector", info.node_selector);
  SetOrErase(*pod_template, "spec", "tolerations", info.tolerations);
  SetOrErase(*pod_template, "spec", "schedulingGates", info.scheduling_gates);
}

PodSetInfo InfoOfPodSet(const json& pod_set) {
  const json* pod_template = api::At(pod_set, "/template");
  PodSetInfo info = pod_template == nullptr ? PodSetInfo() : InfoOfTemplate(*pod_template);
  info.name = TextAt(pod_set, "/name");
  info.count = static_cast<int32_t>(IntAt(pod_set, "/count"));
  return info;
}

std::vector<PodSetInfo> InfosOfPodSets(const kube::Object& workload) {
  std::vector<PodSetInfo> infos;
  for (const json& pod_set : ListAt(workload.value(), "/spec/podSets")) infos.push_back(InfoOfPodSet(pod_set));
  return infos;
}

absl::StatusOr<PodSetInfo> InfoOfAssignment(const World& world, const api::PodSetAssignment& assignment,
                                            const api::PodSet& pod_set) {
  PodSetInfo info;
  info.name = assignment.name;
  info.count = assignment.count.value_or(pod_set.count);
  if (assignment.topology_assignment.has_value() && world.options.webhook.gates[api::Gate::kTopologyAwareScheduling]) {
    if (!AsksForTopology(pod_set)) info.annotations[api::kUnconstrainedTopologyAnnotation] = "true";
    info.scheduling_gates.push_back({{"name", api::kTopologySchedulingGate}});
  }
  if (absl::Status status = AddFlavors(world, assignment, &info); !status.ok()) return status;
  return info;
}

absl::StatusOr<std::vector<PodSetInfo>> InfosOfAdmission(const World& world, const kube::Object& workload,
                                                         const api::Workload& typed) {
  std::vector<PodSetInfo> infos;
  if (!typed.status.admission.has_value()) return infos;
  const std::vector<api::PodSetAssignment>& assignments = typed.status.admission->pod_set_assignments;
  if (assignments.size() > typed.spec.pod_sets.size()) {
    return WrongNumberOfPodSets(typed.spec.pod_sets.size(), assignments.size());
  }
  for (size_t i = 0; i < assignments.size(); ++i) {
    absl::StatusOr<PodSetInfo> of_assignment = InfoOfAssignment(world, assignments[i], typed.spec.pod_sets[i]);
    if (!of_assignment.ok()) return of_assignment.status();
    PodSetInfo info = *std::move(of_assignment);
    AddOwnLabels(world, workload, typed, &info);
    if (absl::Status status = AddCheckUpdates(typed, &info); !status.ok()) return status;
    infos.push_back(std::move(info));
  }
  return infos;
}

absl::Status WrongNumberOfPodSets(size_t want, size_t got) {
  return absl::FailedPreconditionError(absl::StrCat("invalid podset infos: expecting ", want, " podset, got ", got));
}

}  // namespace muster::manager
