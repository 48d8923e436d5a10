// Rows of named text values, read from the formats that schedulers write.
//
// Input is not trusted: a row longer than 64 KiB, an open quote, a wrong number of fields or a NUL byte is reported
// with its line number, and reading goes on with the next row.
#ifndef MUSTER_SIM_TRACE_RECORDS_H_
#define MUSTER_SIM_TRACE_RECORDS_H_

#include <cstdint>
#include <istream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sim/trace/format.h"

namespace muster::sim {

// The names of a row's columns. Copies share one list, so that a row which has the columns of the last one is recognised
// without comparing them. Thread-safety: value type.
class ColumnNames {
 public:
  ColumnNames() = default;
  explicit ColumnNames(std::vector<std::string> names)
      : names_(std::make_shared<const std::vector<std::string>>(std::move(names))) {}

  const std::vector<std::string>& list() const { return *names_; }
  size_t size() const { return names_->size(); }
  const std::string& operator[](size_t i) const { return (*names_)[i]; }
  // O(1) for copies of each other.
  friend bool operator==(const ColumnNames& a, const ColumnNames& b) {
    return a.names_ == b.names_ || *a.names_ == *b.names_;
  }

 private:
  std::shared_ptr<const std::vector<std::string>> names_ = std::make_shared<const std::vector<std::string>>();
};

// Thread-safety: value type.
struct Record {
  int64_t row = 0;  // line of the file the record starts at, from 1
  ColumnNames names;
  std::vector<std::string> values;  // as many as names

  // The value of the column, nullopt if there is none of that name. O(columns).
  std::optional<absl::string_view> Get(absl::string_view name) const;
};

// What a reader has to say about many rows at once: why they were left out, or how they were understood.
struct Remark {
  std::string text;  // "steps of jobs"
  int64_t count = 0;
  int64_t first_row = 0;
  bool left_out = false;
};

// "left out: steps of jobs: 3, first in line 2".
std::string FormatRemark(const Remark& remark);

struct ReadOptions {
  // The zone of times that name none; without, they are read as UTC and a remark says so.
  std::optional<absl::TimeZone> zone;
  // What accelerators are called that a format counts without naming a resource.
  std::string accelerator = "nvidia.com/gpu";
};

// Thread-safety: compatible.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // Reads the next row into `record`; false at the end of the file. Errors: InvalidArgument saying what is wrong with
  // the row (record->row is set, Next may be called again); DataLoss if the file itself cannot be read further.
  virtual absl::StatusOr<bool> Next(Record* record) = 0;

  // In the order of their first rows; whole once Next has returned false.
  const std::vector<Remark>& remarks() const { return remarks_; }
  // What the file says about itself ("MaxProcs": "100"), as far as it has been read.
  const std::map<std::string, std::string>& about() const { return about_; }

 protected:
  void LeaveOut(absl::string_view what, int64_t row) { AddRemark(what, row, true); }
  void Say(absl::string_view what, int64_t row) { AddRemark(what, row, false); }

  std::map<std::string, std::string> about_;

 private:
  void AddRemark(absl::string_view what, int64_t row, bool left_out);

  std::vector<Remark> remarks_;
};

// A reader of `in`, which has to outlive it. What names the columns of each format is in format.h; the readers'
// own columns are those of Muster (job_id, submit_s, ...), besides what the format calls them.
// Errors: InvalidArgument if a file that begins with a header has none, or names a column twice or not the ones needed.
absl::StatusOr<std::unique_ptr<RecordReader>> NewRecordReader(Format format, std::istream* in,
                                                              const ReadOptions& options = {});

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_RECORDS_H_
