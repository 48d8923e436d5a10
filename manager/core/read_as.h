// Objects of the cluster in the structs of api/.
#ifndef MUSTER_MANAGER_CORE_READ_AS_H_
#define MUSTER_MANAGER_CORE_READ_AS_H_

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/codec.h"
#include "api/core.h"
#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

// The object as T; nullopt when it is not there or cannot be read. REQUIRES: it is of the kind that T stands for.
template <class T>
std::optional<T> ReadAs(const kube::ObjectPtr& object) {
  if (object == nullptr) return std::nullopt;
  absl::StatusOr<api::Object> read = api::DecodeObject(object->value());
  if (!read.ok()) return std::nullopt;
  return std::get<T>(*std::move(read));
}

// Those of a namespace that can be read, by name.
inline std::vector<api::LimitRange> LimitRangesOf(const World& world, absl::string_view ns) {
  static const kube::ResourceType& type = kube::TypeOf("", "LimitRange");
  std::vector<api::LimitRange> ranges;
  for (const kube::ObjectPtr& object : world.objects.List(type, ns)) {
    if (std::optional<api::LimitRange> range = ReadAs<api::LimitRange>(object)) ranges.push_back(*std::move(range));
  }
  return ranges;
}

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_READ_AS_H_
