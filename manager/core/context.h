// What the reconcilers of Kueue's own kinds are given.
#ifndef MUSTER_MANAGER_CORE_CONTEXT_H_
#define MUSTER_MANAGER_CORE_CONTEXT_H_

#include "absl/time/time.h"
#include "manager/plan.h"
#include "manager/world.h"
#include "scheduler/engine.h"

namespace muster::manager {

struct Context {
  const World& world;
  const scheduler::Engine& engine;
  absl::Time now;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_CONTEXT_H_
