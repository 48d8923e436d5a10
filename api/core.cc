#include "api/core.h"

#include <algorithm>

namespace muster::api {
namespace {

// Node fields have one selectable name, metadata.name, and take exactly one value.
bool MatchesNodeName(const Requirement& requirement, absl::string_view node_name) {
  if (requirement.key != "metadata.name" || requirement.values.size() != 1) return false;
  if (requirement.op == "In") return requirement.values[0] == node_name;
  if (requirement.op == "NotIn") return requirement.values[0] != node_name;
  return false;
}

}  // namespace

bool Tolerates(const Toleration& toleration, const Taint& taint) {
  if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  if (toleration.op.empty() || toleration.op == "Equal") return toleration.value == taint.value;
  return toleration.op == "Exists";
}

bool Matches(const NodeSelectorTerm& term, const StringMap& node_labels, absl::string_view node_name) {
  if (term.match_expressions.empty() && term.match_fields.empty()) return false;
  return std::all_of(term.match_expressions.begin(), term.match_expressions.end(),
                     [&](const Requirement& r) { return Matches(r, node_labels); }) &&
         std::all_of(term.match_fields.begin(), term.match_fields.end(),
                     [&](const Requirement& r) { return MatchesNodeName(r, node_name); });
}

}  // namespace muster::api
