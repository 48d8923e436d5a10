// The command line that the runners share: which cases, how much has to agree, and what is held against a baseline.
#ifndef MUSTER_CONFORMANCE_RUNNER_MAIN_H_
#define MUSTER_CONFORMANCE_RUNNER_MAIN_H_

#include "absl/strings/string_view.h"
#include "conformance/suites.h"

namespace muster::conformance {

// Which handler executes the cases of a suite.
using HandlerOf = Handler (*)(absl::string_view suite);

// Runs the cases named on the command line and prints, per suite, how many agree. Returns the exit status.
int RunnerMain(int argc, char** argv, HandlerOf handler_of);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_RUNNER_MAIN_H_
