// Reading the policy files a command names.
#ifndef MUSTER_CLI_POLICY_FILES_H_
#define MUSTER_CLI_POLICY_FILES_H_

#include <string>
#include <vector>

#include "api/load.h"

namespace muster::cli {

// Reads all objects of files and folders, with defaults set, and holds them against all rules, one by one and together.
// What only shows when all are seen is among the problems: cohorts whose parents run in a circle (an error),
// ClusterQueues that take jobs of no namespace (a warning), and Topologies whose placement nobody knows (an error). HyperPod policies and quotas among the files are compiled,
// and the objects they become added; so are the nodes of a HyperPod cluster's description.
api::LoadResult ReadPolicyFiles(const std::vector<std::string>& paths);

}  // namespace muster::cli

#endif  // MUSTER_CLI_POLICY_FILES_H_
