#include "kube/testing/job_controller.h"

#include <optional>
#include <utility>
#include <vector>

#include "kube/testing/job_sync.h"
#include "kube/testing/json_path.h"
#include "kube/testing/pods.h"

namespace muster::kube::testing {
namespace {

constexpr absl::Duration kGathering = absl::Seconds(1);

bool IsJob(const Object& object) { return object.type().group == "batch" && object.type().kind == "Job"; }

bool IsFinished(const Object& job) {
  const nlohmann::json* conditions = job.At("/status/conditions");
  if (conditions == nullptr) return false;
  for (const nlohmann::json& each : *conditions) {
    const std::string type = GetString(each, {"type"});
    if ((type == "Complete" || type == "Failed") && GetString(each, {"status"}) == "True") return true;
  }
  return false;
}

}  // namespace

void JobController::Observe(const WatchEvent& event, absl::Time now) {
  const Object& object = *event.object;
  if (IsJob(object)) {
    if (event.type == WatchEvent::Type::kDeleted) {
      generations_.erase(object.key());
      for (const ObjectPtr& pod : PodsOf(server_, object)) RemoveFinalizer(server_, *pod, kJobTracking, now);
      return;
    }
    const auto [it, added] = generations_.try_emplace(object.key(), object.generation());
    if (added || it->second != object.generation()) {
      it->second = object.generation();
      queue_.Add(object.key());
    } else {
      queue_.AddAt(object.key(), now + kGathering);
    }
    return;
  }
  if (!IsPod(object)) return;
  const Owner owner = ControllerOf(object);
  if (owner.kind != "Job") return;
  const ObjectKey key = {&TypeOf("batch", "Job"), object.ns(), owner.name};
  const ObjectPtr job = server_.Find(key);
  if (job != nullptr && job->uid() == owner.uid) {
    queue_.AddAt(key, now + kGathering);
  } else if (event.type != WatchEvent::Type::kDeleted) {
    RemoveFinalizer(server_, object, kJobTracking, now);
  }
}

void JobController::Run(absl::Time now) {
  // Each once: a Job that is to be looked at again at this instant is so in the next round.
  std::vector<ObjectKey> due;
  while (std::optional<ObjectKey> key = queue_.Take(now)) due.push_back(*std::move(key));
  for (const ObjectKey& key : due) {
    Sync(key, now);
    queue_.Done(key);
  }
}

void JobController::Sync(const ObjectKey& key, absl::Time now) {
  const ObjectPtr job = server_.Find(key);
  if (job == nullptr) return;
  if (IsFinished(*job)) {
    for (const ObjectPtr& pod : PodsOf(server_, *job)) RemoveFinalizer(server_, *pod, kJobTracking, now);
    return;
  }
  if (const std::optional<absl::Time> again = JobSync(&server_, job, now).Run()) queue_.AddAt(key, *again);
}

}  // namespace muster::kube::testing
