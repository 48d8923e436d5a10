// Decisions in words: Kueue's messages.
#include "scheduler/engine/messages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/resource_units.h"

namespace muster::scheduler {
namespace {

// Quotas know infinity; what is requested is a number even when it hits the limit of its type.
std::string PrintQuota(const std::string& resource, quota::Amount amount) {
  return amount == quota::kUnlimited ? "unlimited" : api::FormatAmount(resource, amount);
}

std::string ReasonText(const Declared& declared, const FlavorReason& r) {
  const std::string flavor = r.flavor == kNoId ? "" : declared.flavors.Name(r.flavor);
  const std::string resource = r.resource == kNoId ? "" : declared.resources.Name(r.resource);
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
                          ", previously considered podsets requests (", api::FormatAmount(resource, r.a),
                          ") + current podset request (", api::FormatAmount(resource, r.b), ") > maximum capacity (",
                          PrintQuota(resource, r.c), ")");
    case FlavorReason::Code::kInsufficientUnusedQuota:
      return absl::StrCat("insufficient unused quota for ", resource, " in flavor ", flavor, ", ",
                          PrintQuota(resource, r.a), " more needed");
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

std::string AssignmentText(const Declared& declared, const Decision& d) {
  std::vector<std::string> parts;
  for (const PodSetDecision& ps : d.pod_sets) {
    if (!ps.error.empty()) return absl::StrCat("failed to assign flavors to pod set ", ps.name, ": ", ps.error);
    if (ps.reasons.empty()) continue;
    std::vector<std::string> reasons;
    for (const FlavorReason& r : ps.reasons) reasons.push_back(ReasonText(declared, r));
    std::sort(reasons.begin(), reasons.end());
    parts.push_back(absl::StrCat("couldn't assign flavors to pod set ", ps.name, ": ", absl::StrJoin(reasons, ", ")));
  }
  return absl::StrJoin(parts, "; ");
}

std::string OrUnknown(const std::string& uid) { return uid.empty() ? "UNKNOWN" : uid; }

// "/company/team/cluster-queue": the root cohort first.
std::string Path(const Declared& declared, ClusterQueueId cq) {
  std::string path = absl::StrCat("/", declared.cq(cq).name);
  for (const std::string& cohort : declared.CohortsAbove(cq)) path = absl::StrCat("/", cohort, path);
  return path;
}

}  // namespace

std::string PreemptionMessage(const EngineImpl& engine, const Decision& d, const PreemptionTarget& target) {
  const WorkloadState& preemptor = engine.workloads[d.workload];
  return absl::StrCat("Preempted to accommodate a workload (UID: ", OrUnknown(preemptor.uid),
                      ", JobUID: ", OrUnknown(preemptor.job_uid), ") due to ", RuleInWords(target.reason),
                      "; preemptor path: ", Path(engine.declared, d.cluster_queue),
                      "; preemptee path: ", Path(engine.declared, engine.workloads[target.workload].cq));
}

std::string MigrationMessage(const EngineImpl& engine, const Decision& d) {
  return absl::StrCat("Evicted to accommodate a workload (UID: ", engine.workloads[d.workload].uid,
                      ") due to migration to more favorable resource flavor");
}

std::string ReplacementMessage(const EngineImpl& engine, const Decision& d) {
  const WorkloadState& w = engine.workloads[d.workload];
  return absl::StrCat("Replaced to accommodate a workload (UID: ", w.uid, ", JobUID: ", w.job_uid,
                      ") due to workload slice aggregation");
}

std::string Message(const EngineImpl& engine, const Decision& d) {
  const Declared& declared = engine.declared;
  const auto queue = [&] { return d.cluster_queue == kNoId ? std::string() : declared.cq(d.cluster_queue).name; };
  std::string text;
  switch (d.note) {
    case Note::kNone:
      text = AssignmentText(declared, d);
      break;
    case Note::kFailedAdmissionChecks:
      text = "The workload has failed admission checks";
      break;
    case Note::kClusterQueueInactive:
      text = absl::StrCat("ClusterQueue ", queue(), " is inactive");
      break;
    case Note::kClusterQueueNotFound:
      text = absl::StrCat("ClusterQueue ", queue(), " not found");
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

}  // namespace muster::scheduler
