// The world around a manager of jobs: the controllers of Kubernetes and a stand-in for scheduler and kubelets.
//
//   ApiServer server;
//   Cluster cluster(&server);
//   while (cluster.NextTime() <= now) cluster.Step(now);
//
// What reacts at once in a cluster without load reacts at the same instant here, so that time is spent where the real
// ones wait: the Job controller gathers changes of pods for a second, the garbage collector is a little behind
// (kGarbageDelay), pods run for as long as their labels say. A Pace may know other times.
#ifndef MUSTER_KUBE_TESTING_CLUSTER_H_
#define MUSTER_KUBE_TESTING_CLUSTER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"
#include "kube/testing/pace.h"

namespace muster::kube::testing {

// Deterministic. Thread-compatible.
class Cluster {
 public:
  // `jobs`: whoever runs the pods of Jobs; nullptr = one that knows the rules of the Job controller. REQUIRES: `server` and
  // `pace` outlive the cluster; nullptr = everything at once.
  explicit Cluster(ApiServer* server, const Pace* pace = nullptr, std::unique_ptr<Controller> jobs = nullptr);
  ~Cluster();

  // Lets every controller see what changed since the last step, and do what is due once. What they do may call for another
  // step at the same instant; others can act in between.
  void Step(absl::Time now);
  // When something is due next, InfinitePast if Step would find changes to look at, InfiniteFuture if nothing is due.
  absl::Time NextTime() const;

 private:
  ApiServer& server_;
  const Pace at_once_;
  size_t cursor_ = 0;
  std::vector<std::unique_ptr<Controller>> controllers_;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_CLUSTER_H_
