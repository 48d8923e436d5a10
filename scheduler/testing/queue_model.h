// Kueue's queue manager again, written without looking at the engine: maps that are walked and sorted on every
// question. Testonly; the engine's queues are held against it (queue_model_test.cc).
//
// Source of the rules: Kueue, pkg/cache/queue (cluster_queue.go, pending_workloads.go, inadmissible_workloads.go,
// manager.go) and the event handlers of pkg/controller/core. What a cycle decides about the heads is told to it; the
// model knows where they go.
#ifndef MUSTER_SCHEDULER_TESTING_QUEUE_MODEL_H_
#define MUSTER_SCHEDULER_TESTING_QUEUE_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/decision.h"

namespace muster::scheduler::naive {

// A workload as the API server has it.
struct Object {
  std::string key;  // namespace/name
  std::string uid;
  std::string local_queue;  // namespace/name
  int64_t created = 0;
  // Spec.
  int64_t generation = 1;
  int64_t priority = 0;
  int count = 1;
  int gpus = 1;
  bool active = true;
  // Status.
  int reclaimed = 0;
  bool evicted = false;
  int64_t evicted_at = 0;  // of the condition Evicted; 0 = there is none
  std::optional<bool> requeued;
  std::string eviction_reason;
  bool holds_quota = false;
  bool finished = false;
};

class QueueManager {
 public:
  struct Gates {
    bool equivalence_hashing = true;
    bool preserve_scan_progress = true;
  };
  explicit QueueManager(Gates gates) : gates_(gates) {}

  // ClusterQueues and LocalQueues.
  void AddClusterQueue(const std::string& name, const std::string& root, bool strict, int64_t now);
  void UpdateClusterQueue(const std::string& name, bool strict, bool stopped, int64_t now);
  void AddLocalQueue(const std::string& key, const std::string& cq, const std::map<std::string, Object>& objects);
  void DeleteLocalQueue(const std::string& key);
  void MoveLocalQueue(const std::string& key, const std::string& cq);
  bool HasLocalQueue(const std::string& key) const { return local_queues_.count(key) > 0; }
  // Namespaces that the selectors of all ClusterQueues leave out.
  void HideNamespace(const std::string& ns) { hidden_.insert(ns); }

  // A workload that is to be queued was created or updated.
  void AddOrUpdate(const Object& object);
  void Delete(const std::string& key);
  // Who waits in the tree fed by the workload's LocalQueue may fit now.
  void NotifyQueueOf(const std::string& key, int64_t now);
  // The workload is gone for good.
  void Forget(const std::string& key);
  void Advance(int64_t now);

  bool HasHeads() const;
  // Takes the head of every active ClusterQueue.
  std::vector<std::string> Heads();
  // A head that was not let in. `pending_flavors`: what its nomination leaves to try; nullopt: not nominated.
  void Requeue(const Object& object, RequeueReason reason, std::optional<bool> pending_flavors);

  std::vector<std::string> Heap(const std::string& cq) const;
  std::set<std::string> Parked(const std::string& cq) const;

 private:
  struct Info {
    Object object;
    int64_t last_evaluated_generation = 0;
    bool pending_flavors = false;  // of LastAssignment
  };
  struct ClusterQueue {
    std::string root;
    bool strict = false, stopped = false;
    std::map<std::string, Info> heap, inadmissible;
    std::optional<Info> inflight;
    int64_t pop_cycle = 0, queue_inadmissible_cycle = -1;
    std::set<std::string> bulk_moved;
    std::string preemptor;
    bool sticky = false;
  };
  struct LocalQueue {
    std::string cq;
    std::map<std::string, Info> items;
  };

  static std::string Hash(const Object& object);
  static bool BackoffExpired(const Object& object) { return object.requeued.value_or(true); }
  static bool IsAdmissible(const Object& o) { return o.active && !o.finished && !o.holds_quota; }
  static std::string Namespace(const std::string& key) { return key.substr(0, key.find('/')); }
  static bool Less(const ClusterQueue& cq, const Info& a, const Info& b);
  static std::vector<const Info*> Sorted(const ClusterQueue& cq);
  void PushOrUpdate(ClusterQueue* cq, const Info& info);
  void DeleteFrom(ClusterQueue* cq, const std::string& key);
  void AddFromLocalQueue(ClusterQueue* cq, const LocalQueue& lq);
  void QueueInadmissible(ClusterQueue* cq);

  Gates gates_;
  std::map<std::string, ClusterQueue> queues_;
  std::map<std::string, LocalQueue> local_queues_;
  std::map<std::string, std::string> assigned_;  // workload -> LocalQueue
  std::set<std::string> hidden_;
  std::map<std::string, int64_t> due_;  // root -> when
};

}  // namespace muster::scheduler::naive

#endif  // MUSTER_SCHEDULER_TESTING_QUEUE_MODEL_H_
