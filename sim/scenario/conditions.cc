#include "sim/scenario/conditions.h"

#include "absl/strings/str_cat.h"

namespace muster::sim {
namespace {

constexpr absl::string_view kQuotaReserved = "QuotaReserved";
constexpr absl::string_view kAdmitted = "Admitted";

api::Condition* Find(api::Workload* w, absl::string_view type) {
  for (api::Condition& c : w->status.conditions) {
    if (c.type == type) return &c;
  }
  return nullptr;
}

}  // namespace

void SetCondition(api::Workload* w, absl::string_view type, bool status, absl::string_view reason,
                  absl::string_view message, absl::Time now) {
  api::Condition* c = Find(w, type);
  if (c == nullptr) {
    c = &w->status.conditions.emplace_back();
    c->type = std::string(type);
  }
  const absl::string_view text = status ? "True" : "False";
  if (c->status != text) c->last_transition_time = now;
  c->status = std::string(text);
  c->reason = std::string(reason);
  c->message = std::string(message);
}

void WritePending(api::Workload* w, absl::string_view reason, absl::string_view message, absl::Time now) {
  SetCondition(w, kQuotaReserved, false, reason, message, now);
  if (Find(w, kAdmitted) != nullptr) {
    SetCondition(w, kAdmitted, false, "NoReservation", "The workload has no reservation", now);
  }
}

void WriteAdmitted(api::Workload* w, absl::string_view cluster_queue, absl::Time now) {
  SetCondition(w, kQuotaReserved, true, kQuotaReserved, absl::StrCat("Quota reserved in ClusterQueue ", cluster_queue),
               now);
  for (absl::string_view type : {"Evicted", "Preempted"}) {
    const api::Condition* c = Find(w, type);
    if (c == nullptr || c->status != "True") continue;
    SetCondition(w, type, false, kQuotaReserved, absl::StrCat("Previously: ", std::string(c->message)), now);
  }
  SetCondition(w, kAdmitted, true, kAdmitted, "The workload is admitted", now);
}

void WriteEvicted(api::Workload* w, absl::string_view reason, absl::string_view message, absl::Time now) {
  SetCondition(w, "Evicted", true, reason, message, now);
  for (api::EvictionStat& stat : w->status.evictions) {
    if (stat.reason == reason) {
      ++stat.count;
      return;
    }
  }
  api::EvictionStat& stat = w->status.evictions.emplace_back();
  stat.reason = std::string(reason);
  stat.count = 1;
}

void WriteStopped(api::Workload* w, absl::Time now) {
  const api::Condition evicted = *Find(w, "Evicted");
  const bool at_once = evicted.reason == "Preempted" || evicted.reason == "NodeFailures";
  SetCondition(w, "Requeued", at_once, evicted.reason, evicted.message, now);
  w->status.admission.reset();
  WritePending(w, "PendingEvaluation", evicted.message, now);
}

void WriteRequeued(api::Workload* w, absl::string_view reason, absl::string_view message, absl::Time now) {
  SetCondition(w, "Requeued", true, reason, message, now);
}

void WritePodsReady(api::Workload* w, bool ready, absl::string_view reason, absl::Time now) {
  absl::string_view message = "All pods reached readiness and the workload is running";
  if (!ready) {
    message = reason == "WaitForRecovery" ? "At least one pod has failed, waiting for recovery"
                                          : "Not all pods are ready or succeeded";
  }
  SetCondition(w, "PodsReady", ready, reason, message, now);
}

void WriteFinished(api::Workload* w, absl::Time now) {
  SetCondition(w, "Finished", true, "Succeeded", "Job finished successfully", now);
}

}  // namespace muster::sim
