// Keeps the engine told of the objects there are.
//
// What Kueue's controllers do in their event filters. Policy, nodes and pods go to the engine as they are. A Workload goes
// there too, but while its object lags behind: from the decision that admits it until its admission is seen in the object,
// it holds quota although the object says that it waits.
// Thread-compatible.
#ifndef MUSTER_MANAGER_SCHEDULING_ENGINE_FEED_H_
#define MUSTER_MANAGER_SCHEDULING_ENGINE_FEED_H_

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/world.h"
#include "scheduler/engine.h"

namespace muster::manager {

class EngineFeed {
 public:
  // REQUIRES: both outlive this.
  EngineFeed(const World& world, scheduler::Engine& engine) : world_(world), engine_(engine) {}

  // The object is new or changed; it is gone. Objects of kinds that decide nothing are passed over. Errors: of an object
  // that cannot be read, which then stays as the engine knew it.
  absl::Status Changed(const kube::ObjectPtr& object, absl::Time now);
  void Gone(const kube::Object& object, absl::Time now);

  // The engine admitted it, and that is being written.
  void Assume(const std::string& key, const std::string& uid) { assumed_[key] = uid; }
  // What the engine decided about it did not come to be: it stands where its object says. Errors: as Changed.
  absl::Status Retell(const std::string& key, absl::Time now);

  // The engine's id of a Workload that it knows.
  std::optional<scheduler::WorkloadId> Find(absl::string_view ns, absl::string_view name) const {
    return engine_.FindWorkload(ns, name);
  }

 private:
  absl::Status WorkloadChanged(const kube::ObjectPtr& object, absl::Time now);

  const World& world_;
  scheduler::Engine& engine_;
  absl::flat_hash_map<std::string, std::string> assumed_;  // uids by "namespace/name"
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_SCHEDULING_ENGINE_FEED_H_
