// Which ClusterQueues are active, and why others are not.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scheduler/declared/declared.h"

namespace muster::scheduler {

template <typename Visit>
void Declared::VisitObstacles(const ClusterQueueState& cq, const Visit& visit) const {
  const std::string none;
  if ((cq.object.stop_policy == "Hold" || cq.object.stop_policy == "HoldAndDrain") &&
      !visit(Obstacle::kStopped, none, none)) {
    return;
  }
  for (const GroupState& g : cq.groups) {
    for (const FlavorId f : g.flavors) {
      const api::ResourceFlavor* flavor = Flavor(f);
      if (flavor == nullptr) {
        if (!visit(Obstacle::kFlavor, flavors.Name(f), none)) return;
      } else if (!flavor->topology_name.empty() && topologies_.count(flavor->topology_name) == 0) {
        if (!visit(Obstacle::kTopology, flavors.Name(f), flavor->topology_name)) return;
      }
    }
  }
  for (const api::AdmissionCheckStrategyRule& rule : cq.object.admission_checks) {
    const api::AdmissionCheck* check = FindCheck(rule.name);
    if (check == nullptr) {
      if (!visit(Obstacle::kCheck, rule.name, none)) return;
    } else if (!IsUsable(*check)) {
      if (!visit(Obstacle::kInactiveCheck, rule.name, none)) return;
    }
  }
}

void Declared::UpdateActive(ClusterQueueId id) {
  ClusterQueueState& cq = cluster_queues_[id];
  bool active = cq.exists && !cq.terminating;
  if (active) VisitObstacles(cq, [&](Obstacle, const std::string&, const std::string&) { return active = false; });
  if (active == cq.active) return;
  cq.active = active;
  activity_changes_.push_back(id);
}

const absl::flat_hash_set<ClusterQueueId>& Declared::UsersOf(FlavorId flavor) const {
  static const auto* const kNobody = new absl::flat_hash_set<ClusterQueueId>();
  return flavor >= 0 && flavor < static_cast<int32_t>(users_of_flavor_.size()) ? users_of_flavor_[flavor] : *kNobody;
}
void Declared::UpdateUsersOf(FlavorId flavor) {
  for (const ClusterQueueId cq : UsersOf(flavor)) UpdateActive(cq);
}
void Declared::UpdateUsersOfTopology(absl::string_view topology) {
  for (FlavorId f(0); f < static_cast<int32_t>(flavor_objects_.size()); ++f) {
    if (flavor_objects_[f] != nullptr && flavor_objects_[f]->topology_name == topology) UpdateUsersOf(f);
  }
}
void Declared::UpdateUsersOfCheck(absl::string_view check) {
  const auto it = users_of_check_.find(check);
  if (it == users_of_check_.end()) return;
  for (const ClusterQueueId cq : it->second) UpdateActive(cq);
}

ClusterQueueStatus Declared::StatusOf(absl::string_view name) const {
  const ClusterQueueId id = FindClusterQueue(name);
  if (id == kNoId) return {false, false, "NotFound", "ClusterQueue not found"};
  const ClusterQueueState& cq = cluster_queues_[id];
  if (cq.terminating) {
    return {false, true, "Terminating", "Can't admit new workloads; clusterQueue is terminating"};
  }
  std::vector<std::string> reasons, pieces;
  const auto problem = [&](const char* reason, std::string piece) {
    reasons.push_back(reason);
    pieces.push_back(std::move(piece));
  };
  if (trees_.IsTooDeep(id)) {
    problem("CohortTooDeep", absl::StrCat("is below more than ", quota::kMaxCohortDepth, " cohorts"));
  }
  std::vector<std::string> missing_flavors, missing_topologies, missing_checks, inactive_checks;
  VisitObstacles(cq, [&](Obstacle obstacle, const std::string& what, const std::string& topology) {
    switch (obstacle) {
      case Obstacle::kStopped:
        problem("Stopped", "is stopped");
        break;
      case Obstacle::kFlavor:
        missing_flavors.push_back(what);
        break;
      case Obstacle::kCheck:
        missing_checks.push_back(what);
        break;
      case Obstacle::kInactiveCheck:
        inactive_checks.push_back(what);
        break;
      case Obstacle::kTopology:
        missing_topologies.push_back(
            absl::StrCat("there is no Topology \"", topology, "\" for TAS flavor \"", what, "\""));
        break;
    }
    return true;
  });
  const auto references = [&](const char* reason, const char* what, std::vector<std::string>& names) {
    if (names.empty()) return;
    std::sort(names.begin(), names.end());
    problem(reason, absl::StrCat("references ", what, ": ", absl::StrJoin(names, ",")));
  };
  references("FlavorNotFound", "missing ResourceFlavor(s)", missing_flavors);
  references("AdmissionCheckNotFound", "missing AdmissionCheck(s)", missing_checks);
  references("AdmissionCheckInactive", "inactive AdmissionCheck(s)", inactive_checks);
  for (std::string& piece : missing_topologies) problem("TopologyNotFound", std::move(piece));
  if (reasons.empty()) return {true, false, "Ready", "Can admit new workloads"};
  return {false, false, reasons[0], absl::StrCat("Can't admit new workloads: ", absl::StrJoin(pieces, ", "), ".")};
}

}  // namespace muster::scheduler
