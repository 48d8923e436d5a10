#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "api/vocabulary.h"
#include "sim/replay/simulation_impl.h"

namespace muster::sim {

// Brings the time integral of what the nodes have up to now.
void Simulation::PassNodeTime() {
  node_seconds_ += node_capacity_ * static_cast<double>(now_s_ - node_since_s_);
  node_since_s_ = now_s_;
}

absl::Status Simulation::FindNodeGroups() {
  if (options_.model.node_groups.empty()) return absl::OkStatus();
  if (!HasHosts()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are nodeGroups, and no job is placed on a node of theirs: give the flavors a Topology (",
                     "spec.topologyName) whose last level is ", api::kHostnameLabel));
  }
  absl::StatusOr<NodeGroups> groups = NodeGroups::Make(options_.model.node_groups, policy_.nodes, begin_s_);
  if (!groups.ok()) return groups.status();
  groups_ = *std::move(groups);
  std::erase_if(policy_.nodes, [&](const api::Node& n) { return groups_.unused().contains(n.metadata.name); });
  std::erase_if(options_.node_steps, [&](const NodeStep& s) { return groups_.unused().contains(s.node); });
  IndexNodes();
  return absl::OkStatus();
}

int64_t Simulation::TakeHosts(const std::vector<std::string>& hosts) {
  int64_t ready_s = now_s_;
  for (const std::string& host : hosts) ready_s = std::max(ready_s, groups_.Take(host, now_s_));
  TellNodeMoves();
  return ready_s - now_s_;
}

void Simulation::TellNodeMoves() {
  for (const NodeMove& move : groups_.TakeMoves()) {
    PassNodeTime();
    const double amount = CapacityOf(nodes_given_[node_of_.at(move.node)], options_.resource);
    node_capacity_ += move.there ? amount : -amount;
    const ReplaySetting setting = Setting();
    Tell(&ReplayObserver::OnChange,
         WorldChange{now_s_, move.there ? WorldChange::Kind::kNodeLaunched : WorldChange::Kind::kNodeRemoved, move.node,
                     &setting});
  }
}

void Simulation::SetNode(const NodeStep& step) {
  api::Node& node = policy_.nodes[node_of_.at(step.node)];
  const std::string& host = HostOf(nodes_given_[node_of_.at(step.node)]);
  const bool scaled = groups_.Scales(host);  // then it counts while it is there, and is lost when it fails
  PassNodeTime();
  if (!scaled) node_capacity_ -= CapacityOf(node, options_.resource);
  node = nodes_given_[node_of_.at(step.node)];  // as it is when all is well
  if (step.state == NodeStep::State::kCordoned) node.unschedulable = true;
  if (step.state == NodeStep::State::kDown) SetReady(false, &node);
  if (!scaled) node_capacity_ += CapacityOf(node, options_.resource);
  const ReplaySetting setting = Setting();
  Tell(&ReplayObserver::OnChange,
       WorldChange{now_s_,
                   step.state == NodeStep::State::kDown       ? WorldChange::Kind::kNodeDown
                   : step.state == NodeStep::State::kCordoned ? WorldChange::Kind::kNodeCordoned
                                                              : WorldChange::Kind::kNodeUp,
                   step.node, &setting});
  driver_.Disturbed(AtSecond(now_s_));
  driver_.engine().Apply(node, AtSecond(now_s_));
  if (step.state == NodeStep::State::kDown) StopRunsOn(host, step);
  if (!scaled) return;
  if (step.state == NodeStep::State::kDown) groups_.Fail(host, now_s_);
  if (step.state != NodeStep::State::kDown) groups_.Repair(host, now_s_);
  TellNodeMoves();
}

void Simulation::StopRunsOn(const std::string& host, const NodeStep& step) {
  const auto runs = runs_on_.find(host);
  if (runs == runs_on_.end()) return;
  std::vector<std::pair<size_t, int32_t>> jobs;  // in the order of the trace
  for (const int32_t place : runs->second) jobs.emplace_back(states_[place].job, place);
  std::sort(jobs.begin(), jobs.end());
  for (const auto& [job, place] : jobs) {
    Interrupt(&states_[place], step.maintenance ? StopCause::kMaintenance : StopCause::kNodeFailed);
  }
}

void Simulation::ChangePolicy(const PolicyChange& change) {
  driver_.Disturbed(AtSecond(now_s_));
  ApplyChange(change, AtSecond(now_s_), &policy_, &driver_.engine());
  std::set<int> drained;
  for (const api::ClusterQueue& cq : policy_.cluster_queues) {
    const int team = team_of_.at(cq.metadata.name);
    meter_.SetQuota(team, QuotaOf(cq, options_.resource), now_s_);
    strict_[team] = cq.queueing_strategy == "StrictFIFO";
    if (cq.stop_policy == "HoldAndDrain") drained.insert(team);
  }
  const ReplaySetting setting = Setting();
  Tell(&ReplayObserver::OnChange, WorldChange{now_s_, WorldChange::Kind::kPolicy, change.name, &setting});
  if (drained.empty()) return;
  for (JobState& state : states_) {
    if (state.running && drained.contains(state.team)) Interrupt(&state, StopCause::kStopped);
  }
}

std::optional<int64_t> Simulation::NextStep() const {
  std::optional<int64_t> at_s;
  if (next_node_step_ < options_.node_steps.size()) at_s = options_.node_steps[next_node_step_].at_s;
  if (next_change_ < options_.policy_changes.size()) {
    const int64_t change_s = options_.policy_changes[next_change_].at_s;
    at_s = std::min(at_s.value_or(change_s), change_s);
  }
  if (const std::optional<int64_t> removal_s = groups_.NextRemoval(); removal_s.has_value()) {
    at_s = std::min(at_s.value_or(*removal_s), *removal_s);
  }
  return at_s;
}

void Simulation::TakeSteps() {
  if (!groups_.empty()) {
    groups_.RemoveIdle(now_s_);
    TellNodeMoves();
  }
  for (; next_change_ < options_.policy_changes.size(); ++next_change_) {
    if (options_.policy_changes[next_change_].at_s > now_s_) break;
    ChangePolicy(options_.policy_changes[next_change_]);
  }
  for (; next_node_step_ < options_.node_steps.size(); ++next_node_step_) {
    if (options_.node_steps[next_node_step_].at_s > now_s_) break;
    SetNode(options_.node_steps[next_node_step_]);
  }
}

}  // namespace muster::sim
