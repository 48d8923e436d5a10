// Decisions in words, as Kueue writes them. Internal to the engine; engine.h says what each message is for.
#ifndef MUSTER_SCHEDULER_ENGINE_MESSAGES_H_
#define MUSTER_SCHEDULER_ENGINE_MESSAGES_H_

#include <string>

#include "scheduler/decision.h"
#include "scheduler/engine/engine_impl.h"

namespace muster::scheduler {

std::string Message(const EngineImpl& engine, const Decision& d);
std::string PreemptionMessage(const EngineImpl& engine, const Decision& d, const PreemptionTarget& target);
std::string MigrationMessage(const EngineImpl& engine, const Decision& d);
std::string ReplacementMessage(const EngineImpl& engine, const Decision& d);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_MESSAGES_H_
