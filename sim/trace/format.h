// The formats a trace may have, and how they are told apart.
#ifndef MUSTER_SIM_TRACE_FORMAT_H_
#define MUSTER_SIM_TRACE_FORMAT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::sim {

//   csv     RFC 4180: first row names the columns, quotes, CRLF or LF; a byte order mark and empty lines are skipped
//   jsonl   one JSON object a line; nested objects are flattened with dots: {"request": {"cpu": 2}} is column request.cpu
//   swf     Standard Workload Format 2.2: 18 numbers a line, comments start with ';'
//   sacct   what Slurm's `sacct --parsable` or `--parsable2` prints
//   kueue   what `kubectl get workloads -A -o json` prints
//   philly  CSV with the columns job_id, vc, submit_time, duration, gpu_num
//   openb   CSV with the pods of Alibaba's cluster-trace-gpu-v2023
// docs/traces.md has the columns of each.
enum class Format { kCsv, kJsonl, kSwf, kSacct, kKueue, kPhilly, kOpenb };

// "csv", "jsonl", ...
absl::string_view FormatName(Format format);
// nullopt if there is no such format.
std::optional<Format> FormatNamed(absl::string_view name);
// "csv, jsonl, ... or openb".
std::string FormatNames();
// "what Slurm's sacct -P prints"
absl::string_view FormatInWords(Format format);

// The format of a file by its first bytes (64 KiB are enough) and, where they do not tell, by its name. O(head).
Format RecognizeFormat(absl::string_view head, absl::string_view path);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_FORMAT_H_
