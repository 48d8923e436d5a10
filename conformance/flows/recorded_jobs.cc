#include "conformance/flows/recorded_jobs.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::conformance {
namespace {

using nlohmann::json;

const kube::testing::Client kClient = {"kube-controller-manager"};

const kube::ResourceType& JobType() {
  static const kube::ResourceType& type = kube::TypeOf("batch", "Job");
  return type;
}

// What makes `after` of `before`. That a Job has no start time any more is the doing of its manager.
json StatusPatch(const json& before, const json& after) {
  json patch = json::object();
  for (const auto& [key, value] : after.items()) {
    if (!before.contains(key) || before[key] != value) patch[key] = value;
  }
  for (const auto& [key, value] : before.items()) {
    if (!after.contains(key) && key != "startTime") patch[key] = nullptr;
  }
  return patch;
}

// The Job that controls a pod; "" for none.
std::string JobOf(const kube::Object& pod) {
  for (const kube::Owner& owner : pod.Owners()) {
    if (owner.controller && owner.kind == "Job") return owner.name;
  }
  return "";
}

}  // namespace

RecordedJobs::RecordedJobs(const Recording& recording, kube::testing::ApiServer* server) : server_(*server) {
  std::map<std::string, json> statuses;  // by UID
  std::set<std::string> made, deleted;   // UIDs of pods
  for (const Sighting& sighting : recording.seen) {
    const kube::Object& object = *sighting.event.object;
    const bool gone = sighting.event.type == kube::WatchEvent::Type::kDeleted;
    if (&object.type() == &JobType() && !gone) {
      const json* status = object.At("/status");
      json& before = statuses.try_emplace(object.uid(), json::object()).first->second;
      json after = status == nullptr ? json::object() : *status;
      if (json patch = StatusPatch(before, after); !patch.empty()) {
        deeds_.push_back({sighting.time, object.key(), std::move(patch), nullptr, false});
      }
      before = std::move(after);
    } else if (object.type().group.empty() && object.type().kind == "Pod" && !JobOf(object).empty()) {
      const kube::ObjectKey job = {&JobType(), object.ns(), JobOf(object)};
      if (made.insert(object.uid()).second) {
        deeds_.push_back({sighting.time, job, nullptr, sighting.event.object, false});
      }
      if ((gone || object.deleting()) && deleted.insert(object.uid()).second) {
        deeds_.push_back({sighting.time, job, nullptr, sighting.event.object, true});
      }
    }
  }
  std::stable_sort(deeds_.begin(), deeds_.end(), [](const Deed& a, const Deed& b) { return a.time < b.time; });
}

absl::Time RecordedJobs::NextTime() const {
  return next_ < deeds_.size() ? deeds_[next_].time : absl::InfiniteFuture();
}

void RecordedJobs::Run(absl::Time now) {
  // One at a time: others may react.
  if (NextTime() <= now) Do(deeds_[next_++], now);
}

void RecordedJobs::Do(const Deed& deed, absl::Time now) {
  if (deed.pod != nullptr && deed.deletes) {
    kube::Request request;
    request.verb = kube::Verb::kDelete;
    request.key = deed.pod->key();
    request.body = {{"preconditions", {{"uid", deed.pod->uid()}}}};
    server_.Handle(request, kClient, now);
    return;
  }
  const kube::ObjectPtr job = server_.Find(deed.job);
  if (job == nullptr) return;
  if (deed.pod != nullptr) {
    MakePod(*job, *deed.pod, now);
    return;
  }
  kube::Request request;
  request.verb = kube::Verb::kMergePatch;
  request.key = deed.job;
  request.subresource = "status";
  request.body = {{"status", deed.status}};
  server_.Handle(request, kClient, now);
}

void RecordedJobs::MakePod(const kube::Object& job, const kube::Object& recorded, absl::Time now) {
  json pod = {{"metadata", json::object()}, {"spec", json::object()}};
  for (const char* part : {"metadata", "spec"}) {
    if (const json* from = job.At(absl::StrCat("/spec/template/", part)); from != nullptr) pod[part] = *from;
  }
  json& metadata = pod["metadata"];
  metadata["name"] = recorded.name();
  // Which of the pods of an indexed Job it is.
  constexpr char kIndex[] = "batch.kubernetes.io/job-completion-index";
  if (recorded.HasAnnotation(kIndex)) {
    metadata["annotations"][kIndex] = std::string(recorded.annotation(kIndex));
    metadata["labels"][kIndex] = std::string(recorded.annotation(kIndex));
  }
  const json owner = {{"apiVersion", "batch/v1"}, {"kind", "Job"},      {"name", job.name()},
                      {"uid", job.uid()},         {"controller", true}, {"blockOwnerDeletion", true}};
  metadata["ownerReferences"] = json::array({owner});
  kube::Request request;
  request.verb = kube::Verb::kCreate;
  request.key = {&recorded.type(), job.ns(), ""};
  request.body = std::move(pod);
  server_.Handle(request, kClient, now);
}

}  // namespace muster::conformance
