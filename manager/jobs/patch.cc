#include "manager/jobs/patch.h"

#include <utility>

namespace muster::manager {

using nlohmann::json;

json MergeDiff(const json& before, const json& after) {
  json patch = json::object();
  for (const auto& [key, value] : before.items()) {
    if (!after.contains(key)) patch[key] = nullptr;
  }
  for (const auto& [key, value] : after.items()) {
    const auto old = before.find(key);
    if (old == before.end()) {
      patch[key] = value;
    } else if (old->is_object() && value.is_object()) {
      json inner = MergeDiff(*old, value);
      if (!inner.empty()) patch[key] = std::move(inner);
    } else if (*old != value) {
      patch[key] = value;
    }
  }
  return patch;
}

std::optional<kube::Request> MergePatch(const kube::Object& before, const json& after, PatchMode mode,
                                        absl::string_view subresource) {
  json body = MergeDiff(before.value(), after);
  if (body.empty()) return std::nullopt;
  if (mode == PatchMode::kStrict) body["metadata"]["resourceVersion"] = before.resource_version();
  kube::Request request;
  request.verb = kube::Verb::kMergePatch;
  request.key = before.key();
  request.subresource = std::string(subresource);
  request.body = std::move(body);
  return request;
}

kube::Request Update(const kube::Object& before, json after) {
  kube::Request request;
  request.verb = kube::Verb::kUpdate;
  request.key = before.key();
  request.body = std::move(after);
  return request;
}

json& Member(json& object, const char* key) {
  json& member = object[key];
  if (member.is_null()) member = json::object();
  return member;
}

void SetMetadata(json& object, const char* field, const std::string& key, const std::string& value) {
  Member(Member(object, "metadata"), field)[key] = value;
}

void RemoveMetadata(json& object, const char* field, const std::string& key) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return;
  const auto map = metadata->find(field);
  if (map == metadata->end() || !map->is_object() || map->erase(key) == 0) return;
  if (map->empty()) metadata->erase(field);
}

}  // namespace muster::manager
