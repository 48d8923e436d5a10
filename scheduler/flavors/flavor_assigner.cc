#include "scheduler/flavors/flavor_assigner.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "quota/fr_sum.h"
#include "scheduler/flavors/flavor_match.h"
#include "scheduler/flavors/topology_step.h"

namespace muster::scheduler {
namespace {

using quota::Amount;
using quota::FrAmount;
using quota::FrId;

// How bad a refusal is: what can never be mended is worse than what time may mend.
int Severity(PendingReason reason) {
  switch (reason) {
    case PendingReason::kTopologyPlacementFailed:
      return 1;
    case PendingReason::kWaitingForQuota:
      return 2;
    case PendingReason::kExceedsMaxQuota:
      return 3;
    default:
      return 4;
  }
}

PendingReason ReasonOfSeverity(int severity) {
  switch (severity) {
    case 1:
      return PendingReason::kTopologyPlacementFailed;
    case 2:
      return PendingReason::kWaitingForQuota;
    case 3:
      return PendingReason::kExceedsMaxQuota;
    default:
      return PendingReason::kNoMatchingFlavor;
  }
}

bool IsPinned(const FlavorPins& pins, absl::Span<const int> members, ResourceId resource, FlavorId flavor) {
  return std::any_of(members.begin(), members.end(), [&](int m) {
    return m < static_cast<int>(pins.size()) &&
           std::find(pins[m].begin(), pins[m].end(), std::make_pair(resource, flavor)) != pins[m].end();
  });
}

void AddAmount(ResourceAmounts* into, ResourceId resource, Amount amount) {
  for (ResourceAmount& a : *into) {
    if (a.resource == resource) {
      a.amount = quota::Add(a.amount, amount);
      return;
    }
  }
  into->push_back({resource, amount});
}

}  // namespace

Mode ToMode(FitMode mode) {
  if (mode == FitMode::kNoFit) return Mode::kNoFit;
  return mode == FitMode::kFit ? Mode::kFit : Mode::kPreempt;
}

bool IsPreferred(RatedMode a, RatedMode b, bool preemption_over_borrowing) {
  if (a.mode == FitMode::kNoFit) return false;
  if (b.mode == FitMode::kNoFit) return true;
  if ((a.mode == FitMode::kNoCandidates) != (b.mode == FitMode::kNoCandidates)) {
    return b.mode == FitMode::kNoCandidates;
  }
  if (preemption_over_borrowing) {
    if (a.borrow != b.borrow) return a.borrow < b.borrow;
    return a.mode > b.mode;
  }
  if (a.mode != b.mode) return a.mode > b.mode;
  return a.borrow < b.borrow;
}

bool ShouldTryNextFlavor(RatedMode rated, const ClusterQueueRules& rules) {
  if (rated.mode == FitMode::kNoFit || rated.mode == FitMode::kNoCandidates) return true;
  if (rated.mode != FitMode::kFit && rules.try_next_when_can_preempt) return true;
  return rated.borrow > 0 && rules.try_next_when_can_borrow;
}

bool IsOutdated(const ScanProgress& last, int64_t cluster_queue_generation, int64_t cycle, int equivalence,
                bool preserve_scan_progress) {
  if (preserve_scan_progress) {
    if (last.equivalence >= 0 && equivalence >= 0 && last.equivalence != equivalence) return true;
    if (cycle - last.cycle <= 1) return false;
  }
  return cluster_queue_generation > last.cluster_queue_generation;
}

PendingReason ResolveNoFitReason(const ClusterQueueState& queue, const Assignment& assignment) {
  if (assignment.mode != Mode::kNoFit) return PendingReason::kNone;
  int overall = 0;
  for (size_t i = 0; i < assignment.pod_sets.size(); ++i) {
    const PodSetDecision& ps = assignment.pod_sets[i];
    // Kueue takes a pod set that has nothing to say for one that fits.
    if (ps.mode != Mode::kNoFit || (ps.reasons.empty() && ps.error.empty())) continue;
    const int scan = assignment.scan_of[i];
    if (!assignment.attempted[scan]) {
      overall = std::max(overall, Severity(PendingReason::kNoMatchingFlavor));
      continue;
    }
    const bool unplaced = ps.error.empty() && ps.topology_failure.has_value();
    for (const GroupState& group : queue.groups) {
      int mildest = std::numeric_limits<int>::max();
      const auto meet = [&](FlavorId flavor, PendingReason reason) {
        if (std::find(group.flavors.begin(), group.flavors.end(), flavor) == group.flavors.end()) return;
        mildest = std::min(mildest, Severity(reason));
      };
      for (const Assignment::NoFit& n : assignment.no_fit) {
        if (n.scan == scan) meet(n.flavor, n.reason);
      }
      if (unplaced) meet(ps.topology_flavor, PendingReason::kTopologyPlacementFailed);
      if (mildest != std::numeric_limits<int>::max()) overall = std::max(overall, mildest);
    }
  }
  return overall > 0 ? ReasonOfSeverity(overall) : PendingReason::kNone;
}

struct FlavorAssigner::GroupScan {
  struct Item {
    ResourceId resource;
    FlavorId flavor;
    RatedMode rated;
  };
  RatedMode rated;
  absl::InlinedVector<Item, 4> items;  // empty if no flavor would do
  std::vector<FlavorReason> reasons;
  std::vector<FlavorAttempt> attempts;  // of a scan that found a flavor that fits
  int tried_index = -1;
};

namespace {

FlavorAttempt::Preemption ToPreemption(FitMode mode) {
  switch (mode) {
    case FitMode::kNoCandidates:
      return FlavorAttempt::Preemption::kNoCandidates;
    case FitMode::kPreempt:
      return FlavorAttempt::Preemption::kPreempt;
    case FitMode::kReclaim:
      return FlavorAttempt::Preemption::kReclaim;
    case FitMode::kNoFit:
    case FitMode::kFit:
      break;
  }
  return FlavorAttempt::Preemption::kNone;
}

// One flavor as a scan met it, with the reasons [first, last) of all that it met.
struct Met {
  FlavorId flavor;
  FitMode mode;
  int borrow;
  size_t first, last;
};

// What there is to tell of the flavors met: all but those that fit without borrowing.
std::vector<FlavorAttempt> Attempts(absl::Span<const Met> met, std::vector<FlavorReason> reasons) {
  std::vector<FlavorAttempt> attempts;
  for (const Met& m : met) {
    if (m.mode == FitMode::kFit && m.borrow == 0) continue;
    attempts.push_back(
        {m.flavor,
         ToMode(m.mode),
         ToPreemption(m.mode),
         m.borrow,
         {std::make_move_iterator(reasons.begin() + m.first), std::make_move_iterator(reasons.begin() + m.last)}});
  }
  return attempts;
}

}  // namespace

Amount FlavorAssigner::AssumedUsage(const Assignment& so_far, FrId fr) const {
  for (const FrAmount& u : so_far.usage) {
    if (u.fr == fr) return u.amount;
  }
  return 0;
}

void FlavorAssigner::Assign(const WorkloadState& workload, ClusterQueueId cq, absl::Span<const int32_t> counts,
                            const ScanProgress* progress, const FlavorPins* pins, const WorkloadState* replaced,
                            Assignment* out) {
  const ClusterQueueState& queue = declared_.cq(cq);
  const ResourceId pods = queue.pods;
  const bool covers_pods = pods != kNoId;
  const int n = static_cast<int>(workload.pod_sets.size());
  out->pod_sets.resize(n);
  out->requests.resize(n);
  out->last_tried.resize(n);
  for (int i = 0; i < n; ++i) {
    const PodSetState& ps = workload.pod_sets[i];
    out->pod_sets[i].name = ps.name;
    out->pod_sets[i].count = counts[i];
    for (const ResourceAmount& a : ps.per_pod) {
      if (covers_pods && a.resource == pods) continue;
      out->requests[i].push_back({a.resource, quota::Mul(a.amount, counts[i])});
    }
    if (covers_pods) {
      out->requests[i].push_back({pods, counts[i]});
      std::sort(out->requests[i].begin(), out->requests[i].end(),
                [&](const ResourceAmount& a, const ResourceAmount& b) {
                  return declared_.resources.Name(a.resource) < declared_.resources.Name(b.resource);
                });
    }
  }
  // Groups in the order in which their first member appears.
  absl::InlinedVector<absl::InlinedVector<int, 2>, 2> groups;
  std::map<std::string, size_t> group_index;
  for (int i = 0; i < n; ++i) {
    const std::string& group = workload.pod_sets[i].group;
    if (group.empty()) {
      groups.push_back({i});
    } else if (const auto [it, inserted] = group_index.try_emplace(group, groups.size()); inserted) {
      groups.push_back({i});
    } else {
      groups[it->second].push_back(i);
    }
  }
  out->mode = Mode::kFit;
  if (workload.phase == WorkloadPhase::kReserved) {
    // Second pass: flavors stay as they are, and the quota is held already.
    Keep(workload, out);
    groups.clear();
  }
  out->attempted.resize(n);
  out->scan_of.resize(n);
  for (const absl::InlinedVector<int, 2>& members : groups) {
    for (const int i : members) out->scan_of[i] = members[0];
  }
  for (const absl::InlinedVector<int, 2>& members : groups) {
    AssignGroup(workload, cq, members, progress, pins, replaced, out);
    for (int i : members) out->mode = std::min(out->mode, out->pod_sets[i].mode);
    if (out->mode == Mode::kNoFit) {
      out->pod_sets.resize(members.back() + 1);
      break;
    }
  }
  // Not reached by a group without flavors: then nobody asks for a place.
  const bool complete = out->mode != Mode::kNoFit;
  if (topology_ != nullptr && complete) topology_->Place(workload, cq, out, replaced);
  out->no_fit_reason = ResolveNoFitReason(queue, *out);
}

void FlavorAssigner::Keep(const WorkloadState& workload, Assignment* out) const {
  for (size_t i = 0; i < workload.held.size() && i < out->pod_sets.size(); ++i) {
    const HeldPodSet& held = workload.held[i];
    PodSetDecision& ps = out->pod_sets[i];
    ps.count = held.count;
    ps.mode = Mode::kFit;
    ps.topology = held.topology;
    ps.topology_flavor = held.topology_flavor;
    ps.delayed_topology = held.delayed_topology.empty() ? "" : "Ready";
    out->requests[i].clear();
    for (const HeldPodSet::Item& item : held.items) {
      ps.flavors.push_back({item.resource, item.flavor, Mode::kFit, 0, -1});
      out->requests[i].push_back({item.resource, item.amount});
    }
  }
}

void FlavorAssigner::AssignGroup(const WorkloadState& workload, ClusterQueueId cq, absl::Span<const int> members,
                                 const ScanProgress* progress, const FlavorPins* pins, const WorkloadState* replaced,
                                 Assignment* out) {
  const ClusterQueueState& queue = declared_.cq(cq);
  ResourceAmounts requests;
  for (int i : members) {
    for (const ResourceAmount& a : out->requests[i]) AddAmount(&requests, a.resource, a.amount);
  }
  std::sort(requests.begin(), requests.end(), [&](const ResourceAmount& a, const ResourceAmount& b) {
    return declared_.resources.HashedBefore(a.resource, b.resource);
  });
  std::vector<FlavorReason> reasons;
  std::vector<FlavorAttempt> attempts;
  absl::InlinedVector<GroupScan::Item, 4> chosen;
  absl::InlinedVector<std::pair<ResourceId, int>, 4> tried;
  bool failed = false;
  for (const ResourceAmount& request : requests) {
    const int rg = queue.GroupOf(request.resource);
    if (rg < 0) {
      if (request.amount == 0 || options_.quota_check == QuotaCheckStrategy::kIgnoreUndeclared) continue;
      FlavorReason r;
      r.code = FlavorReason::Code::kResourceUnavailable;
      r.resource = request.resource;
      reasons.assign(1, std::move(r));
      failed = true;
      break;
    }
    const auto has_flavor = [&](const GroupScan::Item& item) { return item.resource == request.resource; };
    if (std::any_of(chosen.begin(), chosen.end(), has_flavor)) continue;  // its group has been scanned
    ResourceAmounts in_group;
    for (const ResourceAmount& a : requests) {
      if (queue.Covers(rg, a.resource)) in_group.push_back(a);
    }
    int start = 0;
    if (progress != nullptr && options_.gates[Gate::kFlavorFungibility] &&
        members[0] < static_cast<int>(progress->last_tried.size())) {
      for (const auto& [resource, index] : progress->last_tried[members[0]]) {
        if (resource == request.resource) start = index + 1;
      }
    }
    GroupScan scan = FindFlavor(workload, cq, rg, members, in_group, request.resource, start, pins, replaced, out);
    if (scan.items.empty()) {
      reasons = std::move(scan.reasons);
      failed = true;
      break;
    }
    if (reasons.empty()) {
      reasons = std::move(scan.reasons);
    } else {
      reasons.insert(reasons.end(), std::make_move_iterator(scan.reasons.begin()),
                     std::make_move_iterator(scan.reasons.end()));
    }
    std::move(scan.attempts.begin(), scan.attempts.end(), std::back_inserter(attempts));
    for (const GroupScan::Item& item : scan.items) {
      size_t c = 0;  // a later group that covers the resource too has the last word
      while (c < chosen.size() && chosen[c].resource != item.resource) ++c;
      if (c == chosen.size()) {
        chosen.push_back(item);
        tried.emplace_back(item.resource, scan.tried_index);
      } else {
        chosen[c] = item;
        tried[c].second = scan.tried_index;
      }
    }
  }
  if (attempts.size() > 1) {
    std::sort(attempts.begin(), attempts.end(), [&](const FlavorAttempt& a, const FlavorAttempt& b) {
      return declared_.flavors.Name(a.flavor) < declared_.flavors.Name(b.flavor);
    });
  }
  for (int i : members) {
    PodSetDecision& ps = out->pod_sets[i];
    if (i == members.back()) {
      ps.reasons = std::move(reasons);
    } else {
      ps.reasons = reasons;
    }
    if (failed) {
      ps.mode = Mode::kNoFit;
      continue;
    }
    Mode worst = Mode::kFit;
    for (const ResourceAmount& request : out->requests[i]) {
      for (size_t c = 0; c < chosen.size(); ++c) {
        if (chosen[c].resource != request.resource) continue;
        const Mode mode = ToMode(chosen[c].rated.mode);
        ps.flavors.push_back({request.resource, chosen[c].flavor, mode, chosen[c].rated.borrow, tried[c].second});
        worst = std::min(worst, mode);
        out->last_tried[i].push_back(tried[c]);
        out->borrowing = std::max(out->borrowing, chosen[c].rated.borrow);
        const FrId fr = declared_.Fr(chosen[c].flavor, request.resource);
        const HeldPodSet::Item* held = replaced == nullptr ? nullptr : HeldItem(*replaced, ps.name, request.resource);
        quota::AddTo(&out->usage, {fr, quota::Sub(request.amount, held == nullptr ? 0 : held->amount)});
      }
    }
    if (out->requests[i].empty() && members.size() > 1 && topology_ != nullptr) {
      // Without requests of its own it goes where its group goes.
      for (size_t c = 0; c < chosen.size(); ++c) {
        if (!topology_->cache().IsTopologyAware(chosen[c].flavor)) continue;
        ps.flavors.push_back({chosen[c].resource, chosen[c].flavor, ToMode(chosen[c].rated.mode), 0, tried[c].second});
        out->last_tried[i].push_back(tried[c]);
      }
    }
    if (ps.reasons.empty()) {
      ps.mode = Mode::kFit;
      ps.attempts = attempts;
    } else {
      ps.mode = ps.flavors.empty() ? Mode::kNoFit : worst;
    }
  }
}

FlavorAssigner::GroupScan FlavorAssigner::FindFlavor(const WorkloadState& workload, ClusterQueueId cq,
                                                     int resource_group, absl::Span<const int> members,
                                                     absl::Span<const ResourceAmount> requests, ResourceId trigger,
                                                     int start, const FlavorPins* pins, const WorkloadState* replaced,
                                                     Assignment* so_far) {
  const ClusterQueueState& queue = declared_.cq(cq);
  const GroupState& group = queue.groups[resource_group];
  const bool fungible = options_.gates[Gate::kFlavorFungibility];
  GroupScan best;
  std::vector<FlavorReason> reasons;
  absl::InlinedVector<Met, 4> met;
  int attempted = -1;
  for (int idx = start; idx < static_cast<int>(group.flavors.size()); ++idx) {
    attempted = idx;
    const FlavorId flavor = group.flavors[idx];
    const api::ResourceFlavor* object = declared_.Flavor(flavor);
    std::optional<FlavorReason> mismatch;
    bool looked_at = true;
    if (pins != nullptr && !IsPinned(*pins, members, trigger, flavor)) {
      mismatch.emplace();
      mismatch->code = FlavorReason::Code::kNotInNominationMapping;
      mismatch->resource = trigger;
      looked_at = false;
    } else if (!workload.allowed_flavors.empty() && object != nullptr &&
               std::find(workload.allowed_flavors->begin(), workload.allowed_flavors->end(),
                         declared_.flavors.Name(flavor)) == workload.allowed_flavors->end()) {
      mismatch.emplace();
      mismatch->code = FlavorReason::Code::kNotAllowedByAnnotation;
      looked_at = false;
    } else if (object == nullptr) {
      mismatch.emplace();
      mismatch->code = FlavorReason::Code::kFlavorNotFound;
    } else {
      for (int m : members) {
        if (topology_ != nullptr) mismatch = topology_->CheckFlavor(workload.pod_sets[m], cq, resource_group, *object);
        if (mismatch.has_value()) break;
        mismatch = MatchFlavor(*object, *workload.pod_sets[m].spec);
        if (mismatch.has_value()) break;
      }
    }
    if (mismatch.has_value()) {
      mismatch->flavor = flavor;
      reasons.push_back(*std::move(mismatch));
      if (looked_at) {
        met.push_back({flavor, FitMode::kNoFit, 0, reasons.size() - 1, reasons.size()});
        so_far->attempted[members[0]] = true;
        so_far->no_fit.push_back({members[0], flavor, PendingReason::kNoMatchingFlavor});
      }
      continue;
    }
    GroupScan candidate;
    candidate.rated = {FitMode::kFit, 0};
    // Every lacking resource is reported, also behind one that already rules the flavor out.
    int refusal = 0;  // the worst
    const size_t first_reason = reasons.size();
    int most_borrowed = 0;
    for (const ResourceAmount& request : requests) {
      const Amount assumed = AssumedUsage(*so_far, declared_.Fr(flavor, request.resource));
      PendingReason why = PendingReason::kNone;
      Amount amount = request.amount;
      bool keeps_flavor = true;
      for (const int m : members) {
        const HeldPodSet::Item* held =
            replaced == nullptr ? nullptr : HeldItem(*replaced, workload.pod_sets[m].name, request.resource);
        if (held == nullptr) continue;
        if (held->flavor != flavor) {
          FlavorReason r;
          r.code = FlavorReason::Code::kSliceFlavorMismatch;
          r.flavor = flavor;
          r.detail = declared_.flavors.Name(held->flavor);
          reasons.push_back(std::move(r));
          keeps_flavor = false;
          break;
        }
        amount = quota::Sub(amount, held->amount);
      }
      RatedMode rated = FitsQuota(workload, cq, flavor, request.resource, assumed, amount, &reasons, &why);
      if (!keeps_flavor) {
        rated.mode = FitMode::kNoFit;
        why = PendingReason::kNoMatchingFlavor;
      }
      most_borrowed = std::max(most_borrowed, rated.borrow);
      candidate.items.push_back({request.resource, flavor, rated});
      if (rated.mode == FitMode::kNoFit) refusal = std::max(refusal, Severity(why));
      if (IsPreferred(candidate.rated, rated, queue.rules.preemption_over_borrowing)) candidate.rated = rated;
    }
    met.push_back({flavor, candidate.rated.mode, most_borrowed, first_reason, reasons.size()});
    so_far->attempted[members[0]] = true;
    if (refusal > 0) so_far->no_fit.push_back({members[0], flavor, ReasonOfSeverity(refusal)});
    if (!fungible) {
      if (candidate.rated.mode > best.rated.mode) best = std::move(candidate);
      if (best.rated.mode == FitMode::kFit) break;
      continue;
    }
    if (!ShouldTryNextFlavor(candidate.rated, queue.rules)) {
      best = std::move(candidate);
      break;
    }
    if (IsPreferred(candidate.rated, best.rated, queue.rules.preemption_over_borrowing)) best = std::move(candidate);
  }
  if (best.rated.mode == FitMode::kNoFit) best.items.clear();
  if (best.rated.mode != FitMode::kFit) {
    best.reasons = std::move(reasons);
  } else {
    best.attempts = Attempts(met, std::move(reasons));
  }
  // Without fungibility Kueue leaves the index at its zero value: there always seems to be more to try.
  best.tried_index = !fungible ? 0 : attempted == static_cast<int>(group.flavors.size()) - 1 ? -1 : attempted;
  return best;
}

RatedMode FlavorAssigner::FitsQuota(const WorkloadState& workload, ClusterQueueId cq, FlavorId flavor,
                                    ResourceId resource, Amount assumed, Amount request,
                                    std::vector<FlavorReason>* reasons, PendingReason* why) {
  const quota::Forest& forest = declared_.forest();
  const quota::NodeId node = declared_.NodeOf(cq);
  const ClusterQueueRules& rules = declared_.cq(cq).rules;
  const FrId fr = declared_.Fr(flavor, resource);
  const Amount value = quota::Add(assumed, request);
  const auto add_reason = [&](FlavorReason::Code code) -> FlavorReason& {
    FlavorReason& reason = reasons->emplace_back();
    reason.code = code;
    reason.flavor = flavor;
    reason.resource = resource;
    return reason;
  };
  const Amount maximum = forest.PotentialAvailable(node, fr);
  if (value > maximum) {
    FlavorReason& reason = add_reason(FlavorReason::Code::kExceedsMaxQuota);
    reason.earlier = assumed;
    reason.requested = request;
    reason.capacity = maximum;
    *why = PendingReason::kExceedsMaxQuota;
    return {FitMode::kNoFit, 0};
  }
  const quota::Forest::Height height = forest.FindHeight(node, fr, value);
  const Amount available = forest.AvailableClipped(node, fr);
  if (value <= available) return {FitMode::kFit, height.height};
  add_reason(FlavorReason::Code::kInsufficientUnusedQuota).missing = quota::Sub(value, available);
  const bool may_preempt =
      forest.nominal(node, fr) >= value || height.smaller_than_tree || rules.borrow_within_cohort ||
      (options_.fair_sharing.has_value() && rules.reclaim_within_cohort != PreemptionPolicy::kNever);
  if (!may_preempt) {
    *why = PendingReason::kWaitingForQuota;
    return {FitMode::kNoFit, height.height};
  }
  return oracle_.Ask(workload, cq, fr, value);
}

}  // namespace muster::scheduler
