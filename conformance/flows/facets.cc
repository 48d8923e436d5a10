#include "conformance/flows/facets.h"

#include <regex>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::conformance {
namespace {

using nlohmann::json;

// Absent and empty are the same to whoever reads.
bool IsNothing(const json& value) { return value.is_null() || (value.is_structured() && value.empty()); }

void Put(Facets* out, const std::string& name, const json* value) {
  if (value == nullptr) return;
  json normalized = Normalized(*value);
  if (!IsNothing(normalized)) (*out)[name] = std::move(normalized);
}

void PutConditions(const kube::Object& object, const std::set<std::string>& types, Facets* out) {
  const json* conditions = object.At("/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return;
  for (const json& condition : *conditions) {
    const std::string type = condition.value("type", "");
    if (!types.empty() && types.count(type) == 0) continue;
    const json value = {{"status", condition.value("status", "")},
                        {"reason", condition.value("reason", "")},
                        {"message", condition.value("message", "")}};
    Put(out, absl::StrCat("condition ", type), &value);
  }
}

// Labels, annotations and finalizers that a manager of jobs puts there; others belong to Kubernetes and users.
void PutMetadata(const kube::Object& object, Facets* out) {
  const auto ours = [](const std::string& key) { return absl::StrContains(key, "kueue.x-k8s.io"); };
  for (const char* map : {"labels", "annotations"}) {
    const json* all = object.At(absl::StrCat("/metadata/", map));
    if (all == nullptr || !all->is_object()) continue;
    json kept = json::object();
    for (const auto& [key, value] : all->items()) {
      if (ours(key)) kept[key] = value;
    }
    Put(out, map, &kept);
  }
  if (const json* all = object.At("/metadata/finalizers"); all != nullptr && all->is_array()) {
    json kept = json::array();
    for (const json& each : *all) {
      if (each.is_string() && ours(each.get<std::string>())) kept.push_back(each);
    }
    Put(out, "finalizers", &kept);
  }
}

// The members of an object but those named.
json Without(const json* value, const std::set<std::string>& members) {
  json out = json::object();
  if (value == nullptr || !value->is_object()) return out;
  for (const auto& [key, item] : value->items()) {
    if (members.count(key) == 0) out[key] = item;
  }
  return out;
}

// Lists that are maps, in an order of their own: they are kept in the order of writing.
json ByName(const json* list, const std::set<std::string>& without) {
  json out = json::object();
  if (list == nullptr || !list->is_array()) return out;
  for (const json& item : *list) {
    std::set<std::string> members = without;
    members.insert("name");
    out[item.value("name", "")] = Without(&item, members);
  }
  return out;
}

Facets WorkloadFacets(const kube::Object& workload) {
  Facets out;
  PutMetadata(workload, &out);
  for (const char* key : {"labels", "annotations"}) Put(&out, key, workload.At(absl::StrCat("/metadata/", key)));
  PutConditions(workload, {}, &out);
  for (const char* field : {"active", "priority", "priorityClassRef", "queueName"}) {
    Put(&out, field, workload.At(absl::StrCat("/spec/", field)));
  }
  const json spec = Without(workload.At("/spec"), {"active", "priority", "priorityClassRef", "queueName"});
  Put(&out, "spec", &spec);
  for (const char* field : {"admission", "resourceRequests", "clusterName", "nominatedClusterNames"}) {
    Put(&out, field, workload.At(absl::StrCat("/status/", field)));
  }
  Put(&out, "requeueState.count", workload.At("/status/requeueState/count"));
  Put(&out, "schedulingStats", workload.At("/status/schedulingStats"));
  const json checks = ByName(workload.At("/status/admissionChecks"), {"lastTransitionTime"});
  Put(&out, "admissionChecks", &checks);
  const json reclaimable = ByName(workload.At("/status/reclaimablePods"), {});
  Put(&out, "reclaimablePods", &reclaimable);
  const json unhealthy = ByName(workload.At("/status/unhealthyNodes"), {});
  Put(&out, "unhealthyNodes", &unhealthy);
  json owners = json::object();
  for (const kube::Owner& owner : workload.Owners())
    owners[absl::StrCat(owner.kind, " ", owner.name)] = owner.controller;
  Put(&out, "owners", &owners);
  return out;
}

// The conditions of a Job are its own controller's.
Facets JobFacets(const kube::Object& job) {
  Facets out;
  PutMetadata(job, &out);
  for (const char* field : {"suspend", "parallelism"}) Put(&out, field, job.At(absl::StrCat("/spec/", field)));
  for (const char* field : {"labels", "annotations"}) {
    Put(&out, absl::StrCat("template ", field), job.At(absl::StrCat("/spec/template/metadata/", field)));
  }
  Put(&out, "template spec", job.At("/spec/template/spec"));
  return out;
}

Facets PodFacets(const kube::Object& pod) {
  Facets out;
  PutMetadata(pod, &out);
  PutConditions(pod, {"TerminationTarget"}, &out);
  for (const char* field : {"schedulingGates", "nodeSelector", "tolerations"}) {
    Put(&out, field, pod.At(absl::StrCat("/spec/", field)));
  }
  return out;
}

}  // namespace

std::string NormalizedText(const std::string& text) {
  static const auto& waited = *new std::regex(R"((wait time since [a-z]+ was )[0-9.]+s)");
  static const auto& volume = *new std::regex("kube-api-access-[a-z0-9]{5}");
  std::string out = text;
  if (out.find("wait time") != std::string::npos) out = std::regex_replace(out, waited, "$1Ns");
  if (out.find("kube-api-access-") != std::string::npos) out = std::regex_replace(out, volume, "kube-api-access");
  return out;
}

json Normalized(const json& value) {
  if (value.is_string()) return NormalizedText(value.get<std::string>());
  if (value.is_array()) {
    json out = json::array();
    for (const json& item : value) out.push_back(Normalized(item));
    return out;
  }
  if (!value.is_object()) return value;
  json out = json::object();
  for (const auto& [key, item] : value.items()) {
    json kept = Normalized(item);
    if (!IsNothing(kept)) out[key] = std::move(kept);
  }
  return out;
}

Facets FacetsOf(const kube::Object& object) {
  Facets out;
  const absl::string_view kind = object.type().kind;
  if (kind == "Workload") {
    out = WorkloadFacets(object);
  } else if (kind == "Job") {
    out = JobFacets(object);
  } else if (kind == "Pod") {
    out = PodFacets(object);
  } else {
    PutMetadata(object, &out);
    if (kind == "ClusterQueue" || kind == "LocalQueue" || kind == "AdmissionCheck" || kind == "Cohort") {
      PutConditions(object, {}, &out);
    }
    if (object.type().group != "" && object.type().group != "apps") Put(&out, "spec", object.At("/spec"));
  }
  out["deleted"] = object.deleting();
  return out;
}

json FiguresOf(const kube::Object& object) {
  const absl::string_view kind = object.type().kind;
  if (kind != "ClusterQueue" && kind != "LocalQueue" && kind != "Cohort") return nullptr;
  return Normalized(Without(object.At("/status"), {"conditions"}));
}

}  // namespace muster::conformance
