// When the jobs of a trace arrive: at their time, or once the jobs they wait for have ended.
#ifndef MUSTER_SIM_REPLAY_ARRIVALS_H_
#define MUSTER_SIM_REPLAY_ARRIVALS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Memory: nothing for jobs that wait for nobody. Thread-safety: compatible.
class Arrivals {
 public:
  // The trace must outlive this.
  explicit Arrivals(const Trace* trace) : trace_(trace) {}
  // Finds the jobs that others wait for. To be called first. Errors: InvalidArgument for one that is not in the trace,
  // and for jobs that wait for each other in a circle. O(jobs).
  absl::Status Link();

  // When the next job arrives, as far as is known. O(1).
  std::optional<int64_t> NextAt();
  // The next that has arrived by `now_s`, in the order of time, then of the trace. O(log n).
  std::optional<size_t> Take(int64_t now_s);
  // The job ended for good: lets those that wait for it arrive. O(those that do).
  void Ended(size_t job, int64_t now_s);

  // When a job that was taken arrived. O(1).
  int64_t SubmittedAt(size_t job) const;
  // Jobs that were taken.
  int64_t taken() const { return taken_; }
  // Whether the job waits for others and has not been taken. O(1).
  bool IsHeldBack(size_t job) const;

 private:
  struct Waiting {
    size_t others = 0;  // that have not ended
    int64_t at_s = -1;  // when it arrived; -1 = not yet
  };
  void SkipWaiting();

  const Trace* trace_;
  size_t next_ = 0;
  int64_t taken_ = 0;
  absl::flat_hash_map<size_t, Waiting> waiting_;
  absl::flat_hash_map<size_t, std::vector<size_t>> waits_for_;  // job -> who waits for it
  using Late = std::pair<int64_t, size_t>;
  std::priority_queue<Late, std::vector<Late>, std::greater<>> late_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_ARRIVALS_H_
