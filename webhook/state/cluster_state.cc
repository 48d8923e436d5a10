#include "webhook/state/cluster_state.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "api/load.h"
#include "api/problem.h"
#include "api/vocabulary.h"

namespace muster::webhook {
namespace {

using api::At;
using nlohmann::json;

constexpr char kKueueGroup[] = "kueue.x-k8s.io";
constexpr char kTrainerGroup[] = "trainer.kubeflow.org";

std::string KindKey(absl::string_view group, absl::string_view kind) { return absl::StrCat(group, "/", kind); }
std::string Key(absl::string_view ns, absl::string_view name) { return absl::StrCat(ns, "/", name); }

std::string StringAt(const json& value, absl::string_view pointer) {
  const json* text = At(value, pointer);
  return text != nullptr && text->is_string() ? text->get<std::string>() : std::string();
}

struct Identity {
  std::string group;
  std::string kind;
  std::string ns;
  std::string name;
};

absl::StatusOr<Identity> IdentityOf(const json& object) {
  Identity id;
  const std::string api_version = StringAt(object, "/apiVersion");
  const size_t slash = api_version.find('/');
  if (slash != std::string::npos) id.group = api_version.substr(0, slash);
  id.kind = StringAt(object, "/kind");
  id.ns = StringAt(object, "/metadata/namespace");
  id.name = StringAt(object, "/metadata/name");
  if (api_version.empty() || id.kind.empty() || id.name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(id.kind, "/", id.name, ": an object needs apiVersion, kind and metadata.name"));
  }
  return id;
}

std::shared_ptr<const api::StringMap> LabelsOf(const json& object) {
  auto labels = std::make_shared<api::StringMap>();
  const json* map = At(object, "/metadata/labels");
  if (map == nullptr || !map->is_object()) return labels;
  for (const auto& [key, value] : map->items()) {
    if (value.is_string()) labels->emplace(key, value.get<std::string>());
  }
  return labels;
}

}  // namespace

absl::Status CachedClusterState::Upsert(json object) {
  absl::StatusOr<Identity> id = IdentityOf(object);
  if (!id.ok()) return id.status();
  Entry entry;
  if (id->group.empty() && id->kind == "Namespace") entry.labels = LabelsOf(object);
  entry.object = std::make_shared<const json>(std::move(object));
  absl::MutexLock lock(&mutex_);
  kinds_[KindKey(id->group, id->kind)][Key(id->ns, id->name)] = std::move(entry);
  return absl::OkStatus();
}

void CachedClusterState::Remove(const ObjectRef& ref) {
  absl::MutexLock lock(&mutex_);
  kinds_[KindKey(ref.group, ref.kind)].erase(Key(ref.ns, ref.name));
}

absl::Status CachedClusterState::ReplaceKind(absl::string_view group, absl::string_view kind,
                                             std::vector<json> objects) {
  absl::Status status;
  Objects fresh;
  for (json& object : objects) {
    absl::StatusOr<Identity> id = IdentityOf(object);
    if (!id.ok()) {
      status.Update(id.status());
      continue;
    }
    Entry entry;
    if (id->group.empty() && id->kind == "Namespace") entry.labels = LabelsOf(object);
    if (id->group != group || id->kind != kind) {
      status.Update(absl::InvalidArgumentError(absl::StrCat(id->kind, "/", id->name, ": is no ", kind)));
      continue;
    }
    std::string key = Key(id->ns, id->name);
    entry.object = std::make_shared<const json>(std::move(object));
    fresh.insert_or_assign(std::move(key), std::move(entry));
  }
  // Whoever looks something up meanwhile waits for the exchange alone: what is gone is freed after it.
  absl::MutexLock lock(&mutex_);
  kinds_[KindKey(group, kind)].swap(fresh);
  return status;
}

size_t CachedClusterState::size() const {
  absl::ReaderMutexLock lock(&mutex_);
  size_t size = 0;
  for (const auto& [kind, objects] : kinds_) size += objects.size();
  return size;
}

const CachedClusterState::Entry* CachedClusterState::EntryOf(absl::string_view group, absl::string_view kind,
                                                             absl::string_view ns, absl::string_view name) const {
  const auto objects = kinds_.find(KindKey(group, kind));
  if (objects == kinds_.end()) return nullptr;
  const auto it = objects->second.find(Key(ns, name));
  return it == objects->second.end() ? nullptr : &it->second;
}

std::shared_ptr<const json> CachedClusterState::Find(absl::string_view group, absl::string_view kind,
                                                     absl::string_view ns, absl::string_view name) const {
  const Entry* entry = EntryOf(group, kind, ns, name);
  return entry == nullptr ? nullptr : entry->object;
}

std::shared_ptr<const api::StringMap> CachedClusterState::NamespaceLabels(absl::string_view ns) const {
  absl::ReaderMutexLock lock(&mutex_);
  const Entry* entry = EntryOf("", "Namespace", "", ns);
  return entry == nullptr ? nullptr : entry->labels;
}

bool CachedClusterState::HasLocalQueue(absl::string_view ns, absl::string_view name) const {
  absl::ReaderMutexLock lock(&mutex_);
  return Find(kKueueGroup, "LocalQueue", ns, name) != nullptr;
}

bool CachedClusterState::HasWorkloadPriorityClass(absl::string_view name) const {
  absl::ReaderMutexLock lock(&mutex_);
  return Find(kKueueGroup, "WorkloadPriorityClass", "", name) != nullptr;
}

bool CachedClusterState::IsMultiKueueCheck(absl::string_view name) const {
  const std::shared_ptr<const json> check = Find(kKueueGroup, "AdmissionCheck", "", name);
  return check != nullptr && StringAt(*check, "/spec/controllerName") == api::kMultiKueueController;
}

bool CachedClusterState::UsesMultiKueue(absl::string_view ns, absl::string_view local_queue) const {
  absl::ReaderMutexLock lock(&mutex_);
  const std::shared_ptr<const json> queue = Find(kKueueGroup, "LocalQueue", ns, local_queue);
  if (queue == nullptr) return false;
  const std::shared_ptr<const json> cluster_queue =
      Find(kKueueGroup, "ClusterQueue", "", StringAt(*queue, "/spec/clusterQueue"));
  if (cluster_queue == nullptr) return false;
  const json* rules = At(*cluster_queue, "/spec/admissionChecksStrategy/admissionChecks");
  if (rules != nullptr && rules->is_array()) {
    for (const json& rule : *rules) {
      if (IsMultiKueueCheck(StringAt(rule, "/name"))) return true;
    }
  }
  const json* names = At(*cluster_queue, "/spec/admissionChecks");  // v1beta1
  if (names != nullptr && names->is_array()) {
    for (const json& name : *names) {
      if (name.is_string() && IsMultiKueueCheck(name.get<std::string>())) return true;
    }
  }
  return false;
}

std::shared_ptr<const json> CachedClusterState::TrainingRuntime(absl::string_view ns, absl::string_view name) const {
  absl::ReaderMutexLock lock(&mutex_);
  return Find(kTrainerGroup, ns.empty() ? "ClusterTrainingRuntime" : "TrainingRuntime", ns, name);
}

absl::StatusOr<std::shared_ptr<const json>> CachedClusterState::Lookup(const ObjectRef& ref) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::shared_ptr<const json> object = Find(ref.group, ref.kind, ref.ns, ref.name);
  if (object == nullptr) return absl::NotFoundError(absl::StrCat(ref.kind, " \"", ref.name, "\" not found"));
  return object;
}

absl::StatusOr<std::unique_ptr<CachedClusterState>> LoadClusterState(const std::vector<std::string>& paths) {
  api::LoadResult loaded = api::LoadPaths(paths);
  if (absl::Status status = loaded.status(); !status.ok()) return status;
  auto state = std::make_unique<CachedClusterState>();
  absl::Status status;
  for (api::Decoded& object : loaded.objects) status.Update(state->Upsert(std::move(object.raw)));
  for (api::Unsupported& object : loaded.unsupported) status.Update(state->Upsert(std::move(object.raw)));
  if (!status.ok()) return status;
  return state;
}

}  // namespace muster::webhook
