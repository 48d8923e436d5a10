// The world around a manager of jobs: the controllers of Kubernetes and a stand-in for scheduler and kubelets.
//
//   ApiServer server;
//   Cluster cluster(&server);
//   cluster.Step(now);                 // after every write, or at
//   absl::Time next = cluster.NextTime();
//
// What reacts at once in a cluster without load reacts at the same instant here, so that time is spent where the real
// ones wait: the Job controller gathers changes of pods for a second, the garbage collector is a little behind
// (kGarbageDelay), pods run for as long as their labels say.
#ifndef MUSTER_KUBE_TESTING_CLUSTER_H_
#define MUSTER_KUBE_TESTING_CLUSTER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"

namespace muster::kube::testing {

// Deterministic. Thread-compatible.
class Cluster {
 public:
  // REQUIRES: `server` outlives the cluster.
  explicit Cluster(ApiServer* server);
  ~Cluster();

  // Lets every controller see what changed since the last step and do what is due, until nothing is.
  void Step(absl::Time now);
  // When something is due next, InfinitePast if Step would find changes to look at, InfiniteFuture if nothing is due.
  absl::Time NextTime() const;

 private:
  ApiServer& server_;
  size_t cursor_ = 0;
  std::vector<std::unique_ptr<Controller>> controllers_;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_CLUSTER_H_
