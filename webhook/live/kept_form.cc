#include "webhook/live/kept_form.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using Type = KeptField::Type;

// Kubernetes' own limits, of names in paths and of namespaces.
constexpr size_t kMaxName = 253;
constexpr size_t kMaxNamespace = 63;
// Of a list that is looked into.
constexpr size_t kMaxElements = 10000;

const json* Member(const json& object, absl::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string StringOr(const json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
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

absl::Status Bad(absl::string_view kind, absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(kind, "/", name.substr(0, kMaxName), ": ", what));
}

}  // namespace

std::string NameOf(const KeptObject& object) { return absl::StrCat(object.ns, "/", object.name); }

bool IsPathSegment(absl::string_view text) {
  if (text.empty() || text.size() > kMaxName || text == "." || text == "..") return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == ':' || c == '_';
  });
}

uint64_t ResourceVersionOf(const json& object) {
  const json* metadata = Member(object, "metadata");
  const std::string text = metadata == nullptr ? "" : StringOr(Member(*metadata, "resourceVersion"));
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  uint64_t version = 0;
  return digits && absl::SimpleAtoi(text, &version) ? version : 0;
}

int64_t BytesOf(const json& value) {
  constexpr int64_t kNode = 64;  // of a map or a list, with what the allocator adds
  int64_t bytes = kNode;
  if (value.is_string()) bytes += static_cast<int64_t>(value.get_ref<const std::string&>().size());
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) bytes += static_cast<int64_t>(key.size()) + BytesOf(member);
  }
  if (value.is_array()) {
    for (const json& element : value) bytes += BytesOf(element);
  }
  return bytes;
}

absl::StatusOr<KeptObject> KeptForm(const Resource& resource, const json& object) {
  KeptObject kept;
  const json* metadata = Member(object, "metadata");
  if (metadata == nullptr || !metadata->is_object()) return Bad(resource.kind, "", "metadata: there is none");
  kept.name = StringOr(Member(*metadata, "name"));
  kept.ns = StringOr(Member(*metadata, "namespace"));
  if (!IsPathSegment(kept.name)) return Bad(resource.kind, kept.name, "metadata.name: is no name");
  const bool has_place = IsPathSegment(kept.ns) && kept.ns.size() <= kMaxNamespace;
  if (resource.namespaced ? !has_place : Member(*metadata, "namespace") != nullptr && !kept.ns.empty()) {
    return Bad(resource.kind, kept.name, "metadata.namespace: is not one it can have");
  }
  // The items of a list may lack these; then the list has them.
  for (const auto& [field, expected] :
       {std::pair{"kind", resource.kind}, std::pair{"apiVersion", ApiVersion(resource)}}) {
    const json* value = Member(object, field);
    if (value != nullptr && *value != expected) {
      return Bad(resource.kind, kept.name, absl::StrCat(field, ": is not ", expected));
    }
  }
  kept.version = ResourceVersionOf(object);
  if (kept.version == 0) return Bad(resource.kind, kept.name, "metadata.resourceVersion: is no number");
  kept.form = {{"apiVersion", ApiVersion(resource)}, {"kind", resource.kind}, {"metadata", {{"name", kept.name}}}};
  if (resource.namespaced) kept.form["metadata"]["namespace"] = kept.ns;
  for (const KeptField& field : resource.kept) {
    if (!Copy(object, field.path, field.type, &kept.form)) {
      return Bad(resource.kind, kept.name, absl::StrCat(field.path, ": is of another type"));
    }
  }
  kept.bytes = BytesOf(kept.form);
  return kept;
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
