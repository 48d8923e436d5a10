#include "webhook/jobs/owners.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/vocabulary.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

// An object may have so many owners above each other.
constexpr int kMaxOwners = 10;

struct Owner {
  std::string group;
  std::string version;
  std::string kind;
  std::string name;
  std::string uid;
};

std::optional<Owner> ControllerOf(const json& object) {
  const json* metadata = Field(object, "metadata");
  const json* references = metadata == nullptr ? nullptr : Field(*metadata, "ownerReferences");
  if (references == nullptr || !references->is_array()) return std::nullopt;
  for (const json& reference : *references) {
    if (!BoolField(reference, "controller")) continue;
    const std::string& api_version = ValueOrEmpty(StringField(reference, "apiVersion"));
    const size_t slash = api_version.find('/');
    Owner owner;
    if (slash != std::string::npos) owner.group = api_version.substr(0, slash);
    owner.version = api_version.substr(slash == std::string::npos ? 0 : slash + 1);
    owner.kind = ValueOrEmpty(StringField(reference, "kind"));
    owner.name = ValueOrEmpty(StringField(reference, "name"));
    owner.uid = ValueOrEmpty(StringField(reference, "uid"));
    return owner;
  }
  return std::nullopt;
}

bool IsExternal(const Env& env, const Owner& owner) {
  return env.config.external_frameworks.count(absl::StrCat(owner.kind, ".", owner.version, ".", owner.group)) > 0;
}

bool IsEnabled(const Env& env, const Owner& owner) {
  const api::JobKind* kind = api::FindJobKind(owner.group, owner.kind);
  if (kind != nullptr && kind->version == owner.version &&
      env.config.frameworks.count(std::string(kind->framework)) > 0) {
    return true;
  }
  return IsExternal(env, owner);
}

bool IsReplicaSet(const Owner& owner) {
  return owner.group == "apps" && owner.version == "v1" && owner.kind == "ReplicaSet";
}

// Whether there may be a managed job above an owner of this kind. Kueue's kinds lead on whether they are enabled or
// not.
bool LeadsOn(const Env& env, const Owner& owner) {
  const api::JobKind* kind = api::FindJobKind(owner.group, owner.kind);
  const bool of_kueue = kind != nullptr && kind->version == owner.version && !kind->Has(api::kBeyondKueue);
  return of_kueue || IsReplicaSet(owner) || IsEnabled(env, owner);
}

const std::string& MetadataString(const json& object, absl::string_view field) {
  const json* metadata = Field(object, "metadata");
  return metadata == nullptr ? ValueOrEmpty(nullptr) : ValueOrEmpty(StringField(*metadata, field));
}

AdmissionResponse LookupFailure(const Owner& owner, const absl::Status& status) {
  if (absl::IsNotFound(status)) return AdmissionResponse::NotFound({owner.name, owner.group, owner.kind});
  return ReadFailure(absl::StrCat("the owner ", owner.kind, "/", owner.name), status);
}

}  // namespace

AdmissionResponse ReadFailure(absl::string_view what, const absl::Status& status) {
  const std::optional<ApiError> error = ApiErrorOf(status);
  // What the API server says is for whoever asks. Why it does not say anything is not: it names the server's address.
  const absl::string_view why = error.has_value()                  ? status.message()
                                : absl::IsDeadlineExceeded(status) ? "the API server did not answer in time"
                                                                   : "the API server did not answer";
  AdmissionResponse response = AdmissionResponse::Denied(absl::StrCat("cannot read ", what, ": ", why));
  if (error.has_value()) {
    response.code = error->code;
    response.reason = error->reason;
    response.api_error = true;
  }
  return response;
}

bool IsOwnerManaged(const Env& env, const json& object) {
  const std::optional<Owner> owner = ControllerOf(object);
  return owner.has_value() && IsEnabled(env, *owner);
}

Failure FindManagedAncestor(const Env& env, const json& object, bool* managed) {
  *managed = false;
  const std::string& ns = MetadataString(object, "namespace");
  std::set<std::string> seen = {MetadataString(object, "uid")};
  std::shared_ptr<const json> holder;
  const json* current = &object;
  for (int owners = 1;; ++owners) {
    const std::optional<Owner> owner = ControllerOf(*current);
    if (!owner.has_value() || !LeadsOn(env, *owner)) return std::nullopt;
    absl::StatusOr<std::shared_ptr<const json>> parent =
        env.state.Lookup({owner->group, owner->version, owner->kind, ns, owner->name});
    if (!parent.ok()) return LookupFailure(*owner, parent.status());
    const std::string& uid = MetadataString(**parent, "uid");
    // Another object of that name, made after the owner was deleted, is not the owner.
    if (!owner->uid.empty() && uid != owner->uid) return std::nullopt;
    if (IsEnabled(env, *owner) &&
        (env.config.manage_jobs_without_queue_name || !ValueOrEmpty(Label(**parent, api::kQueueNameLabel)).empty())) {
      *managed = true;
    }
    if (owners > kMaxOwners) return AdmissionResponse::Denied("managed owner chain limit reached");
    if (!uid.empty() && !seen.insert(uid).second) return AdmissionResponse::Denied("cyclic ownership");
    holder = *std::move(parent);
    current = holder.get();
  }
}

bool IsNamespaceManaged(const Env& env, const std::string& ns) {
  const std::shared_ptr<const api::StringMap> labels = env.state.NamespaceLabels(ns);
  return labels != nullptr && api::Matches(env.config.managed_jobs_namespace_selector, *labels);
}

Failure ShouldBeSuspended(const Env& env, const json& object, bool* suspend) {
  *suspend = false;
  if (env.config.gates[Gate::kSkipAncestorCheckForDeletedWorkloads] &&
      !MetadataString(object, "deletionTimestamp").empty()) {
    return std::nullopt;
  }
  bool managed = false;
  if (Failure failure = FindManagedAncestor(env, object, &managed)) return failure;
  if (managed) return std::nullopt;
  if (!ValueOrEmpty(Label(object, api::kQueueNameLabel)).empty()) {
    *suspend = true;
    return std::nullopt;
  }
  if (!env.config.manage_jobs_without_queue_name) return std::nullopt;
  const std::string& ns = MetadataString(object, "namespace");
  if (env.state.NamespaceLabels(ns) == nullptr) return AdmissionResponse::NotFound({ns, "", "Namespace"});
  *suspend = IsNamespaceManaged(env, ns);
  return std::nullopt;
}

}  // namespace muster::webhook
