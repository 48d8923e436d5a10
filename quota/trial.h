// Changes of usage that are only tried: what happens to some trees of the forest while a Trial lives is taken back when
// it ends, however its scope is left. Trials nest. Cost: the trees, and the undo log, see forest.h. Thread-safety:
// compatible.
#ifndef MUSTER_QUOTA_TRIAL_H_
#define MUSTER_QUOTA_TRIAL_H_

#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "quota/forest.h"

namespace muster::quota {

class Trial {
 public:
  // On the trees of these nodes; several may be of one tree. The forest must outlive the trial and stay where it is, and
  // the trees must not be built anew.
  Trial(Forest& forest, absl::Span<const NodeId> nodes) : forest_(forest) {
    marks_.reserve(nodes.size());
    for (const NodeId n : nodes) marks_.emplace_back(n, forest.Mark(n));
  }
  Trial(Forest& forest, NodeId node) : Trial(forest, absl::MakeConstSpan(&node, 1)) {}
  ~Trial() {
    while (!marks_.empty()) {
      forest_.Rollback(marks_.back().first, marks_.back().second);
      marks_.pop_back();
    }
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

 private:
  Forest& forest_;
  absl::InlinedVector<std::pair<NodeId, Forest::UndoMark>, 1> marks_;
};

}  // namespace muster::quota

#endif  // MUSTER_QUOTA_TRIAL_H_
