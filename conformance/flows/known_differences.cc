#include "conformance/flows/known_differences.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::conformance {
namespace {

bool Begins(const std::string& text, const std::string& pattern) {
  return pattern == "*" || absl::StartsWith(text, pattern);
}

}  // namespace

absl::StatusOr<std::vector<KnownDifference>> ParseKnownDifferences(absl::string_view text, absl::string_view name) {
  std::vector<KnownDifference> known;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits('|', 3));
    for (std::string& part : parts) absl::StripAsciiWhitespace(&part);
    if (parts.size() != 4 || parts[3].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ":", number, ": is not \"FLOW | WHERE | WHAT | REASON\": ", line));
    }
    known.push_back({parts[0], parts[1], parts[2], parts[3]});
  }
  return known;
}

const KnownDifference* FindKnown(const std::vector<KnownDifference>& known, const std::string& flow,
                                 const Difference& difference) {
  for (const KnownDifference& each : known) {
    if ((each.flow == "*" || each.flow == flow) && Begins(difference.where, each.where) &&
        Begins(difference.what, each.what)) {
      return &each;
    }
  }
  return nullptr;
}

}  // namespace muster::conformance
