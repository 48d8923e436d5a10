#include "webhook/live/reflector.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "webhook/base/log.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

std::string StringAt(const json& object, const char* outer, const char* inner) {
  const auto found = object.find(outer);
  if (found == object.end() || !found->is_object()) return "";
  const auto value = found->find(inner);
  return value != found->end() && value->is_string() ? value->get<std::string>() : "";
}

std::string NameOf(const json& object) {
  return absl::StrCat(StringAt(object, "metadata", "namespace"), "/", StringAt(object, "metadata", "name"));
}

// Anything in [d/2, d): replicas that lost the same API server do not come back in step.
absl::Duration Jittered(absl::Duration d) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return d * std::uniform_real_distribution<double>(0.5, 1.0)(random);
}

}  // namespace

std::string CollectionPath(const Resource& resource) {
  if (resource.group.empty()) return absl::StrCat("/api/", resource.version, "/", resource.plural);
  return absl::StrCat("/apis/", resource.group, "/", resource.version, "/", resource.plural);
}

Reflector::Reflector(const ApiEndpoint& endpoint, Resource resource, ReflectorOptions options,
                     CachedClusterState* state, const Log* log)
    : endpoint_(endpoint), resource_(std::move(resource)), options_(options), state_(state), log_(log) {
  figures_.resource = resource_.group.empty() ? resource_.plural : absl::StrCat(resource_.plural, ".", resource_.group);
  figures_.last_contact = absl::InfinitePast();
  absl::StatusOr<std::unique_ptr<ApiClient>> client = ApiClient::New(endpoint_);
  if (client.ok()) {
    client_ = *std::move(client);
  } else {
    client_error_ = client.status();
  }
  thread_ = std::thread([this] { Run(); });
}

Reflector::~Reflector() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (client_ != nullptr) client_->Stop();
  thread_.join();
}

CacheFigures Reflector::figures() const {
  absl::MutexLock lock(&mutex_);
  return figures_;
}

bool Reflector::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stop_;
}

bool Reflector::Sleep(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stop_), duration);
}

void Reflector::Contact(bool synced, bool listed, int64_t objects) {
  absl::MutexLock lock(&mutex_);
  figures_.last_contact = absl::Now();
  if (synced) figures_.synced = true;
  if (listed) ++figures_.lists;
  figures_.objects = objects;
}

void Reflector::Run() {
  absl::Duration backoff = options_.min_backoff;
  std::string version;
  std::string last_problem;
  while (!stopping()) {
    absl::Status status = client_error_;
    if (status.ok() && version.empty()) {
      status = List(&version);
      if (status.ok() && !last_problem.empty()) {
        last_problem.clear();
        log_->Write(LogLevel::kInfo, "cluster state is followed again", {{"resource", resource_.plural}});
      }
    }
    const absl::Time before = absl::Now();
    if (status.ok()) status = Watch(&version);
    if (stopping()) return;
    // A watch that lasted is no sign of trouble, however it ended.
    if (absl::Now() - before > absl::Seconds(10)) backoff = options_.min_backoff;
    if (status.ok()) continue;
    if (absl::IsAborted(status)) {
      version.clear();
      // Straight away the first time; a server that keeps saying so is not asked in a tight loop.
      if (!Sleep(Jittered(backoff / 8))) return;
      backoff = std::min(backoff * 2, options_.max_backoff);
      continue;
    }
    absl::Duration wait = backoff;
    if (absl::IsNotFound(status)) {  // the kind is not installed
      state_->ReplaceKind(resource_.group, resource_.kind, {}).IgnoreError();
      names_.clear();
      version.clear();
      Contact(true, false, 0);
      wait = options_.max_backoff;
    } else {
      absl::MutexLock lock(&mutex_);
      ++figures_.failures;
    }
    if (last_problem != status.message()) {  // once, not every time
      last_problem = std::string(status.message());
      log_->Write(absl::IsNotFound(status) ? LogLevel::kInfo : LogLevel::kWarn,
                  absl::IsNotFound(status) ? "the API server does not have the resource; nothing depends on it then"
                                           : "cluster state cannot be followed; what is known stays in use",
                  {{"resource", resource_.plural}, {"error", last_problem}});
    }
    if (!Sleep(Jittered(wait))) return;
    backoff = std::min(backoff * 2, options_.max_backoff);
  }
}

// Read with an apiVersion and a kind, as the objects of a list lack them; without what nobody looks at.
void Reflector::Prepare(json* object) const {
  (*object)["apiVersion"] =
      resource_.group.empty() ? resource_.version : absl::StrCat(resource_.group, "/", resource_.version);
  (*object)["kind"] = resource_.kind;
  if (auto metadata = object->find("metadata"); metadata != object->end() && metadata->is_object()) {
    metadata->erase("managedFields");
  }
  object->erase("status");
  if (resource_.metadata_only) object->erase("spec");
}

absl::Status Reflector::List(std::string* version) {
  std::vector<json> objects;
  std::string next, listed;
  do {
    std::string path = absl::StrCat(CollectionPath(resource_), "?limit=", options_.page_size);
    if (!next.empty()) absl::StrAppend(&path, "&continue=", next);
    absl::StatusOr<ApiReply> reply = client_->Get(path, options_.list_timeout);
    if (!reply.ok()) return reply.status();
    const std::string what = absl::StrCat("list of ", resource_.plural, ": ");
    if (reply->status == 410) return absl::AbortedError(absl::StrCat(what, Explain(*reply)));
    if (reply->status == 404) return absl::NotFoundError(absl::StrCat(what, Explain(*reply)));
    if (reply->status == 401 || reply->status == 403) {
      return absl::PermissionDeniedError(
          absl::StrCat(what, Explain(*reply), "; the webhook needs the verbs get, list and watch"));
    }
    if (reply->status != 200) return absl::UnavailableError(absl::StrCat(what, Explain(*reply)));
    absl::StatusOr<json> list = api::ParseJson(reply->body);
    if (!list.ok()) return absl::UnavailableError(absl::StrCat(what, list.status().message()));
    if (!list->is_object() || !list->contains("items")) return absl::UnavailableError(absl::StrCat(what, "no items"));
    json& items = (*list)["items"];
    if (items.is_array()) {
      for (json& item : items) {
        if (!item.is_object()) continue;
        Prepare(&item);
        objects.push_back(std::move(item));
      }
    }
    listed = StringAt(*list, "metadata", "resourceVersion");
    next = StringAt(*list, "metadata", "continue");
  } while (!next.empty() && !stopping());
  names_.clear();
  for (const json& object : objects) names_.push_back(NameOf(object));
  std::sort(names_.begin(), names_.end());
  const int64_t count = static_cast<int64_t>(objects.size());
  if (absl::Status status = state_->ReplaceKind(resource_.group, resource_.kind, std::move(objects)); !status.ok()) {
    log_->Write(LogLevel::kWarn, "objects of a list are not understood and left out",
                {{"resource", resource_.plural}, {"error", std::string(status.message())}});
  }
  *version = listed;
  Contact(true, true, count);
  return listed.empty() ? absl::UnavailableError(absl::StrCat("list of ", resource_.plural, ": has no resourceVersion"))
                        : absl::OkStatus();
}

absl::Status Reflector::Watch(std::string* version) {
  const std::string path =
      absl::StrCat(CollectionPath(resource_), "?watch=true&allowWatchBookmarks=true&resourceVersion=", *version,
                   "&timeoutSeconds=", absl::ToInt64Seconds(Jittered(options_.watch_time)) + 1);
  absl::Status taken;
  absl::StatusOr<ApiReply> reply = client_->Stream(path, options_.watch_silence, [&](absl::string_view line) {
    taken = Take(line, version);
    return taken.ok() && !stopping();
  });
  if (!taken.ok()) return taken;
  if (!reply.ok()) return reply.status();
  const std::string what = absl::StrCat("watch of ", resource_.plural, ": ");
  if (reply->status == 410) return absl::AbortedError(absl::StrCat(what, Explain(*reply)));
  if (reply->status == 404) return absl::NotFoundError(absl::StrCat(what, Explain(*reply)));
  if (reply->status != 200) return absl::UnavailableError(absl::StrCat(what, Explain(*reply)));
  return absl::OkStatus();
}

absl::Status Reflector::Take(absl::string_view line, std::string* version) {
  const std::string what = absl::StrCat("watch of ", resource_.plural, ": ");
  absl::StatusOr<json> event = api::ParseJson(line);
  if (!event.ok()) return absl::UnavailableError(absl::StrCat(what, event.status().message()));
  if (!event->is_object() || !event->contains("object") || !(*event)["object"].is_object()) {
    return absl::UnavailableError(absl::StrCat(what, "an event without object"));
  }
  const std::string type = event->value("type", json()).is_string() ? (*event)["type"].get<std::string>() : "";
  json object = std::move((*event)["object"]);
  if (type == "ERROR") {
    const json code = object.value("code", json(0));
    const std::string message =
        Explain({code.is_number() ? code.get<int>() : 0, object.dump(-1, ' ', false, json::error_handler_t::replace)});
    if (code == 410) return absl::AbortedError(absl::StrCat(what, message));
    return absl::UnavailableError(absl::StrCat(what, message));
  }
  const std::string at = StringAt(object, "metadata", "resourceVersion");
  if (type == "ADDED" || type == "MODIFIED" || type == "DELETED") {
    const std::string name = NameOf(object);
    const auto place = std::lower_bound(names_.begin(), names_.end(), name);
    const bool known = place != names_.end() && *place == name;
    if (type == "DELETED") {
      const std::string ns = StringAt(object, "metadata", "namespace"), id = StringAt(object, "metadata", "name");
      state_->Remove({resource_.group, resource_.version, resource_.kind, ns, id});
      if (known) names_.erase(place);
    } else {
      Prepare(&object);
      if (absl::Status status = state_->Upsert(std::move(object)); !status.ok()) {
        log_->Write(LogLevel::kWarn, "an object is not understood and left out",
                    {{"resource", resource_.plural}, {"error", std::string(status.message())}});
      } else if (!known) {
        names_.insert(place, name);
      }
    }
  } else if (type != "BOOKMARK") {
    return absl::UnavailableError(absl::StrCat(what, "an event of unknown type"));
  }
  if (!at.empty()) *version = at;
  Contact(false, false, static_cast<int64_t>(names_.size()));
  return absl::OkStatus();
}

}  // namespace muster::webhook
