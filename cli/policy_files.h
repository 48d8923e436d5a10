// Reading the policy files a command names.
#ifndef MUSTER_CLI_POLICY_FILES_H_
#define MUSTER_CLI_POLICY_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/object.h"

namespace muster::cli {

// Reads all objects of files and folders. Warnings are written to standard error. Errors: InvalidArgument with one line
// per problem.
absl::StatusOr<std::vector<api::Object>> ReadPolicyFiles(const std::vector<std::string>& paths);

}  // namespace muster::cli

#endif  // MUSTER_CLI_POLICY_FILES_H_
