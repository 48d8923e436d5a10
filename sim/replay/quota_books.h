// What ClusterQueues and cohorts use, added up from runs and held against the engine's books.
#ifndef MUSTER_SIM_REPLAY_QUOTA_BOOKS_H_
#define MUSTER_SIM_REPLAY_QUOTA_BOOKS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "scheduler/engine.h"

namespace muster::sim {

// Thread-safety: compatible.
class QuotaBooks {
 public:
  // A run of that ClusterQueue takes, or gives back, these amounts.
  void Take(const std::string& cluster_queue, const std::vector<scheduler::FlavorResourceAmount>& amounts);
  void GiveBack(const std::string& cluster_queue, const std::vector<scheduler::FlavorResourceAmount>& amounts);

  // Holds what was touched since the last call, and the cohorts above it, against the engine. Errors: Internal naming
  // who uses what. O(touched pairs x siblings x depth).
  absl::Status Verify(const scheduler::Engine& engine);
  // The same for all ClusterQueues there are.
  absl::Status VerifyAll(const scheduler::Engine& engine);
  // Quotas changed: what is in use now is no start's doing, wherever it stands.
  void Settle(const scheduler::Engine& engine);

 private:
  using Pair = std::pair<std::string, std::string>;  // flavor, resource
  void Add(const std::string& cluster_queue, const std::vector<scheduler::FlavorResourceAmount>& amounts, int sign);
  absl::Status VerifyQueue(const scheduler::Engine& engine, const std::string& name);
  absl::Status VerifyPair(const scheduler::Engine& engine, quota::NodeId node, quota::FrId fr, int64_t used);
  // Nothing may rise above a limit by a start.
  absl::Status VerifyLimit(const quota::Forest& forest, quota::NodeId node, quota::FrId fr, const Pair& pair);
  void LearnPairs(const scheduler::Engine& engine);

  std::map<std::string, std::map<Pair, int64_t>> used_;  // by ClusterQueue
  std::set<std::string> touched_;
  std::vector<Pair> pairs_;                                      // by FrId
  std::map<std::pair<std::string, quota::FrId>, int64_t> last_;  // usage of a node at the last look
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_QUOTA_BOOKS_H_
