#include "scheduler/json/decision_json.h"

#include <string>
#include <string_view>

#include "scheduler/decision_text.h"

namespace muster::scheduler {
namespace {

using Json = nlohmann::ordered_json;

std::string_view CodeName(FlavorReason::Code code) {
  constexpr std::string_view kNames[] = {"ResourceUnavailable",    "FlavorNotFound",         "UntoleratedTaint",
                                         "NodeAffinityMismatch",   "ExceedsMaxQuota",        "InsufficientUnusedQuota",
                                         "NotInNominationMapping", "NotAllowedByAnnotation", "SliceFlavorMismatch",
                                         "TopologyUnsupported",    "TopologyOnly",           "Text"};
  return kNames[static_cast<int>(code)];
}

Json ReasonJson(const Decision& d, const FlavorReason& r) {
  Json out = {{"code", CodeName(r.code)}};
  if (r.flavor != kNoId) out["flavor"] = d.FlavorName(r.flavor);
  if (r.resource != kNoId) out["resource"] = d.ResourceName(r.resource);
  if (r.code == FlavorReason::Code::kExceedsMaxQuota) {
    out["earlier"] = r.earlier;
    out["requested"] = r.requested;
    out["capacity"] = r.capacity;
  }
  if (r.code == FlavorReason::Code::kInsufficientUnusedQuota) out["missing"] = r.missing;
  if (!r.detail.empty()) out["detail"] = r.detail;
  return out;
}

Json AttemptJson(const Decision& d, const FlavorAttempt& attempt) {
  Json out = {{"flavor", d.FlavorName(attempt.flavor)}, {"mode", ToString(attempt.mode)}};
  if (attempt.preemption != FlavorAttempt::Preemption::kNone) out["preemption"] = ToString(attempt.preemption);
  if (attempt.borrow > 0) out["borrow"] = attempt.borrow;
  for (const FlavorReason& r : attempt.reasons) out["reasons"].push_back(ReasonJson(d, r));
  return out;
}

Json PodSetJson(const Decision& d, const PodSetDecision& ps) {
  Json out = {{"name", ps.name}, {"count", ps.count}};
  for (const ResourceFlavorChoice& f : ps.flavors) {
    if (f.flavor != kNoId) out["flavors"][d.ResourceName(f.resource)] = d.FlavorName(f.flavor);
  }
  if (!ps.error.empty()) out["error"] = ps.error;
  for (const FlavorReason& r : ps.reasons) out["reasons"].push_back(ReasonJson(d, r));
  for (const FlavorAttempt& attempt : ps.attempts) out["attempts"].push_back(AttemptJson(d, attempt));
  if (!ps.topology.has_value()) return out;
  for (const TopologyPlacement::Domain& domain : ps.topology->domains) {
    out["domains"].push_back({{"values", domain.domain->values}, {"count", domain.count}});
  }
  return out;
}

}  // namespace

nlohmann::ordered_json ToJson(const Decision& d) {
  Json out = {{"outcome", ToString(d.outcome)},
              {"workload", d.identity->key},
              {"uid", d.identity->uid},
              {"queue", d.queue->name},
              {"path", d.queue->path}};
  if (d.retry != Retry::kNone) out["retry"] = ToString(d.retry);
  out["mode"] = ToString(d.mode);
  out["status"] = ToString(d.status);
  out["requeue"] = ToString(d.requeue_reason);
  out["reason"] = ToString(d.pending_reason);
  if (d.outcome != Outcome::kAdmitted) out["message"] = Message(d);
  if (d.borrowing > 0) out["borrowing"] = d.borrowing;
  out["pod_sets"] = Json::array();
  for (const PodSetDecision& ps : d.pod_sets) out["pod_sets"].push_back(PodSetJson(d, ps));
  for (const PreemptionTarget& t : d.targets) {
    out["targets"].push_back({{"workload", t.identity->key},
                              {"queue", t.queue->name},
                              {"reason", ToString(t.reason)},
                              {"newly", t.newly_evicted}});
  }
  if (d.migrates != kNoId) out["migrates"] = d.migrates_identity->key;
  if (d.replaces != kNoId) out["replaces"] = d.replaces_identity->key;
  return out;
}

}  // namespace muster::scheduler
