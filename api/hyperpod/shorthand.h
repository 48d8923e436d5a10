// The AWS CLI's shorthand for structures: Key=value,Key={…},Key=[…,…]. And the words of a shell command around it.
//
// Source of the grammar: awscli/shorthand.py and "Using shorthand syntax with parameters in the AWS CLI".
#ifndef MUSTER_API_HYPERPOD_SHORTHAND_H_
#define MUSTER_API_HYPERPOD_SHORTHAND_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::hyperpod {

// The value the text stands for: an object; every scalar is a string. Errors: InvalidArgument with the column and what
// was expected there; nesting over 100 levels. O(length).
absl::StatusOr<nlohmann::json> ParseShorthand(absl::string_view text);

// One `aws sagemaker OPERATION --option value…` in a script.
struct AwsCommand {
  int line = 0;           // where it starts, from 1
  std::string operation;  // "create-compute-quota"
  struct Option {
    std::string name;                 // without the dashes
    std::vector<std::string> values;  // words up to the next option
  };
  std::vector<Option> options;
};

// The commands of a shell script: quotes, comments and continued lines are understood; variables stay as they are
// written. Everything else in the script is passed over. O(length).
std::vector<AwsCommand> FindAwsCommands(absl::string_view script);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_SHORTHAND_H_
