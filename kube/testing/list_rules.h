// Which lists of objects are maps or sets. Server-side apply and strategic merge patches go by it; every list that is not
// named here is replaced as a whole.
#ifndef MUSTER_KUBE_TESTING_LIST_RULES_H_
#define MUSTER_KUBE_TESTING_LIST_RULES_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kube/resource_type.h"

namespace muster::kube::testing {

struct ListRule {
  absl::string_view kind;               // "" = every kind
  absl::string_view path;               // "status.conditions"; items of a list are "[]": "spec.podSets[].x"
  std::vector<absl::string_view> keys;  // members that tell items apart; empty = a set of values
};

// The rule for the list at a path, or nullptr when it is replaced as a whole.
const ListRule* ListRuleAt(const ResourceType& type, absl::string_view path);

// What tells an item from the others, as managedFields spells it: `k:{"type":"Ready"}`, `v:"finalizer"`.
std::string ElementOf(const ListRule& rule, const nlohmann::json& item);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_LIST_RULES_H_
