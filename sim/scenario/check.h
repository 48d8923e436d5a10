// Holds a World against what a step expects.
#ifndef MUSTER_SIM_SCENARIO_CHECK_H_
#define MUSTER_SIM_SCENARIO_CHECK_H_

#include <string>
#include <vector>

#include "sim/scenario/scenario.h"
#include "sim/scenario/world.h"

namespace muster::sim {

struct CheckResult {
  int checked = 0;                    // single values compared
  std::vector<std::string> failures;  // "steps[1].expect.jobs[team-a/j].state: is Pending, expected Running"
};

// `happened`: since the step before.
CheckResult Check(const Expectations& expect, const std::string& path, const std::vector<Happening>& happened,
                  World* world);

// "Running", "Partial", "Evicted", "Pending", "Finished" or "Ungoverned"; see docs/scenario-format.md.
std::string StateOf(const World& world, const ScenarioJob& job);

// Whether a reference ("Kind/namespace/name", "namespace/name", "name") means the job of that id.
bool Means(const std::string& ref, const std::string& id);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SCENARIO_CHECK_H_
