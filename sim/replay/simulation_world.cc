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

void Simulation::SetNode(const NodeStep& step) {
  api::Node& node = policy_.nodes[node_of_.at(step.node)];
  PassNodeTime();
  node_capacity_ -= CapacityOf(node, options_.resource);
  node = nodes_given_[node_of_.at(step.node)];  // as it is when all is well
  if (step.state == NodeStep::State::kCordoned) node.unschedulable = true;
  if (step.state == NodeStep::State::kDown) SetReady(false, &node);
  node_capacity_ += CapacityOf(node, options_.resource);
  const ReplaySetting setting = Setting();
  Tell(&ReplayObserver::OnChange,
       WorldChange{now_s_,
                   step.state == NodeStep::State::kDown       ? WorldChange::Kind::kNodeDown
                   : step.state == NodeStep::State::kCordoned ? WorldChange::Kind::kNodeCordoned
                                                              : WorldChange::Kind::kNodeUp,
                   step.node, &setting});
  driver_.Disturbed(AtSecond(now_s_));
  driver_.engine().Apply(node, AtSecond(now_s_));
  if (step.state != NodeStep::State::kDown) return;
  const auto host = node.metadata.labels.find(api::kHostnameLabel);
  const auto runs = runs_on_.find(host == node.metadata.labels.end() ? node.metadata.name : host->second);
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
  return at_s;
}

void Simulation::TakeSteps() {
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
