// Runs recorded decisions of Kueue's scheduler against the engine and says where they differ. See docs/conformance.md.
#include "conformance/runner_main.h"

int main(int argc, char** argv) {
  return muster::conformance::RunnerMain(argc, argv, &muster::conformance::HandlerFor);
}
