// The counts a change must not fall below, one line per suite: suite TAB agreed TAB total.
#ifndef MUSTER_CONFORMANCE_BASELINE_H_
#define MUSTER_CONFORMANCE_BASELINE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace muster::conformance {

struct Count {
  int agreed = 0;
  int total = 0;
};
using Counts = std::map<std::string, Count>;  // by suite

// Lines starting with '#' are comments. Errors: NotFound, or InvalidArgument naming the line.
absl::StatusOr<Counts> ReadBaseline(const std::string& path);
absl::Status WriteBaseline(const std::string& path, const Counts& counts);

// Prints what fell and what rose among the suites that were run. Returns whether nothing fell. A suite the baseline
// knows but `now` lacks counts as fallen unless `partial`.
bool CompareWithBaseline(const Counts& baseline, const Counts& now, bool partial);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_BASELINE_H_
