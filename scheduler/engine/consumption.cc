#include "scheduler/engine/consumption.h"

#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/internals.h"
#include "scheduler/queue/local_queue_ledger.h"

namespace muster::scheduler {

Consumption ConsumptionOf(const Engine& engine, absl::string_view ns, absl::string_view local_queue) {
  Consumption consumption;
  const EngineImpl& impl = EngineInternals::Of(engine);
  const int32_t id = impl.declared.FindLocalQueue(ns, local_queue);
  if (impl.ledger() == nullptr || id < 0) return consumption;
  const LocalQueueLedger::Statement statement = impl.ledger()->StatementOf(id);
  for (const auto& [resource, amount] : statement.consumed) consumption.consumed[resource] = amount;
  for (const auto& [resource, amount] : statement.penalty) consumption.penalty[resource] = amount;
  consumption.updated = statement.updated;
  return consumption;
}

}  // namespace muster::scheduler
