// The part of validation that recordings of real clusters run into.
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/quantity.h"
#include "kube/testing/answers.h"
#include "kube/testing/json_path.h"
#include "kube/testing/strategy.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

std::optional<std::string> OverLimit(const json& container, const std::string& path) {
  const json* requests = Get(container, {"resources", "requests"});
  const json* limits = Get(container, {"resources", "limits"});
  if (requests == nullptr || limits == nullptr) return std::nullopt;
  for (const auto& [name, amount] : requests->items()) {
    if (!limits->contains(name) || !amount.is_string() || !(*limits)[name].is_string()) continue;
    const absl::StatusOr<api::Quantity> request = api::Quantity::Parse(amount.get<std::string>());
    const absl::StatusOr<api::Quantity> limit = api::Quantity::Parse((*limits)[name].get<std::string>());
    if (request.ok() && limit.ok() && *limit < *request) {
      return absl::StrCat(path, ".resources.requests: Invalid value: \"", request->ToString(),
                          "\": must be less than or equal to ", name, " limit of ", limit->ToString());
    }
  }
  return std::nullopt;
}

std::optional<std::string> OverLimits(const json* pod_spec, const std::string& path) {
  if (pod_spec == nullptr) return std::nullopt;
  const json* containers = Get(*pod_spec, {"containers"});
  if (containers == nullptr || !containers->is_array()) return std::nullopt;
  for (size_t i = 0; i < containers->size(); ++i) {
    if (auto problem = OverLimit((*containers)[i], absl::StrCat(path, ".containers[", i, "]"))) return problem;
  }
  return std::nullopt;
}

// Where pods go, and what they ask for, may change while none of them exists, nothing else.
bool TemplateMayBecome(const json& old, const json& fresh) {
  json before = old["spec"]["template"], after = fresh["spec"]["template"];
  if (before == after) return true;
  const bool suspended = GetBool(old, {"spec", "suspend"}) && GetInt(old, {"status", "active"}) == 0 &&
                         Get(old, {"status", "startTime"}) == nullptr;
  if (!suspended) return false;
  for (json* each : {&before, &after}) {
    for (const char* key : {"labels", "annotations"}) EraseMember((*each)["metadata"], key);
    for (const char* key : {"nodeSelector", "tolerations", "affinity", "schedulingGates"}) {
      EraseMember((*each)["spec"], key);
    }
    for (const char* list : {"containers", "initContainers"}) {
      const auto containers = (*each)["spec"].find(list);
      if (containers == (*each)["spec"].end() || !containers->is_array()) continue;
      for (json& container : *containers) EraseMember(container, "resources");
    }
  }
  return before == after;
}

}  // namespace

std::optional<Response> CheckRules(const ObjectKey& key, const std::string& subresource, const json* old,
                                   const json& fresh) {
  if (!subresource.empty()) return std::nullopt;
  const ResourceType& type = *key.type;
  if (type.group == "batch" && type.kind == "Job") {
    if (auto problem = OverLimits(Get(fresh, {"spec", "template", "spec"}), "spec.template.spec")) {
      return Invalid(key, *problem);
    }
    if (old != nullptr && !TemplateMayBecome(*old, fresh)) {
      return Invalid(key, absl::StrCat("spec.template: Invalid value: ", fresh["spec"]["template"].dump(),
                                       ": field is immutable"));
    }
  } else if (type.group == "" && type.kind == "Pod") {
    if (auto problem = OverLimits(Get(fresh, {"spec"}), "spec"); problem.has_value() && old == nullptr) {
      return Invalid(key, *problem);
    }
  } else if (type.kind == "LocalQueue" && old != nullptr) {
    const std::string after = GetString(fresh, {"spec", "clusterQueue"});
    if (after != GetString(*old, {"spec", "clusterQueue"})) {
      return Invalid(key, absl::StrCat("spec.clusterQueue: Invalid value: \"", after, "\": field is immutable"));
    }
  }
  return std::nullopt;
}

}  // namespace muster::kube::testing
