// Deletes what nobody owns any more.
//
// Source of the rules: kube-controller-manager's garbagecollector: absent owners, owners that are deleted in the
// foreground, orphaning.
#ifndef MUSTER_KUBE_TESTING_GARBAGE_COLLECTOR_H_
#define MUSTER_KUBE_TESTING_GARBAGE_COLLECTOR_H_

#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"
#include "kube/testing/pace.h"

namespace muster::kube::testing {

// How far it is behind. So who follows owners themselves sees that one is gone before its dependents go.
inline constexpr absl::Duration kGarbageDelay = absl::Milliseconds(100);

class GarbageCollector : public Controller {
 public:
  GarbageCollector(ApiServer* server, const Pace* pace) : server_(*server), pace_(*pace) {}

  void Observe(const WatchEvent& event, absl::Time now) override;
  // O(objects) when something is due.
  void Run(absl::Time now) override;
  absl::Time NextTime() const override { return due_; }

 private:
  void Collect(const ObjectPtr& object, absl::Time now);
  void Finalize(const ObjectPtr& owner, const char* finalizer, absl::Time now);

  ApiServer& server_;
  const Pace& pace_;
  absl::Time due_ = absl::InfiniteFuture();
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_GARBAGE_COLLECTOR_H_
