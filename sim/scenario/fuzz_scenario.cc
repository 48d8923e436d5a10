// Whatever a scenario file says, it is read and played, or refused.
#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/scenario/run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto scenarios = muster::sim::ParseScenarios(text, "fuzz.yaml");
  if (!scenarios.ok()) return 0;
  for (const muster::sim::Scenario& scenario : *scenarios) (void)muster::sim::RunScenario(scenario).ok();
  return 0;
}
