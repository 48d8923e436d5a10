// What may not change in a Workload.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "api/admission_gates.h"
#include "api/validators.h"
#include "api/vocabulary.h"

namespace muster::api {
namespace {

using nlohmann::json;

bool IsQuotaReserved(const Workload& workload) { return IsConditionTrue(workload.status.conditions, "QuotaReserved"); }

json At(const json& object, std::initializer_list<const char*> path) {
  const json* value = &object;
  for (const char* name : path) {
    if (!value->is_object() || !value->contains(name)) return nullptr;
    value = &(*value)[name];
  }
  return *value;
}

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

// The value without what Go does not tell from nothing: null and empty lists anywhere, and the empty objects that stand
// for structs held by value or for maps.
json Essence(const json& value) {
  static const auto& by_value =
      *new std::set<std::string>{"metadata",     "spec",     "template", "resources", "labels",       "annotations",
                                 "nodeSelector", "requests", "limits",   "flavors",   "resourceUsage"};
  if (value.is_array()) {
    json out = json::array();
    for (const json& item : value) out.push_back(Essence(item));
    return out;
  }
  if (!value.is_object()) return value;
  json out = json::object();
  for (const auto& [key, item] : value.items()) {
    json kept = Essence(item);
    const bool nothing = kept.is_null() || (kept.is_array() && kept.empty()) ||
                         (kept.is_object() && kept.empty() && by_value.count(key) > 0);
    if (!nothing) out.emplace(key, std::move(kept));
  }
  return out;
}

bool IsSame(const json& a, const json& b) { return a == b || Essence(a) == Essence(b); }

int64_t CountOf(const json& pod_set) {
  const json count = At(pod_set, {"count"});
  return count.is_number_integer() ? count.get<int64_t>() : 0;
}

// Pod sets may not change while quota is reserved for them, but for counts that shrink, as those of elastic jobs do.
void CheckPodSets(json now, const json& before, const ValidationOptions& options, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  const JsonPath path = spec.Field("podSets");
  const auto shown = [](const json& value) { return StructValue{ShownStruct::kPodSet, Dump(value)}; };
  if (now.size() != before.size()) return errors.Invalid(path, shown(now), "field is immutable");
  for (size_t i = 0; i < now.size(); ++i) {
    if (options.gates[Gate::kElasticJobsViaWorkloadSlices] && now[i].is_object() &&
        CountOf(now[i]) < CountOf(before[i])) {
      now[i]["count"] = CountOf(before[i]);
    }
    // Kueue prints these places with a point.
    if (errors.full()) return;
    if (!IsSame(now[i], before[i])) errors.Invalid(path.Field(absl::StrCat(i)), shown(now[i]), "field is immutable");
  }
}

// The admission may come and go, but not change; where pods are placed may.
void CheckAdmission(const json& now_object, const json& before_object, const ValidationOptions& options,
                    FieldErrors& errors) {
  const json now = At(now_object, {"status", "admission"});
  json fixed = now;
  json before = At(before_object, {"status", "admission"});
  if (now.is_null() || before.is_null()) return;
  if (options.gates[Gate::kTopologyAwareScheduling]) {
    for (json* admission : {&fixed, &before}) {
      if (!admission->is_object() || !admission->contains("podSetAssignments")) continue;
      for (json& assignment : (*admission)["podSetAssignments"]) {
        if (!assignment.is_object()) continue;
        assignment.erase("topologyAssignment");
        assignment.erase("delayedTopologyRequest");
      }
    }
  }
  if (IsSame(fixed, before)) return;
  const JsonPath root;
  const JsonPath status = root.Field("status");
  errors.Invalid(status.Field("admission"), StructValue{ShownStruct::kAdmission, Dump(now)}, "field is immutable");
}

// By name, the first of several.
std::map<absl::string_view, int32_t> CountsOf(const std::vector<ReclaimablePod>& list) {
  std::map<absl::string_view, int32_t> counts;
  for (const ReclaimablePod& pods : list) counts.emplace(pods.name, pods.count);
  return counts;
}

// The pod sets of an elastic job that are smaller than what was admitted: what can be reclaimed of them is counted
// anew.
std::set<std::string> ScaledDown(const Workload& workload, const ValidationOptions& options) {
  std::set<std::string> names;
  if (!IsElastic(workload, options) || !workload.status.admission.has_value()) return names;
  std::map<absl::string_view, int32_t> counts;
  for (const PodSet& pod_set : workload.spec.pod_sets) counts[pod_set.name] = pod_set.count;
  for (const PodSetAssignment& assignment : workload.status.admission->pod_set_assignments) {
    const auto found = counts.find(assignment.name);
    if (assignment.count.value_or(0) > (found == counts.end() ? 0 : found->second)) names.insert(assignment.name);
  }
  return names;
}

void CheckReclaimablePods(const Workload& now, const Workload& before, const ValidationOptions& options,
                          FieldErrors& errors) {
  const JsonPath root;
  const JsonPath status = root.Field("status");
  const JsonPath path = status.Field("reclaimablePods");
  const std::set<std::string> scaled_down = ScaledDown(now, options);
  const std::map<absl::string_view, int32_t> old_counts = CountsOf(before.status.reclaimable_pods);
  const std::map<absl::string_view, int32_t> counts = CountsOf(now.status.reclaimable_pods);
  for (const ReclaimablePod& pods : now.status.reclaimable_pods) {
    const auto old = old_counts.find(pods.name);
    if (old == old_counts.end() || pods.count >= old->second || scaled_down.count(pods.name) > 0) continue;
    const JsonPath item = path.Key(pods.name);
    errors.Invalid(item.Field("count"), absl::StrCat(pods.count), absl::StrCat("cannot be less than ", old->second));
  }
  for (const ReclaimablePod& old : before.status.reclaimable_pods) {
    if (counts.count(old.name) > 0 || scaled_down.count(old.name) > 0) continue;
    errors.Required(path.Key(old.name), "cannot be removed");
  }
}

// The changes to pod sets that a check asks for stand while it stays ready. The place of the error is that of the check
// in the old object, as in Kueue.
void CheckCheckStates(const json& now, const json& before, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath status = root.Field("status");
  const JsonPath path = status.Field("admissionChecks");
  const json states = At(now, {"status", "admissionChecks"});
  const json old_states = At(before, {"status", "admissionChecks"});
  // By name, of several the last, as Kueue has them.
  struct State {
    bool ready;
    json updates;
    json essence;
  };
  std::map<json, State> by_name;
  for (const json& state : states) {
    json updates = At(state, {"podSetUpdates"});
    json essence = Essence({{"v", updates}});
    by_name.insert_or_assign(At(state, {"name"}),
                             State{At(state, {"state"}) == "Ready", std::move(updates), std::move(essence)});
  }
  for (size_t i = 0; i < old_states.size() && !errors.full(); ++i) {
    const auto state = by_name.find(At(old_states[i], {"name"}));
    if (state == by_name.end() || !state->second.ready || At(old_states[i], {"state"}) != "Ready") continue;
    if (state->second.essence == Essence({{"v", At(old_states[i], {"podSetUpdates"})}})) continue;
    const JsonPath item = path.Item(static_cast<int>(i));
    errors.Invalid(item.Field("podSetUpdates"), StructValue{ShownStruct::kPodSetUpdate, Dump(state->second.updates)},
                   "field is immutable");
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

void CheckClusterName(const Workload& now, const Workload& before, const ValidationOptions& options,
                      FieldErrors& errors) {
  // A slice that replaces another of an elastic job goes where that one is.
  if (options.gates[Gate::kElasticJobsViaWorkloadSlices] &&
      now.metadata.annotations.count(kReplacementForAnnotation) > 0)
    return;
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
  if (options.rules == ValidationOptions::Rules::kAll) CheckSchema(now, now_json, before, before_json, errors);
  if (IsQuotaReserved(before)) {
    CheckPodSets(At(now_json, {"spec", "podSets"}), At(before_json, {"spec", "podSets"}), options, errors);
    if (IsQuotaReserved(now)) CheckReclaimablePods(now, before, options, errors);
  }
  CheckAdmission(now_json, before_json, options, errors);
  CheckCheckStates(now_json, before_json, errors);
  CheckClusterName(now, before, options, errors);
  if (options.gates[Gate::kAdmissionGatedBy]) CheckGates(now, before, errors);
}

}  // namespace muster::api
