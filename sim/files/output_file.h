// A file that is there as a whole or not at all.
//
// What is written goes to a new file beside `path` and takes its place in Commit; until then what was there stays, and
// without Commit it stays for good. A link in the place of the file is replaced, not followed: nobody who can write to
// the folder can make the writer overwrite something elsewhere. Pipes and devices (/dev/stdout) are written to as they
// are. What goes to a name that ends in .gz is compressed with gzip. Thread-safety: compatible.
#ifndef MUSTER_SIM_FILES_OUTPUT_FILE_H_
#define MUSTER_SIM_FILES_OUTPUT_FILE_H_

#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::sim {

class OutputFile {
 public:
  // Creates the folder, if it is missing. Errors: Unavailable naming the path and the reason.
  static absl::StatusOr<OutputFile> Create(const std::string& path);
  OutputFile(OutputFile&&) noexcept;
  OutputFile& operator=(OutputFile&&) noexcept;
  ~OutputFile();

  std::ostream& stream();
  // Errors: Unavailable if something could not be written. REQUIRES: not called before.
  absl::Status Commit();

 private:
  struct State;
  explicit OutputFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Writes all of `text`.
absl::Status WriteFile(const std::string& path, absl::string_view text);

}  // namespace muster::sim

#endif  // MUSTER_SIM_FILES_OUTPUT_FILE_H_
