// Which workloads are equal: what would get the same answer in the same queue.
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "scheduler/engine/engine_impl.h"

namespace muster::scheduler {

// Workloads of one number get the same answer in the same queue. Pods that ended do not count: what is left of a gang
// of two is the equal of a single pod.
int EngineImpl::EquivalenceOf(const WorkloadState& w) {
  EquivalenceKey key = {w.shape->equivalence, w.priority, -1};
  if (!w.allowed_flavors.empty()) {
    key.back() = allowed_lists_.Of(absl::StrJoin(*w.allowed_flavors, ","));
  }
  for (const PodSetState& ps : w.pod_sets) key.push_back(std::max(0, ps.count - Reclaimed(*w.reclaimable, ps.name)));
  return equivalences_.Of(std::move(key));
}

// Gives back the numbers that no workload, and nothing a queue remembers, has.
void EngineImpl::ForgetEquivalences() {
  absl::flat_hash_set<int> used, shapes;
  for (const WorkloadState& w : workloads) {
    if (!w.in_use) continue;
    used.insert(w.equivalence);
    if (w.progress.has_value()) used.insert(w.progress->equivalence);
  }
  for (const PendingQueue& queue : queues) {
    for (const auto& [equivalence, why] : queue.KnownInadmissible()) used.insert(equivalence);
  }
  equivalences_.Keep(used);
  absl::flat_hash_set<int> lists;
  equivalences_.ForEach([&](const EquivalenceKey& key) {
    shapes.insert(static_cast<int>(key[0]));
    lists.insert(static_cast<int>(key[2]));
  });
  shapes_.KeepEquivalences(shapes);
  allowed_lists_.Keep(lists);
  forget_equivalences_above_ = std::max(kForgetAbove, 2 * equivalences_.size());
}

}  // namespace muster::scheduler
