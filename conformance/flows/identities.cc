#include "conformance/flows/identities.h"

#include <set>

namespace muster::conformance {
namespace {

std::string TakeFirst(std::map<kube::ObjectKey, std::deque<std::string>>* all, const kube::ObjectKey& key) {
  const auto it = all->find(key);
  if (it == all->end() || it->second.empty()) return "";
  std::string first = std::move(it->second.front());
  it->second.pop_front();
  return first;
}

}  // namespace

RecordedIdentities::RecordedIdentities(const Recording& recording) {
  // In the order in which they turned up, in watches or in what the manager wrote: not everything was watched, and not
  // from its beginning.
  std::multimap<absl::Time, std::pair<kube::ObjectKey, std::string>> known;
  for (const Sighting& sighting : recording.seen) {
    known.emplace(sighting.time, std::pair(sighting.event.object->key(), sighting.event.object->uid()));
  }
  for (const Written& written : recording.writes) {
    const nlohmann::json& body = written.request.body;
    const auto metadata = body.is_object() ? body.find("metadata") : body.end();
    if (!body.is_object() || metadata == body.end() || !metadata->is_object()) continue;
    const std::string uid = metadata->value("uid", "");
    if (!uid.empty()) known.emplace(written.time, std::pair(written.request.key, uid));
  }
  std::set<std::string> taken;
  for (const auto& [time, identity] : known) {
    if (taken.insert(identity.second).second) uids_[identity.first].push_back(identity.second);
  }
  std::set<std::string> named;
  for (const Sighting& sighting : recording.seen) {
    const kube::Object& object = *sighting.event.object;
    if (!named.insert(object.uid()).second) continue;
    // Names that controllers make of hashes. ReplicaSets are not always watched; their pods are.
    for (const kube::Owner& owner : object.Owners()) {
      const std::string hash(object.label("pod-template-hash"));
      if (owner.kind != "ReplicaSet" || hash.empty() || owner.name.size() <= hash.size() ||
          !named.insert(owner.uid).second) {
        continue;
      }
      const std::string prefix = owner.name.substr(0, owner.name.size() - hash.size());
      suffixes_[{&kube::TypeOf("apps", "ReplicaSet"), object.ns(), prefix}].push_back(hash);
      uids_[{&kube::TypeOf("apps", "ReplicaSet"), object.ns(), owner.name}].push_back(owner.uid);
    }
    if (object.type().kind == "ReplicaSet") {
      for (const kube::Owner& owner : object.Owners()) {
        suffixes_[{object.key().type, object.ns(), owner.name + "-"}].push_back(
            std::string(object.label("pod-template-hash")));
      }
    }
    const std::string revision(object.label("controller-revision-hash"));
    if (const size_t dash = revision.rfind('-'); dash != std::string::npos) {
      suffixes_[{&kube::TypeOf("apps", "ControllerRevision"), object.ns(), revision.substr(0, dash + 1)}] = {
          revision.substr(dash + 1)};
    }
    const std::string prefix(object.StringAt("/metadata/generateName"));
    if (!prefix.empty() && object.name().size() > prefix.size() && object.name().rfind(prefix, 0) == 0) {
      suffixes_[{object.key().type, object.ns(), prefix}].push_back(object.name().substr(prefix.size()));
    }
  }
}

std::string RecordedIdentities::Uid(const kube::ObjectKey& key) {
  std::string uid = TakeFirst(&uids_, key);
  return uid.empty() ? Identities::Uid(key) : uid;
}

std::string RecordedIdentities::Suffix(const kube::ObjectKey& key) {
  std::string suffix = TakeFirst(&suffixes_, key);
  return suffix.empty() ? Identities::Suffix(key) : suffix;
}

}  // namespace muster::conformance
