#include "webhook/live/cluster_history.h"

#include <utility>

namespace muster::webhook {

using nlohmann::json;

void ClusterHistory::Note(const std::string& collection, const std::string& key,
                          const std::optional<std::string>& value) {
  values_[collection + " " + key].push_back({value, kube::SteadyNow()});
}

void ClusterHistory::Install(const std::string& collection) {
  absl::MutexLock lock(&mutex_);
  collections_[collection].installed = true;
}

void ClusterHistory::Put(const std::string& collection, const std::string& ns, const std::string& name,
                         const std::string& value) {
  absl::MutexLock lock(&mutex_);
  Collection& into = collections_.at(collection);
  if (!into.installed) return;
  json object = {
      {"metadata", {{"name", name}, {"labels", {{"v", value}}}, {"resourceVersion", std::to_string(++version_)}}}};
  if (!ns.empty()) object["metadata"]["namespace"] = ns;
  const std::string key = ns + "/" + name;
  into.events.push_back({version_, into.objects.contains(key) ? "MODIFIED" : "ADDED", object});
  into.objects[key] = std::move(object);
  Note(collection, key, value);
}

void ClusterHistory::Remove(const std::string& collection, const std::string& key) {
  Collection& from = collections_.at(collection);
  const auto found = from.objects.find(key);
  if (found == from.objects.end()) return;
  json object = std::move(found->second);
  from.objects.erase(found);
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  from.events.push_back({version_, "DELETED", std::move(object)});
  Note(collection, key, std::nullopt);
}

void ClusterHistory::Delete(const std::string& collection, const std::string& ns, const std::string& name) {
  absl::MutexLock lock(&mutex_);
  Remove(collection, ns + "/" + name);
}

void ClusterHistory::Forget() {
  for (auto& [path, collection] : collections_) {
    collection.events.clear();
    collection.at_oldest = collection.objects;
  }
  oldest_ = version_;
}

void ClusterHistory::Uninstall(const std::string& collection) {
  absl::MutexLock lock(&mutex_);
  Collection& gone = collections_.at(collection);
  while (!gone.objects.empty()) Remove(collection, gone.objects.begin()->first);
  gone.installed = false;
  Forget();
  ++generation_;
}

void ClusterHistory::Compact() {
  absl::MutexLock lock(&mutex_);
  Forget();
}

void ClusterHistory::Restore(const std::string& collection) {
  constexpr uint64_t kBack = 10'000;
  absl::MutexLock lock(&mutex_);
  Collection& lost = collections_.at(collection);
  for (size_t n = lost.objects.size() / 2; n > 0; --n) Remove(collection, lost.objects.begin()->first);
  version_ -= kBack;
  Forget();
  ++generation_;
}

std::set<std::string> ClusterHistory::installed() const {
  absl::MutexLock lock(&mutex_);
  std::set<std::string> paths;
  for (const auto& [path, collection] : collections_) {
    if (collection.installed) paths.insert(path);
  }
  return paths;
}

std::optional<ClusterHistory::Objects> ClusterHistory::At(const std::string& collection, uint64_t version,
                                                          uint64_t* at) const {
  absl::MutexLock lock(&mutex_);
  const auto found = collections_.find(collection);
  if (found == collections_.end() || !found->second.installed) return std::nullopt;
  *at = version == 0 ? version_ : version;
  if (*at < oldest_ || *at > version_) return std::nullopt;
  Objects objects = found->second.at_oldest;
  for (const Event& event : found->second.events) {
    if (event.version > *at) break;
    const json& metadata = event.object["metadata"];
    const std::string key = metadata.value("namespace", "") + "/" + metadata.value("name", "");
    if (std::string(event.type) == "DELETED") {
      objects.erase(key);
    } else {
      objects[key] = event.object;
    }
  }
  return objects;
}

ClusterHistory::Answer ClusterHistory::After(const std::string& collection, uint64_t version, uint64_t generation,
                                             absl::Duration wait) const {
  absl::MutexLock lock(&mutex_);
  const auto found = collections_.find(collection);
  Answer answer;
  if (found == collections_.end()) return answer;
  const std::vector<Event>& events = found->second.events;
  const auto something = [&] {
    return generation != generation_ || (!events.empty() && events.back().version > version);
  };
  mutex_.AwaitWithTimeout(absl::Condition(&something), wait);
  answer = {found->second.installed, version_, oldest_, {}, generation_};
  for (const Event& event : events) {
    if (event.version > version) answer.events.push_back(event);
  }
  return answer;
}

uint64_t ClusterHistory::generation() const {
  absl::MutexLock lock(&mutex_);
  return generation_;
}

bool ClusterHistory::WasTrue(const std::string& collection, const std::string& key,
                             const std::optional<std::string>& value, size_t* seen, kube::SteadyTime since) const {
  absl::MutexLock lock(&mutex_);
  const auto found = values_.find(collection + " " + key);
  if (found == values_.end()) return !value.has_value();
  // Number 0 is the time before the first change, when it was not there.
  const std::vector<Value>& values = found->second;
  bool was_true = false, recent = false;
  for (size_t i = *seen; i <= values.size(); ++i) {
    const std::optional<std::string> then = i == 0 ? std::nullopt : values[i - 1].value;
    if (then != value) continue;
    if (!was_true) *seen = i;
    was_true = true;
    if (i == values.size() || values[i].from >= since) recent = true;
  }
  return was_true && recent;
}

std::optional<std::string> ClusterHistory::Now(const std::string& collection, const std::string& key) const {
  absl::MutexLock lock(&mutex_);
  const auto found = values_.find(collection + " " + key);
  return found == values_.end() || found->second.empty() ? std::nullopt : found->second.back().value;
}

}  // namespace muster::webhook
