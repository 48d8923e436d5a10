#include "sim/report/figures/lending_meter.h"

#include <algorithm>

#include "api/kueue.h"
#include "api/resource_units.h"
#include "sim/report/figures/cohort_trees.h"

namespace muster::sim {
// Takes quotas and cohorts as they are now; what is used stays.
void LendingMeter::Learn(const ReplaySetting& setting, int64_t now_s) {
  pools_.clear();
  tree_of_.assign(setting.teams.size(), -1);
  left_out_ = 0;
  const CohortTrees cohorts(setting.policy->cohorts);
  std::map<std::string, const api::ClusterQueue*> queues;
  for (const api::ClusterQueue& queue : setting.policy->cluster_queues) queues[queue.metadata.name] = &queue;
  std::map<std::string, std::vector<int>> trees;
  for (size_t t = 0; t < setting.teams.size(); ++t) {
    if (!setting.teams[t].cohort.empty()) trees[cohorts.TopOf(setting.teams[t].cohort)].push_back(static_cast<int>(t));
  }
  int tree = 0;
  for (const auto& [top, teams] : trees) {
    if (teams.size() > kMaxTeams) ++left_out_;
    std::map<std::string, double> own;
    for (const api::Cohort& cohort : setting.policy->cohorts) {
      if (cohorts.TopOf(cohort.metadata.name) != top) continue;
      for (const auto& [flavor, quota] : LendableByFlavor(cohort.resource_groups, resource_))
        own[flavor] += quota.nominal;
    }
    if (teams.size() > kMaxTeams || (teams.size() < 2 && own.empty())) continue;
    for (const auto& [flavor, amount] : own) pools_[{tree, flavor}].own = amount;
    for (const int team : teams) {
      tree_of_[team] = tree;
      const auto queue = queues.find(setting.teams[team].name);
      if (queue == queues.end()) continue;
      for (const auto& [flavor, quota] : LendableByFlavor(queue->second->resource_groups, resource_)) {
        pools_[{tree, flavor}].cells.push_back({team, quota.nominal, quota.lendable, 0});
      }
    }
    ++tree;
  }
  for (auto& [key, pool] : pools_) pool.since_s = now_s;
  for (const auto& [key, amount] : used_) {
    Pool* pool = nullptr;
    if (Cell* const cell = Find(key.first, key.second, &pool); cell != nullptr) cell->used = amount;
  }
}

// Quota of a flavor that a team has none of, it uses all the same: whoever asks makes a place for it.
LendingMeter::Cell* LendingMeter::Find(int team, const std::string& flavor, Pool** pool) {
  if (tree_of_[team] < 0) return nullptr;
  const auto known = pools_.find({tree_of_[team], flavor});
  if (known == pools_.end()) return nullptr;
  *pool = &known->second;
  std::vector<Cell>& cells = known->second.cells;
  const auto cell = std::find_if(cells.begin(), cells.end(), [team](const Cell& c) { return c.team == team; });
  if (cell != cells.end()) return &*cell;
  cells.push_back({team, 0, 0, 0});
  return &cells.back();
}

// Adds up what was lent since the last change.
void LendingMeter::Settle(Pool* pool, int64_t now_s) {
  const auto dt = static_cast<double>(now_s - pool->since_s);
  pool->since_s = now_s;
  if (!(dt > 0)) return;
  double borrowed = 0, lendable = pool->own;
  const auto lends = [](const Cell& cell) { return std::max(0.0, std::min(cell.nominal - cell.used, cell.lendable)); };
  for (const Cell& cell : pool->cells) {
    borrowed += std::max(0.0, cell.used - cell.nominal);
    lendable += lends(cell);
  }
  if (!(borrowed > 0) || !(lendable > 0)) return;
  const double part = std::min(1.0, borrowed / lendable);
  for (const Cell& borrower : pool->cells) {
    const double share = std::max(0.0, borrower.used - borrower.nominal) / borrowed;
    if (!(share > 0)) continue;
    const auto add = [&](int lender, double amount) {
      if (amount > 0) loans_[{lender, borrower.team}] += dt * part * amount * share;
    };
    add(-1, pool->own);
    for (const Cell& lender : pool->cells) add(lender.team, lends(lender));
  }
}

void LendingMeter::Change(int team, const std::string& flavor, double change, int64_t now_s) {
  used_[{team, flavor}] += change;
  Pool* pool = nullptr;
  if (Find(team, flavor, &pool) == nullptr) return;
  Settle(pool, now_s);
  Find(team, flavor, &pool)->used += change;
}

void LendingMeter::OnBegin(const ReplaySetting& setting) {
  resource_ = setting.resource;
  engine_ = setting.engine;
  alone_ = setting.teams.size() == 1 && setting.policy->cohorts.empty();
  Learn(setting, setting.begin_s);
}

void LendingMeter::OnStart(const RunStart& event) {
  if (alone_) return;
  auto& held = runs_[event.job];
  held.clear();
  for (const scheduler::FlavorResourceAmount& amount : engine_->ReservedUsage(event.decision->workload)) {
    if (amount.resource != resource_) continue;
    held.emplace_back(amount.flavor, api::QuantityOf(resource_, amount.amount).ToDouble());
    Change(event.team, held.back().first, held.back().second, event.now_s);
  }
}

void LendingMeter::OnStop(const RunStop& event) {
  const auto held = runs_.find(event.job);
  if (held == runs_.end()) return;
  for (const auto& [flavor, amount] : held->second) Change(event.team, flavor, -amount, event.now_s);
  runs_.erase(held);
}

void LendingMeter::OnChange(const WorldChange& change) {
  if (change.kind != WorldChange::Kind::kPolicy) return;
  for (auto& [key, pool] : pools_) Settle(&pool, change.now_s);
  Learn(*change.setting, change.now_s);
}

void LendingMeter::OnEnd(int64_t now_s) {
  for (auto& [key, pool] : pools_) Settle(&pool, now_s);
}

std::vector<Loan> LendingMeter::loans() const {
  std::vector<Loan> loans;
  for (const auto& [pair, amount] : loans_) loans.push_back({pair.first, pair.second, amount});
  return loans;
}

}  // namespace muster::sim
