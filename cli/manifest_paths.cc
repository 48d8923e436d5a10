#include "cli/manifest_paths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"

namespace muster::cli {

namespace fs = std::filesystem;

std::vector<std::string> FilesOf(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  fs::recursive_directory_iterator it(path, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const std::string extension = it->path().extension().string();
    if (absl::StartsWith(it->path().filename().string(), ".")) {
      it.disable_recursion_pending();
    } else if (extension == ".json" || extension == ".yaml" || extension == ".yml") {
      files.push_back(it->path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace muster::cli
