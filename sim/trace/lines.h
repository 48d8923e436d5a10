// Lines of bounded length. Internal to the readers of records.
#ifndef MUSTER_SIM_TRACE_LINES_H_
#define MUSTER_SIM_TRACE_LINES_H_

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace muster::sim {

constexpr size_t kMaxRow = 64 * 1024;

// "the row is longer than ... bytes"
absl::Status RowTooLong();

// Thread-safety: compatible.
class Lines {
 public:
  // REQUIRES: `in` outlives this.
  explicit Lines(std::istream* in);

  // The next line without its end (LF or CRLF; the first also without a byte order mark); false at the end. Of a line
  // longer than kMaxRow the rest is dropped and `too_long` set. Errors: DataLoss if the input cannot be read further.
  absl::StatusOr<bool> Next(std::string* line, bool* too_long);
  // Of the last line, from 1.
  int64_t number() const { return number_; }

 private:
  std::istream* in_;
  std::vector<char> chunk_;
  size_t at_ = 0, end_ = 0;  // what is left of the chunk
  int64_t number_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_LINES_H_
