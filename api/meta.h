// Object metadata, conditions and selectors shared by every kind. Plain data: nothing here decides.
//
// Field names follow the Kubernetes JSON names in snake_case; an absent list or map is empty, an absent scalar whose
// absence means something is std::optional.
#ifndef MUSTER_API_META_H_
#define MUSTER_API_META_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace muster::api {

// Go's zero time, what Kubernetes means by an absent timestamp: older than every real one.
inline absl::Time ZeroTime() { return absl::FromUnixSeconds(-62135596800); }

using StringMap = std::map<std::string, std::string>;

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  std::optional<bool> controller;
  std::optional<bool> block_owner_deletion;
  friend bool operator==(const OwnerReference&, const OwnerReference&) = default;
};

struct ObjectMeta {
  std::string name;
  std::string generate_name;
  std::string ns;
  std::string uid;
  std::string resource_version;
  int64_t generation = 0;
  absl::Time creation_timestamp = ZeroTime();
  std::optional<absl::Time> deletion_timestamp;
  StringMap labels;
  StringMap annotations;
  std::vector<std::string> finalizers;
  std::vector<OwnerReference> owner_references;
  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

// metav1.Condition. `status` is "True", "False" or "Unknown".
struct Condition {
  std::string type;
  std::string status;
  std::string reason;
  std::string message;
  absl::Time last_transition_time = ZeroTime();
  std::optional<int64_t> observed_generation;
  friend bool operator==(const Condition&, const Condition&) = default;
};

// The condition of that type, or nullptr. O(conditions).
inline const Condition* FindCondition(const std::vector<Condition>& conditions, absl::string_view type) {
  for (const Condition& c : conditions) {
    if (c.type == type) return &c;
  }
  return nullptr;
}
inline bool IsConditionTrue(const std::vector<Condition>& conditions, absl::string_view type) {
  const Condition* c = FindCondition(conditions, type);
  return c != nullptr && c->status == "True";
}
inline bool IsConditionFalse(const std::vector<Condition>& conditions, absl::string_view type) {
  const Condition* c = FindCondition(conditions, type);
  return c != nullptr && c->status == "False";
}

// One requirement of a label selector or a node selector term. Operators: In, NotIn, Exists, DoesNotExist, and for
// nodes also Gt, Lt.
struct Requirement {
  std::string key;
  std::string op;
  std::vector<std::string> values;
  friend bool operator==(const Requirement&, const Requirement&) = default;
};

struct LabelSelector {
  StringMap match_labels;
  std::vector<Requirement> match_expressions;
  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;
};

// Whether `labels` satisfy the requirement. An unknown operator matches nothing.
bool Matches(const Requirement& requirement, const StringMap& labels);
// Whether `labels` satisfy all of the selector; an empty selector matches everything.
bool Matches(const LabelSelector& selector, const StringMap& labels);

// "namespace/name", or "/name" when the namespace is empty.
std::string ObjectKey(const ObjectMeta& meta);

}  // namespace muster::api

#endif  // MUSTER_API_META_H_
