#include "api/convert.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/codec.h"

namespace muster::api {
namespace {

using nlohmann::json;

// The object in field `name` of `object`, or nullptr.
json* FindObject(json* object, const char* name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto it = object->find(name);
  return it == object->end() || !it->is_object() ? nullptr : &*it;
}

// Moves the field unless the new name is taken.
void Rename(json* object, const char* from, const char* to) {
  if (object == nullptr) return;
  const auto it = object->find(from);
  if (it == object->end()) return;
  json value = std::move(*it);
  object->erase(it);
  if (!object->contains(to)) (*object)[to] = std::move(value);
}

void UpgradeClusterQueue(json* spec) {
  if (spec == nullptr) return;
  Rename(spec, "cohort", "cohortName");
  // v1beta1 has both, of which only one may be set: the plain list is a strategy without flavors, and wins.
  const auto checks = spec->find("admissionChecks");
  if (checks != spec->end() && checks->is_array()) {
    json rules = json::array();
    for (json& name : *checks) rules.push_back({{"name", std::move(name)}});
    spec->erase(checks);
    if (!rules.empty()) (*spec)["admissionChecksStrategy"] = {{"admissionChecks", std::move(rules)}};
  }
  if (json* fungibility = FindObject(spec, "flavorFungibility")) {
    for (const char* field : {"whenCanBorrow", "whenCanPreempt"}) {
      const auto value = fungibility->find(field);
      if (value != fungibility->end() && (*value == "Borrow" || *value == "Preempt")) *value = "MayStopSearch";
    }
  }
}

void UpgradeLocalQueueStatus(json* status) {
  if (status == nullptr) return;
  Rename(status, "flavorUsage", "flavorsUsage");
  status->erase("flavors");
}

// How the versions say what kind of class a priority comes from.
struct PriorityClassKind {
  const char* source;  // v1beta1
  const char* group;
  const char* kind;
};
constexpr PriorityClassKind kPriorityClassKinds[] = {
    {"kueue.x-k8s.io/workloadpriorityclass", "kueue.x-k8s.io", "WorkloadPriorityClass"},
    {"scheduling.k8s.io/priorityclass", "scheduling.k8s.io", "PriorityClass"},
};

void UpgradeWorkloadSpec(json* spec) {
  if (spec == nullptr) return;
  const json source = spec->value("priorityClassSource", json());
  const json name = spec->value("priorityClassName", json());
  spec->erase("priorityClassSource");
  spec->erase("priorityClassName");
  // Without a source the name refers to nothing, and Kueue drops it.
  if (spec->contains("priorityClassRef")) return;
  for (const PriorityClassKind& row : kPriorityClassKinds) {
    if (source != row.source) continue;
    (*spec)["priorityClassRef"] = {{"group", row.group}, {"kind", row.kind}};
    if (name.is_string()) (*spec)["priorityClassRef"]["name"] = name;
  }
}

void DowngradeWorkloadSpec(json* spec) {
  if (spec == nullptr) return;
  if (const json* ref = FindObject(spec, "priorityClassRef")) {
    const json group = ref->value("group", json());
    const json kind = ref->value("kind", json());
    const json name = ref->value("name", json());
    spec->erase("priorityClassRef");
    for (const PriorityClassKind& row : kPriorityClassKinds) {
      if (group != row.group || kind != row.kind) continue;
      (*spec)["priorityClassSource"] = row.source;
      if (name.is_string()) (*spec)["priorityClassName"] = name;
    }
  }
  const auto pod_sets = spec->find("podSets");
  if (pod_sets == spec->end() || !pod_sets->is_array()) return;
  for (json& pod_set : *pod_sets) {
    if (json* request = FindObject(&pod_set, "topologyRequest")) {
      request->erase("podsetSliceRequiredTopologyConstraints");
    }
  }
}

// In v1beta1 the ways to reach a cluster stand in the spec, in v1beta2 in its source.
void UpgradeMultiKueueCluster(json* spec) {
  if (spec == nullptr) return;
  json source = spec->value("clusterSource", json::object());
  const json config = spec->value("kubeConfig", json());
  const json profile = spec->value("clusterProfileRef", json());
  spec->erase("kubeConfig");
  spec->erase("clusterProfileRef");
  if (config.is_object() && config.value("location", json()) != "") source["kubeConfig"] = config;
  if (profile.is_object()) source["clusterProfileRef"] = profile;
  (*spec)["clusterSource"] = std::move(source);
}

void DowngradeMultiKueueCluster(json* spec) {
  if (spec == nullptr) return;
  const json source = spec->value("clusterSource", json::object());
  spec->erase("clusterSource");
  (*spec)["kubeConfig"] = {{"location", ""}, {"locationType", ""}};
  if (!source.is_object()) return;
  for (const char* way : {"kubeConfig", "clusterProfileRef"}) {
    if (const json value = source.value(way, json()); value.is_object()) (*spec)[way] = value;
  }
}

json DomainsOf(const TopologyAssignment& assignment) {
  json domains = json::array();
  for (const TopologyDomainAssignment& domain : assignment.domains) {
    domains.push_back({{"values", domain.values}, {"count", domain.count}});
  }
  return {{"levels", assignment.levels}, {"domains", std::move(domains)}};
}

// Rewrites every topology assignment that has the field `from`.
template <class Write>
absl::Status RewriteTopologyAssignments(json& workload, const char* from, Write write) {
  json* admission = FindObject(FindObject(&workload, "status"), "admission");
  if (admission == nullptr) return absl::OkStatus();
  const auto assignments = admission->find("podSetAssignments");
  if (assignments == admission->end() || !assignments->is_array()) return absl::OkStatus();
  for (size_t i = 0; i < assignments->size(); ++i) {
    json* topology = FindObject(&(*assignments)[i], "topologyAssignment");
    if (topology == nullptr || !topology->contains(from)) continue;
    absl::StatusOr<TopologyAssignment> read = DecodePart<TopologyAssignment>(
        *topology, absl::StrCat("status.admission.podSetAssignments[", i, "].topologyAssignment"));
    if (!read.ok()) return read.status();
    *topology = write(*read);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DowngradeToV1Beta1(absl::string_view kind, json& object) {
  if (!object.is_object()) return absl::OkStatus();
  object["apiVersion"] = "kueue.x-k8s.io/v1beta1";
  json* spec = FindObject(&object, "spec");
  if (kind == "ClusterQueue") {
    Rename(spec, "cohortName", "cohort");
  } else if (kind == "LocalQueue") {
    Rename(FindObject(&object, "status"), "flavorsUsage", "flavorUsage");
  } else if (kind == "Workload") {
    DowngradeWorkloadSpec(spec);
    Rename(FindObject(&object, "status"), "accumulatedPastExecutionTimeSeconds",
           "accumulatedPastExexcutionTimeSeconds");
    return RewriteTopologyAssignments(object, "slices", DomainsOf);
  } else if (kind == "MultiKueueCluster") {
    DowngradeMultiKueueCluster(spec);
  } else if (kind == "MultiKueueConfig" && spec != nullptr) {
    spec->erase("quotaManagement");
  }
  return absl::OkStatus();
}

absl::Status UpgradeTopologyAssignments(json& workload) {
  return RewriteTopologyAssignments(workload, "domains",
                                    [](const TopologyAssignment& assignment) { return EncodePart(assignment); });
}

void UpgradeToV1Beta2(absl::string_view kind, json& object) {
  if (!object.is_object()) return;
  json* spec = FindObject(&object, "spec");
  json* status = FindObject(&object, "status");
  if (kind == "ClusterQueue") {
    UpgradeClusterQueue(spec);
  } else if (kind == "LocalQueue") {
    UpgradeLocalQueueStatus(status);
  } else if (kind == "Cohort") {
    Rename(spec, "parent", "parentName");
  } else if (kind == "Workload") {
    UpgradeWorkloadSpec(spec);
    Rename(status, "accumulatedPastExexcutionTimeSeconds", "accumulatedPastExecutionTimeSeconds");
  } else if (kind == "MultiKueueCluster") {
    UpgradeMultiKueueCluster(spec);
  }
  object["apiVersion"] = "kueue.x-k8s.io/v1beta2";
}

}  // namespace muster::api
