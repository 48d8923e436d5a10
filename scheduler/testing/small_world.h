// Tiny clusters for tests: a few queues in a small tree of cohorts, some jobs that hold quota and some that wait.
//
// Plain numbers instead of Kubernetes objects, so that worlds can be enumerated, changed by metamorphic tests and
// decided about by the naive model without any code they share with the engine.
#ifndef MUSTER_SCHEDULER_TESTING_SMALL_WORLD_H_
#define MUSTER_SCHEDULER_TESTING_SMALL_WORLD_H_

#include <optional>
#include <string>
#include <vector>

#include "scheduler/decision.h"

namespace muster::scheduler::small {

struct Quota {
  long nominal = 0;
  std::optional<long> borrow, lend;
};

enum class Policy { kNever, kLower, kLowerOrNewer, kAny };

// A ClusterQueue or a cohort. Pairs of flavor f and resource r have the index f * resources + r.
struct Node {
  std::string name;
  int parent = -1;
  bool cohort = false;
  double weight = 1;
  std::vector<Quota> quota;  // by pair; a cohort may have none
  // Of ClusterQueues.
  Policy within = Policy::kNever, reclaim = Policy::kNever;
  bool borrow_within = false;  // borrowWithinCohort.policy LowerPriority
  std::optional<int> threshold;
  bool borrow_next = false;     // whenCanBorrow: TryNextFlavor
  bool preempt_stop = false;    // whenCanPreempt: MayStopSearch
  bool prefer_preempt = false;  // preference: PreemptionOverBorrowing
  bool strict = false;          // queueingStrategy: StrictFIFO
  bool stopped = false;         // stopPolicy: Hold
};

// Pods that ask for the same, each of them.
struct Pods {
  std::string name = "main";
  int count = 1;
  int least = -1;             // fewer will do, down to so many; -1 = all or nothing
  std::vector<long> request;  // of one pod, by resource
};

struct Job {
  std::string name;  // and UID
  int queue = 0;     // index of a node
  int priority = 0;
  long created = 0;  // seconds
  std::vector<Pods> pods;
  std::vector<long> held;  // by pair; empty = it waits. Pairs past the end: nothing
  long reserved = 0;       // when it got its quota
  bool evicted = false;    // on its way out

  bool holds() const { return !held.empty(); }
  long Held(int pair) const { return pair < static_cast<int>(held.size()) ? held[pair] : 0; }
};

struct World {
  int flavors = 1, resources = 1;
  std::vector<Node> nodes;  // parents before children
  std::vector<Job> jobs;
  bool fair = false;
  bool checked = false;      // queues ask for an admission check
  bool check_active = true;  // and no queue admits while that is not active
  // Fair sharing's strategies in order: true = LessThanOrEqualToFinalShare, false = LessThanInitialShare.
  std::vector<bool> final_share = {true, false};

  // Cohorts always are.
  bool IsActive(int node) const { return nodes[node].cohort || (!nodes[node].stopped && (!checked || check_active)); }
};

// "gpu" and "nic", "f0" and "f1": names of resources and flavors.
std::string ResourceName(int resource);
std::string FlavorNameOf(int flavor);

// What became of one head, in the order heads were processed.
struct Verdict {
  std::string job;
  Mode mode = Mode::kNoFit;
  EntryStatus status = EntryStatus::kNotNominated;
  PendingReason reason = PendingReason::kNone;
  int borrowing = 0;                 // 0 when nothing fits
  std::vector<int> counts;           // of pods, by pod set; empty when nothing fits
  std::vector<std::string> flavors;  // by pod set and resource name, of what is asked for; empty when nothing fits
  std::vector<std::string> targets;  // "job because", sorted
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

struct Outcome {
  std::vector<Verdict> verdicts;
  std::vector<long> usage;  // by (node, pair), after the cycle
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::string ToString(const Job& job, const World& world);
std::string ToString(const World& world);
std::string ToString(const Verdict& verdict);
std::string ToString(const Outcome& outcome);

}  // namespace muster::scheduler::small

#endif  // MUSTER_SCHEDULER_TESTING_SMALL_WORLD_H_
