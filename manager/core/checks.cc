#include "manager/core/checks.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/codec.h"

namespace muster::manager {
namespace {

using nlohmann::json;

std::set<std::string> FlavorsOf(const kube::Object& cluster_queue) {
  std::set<std::string> flavors;
  const json* groups = cluster_queue.At("/spec/resourceGroups");
  if (groups == nullptr || !groups->is_array()) return flavors;
  for (const json& group : *groups) {
    absl::StatusOr<api::ResourceGroup> read = api::DecodePart<api::ResourceGroup>(group);
    if (!read.ok()) continue;
    for (const api::FlavorQuotas& flavor : read->flavors) flavors.insert(flavor.name);
  }
  return flavors;
}

struct Rule {
  std::string name;
  std::set<std::string> on_flavors;  // empty = all
};

std::vector<Rule> RulesOf(const kube::Object& cluster_queue) {
  std::vector<Rule> rules;
  const json* list = cluster_queue.At("/spec/admissionChecksStrategy/admissionChecks");
  if (list == nullptr || !list->is_array()) return rules;
  for (const json& each : *list) {
    if (!each.is_object()) continue;
    Rule& rule = rules.emplace_back();
    if (const auto it = each.find("name"); it != each.end() && it->is_string()) rule.name = it->get<std::string>();
    if (const auto it = each.find("onFlavors"); it != each.end() && it->is_array()) {
      for (const json& flavor : *it) {
        if (flavor.is_string()) rule.on_flavors.insert(flavor.get<std::string>());
      }
    }
  }
  return rules;
}

}  // namespace

std::vector<std::string> RequiredChecks(const kube::Object& cluster_queue, const api::Workload& workload) {
  std::set<std::string> required;
  std::set<std::string> assigned;
  if (workload.status.admission.has_value()) {
    for (const api::PodSetAssignment& assignment : workload.status.admission->pod_set_assignments) {
      for (const auto& [resource, flavor] : assignment.flavors) assigned.insert(flavor);
    }
  }
  for (const Rule& rule : RulesOf(cluster_queue)) {
    const auto applies_to = [&](const std::string& flavor) { return rule.on_flavors.count(flavor) > 0; };
    bool applies = rule.on_flavors.empty();
    if (!applies && workload.status.admission.has_value()) {
      applies = std::any_of(assigned.begin(), assigned.end(), applies_to);
    } else if (!applies) {
      const std::set<std::string> all = FlavorsOf(cluster_queue);
      applies = std::all_of(all.begin(), all.end(), applies_to);
    }
    if (applies) required.insert(rule.name);
  }
  return {required.begin(), required.end()};
}

bool SyncChecks(const std::vector<std::string>& required, std::vector<api::AdmissionCheckState>* checks,
                absl::Time now) {
  std::vector<api::AdmissionCheckState> synced;
  for (const std::string& name : required) {
    const auto it = std::find_if(checks->begin(), checks->end(),
                                 [&](const api::AdmissionCheckState& check) { return check.name == name; });
    if (it != checks->end()) {
      synced.push_back(*it);
      continue;
    }
    api::AdmissionCheckState& added = synced.emplace_back();
    added.name = name;
    added.state = "Pending";
    added.last_transition_time = now;
  }
  // The order alone is no change.
  const bool changed = synced.size() != checks->size() ||
                       std::any_of(synced.begin(), synced.end(), [&](const api::AdmissionCheckState& check) {
                         return std::find(checks->begin(), checks->end(), check) == checks->end();
                       });
  if (changed) *checks = std::move(synced);
  return changed;
}

std::string ChecksInState(const std::vector<api::AdmissionCheckState>& checks, absl::string_view state) {
  std::vector<const api::AdmissionCheckState*> found;
  for (const api::AdmissionCheckState& check : checks) {
    if (check.state == state) found.push_back(&check);
  }
  if (found.empty()) return "";
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  const auto text = [](std::string* out, const api::AdmissionCheckState* check) {
    absl::StrAppend(out, "\"", check->name, "\"");
    if (!check->message.empty()) absl::StrAppend(out, " (", check->message, ")");
  };
  return absl::StrCat(found.size() > 1 ? "AdmissionChecks" : "AdmissionCheck", " in ", state,
                      " state: ", absl::StrJoin(found, "; ", text));
}

}  // namespace muster::manager
