// Kueue's feature gates as the engine sees them: those that api/feature_gates.inc says it reads.
#ifndef MUSTER_SCHEDULER_FEATURE_GATES_H_
#define MUSTER_SCHEDULER_FEATURE_GATES_H_

#include "api/feature_gates.h"

namespace muster::scheduler {

using api::Gate;
using FeatureGates = api::GatesOf<api::GateReader::kEngine>;

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_FEATURE_GATES_H_
