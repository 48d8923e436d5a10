// Small worlds over time: what happens to them, and what can be asked about them in between. The naive model and the
// engine are told the same and have to be in the same state after every step.
#ifndef MUSTER_SCHEDULER_TESTING_SMALL_HISTORY_H_
#define MUSTER_SCHEDULER_TESTING_SMALL_HISTORY_H_

#include <memory>
#include <string>
#include <vector>

#include "scheduler/testing/small_world.h"

namespace muster::scheduler::small {

// What can be seen of a running world.
struct Sight {
  std::vector<std::string> queues;  // "name: heap in order | parked, by name", of every queue
  std::vector<long> usage;          // by (node, pair)
  std::string holders;              // "job job(evicted) ...", by name
  bool has_heads = false;           // of queues that are active
  friend bool operator==(const Sight&, const Sight&) = default;
};
std::string ToString(const Sight& sight);

// Times are seconds, and never go back. Jobs are called by name and exist.
class Running {
 public:
  virtual ~Running() = default;

  virtual void Submit(const Job& job, long now) = 0;
  virtual void Finish(const std::string& job, long now) = 0;
  virtual void Delete(const std::string& job, long now) = 0;
  virtual void SetPriority(const std::string& job, int priority, long now) = 0;
  virtual void SetNominal(int queue, int pair, long nominal, long now) = 0;
  virtual void SetStopped(int queue, bool stopped, long now) = 0;
  virtual void SetCheckActive(bool active, long now) = 0;
  // Marks a holder for eviction with its queue. It keeps what it holds until Release.
  virtual void Drain(const std::string& job, long now) = 0;
  virtual void Release(const std::string& job, long now) = 0;
  // Lets back in who was drained.
  virtual void LetBack(const std::string& job, long now) = 0;

  // Parked jobs of trees that were notified come back. To be called after every step.
  virtual void Flush(long now) = 0;
  virtual std::vector<Verdict> Cycle(long now) = 0;
  virtual Sight Look() = 0;
};

std::unique_ptr<Running> RunModel(const World& world);
std::unique_ptr<Running> RunEngine(const World& world);

}  // namespace muster::scheduler::small

#endif  // MUSTER_SCHEDULER_TESTING_SMALL_HISTORY_H_
