// What may not change in a Workload.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/admission_gates.h"
#include "api/validators.h"

namespace muster::api {
namespace {

using nlohmann::json;

bool IsQuotaReserved(const Workload& workload) { return IsConditionTrue(workload.status.conditions, "QuotaReserved"); }

bool IsElastic(const Workload& workload, const ValidationOptions& options) {
  const auto it = workload.metadata.annotations.find(kElasticJobAnnotation);
  return options.elastic_jobs_via_workload_slices && it != workload.metadata.annotations.end() && it->second == "true";
}

json At(const json& object, std::initializer_list<const char*> path) {
  const json* value = &object;
  for (const char* name : path) {
    if (!value->is_object() || !value->contains(name)) return nullptr;
    value = &(*value)[name];
  }
  return *value;
}

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

// Pod sets may not change while quota is reserved for them; those of an elastic job may change their counts.
void CheckPodSets(json now, json before, bool elastic, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  const JsonPath path = spec.Field("podSets");
  if (!now.is_array() || !before.is_array() || now.size() != before.size()) {
    if (now != before) errors.Invalid(path, Dump(now), "field is immutable");
    return;
  }
  for (size_t i = 0; i < now.size(); ++i) {
    const std::string value = Dump(now[i]);
    if (elastic && now[i].is_object() && before[i].is_object()) {
      now[i].erase("count");
      before[i].erase("count");
    }
    // Kueue prints these places with a point.
    if (now[i] != before[i]) errors.Invalid(path.Field(absl::StrCat(i)), value, "field is immutable");
  }
}

// status.admission without what may change in it.
json FixedAdmission(const json& object) {
  json admission = At(object, {"status", "admission"});
  if (!admission.is_object() || !admission.contains("podSetAssignments")) return admission;
  for (json& assignment : admission["podSetAssignments"]) {
    if (!assignment.is_object()) continue;
    assignment.erase("topologyAssignment");
    assignment.erase("delayedTopologyRequest");
  }
  return admission;
}

void CheckReclaimablePods(const Workload& now, const Workload& before, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath status = root.Field("status");
  const JsonPath path = status.Field("reclaimablePods");
  for (const ReclaimablePod& old_pods : before.status.reclaimable_pods) {
    const JsonPath item = path.Key(old_pods.name);
    const auto it = std::find_if(now.status.reclaimable_pods.begin(), now.status.reclaimable_pods.end(),
                                 [&](const ReclaimablePod& p) { return p.name == old_pods.name; });
    if (it == now.status.reclaimable_pods.end()) {
      errors.Required(item, "cannot be removed");
    } else if (it->count < old_pods.count) {
      errors.Invalid(item.Field("count"), absl::StrCat(it->count),
                     absl::StrCat("cannot be less than ", old_pods.count));
    }
  }
}

void CheckCheckStates(const json& now, const json& before, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath status = root.Field("status");
  const JsonPath path = status.Field("admissionChecks");
  const json states = At(now, {"status", "admissionChecks"});
  for (size_t i = 0; i < states.size(); ++i) {
    for (const json& old_state : At(before, {"status", "admissionChecks"})) {
      const bool same_check = At(old_state, {"name"}) == At(states[i], {"name"});
      const bool stays_ready = At(old_state, {"state"}) == "Ready" && At(states[i], {"state"}) == "Ready";
      if (!same_check || !stays_ready) continue;
      const json updates = At(states[i], {"podSetUpdates"});
      if (updates != At(old_state, {"podSetUpdates"})) {
        errors.Invalid(path.Item(static_cast<int>(i)).Field("podSetUpdates"), Dump(updates), "field is immutable");
      }
    }
  }
}

void CheckGates(const Workload& now, const Workload& before, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath meta = root.Field("metadata");
  const JsonPath annotations = meta.Field("annotations");
  const JsonPath path = annotations.Key(kAdmissionGatedByAnnotation);
  const auto gates = [](const Workload& workload) {
    const auto it = workload.metadata.annotations.find(kAdmissionGatedByAnnotation);
    return it == workload.metadata.annotations.end() ? absl::string_view() : absl::string_view(it->second);
  };
  CheckAdmissionGateChange(path, gates(now), gates(before), errors);
}

void CheckClusterName(const Workload& now, const Workload& before, FieldErrors& errors) {
  if (now.status.cluster_name.empty() || !before.status.cluster_name.empty()) return;
  const std::vector<std::string>& nominated = before.status.nominated_cluster_names;
  if (std::find(nominated.begin(), nominated.end(), now.status.cluster_name) != nominated.end()) return;
  const JsonPath root;
  const JsonPath status = root.Field("status");
  errors.Invalid(status.Field("clusterName"), Quoted(now.status.cluster_name),
                 "when setting clusterName it must be one of the nominatedClusterNames");
}

// The CEL rules of the schema.
void CheckSchema(const Workload& now, const json& now_json, const Workload& before, const json& before_json,
                 FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  const JsonPath status = root.Field("status");
  if (IsQuotaReserved(before) && IsQuotaReserved(now)) {
    if (now.spec.queue_name != before.spec.queue_name) {
      errors.Invalid(spec.Field("queueName"), Quoted(now.spec.queue_name),
                     "queueName is immutable while workload quota reserved");
    }
    const json ref = At(now_json, {"spec", "priorityClassRef"});
    const json old_ref = At(before_json, {"spec", "priorityClassRef"});
    const JsonPath path = spec.Field("priorityClassRef");
    if (ref.is_null() != old_ref.is_null()) {
      errors.Invalid(path, Dump(ref), "priorityClassRef is immutable while workload quota reserved");
    } else if (!ref.is_null()) {
      for (const char* field : {"group", "kind", "name"}) {
        // The name of a WorkloadPriorityClass may change.
        const bool fixed = std::string(field) != "name" || At(old_ref, {"group"}) == "scheduling.k8s.io";
        if (!fixed || At(ref, {field}) == At(old_ref, {field})) continue;
        errors.Invalid(path.Field(field), Dump(At(ref, {field})),
                       absl::StrCat("priorityClassRef.", field, " is immutable while workload quota reserved"));
      }
    }
  }
  const bool admitted =
      IsConditionTrue(before.status.conditions, "Admitted") && IsConditionTrue(now.status.conditions, "Admitted");
  if (admitted && now.spec.maximum_execution_time_seconds != before.spec.maximum_execution_time_seconds) {
    errors.Invalid(spec.Field("maximumExecutionTimeSeconds"),
                   Dump(At(now_json, {"spec", "maximumExecutionTimeSeconds"})),
                   "maximumExecutionTimeSeconds is immutable while workload quota reserved");
  }
  if (!before.status.cluster_name.empty() && !now.status.cluster_name.empty() &&
      now.status.cluster_name != before.status.cluster_name) {
    errors.Invalid(status, "", "clusterName is immutable once set");
  }
}

}  // namespace

void ValidateWorkloadUpdate(const Workload& now, const json& now_json, const Workload& before, const json& before_json,
                            const ValidationOptions& options, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath status = root.Field("status");
  if (options.rules == ValidationOptions::Rules::kAll) CheckSchema(now, now_json, before, before_json, errors);
  const bool elastic = IsElastic(now, options);
  if (IsQuotaReserved(before)) {
    CheckPodSets(At(now_json, {"spec", "podSets"}), At(before_json, {"spec", "podSets"}), elastic, errors);
  }
  if (IsQuotaReserved(now) && IsQuotaReserved(before) && !elastic) CheckReclaimablePods(now, before, errors);
  CheckCheckStates(now_json, before_json, errors);
  const json admission = FixedAdmission(now_json);
  const json old_admission = FixedAdmission(before_json);
  if (!admission.is_null() && !old_admission.is_null() && admission != old_admission) {
    errors.Invalid(status.Field("admission"), Dump(At(now_json, {"status", "admission"})), "field is immutable");
  }
  if (options.admission_gated_by) CheckGates(now, before, errors);
  CheckClusterName(now, before, errors);
}

}  // namespace muster::api
