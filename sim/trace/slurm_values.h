// How Slurm writes times, durations, amounts of memory and trackable resources (TRES).
#ifndef MUSTER_SIM_TRACE_SLURM_VALUES_H_
#define MUSTER_SIM_TRACE_SLURM_VALUES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace muster::sim {

// Whether the value stands for none: "", Unknown, None, N/A, INVALID, (null), UNLIMITED, Partition_Limit, NONE.
bool IsSlurmNone(absl::string_view text);

struct SlurmTime {
  int64_t unix_s = 0;
  bool zone_given = true;  // by the text itself
};
// 2026-11-27T10:00:00, with or without a zone (Z, +01:00, +0100), or seconds since 1970. What has no zone is of `zone`.
// Errors: InvalidArgument.
absl::StatusOr<SlurmTime> ParseSlurmTime(absl::string_view text, absl::TimeZone zone);

// [days-]hours:minutes:seconds[.fraction], days-hours, days-hours:minutes, minutes:seconds. A number alone is
// minutes, as in Slurm's time limits. Seconds, rounded down. Errors: InvalidArgument.
absl::StatusOr<int64_t> ParseSlurmDuration(absl::string_view text);

// 64G, 62.50G, 512000M, 1T, 100K: bytes, in powers of 1024; a number alone is `unit` bytes. Errors: InvalidArgument.
absl::StatusOr<int64_t> ParseSlurmMemory(absl::string_view text, int64_t unit);

struct Tres {
  int64_t cpus = 0, memory_bytes = 0, nodes = 0, gpus = 0;
  std::string gpu_type;  // "" if none is named, or several
  std::vector<std::string>
      others;  // names of what is none of these: gres/shard, license/x, ...; billing and energy aside
};
// billing=8,cpu=8,gres/gpu:a100=4,gres/gpu=4,mem=64G,node=2. GPUs by type count unless there is a total.
// Errors: InvalidArgument naming the entry.
absl::StatusOr<Tres> ParseTres(absl::string_view text);

// Pods of one size.
struct PodShare {
  int64_t pods = 0;
  int64_t cpus = 0, memory_bytes = 0, gpus = 0;  // each
};
// One pod a node. What does not divide evenly goes to the first nodes; memory is rounded up to bytes. At most three
// sizes, largest first. REQUIRES: total.nodes >= 1.
std::vector<PodShare> ShareAmongNodes(const Tres& total);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_SLURM_VALUES_H_
