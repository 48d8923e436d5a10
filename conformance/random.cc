// Replays recorded multi-event scenarios and says where the engine first decides otherwise. See docs/conformance.md.
#include "conformance/runner_main.h"
#include "conformance/scenario.h"

int main(int argc, char** argv) {
  return muster::conformance::RunnerMain(
      argc, argv, [](absl::string_view) -> muster::conformance::Handler { return &muster::conformance::RunScenario; });
}
