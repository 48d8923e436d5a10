#include "kube/testing/garbage_collector.h"

#include <algorithm>
#include <string>
#include <vector>

#include "kube/testing/json_path.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

const Client kClient = {"kube-controller-manager"};
constexpr char kForeground[] = "foregroundDeletion";
constexpr char kOrphan[] = "orphan";

// Whether the owner is there, as the very object that is meant. What is not known here is taken to be there.
bool IsThere(const ApiServer& server, const std::string& ns, const Owner& owner) {
  const ResourceType* type = FindByApiVersion(owner.api_version, owner.kind);
  if (type == nullptr) return true;
  const ObjectPtr object = server.Find({type, type->namespaced ? ns : "", owner.name});
  return object != nullptr && object->uid() == owner.uid;
}

std::vector<ObjectPtr> Snapshot(const ApiServer& server) {
  std::vector<ObjectPtr> all;
  for (const auto& [key, object] : server.objects()) all.push_back(object);
  return all;
}

bool BlocksDeletion(const Object& dependent, const std::string& uid) {
  const json* refs = dependent.At("/metadata/ownerReferences");
  if (refs == nullptr) return false;
  return std::any_of(refs->begin(), refs->end(), [&](const json& ref) {
    return GetString(ref, {"uid"}) == uid && GetBool(ref, {"blockOwnerDeletion"});
  });
}

void DropOwners(ApiServer& server, const Object& object, const std::vector<std::string>& uids, absl::Time now) {
  json kept = json::array();
  for (const json& ref : *object.At("/metadata/ownerReferences")) {
    if (std::find(uids.begin(), uids.end(), GetString(ref, {"uid"})) == uids.end()) kept.push_back(ref);
  }
  Request request;
  request.verb = Verb::kMergePatch;
  request.key = object.key();
  request.body = {{"metadata", {{"uid", object.uid()}, {"ownerReferences", std::move(kept)}}}};
  server.Handle(request, kClient, now);
}

void DeleteObject(ApiServer& server, const Object& object, const char* propagation, absl::Time now) {
  Request request;
  request.verb = Verb::kDelete;
  request.key = object.key();
  request.propagation = propagation;
  request.body = {{"preconditions", {{"uid", object.uid()}}}};
  server.Handle(request, kClient, now);
}

}  // namespace

void GarbageCollector::Observe(const WatchEvent& event, absl::Time now) {
  const bool matters = event.type == WatchEvent::Type::kDeleted || event.object->deleting() ||
                       (event.type == WatchEvent::Type::kAdded && !event.object->Owners().empty());
  if (matters) due_ = std::min(due_, now + kGarbageDelay);
}

void GarbageCollector::Run(absl::Time now) {
  due_ = absl::InfiniteFuture();
  for (const ObjectPtr& object : Snapshot(server_)) Collect(object, now);
  for (const ObjectPtr& object : Snapshot(server_)) {
    if (!object->deleting()) continue;
    if (object->HasFinalizer(kForeground)) Finalize(object, kForeground, now);
    if (object->HasFinalizer(kOrphan)) Finalize(object, kOrphan, now);
  }
}

void GarbageCollector::Collect(const ObjectPtr& object, absl::Time now) {
  const std::vector<Owner> owners = object->Owners();
  if (owners.empty() || object->deleting()) return;
  std::vector<std::string> absent;
  for (const Owner& owner : owners) {
    if (!IsThere(server_, object->ns(), owner)) absent.push_back(owner.uid);
  }
  const absl::Time when = absent.empty() ? now : pace_.Collects(*object, now);
  if (when > now) {
    due_ = std::min(due_, when);
  } else if (absent.size() == owners.size()) {
    DeleteObject(server_, *object, "Background", now);
  } else if (!absent.empty()) {
    DropOwners(server_, *object, absent, now);
  }
}

void GarbageCollector::Finalize(const ObjectPtr& owner, const char* finalizer, absl::Time now) {
  bool waiting = false;
  for (const ObjectPtr& object : Snapshot(server_)) {
    const std::vector<Owner> owners = object->Owners();
    const bool owned =
        std::any_of(owners.begin(), owners.end(), [&](const Owner& each) { return each.uid == owner->uid(); });
    if (!owned) continue;
    if (absl::string_view(finalizer) == kOrphan) {
      DropOwners(server_, *object, {owner->uid()}, now);
    } else {
      if (!object->deleting()) DeleteObject(server_, *object, "Background", now);
      waiting = waiting || (BlocksDeletion(*object, owner->uid()) && server_.Find(object->key()) != nullptr);
    }
  }
  if (waiting) return;
  const ObjectPtr live = server_.Find(owner->key());
  if (live == nullptr) return;
  json kept = json::array();
  for (const json& each : *live->At("/metadata/finalizers")) {
    if (each != finalizer) kept.push_back(each);
  }
  Request request;
  request.verb = Verb::kMergePatch;
  request.key = owner->key();
  request.body = {{"metadata", {{"uid", owner->uid()}, {"finalizers", std::move(kept)}}}};
  server_.Handle(request, kClient, now);
}

}  // namespace muster::kube::testing
