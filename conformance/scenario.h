// Replays one recorded multi-event scenario against the engine and reports every difference to a verdict.
//
// What an API server, job controllers and a clock do is emulated here by the rules the recordings state; everything
// else is the engine's answer.
#ifndef MUSTER_CONFORMANCE_SCENARIO_H_
#define MUSTER_CONFORMANCE_SCENARIO_H_

#include "conformance/case.h"

namespace muster::conformance {

void RunScenario(const Case& c, Level level, Verdict& verdict);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_SCENARIO_H_
