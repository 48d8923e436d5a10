// SHA-256 of what a replay reads and writes, so that results say what they were made of.
#ifndef MUSTER_SIM_FILES_DIGEST_H_
#define MUSTER_SIM_FILES_DIGEST_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::sim {

// Takes bytes in parts. Thread-safety: compatible.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void Add(absl::string_view bytes);
  // 64 hexadecimal digits, lower case, as `sha256sum` prints them. Starts afresh.
  std::string Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string Sha256Of(absl::string_view bytes);
// Of a file's bytes. Errors: NotFound and InvalidArgument as OpenInput, DataLoss if it cannot be read to its end.
absl::StatusOr<std::string> Sha256OfFile(const std::string& path);
// Of what a file that may be compressed holds: the same for FILE and FILE.gz. Errors: the same.
absl::StatusOr<std::string> Sha256OfContents(const std::string& path);

}  // namespace muster::sim

#endif  // MUSTER_SIM_FILES_DIGEST_H_
