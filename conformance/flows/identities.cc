#include "conformance/flows/identities.h"

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
  for (const Sighting& sighting : recording.seen) {
    if (sighting.event.type != kube::WatchEvent::Type::kAdded) continue;
    const kube::Object& object = *sighting.event.object;
    uids_[object.key()].push_back(object.uid());
    // Names that controllers make of hashes.
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
