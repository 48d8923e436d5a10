// The readers behind records.h, one a format. Internal to sim/trace.
#ifndef MUSTER_SIM_TRACE_READERS_H_
#define MUSTER_SIM_TRACE_READERS_H_

#include <istream>
#include <memory>

#include "absl/status/statusor.h"
#include "sim/trace/records.h"

namespace muster::sim {

absl::StatusOr<std::unique_ptr<RecordReader>> NewCsvReader(std::istream* in);
absl::StatusOr<std::unique_ptr<RecordReader>> NewJsonlReader(std::istream* in);
absl::StatusOr<std::unique_ptr<RecordReader>> NewSwfReader(std::istream* in);
absl::StatusOr<std::unique_ptr<RecordReader>> NewSacctReader(std::istream* in, const ReadOptions& options);
absl::StatusOr<std::unique_ptr<RecordReader>> NewKueueReader(std::istream* in);
absl::StatusOr<std::unique_ptr<RecordReader>> NewOpenbReader(std::istream* in);

// InvalidArgument if two names of a header are the same; empty ones aside.
absl::Status CheckHeader(const std::vector<std::string>& names);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_READERS_H_
