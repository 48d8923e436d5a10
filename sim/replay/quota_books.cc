#include "sim/replay/quota_books.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "api/resource_units.h"

namespace muster::sim {
namespace {

using scheduler::Engine;

std::string Words(const std::string& node, const std::pair<std::string, std::string>& pair) {
  return absl::StrCat(node, ", ", pair.second, " in flavor ", pair.first);
}

}  // namespace

void QuotaBooks::Take(const std::string& cluster_queue, const std::vector<scheduler::FlavorResourceAmount>& amounts) {
  Add(cluster_queue, amounts, 1);
}

void QuotaBooks::GiveBack(const std::string& cluster_queue,
                          const std::vector<scheduler::FlavorResourceAmount>& amounts) {
  Add(cluster_queue, amounts, -1);
}

void QuotaBooks::Add(const std::string& cluster_queue, const std::vector<scheduler::FlavorResourceAmount>& amounts,
                     int sign) {
  std::map<Pair, int64_t>& used = used_[cluster_queue];
  for (const scheduler::FlavorResourceAmount& a : amounts) used[{a.flavor, a.resource}] += sign * a.amount;
  touched_.insert(cluster_queue);
}

void QuotaBooks::LearnPairs(const Engine& engine) {
  const auto known = engine.flavor_resources();
  for (size_t i = pairs_.size(); i < known.size(); ++i) {
    pairs_.emplace_back(engine.FlavorName(known[i].flavor), engine.ResourceName(known[i].resource));
  }
}

absl::Status QuotaBooks::VerifyLimit(const quota::Forest& forest, quota::NodeId node, quota::FrId fr,
                                     const Pair& pair) {
  const bool root = forest.parent(node) == quota::kNoNode;
  const quota::Amount limit =
      root ? forest.subtree_quota(node, fr)
           : (forest.is_cohort(node) ? quota::kUnlimited
                                     : quota::Add(forest.nominal(node, fr), forest.borrowing_limit(node, fr)));
  const int64_t used = forest.usage(node, fr);
  int64_t& last = last_[{forest.name(node), fr}];
  const bool grew = used > last;
  last = used;
  if (!grew || used <= limit) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(Words(forest.name(node), pair), ": ", used, " in use, of at most ", limit));
}

absl::Status QuotaBooks::VerifyPair(const Engine& engine, quota::NodeId node, quota::FrId fr, int64_t used) {
  const quota::Forest& forest = engine.forest();
  const Pair& pair = pairs_[fr];
  if (forest.usage(node, fr) != used) {
    return absl::InternalError(absl::StrCat("ClusterQueue ", Words(forest.name(node), pair),
                                            ": the engine's books say ", forest.usage(node, fr), ", the runs hold ",
                                            used));
  }
  for (quota::NodeId n = node;; n = forest.parent(n)) {
    if (absl::Status s = VerifyLimit(forest, n, fr, pair); !s.ok()) return s;
    const quota::NodeId parent = forest.parent(n);
    if (parent == quota::kNoNode) return absl::OkStatus();
    int64_t above = 0;  // what does not fit into the members' own
    for (const quota::NodeId child : forest.children(parent)) {
      above += std::max<int64_t>(0, quota::Sub(forest.usage(child, fr), forest.local_quota(child, fr)));
    }
    if (forest.usage(parent, fr) != above) {
      return absl::InternalError(absl::StrCat("Cohort ", Words(forest.name(parent), pair), ": the engine's books say ",
                                              forest.usage(parent, fr), ", its members use ", above, " of it"));
    }
  }
}

absl::Status QuotaBooks::VerifyQueue(const Engine& engine, const std::string& name) {
  const auto id = engine.FindClusterQueue(name);
  if (!id.has_value()) return absl::OkStatus();
  const quota::NodeId node = engine.NodeOfClusterQueue(*id);
  if (node == quota::kNoNode) return absl::OkStatus();
  LearnPairs(engine);
  const std::map<Pair, int64_t>& used = used_[name];
  for (quota::FrId fr = 0; fr < static_cast<quota::FrId>(pairs_.size()); ++fr) {
    const auto held = used.find(pairs_[fr]);
    const int64_t amount = held == used.end() ? 0 : held->second;
    if (amount == 0 && engine.forest().usage(node, fr) == 0 && !last_.contains({name, fr})) continue;
    if (absl::Status s = VerifyPair(engine, node, fr, amount); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status QuotaBooks::Verify(const Engine& engine) {
  for (const std::string& name : touched_) {
    if (absl::Status s = VerifyQueue(engine, name); !s.ok()) return s;
  }
  touched_.clear();
  return absl::OkStatus();
}

void QuotaBooks::Settle(const Engine& engine) {
  LearnPairs(engine);
  const quota::Forest& forest = engine.forest();
  for (const scheduler::ClusterQueueId id : engine.ClusterQueues()) {
    for (quota::NodeId n = engine.NodeOfClusterQueue(id); n != quota::kNoNode; n = forest.parent(n)) {
      for (quota::FrId fr = 0; fr < static_cast<quota::FrId>(pairs_.size()); ++fr) {
        if (const int64_t used = forest.usage(n, fr); used != 0) last_[{forest.name(n), fr}] = used;
      }
    }
  }
}

absl::Status QuotaBooks::VerifyAll(const Engine& engine) {
  for (const scheduler::ClusterQueueId id : engine.ClusterQueues()) touched_.insert(engine.ClusterQueueName(id));
  return Verify(engine);
}

}  // namespace muster::sim
