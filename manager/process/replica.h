// One of several managers of a cluster: it knows all that happens, and works only while it leads.
//
// Between the threads of the process and the pure loop of the manager: what watchers and writers say goes in, one after the
// other, and what is to be written comes out. So it has no threads either, and what it does follows from what it is told.
//
//   replica.Listed(type, objects, version, now);  // for each type, whenever it is listed
//   replica.Told(object, now); replica.Gone(key, version, now); replica.Answer(id, response, now);
//   replica.Lead();
//   for (Outgoing& write : replica.Work(now)) …
#ifndef MUSTER_MANAGER_PROCESS_REPLICA_H_
#define MUSTER_MANAGER_PROCESS_REPLICA_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "kube/request.h"
#include "manager/loop/manager.h"
#include "manager/options.h"
#include "manager/process/tombstones.h"

namespace muster::manager {

// Thread-compatible.
class Replica {
 public:
  // `types`: all that are followed. `instance`: the name of the host.
  Replica(ManagerOptions options, const std::string& instance, const std::vector<const kube::ResourceType*>& types);

  // Called with every Workload that becomes another one: before is null when it is new, after when it is gone.
  using OnWorkload = std::function<void(const kube::ObjectPtr& before, const kube::ObjectPtr& after, absl::Time now)>;
  void set_on_workload(OnWorkload on_workload) { on_workload_ = std::move(on_workload); }
  void set_observer(LoopObserver* observer) { manager_.set_observer(observer); }

  // All objects of a type there are, as of `version`; 0: the type is not installed. What was written here after that
  // stays, the watch will tell.
  void Listed(const kube::ResourceType& type, std::vector<kube::ObjectPtr> objects, uint64_t version, absl::Time now);
  void Told(const kube::ObjectPtr& object, absl::Time now);
  void Gone(const kube::ObjectKey& key, uint64_t version, absl::Time now);
  // To a write of Work that is no event.
  void Answer(int64_t id, kube::Response response, absl::Time now);
  // From now on this replica works.
  void Lead() { leads_ = true; }

  bool leads() const { return leads_; }
  // Whether every type was listed. Until then nothing is decided: a reservation that is not known yet would be given away.
  bool synced() const { return missing_.empty(); }
  // What is still to be listed: "workloads.kueue.x-k8s.io".
  std::vector<std::string> missing() const;
  // Why there is no going on; OK as long as there is. Aborted: versions ran backwards, as after a backup was put back;
  // what is known cannot be compared with what is told.
  const absl::Status& status() const { return status_; }

  // What to send; nothing unless this replica leads and is synced.
  std::vector<Outgoing> Work(absl::Time now);
  absl::Time NextTime() const;

  const Manager& manager() const { return manager_; }
  std::vector<std::string> TakeProblems() { return manager_.TakeProblems(); }

 private:
  template <class Change>
  void Watched(const kube::ObjectKey& key, absl::Time now, Change change);
  void See(const kube::ResourceType& type, uint64_t version) {
    uint64_t& highest = highest_[&type];
    highest = version > highest ? version : highest;
  }

  Manager manager_;
  Tombstones tombstones_;
  std::set<const kube::ResourceType*> missing_;
  std::map<const kube::ResourceType*, uint64_t> highest_;  // versions that were told
  OnWorkload on_workload_;
  bool leads_ = false;
  absl::Status status_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_REPLICA_H_
