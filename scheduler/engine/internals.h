// The way behind the door, for the library's own tests, benchmarks and conformance runners: what single parts of a
// cycle would answer. Anything found there may change at any time.
#ifndef MUSTER_SCHEDULER_ENGINE_INTERNALS_H_
#define MUSTER_SCHEDULER_ENGINE_INTERNALS_H_

#include "scheduler/engine.h"
#include "scheduler/engine/engine_impl.h"

namespace muster::scheduler {

struct EngineInternals {
  // Lives as long as the engine. REQUIRES: the engine was not moved from.
  static EngineImpl& Of(Engine& engine) { return engine.impl_->Outdated(); }
  static const EngineImpl& Of(const Engine& engine) { return *engine.impl_; }
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_INTERNALS_H_
