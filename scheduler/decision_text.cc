#include "scheduler/decision_text.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/resource_units.h"

namespace muster::scheduler {
namespace {

// Quotas know infinity; what is requested is a number even when it hits the limit of its type.
std::string PrintQuota(const std::string& resource, quota::Amount amount) {
  return amount == quota::kUnlimited ? "unlimited" : api::FormatAmount(resource, amount);
}

std::string ReasonText(const Decision& d, const FlavorReason& r) {
  const std::string &flavor = d.FlavorName(r.flavor), &resource = d.ResourceName(r.resource);
  switch (r.code) {
    case FlavorReason::Code::kResourceUnavailable:
      return absl::StrCat("resource ", resource, " unavailable in ClusterQueue");
    case FlavorReason::Code::kFlavorNotFound:
      return absl::StrCat("flavor ", flavor, " not found");
    case FlavorReason::Code::kUntoleratedTaint:
      return absl::StrCat("untolerated taint ", r.detail, " in flavor ", flavor);
    case FlavorReason::Code::kNodeAffinityMismatch:
      return absl::StrCat("flavor ", flavor, " doesn't match node affinity");
    case FlavorReason::Code::kExceedsMaxQuota:
      return absl::StrCat("insufficient quota for ", resource, " in flavor ", flavor,
                          ", previously considered podsets requests (", api::FormatAmount(resource, r.earlier),
                          ") + current podset request (", api::FormatAmount(resource, r.requested),
                          ") > maximum capacity (", PrintQuota(resource, r.capacity), ")");
    case FlavorReason::Code::kInsufficientUnusedQuota:
      return absl::StrCat("insufficient unused quota for ", resource, " in flavor ", flavor, ", ",
                          PrintQuota(resource, r.missing), " more needed");
    case FlavorReason::Code::kNotInNominationMapping:
      return absl::StrCat("skipping flavor ", flavor, " as it is not found in the nomination mapping for resource ",
                          resource);
    case FlavorReason::Code::kNotAllowedByAnnotation:
      return absl::StrCat("skipping flavor ", flavor, " due to WorkloadAllowedResourceFlavorAnnotation annotation");
    case FlavorReason::Code::kSliceFlavorMismatch:
      return absl::StrCat("could not assign ", flavor, " flavor since the original workload is assigned: ", r.detail);
    case FlavorReason::Code::kTopologyUnsupported:
      return absl::StrCat("Flavor \"", flavor, "\" does not support TopologyAwareScheduling");
    case FlavorReason::Code::kTopologyOnly:
      return absl::StrCat("Flavor \"", flavor, "\" supports only TopologyAwareScheduling");
    case FlavorReason::Code::kText:
      return r.detail;
  }
  return "";
}

absl::string_view View(std::string_view name) { return {name.data(), name.size()}; }

std::string AttemptText(const Decision& d, const FlavorAttempt& attempt) {
  std::vector<std::string> parts = {attempt.preemption == FlavorAttempt::Preemption::kNone
                                        ? std::string(ToString(attempt.mode))
                                        : absl::StrCat("preemptionMode=", View(ToString(attempt.preemption)))};
  if (attempt.borrow > 0) parts.push_back(absl::StrCat("borrow=", attempt.borrow));
  std::set<std::string> reasons;
  for (const FlavorReason& r : attempt.reasons) reasons.insert(ReasonText(d, r));
  parts.insert(parts.end(), reasons.begin(), reasons.end());
  return absl::StrCat(d.FlavorName(attempt.flavor), "(", absl::StrJoin(parts, ";"), ")");
}

std::string AssignmentText(const Decision& d) {
  std::vector<std::string> parts;
  for (const PodSetDecision& ps : d.pod_sets) {
    if (!ps.error.empty()) return absl::StrCat("failed to assign flavors to pod set ", ps.name, ": ", ps.error);
    if (ps.reasons.empty()) continue;
    std::vector<std::string> reasons;
    for (const FlavorReason& r : ps.reasons) reasons.push_back(ReasonText(d, r));
    std::sort(reasons.begin(), reasons.end());
    parts.push_back(absl::StrCat("couldn't assign flavors to pod set ", ps.name, ": ", absl::StrJoin(reasons, ", ")));
  }
  return absl::StrJoin(parts, "; ");
}

std::string OrUnknown(const std::string& uid) { return uid.empty() ? "UNKNOWN" : uid; }

}  // namespace

std::string FlavorsConsidered(const Decision& d) {
  std::vector<std::string> sets;
  for (const PodSetDecision& ps : d.pod_sets) {
    std::vector<std::string> flavors;
    for (const FlavorAttempt& attempt : ps.attempts) flavors.push_back(AttemptText(d, attempt));
    if (!flavors.empty()) sets.push_back(absl::StrCat(ps.name, ": ", absl::StrJoin(flavors, ", ")));
  }
  return absl::StrJoin(sets, " | ");
}

std::string PreemptionMessage(const Decision& d, const PreemptionTarget& target) {
  return absl::StrCat("Preempted to accommodate a workload (UID: ", OrUnknown(d.identity->uid),
                      ", JobUID: ", OrUnknown(d.identity->job_uid), ") due to ", RuleInWords(target.reason),
                      "; preemptor path: ", d.queue->path, "; preemptee path: ", target.queue->path);
}

std::string MigrationMessage(const Decision& d) {
  return absl::StrCat("Evicted to accommodate a workload (UID: ", d.identity->uid,
                      ") due to migration to more favorable resource flavor");
}

std::string ReplacementMessage(const Decision& d) {
  return absl::StrCat("Replaced to accommodate a workload (UID: ", d.identity->uid, ", JobUID: ", d.identity->job_uid,
                      ") due to workload slice aggregation");
}

std::string Message(const Decision& d) {
  std::string text;
  switch (d.note) {
    case Note::kNone:
      text = AssignmentText(d);
      break;
    case Note::kFailedAdmissionChecks:
      text = "The workload has failed admission checks";
      break;
    case Note::kClusterQueueInactive:
      text = absl::StrCat("ClusterQueue ", d.queue->name, " is inactive");
      break;
    case Note::kClusterQueueNotFound:
      text = absl::StrCat("ClusterQueue ", d.queue->name, " not found");
      break;
    case Note::kNamespaceMissing:
      text = d.note_detail;
      break;
    case Note::kNamespaceMismatch:
      text = "workload namespace doesn't match ClusterQueue selector";
      break;
    case Note::kResourceValidation:
      text = absl::StrCat("resources validation failed: ", d.note_detail);
      break;
    case Note::kLimitRange:
      text = absl::StrCat("resources didn't satisfy LimitRange constraints: ", d.note_detail);
      break;
    case Note::kDeferredFit:
      text =
          "Workload has overlapping preemption targets with another workload, but will fit after these preemptions "
          "complete";
      break;
    case Note::kOverlappingTargets:
      text = "Workload has overlapping preemption targets with another workload";
      break;
    case Note::kNoLongerFits:
      text = "Workload no longer fits after processing another workload";
      break;
    case Note::kPreemptionGated:
      text = "Workload requires preemption, but it's gated";
      break;
    case Note::kNoReplacement:
      text = absl::StrCat("Workload was evicted as there was no replacement for unhealthy node(s): ", d.note_detail);
      break;
    case Note::kMoreFavorableAdmitted:
      text = "A more favorable variant is already admitted";
      break;
    case Note::kBelowLastAcceptableFlavor:
      text = "Target flavor is below LastAcceptableFlavorName";
      break;
  }
  if (d.migrates != kNoId) absl::StrAppend(&text, ". Pending the migration of 1 workload(s)");
  if (d.pending_preemptions > 0) {
    absl::StrAppend(&text, ". Pending the preemption of ", d.pending_preemptions, " workload(s)");
  }
  return text;
}

std::string Describe(const Decision& d) {
  std::string out = absl::StrCat(View(ToString(d.outcome)), " ", d.identity->key, " in ", d.queue->name);
  if (d.outcome == Outcome::kAdmitted) {
    std::vector<std::string> sets;
    for (const PodSetDecision& ps : d.pod_sets) {
      std::vector<std::string> flavors;
      for (const ResourceFlavorChoice& f : ps.flavors) {
        flavors.push_back(absl::StrCat(d.ResourceName(f.resource), "=", d.FlavorName(f.flavor)));
      }
      sets.push_back(absl::StrCat(ps.name, " x", ps.count, flavors.empty() ? "" : " ", absl::StrJoin(flavors, ",")));
    }
    absl::StrAppend(&out, ": ", absl::StrJoin(sets, "; "));
    if (d.borrowing > 0) absl::StrAppend(&out, "; borrowing");
    return out;
  }
  if (d.retry == Retry::kNever) out += ", never";
  std::vector<std::string> leave;
  for (const PreemptionTarget& t : d.targets) leave.push_back(t.identity->key);
  if (d.migrates != kNoId) leave.push_back(d.migrates_identity->key);
  if (d.outcome == Outcome::kPreempting) absl::StrAppend(&out, " (", absl::StrJoin(leave, ", "), ")");
  return absl::StrCat(out, ": ", Message(d));
}

}  // namespace muster::scheduler
