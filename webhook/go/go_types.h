// The Go types of the kinds the webhook decodes, as far as answers depend on them; see go_form.h.
#ifndef MUSTER_WEBHOOK_GO_GO_TYPES_H_
#define MUSTER_WEBHOOK_GO_GO_TYPES_H_

#include "absl/strings/string_view.h"
#include "webhook/go/go_form.h"

namespace muster::webhook {

// Parts that several kinds share.
extern const GoStruct kGoObjectMeta;
extern const GoStruct kGoLabelSelector;
extern const GoStruct kGoPodSpec;
extern const GoStruct kGoPodTemplateSpec;
extern const GoStruct kGoCondition;
extern const GoStruct kGoToleration;
extern const GoStruct kGoTaint;
// Parts of Kueue's kinds, v1beta2, that its messages show.
extern const GoStruct kGoPodSet;
extern const GoStruct kGoAdmission;
extern const GoStruct kGoPodSetUpdate;
extern const GoStruct kGoPreemption;
extern const GoStruct kGoConcurrentAdmissionPolicy;

// The type of a kind. Kinds without a table of their own get one that knows apiVersion, kind and metadata alone.
const GoStruct& GoTypeOf(absl::string_view group, absl::string_view kind);
// The type of one of Kueue's own kinds in v1beta1, nullptr when it is not converted.
const GoStruct* GoOldKueueTypeOf(absl::string_view kind);

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
// Lists and maps are left out when they are empty; see Written() for the others.
constexpr GoField Quantities(std::string_view name) {
  return {name, GoType::kQuantity, GoContainer::kMap, nullptr, {}, {}, "v1.ResourceList", true};
}
constexpr GoField Strings(std::string_view name, std::string_view type_name = {}) {
  return {name, GoType::kString, GoContainer::kList, nullptr, type_name, {}, {}, true};
}
constexpr GoField StringMap(std::string_view name, std::string_view container_name = {}) {
  return {name, GoType::kString, GoContainer::kMap, nullptr, {}, {}, container_name, true};
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
  return {name, GoType::kStruct, GoContainer::kList, &of, {}, {}, {}, true};
}
constexpr GoField Map(std::string_view name, const GoStruct& of) {
  return {name, GoType::kStruct, GoContainer::kMap, &of, {}, {}, {}, true};
}
// A field that is named for its place in the order alone.
constexpr GoField Any(std::string_view name) { return {name, GoType::kAny, GoContainer::kNone, nullptr, {}, {}}; }
// Whatever it holds, this is written when it is not there.
constexpr GoField Opaque(std::string_view name, std::string_view when_absent) {
  return {name, GoType::kAny, GoContainer::kNone, nullptr, {}, when_absent};
}

// A value, not a pointer, with omitempty: left out when it is zero.
constexpr GoField Omit(GoField field) {
  field.omit_zero = true;
  return field;
}
// A field without omitempty: written whatever it is, as `zero` when it is not there.
constexpr GoField Written(GoField field, std::string_view zero) {
  field.omit_zero = false;
  field.when_absent = zero;
  return field;
}

template <size_t n>
constexpr GoStruct Struct(std::string_view name, std::string_view package_name, const GoField (&fields)[n]) {
  return {name, package_name, fields, n};
}
// Of a struct all of whose fields the table has.
template <size_t n>
constexpr GoStruct Complete(std::string_view name, std::string_view package_name, const GoField (&fields)[n]) {
  return {name, package_name, fields, n, true};
}

}  // namespace go
}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_GO_GO_TYPES_H_
