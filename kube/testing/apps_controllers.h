// Deployments, ReplicaSets and StatefulSets, as far as their pods go.
//
// Source of the rules: kube-controller-manager's deployment (rolling update by surge alone), replicaset and statefulset
// (both pod management policies) controllers. Left out: revisions of StatefulSets and their rolling updates, pausing,
// roll-back, events.
#ifndef MUSTER_KUBE_TESTING_APPS_CONTROLLERS_H_
#define MUSTER_KUBE_TESTING_APPS_CONTROLLERS_H_

#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"

namespace muster::kube::testing {

class AppsControllers : public Controller {
 public:
  explicit AppsControllers(ApiServer* server) : server_(*server) {}

  void Observe(const WatchEvent& event, absl::Time now) override;
  // O(pods * owners) when something changed.
  void Run(absl::Time now) override;
  absl::Time NextTime() const override { return changed_ ? absl::InfinitePast() : absl::InfiniteFuture(); }

 private:
  ApiServer& server_;
  bool changed_ = false;
};

// One look at one object; it is the version that is stored.
void SyncDeployment(ApiServer& server, const ObjectPtr& deployment, absl::Time now);
void SyncReplicaSet(ApiServer& server, const ObjectPtr& replica_set, absl::Time now);
void SyncStatefulSet(ApiServer& server, const ObjectPtr& stateful_set, absl::Time now);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_APPS_CONTROLLERS_H_
