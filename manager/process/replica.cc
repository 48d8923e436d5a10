#include "manager/process/replica.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "kube/client/paths.h"

namespace muster::manager {
namespace {

using nlohmann::json;

uint64_t Number(const std::string& version) {
  uint64_t number = 0;
  return absl::SimpleAtoi(version, &number) ? number : 0;
}

std::string TextIn(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Which object an answer has, and at which version; type nullptr for none.
std::pair<kube::ObjectKey, uint64_t> ObjectIn(const json& object) {
  if (!object.is_object()) return {};
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return {};
  const kube::ObjectKey key{kube::FindByApiVersion(TextIn(object, "apiVersion"), TextIn(object, "kind")),
                            TextIn(*metadata, "namespace"), TextIn(*metadata, "name")};
  return {key, Number(TextIn(*metadata, "resourceVersion"))};
}

}  // namespace

Replica::Replica(ManagerOptions options, const std::string& instance,
                 const std::vector<const kube::ResourceType*>& types)
    : manager_(std::move(options), instance), missing_(types.begin(), types.end()) {}

std::vector<std::string> Replica::missing() const {
  std::vector<std::string> names;
  for (const kube::ResourceType* type : missing_) names.push_back(kube::ResourceName(*type));
  return names;
}

template <class Change>
void Replica::Watched(const kube::ObjectKey& key, absl::Time now, Change change) {
  if (key.type != &WorkloadType() || !on_workload_) return change();
  const kube::ObjectPtr before = manager_.world().objects.Find(key);
  change();
  const kube::ObjectPtr after = manager_.world().objects.Find(key);
  if (before != after) on_workload_(before, after, now);
}

void Replica::Listed(const kube::ResourceType& type, std::vector<kube::ObjectPtr> objects, uint64_t version,
                     absl::Time now) {
  if (version != 0 && version < highest_[&type]) {
    status_ = absl::AbortedError(absl::StrCat("the API server lists ", kube::ResourceName(type), " as of version ",
                                              version, ", but has told of ", highest_[&type],
                                              " before: it was put back; starting anew"));
    return;
  }
  See(type, version);
  absl::flat_hash_set<kube::ObjectKey> there;
  for (const kube::ObjectPtr& object : objects) there.insert(object->key());
  for (const kube::ObjectPtr& known : manager_.world().objects.List(type)) {
    if (there.contains(known->key())) continue;
    if (version != 0 && Number(known->resource_version()) > version) continue;
    Gone(known->key(), version, now);
  }
  for (const kube::ObjectPtr& object : objects) {
    Watched(object->key(), now, [&] { manager_.Observe(object, now); });
  }
  missing_.erase(&type);
}

void Replica::Told(const kube::ObjectPtr& object, absl::Time now) {
  See(object->type(), Number(object->resource_version()));
  Watched(object->key(), now, [&] { manager_.Observe(object, now); });
}

void Replica::Gone(const kube::ObjectKey& key, uint64_t version, absl::Time now) {
  See(*key.type, version);
  if (version != 0) tombstones_.Bury(key, version, now);
  // Another one of that name, which was made here since, is there.
  const kube::ObjectPtr known = manager_.world().objects.Find(key);
  if (known != nullptr && version != 0 && Number(known->resource_version()) > version) return;
  Watched(key, now, [&] { manager_.ObserveGone(key, now); });
}

void Replica::Answer(int64_t id, kube::Response response, absl::Time now) {
  const auto [key, version] = ObjectIn(response.object);
  if (key.type == nullptr) return manager_.Answer(id, response, now);
  if (tombstones_.IsBuried(key, version)) response.object = nullptr;
  Watched(key, now, [&] { manager_.Answer(id, response, now); });
}

std::vector<Outgoing> Replica::Work(absl::Time now) {
  if (!leads_ || !synced() || !status_.ok()) return {};
  return manager_.Work(now);
}

absl::Time Replica::NextTime() const {
  return leads_ && synced() && status_.ok() ? manager_.NextTime() : absl::InfiniteFuture();
}

}  // namespace muster::manager
