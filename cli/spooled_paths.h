// Inputs that can be read only once, for readers that look twice.
#ifndef MUSTER_CLI_SPOOLED_PATHS_H_
#define MUSTER_CLI_SPOOLED_PATHS_H_

#include <map>
#include <string>
#include <vector>

#include "api/load.h"

namespace muster::cli {

// Keeps what pipes and standard input ("-") hold in memory, under paths of its own; files and folders stay as they are,
// and so does what cannot be read, for the reader to complain about. Thread-safety: compatible.
class SpooledPaths {
 public:
  static constexpr size_t kMaxBytes = size_t{256} << 20;  // of one pipe

  explicit SpooledPaths(const std::vector<std::string>& paths);
  ~SpooledPaths();
  SpooledPaths(const SpooledPaths&) = delete;
  SpooledPaths& operator=(const SpooledPaths&) = delete;

  const std::vector<std::string>& paths() const { return paths_; }
  // How the user calls one of the paths.
  std::string NameOf(const std::string& path) const;
  // A message with the names that the user knows.
  std::string RestoreNames(std::string message) const;
  // Gives what was read from them the names that the user knows.
  void RestoreNames(api::LoadResult* loaded) const;

 private:
  std::vector<std::string> paths_;
  std::vector<int> files_;
  std::map<std::string, std::string> names_;  // path here -> as given
};

}  // namespace muster::cli

#endif  // MUSTER_CLI_SPOOLED_PATHS_H_
