#include "manager/metrics/transitions.h"

#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "manager/names.h"

namespace muster::manager {
namespace {

using nlohmann::json;

std::string TextIn(const json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// How often it was evicted, by reason and underlying cause.
std::map<std::pair<std::string, std::string>, int64_t> EvictionsOf(const kube::Object& workload) {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  const json* list = workload.At("/status/schedulingStats/evictions");
  if (list == nullptr || !list->is_array()) return counts;
  for (const json& each : *list) {
    if (!each.is_object()) continue;
    const auto count = each.find("count");
    counts[{TextIn(each, "reason"), TextIn(each, "underlyingCause")}] +=
        count != each.end() && count->is_number_integer() ? count->get<int64_t>() : 0;
  }
  return counts;
}

absl::Time QueuedSince(const kube::Object& workload) {
  const ConditionView requeued = ConditionOf(workload, kRequeued);
  return requeued.status.empty() || requeued.since == absl::InfinitePast() ? workload.created() : requeued.since;
}

// Why it was evicted: the count that rose says so; else the condition does.
void Explain(const kube::Object& before, const kube::Object& after, Transition* eviction) {
  auto counts = EvictionsOf(before);
  for (const auto& [why, count] : EvictionsOf(after)) {
    if (count <= counts[why]) continue;
    std::tie(eviction->reason, eviction->cause) = why;
    eviction->once = counts[why] == 0;
    return;
  }
  eviction->reason = ConditionOf(after, kEvicted).reason;
  absl::string_view cause = eviction->reason;
  if (absl::ConsumePrefix(&cause, "DeactivatedDueTo")) {
    eviction->cause = std::string(cause);
    eviction->reason = kReasonDeactivated;
  }
}

absl::Duration AtLeastZero(absl::Duration duration) {
  return duration < absl::ZeroDuration() ? absl::ZeroDuration() : duration;
}

}  // namespace

ConditionView ConditionOf(const kube::Object& object, absl::string_view type) {
  const json* conditions = object.At("/status/conditions");
  if (conditions == nullptr || !conditions->is_array()) return {};
  for (const json& each : *conditions) {
    if (TextIn(each, "type") != type) continue;
    const absl::StatusOr<absl::Time> since = kube::ParseTime(TextIn(each, "lastTransitionTime"));
    return {TextIn(each, "status"), TextIn(each, "reason"), since.ok() ? *since : absl::InfinitePast()};
  }
  return {};
}

std::vector<Transition> TransitionsOf(const kube::ObjectPtr& before, const kube::ObjectPtr& after, absl::Time now) {
  std::vector<Transition> all;
  if (before == nullptr || after == nullptr || before->uid() != after->uid()) return all;
  const auto became_true = [&](const char* type) {
    return !ConditionOf(*before, type).is_true() && ConditionOf(*after, type).is_true();
  };
  const auto add = [&](Transition::Kind kind, const kube::Object& with_admission) -> Transition& {
    Transition& transition = all.emplace_back();
    transition.kind = kind;
    transition.cluster_queue = std::string(with_admission.StringAt("/status/admission/clusterQueue"));
    transition.ns = after->ns();
    transition.local_queue = std::string(after->StringAt("/spec/queueName"));
    transition.priority_class = std::string(after->StringAt("/spec/priorityClassRef/name"));
    transition.waited = AtLeastZero(now - QueuedSince(*after));
    return transition;
  };
  const ConditionView reserved = ConditionOf(*after, kQuotaReserved), admitted = ConditionOf(*after, kAdmitted);
  if (became_true(kQuotaReserved)) add(Transition::Kind::kQuotaReserved, *after);
  if (became_true(kAdmitted)) {
    add(Transition::Kind::kAdmitted, *after).since_before = AtLeastZero(admitted.since - reserved.since);
  }
  const ConditionView ready = ConditionOf(*after, kPodsReady);
  if (became_true(kPodsReady) && ready.reason == "Started" && admitted.is_true()) {
    add(Transition::Kind::kReady, *after).since_before = AtLeastZero(ready.since - admitted.since);
  }
  if (became_true(kEvicted) && before->At("/status/admission") != nullptr) {
    Transition& eviction = add(Transition::Kind::kEvicted, *before);
    Explain(*before, *after, &eviction);
    eviction.preempted = became_true(kPreempted);
    const ConditionView was_ready = ConditionOf(*before, kPodsReady);
    eviction.since_before =
        was_ready.is_true() ? AtLeastZero(ConditionOf(*after, kEvicted).since - was_ready.since) : -absl::Seconds(1);
  }
  if (became_true(kFinished)) {
    add(Transition::Kind::kFinished, after->At("/status/admission") != nullptr ? *after : *before);
  }
  return all;
}

}  // namespace muster::manager
