#include "api/hyperpod/canonical.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/hyperpod/patterns.h"
#include "api/hyperpod/shorthand.h"
#include "api/json_path.h"

namespace muster::hyperpod {
namespace {

using api::JsonPath;
using api::Severity;
using nlohmann::json;
using Type = Shape::Type;

constexpr size_t kMaxShown = 80;

std::string Show(const json& value) {
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kMaxShown) {
    size_t cut = kMaxShown;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    text = absl::StrCat(text.substr(0, cut), "…");
  }
  return text;
}

// The answer to what people write instead of a value of an enumeration.
std::string Hint(const Shape& shape, const std::string& text) {
  for (const std::string& value : *shape.values) {
    if (absl::EqualsIgnoreCase(value, text)) return absl::StrCat("is ", value, " meant?");
  }
  if (shape.name == "ResourceSharingStrategy" && absl::EqualsIgnoreCase(text, "Borrow")) {
    return "there is no strategy that only borrows, LendAndBorrow does both";
  }
  if (shape.name == "ClusterInstanceType") {
    const std::string with_prefix = absl::StrCat("ml.", text);
    if (std::find(shape.values->begin(), shape.values->end(), with_prefix) != shape.values->end()) {
      return absl::StrCat("is ", with_prefix, " meant?");
    }
    return "HyperPod has no such instance type";
  }
  if (shape.name == "MIGProfileType" && absl::StartsWith(text, "mig-")) return "the API has no such profile";
  return "";
}

class Walker {
 public:
  explicit Walker(std::vector<api::Problem>* problems) : problems_(problems) {}

  // The value, or null where it was reported and left out.
  json Walk(const json& value, const Shape& shape, const JsonPath& path);

 private:
  void Report(Severity severity, const JsonPath& path, std::string rule, std::string message, const json& value) {
    problems_->push_back({.source = {},
                          .object = "",
                          .path = path.ToString(),
                          .message = std::move(message),
                          .severity = severity,
                          .rule = std::move(rule),
                          .value = Show(value)});
  }
  void Error(const JsonPath& path, std::string rule, std::string message, const json& value) {
    Report(Severity::kError, path, std::move(rule), std::move(message), value);
  }
  json WrongType(const JsonPath& path, absl::string_view expected, const json& value) {
    Error(path, "TypeInvalid", absl::StrCat("must be ", expected, ", not ", Show(value)), value);
    return nullptr;
  }

  json Structure(const json& value, const Shape& shape, const JsonPath& path);
  json List(const json& value, const Shape& shape, const JsonPath& path);
  json String(const json& value, const Shape& shape, const JsonPath& path);
  json Number(const json& value, const Shape& shape, const JsonPath& path);
  json StringMap(const json& value, const JsonPath& path);

  std::vector<api::Problem>* problems_;
};

// {"Ref": …}, {"Fn::GetAtt": …}, "${var.x}", "$ARN", "<your ARN>": what this file alone does not say.
bool IsReference(const json& value) {
  if (value.is_object() && value.size() == 1) {
    const std::string& key = value.begin().key();
    return key == "Ref" || absl::StartsWith(key, "Fn::");
  }
  if (!value.is_string()) return false;
  const std::string& text = value.get_ref<const std::string&>();
  return absl::StartsWith(text, "$") || (absl::StartsWith(text, "<") && absl::EndsWith(text, ">")) ||
         absl::StrContains(text, "${");
}

json Walker::Walk(const json& value, const Shape& shape, const JsonPath& path) {
  if (shape.type != Type::kAny && IsReference(value)) {
    Report(Severity::kWarning, path, "Unresolved", absl::StrCat(Show(value), " is filled in elsewhere, not known here"),
           value);
    return nullptr;
  }
  switch (shape.type) {
    case Type::kStructure:
      return Structure(value, shape, path);
    case Type::kList:
      return List(value, shape, path);
    case Type::kString:
      return String(value, shape, path);
    case Type::kInteger:
    case Type::kFloat:
      return Number(value, shape, path);
    case Type::kStringMap:
      return StringMap(value, path);
    case Type::kAny:
      return value;
  }
  return nullptr;
}

json Walker::Structure(const json& value, const Shape& shape, const JsonPath& path) {
  if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    if (absl::StartsWith(text, "file://")) {
      Error(path, "Unreadable", "file:// is not followed; write the JSON here", value);
      return nullptr;
    }
    absl::StatusOr<json> read = ParseShorthand(text);
    if (read.ok()) return Structure(*read, shape, path);
    Error(path, "TypeInvalid", std::string(read.status().message()), value);
    return nullptr;
  }
  if (!value.is_object()) return WrongType(path, "an object", value);
  json out = json::object();
  std::set<std::string> given;
  for (const auto& [key, item] : value.items()) {
    const std::string folded = FoldName(key);
    const auto member = std::find_if(shape.members.begin(), shape.members.end(),
                                     [&](const Member& m) { return FoldName(m.name) == folded; });
    if (member == shape.members.end()) {
      if (!shape.open) {
        Report(Severity::kWarning, path.Field(key), "UnknownField",
               absl::StrCat("no member of ", shape.name, ", ignored"), nullptr);
      }
      continue;
    }
    const std::string name(member->name);
    if (item.is_null()) continue;  // Terraform writes what is not set as null
    const JsonPath at = path.Field(member->name);
    if (!given.insert(name).second) {
      Error(at, "Duplicate", "is given in two spellings", item);
      continue;
    }
    json read = Walk(item, *member->shape, at);
    if (!read.is_null()) out[name] = std::move(read);
  }
  for (const Member& member : shape.members) {
    if (member.required && !given.contains(std::string(member.name))) {
      Error(path.Field(member.name), "Required", absl::StrCat(shape.name, " must have it"), nullptr);
    }
  }
  return out;
}

json Walker::List(const json& value, const Shape& shape, const JsonPath& path) {
  json list = value;
  if (value.is_string() && shape.item->type != Type::kStructure) list = json::array({value});  // shorthand: one entry
  if (!list.is_array()) return WrongType(path, "a list", value);
  if (shape.bounded() && static_cast<int64_t>(list.size()) > shape.max) {
    Error(path, "TooMany", absl::StrCat("at most ", shape.max, " entries are allowed"), list.size());
  }
  json out = json::array();
  for (size_t i = 0; i < list.size(); ++i) {
    json read = Walk(list[i], *shape.item, path.Item(static_cast<int>(i)));
    if (!read.is_null()) out.push_back(std::move(read));
  }
  return out;
}

json Walker::String(const json& value, const Shape& shape, const JsonPath& path) {
  if (!value.is_string()) return WrongType(path, "a string", value);
  const std::string& text = value.get_ref<const std::string&>();
  if (shape.values != nullptr) {
    if (std::find(shape.values->begin(), shape.values->end(), text) != shape.values->end()) return value;
    // Lists of hundreds help nobody.
    const bool long_list = shape.values->size() > 30;
    const std::string hint = Hint(shape, text);
    Error(path, "NotSupported",
          long_list ? hint : absl::StrCat("use ", absl::StrJoin(*shape.values, ", "), hint.empty() ? "" : "; ", hint),
          value);
    return nullptr;
  }
  const auto length = static_cast<int64_t>(CountCharacters(text));
  if (shape.bounded() && (length < shape.min || length > shape.max)) {
    Error(path, length > shape.max ? "TooLong" : "Invalid",
          absl::StrCat("has ", length, " characters, must have ", shape.min,
                       shape.min == shape.max ? "" : absl::StrCat(" to ", shape.max)),
          value);
    return nullptr;
  }
  if (shape.matches != nullptr && !shape.matches(text)) {
    const bool eks = shape.name == "ClusterArn" && absl::StrContains(text, ":eks:");
    Error(path, "Invalid",
          absl::StrCat("must match ", shape.pattern,
                       eks ? "; this is the ARN of the EKS cluster, the HyperPod cluster's is wanted" : ""),
          value);
    return nullptr;
  }
  return value;
}

json Walker::Number(const json& value, const Shape& shape, const JsonPath& path) {
  const bool whole = shape.type == Type::kInteger;
  const absl::string_view expected = whole ? "a whole number" : "a number";
  double number = 0;
  if (value.is_number()) {
    number = value.get<double>();
  } else if (!value.is_string() || !absl::SimpleAtod(value.get_ref<const std::string&>(), &number)) {
    return WrongType(path, expected, value);
  }
  if (!std::isfinite(number) || (whole && number != std::floor(number))) return WrongType(path, expected, value);
  if (shape.bounded() && (number < static_cast<double>(shape.min) || number > static_cast<double>(shape.max))) {
    Error(path, "Invalid", absl::StrCat("must be ", shape.min, " to ", shape.max), value);
    return nullptr;
  }
  if (!whole) return number;
  if (std::abs(number) > 9e15) return WrongType(path, expected, value);
  return static_cast<int64_t>(number);
}

json Walker::StringMap(const json& value, const JsonPath& path) {
  if (!value.is_object()) return WrongType(path, "an object", value);
  json out = json::object();
  for (const auto& [key, item] : value.items()) {
    if (item.is_string()) {
      out[key] = item;
    } else {
      WrongType(path.Key(key), "a string", item);
    }
  }
  return out;
}

}  // namespace

json Canonical(const json& value, const Shape& shape, absl::string_view path, std::vector<api::Problem>* problems) {
  JsonPath root;
  root.name = path;
  return Walker(problems).Walk(value, shape, root);
}

const json* FindMember(const json& object, absl::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto exact = object.find(std::string(name));
  if (exact != object.end()) return &*exact;
  const std::string folded = FoldName(name);
  for (const auto& [key, value] : object.items()) {
    if (FoldName(key) == folded) return &value;
  }
  return nullptr;
}

}  // namespace muster::hyperpod
