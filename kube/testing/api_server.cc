#include "kube/testing/api_server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/check.h"
#include "kube/testing/answers.h"
#include "kube/testing/json_path.h"
#include "kube/testing/patches.h"
#include "kube/testing/pod_admission.h"
#include "kube/testing/strategy.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

// Whether the two say the same, whoever owns it and whatever version it is.
bool SameContent(json a, json b) {
  for (json* object : {&a, &b}) {
    EraseMember((*object)["metadata"], "managedFields");
    EraseMember((*object)["metadata"], "resourceVersion");
  }
  return a == b;
}

json Owners(const json& object) {
  const json* managed = Get(object, {"metadata", "managedFields"});
  return managed == nullptr ? json::array() : *managed;
}

bool SpecChanged(json a, json b) {
  for (json* object : {&a, &b}) {
    for (const char* key : {"metadata", "status", "apiVersion", "kind"}) EraseMember(*object, key);
  }
  return a != b;
}

bool HasFinalizers(const json& object) {
  const json* finalizers = Get(object, {"metadata", "finalizers"});
  return finalizers != nullptr && !finalizers->empty();
}

Response Done(int code, const json& object) {
  Response response;
  response.code = code;
  response.object = object;
  return response;
}

}  // namespace

ApiServer::ApiServer(Identities* identities) : identities_(identities == nullptr ? &counting_ : identities) {}

ObjectPtr ApiServer::Find(const ObjectKey& key) const {
  const auto it = objects_.find(key);
  return it == objects_.end() ? nullptr : it->second;
}

std::vector<ObjectPtr> ApiServer::List(const ResourceType& type, absl::string_view ns) const {
  std::vector<ObjectPtr> found;
  for (auto it = objects_.lower_bound({&type, std::string(ns), ""}); it != objects_.end(); ++it) {
    if (it->first.type != &type || (!ns.empty() && it->first.ns != ns)) break;
    found.push_back(it->second);
  }
  return found;
}

ObjectPtr ApiServer::Put(WatchEvent::Type type, json object) {
  object["metadata"]["resourceVersion"] = NextVersion();
  absl::StatusOr<ObjectPtr> parsed = Object::Parse(std::move(object));
  MUSTER_CHECK(parsed.ok());
  changes_.push_back({type, *parsed});
  if (type == WatchEvent::Type::kDeleted) {
    objects_.erase((*parsed)->key());
  } else {
    objects_[(*parsed)->key()] = *parsed;
  }
  return *parsed;
}

void ApiServer::Remove(const ObjectKey&, json last) { Put(WatchEvent::Type::kDeleted, std::move(last)); }

Response ApiServer::Handle(const Request& request, const Client& who, absl::Time now) {
  const ResourceType& type = *request.key.type;
  if (type.namespaced && request.key.ns.empty()) return BadRequest("an empty namespace may not be set");
  if (!request.subresource.empty() && request.subresource != "binding" &&
      (request.subresource != "status" || !type.has_status)) {
    return Refusal(404, "NotFound", "the server could not find the requested resource");
  }
  Write write;
  write.key = request.key;
  write.subresource = request.subresource;
  write.writer = {request.field_manager.empty() ? who.name : request.field_manager, request.subresource, TimeText(now)};
  write.now = now;
  write.dry_run = request.dry_run;
  switch (request.verb) {
    case Verb::kGet: {
      const ObjectPtr object = Find(request.key);
      return object == nullptr ? NotFound(request.key) : Done(200, object->value());
    }
    case Verb::kCreate:
      return request.subresource == "binding" ? Bind(request, write) : Create(request, std::move(write));
    case Verb::kDelete:
      return Delete(request, write);
    case Verb::kUpdate:
    case Verb::kMergePatch:
    case Verb::kStrategicPatch:
    case Verb::kApply:
      return Change(request, std::move(write));
  }
  return BadRequest("unknown verb");
}

Response ApiServer::Create(const Request& request, Write write) {
  const ResourceType& type = *request.key.type;
  json fresh = WithoutNulls(request.body);
  json& metadata = ObjectAt(fresh, {"metadata"});
  fresh["apiVersion"] = type.ApiVersion();
  fresh["kind"] = std::string(type.kind);
  if (type.namespaced) {
    const ObjectPtr ns = Find({FindByPlural("", "namespaces"), "", request.key.ns});
    if (ns == nullptr) {
      return Refusal(404, "NotFound", absl::StrCat("namespaces \"", request.key.ns, "\" not found"));
    }
    metadata["namespace"] = request.key.ns;
  }
  if (GetString(metadata, {"name"}).empty()) {
    const std::string prefix = GetString(metadata, {"generateName"});
    if (prefix.empty()) {
      write.key.name = "";
      return Invalid(write.key, "metadata.name: Required value: name or generateName is required");
    }
    metadata["name"] = prefix + identities_->Suffix({&type, request.key.ns, prefix});
  }
  write.key.name = GetString(metadata, {"name"});
  return CommitNew(std::move(write), std::move(fresh));
}

Response ApiServer::CommitNew(Write write, json fresh) {
  const ResourceType& type = *write.key.type;
  SetDefaults(type, &fresh);
  if (std::optional<Response> refusal = AdmitPod(*this, write.key, &fresh)) return *refusal;
  const Review review = {write.key, "", nullptr, write.dry_run};
  if (admission_ != nullptr) {
    if (std::optional<Response> refusal = admission_->Mutate(review, &fresh)) return *refusal;
    SetDefaults(type, &fresh);
  }
  if (Find(write.key) != nullptr) return AlreadyExists(write.key);
  json& metadata = fresh["metadata"];
  for (const char* key : {"resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
                          "managedFields", "generation"}) {
    metadata.erase(key);
  }
  metadata["uid"] = identities_->Uid(write.key);
  metadata["creationTimestamp"] = TimeText(write.now);
  if (CountsGenerations(type)) metadata["generation"] = 1;
  PrepareForCreate(type, write.now, &fresh);
  if (std::optional<Response> refusal = CheckRules(write.key, "", nullptr, fresh)) return *refusal;
  if (admission_ != nullptr) {
    if (std::optional<Response> refusal = admission_->Validate(review, fresh)) return *refusal;
  }
  ManagedFields owners;
  if (write.owners.has_value()) {
    owners = *std::move(write.owners);
  } else {
    owners.Update(type, json::object(), fresh, write.writer);
  }
  metadata["managedFields"] = owners.ToJson(type);
  if (write.dry_run) return Done(201, fresh);
  return Done(201, Put(WatchEvent::Type::kAdded, std::move(fresh))->value());
}

Response ApiServer::Bind(const Request& request, const Write& write) {
  const ObjectPtr live = Find(request.key);
  if (live == nullptr) return NotFound(request.key);
  const std::string node = GetString(request.body, {"target", "name"});
  if (node.empty()) return Invalid(request.key, "target.name: Required value");
  if (!live->StringAt("/spec/nodeName").empty()) {
    return Conflict(request.key, absl::StrCat("pod ", request.key.name, " is already assigned to node"));
  }
  json fresh = live->value();
  fresh["spec"]["nodeName"] = node;
  const json scheduled = {{"type", "PodScheduled"},
                          {"status", "True"},
                          {"reason", nullptr},
                          {"message", nullptr},
                          {"lastTransitionTime", TimeText(write.now)}};
  const json patch = {{"status", {{"conditions", json::array({scheduled})}}}};
  fresh = StrategicMergePatched(live->type(), fresh, patch);
  return Done(201, Put(WatchEvent::Type::kModified, std::move(fresh))->value());
}

std::optional<Response> ApiServer::Conditions(const Request& request, const ObjectPtr& live) const {
  const std::string version = GetString(request.body, {"metadata", "resourceVersion"});
  const std::string uid = GetString(request.body, {"metadata", "uid"});
  if (!uid.empty() && uid != live->uid()) {
    return Conflict(request.key, absl::StrCat("Precondition failed: UID in precondition: ", uid,
                                              ", UID in object meta: ", live->uid()));
  }
  if (!version.empty() && version != live->resource_version()) return Modified(request.key);
  return std::nullopt;
}

Response ApiServer::Change(const Request& request, Write write) {
  const ResourceType& type = *request.key.type;
  const ObjectPtr live = Find(request.key);
  if (live == nullptr) {
    if (request.verb != Verb::kApply || !request.subresource.empty()) return NotFound(request.key);
    ManagedFields owners;
    json fresh = owners.Apply(type, json::object(), WithoutNulls(request.body), write.writer, true).object;
    write.owners = std::move(owners);
    json& metadata = ObjectAt(fresh, {"metadata"});
    if (!GetString(metadata, {"uid"}).empty()) return NotFound(request.key);
    metadata["name"] = request.key.name;
    if (type.namespaced) metadata["namespace"] = request.key.ns;
    return CommitNew(std::move(write), std::move(fresh));
  }
  if (std::optional<Response> refusal = Conditions(request, live)) return *refusal;
  json fresh;
  switch (request.verb) {
    case Verb::kMergePatch:
      fresh = WithoutNulls(MergePatched(live->value(), request.body));
      break;
    case Verb::kStrategicPatch:
      fresh = WithoutNulls(StrategicMergePatched(type, live->value(), request.body));
      break;
    case Verb::kApply: {
      ManagedFields owners(Owners(live->value()));
      json config = WithoutNulls(request.body);
      if (request.subresource == "status") {
        json status = config.contains("status") ? config["status"] : json::object();
        config = {{"status", std::move(status)}};
      } else {
        EraseMember(config, "status");
      }
      ManagedFields::Applied applied = owners.Apply(type, live->value(), config, write.writer, request.force);
      if (!applied.conflicts.empty()) {
        return Refusal(
            409, "Conflict",
            absl::StrCat("Apply failed with ", applied.conflicts.size(), " conflict",
                         applied.conflicts.size() == 1 ? "" : "s", ": ", absl::StrJoin(applied.conflicts, "; ")));
      }
      fresh = std::move(applied.object);
      write.owners = std::move(owners);
      break;
    }
    default:
      fresh = WithoutNulls(request.body);
      if (!fresh.is_object()) return BadRequest("the body is no object");
      if (!GetString(fresh, {"metadata", "name"}).empty() &&
          GetString(fresh, {"metadata", "name"}) != request.key.name) {
        return BadRequest("the name of the object does not match the name on the URL");
      }
      break;
  }
  return Commit(std::move(write), live, std::move(fresh));
}

Response ApiServer::Commit(Write write, const ObjectPtr& old, json fresh) {
  const ResourceType& type = *write.key.type;
  const json& before = old->value();
  PrepareForUpdate(type, write.subresource, before, &fresh);
  SetDefaults(type, &fresh);
  const Review review = {write.key, write.subresource, &before, write.dry_run};
  if (admission_ != nullptr) {
    if (std::optional<Response> refusal = admission_->Mutate(review, &fresh)) return *refusal;
    PrepareForUpdate(type, write.subresource, before, &fresh);
    SetDefaults(type, &fresh);
  }
  if (std::optional<Response> refusal = CheckRules(write.key, write.subresource, &before, fresh)) return *refusal;
  if (admission_ != nullptr) {
    if (std::optional<Response> refusal = admission_->Validate(review, fresh)) return *refusal;
  }
  ManagedFields owners;
  if (write.owners.has_value()) {
    owners = *std::move(write.owners);
  } else {
    owners = ManagedFields(Owners(before));
    owners.Update(type, before, fresh, write.writer);
  }
  json& metadata = fresh["metadata"];
  if (json managed = owners.ToJson(type); managed.empty()) {
    metadata.erase("managedFields");
  } else {
    metadata["managedFields"] = std::move(managed);
  }
  if (CountsGenerations(type) && SpecChanged(before, fresh)) metadata["generation"] = old->generation() + 1;
  if (SameContent(before, fresh) && Owners(before) == Owners(fresh)) return Done(200, before);
  if (write.dry_run) return Done(200, fresh);
  const int64_t grace = GetInt(fresh, {"metadata", "deletionGracePeriodSeconds"});
  if (old->deleting() && !HasFinalizers(fresh) && grace == 0) {
    Response response = Done(200, fresh);
    Remove(write.key, before);
    return response;
  }
  return Done(200, Put(WatchEvent::Type::kModified, std::move(fresh))->value());
}

Response ApiServer::Delete(const Request& request, const Write& write) {
  const ObjectPtr live = Find(request.key);
  if (live == nullptr) return NotFound(request.key);
  const std::string uid = GetString(request.body, {"preconditions", "uid"});
  const std::string version = GetString(request.body, {"preconditions", "resourceVersion"});
  if (!uid.empty() && uid != live->uid()) {
    return Conflict(request.key, absl::StrCat("Precondition failed: UID in precondition: ", uid,
                                              ", UID in object meta: ", live->uid()));
  }
  if (!version.empty() && version != live->resource_version()) return Modified(request.key);
  std::string propagation = request.propagation;
  if (propagation.empty()) propagation = GetString(request.body, {"propagationPolicy"});

  json fresh = live->value();
  json& metadata = fresh["metadata"];
  const bool is_pod = live->type().kind == "Pod" && live->type().group.empty();
  int64_t grace = 0;
  if (is_pod) {
    const std::string phase = GetString(fresh, {"status", "phase"});
    const bool runs = !GetString(fresh, {"spec", "nodeName"}).empty() && phase != "Succeeded" && phase != "Failed";
    grace = runs ? GetInt(request.body, {"gracePeriodSeconds"},
                          GetInt(fresh, {"spec", "terminationGracePeriodSeconds"}, 30))
                 : 0;
  }
  const char* finalizer = propagation == "Foreground" ? "foregroundDeletion" : propagation == "Orphan" ? "orphan" : "";
  if (*finalizer != '\0' && !live->HasFinalizer(finalizer)) {
    if (!metadata.contains("finalizers")) metadata["finalizers"] = json::array();
    metadata["finalizers"].push_back(finalizer);
  }
  if (request.dry_run) return Done(200, fresh);
  if (!live->deleting()) {
    if (is_pod || HasFinalizers(fresh)) {
      metadata["deletionTimestamp"] = TimeText(write.now + absl::Seconds(grace));
      metadata["deletionGracePeriodSeconds"] = grace;
      if (CountsGenerations(live->type())) metadata["generation"] = live->generation() + 1;
    }
  } else if (is_pod && grace < GetInt(fresh, {"metadata", "deletionGracePeriodSeconds"})) {
    metadata["deletionTimestamp"] = TimeText(write.now + absl::Seconds(grace));
    metadata["deletionGracePeriodSeconds"] = grace;
  }
  const bool stays = HasFinalizers(fresh) || grace > 0;
  // A Pod is seen on its way out even when nothing holds it.
  if ((stays || is_pod) && !SameContent(live->value(), fresh)) {
    fresh = Put(WatchEvent::Type::kModified, std::move(fresh))->value();
  }
  Response response = Done(200, fresh);
  if (!stays) Remove(request.key, std::move(fresh));
  return response;
}

}  // namespace muster::kube::testing
