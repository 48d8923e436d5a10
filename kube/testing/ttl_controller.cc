#include "kube/testing/ttl_controller.h"

#include <algorithm>
#include <vector>

#include "kube/testing/json_path.h"

namespace muster::kube::testing {

void TtlController::Observe(const WatchEvent& event, absl::Time) {
  const Object& job = *event.object;
  if (job.type().group != "batch" || job.type().kind != "Job") return;
  due_.erase(job.key());
  const int64_t ttl = job.IntAt("/spec/ttlSecondsAfterFinished", -1);
  const nlohmann::json* conditions = job.At("/status/conditions");
  if (event.type == WatchEvent::Type::kDeleted || job.deleting() || ttl < 0 || conditions == nullptr) return;
  for (const nlohmann::json& condition : *conditions) {
    const std::string type = GetString(condition, {"type"});
    if ((type != "Complete" && type != "Failed") || GetString(condition, {"status"}) != "True") continue;
    const absl::StatusOr<absl::Time> finished = ParseTime(GetString(condition, {"lastTransitionTime"}));
    if (finished.ok()) due_[job.key()] = *finished + absl::Seconds(ttl);
  }
}

void TtlController::Run(absl::Time now) {
  std::vector<ObjectKey> expired;
  for (const auto& [key, time] : due_) {
    if (time <= now) expired.push_back(key);
  }
  for (const ObjectKey& key : expired) {
    due_.erase(key);
    Request request;
    request.verb = Verb::kDelete;
    request.key = key;
    request.propagation = "Foreground";
    server_.Handle(request, {"kube-controller-manager"}, now);
  }
}

absl::Time TtlController::NextTime() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [key, time] : due_) next = std::min(next, time);
  return next;
}

}  // namespace muster::kube::testing
