// Rows of named text values, read from CSV, JSON lines or the Standard Workload Format (SWF).
//
// Input is not trusted: a row longer than 64 KiB, an open quote, a wrong number of fields or a NUL byte is reported
// with its line number, and reading goes on with the next row.
#ifndef MUSTER_SIM_TRACE_RECORDS_H_
#define MUSTER_SIM_TRACE_RECORDS_H_

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::sim {

enum class Format { kCsv, kJsonl, kSwf };

// Thread-safety: value type.
struct Record {
  int64_t row = 0;  // line of the file the record starts at, from 1
  std::vector<std::string> names;
  std::vector<std::string> values;  // as many as names

  // The value of the column, nullopt if there is none of that name. O(columns).
  std::optional<absl::string_view> Get(absl::string_view name) const;
};

// Thread-safety: compatible.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // Reads the next row into `record`; false at the end of the file. Errors: InvalidArgument saying what is wrong with
  // the row (record->row is set, Next may be called again); DataLoss if the file itself cannot be read further.
  virtual absl::StatusOr<bool> Next(Record* record) = 0;
};

// A reader of `in`, which has to outlive it.
//   CSV    RFC 4180: first row names the columns, quotes, CRLF or LF, an UTF-8 byte order mark is skipped, empty lines
//   too. JSONL  one object a line; nested objects are flattened with dots: {"request": {"cpu": 2}} is column
//   request.cpu. SWF    18 numbers a line, comments start with ';'. Columns: job_id submit_s wait_s run_s
//   procs_allocated cpu_s
//          memory_kb procs_requested time_requested_s memory_requested_kb status user group app queue partition
//          preceding_job think_s.
// Errors: InvalidArgument if a CSV file has no header row.
absl::StatusOr<std::unique_ptr<RecordReader>> NewRecordReader(Format format, std::istream* in);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_RECORDS_H_
