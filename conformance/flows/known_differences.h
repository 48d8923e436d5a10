// Differences that are understood and stay, with their reasons.
#ifndef MUSTER_CONFORMANCE_FLOWS_KNOWN_DIFFERENCES_H_
#define MUSTER_CONFORMANCE_FLOWS_KNOWN_DIFFERENCES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "conformance/flows/compare.h"

namespace muster::conformance {

struct KnownDifference {
  std::string flow;   // its name, or "*"
  std::string where;  // begins like that, or "*"
  std::string what;   // begins like that, or "*"
  std::string reason;
};

// One a line, "FLOW | WHERE | WHAT | REASON"; lines that begin with # are comments. Errors: InvalidArgument naming `name`
// and line for one that has not four parts, or no reason.
absl::StatusOr<std::vector<KnownDifference>> ParseKnownDifferences(absl::string_view text, absl::string_view name);

// The one that the difference is, or nullptr.
const KnownDifference* FindKnown(const std::vector<KnownDifference>& known, const std::string& flow,
                                 const Difference& difference);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_KNOWN_DIFFERENCES_H_
