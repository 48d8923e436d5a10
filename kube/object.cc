#include "kube/object.h"

#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"

namespace muster::kube {
namespace {

using nlohmann::json;

absl::string_view Text(const json* value) {
  return value != nullptr && value->is_string() ? absl::string_view(value->get_ref<const std::string&>())
                                                : absl::string_view();
}

const json* Member(const json* object, absl::string_view key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto it = object->find(std::string_view(key.data(), key.size()));
  return it == object->end() ? nullptr : &*it;
}

}  // namespace

std::string ObjectKey::Text() const {
  const absl::string_view kind = type == nullptr ? absl::string_view("object") : type->kind;
  return ns.empty() ? absl::StrCat(kind, " ", name) : absl::StrCat(kind, " ", ns, "/", name);
}

bool operator<(const ObjectKey& a, const ObjectKey& b) {
  // The table of types is sorted, so that addresses are in the order of group and plural.
  return std::tie(a.type, a.ns, a.name) < std::tie(b.type, b.ns, b.name);
}

absl::StatusOr<ObjectPtr> Object::Parse(json object) {
  if (!object.is_object()) return absl::InvalidArgumentError("not an object");
  const absl::string_view kind = kube::Text(Member(&object, "kind"));
  const absl::string_view api_version = kube::Text(Member(&object, "apiVersion"));
  auto parsed = std::shared_ptr<Object>(new Object);
  parsed->key_.type = FindByApiVersion(api_version, kind);
  if (parsed->key_.type == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("apiVersion \"", api_version, "\", kind \"", kind, "\": unknown"));
  }
  const json* meta = Member(&object, "metadata");
  parsed->key_.name = std::string(kube::Text(Member(meta, "name")));
  if (parsed->key_.type->namespaced) parsed->key_.ns = std::string(kube::Text(Member(meta, "namespace")));
  if (parsed->key_.name.empty()) return absl::InvalidArgumentError(absl::StrCat(kind, ": metadata.name: missing"));
  if (parsed->key_.type->namespaced && parsed->key_.ns.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(kind, " ", parsed->key_.name, ": metadata.namespace: missing"));
  }
  parsed->uid_ = std::string(kube::Text(Member(meta, "uid")));
  parsed->resource_version_ = std::string(kube::Text(Member(meta, "resourceVersion")));
  if (const json* generation = Member(meta, "generation"); generation != nullptr && generation->is_number_integer()) {
    parsed->generation_ = generation->get<int64_t>();
  }
  parsed->deleting_ = !kube::Text(Member(meta, "deletionTimestamp")).empty();
  parsed->created_ = absl::UnixEpoch();
  if (const absl::string_view created = kube::Text(Member(meta, "creationTimestamp")); !created.empty()) {
    absl::StatusOr<absl::Time> time = ParseTime(created);
    if (!time.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(parsed->key_.Text(), ": metadata.creationTimestamp: ", time.status().message()));
    }
    parsed->created_ = *time;
  }
  parsed->json_ = std::move(object);
  return parsed;
}

absl::string_view Object::label(absl::string_view key) const {
  return kube::Text(Member(Member(Member(&json_, "metadata"), "labels"), key));
}

absl::string_view Object::annotation(absl::string_view key) const {
  return kube::Text(Member(Member(Member(&json_, "metadata"), "annotations"), key));
}

bool Object::HasLabel(absl::string_view key) const {
  return Member(Member(Member(&json_, "metadata"), "labels"), key) != nullptr;
}

bool Object::HasAnnotation(absl::string_view key) const {
  return Member(Member(Member(&json_, "metadata"), "annotations"), key) != nullptr;
}

bool Object::HasFinalizer(absl::string_view finalizer) const {
  const json* finalizers = Member(Member(&json_, "metadata"), "finalizers");
  if (finalizers == nullptr || !finalizers->is_array()) return false;
  for (const json& each : *finalizers) {
    if (kube::Text(&each) == finalizer) return true;
  }
  return false;
}

std::vector<Owner> Object::Owners() const {
  std::vector<Owner> owners;
  const json* list = Member(Member(&json_, "metadata"), "ownerReferences");
  if (list == nullptr || !list->is_array()) return owners;
  for (const json& each : *list) {
    const json* controller = Member(&each, "controller");
    owners.push_back({std::string(kube::Text(Member(&each, "apiVersion"))),
                      std::string(kube::Text(Member(&each, "kind"))), std::string(kube::Text(Member(&each, "name"))),
                      std::string(kube::Text(Member(&each, "uid"))),
                      controller != nullptr && controller->is_boolean() && controller->get<bool>()});
  }
  return owners;
}

const json* Object::At(absl::string_view pointer) const { return api::At(json_, pointer); }

absl::string_view Object::StringAt(absl::string_view pointer) const { return kube::Text(At(pointer)); }

int64_t Object::IntAt(absl::string_view pointer, int64_t fallback) const {
  const json* value = At(pointer);
  return value != nullptr && value->is_number_integer() ? value->get<int64_t>() : fallback;
}

bool Object::BoolAt(absl::string_view pointer, bool fallback) const {
  const json* value = At(pointer);
  return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

absl::StatusOr<absl::Time> ParseTime(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no RFC 3339 time: ", error));
  }
  return time;
}

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

}  // namespace muster::kube
