#include "manager/process/watchers.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "webhook/base/log.h"

namespace muster::manager {

kube::ReflectorOptions ReflectorOptionsOfManager() {
  kube::ReflectorOptions options;
  options.min_backoff = absl::Milliseconds(200);
  options.max_objects = 1'000'000;
  options.max_bytes = int64_t{16} << 30;
  options.max_object_bytes = int64_t{64} << 20;  // etcd takes 1.5 MiB, of which JSON in memory is a multiple
  options.limits.answer = size_t{64} << 20;
  options.limits.line = size_t{16} << 20;
  return options;
}

Watchers::Watchers(const kube::ApiEndpoint& endpoint, const std::vector<WatchedType>& types,
                   kube::ReflectorOptions options, InputQueue* inputs, const webhook::Log* log)
    : sink_(inputs, log) {
  for (const WatchedType& watched : types) {
    ++options.seed;  // each its own chance
    // Who is only looked at as an owner holds nobody up.
    options.may_be_of_another_version = !watched.whole;
    reflectors_.push_back(
        std::make_unique<kube::Reflector>(endpoint, *watched.type, watched.keep(), options, &sink_, log));
  }
}

std::vector<kube::CacheFigures> Watchers::figures() const {
  std::vector<kube::CacheFigures> all;
  for (const auto& reflector : reflectors_) all.push_back(reflector->figures());
  return all;
}

// An object that cannot be read is passed over: one of many must not keep all the others from being known.
void Watchers::Sink::Replace(const kube::ResourceType& type, std::vector<kube::ToldObject> objects, uint64_t version) {
  ListedInput listed{&type, {}, version};
  listed.objects.reserve(objects.size());
  for (kube::ToldObject& object : objects) {
    absl::StatusOr<kube::ObjectPtr> parsed = kube::Object::Parse(std::move(object.value));
    if (parsed.ok()) {
      listed.objects.push_back(*std::move(parsed));
    } else {
      log_.Write(webhook::LogLevel::kError, "an object cannot be read and is passed over",
                 {{"error", std::string(parsed.status().message())}});
    }
  }
  inputs_.Push(std::move(listed));
}

absl::Status Watchers::Sink::Put(const kube::ResourceType&, kube::ToldObject object) {
  absl::StatusOr<kube::ObjectPtr> parsed = kube::Object::Parse(std::move(object.value));
  if (parsed.ok()) {
    inputs_.Push(ToldInput{*std::move(parsed)});
  } else {
    log_.Write(webhook::LogLevel::kError, "an object cannot be read and is passed over",
               {{"error", std::string(parsed.status().message())}});
  }
  return absl::OkStatus();
}

void Watchers::Sink::Remove(const kube::ResourceType& type, kube::ToldObject last) {
  inputs_.Push(GoneInput{{&type, last.ns, last.name}, last.version});
}

}  // namespace muster::manager
