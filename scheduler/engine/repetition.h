// Whether scheduling cycles have begun to repeat themselves.
//
// Problem: a head that has to wait may go back to the front of its queue and be looked at again in every cycle, for
// ever: the head of a StrictFIFO queue, a preemptor waiting for its victims, a workload with flavors left to try. Only
// two things about such a head can differ from one cycle to the next: the flavor its scan goes on with, and which
// workload its queue remembers as the preemptor. Everything else that a cycle can do (let somebody in, mark a victim,
// park a head) happens finitely often without an event, and makes the caller start anew.
//
// So the state of the cycles is what differs, by head and queue, from where they started; a state that was there before
// will lead where it led before. States are kept and compared whole: the answer is exact, not a guess.
// Cost: O(heads) per cycle that changed nothing else, O(1) per cycle and event otherwise. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_ENGINE_REPETITION_H_
#define MUSTER_SCHEDULER_ENGINE_REPETITION_H_

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace muster::scheduler {

class Repetition {
 public:
  enum class Part : uint8_t { kScan, kPreemptor };  // of a workload; of a ClusterQueue
  using Value = std::vector<int64_t>;               // equal values mean the same; empty for the usual case

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
  using State = std::map<Key, Value>;
  State origin_;   // as each part was when it was first noted
  State current_;  // the parts that are now different from that
  std::set<State> seen_;
  bool repeats_ = false;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_REPETITION_H_
