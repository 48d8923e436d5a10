#include "webhook/live/owner_lookups.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "kube/client/discovery.h"
#include "kube/client/paths.h"
#include "kube/client/told_object.h"
#include "webhook/live/kept_form.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kMetadataOnly[] = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;q=0.9";
// Kinds are few; a client that makes some up is not to fill the memory.
constexpr size_t kMaxPlurals = 256;

absl::Status NoSuchObject(const ObjectRef& ref) {
  return absl::NotFoundError(absl::StrCat(ref.kind, " \"", ref.name, "\" not found"));
}

bool IsUsable(const ObjectRef& ref) {
  const auto optional = [](absl::string_view part) { return part.empty() || kube::IsPathSegment(part); };
  return kube::IsPathSegment(ref.version) && kube::IsPathSegment(ref.kind) && kube::IsPathSegment(ref.name) &&
         optional(ref.group) && optional(ref.ns);
}

// What the API server refused to say.
absl::Status Refusal(const ObjectRef& ref, const ApiError& error, absl::string_view why) {
  const bool forbidden = error.code == 401 || error.code == 403;
  absl::Status status(forbidden ? absl::StatusCode::kPermissionDenied : absl::StatusCode::kUnavailable,
                      absl::StrCat("looking up ", ref.kind, " ", ref.ns, "/", ref.name, ": ", why));
  SetApiError(error, &status);
  return status;
}

// What is not known, and may be when somebody asks again.
absl::Status Unknown(const ObjectRef& ref, const absl::Status& why) {
  if (const std::optional<ApiError> error = ApiErrorOf(why)) return Refusal(ref, *error, why.message());
  if (!absl::IsDeadlineExceeded(why)) return Refusal(ref, {503, "ServiceUnavailable"}, why.message());
  absl::Status status = absl::DeadlineExceededError(Refusal(ref, {}, why.message()).message());
  SetApiError({504, "Timeout"}, &status);
  return status;
}

absl::Status Refused(const ObjectRef& ref, const kube::ApiReply& reply) {
  // The page of a proxy that does not know the path says nothing about the object.
  if (reply.status == 404 && kube::ReasonOf(reply) == "NotFound") return NoSuchObject(ref);
  if (reply.status < 400 || reply.status == 404) return Unknown(ref, absl::UnavailableError(kube::Explain(reply)));
  return Refusal(ref, {reply.status, kube::ReasonOf(reply)}, kube::Explain(reply));
}

// The object in an answer, without what nobody looks at. Errors: InvalidArgument for what is not the one asked for.
absl::StatusOr<json> Understand(const ObjectRef& ref, absl::string_view text) {
  absl::StatusOr<json> object = api::ParseJson(text);
  if (!object.ok()) return object.status();
  absl::StatusOr<json> kept = KeptMetadata(*object);
  if (!kept.ok()) return kept.status();
  json& metadata = (*kept)["metadata"];
  const json kind = object->value("kind", json(nullptr));
  if (!kind.is_null() && kind != "PartialObjectMetadata" && kind != std::string(ref.kind)) {
    return absl::InvalidArgumentError("the answer is of another kind");
  }
  if (metadata.value("name", "") != std::string(ref.name) ||
      metadata.value("namespace", std::string(ref.ns)) != std::string(ref.ns)) {
    return absl::InvalidArgumentError("the answer is another object");
  }
  json result = std::move(*kept);
  if (ref.group == "kueue.x-k8s.io") {  // a Workload is read whole
    result = *std::move(object);
    result["metadata"].erase("managedFields");
  }
  // A PartialObjectMetadata says so; the caller asked for the kind.
  result["kind"] = std::string(ref.kind);
  result["apiVersion"] = ref.group.empty() ? std::string(ref.version) : absl::StrCat(ref.group, "/", ref.version);
  return result;
}

}  // namespace

OwnerLookups::Found OwnerLookups::Find(const ObjectRef& ref) {
  if (!IsUsable(ref)) return NoSuchObject(ref);
  const kube::SteadyTime deadline = kube::After(options_.timeout);
  const std::string key = absl::StrCat(ref.group, "/", ref.version, "/", ref.kind, "/", ref.ns, "/", ref.name);
  const auto kept = [&]() -> std::shared_ptr<Entry> {
    const auto found = entries_.find(key);
    return found != entries_.end() && kube::SteadyNow() < found->second->good_until ? found->second : nullptr;
  };
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const std::shared_ptr<Entry> entry = kept(); entry != nullptr && !entry->asking) return entry->found;
  }
  // From here on there is waiting to do, which only so many may at a time.
  FairPlaces::Guest guest(&places_, std::string(ref.ns),
                          kube::After(std::min(options_.patience_when_full, options_.timeout)));
  if (!guest.welcome()) {
    return Unknown(ref, absl::UnavailableError("too many lookups at a time, of the namespace or in all"));
  }
  std::shared_ptr<Entry> entry;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    entry = kept();
    if (entry != nullptr) {
      const auto answered = [&] { return !entry->asking; };
      if (!answered_.wait_until(lock, deadline, answered)) {
        return Unknown(ref, absl::DeadlineExceededError("no answer in time"));
      }
      return entry->found;
    }
    std::shared_ptr<Entry>& slot = entries_[key];
    if (slot != nullptr) bytes_ -= slot->bytes;
    slot = entry = std::make_shared<Entry>();
  }
  Found found = guest.AwaitPlace(deadline)
                    ? Ask(ref, deadline)
                    : Found(Unknown(ref, absl::DeadlineExceededError("the lookups before it take too long")));
  Keep(key, found, entry.get());
  return found;
}

void OwnerLookups::Keep(const std::string& key, const Found& found, Entry* entry) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // An error is no knowledge: whoever comes next asks again, those who waited share it.
    const absl::Duration good = found.ok()                         ? options_.found_for
                                : absl::IsNotFound(found.status()) ? options_.missing_for
                                                                   : absl::ZeroDuration();
    const kube::SteadyTime now = kube::SteadyNow();
    entry->found = found;
    entry->asking = false;
    entry->good_until = kube::After(good, now);
    entry->bytes = static_cast<int64_t>(key.size()) * 2 + (found.ok() ? kube::BytesOf(**found) : 0);
    const auto slot = entries_.find(key);
    if (slot != entries_.end() && slot->second.get() == entry) bytes_ += entry->bytes;
    if (entries_.size() > options_.max_kept || bytes_ > options_.max_kept_bytes) Evict(now);
  }
  answered_.notify_all();
}

void OwnerLookups::Evict(kube::SteadyTime now) {
  const auto forget = [this](bool all, kube::SteadyTime at) {
    absl::erase_if(entries_, [&](const auto& item) {
      const Entry& entry = *item.second;
      if (entry.asking || (!all && at < entry.good_until)) return false;
      bytes_ -= entry.bytes;
      return true;
    });
  };
  forget(false, now);
  // Still too much: all that are answered. They are asked for again at need.
  if (entries_.size() > options_.max_kept || bytes_ > options_.max_kept_bytes) forget(true, now);
}

OwnerLookups::Found OwnerLookups::Ask(const ObjectRef& ref, kube::SteadyTime deadline) {
  std::unique_ptr<kube::ApiClient> client;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!clients_.empty()) {
      client = std::move(clients_.back());
      clients_.pop_back();
    }
  }
  if (client == nullptr) {
    kube::ApiLimits limits;
    limits.answer = options_.max_answer;
    absl::StatusOr<std::unique_ptr<kube::ApiClient>> made = kube::ApiClient::New(endpoint_, limits);
    if (!made.ok()) return Unknown(ref, made.status());
    client = *std::move(made);
  }
  Found found = AskOn(client.get(), ref, deadline);
  const std::lock_guard<std::mutex> lock(mutex_);
  clients_.push_back(std::move(client));  // never more than there are places
  return found;
}

OwnerLookups::Found OwnerLookups::AskOn(kube::ApiClient* client, const ObjectRef& ref, kube::SteadyTime deadline) {
  const absl::StatusOr<std::string> plural = Plural(client, ref, deadline);
  if (!plural.ok()) return plural.status();
  std::string path = kube::GroupPath(ref.group, ref.version);
  if (!ref.ns.empty()) absl::StrAppend(&path, "/namespaces/", ref.ns);
  absl::StrAppend(&path, "/", *plural, "/", ref.name);
  const bool whole = ref.group == "kueue.x-k8s.io";
  const absl::StatusOr<kube::ApiReply> reply =
      client->Get(path, -kube::Since(deadline), whole ? "application/json" : kMetadataOnly);
  if (!reply.ok()) return Unknown(ref, reply.status());
  if (reply->status != 200) return Refused(ref, *reply);
  absl::StatusOr<json> object = Understand(ref, reply->body);
  if (!object.ok()) return Unknown(ref, object.status());
  return std::make_shared<const json>(*std::move(object));
}

absl::StatusOr<std::string> OwnerLookups::Plural(kube::ApiClient* client, const ObjectRef& ref,
                                                 kube::SteadyTime deadline) {
  const std::string key = absl::StrCat(kube::GroupPath(ref.group, ref.version), "/", ref.kind);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto known = plurals_.find(key); known != plurals_.end()) return known->second;
  }
  const absl::StatusOr<std::optional<std::string>> found =
      kube::Discover(client, {.group = ref.group, .version = ref.version, .kind = ref.kind}, deadline);
  if (!found.ok()) return Unknown(ref, found.status());
  if (!found->has_value()) {
    return absl::NotFoundError(absl::StrCat("no matches for kind \"", ref.kind, "\" in version \"",
                                            ref.group.empty() ? "" : absl::StrCat(ref.group, "/"), ref.version, "\""));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (plurals_.size() >= kMaxPlurals) plurals_.clear();
  plurals_[key] = **found;
  return **found;
}

}  // namespace muster::webhook
