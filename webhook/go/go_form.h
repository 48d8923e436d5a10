// What becomes of an object when Kueue, written in Go, reads it and writes it again.
//
// Kueue decodes every object into Go structs. What cannot be decoded is refused in Go's words; a changed object is
// written out again, which makes quantities canonical and puts empty objects where a struct is embedded by value. The
// tables of Go types in go_types.h say, per kind, which field has which type; a field that no table has is left alone.
#ifndef MUSTER_WEBHOOK_GO_GO_FORM_H_
#define MUSTER_WEBHOOK_GO_GO_FORM_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace muster::webhook {

class ObjectPatch;

enum class GoType : uint8_t { kAny, kString, kBool, kInt32, kInt64, kQuantity, kTime, kStruct };
enum class GoContainer : uint8_t { kNone, kList, kMap };

struct GoStruct;

struct GoField {
  std::string_view name;
  GoType type = GoType::kAny;
  GoContainer container = GoContainer::kNone;
  const GoStruct* of = nullptr;     // of kStruct
  std::string_view type_name = {};  // as Go prints it, where it is not that of `type` and `of`
  // JSON that is written when the field is not there: "{}" for a struct embedded by value. "" = nothing is written.
  std::string_view when_absent = {};
  std::string_view container_name = {};  // of a list or map type with a name of its own: "v1.ResourceList"
  bool omit_zero = false;                // not written when it is "", 0, false or empty
};

struct GoStruct {
  std::string_view name;          // "JobSpec"
  std::string_view package_name;  // "v1.JobSpec"
  const GoField* fields = nullptr;
  size_t field_count = 0;
  bool complete = false;  // the table has every field: what it does not have gets lost in Go

  // nullptr when there is none of that name. O(fields).
  const GoField* Find(std::string_view field) const {
    for (size_t i = 0; i < field_count; ++i) {
      if (fields[i].name == field) return &fields[i];
    }
    return nullptr;
  }
};

// What Go says when it decodes `object` into `type`: "json: cannot unmarshal string into Go struct field
// JobSpec.spec.parallelism of type int32"; "" when it can. O(size).
std::string GoDecodeError(const GoStruct& type, const nlohmann::json& object);

// Adds to the patch what writing the object out again changes by itself. REQUIRES: GoDecodeError said nothing.
void AddGoRewriting(const GoStruct& type, ObjectPatch& patch);

// The object as it is when Go has read it and written it again: canonical quantities and times, no empty values where
// Go leaves them out, the zero values that it writes. REQUIRES: GoDecodeError said nothing.
nlohmann::json GoRewritten(const GoStruct& type, const nlohmann::json& object);

// The same as text: the fields of a struct in the order of the table, then (sorted) those it does not have. A list is
// taken for a list of such objects.
std::string GoMarshal(const GoStruct& type, const nlohmann::json& object);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_GO_GO_FORM_H_
