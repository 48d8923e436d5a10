// Reading the files that commands about HyperPod take: policies, quotas and clusters in any spelling, beside Kubernetes
// objects.
#ifndef MUSTER_CLI_HYPERPOD_FILES_H_
#define MUSTER_CLI_HYPERPOD_FILES_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/core.h"
#include "api/hyperpod/compile.h"
#include "api/hyperpod/read.h"
#include "api/load.h"

namespace muster::cli {

struct HyperPodFiles {
  hyperpod::ReadResult hyperpod;  // clusters joined
  api::LoadResult kubernetes;     // the rest
};

// Reads all files and folders. Files with a document of HyperPod's go to one side (and their other documents are not
// looked at), all other files to the other with `options`. Scripts (.sh) are read for `aws sagemaker` commands. Files of
// a folder that hold objects of neither are left out with a warning among the problems of `kubernetes` (rule NoObject).
HyperPodFiles ReadHyperPodFiles(const std::vector<std::string>& paths, const api::LoadOptions& options = {});

// The nodes that were read: Kubernetes' own objects, or else those of the cluster's description. None when neither was
// given.
std::vector<api::Node> NodesOf(const HyperPodFiles& files);

// What those nodes have, and `more`: "ml.g5.8xlarge=2", as given to --nodes. Errors: InvalidArgument naming the text.
absl::StatusOr<hyperpod::Capacity> CapacityOf(const HyperPodFiles& files, const std::vector<std::string>& more);
// The same as a cluster, one instance group per text.
absl::StatusOr<hyperpod::Cluster> ClusterOf(const std::vector<std::string>& more);

// Sets options given as name=value. Errors: InvalidArgument naming what is wrong.
absl::StatusOr<hyperpod::CompileOptions> CompileOptionsOf(const std::vector<std::string>& settings);

// The options --nodes and --option of a command: what does not make sense is wrong usage.
void AddNodesOption(CLI::App* command, std::vector<std::string>* nodes);
void AddCompileOption(CLI::App* command, std::vector<std::string>* settings, const std::string& help);

}  // namespace muster::cli

#endif  // MUSTER_CLI_HYPERPOD_FILES_H_
