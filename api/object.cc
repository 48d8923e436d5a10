#include "api/object.h"

#include <type_traits>

#include "absl/strings/str_cat.h"
#include "api/kinds.h"

namespace muster::api {

absl::string_view Kind(const Object& object) {
  return std::visit([](const auto& o) { return KindOf<std::decay_t<decltype(o)>>::kKind; }, object);
}

absl::string_view ApiVersion(const Object& object) {
  return std::visit([](const auto& o) { return KindOf<std::decay_t<decltype(o)>>::kApiVersion; }, object);
}

bool IsNamespaced(const Object& object) {
  return std::visit([](const auto& o) { return KindOf<std::decay_t<decltype(o)>>::kNamespaced; }, object);
}

const ObjectMeta& Metadata(const Object& object) {
  return std::visit([](const auto& o) -> const ObjectMeta& { return o.metadata; }, object);
}

ObjectMeta& Metadata(Object& object) {
  return std::visit([](auto& o) -> ObjectMeta& { return o.metadata; }, object);
}

std::string ObjectId(const Object& object) {
  const ObjectMeta& meta = Metadata(object);
  return absl::StrCat(Kind(object), "/", meta.ns.empty() ? "" : absl::StrCat(meta.ns, "/"), meta.name);
}

}  // namespace muster::api
