#include "webhook/live/live_cluster_state.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/json_text.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kMetadataOnly[] = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;q=0.9";
constexpr size_t kMaxIdleClients = 16;

// A name that is put into a path. Names the API server gave out all pass.
bool IsPathSegment(absl::string_view text) {
  if (text.empty() || text == "." || text == "..") return false;
  for (const char c : text) {
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' &&
        c != ':' && c != '_') {
      return false;
    }
  }
  return true;
}

std::string GroupPath(const ObjectRef& ref) {
  return ref.group.empty() ? absl::StrCat("/api/", ref.version) : absl::StrCat("/apis/", ref.group, "/", ref.version);
}

absl::Status ToError(const ObjectRef& ref, const ApiReply& reply) {
  if (reply.status == 404) return absl::NotFoundError(absl::StrCat(ref.kind, " \"", ref.name, "\" not found"));
  const std::string text = absl::StrCat("looking up ", ref.kind, " ", ref.ns, "/", ref.name, ": ", Explain(reply));
  const bool refused = reply.status == 401 || reply.status == 403;
  absl::Status status = refused ? absl::PermissionDeniedError(text) : absl::UnavailableError(text);
  if (reply.status < 400) return status;
  ApiError error{reply.status, ""};
  if (const absl::StatusOr<json> body = api::ParseJson(reply.body); body.ok() && body->is_object()) {
    const auto reason = body->find("reason");
    if (reason != body->end() && reason->is_string()) error.reason = reason->get<std::string>();
  }
  SetApiError(error, &status);
  return status;
}

}  // namespace

const std::vector<Resource>& FollowedResources() {
  static const auto* const resources = new std::vector<Resource>{
      {"", "v1", "namespaces", "Namespace", true},
      {"kueue.x-k8s.io", "v1beta2", "localqueues", "LocalQueue", false},
      {"kueue.x-k8s.io", "v1beta2", "clusterqueues", "ClusterQueue", false},
      {"kueue.x-k8s.io", "v1beta2", "admissionchecks", "AdmissionCheck", false},
      {"kueue.x-k8s.io", "v1beta2", "workloadpriorityclasses", "WorkloadPriorityClass", false},
      {"trainer.kubeflow.org", "v1alpha1", "trainingruntimes", "TrainingRuntime", false},
      {"trainer.kubeflow.org", "v1alpha1", "clustertrainingruntimes", "ClusterTrainingRuntime", false},
  };
  return *resources;
}

absl::StatusOr<std::unique_ptr<LiveClusterState>> LiveClusterState::Start(const ApiEndpoint& endpoint,
                                                                          LiveStateOptions options, const Log* log) {
  absl::StatusOr<std::unique_ptr<ApiClient>> client = ApiClient::New(endpoint);
  if (!client.ok()) return client.status();
  std::unique_ptr<LiveClusterState> state(new LiveClusterState(endpoint, options, log));
  for (const Resource& resource : FollowedResources()) {
    state->reflectors_.push_back(std::make_unique<Reflector>(endpoint, resource, options.reflector, state.get(), log));
  }
  return state;
}

LiveClusterState::LiveClusterState(const ApiEndpoint& endpoint, LiveStateOptions options, const Log* log)
    : endpoint_(endpoint), options_(options), log_(log) {}

LiveClusterState::~LiveClusterState() { reflectors_.clear(); }

std::vector<CacheFigures> LiveClusterState::figures() const {
  std::vector<CacheFigures> figures;
  for (const auto& reflector : reflectors_) figures.push_back(reflector->figures());
  return figures;
}

LiveClusterState::Found LiveClusterState::Lookup(const ObjectRef& ref) const {
  for (const Resource& resource : FollowedResources()) {
    if (ref.group == resource.group && ref.kind == resource.kind) return CachedClusterState::Lookup(ref);
  }
  const std::string key = absl::StrCat(ref.group, "/", ref.version, "/", ref.kind, "/", ref.ns, "/", ref.name);
  const absl::Time now = absl::Now();
  std::shared_ptr<Entry> entry;
  bool mine = false;
  {
    absl::MutexLock lock(&lookup_mutex_);
    std::shared_ptr<Entry>& slot = lookups_[key];
    if (slot == nullptr || now >= slot->good_until) {
      slot = std::make_shared<Entry>();
      mine = true;
    }
    entry = slot;
    if (!mine) {
      const auto answered = [](Entry* e) { return !e->asking; };
      if (!lookup_mutex_.AwaitWithTimeout(absl::Condition(+answered, entry.get()), options_.lookup_timeout)) {
        return absl::DeadlineExceededError(absl::StrCat("looking up ", ref.kind, " ", ref.name, ": timed out"));
      }
      return entry->found;
    }
    if (lookups_.size() > options_.max_lookups) Evict(now);
  }
  Found found = Ask(ref);
  absl::MutexLock lock(&lookup_mutex_);
  entry->found = found;
  entry->asking = false;
  // An error is no knowledge: whoever comes next asks again, those who waited share it.
  const absl::Duration good = found.ok()                         ? options_.found_for
                              : absl::IsNotFound(found.status()) ? options_.missing_for
                                                                 : absl::ZeroDuration();
  entry->good_until = absl::Now() + good;
  return found;
}

void LiveClusterState::Evict(absl::Time now) const {
  absl::erase_if(lookups_, [&](const auto& item) { return now >= item.second->good_until; });
  // Still too many: all that are answered. They are asked for again at need.
  if (lookups_.size() > options_.max_lookups) {
    absl::erase_if(lookups_, [](const auto& item) { return !item.second->asking; });
  }
}

LiveClusterState::Found LiveClusterState::Ask(const ObjectRef& ref) const {
  for (const absl::string_view part : {ref.version, ref.kind, ref.name}) {
    if (!IsPathSegment(part)) return absl::NotFoundError(absl::StrCat(ref.kind, " \"", ref.name, "\" not found"));
  }
  for (const absl::string_view part : {ref.group, ref.ns}) {
    if (!part.empty() && !IsPathSegment(part)) {
      return absl::NotFoundError(absl::StrCat(ref.kind, " \"", ref.name, "\" not found"));
    }
  }
  const absl::Time deadline = absl::Now() + options_.lookup_timeout;
  absl::StatusOr<std::unique_ptr<ApiClient>> client = TakeClient();
  if (!client.ok()) return client.status();
  absl::StatusOr<std::string> plural = Plural(client->get(), ref, deadline);
  if (!plural.ok()) return plural.status();
  std::string path = GroupPath(ref);
  if (!ref.ns.empty()) absl::StrAppend(&path, "/namespaces/", ref.ns);
  absl::StrAppend(&path, "/", *plural, "/", ref.name);
  const bool whole = ref.group == "kueue.x-k8s.io";
  absl::StatusOr<ApiReply> reply =
      (*client)->Get(path, deadline - absl::Now(), whole ? "application/json" : kMetadataOnly);
  if (!reply.ok()) return reply.status();
  GiveBack(*std::move(client));
  if (reply->status != 200) return ToError(ref, *reply);
  absl::StatusOr<json> object = api::ParseJson(reply->body);
  if (!object.ok()) return absl::UnavailableError(object.status().message());
  if (!object->is_object()) return absl::UnavailableError(absl::StrCat(ref.kind, ": the API server sent no object"));
  // A PartialObjectMetadata says so; the caller asked for the kind.
  (*object)["kind"] = std::string(ref.kind);
  (*object)["apiVersion"] = ref.group.empty() ? std::string(ref.version) : absl::StrCat(ref.group, "/", ref.version);
  return std::make_shared<const json>(*std::move(object));
}

absl::StatusOr<std::string> LiveClusterState::Plural(ApiClient* client, const ObjectRef& ref,
                                                     absl::Time deadline) const {
  const std::string group_path = GroupPath(ref);
  const std::string key = absl::StrCat(group_path, "/", ref.kind);
  {
    absl::MutexLock lock(&lookup_mutex_);
    if (const auto known = plurals_.find(key); known != plurals_.end()) return known->second;
  }
  absl::StatusOr<ApiReply> reply = client->Get(group_path, deadline - absl::Now());
  if (!reply.ok()) return reply.status();
  if (reply->status != 200) return ToError(ref, *reply);
  absl::StatusOr<json> list = api::ParseJson(reply->body);
  if (!list.ok() || !list->is_object() || !list->contains("resources") || !(*list)["resources"].is_array()) {
    return absl::UnavailableError(absl::StrCat(group_path, ": is no list of resources"));
  }
  absl::MutexLock lock(&lookup_mutex_);
  for (const json& resource : (*list)["resources"]) {
    if (!resource.is_object()) continue;
    const json name = resource.value("name", json()), kind = resource.value("kind", json());
    if (!name.is_string() || !kind.is_string() || !IsPathSegment(name.get<std::string>())) continue;
    plurals_.emplace(absl::StrCat(group_path, "/", kind.get<std::string>()), name.get<std::string>());
  }
  if (const auto known = plurals_.find(key); known != plurals_.end()) return known->second;
  return absl::NotFoundError(absl::StrCat("no matches for kind \"", ref.kind, "\" in version \"",
                                          ref.group.empty() ? "" : absl::StrCat(ref.group, "/"), ref.version, "\""));
}

absl::StatusOr<std::unique_ptr<ApiClient>> LiveClusterState::TakeClient() const {
  {
    absl::MutexLock lock(&lookup_mutex_);
    if (!clients_.empty()) {
      std::unique_ptr<ApiClient> client = std::move(clients_.back());
      clients_.pop_back();
      return client;
    }
  }
  return ApiClient::New(endpoint_);
}

void LiveClusterState::GiveBack(std::unique_ptr<ApiClient> client) const {
  absl::MutexLock lock(&lookup_mutex_);
  if (clients_.size() < kMaxIdleClients) clients_.push_back(std::move(client));
}

}  // namespace muster::webhook
