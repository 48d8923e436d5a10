// Histories: recorded scenarios of many events in the short form of testdata/histories (README.md there says what each
// key means), turned into the long form that RunScenario replays.
#ifndef MUSTER_CONFORMANCE_HISTORY_H_
#define MUSTER_CONFORMANCE_HISTORY_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "conformance/case.h"

namespace muster::conformance {

// Errors: InvalidArgument for what is not YAML, a key that does not exist, a workload nobody submitted.
absl::StatusOr<Case> ReadHistory(absl::string_view yaml);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_HISTORY_H_
