// The Go types of the kinds the webhook decodes, as far as answers depend on them; see go_form.h.
#ifndef MUSTER_WEBHOOK_GO_TYPES_H_
#define MUSTER_WEBHOOK_GO_TYPES_H_

#include "absl/strings/string_view.h"
#include "webhook/go_form.h"

namespace muster::webhook {

// Parts that several kinds share.
extern const GoStruct kGoObjectMeta;
extern const GoStruct kGoLabelSelector;
extern const GoStruct kGoPodSpec;
extern const GoStruct kGoPodTemplateSpec;
extern const GoStruct kGoPodSet;
extern const GoStruct kGoAdmission;

// The type of a kind. Kinds without a table of their own get one that knows apiVersion, kind and metadata alone.
const GoStruct& GoTypeOf(absl::string_view group, absl::string_view kind);

// Internal: the tables are spread over files by where the kinds come from. nullptr = not here.
const GoStruct* GoCoreTypeOf(absl::string_view group, absl::string_view kind);
const GoStruct* GoJobTypeOf(absl::string_view group, absl::string_view kind);
const GoStruct* GoRayTypeOf(absl::string_view group, absl::string_view kind);
const GoStruct* GoKueueTypeOf(absl::string_view group, absl::string_view kind);

// For the tables.
namespace go {

constexpr GoField String(std::string_view name, std::string_view type_name = {}) {
  return {name, GoType::kString, GoContainer::kNone, nullptr, type_name, {}};
}
constexpr GoField Bool(std::string_view name) { return {name, GoType::kBool, GoContainer::kNone, nullptr, {}, {}}; }
constexpr GoField Int32(std::string_view name) { return {name, GoType::kInt32, GoContainer::kNone, nullptr, {}, {}}; }
constexpr GoField Int64(std::string_view name) { return {name, GoType::kInt64, GoContainer::kNone, nullptr, {}, {}}; }
constexpr GoField Time(std::string_view name) { return {name, GoType::kTime, GoContainer::kNone, nullptr, {}, {}}; }
constexpr GoField Quantity(std::string_view name) {
  return {name, GoType::kQuantity, GoContainer::kNone, nullptr, {}, {}};
}
constexpr GoField Quantities(std::string_view name) {
  return {name, GoType::kQuantity, GoContainer::kMap, nullptr, {}, {}};
}
constexpr GoField Strings(std::string_view name) {
  return {name, GoType::kString, GoContainer::kList, nullptr, {}, {}};
}
constexpr GoField StringMap(std::string_view name) {
  return {name, GoType::kString, GoContainer::kMap, nullptr, {}, {}};
}
// A pointer to a struct, or one that is left out when it is zero.
constexpr GoField Pointer(std::string_view name, const GoStruct& of) {
  return {name, GoType::kStruct, GoContainer::kNone, &of, {}, {}};
}
// A struct embedded by value: written even when there is nothing in it.
constexpr GoField Value(std::string_view name, const GoStruct& of, std::string_view when_absent = "{}") {
  return {name, GoType::kStruct, GoContainer::kNone, &of, {}, when_absent};
}
constexpr GoField List(std::string_view name, const GoStruct& of) {
  return {name, GoType::kStruct, GoContainer::kList, &of, {}, {}};
}
constexpr GoField Map(std::string_view name, const GoStruct& of) {
  return {name, GoType::kStruct, GoContainer::kMap, &of, {}, {}};
}
// A field that is named for its place in the order alone.
constexpr GoField Any(std::string_view name) { return {name, GoType::kAny, GoContainer::kNone, nullptr, {}, {}}; }
// Whatever it holds, this is written when it is not there.
constexpr GoField Opaque(std::string_view name, std::string_view when_absent) {
  return {name, GoType::kAny, GoContainer::kNone, nullptr, {}, when_absent};
}

template <size_t n>
constexpr GoStruct Struct(std::string_view name, std::string_view package_name, const GoField (&fields)[n]) {
  return {name, package_name, fields, n};
}

}  // namespace go
}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_GO_TYPES_H_
