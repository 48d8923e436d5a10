// What-if on everything a workload needs: while a Trial lives, changes of usage (quota) and of what is taken on nodes
// (topology) are only tried; all are taken back when it ends, however its scope is left. Trials nest. Where one of the
// two stores is concerned, its own trial does: quota::Trial, TopologyTrial.
// Cost: proportional to the changes made. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_ENGINE_TRIAL_H_
#define MUSTER_SCHEDULER_ENGINE_TRIAL_H_

#include <optional>

#include "absl/types/span.h"
#include "quota/trial.h"
#include "scheduler/topology/inventory.h"

namespace muster::scheduler {

class Trial {
 public:
  // On the trees of these nodes of the forest. `topology` may be null: then nothing is taken on nodes. Both must outlive
  // the trial.
  Trial(quota::Forest& forest, absl::Span<const quota::NodeId> nodes, TopologyInventory* topology)
      : quota_(forest, nodes) {
    if (topology != nullptr) topology_.emplace(*topology);
  }

 private:
  quota::Trial quota_;
  std::optional<TopologyTrial> topology_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_TRIAL_H_
