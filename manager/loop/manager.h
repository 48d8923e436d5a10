// The manager without threads, sockets or clock: what was told of the cluster goes in, writes come out.
//
//   Manager manager(options);
//   for (each object of the initial lists) manager.Observe(object, now);
//   for (;;) {
//     for (Outgoing& write : manager.Work(now)) send(write), and later manager.Answer(write.id, response, now);
//     wait for a watch event (Observe, ObserveGone), an answer, or manager.NextTime();
//   }
//
// Same calls in the same order, same writes: a failure of the simulation can be played again from its seed. Who sends may
// have many writes under way; those of one object that depend on each other are handed out one after the other.
// Invariants: an object's older version never takes the place of a newer one; at most one reconciler works on a key; no
// cycle is run before what the last one decided has been written: a workload that was let in a moment ago could be a
// victim, and what is written about it would be made from a status without its admission.
// Thread-compatible.
#ifndef MUSTER_MANAGER_LOOP_MANAGER_H_
#define MUSTER_MANAGER_LOOP_MANAGER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "kube/request.h"
#include "kube/work_queue.h"
#include "manager/loop/events.h"
#include "manager/loop/loop_observer.h"
#include "manager/loop/triggers.h"
#include "manager/options.h"
#include "manager/plan.h"
#include "manager/scheduling/engine_feed.h"
#include "manager/world.h"
#include "scheduler/decision.h"
#include "scheduler/engine.h"

namespace muster::manager {

struct Outgoing {
  int64_t id = 0;
  kube::Request request;
  bool is_event = false;  // may be late or lost; no Answer is expected
};

class Manager {
 public:
  // `instance`: the name of the host, for events.
  explicit Manager(ManagerOptions options, std::string instance = "muster");

  // An object as listed or watched; an older version than what is known is passed over.
  void Observe(const kube::ObjectPtr& object, absl::Time now);
  void ObserveGone(const kube::ObjectKey& key, absl::Time now);

  // Does all that is due and returns the writes to send, in order.
  std::vector<Outgoing> Work(absl::Time now);
  // REQUIRES: the id of a write of Work that is no event, not answered yet.
  void Answer(int64_t id, const kube::Response& response, absl::Time now);
  // When there is something to do next if nothing is told before; InfinitePast when there is right away.
  absl::Time NextTime() const;

  // Who is told what is done; nullptr = nobody. Outlives the manager.
  void set_observer(LoopObserver* observer) { observer_ = observer; }

  const World& world() const { return world_; }
  const scheduler::Engine& engine() const { return engine_; }
  // What could not be read or written last, for logs: "Workload g/a: ...". Cleared by reading it.
  std::vector<std::string> TakeProblems() { return std::exchange(problems_, {}); }

 private:
  // A plan that is made when nothing else is being written to the object it is about, from what is known then. What the
  // scheduler writes says all of a status and asks for no version: made of an old copy, it would take back what others
  // have said since.
  struct Later {
    kube::ObjectKey about;
    std::function<Plan(absl::Time now)> make;
  };
  // A plan that is being carried out.
  struct Running {
    std::optional<Item> item;  // for whom; else a decision of the scheduler
    Plan plan;
    size_t at = 0;
    std::deque<Later> later;   // plans after this one
    bool holds_cycle = false;  // no cycle before this has ended
    std::function<void(bool ok, absl::Time now)> ended;
  };
  void Enqueue(const std::vector<Trigger>& triggers, absl::Time now);
  Plan Reconcile(const Item& item, absl::Time now);
  void Cycle(absl::Time now);
  // Those that are left of the last cycle, in order; false when one has to wait.
  bool CarryOutDecisions(absl::Time now);
  void CarryOutDecision(scheduler::Decision made, absl::Time now);
  // With waitForPodsReady.blockAdmission: somebody who was let in before is not ready.
  bool MustWaitForPods(const scheduler::Decision& decision) const;
  bool HoldsCycle() const { return cycle_holders_ > 0; }
  // Whether the scheduler has to get up for this. It sleeps until something about a Workload or a LocalQueue happens, or a
  // ClusterQueue says that it is active: not when what they depend on changes. Reconcilers say first what is to be said
  // about that. (Kueue: Broadcast of its queues)
  bool Wakes(const kube::ObjectPtr& before, const kube::Object& object) const;
  void Start(Running running, absl::Time now);
  void Verify(const kube::ObjectKey& object, bool holds_cycle, absl::Time now);
  void Verified(const kube::ObjectKey& key, absl::Time now);
  void SayRefused(Refusal refusal, const kube::Response& response, absl::Time now, Running* running);
  // Sends its next write, makes the next of its plans, or ends it.
  void Proceed(int64_t id, absl::Time now);
  void Stop(int64_t id, bool ok, absl::Time now);
  // A write to the object was answered.
  void Written(const kube::ObjectKey& key, absl::Time now);
  void End(Running running, bool ok, absl::Time now);
  void Say(const std::vector<EventNote>& notes, absl::Time now);
  void Problem(const kube::ObjectKey& key, const absl::Status& status);

  World world_;
  scheduler::Engine engine_;
  EngineFeed feed_;
  EventRecorder recorder_;
  LoopObserver* observer_ = nullptr;
  kube::WorkQueue<Item> queue_;
  std::map<int64_t, Running> running_;
  std::map<kube::ObjectKey, int> being_written_;                 // how many writes to each object have no answer yet
  std::map<kube::ObjectKey, std::deque<int64_t>> held_back_by_;  // who waits for that
  int64_t next_id_ = 1;
  bool awake_ = false;                       // the scheduler
  std::deque<scheduler::Decision> decided_;  // by the last cycle, not carried out yet
  bool told_to_wait_ = false;                // the first of them
  int cycle_holders_ = 0;                    // plans and verifications that no cycle is run beside
  std::set<kube::ObjectKey> verified_before_cycle_;
  std::vector<Outgoing> outgoing_;
  std::vector<std::string> problems_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_LOOP_MANAGER_H_
