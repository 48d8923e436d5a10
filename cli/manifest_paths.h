// Which files a path on the command line stands for.
#ifndef MUSTER_CLI_MANIFEST_PATHS_H_
#define MUSTER_CLI_MANIFEST_PATHS_H_

#include <string>
#include <vector>

namespace muster::cli {

// The path itself, or of a folder its manifests, deep and in order, as api::LoadPaths takes them.
std::vector<std::string> FilesOf(const std::string& path);

}  // namespace muster::cli

#endif  // MUSTER_CLI_MANIFEST_PATHS_H_
