// `bazel run` changes the directory; names on the command line are relative to where it was typed.
#ifndef MUSTER_CONFORMANCE_CALLERS_DIRECTORY_H_
#define MUSTER_CONFORMANCE_CALLERS_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace muster::conformance {

inline void ReturnToCallersDirectory() {
  if (const char* dir = std::getenv("BUILD_WORKING_DIRECTORY")) {
    std::error_code ignored;
    std::filesystem::current_path(dir, ignored);
  }
}

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_CALLERS_DIRECTORY_H_
