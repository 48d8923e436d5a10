// The command line of the runner of flows.
#ifndef MUSTER_CONFORMANCE_FLOWS_RUNNER_H_
#define MUSTER_CONFORMANCE_FLOWS_RUNNER_H_

#include "conformance/flows/subject.h"

namespace muster::conformance {

// Replays the flows that the command line names, with a subject each, and prints a line a flow. Exit status: 0 if all
// agree but for known differences, 1 if not, 2 if the command line or a file is not usable.
int FlowsMain(int argc, char** argv, const SubjectFactory& factory);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_RUNNER_H_
