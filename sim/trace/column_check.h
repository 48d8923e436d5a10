// Whether a trace has the columns that its mapping means, and no others that were meant to say something.
#ifndef MUSTER_SIM_TRACE_COLUMN_CHECK_H_
#define MUSTER_SIM_TRACE_COLUMN_CHECK_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/trace/mapping.h"
#include "sim/trace/records.h"

namespace muster::sim {

// Mistakes are errors; with `lenient` those that leave the trace readable are warnings. Thread-safety: compatible.
class ColumnCheck {
 public:
  // REQUIRES: `mapping` outlives this.
  ColumnCheck(const Mapping* mapping, bool lenient) : m_(*mapping), lenient_(lenient) {}

  // Looks at the columns of a row. Cheap for columns that were seen before. Errors: InvalidArgument naming the column,
  // with the one that was probably meant: Muster's own format has no such column; a mapping file names one that the
  // header lacks; a column without which no row can be used is not there.
  absl::Status Row(const Record& record);
  // Once all rows are read: a mapping file names a column that no row had.
  absl::Status Finish();
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // Whether every row has the columns of the first.
  bool HasHeader() const { return m_.format != Format::kJsonl && m_.format != Format::kKueue; }
  absl::Status Unknown(absl::string_view column, int64_t row);
  absl::Status Needed() const;
  absl::Status Missing();
  absl::Status Complain(std::string what);

  const Mapping& m_;
  const bool lenient_;
  bool first_ = true;
  ColumnNames last_;
  absl::flat_hash_set<std::string> seen_;
  std::vector<std::string> warnings_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_COLUMN_CHECK_H_
