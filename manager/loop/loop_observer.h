// Who follows what the loop does, to count it.
#ifndef MUSTER_MANAGER_LOOP_LOOP_OBSERVER_H_
#define MUSTER_MANAGER_LOOP_LOOP_OBSERVER_H_

#include "manager/loop/triggers.h"
#include "scheduler/decision.h"

namespace muster::manager {

// Called in the middle of Manager::Work and Answer; must not call the manager.
class LoopObserver {
 public:
  virtual ~LoopObserver() = default;

  // Around every cycle of the engine; one that looked at nobody has not run.
  virtual void CycleBegins() {}
  virtual void CycleEnded(const scheduler::CycleResult&) {}
  // What a reconciler wanted is done, or was not.
  virtual void LookedAt(const Item&, bool /*ok*/) {}
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_LOOP_LOOP_OBSERVER_H_
