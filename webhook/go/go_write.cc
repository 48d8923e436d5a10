// What Go makes of an object: GoRewritten and GoMarshal of go_form.h.
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "api/quantity_text.h"
#include "webhook/go/go_form.h"
#include "webhook/go/go_json.h"
#include "webhook/go/go_text.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

bool IsZero(const json& value) {
  switch (value.type()) {
    case json::value_t::string:
      return value.get_ref<const std::string&>().empty();
    case json::value_t::boolean:
      return !value.get<bool>();
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      return value == 0;
    default:
      return value.empty();  // null, [], {}
  }
}

// What Go has for an element of a list that is null: the zero value of its type.
json ZeroOf(const GoField& field) {
  switch (field.type) {
    case GoType::kStruct:
      return GoRewritten(*field.of, json::object());
    case GoType::kString:
      return "";
    case GoType::kBool:
      return false;
    case GoType::kInt32:
    case GoType::kInt64:
      return 0;
    case GoType::kQuantity:
      return "0";
    default:
      return nullptr;
  }
}

json Element(const GoField& field, const json& value) {
  if (value.is_null()) return ZeroOf(field);
  if (field.type == GoType::kStruct && value.is_object()) return GoRewritten(*field.of, value);
  if (field.type == GoType::kTime && value.is_string()) return GoTime(value.get_ref<const std::string&>());
  if (field.type == GoType::kQuantity && !value.is_structured()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    absl::StatusOr<std::string> written = api::RewrittenQuantity(absl::StripAsciiWhitespace(text));
    if (written.ok()) return *std::move(written);
  }
  return value;
}

json Rewritten(const GoField& field, const json& value) {
  if (field.container == GoContainer::kNone || !value.is_structured()) return Element(field, value);
  json out = value.is_array() ? json::array() : json::object();
  for (auto it = value.begin(); it != value.end(); ++it) {
    if (value.is_array()) {
      out.push_back(Element(field, *it));
    } else {
      out.emplace(it.key(), Element(field, *it));
    }
  }
  return out;
}

// Writes, in Go's order, what has been rewritten.
class Marshaler {
 public:
  void Struct(const GoStruct& type, const json& object) {
    out_.push_back('{');
    bool first = true;
    for (size_t i = 0; i < type.field_count; ++i) {
      const GoField& field = type.fields[i];
      const auto value = object.find(field.name);
      if (value == object.end()) continue;
      Name(field.name, first);
      Value(field, *value);
    }
    for (auto it = object.begin(); it != object.end(); ++it) {
      if (type.Find(it.key()) != nullptr) continue;
      Name(it.key(), first);
      Plain(*it);
    }
    out_.push_back('}');
  }

  void List(const GoStruct& type, const json& list) {
    Container(list, [&](const json& item) { Struct(type, item); });
  }

  std::string Take() { return std::move(out_); }

 private:
  void Name(std::string_view name, bool& first) {
    if (!first) out_.push_back(',');
    first = false;
    AppendGoJsonString({name.data(), name.size()}, &out_);
    out_.push_back(':');
  }

  // Keys sorted, as Go writes maps.
  void Plain(const json& value) {
    if (value.is_string()) {
      AppendGoJsonString(value.get_ref<const std::string&>(), &out_);
    } else if (value.is_structured()) {
      Container(value, [this](const json& item) { Plain(item); });
    } else {
      out_ += value.dump();
    }
  }

  template <class Each>
  void Container(const json& value, Each each) {
    out_.push_back(value.is_array() ? '[' : '{');
    bool first = true;
    for (auto it = value.begin(); it != value.end(); ++it) {
      if (value.is_object()) {
        Name(it.key(), first);
      } else {
        if (!first) out_.push_back(',');
        first = false;
      }
      each(*it);
    }
    out_.push_back(value.is_array() ? ']' : '}');
  }

  void Value(const GoField& field, const json& value) {
    if (field.container == GoContainer::kNone || !value.is_structured()) return Element(field, value);
    Container(value, [&](const json& item) { Element(field, item); });
  }

  void Element(const GoField& field, const json& value) {
    if (field.type == GoType::kStruct && value.is_object()) return Struct(*field.of, value);
    Plain(value);
  }

  std::string out_;
};

}  // namespace

json GoRewritten(const GoStruct& type, const json& object) {
  json out = json::object();
  for (auto it = object.begin(); it != object.end(); ++it) {
    if (it->is_null()) continue;
    const GoField* field = type.Find(it.key());
    if (field == nullptr) {
      if (!type.complete) out.emplace(it.key(), *it);
      continue;
    }
    json value = Rewritten(*field, *it);
    const bool left_out = field->omit_zero && IsZero(value);
    if (!left_out && !(value.is_null() && field->when_absent.empty())) out.emplace(it.key(), std::move(value));
  }
  for (size_t i = 0; i < type.field_count; ++i) {
    const GoField& field = type.fields[i];
    if (field.when_absent.empty() || out.contains(field.name)) continue;
    const bool by_value = field.type == GoType::kStruct && field.container == GoContainer::kNone;
    out.emplace(field.name, by_value ? GoRewritten(*field.of, json::object()) : json::parse(field.when_absent));
  }
  return out;
}

std::string GoMarshal(const GoStruct& type, const json& object) {
  Marshaler marshaler;
  if (object.is_array()) {
    json list = json::array();
    for (const json& item : object) list.push_back(GoRewritten(type, item.is_object() ? item : json::object()));
    marshaler.List(type, list);
  } else {
    marshaler.Struct(type, GoRewritten(type, object.is_object() ? object : json::object()));
  }
  return marshaler.Take();
}

}  // namespace muster::webhook
