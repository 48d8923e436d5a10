// A stand-in for the scheduler and all kubelets.
//
// A pod without gates goes to the first node, by name, that its node selector and the node's taints allow and that has
// room; there it runs and is ready at once. Labels of the pod say how it goes on:
//   e2e/run-seconds: N    it succeeds N seconds later
//   e2e/fail-seconds: N   it fails N seconds later
//   e2e/not-ready         it never gets ready
// A pod that is deleted is gone at once, but for what its finalizers hold.
#ifndef MUSTER_KUBE_TESTING_KUBELET_H_
#define MUSTER_KUBE_TESTING_KUBELET_H_

#include <map>
#include <string>

#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"

namespace muster::kube::testing {

class Kubelet : public Controller {
 public:
  explicit Kubelet(ApiServer* server) : server_(*server) {}

  void Observe(const WatchEvent& event, absl::Time now) override;
  // O(pods * nodes) when something changed.
  void Run(absl::Time now) override;
  absl::Time NextTime() const override;

 private:
  void Look(const ObjectPtr& pod, absl::Time now);
  void Start(const Object& pod, absl::Time now);
  void End(const Object& pod, bool success, absl::Time now);

  struct Ending {
    absl::Time time;
    bool success = false;
    ObjectKey pod;
  };
  ApiServer& server_;
  bool changed_ = false;
  std::map<std::string, Ending> endings_;  // by UID
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_KUBELET_H_
