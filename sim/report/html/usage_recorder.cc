#include "sim/report/html/usage_recorder.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "api/kueue.h"

namespace muster::sim {
namespace {

struct Quota {
  double nominal = 0, lendable = 0;
};

Quota QuotaOf(const std::vector<api::ResourceGroup>& groups, const std::string& resource) {
  Quota sum;
  for (const api::ResourceGroup& group : groups) {
    for (const api::FlavorQuotas& flavor : group.flavors) {
      for (const api::ResourceQuota& quota : flavor.resources) {
        if (quota.name != resource) continue;
        const double nominal = quota.nominal_quota.ToDouble();
        sum.nominal += nominal;
        sum.lendable += quota.lending_limit.has_value() ? std::min(nominal, quota.lending_limit->ToDouble()) : nominal;
      }
    }
  }
  return sum;
}

}  // namespace

void UsageRecorder::OnBegin(const ReplaySetting& setting) {
  std::map<std::string, const api::Cohort*> cohorts;
  std::map<std::string, const api::ClusterQueue*> queues;
  for (const api::Cohort& cohort : setting.policy->cohorts) cohorts[cohort.metadata.name] = &cohort;
  for (const api::ClusterQueue& queue : setting.policy->cluster_queues) queues[queue.metadata.name] = &queue;
  const auto top_of = [&cohorts](std::string name) {
    // Parents in a circle end the walk: no cohort is visited more often than there are cohorts.
    for (size_t steps = 0; steps <= cohorts.size(); ++steps) {
      const auto cohort = cohorts.find(name);
      if (cohort == cohorts.end() || cohort->second->parent_name.empty()) break;
      name = cohort->second->parent_name;
    }
    return name;
  };
  std::map<std::string, size_t> tree_of;
  for (size_t t = 0; t < setting.teams.size(); ++t) {
    const ReplayTeam& replayed = setting.teams[t];
    const std::string top = replayed.cohort.empty() ? "" : top_of(replayed.cohort);
    // A team of no cohort is a tree of its own.
    auto [known, added] = tree_of.emplace(top.empty() ? "/" + replayed.name : top, trees_.size());
    if (added) trees_.push_back({.name = top, .teams = {}});
    Team team{.nominal = replayed.nominal, .lendable = replayed.nominal, .tree = known->second};
    if (const auto queue = queues.find(replayed.name); queue != queues.end()) {
      team.lendable = QuotaOf(queue->second->resource_groups, setting.resource).lendable;
    }
    trees_[known->second].teams.push_back(t);
    capacity_ += team.nominal;
    teams_.push_back(team);
  }
  for (const auto& [name, cohort] : cohorts) {
    const double own = QuotaOf(cohort->resource_groups, setting.resource).nominal;
    capacity_ += own;
    if (const auto tree = tree_of.find(top_of(name)); tree != tree_of.end()) trees_[tree->second].own += own;
  }
  series_.emplace(setting.begin_s, teams_.size() * kKinds, kMaxBuckets);
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
  if (event.cause != StopCause::kFinished) {
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
