// Checks of command-line values, with messages that say what would be right.
#ifndef MUSTER_CLI_ARGUMENTS_H_
#define MUSTER_CLI_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/core.h"
#include "api/quantity.h"

namespace muster::cli {

// A whole number within bounds. CLI11 itself takes what overflows as the largest number there is.
template <class Int>
CLI::Validator WholeNumber(Int min, Int max = std::numeric_limits<Int>::max()) {
  return CLI::Validator(
      [min, max](std::string& text) -> std::string {
        Int value = 0;
        if (absl::SimpleAtoi(text, &value) && value >= min && value <= max) return "";
        const std::string bounds = max == std::numeric_limits<Int>::max() ? absl::StrCat("of at least ", min)
                                                                          : absl::StrCat("from ", min, " to ", max);
        return absl::StrCat("\"", text, "\" is not a whole number ", bounds);
      },
      "");
}

// A value of which `check`, a function from std::string to absl::Status, says whether it can be used.
template <class Check>
CLI::Validator AcceptedBy(Check check) {
  return CLI::Validator([check](std::string& text) { return std::string(check(text).message()); }, "");
}

// Amounts given as RESOURCE=AMOUNT. Errors: InvalidArgument naming the text.
inline absl::StatusOr<api::ResourceList> ParseAmounts(const std::vector<std::string>& texts) {
  api::ResourceList out;
  for (const std::string& text : texts) {
    const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
    if (parts.size() != 2 || parts[0].empty()) {
      return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not RESOURCE=AMOUNT"));
    }
    absl::StatusOr<api::Quantity> amount = api::Quantity::Parse(parts[1]);
    if (!amount.ok()) return absl::InvalidArgumentError(absl::StrCat("'", text, "': ", amount.status().message()));
    out[parts[0]] = *amount;
  }
  return out;
}

}  // namespace muster::cli

#endif  // MUSTER_CLI_ARGUMENTS_H_
