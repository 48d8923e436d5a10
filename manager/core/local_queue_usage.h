// Admission fair sharing: what a LocalQueue used lately, as its status says.
// Source of the rules: Kueue, pkg/controller/core/localqueue_controller.go.
#ifndef MUSTER_MANAGER_CORE_LOCAL_QUEUE_USAGE_H_
#define MUSTER_MANAGER_CORE_LOCAL_QUEUE_USAGE_H_

#include <nlohmann/json.hpp>
#include <optional>

#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/core/context.h"
#include "manager/options.h"
#include "scheduler/engine.h"

namespace muster::manager {

bool CountsUsage(const ManagerOptions& options);

// Tells the engine what the status of a LocalQueue that is seen for the first time says it used: whoever wrote it may
// not run any more. It decays from now on. What cannot be read counts as nothing.
void RememberUsage(const kube::Object& queue, absl::Time now, scheduler::Engine* engine);

// Puts what the engine sampled last into a status of the LocalQueue, but not twice within a sampling interval. Returns
// after which time to look again; nullopt if usage is not counted. Pure.
std::optional<absl::Duration> ShowUsage(const Context& context, const kube::Object& queue, nlohmann::json* status);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_LOCAL_QUEUE_USAGE_H_
