#include "kube/client/told_object.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "kube/client/paths.h"

namespace muster::kube {
namespace {

using nlohmann::json;

// Kubernetes' own limits.
constexpr size_t kMaxName = 253;
constexpr size_t kMaxNamespace = 63;

const json* Member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string StringOr(const json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

absl::Status Bad(const ResourceType& type, absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(type.kind, "/", name.substr(0, kMaxName), ": ", what));
}

}  // namespace

std::string NameOf(const ToldObject& object) { return absl::StrCat(object.ns, "/", object.name); }

absl::Status KeepWhole(json* object) {
  (*object)["metadata"].erase("managedFields");
  return absl::OkStatus();
}

absl::Status KeepMetadata(json* object) {
  json kept = json::object();
  for (const char* field : {"apiVersion", "kind", "metadata"}) kept[field] = std::move((*object)[field]);
  *object = std::move(kept);
  return KeepWhole(object);
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

absl::StatusOr<ToldObject> ReadObject(const ResourceType& type, json object, const Keep& keep) {
  ToldObject told;
  const json* metadata = Member(object, "metadata");
  if (metadata == nullptr || !metadata->is_object()) return Bad(type, "", "metadata: there is none");
  told.name = StringOr(Member(*metadata, "name"));
  told.ns = StringOr(Member(*metadata, "namespace"));
  if (!IsPathSegment(told.name)) return Bad(type, told.name, "metadata.name: is no name");
  const bool has_place = IsPathSegment(told.ns) && told.ns.size() <= kMaxNamespace;
  if (type.namespaced ? !has_place : Member(*metadata, "namespace") != nullptr && !told.ns.empty()) {
    return Bad(type, told.name, "metadata.namespace: is not one it can have");
  }
  // The items of a list may lack these; then the list has them.
  for (const auto& [field, expected] :
       {std::pair{"kind", std::string(type.kind)}, std::pair{"apiVersion", type.ApiVersion()}}) {
    const json* value = Member(object, field);
    if (value != nullptr && *value != expected) {
      return Bad(type, told.name, absl::StrCat(field, ": is not ", expected));
    }
    object[field] = expected;
  }
  told.version = ResourceVersionOf(object);
  if (told.version == 0) return Bad(type, told.name, "metadata.resourceVersion: is no number");
  if (absl::Status status = keep(&object); !status.ok()) return Bad(type, told.name, status.message());
  told.bytes = BytesOf(object);
  told.value = std::move(object);
  return told;
}

}  // namespace muster::kube
