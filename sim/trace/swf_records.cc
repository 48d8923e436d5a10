#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sim/trace/blanks.h"
#include "sim/trace/lines.h"
#include "sim/trace/readers.h"

namespace muster::sim {
namespace {

// The fields of the Standard Workload Format 2.2, in its order.
enum Field { kSubmit = 1, kWait = 2, kRun = 3, kAllocated = 4, kStatus = 10, kFields = 18 };

// As absl::SimpleAtod; quick for the whole numbers that nearly all fields are.
bool ToNumber(absl::string_view text, double* number) {
  constexpr size_t kExact = 15;  // so many digits a double holds
  if (text.empty() || text.size() > kExact) return absl::SimpleAtod(text, number);
  int64_t whole = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return absl::SimpleAtod(text, number);
    whole = whole * 10 + (c - '0');
  }
  *number = static_cast<double>(whole);
  return true;
}

class SwfReader : public RecordReader {
 public:
  explicit SwfReader(std::istream* in)
      : lines_(in),
        names_(std::vector<std::string>{"job_id", "submit_s", "wait_s", "run_s", "procs_allocated", "cpu_s",
                                        "memory_kb", "procs_requested", "time_requested_s", "memory_requested_kb",
                                        "status", "user", "group", "app", "queue", "partition", "preceding_job",
                                        "think_s", "start_s"}) {}

  absl::StatusOr<bool> Next(Record* record) override {
    record->names = names_;
    for (;;) {
      bool too_long = false;
      absl::StatusOr<bool> more = lines_.Next(&line_, &too_long);
      if (!more.ok() || !*more) return more;
      record->row = lines_.number();
      if (too_long) return RowTooLong();
      const absl::string_view text = absl::StripAsciiWhitespace(line_);
      if (text.empty()) continue;
      if (text[0] == ';') {
        ReadComment(text.substr(1));
        continue;
      }
      SplitAtBlanks(text, &record->values);
      if (record->values.size() != kFields) {
        return absl::InvalidArgumentError(
            absl::StrCat("the row has ", record->values.size(), " fields, SWF has ", static_cast<int>(kFields)));
      }
      if (IsLeftOut(*record)) continue;
      for (std::string& value : record->values) {
        if (value.size() == 2 && value[0] == '-' && value[1] == '1') value.clear();  // unknown
      }
      record->values.push_back(StartOf(*record));
      return true;
    }
  }

 private:
  // "; MaxProcs: 100"
  void ReadComment(absl::string_view text) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
    const std::string name(absl::StripAsciiWhitespace(parts.first));
    const absl::string_view value = absl::StripAsciiWhitespace(parts.second);
    constexpr size_t kMost = 64;
    if (name.empty() || value.empty() || absl::StrContains(name, ' ') || about_.size() == kMost) return;
    about_.emplace(name, value);
  }

  bool IsLeftOut(const Record& r) {
    const std::string& status = r.values[kStatus];
    if (status == "2" || status == "3" || status == "4") {
      LeaveOut("parts of jobs that have a line of their own (status 2, 3, 4)", r.row);
      return true;
    }
    if (status != "5" && status != "0") return false;
    double run = 0, allocated = 0;
    if (!ToNumber(r.values[kRun], &run) || !ToNumber(r.values[kAllocated], &allocated)) return false;
    if (run > 0 || allocated > 0) return false;
    if (status == "5") {
      LeaveOut("jobs cancelled before they started (status 5, no run time, no processors)", r.row);
      return true;
    }
    LeaveOut("jobs that failed before they started (status 0, no run time, no processors)", r.row);
    return true;
  }

  static std::string StartOf(const Record& r) {
    double submit = 0, wait = 0;
    if (!ToNumber(r.values[kSubmit], &submit) || !ToNumber(r.values[kWait], &wait)) return "";
    if (!(submit >= 0 && submit < 1e15) || !(wait >= 0 && wait < 1e15)) return "";
    return absl::StrCat(static_cast<int64_t>(submit) + static_cast<int64_t>(wait));
  }

  Lines lines_;
  std::string line_;
  const ColumnNames names_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> NewSwfReader(std::istream* in) { return std::make_unique<SwfReader>(in); }

}  // namespace muster::sim
