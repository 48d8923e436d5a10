#include "sim/report/html/usage_recorder.h"

#include <algorithm>
#include <map>
#include <utility>

#include "api/kueue.h"
#include "sim/report/figures/cohort_trees.h"

namespace muster::sim {
// Takes quotas and cohorts as they are; what is used and waits stays.
void UsageRecorder::Learn(const ReplaySetting& setting) {
  const CohortTrees cohorts(setting.policy->cohorts);
  std::map<std::string, const api::ClusterQueue*> queues;
  for (const api::ClusterQueue& queue : setting.policy->cluster_queues) queues[queue.metadata.name] = &queue;
  trees_.clear();
  touched_.clear();
  capacity_ = 0;
  teams_.resize(setting.teams.size());
  std::map<std::string, size_t> tree_of;
  for (size_t t = 0; t < setting.teams.size(); ++t) {
    const ReplayTeam& replayed = setting.teams[t];
    const std::string top = replayed.cohort.empty() ? "" : cohorts.TopOf(replayed.cohort);
    // A team of no cohort is a tree of its own.
    auto [known, added] = tree_of.emplace(top.empty() ? "/" + replayed.name : top, trees_.size());
    if (added) trees_.push_back({.name = top, .teams = {}});
    Team& team = teams_[t];
    team.nominal = team.lendable = replayed.nominal;
    team.tree = known->second;
    if (const auto queue = queues.find(replayed.name); queue != queues.end()) {
      team.lendable = LendableOf(queue->second->resource_groups, setting.resource).lendable;
    }
    trees_[known->second].teams.push_back(t);
    capacity_ += team.nominal;
  }
  for (const api::Cohort& cohort : setting.policy->cohorts) {
    const double own = LendableOf(cohort.resource_groups, setting.resource).nominal;
    capacity_ += own;
    const auto tree = tree_of.find(cohorts.TopOf(cohort.metadata.name));
    if (tree != tree_of.end()) trees_[tree->second].own += own;
  }
}

void UsageRecorder::OnBegin(const ReplaySetting& setting) {
  Learn(setting);
  series_.emplace(setting.begin_s, teams_.size() * kKinds + 1, kMaxBuckets);
  series_->Set(CapacitySeries(), capacity_, setting.begin_s);
}

void UsageRecorder::OnChange(const WorldChange& change) {
  if (change.kind != WorldChange::Kind::kPolicy) return;
  Learn(*change.setting);
  series_->Set(CapacitySeries(), capacity_, change.now_s);
  for (size_t t = 0; t < teams_.size(); ++t) Touch(t);
}

void UsageRecorder::Touch(size_t team) {
  const size_t tree = teams_[team].tree;
  if (!std::exchange(trees_[tree].touched, true)) touched_.push_back(tree);
}

void UsageRecorder::OnSubmit(const JobSubmit& event) {
  Team& team = teams_[static_cast<size_t>(event.team)];
  ++team.jobs_waiting;
  team.amount_waiting += event.amount;
  Touch(static_cast<size_t>(event.team));
}

void UsageRecorder::OnStart(const RunStart& event) {
  Team& team = teams_[static_cast<size_t>(event.team)];
  --team.jobs_waiting;
  team.amount_waiting -= event.amount;
  team.used += event.amount;
  Touch(static_cast<size_t>(event.team));
}

void UsageRecorder::OnStop(const RunStop& event) {
  Team& team = teams_[static_cast<size_t>(event.team)];
  team.used -= event.amount;
  if (!IsLast(event.cause)) {
    ++team.jobs_waiting;
    team.amount_waiting += event.amount;
  }
  Touch(static_cast<size_t>(event.team));
}

void UsageRecorder::Sample(const Tree& tree, int64_t now_s) {
  double borrowed = 0, lendable = tree.own;
  for (size_t t : tree.teams) {
    const Team& team = teams_[t];
    borrowed += std::max(0.0, team.used - team.nominal);
    lendable += std::max(0.0, std::min(team.nominal - team.used, team.lendable));
  }
  const double part = lendable > 0 ? std::min(1.0, borrowed / lendable) : 0;
  for (size_t t : tree.teams) {
    const Team& team = teams_[t];
    series_->Set(SeriesOf(t, kUsed), team.used, now_s);
    series_->Set(SeriesOf(t, kBorrowed), std::max(0.0, team.used - team.nominal), now_s);
    series_->Set(SeriesOf(t, kLent), part * std::max(0.0, std::min(team.nominal - team.used, team.lendable)), now_s);
    series_->Set(SeriesOf(t, kJobsWaiting), team.jobs_waiting, now_s);
    series_->Set(SeriesOf(t, kAmountWaiting), team.amount_waiting, now_s);
  }
}

void UsageRecorder::OnInstant(int64_t now_s) {
  for (size_t tree : touched_) {
    Sample(trees_[tree], now_s);
    trees_[tree].touched = false;
  }
  touched_.clear();
}

void UsageRecorder::OnEnd(int64_t now_s) {
  OnInstant(now_s);
  series_->CloseAt(now_s);
}

}  // namespace muster::sim
