// Changes of usage that are only tried: what happens to the forest while a Trial lives is taken back when it ends,
// however its scope is left. Trials nest. Cost: the undo log, see forest.h. Thread-safety: compatible.
#ifndef MUSTER_QUOTA_TRIAL_H_
#define MUSTER_QUOTA_TRIAL_H_

#include "quota/forest.h"

namespace muster::quota {

class Trial {
 public:
  // The forest must outlive the trial and stay where it is.
  explicit Trial(Forest& forest) : forest_(forest), mark_(forest.Mark()) {}
  ~Trial() { forest_.Rollback(mark_); }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

 private:
  Forest& forest_;
  const Forest::UndoMark mark_;
};

}  // namespace muster::quota

#endif  // MUSTER_QUOTA_TRIAL_H_
