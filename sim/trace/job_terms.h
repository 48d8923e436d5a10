// What a trace may say of a job beside its pods and times. Few jobs say anything of it.
#ifndef MUSTER_SIM_TRACE_JOB_TERMS_H_
#define MUSTER_SIM_TRACE_JOB_TERMS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster::sim {

// What one job says of its run, over what a model says of all (replay/run_model.h). Seconds; a count is a count.
struct OwnTerms {
  std::optional<int64_t> checkpoint_interval_s, checkpoint_cost_s, image_pull_s, restart_delay_s, pod_mtbf_s,
      backoff_limit, time_limit_s;
  friend bool operator==(const OwnTerms&, const OwnTerms&) = default;
};

// Thread-safety: value type.
struct JobTerms {
  OwnTerms own;
  // Jobs that have to have ended, in whatever way, before it is submitted, and how long after the last of them. The
  // submission of the row then is the earliest there can be.
  std::vector<std::string> after = {};
  int64_t think_s = 0;
  // How long the user said it would run. Nothing is decided by it: what ends a job is its duration, or own.time_limit_s
  // where a model enforces that.
  std::optional<int64_t> estimate_s;
  std::optional<int64_t> deadline_s;  // by when it should have finished, on the trace's clock
  // What was recorded, kept for comparisons and read only on demand (ReadTraceOptions::keep_record).
  std::optional<int64_t> start_s;
  std::string user, group;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_JOB_TERMS_H_
