#include "kube/client/reflector.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kube/client/discovery.h"
#include "kube/client/paths.h"
#include "webhook/base/log.h"

namespace muster::kube {
namespace {

absl::Status TooLarge(const ToldObject& object) {
  return absl::UnavailableError(
      absl::StrCat(NameOf(object), ": what is needed of it takes ", object.bytes, " bytes, which is too much"));
}

}  // namespace

Reflector::Reflector(const ApiEndpoint& endpoint, const ResourceType& type, Keep keep, ReflectorOptions options,
                     ObjectSink* sink, const webhook::Log* log)
    : type_(type),
      keep_(std::move(keep)),
      options_(options),
      sink_(sink),
      log_(log),
      backoff_(options.min_backoff, options.max_backoff, options.seed),
      absence_(options.absence_times, options.absence_patience),
      removal_(options.absence_times, options.removal_patience),
      page_size_(options.page_size) {
  figures_.resource = ResourceName(type_);
  absl::StatusOr<std::unique_ptr<ApiClient>> client = ApiClient::New(endpoint, options.limits);
  if (client.ok()) {
    client_ = *std::move(client);
  } else {
    client_error_ = client.status();
  }
  thread_ = std::thread([this] { Run(); });
}

Reflector::~Reflector() {
  stop_.Set();
  if (client_ != nullptr) client_->Stop();
  thread_.join();
}

bool Reflector::synced() const {
  absl::MutexLock lock(&mutex_);
  return figures_.synced;
}

CacheFigures Reflector::figures() const {
  absl::MutexLock lock(&mutex_);
  CacheFigures figures = figures_;
  // The clock on the wall is for people alone: how long ago it was is measured by the other one.
  const absl::Duration age = Since(contact_);
  figures.last_contact = figures.synced ? absl::Now() - age : absl::InfinitePast();
  figures.stale = figures.synced && age > options_.max_staleness;
  return figures;
}

void Reflector::Contact(SteadyTime when, bool listed) {
  absl::MutexLock lock(&mutex_);
  contact_ = when;
  figures_.synced = true;
  if (listed) ++figures_.lists;
  figures_.objects = static_cast<int64_t>(known_.size());
  figures_.bytes = bytes_;
}

void Reflector::Run() {
  while (!stop_.is_set()) {
    if (!stop_.Sleep(Step())) return;
  }
}

absl::Duration Reflector::Step() {
  absl::Status status = client_error_;
  retry_after_ = absl::ZeroDuration();
  if (status.ok() && version_ == 0) status = List();
  if (!status.ok()) return AfterFailure(status);
  const SteadyTime start = SteadyNow();
  status = Watch();
  const bool lasted = Since(start) >= options_.short_watch;
  if (lasted) backoff_.Reset();
  if (!status.ok()) return AfterFailure(status);
  return lasted ? absl::ZeroDuration() : backoff_.Next();
}

absl::Duration Reflector::AfterFailure(const absl::Status& status) {
  if (stop_.is_set()) return absl::ZeroDuration();
  const bool absent = absl::IsNotFound(status);
  if (!absent) {
    absence_.Reset();
    removal_.Reset();
  }
  // A server with too much to do is not asked for more than it was.
  if (!absl::IsResourceExhausted(status)) version_ = 0;
  if (absent && absent_) return options_.absence_interval;
  {
    absl::MutexLock lock(&mutex_);
    ++figures_.failures;
  }
  Report(status);
  if (absent) return options_.absence_interval;
  return std::max(backoff_.Next(), std::min(retry_after_, options_.max_backoff));
}

// Once, not every time.
void Reflector::Report(const absl::Status& status) {
  const std::string problem(status.message());
  if (problem == last_problem_) return;
  last_problem_ = problem;
  if (status.ok()) {
    log_->Write(webhook::LogLevel::kInfo, "cluster state is followed again", {{"resource", std::string(type_.plural)}});
  } else {
    log_->Write(webhook::LogLevel::kWarn, "cluster state cannot be followed; what is known stays in use",
                {{"resource", std::string(type_.plural)}, {"error", problem}});
  }
}

absl::Status Reflector::CheckLimits(int64_t objects, int64_t bytes) const {
  if (objects <= options_.max_objects && bytes <= options_.max_bytes) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(ResourceName(type_), ": more than ", options_.max_objects, " objects, or ",
                                             options_.max_bytes, " bytes of them"));
}

absl::Status Reflector::Refusal(absl::string_view what, const ApiReply& reply) {
  const std::string text = absl::StrCat(what, " of ", type_.plural, ": ", Explain(reply));
  retry_after_ = reply.retry_after;
  switch (reply.status) {
    case 404:
      return AskDiscovery(text);
    case 401:
    case 403:
      return absl::PermissionDeniedError(absl::StrCat(text, "; it takes the verbs get, list and watch"));
    case 429:
      return absl::ResourceExhaustedError(text);
    default:
      return absl::UnavailableError(text);
  }
}

absl::Status Reflector::AskDiscovery(absl::string_view said) {
  // Without namespaces there is no cluster.
  if (type_.group.empty()) return absl::UnavailableError(said);
  ResourceQuery query{type_.group, type_.version, type_.plural};
  query.other_versions_lack_it = options_.may_be_of_another_version;
  const absl::StatusOr<std::optional<std::string>> found = Discover(client_.get(), query, After(options_.list_timeout));
  if (!found.ok()) return absl::UnavailableError(absl::StrCat(said, "; ", found.status().message()));
  if (found->has_value()) return absl::UnavailableError(absl::StrCat(said, ", but discovery has it"));
  const SteadyTime now = SteadyNow();
  absence_.Seen(now);
  removal_.Seen(now);
  if ((listed_ ? removal_ : absence_).Believed(now)) TakeAsAbsent();
  return absl::NotFoundError(absl::StrCat(said, ", and discovery does not have it either"));
}

void Reflector::TakeAsAbsent() {
  if (!absent_) {
    absent_ = true;
    known_.clear();
    bytes_ = 0;
    sink_->Replace(type_, {}, 0);
    log_->Write(webhook::LogLevel::kInfo, "the API server does not have the resource; nothing depends on it then",
                {{"resource", ResourceName(type_)}});
  }
  Contact(SteadyNow(), false);
}

absl::Status Reflector::ListPages(std::map<std::string, ToldObject>* objects, uint64_t* version) {
  const SteadyTime deadline = After(options_.list_patience);
  int64_t bytes = 0;
  std::string next;
  while (!stop_.is_set()) {
    // Without a resourceVersion: what is listed is the newest there is, not what some API server remembers.
    std::string path = absl::StrCat(CollectionPath(type_), "?limit=", page_size_);
    if (!next.empty()) absl::StrAppend(&path, "&continue=", Escaped(next));
    const absl::StatusOr<ApiReply> reply = client_->Get(path, std::min(options_.list_timeout, -Since(deadline)));
    if (absl::IsResourceExhausted(reply.status()) && page_size_ > 1) {
      page_size_ /= 2;
      objects->clear();
      bytes = 0;
      next.clear();
      continue;
    }
    if (!reply.ok()) return absl::UnavailableError(reply.status().message());
    if (reply->status != 200) return Refusal("list", *reply);
    absl::StatusOr<ListPage> page = ParseListPage(type_, reply->body, keep_);
    if (!page.ok()) {
      return absl::UnavailableError(absl::StrCat("list of ", type_.plural, ": ", page.status().message()));
    }
    for (ToldObject& object : page->objects) {
      bytes += object.bytes;
      if (object.bytes > options_.max_object_bytes) return TooLarge(object);
      std::string name = NameOf(object);
      objects->insert_or_assign(std::move(name), std::move(object));
    }
    if (absl::Status status = CheckLimits(static_cast<int64_t>(objects->size()), bytes); !status.ok()) return status;
    *version = page->version;
    next = std::move(page->next_page);
    if (next.empty()) return absl::OkStatus();
  }
  return absl::CancelledError("stopped");
}

absl::Status Reflector::List() {
  const SteadyTime start = SteadyNow();
  page_size_ = std::min(page_size_ * 2, options_.page_size);  // what was too large may be gone
  std::map<std::string, ToldObject> objects;
  uint64_t version = 0;
  if (absl::Status status = ListPages(&objects, &version); !status.ok()) return status;
  std::vector<ToldObject> all;
  all.reserve(objects.size());
  known_.clear();
  bytes_ = 0;
  for (auto& [name, object] : objects) {
    known_.emplace(name, object.bytes);
    bytes_ += object.bytes;
    all.push_back(std::move(object));
  }
  sink_->Replace(type_, std::move(all), version);
  version_ = version;
  listed_ = true;
  absent_ = false;
  absence_.Reset();
  removal_.Reset();
  // True of the moment it was asked for, whenever the last page came.
  Contact(start, true);
  Report(absl::OkStatus());
  return absl::OkStatus();
}

absl::Status Reflector::Watch() {
  const std::string path =
      absl::StrCat(CollectionPath(type_), "?watch=true&allowWatchBookmarks=true&resourceVersion=", version_,
                   "&timeoutSeconds=", absl::ToInt64Seconds(backoff_.Jittered(options_.watch_time)) + 1);
  absl::Status taken;
  const absl::StatusOr<ApiReply> reply = client_->Stream(path, options_.watch_silence, [&](absl::string_view line) {
    taken = Take(line);
    return taken.ok() && !stop_.is_set();
  });
  if (!taken.ok()) {
    return absl::UnavailableError(absl::StrCat("watch of ", type_.plural, ": ", taken.message()));
  }
  if (!reply.ok()) return absl::UnavailableError(reply.status().message());
  return reply->status == 200 ? absl::OkStatus() : Refusal("watch", *reply);
}

absl::Status Reflector::Take(absl::string_view line) {
  absl::StatusOr<ToldEvent> event = ParseToldEvent(type_, line, keep_);
  if (!event.ok()) return event.status();
  ToldObject& object = event->object;
  const uint64_t version = object.version;
  const bool bookmark = event->type == ToldEvent::Type::kBookmark;
  // Versions of one resource only grow: what comes late would undo what came after it.
  if (bookmark ? object.version < version_ : object.version <= version_) {
    return absl::UnavailableError(
        absl::StrCat("an event of version ", object.version, " came after one of ", version_));
  }
  if (!bookmark) {
    const std::string name = NameOf(object);
    const auto known = known_.find(name);
    const int64_t before = known == known_.end() ? 0 : known->second;
    if (event->type == ToldEvent::Type::kDeleted) {
      bytes_ -= before;
      known_.erase(name);
      sink_->Remove(type_, std::move(object));
    } else {
      if (object.bytes > options_.max_object_bytes) return TooLarge(object);
      const int64_t count = static_cast<int64_t>(known_.size()) + (known == known_.end() ? 1 : 0);
      if (absl::Status status = CheckLimits(count, bytes_ - before + object.bytes); !status.ok()) return status;
      bytes_ += object.bytes - before;
      known_[name] = object.bytes;
      if (absl::Status status = sink_->Put(type_, std::move(object)); !status.ok()) return status;
    }
  }
  version_ = version;
  Contact(SteadyNow(), false);
  return absl::OkStatus();
}

}  // namespace muster::kube
