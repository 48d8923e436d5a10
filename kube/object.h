// An object as the API server told it: unchangeable, shared, with its metadata at hand.
#ifndef MUSTER_KUBE_OBJECT_H_
#define MUSTER_KUBE_OBJECT_H_

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/resource_type.h"

namespace muster::kube {

// Which object: of a type, in a namespace ("" for types without), by name.
struct ObjectKey {
  const ResourceType* type = nullptr;
  std::string ns;
  std::string name;

  // "Job g/a", "Node n1": for messages.
  std::string Text() const;
  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
  // By group, plural, namespace, name: an order that is the same in every run.
  friend bool operator<(const ObjectKey& a, const ObjectKey& b);
  template <class H>
  friend H AbslHashValue(H h, const ObjectKey& k) {
    return H::combine(std::move(h), k.type, k.ns, k.name);
  }
};

struct Owner {
  std::string api_version, kind, name, uid;
  bool controller = false;
};

// Thread-safety: immutable.
class Object {
 public:
  // Errors: InvalidArgument for what is no object of a known type, or has no name.
  static absl::StatusOr<std::shared_ptr<const Object>> Parse(nlohmann::json object);

  const ObjectKey& key() const { return key_; }
  const ResourceType& type() const { return *key_.type; }
  const std::string& ns() const { return key_.ns; }
  const std::string& name() const { return key_.name; }
  const std::string& uid() const { return uid_; }
  const std::string& resource_version() const { return resource_version_; }
  int64_t generation() const { return generation_; }
  absl::Time created() const { return created_; }
  bool deleting() const { return deleting_; }
  // The value of a label or annotation, "" when absent.
  absl::string_view label(absl::string_view key) const;
  absl::string_view annotation(absl::string_view key) const;
  bool HasLabel(absl::string_view key) const;
  bool HasAnnotation(absl::string_view key) const;
  bool HasFinalizer(absl::string_view finalizer) const;
  std::vector<Owner> Owners() const;

  // The value at a JSON pointer without escapes ("/spec/suspend"), nullptr when absent or null.
  const nlohmann::json* At(absl::string_view pointer) const;
  absl::string_view StringAt(absl::string_view pointer) const;           // "" unless a string
  int64_t IntAt(absl::string_view pointer, int64_t fallback = 0) const;  // fallback unless a whole number
  bool BoolAt(absl::string_view pointer, bool fallback = false) const;

  const nlohmann::json& value() const { return json_; }

 private:
  Object() = default;
  nlohmann::json json_;
  ObjectKey key_;
  std::string uid_, resource_version_;
  int64_t generation_ = 0;
  absl::Time created_;
  bool deleting_ = false;
};

using ObjectPtr = std::shared_ptr<const Object>;

// Reads "2026-11-27T03:35:54Z", with or without a fraction. Errors: InvalidArgument.
absl::StatusOr<absl::Time> ParseTime(absl::string_view text);
// As objects have it: whole seconds, UTC.
std::string TimeText(absl::Time time);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_OBJECT_H_
