// Writing a trace in Muster's own columns.
#ifndef MUSTER_SIM_TRACE_WRITE_TRACE_H_
#define MUSTER_SIM_TRACE_WRITE_TRACE_H_

#include <ostream>

#include "absl/status/status.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Writes the jobs as CSV, in the order of the trace, with the columns that any job has something to say in. Read again
// with Mapping::ForFormat(Format::kCsv) and keep_record it is the same trace, but for the rows' numbers, the source and
// what was said about it (problems, remarks). O(jobs x columns). Errors: InvalidArgument for a job with text that CSV
// cannot carry through (a carriage return, a NUL byte, a row beyond the reader's bound), naming its row.
absl::Status WriteTrace(const Trace& trace, std::ostream* out);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_WRITE_TRACE_H_
