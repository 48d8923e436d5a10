// Changes an object and writes down the changes as JSON Patch (RFC 6902), without copying or comparing the object.
#ifndef MUSTER_WEBHOOK_PATCH_OBJECT_PATCH_H_
#define MUSTER_WEBHOOK_PATCH_OBJECT_PATCH_H_

#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace muster::webhook {

// A key as a token of a JSON pointer: "/" and "~" escaped.
std::string PointerToken(absl::string_view key);

// Pointers are RFC 6901's (REQUIRES: keys in them went through PointerToken). Thread-compatible.
class ObjectPatch {
 public:
  // `object` must outlive the patch. Once the operations take about `max_bytes`, further changes are not made, and the
  // patch is of no use.
  explicit ObjectPatch(nlohmann::json* object, size_t max_bytes = std::numeric_limits<size_t>::max())
      : object_(*object), max_bytes_(max_bytes) {}

  const nlohmann::json& object() const { return object_; }

  // Sets the value at the JSON pointer, making objects on the way where nothing (or null) is. Does nothing when the
  // value is there already, or when the pointer leads through a scalar or past the end of a list. O(depth).
  void Set(absl::string_view pointer, nlohmann::json value);
  // Adds to the end of the list at the pointer, which is made when there is none.
  void Append(absl::string_view pointer, nlohmann::json value);
  // Takes the value away, if it is there.
  void Remove(absl::string_view pointer);

  bool empty() const { return ops_.empty(); }
  bool too_large() const { return bytes_ > max_bytes_; }
  size_t max_bytes() const { return max_bytes_; }
  // The operations so far, in order; null when there are none.
  nlohmann::json Take() { return std::exchange(ops_, nullptr); }

 private:
  void Add(const char* op, absl::string_view pointer, const nlohmann::json* value);

  nlohmann::json& object_;
  const size_t max_bytes_;
  size_t bytes_ = 0;
  nlohmann::json ops_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_PATCH_OBJECT_PATCH_H_
