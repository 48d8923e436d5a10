#include "webhook/live/kept_form.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using Type = KeptField::Type;

// Of a list that is looked into.
constexpr size_t kMaxElements = 10000;

const json* Member(const json& object, absl::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool Fits(const json& value, Type type) {
  switch (type) {
    case Type::kString:
      return value.is_string();
    case Type::kInteger:
      return value.is_number_integer();
    case Type::kStringMap:
      return value.is_object() && std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); });
  }
  return false;
}

// Copies what is at `path` below `from` to the same place below *to, which is made on the way. False for a value of
// another type, or one on the way that is neither object nor list as the path has it.
bool Copy(const json& from, absl::string_view path, Type type, json* to) {
  if (path.empty()) {
    if (!Fits(from, type)) return false;
    *to = from;
    return true;
  }
  path.remove_prefix(1);
  const size_t end = std::min(path.find('/'), path.size());
  const absl::string_view key = path.substr(0, end), rest = path.substr(end);
  if (key == "*") {
    if (!from.is_array() || from.size() > kMaxElements) return false;
    if (!to->is_array()) *to = json::array();
    while (to->size() < from.size()) to->push_back(json::object());
    for (size_t i = 0; i < from.size(); ++i) {
      if (!Copy(from[i], rest, type, &(*to)[i])) return false;
    }
    return true;
  }
  if (!from.is_object()) return false;
  const json* next = Member(from, key);
  return next == nullptr || Copy(*next, rest, type, &(*to)[std::string(key)]);
}

}  // namespace

kube::Keep KeptFieldsOf(const Resource& resource) {
  return [&resource](json* object) -> absl::Status {
    json form = {{"apiVersion", (*object)["apiVersion"]}, {"kind", (*object)["kind"]}};
    form["metadata"]["name"] = (*object)["metadata"]["name"];
    if (resource.type->namespaced) form["metadata"]["namespace"] = (*object)["metadata"]["namespace"];
    for (const KeptField& field : resource.kept) {
      if (!Copy(*object, field.path, field.type, &form)) {
        return absl::InvalidArgumentError(absl::StrCat(field.path, ": is of another type"));
      }
    }
    *object = std::move(form);
    return absl::OkStatus();
  };
}

absl::StatusOr<json> KeptMetadata(const json& object) {
  static constexpr KeptField kFields[] = {
      {"/metadata/name", Type::kString},
      {"/metadata/namespace", Type::kString},
      {"/metadata/uid", Type::kString},
      {"/metadata/labels", Type::kStringMap},
      {"/metadata/ownerReferences/*/apiVersion", Type::kString},
      {"/metadata/ownerReferences/*/kind", Type::kString},
      {"/metadata/ownerReferences/*/name", Type::kString},
      {"/metadata/ownerReferences/*/uid", Type::kString},
  };
  json kept = {{"metadata", json::object()}};
  for (const KeptField& field : kFields) {
    if (!Copy(object, field.path, field.type, &kept)) {
      return absl::InvalidArgumentError(absl::StrCat(field.path, ": is of another type"));
    }
  }
  // The only flag there is.
  if (kept["metadata"].contains("ownerReferences")) {
    const json& references = object["metadata"]["ownerReferences"];
    for (size_t i = 0; i < references.size(); ++i) {
      const json* controller = Member(references[i], "controller");
      if (controller == nullptr) continue;
      if (!controller->is_boolean()) {
        return absl::InvalidArgumentError("/metadata/ownerReferences/*/controller: is of another type");
      }
      kept["metadata"]["ownerReferences"][i]["controller"] = *controller;
    }
  }
  return kept;
}

}  // namespace muster::webhook
