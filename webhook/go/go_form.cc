#include "webhook/go/go_form.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/quantity_text.h"
#include "webhook/go/go_text.h"
#include "webhook/patch/json_access.h"
#include "webhook/patch/object_patch.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// "string", "v1.PodSpec", "[]v1.Container", "map[string]string".
std::string TypeText(const GoField& field, bool element) {
  std::string name(field.type_name);
  if (name.empty()) {
    switch (field.type) {
      case GoType::kString:
        name = "string";
        break;
      case GoType::kBool:
        name = "bool";
        break;
      case GoType::kInt32:
        name = "int32";
        break;
      case GoType::kInt64:
        name = "int64";
        break;
      case GoType::kQuantity:
        name = "resource.Quantity";
        break;
      case GoType::kTime:
        name = "v1.Time";
        break;
      case GoType::kStruct:
        name = std::string(field.of->package_name);
        break;
      case GoType::kAny:
        break;
    }
  }
  if (element || field.container == GoContainer::kNone) return name;
  if (!field.container_name.empty()) return std::string(field.container_name);
  return absl::StrCat(field.container == GoContainer::kList ? "[]" : "map[string]", name);
}

// What resource.Quantity's UnmarshalJSON says; it is given the text of the value, in whichever type.
std::string QuantityError(const json& value) {
  const std::string text =
      value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, json::error_handler_t::replace);
  switch (api::FaultOf(absl::StripAsciiWhitespace(text))) {
    case api::QuantityFault::kNone:
      break;
    case api::QuantityFault::kFormat:
      return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    case api::QuantityFault::kNumber:
      return "unable to parse numeric part of quantity";
    case api::QuantityFault::kSuffix:
      return "unable to parse quantity's suffix";
  }
  return "";
}

class Decoder {
 public:
  // False when a value's own decoder refused it: that error is the answer, whatever was noticed before.
  bool Struct(const GoStruct& type, const json& object) {
    for (auto it = object.begin(); it != object.end(); ++it) {
      const GoField* field = type.Find(it.key());
      if (field == nullptr || it->is_null() || field->type == GoType::kAny) continue;
      stack_.push_back(field->name);
      const bool ok = Value(type, *field, *it);
      stack_.pop_back();
      if (!ok) return false;
    }
    return true;
  }

  std::string Take() { return !fatal_.empty() ? fatal_ : first_; }

 private:
  bool Mismatch(const GoStruct& type, const GoField& field, const std::string& what, bool element) {
    if (first_.empty()) {
      first_ = absl::StrCat("json: cannot unmarshal ", what, " into Go struct field ", View(type.name), ".",
                            absl::StrJoin(stack_, ".", [](std::string* out, std::string_view s) { out->append(s); }),
                            " of type ", TypeText(field, element));
    }
    return true;
  }

  bool Value(const GoStruct& type, const GoField& field, const json& value) {
    if (field.container == GoContainer::kNone) return Scalar(type, field, value);
    const bool list = field.container == GoContainer::kList;
    if (list ? !value.is_array() : !value.is_object()) return Mismatch(type, field, JsonTypeName(value), false);
    for (const json& item : value) {
      if (!item.is_null() && !Scalar(type, field, item)) return false;
    }
    return true;
  }

  bool Scalar(const GoStruct& type, const GoField& field, const json& value) {
    switch (field.type) {
      case GoType::kAny:
        return true;
      case GoType::kString:
        return value.is_string() || Mismatch(type, field, JsonTypeName(value), true);
      case GoType::kBool:
        return value.is_boolean() || Mismatch(type, field, JsonTypeName(value), true);
      case GoType::kInt32:
        return Integer(type, field, value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
      case GoType::kInt64:
        return Integer(type, field, value, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
      case GoType::kQuantity:
        fatal_ = QuantityError(value);
        return fatal_.empty();
      case GoType::kTime:
        if (!value.is_string()) {
          fatal_ = absl::StrCat("json: cannot unmarshal ", JsonTypeName(value), " into Go value of type string");
        } else {
          fatal_ = GoTimeError(value.get_ref<const std::string&>());
        }
        return fatal_.empty();
      case GoType::kStruct:
        if (!value.is_object()) return Mismatch(type, field, JsonTypeName(value), true);
        return Struct(*field.of, value);
    }
    return true;
  }

  bool Integer(const GoStruct& type, const GoField& field, const json& value, int64_t min, int64_t max) {
    if (!value.is_number()) return Mismatch(type, field, JsonTypeName(value), true);
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<uint64_t>() <= INT64_MAX) &&
                      value.get<int64_t>() >= min && value.get<int64_t>() <= max;
    return fits || Mismatch(type, field, absl::StrCat("number ", value.dump()), true);
  }

  std::vector<std::string_view> stack_;
  std::string first_;
  std::string fatal_;
};

// Finds what is written differently. Values are collected first and set afterwards, because setting changes what is
// being walked over.
class Rewriter {
 public:
  // Stops after changes of so many bytes.
  Rewriter(size_t max_bytes, std::vector<std::pair<std::string, json>>* changes)
      : max_bytes_(max_bytes), changes_(*changes) {}

  void Struct(const GoStruct& type, const json& object) {
    for (size_t i = 0; i < type.field_count; ++i) {
      const GoField& field = type.fields[i];
      if (field.type != GoType::kQuantity && field.type != GoType::kStruct && field.when_absent.empty()) continue;
      const json* value = Field(object, View(field.name));
      const size_t length = pointer_.size();
      absl::StrAppend(&pointer_, "/", View(field.name));
      if (value == nullptr) {
        const bool by_value = field.type == GoType::kStruct && field.container == GoContainer::kNone;
        if (!field.when_absent.empty()) {
          Change(by_value ? GoRewritten(*field.of, json::object()) : json::parse(field.when_absent));
        }
      } else {
        Value(field, *value);
      }
      pointer_.resize(length);
    }
  }

 private:
  void Value(const GoField& field, const json& value) {
    if (field.container == GoContainer::kNone) return Element(field, value);
    if (!value.is_structured()) return;
    const size_t length = pointer_.size();
    size_t index = 0;
    for (auto it = value.begin(); it != value.end(); ++it) {
      absl::StrAppend(&pointer_, "/", value.is_array() ? absl::StrCat(index++) : PointerToken(it.key()));
      Element(field, *it);
      pointer_.resize(length);
    }
  }

  void Element(const GoField& field, const json& value) {
    if (field.type == GoType::kStruct) {
      if (value.is_object()) Struct(*field.of, value);
    } else if (field.type == GoType::kQuantity && !value.is_null()) {
      std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      absl::StatusOr<std::string> written = api::RewrittenQuantity(absl::StripAsciiWhitespace(text));
      if (written.ok() && (!value.is_string() || *written != text)) Change(*std::move(written));
    }
  }

  void Change(json value) {
    if (bytes_ > max_bytes_) return;
    bytes_ += pointer_.size();
    changes_.emplace_back(pointer_, std::move(value));
  }

  std::string pointer_;
  size_t bytes_ = 0;
  const size_t max_bytes_;
  std::vector<std::pair<std::string, json>>& changes_;
};

}  // namespace

std::string GoDecodeError(const GoStruct& type, const json& object) {
  Decoder decoder;
  decoder.Struct(type, object);
  return decoder.Take();
}

void AddGoRewriting(const GoStruct& type, ObjectPatch& patch) {
  std::vector<std::pair<std::string, json>> changes;
  Rewriter(patch.max_bytes(), &changes).Struct(type, patch.object());
  for (auto& [pointer, value] : changes) patch.Set(pointer, std::move(value));
}

}  // namespace muster::webhook
