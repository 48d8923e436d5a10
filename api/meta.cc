#include "api/meta.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace muster::api {
namespace {

bool Contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

bool Matches(const Requirement& requirement, const StringMap& labels) {
  const auto label = labels.find(requirement.key);
  const bool has = label != labels.end();
  if (requirement.op == "In") return has && Contains(requirement.values, label->second);
  if (requirement.op == "NotIn") return !has || !Contains(requirement.values, label->second);
  if (requirement.op == "Exists") return has;
  if (requirement.op == "DoesNotExist") return !has;
  if (requirement.op == "Gt" || requirement.op == "Lt") {
    // Kubernetes compares integers only; anything else does not match, and neither does a list of several bounds.
    int64_t value = 0;
    int64_t bound = 0;
    if (!has || requirement.values.size() != 1 || !absl::SimpleAtoi(label->second, &value) ||
        !absl::SimpleAtoi(requirement.values[0], &bound)) {
      return false;
    }
    return requirement.op == "Gt" ? value > bound : value < bound;
  }
  return false;
}

bool Matches(const LabelSelector& selector, const StringMap& labels) {
  for (const auto& [key, value] : selector.match_labels) {
    const auto label = labels.find(key);
    if (label == labels.end() || label->second != value) return false;
  }
  return std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const Requirement& r) { return Matches(r, labels); });
}

std::string ObjectKey(const ObjectMeta& meta) { return absl::StrCat(meta.ns, "/", meta.name); }

}  // namespace muster::api
