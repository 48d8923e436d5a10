#include "kube/testing/placement.h"

#include <map>

#include "absl/numeric/int128.h"
#include "api/quantity.h"
#include "kube/testing/json_path.h"
#include "kube/testing/pods.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;
using Amounts = std::map<std::string, absl::int128>;  // billionths

void Add(const json* amounts, Amounts* total) {
  if (amounts == nullptr) return;
  for (const auto& [name, text] : amounts->items()) {
    const absl::StatusOr<api::Quantity> amount =
        api::Quantity::Parse(text.is_string() ? text.get<std::string>() : text.dump());
    if (amount.ok()) (*total)[name] += amount->nanos();
  }
}

Amounts Requests(const Object& pod) {
  Amounts total;
  if (const json* containers = pod.At("/spec/containers"); containers != nullptr) {
    for (const json& container : *containers) Add(Get(container, {"resources", "requests"}), &total);
  }
  total["pods"] = absl::int128(1000000000);
  return total;
}

bool Selects(const Object& pod, const Object& node) {
  const json* selector = pod.At("/spec/nodeSelector");
  if (selector == nullptr) return true;
  for (const auto& [key, value] : selector->items()) {
    if (!node.HasLabel(key) || node.label(key) != value.get<std::string>()) return false;
  }
  return true;
}

bool Tolerates(const Object& pod, const json& taint) {
  const std::string effect = GetString(taint, {"effect"});
  if (effect == "PreferNoSchedule") return true;
  const json* tolerations = pod.At("/spec/tolerations");
  if (tolerations == nullptr) return false;
  for (const json& each : *tolerations) {
    const std::string key = GetString(each, {"key"});
    const bool exists = GetString(each, {"operator"}) == "Exists";
    if (!GetString(each, {"effect"}).empty() && GetString(each, {"effect"}) != effect) continue;
    if (key.empty() ? exists
                    : key == GetString(taint, {"key"}) &&
                          (exists || GetString(each, {"value"}) == GetString(taint, {"value"}))) {
      return true;
    }
  }
  return false;
}

bool IsUsable(const Object& pod, const Object& node) {
  if (node.BoolAt("/spec/unschedulable")) return false;
  if (const json* taints = node.At("/spec/taints"); taints != nullptr) {
    for (const json& taint : *taints) {
      if (!Tolerates(pod, taint)) return false;
    }
  }
  return IsReady(node);  // nodes have that condition as pods have
}

}  // namespace

std::string NodeFor(const ApiServer& server, const Object& pod) {
  const Amounts wanted = Requests(pod);
  std::map<std::string, Amounts> used;
  for (const ObjectPtr& other : server.List(TypeOf("", "Pod"))) {
    const std::string node(other->StringAt("/spec/nodeName"));
    if (node.empty() || IsOver(*other)) continue;
    for (const auto& [name, amount] : Requests(*other)) used[node][name] += amount;
  }
  for (const ObjectPtr& node : server.List(TypeOf("", "Node"))) {
    if (!Selects(pod, *node) || !IsUsable(pod, *node)) continue;
    Amounts room;
    Add(node->At("/status/allocatable"), &room);
    bool fits = true;
    for (const auto& [name, amount] : wanted) {
      const auto it = room.find(name);
      fits = fits && it != room.end() && used[node->name()][name] + amount <= it->second;
    }
    if (fits) return node->name();
  }
  return "";
}

}  // namespace muster::kube::testing
