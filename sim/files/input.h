// Opening an input that may be a file, a pipe or standard input, and may be compressed.
#ifndef MUSTER_SIM_FILES_INPUT_H_
#define MUSTER_SIM_FILES_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::sim {

// Opens `path` for reading as plain bytes, decompressing gzip, xz and zstd on the way; "-" is standard input. Compression
// is recognised by the first bytes, not by the name; of several members or frames in a row all are read. A pipe is read
// once and whole. Reading further than the data go, or what is damaged, throws from the stream buffer (and sets badbit
// in whoever reads through the stream); so does what expands more than kMaxExpansion-fold once it is larger than
// kFreeExpansion: memory is bounded by what readers keep, this bounds time.
// `on_bytes`, if it is given, sees all plain bytes once, in order, as they are read.
// Errors: NotFound if it cannot be opened, InvalidArgument if it is a folder; both name the path.
absl::StatusOr<std::unique_ptr<std::istream>> OpenInput(const std::string& path,
                                                        std::function<void(absl::string_view)> on_bytes = {});

constexpr int64_t kMaxExpansion = 500;
constexpr int64_t kFreeExpansion = int64_t{256} << 20;

// The first `n` bytes of a stream that nothing was read from, fewer only if there are no more; they stay to be read.
// For streams of OpenInput, and others that can seek. Errors: DataLoss as above. REQUIRES: n <= kMaxPeek.
absl::StatusOr<std::string> PeekInput(std::istream* in, size_t n);

constexpr size_t kMaxPeek = 1 << 16;

// All of a small input, such as a mapping file. Errors: those of OpenInput; DataLoss as above; ResourceExhausted if it
// has more than `max_bytes`.
absl::StatusOr<std::string> ReadInput(const std::string& path, size_t max_bytes);

}  // namespace muster::sim

#endif  // MUSTER_SIM_FILES_INPUT_H_
