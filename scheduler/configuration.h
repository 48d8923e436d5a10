// From the Configuration of Kueue's manager to the options of an engine: what the simulator and the conformance runners
// both start from.
#ifndef MUSTER_SCHEDULER_CONFIGURATION_H_
#define MUSTER_SCHEDULER_CONFIGURATION_H_

#include "absl/status/statusor.h"
#include "api/configuration.h"
#include "scheduler/options.h"

namespace muster::scheduler {

// The options that the Configuration asks for, with Kueue's defaults for what it leaves out. Fields that decide nothing
// (integrations, certificates …) are not looked at; reactivation_batch and strict_topology are not Kueue's to say.
//
// Errors: InvalidArgument, one line for each field that Kueue's manager would not start with ("Configuration:
// fairSharing.preemptionStrategies: …"): unknown feature gates and enumeration values, negative times and weights, two
// transformations of one resource, excluded prefixes beside IgnoreUndeclared. O(size). Pure.
// Source of defaults and rules: Kueue's apis/config/v1beta2 and pkg/config (0.20-devel).
absl::StatusOr<EngineOptions> EngineOptionsFrom(const api::Configuration& configuration);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_CONFIGURATION_H_
