// A stand-in for the scheduler and all kubelets.
//
// A pod without gates goes to the first node, by name, that its node selector and the node's taints allow and that has
// room; there it runs and is ready at once. Labels of the pod say how it goes on:
//   e2e/run-seconds: N    it succeeds N seconds later
//   e2e/fail-seconds: N   it fails N seconds later
//   e2e/not-ready         it never gets ready
// A pod that is deleted is gone at once, but for what its finalizers hold. All of it may come later, by a Pace.
#ifndef MUSTER_KUBE_TESTING_KUBELET_H_
#define MUSTER_KUBE_TESTING_KUBELET_H_

#include <map>
#include <string>

#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"
#include "kube/testing/pace.h"

namespace muster::kube::testing {

class Kubelet : public Controller {
 public:
  Kubelet(ApiServer* server, const Pace* pace) : server_(*server), pace_(*pace) {}

  void Observe(const WatchEvent& event, absl::Time now) override;
  // O(pods * nodes) when something changed.
  void Run(absl::Time now) override;
  absl::Time NextTime() const override;

 private:
  void Look(const ObjectPtr& pod, absl::Time now);
  // Whether it is time; else the pod is looked at again when it is.
  bool IsTime(const Object& pod, Pace::PodEvent event, absl::Time now);
  void Start(const Object& pod, absl::Time now);
  void End(const Object& pod, bool success, absl::Time now);

  struct Ending {
    absl::Time time;
    bool success = false;
    ObjectKey pod;
  };
  ApiServer& server_;
  const Pace& pace_;
  bool changed_ = false;
  absl::Time look_again_ = absl::InfiniteFuture();
  std::map<std::string, Ending> endings_;  // by UID
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_KUBELET_H_
