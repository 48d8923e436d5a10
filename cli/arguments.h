// Checks of command-line values, with messages that say what would be right.
#ifndef MUSTER_CLI_ARGUMENTS_H_
#define MUSTER_CLI_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <limits>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

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

}  // namespace muster::cli

#endif  // MUSTER_CLI_ARGUMENTS_H_
