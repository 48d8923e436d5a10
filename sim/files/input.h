// Opening an input file that may be compressed.
#ifndef MUSTER_SIM_FILES_INPUT_H_
#define MUSTER_SIM_FILES_INPUT_H_

#include <istream>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace muster::sim {

// Opens `path` for reading as plain bytes, decompressing gzip and xz on the way. Compression is recognised by the first
// bytes of the file, not by its name. A file that breaks off in the middle of its compressed data sets badbit.
// Errors: NotFound if it cannot be opened, InvalidArgument if it is a folder; both name the path.
absl::StatusOr<std::unique_ptr<std::istream>> OpenInput(const std::string& path);

}  // namespace muster::sim

#endif  // MUSTER_SIM_FILES_INPUT_H_
