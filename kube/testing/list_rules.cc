#include "kube/testing/list_rules.h"

#include "absl/strings/str_cat.h"

namespace muster::kube::testing {
namespace {

const std::vector<ListRule>& Rules() {
  static const auto& rules = *new std::vector<ListRule>{
      {"", "metadata.finalizers", {}},
      {"", "metadata.ownerReferences", {"uid"}},
      {"Workload", "spec.podSets", {"name"}},
      {"Workload", "status.admission.podSetAssignments", {"name"}},
      {"Workload", "status.admissionChecks", {"name"}},
      {"Workload", "status.conditions", {"type"}},
      {"Workload", "status.preemptionGates", {"name"}},
      {"Workload", "status.reclaimablePods", {"name"}},
      {"Workload", "status.resourceRequests", {"name"}},
      {"Workload", "status.schedulingStats.evictions", {"reason", "underlyingCause"}},
      {"Workload", "status.unhealthyNodes", {"name"}},
      {"AdmissionCheck", "status.conditions", {"type"}},
      {"ClusterQueue", "status.conditions", {"type"}},
      {"LocalQueue", "status.conditions", {"type"}},
      {"Node", "status.conditions", {"type"}},
      {"Pod", "spec.containers", {"name"}},
      {"Pod", "spec.initContainers", {"name"}},
      {"Pod", "spec.schedulingGates", {"name"}},
      {"Pod", "spec.volumes", {"name"}},
      {"Pod", "status.conditions", {"type"}},
      {"Pod", "status.podIPs", {"ip"}},
  };
  return rules;
}

}  // namespace

const ListRule* ListRuleAt(const ResourceType& type, absl::string_view path) {
  for (const ListRule& rule : Rules()) {
    if (rule.path == path && (rule.kind.empty() || rule.kind == type.kind)) return &rule;
  }
  return nullptr;
}

std::string ElementOf(const ListRule& rule, const nlohmann::json& item) {
  if (rule.keys.empty()) return absl::StrCat("v:", item.dump());
  nlohmann::json keys = nlohmann::json::object();
  for (absl::string_view key : rule.keys) {
    const auto it = item.is_object() ? item.find(std::string(key)) : item.end();
    keys[std::string(key)] = item.is_object() && it != item.end() ? *it : nlohmann::json("");
  }
  return absl::StrCat("k:", keys.dump());
}

}  // namespace muster::kube::testing
