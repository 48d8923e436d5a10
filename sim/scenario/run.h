// Plays a scenario and tells the story.
#ifndef MUSTER_SIM_SCENARIO_RUN_H_
#define MUSTER_SIM_SCENARIO_RUN_H_

#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace muster::sim {

struct ScenarioResult {
  std::string story;  // what happened, step by step, ending in a newline
  int checked = 0;    // values that were expected
  // What is not as expected: "steps[1].expect...: is ..., expected ...", and actions that were refused.
  std::vector<std::string> failures;
};

// Same scenario, same story, byte for byte. Errors: InvalidArgument when the objects of the scenario are not accepted,
// one line each.
absl::StatusOr<ScenarioResult> RunScenario(const Scenario& scenario);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SCENARIO_RUN_H_
