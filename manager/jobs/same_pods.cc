#include "manager/jobs/same_pods.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "api/quantity.h"
#include "manager/jobs/read.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// Fields of a container for which false, 0 or "" is something else than nothing.
bool IsOptional(const std::string& key) {
  static const auto& keys = *new std::set<std::string>{"privileged",
                                                       "runAsUser",
                                                       "runAsGroup",
                                                       "runAsNonRoot",
                                                       "readOnlyRootFilesystem",
                                                       "optional",
                                                       "restartPolicy",
                                                       "procMount",
                                                       "allowPrivilegeEscalation",
                                                       "port",
                                                       "number",
                                                       "mountPropagation",
                                                       "recursiveReadOnly",
                                                       "divisor",
                                                       "terminationGracePeriodSeconds",
                                                       "tolerationSeconds",
                                                       "service",
                                                       "hostProcess",
                                                       "gmsaCredentialSpec",
                                                       "localhostProfile"};
  return keys.count(key) > 0;
}

// Maps of amounts.
bool HoldsAmounts(const std::string& key) { return key == "requests" || key == "limits" || key == "divisor"; }

bool IsNothing(const json& value, bool optional) {
  if (value.is_null()) return true;
  if (value.is_object() || value.is_array()) return value.empty();
  if (optional) return false;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  if (value.is_boolean()) return !value.get<bool>();
  return value.is_number() && value == 0;
}

bool SameAmount(const json& a, const json& b) {
  const auto read = [](const json& value) {
    return api::Quantity::Parse(value.is_string() ? value.get<std::string>() : value.dump());
  };
  const absl::StatusOr<api::Quantity> x = read(a), y = read(b);
  return x.ok() && y.ok() && *x == *y;
}

bool Same(const json& a, const json& b, bool amounts) {
  if (a == b) return true;
  if (a.is_object() && b.is_object()) {
    const auto covered = [&](const json& from, const json& in) {
      for (const auto& [key, value] : from.items()) {
        const auto other = in.find(key);
        if (other == in.end() ? !IsNothing(value, amounts || IsOptional(key))
                              : !Same(value, *other, amounts || HoldsAmounts(key))) {
          return false;
        }
      }
      return true;
    };
    return covered(a, b) && covered(b, a);
  }
  if (a.is_array() && b.is_array()) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [&](const json& x, const json& y) { return Same(x, y, amounts); });
  }
  if (amounts && SameAmount(a, b)) return true;
  return IsNothing(a, true) && IsNothing(b, true);
}

const json& PartOf(const json& pod_set, absl::string_view pointer) {
  static const json& none = *new json(nullptr);
  const json* found = api::At(pod_set, pointer);
  return found == nullptr ? none : *found;
}

bool SamePodSet(const json& a, const json& b, Tolerations tolerations) {
  if (IntAt(a, "/count", 1) != IntAt(b, "/count", 1) || IntAt(a, "/minCount", -1) != IntAt(b, "/minCount", -1)) {
    return false;
  }
  for (const char* part : {"/template/spec/containers", "/template/spec/initContainers"}) {
    if (!SameMeaning(PartOf(a, part), PartOf(b, part))) return false;
  }
  constexpr char kTolerations[] = "/template/spec/tolerations";
  return tolerations == Tolerations::kIgnored || SameMeaning(PartOf(a, kTolerations), PartOf(b, kTolerations));
}

}  // namespace

bool SamePodSets(const std::vector<json>& a, const std::vector<json>& b, Tolerations tolerations) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](const json& x, const json& y) { return SamePodSet(x, y, tolerations); });
}

bool SameMeaning(const json& a, const json& b) { return Same(a, b, /*amounts=*/false); }

void DropRepeatedVariables(json* pod_template) {
  for (const char* list : {"containers", "initContainers"}) {
    const auto spec = pod_template->find("spec");
    if (spec == pod_template->end() || !spec->is_object()) return;
    const auto containers = spec->find(list);
    if (containers == spec->end() || !containers->is_array()) continue;
    for (json& container : *containers) {
      if (!container.is_object() || !ListAt(container, "/env").size()) continue;
      json kept = json::array();
      std::map<std::string, size_t> place;
      for (const json& variable : container["env"]) {
        const auto [it, added] = place.emplace(TextAt(variable, "/name"), kept.size());
        if (added) {
          kept.push_back(variable);
        } else {
          kept[it->second] = variable;
        }
      }
      container["env"] = std::move(kept);
    }
  }
}

}  // namespace muster::manager
