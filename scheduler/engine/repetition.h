// Whether scheduling cycles have begun to repeat themselves.
//
// Problem: a head that has to wait may go back to the front of its queue and be looked at again in every cycle, for
// ever: the head of a StrictFIFO queue, a preemptor waiting for its victims, a workload with flavors left to try. Only
// two things about such a head can differ from one cycle to the next: the flavor its scan goes on with, and which
// workload its queue remembers as the preemptor. Everything else that a cycle can do (let somebody in, mark a victim,
// park a head) happens finitely often without an event, and makes the caller start anew.
//
// So the state of the cycles is what differs, by head and queue, from where they started; a state that was there before
// will lead where it led before. What each cycle changed is written down; a hash of the state points to the cycle after
// which it may have been there, and what has changed since then decides: the answer is exact, not a guess.
// Cost: O(what a cycle notes); besides, when the cycles begin to repeat themselves, O(what those that do had noted).
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_ENGINE_REPETITION_H_
#define MUSTER_SCHEDULER_ENGINE_REPETITION_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"

namespace muster::scheduler {

class Repetition {
 public:
  enum class Part : uint8_t { kScan, kPreemptor };  // of a workload; of a ClusterQueue
  using Value = absl::InlinedVector<int64_t, 6>;    // equal values mean the same; empty for the usual case

  // Something besides heads' scans and queues' preemptors has changed.
  void Restart();
  // In the running cycle this part of the workload or ClusterQueue `id` went from `before` to `after`.
  void Note(Part part, int32_t id, const Value& before, const Value& after);
  // The cycle is over and changed nothing that was not noted.
  void EndCycle();
  // Whether the state after the last cycle had been there before since the last restart: further cycles would only
  // repeat earlier ones.
  bool repeats() const { return repeats_; }

 private:
  using Key = std::pair<Part, int32_t>;
  struct Change {
    Key key;
    Value before, after;
    friend bool operator==(const Change&, const Change&) = default;
  };
  void Start();
  bool IsAsAfter(int cycle) const;
  bool GoesOn() const;

  std::vector<Change> log_;
  std::vector<size_t> ends_;                  // how long the log was after each cycle; [0]: when it started
  uint64_t hash_ = 0;                         // of the state, relative to where it started
  absl::flat_hash_map<uint64_t, int> after_;  // hash -> the cycle after which the state had it last
  bool repeats_ = false;
  int loop_ = 0;  // while it repeats: the state after the last cycle in ends_ is that after this one,
  int next_ = 0;  // and the coming cycle is expected to do what this one did
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_REPETITION_H_
