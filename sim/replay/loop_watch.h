// Notices jobs that only push each other aside.
//
// Problem: with Kueue's rules two jobs can preempt each other for ever: each is let in, makes the other go, and is made
// to go by it. In a cluster that costs everybody's time; on a virtual clock, where a preempted job stops and starts
// again at once, it never ends.
//
// What is watched is the sequence of starts and preemptions since something came from outside (a job arrived or ended,
// an object changed). When the same stretch of it has come several times in a row, it is a loop: the engine is
// deterministic and nothing else has changed. A job that has started very often without the sequence repeating exactly
// counts as one, too.
//
// Cost: O(1) per event until a job has started kTimes times, then O(kTimes x length of the stretch) per start of it. While
// nobody is preempted next to nothing.
// Memory: O(events since the last disturbance). Thread-safety: compatible.
#ifndef MUSTER_SIM_REPLAY_LOOP_WATCH_H_
#define MUSTER_SIM_REPLAY_LOOP_WATCH_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "scheduler/ids.h"

namespace muster::sim {

class LoopWatch {
 public:
  // A start, or (with `by`) a preemption.
  struct Event {
    scheduler::WorkloadId workload = scheduler::kNoId;
    scheduler::WorkloadId by = scheduler::kNoId;  // who the workload makes room for
    bool started() const { return by == scheduler::kNoId; }
    friend bool operator==(const Event&, const Event&) = default;
  };
  struct Loop {
    std::vector<Event> events;  // one turn, from after a start to the next start of the same workload
    int turns = 0;              // how many such turns were seen
  };

  // How many equal turns make a loop; how many starts do without.
  static constexpr int kTimes = 8;
  static constexpr size_t kMaxStarts = 100;
  // The longest turn that is reported; a longer one loses its beginning.
  static constexpr size_t kMaxTurn = 64;

  // Something came from outside: what was seen before proves nothing any more.
  void Disturbed();
  void Preempted(scheduler::WorkloadId victim, scheduler::WorkloadId by);
  // Returns the loop that this start closes, if it closes one.
  std::optional<Loop> Started(scheduler::WorkloadId workload);

 private:
  // Enters the event at that place, if it is a start, into `starts_`.
  void Count(size_t place);
  // Whether the last kTimes stretches of `length` events are equal.
  bool Repeats(size_t length) const;
  Loop Turn(size_t length, int turns) const;

  std::vector<Event> events_;
  // Places in events_; kept from the first preemption on: before, nobody can have started twice.
  bool contested_ = false;
  absl::flat_hash_map<scheduler::WorkloadId, std::vector<size_t>> starts_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_LOOP_WATCH_H_
