// A cluster of a few objects, written down as YAML, for tests of rules.
//
//   SmallCluster cluster(options);
//   cluster.Apply(R"(...one or more documents...)");
//   Plan plan = ReconcileWorkload(cluster.At(10), "ns", "w");
#ifndef MUSTER_MANAGER_TESTING_SMALL_CLUSTER_H_
#define MUSTER_MANAGER_TESTING_SMALL_CLUSTER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "manager/core/context.h"
#include "manager/options.h"
#include "manager/plan.h"
#include "manager/scheduling/engine_feed.h"
#include "manager/world.h"
#include "scheduler/engine.h"

namespace muster::manager {

// 2026-01-01T00:00:00Z and so many seconds: the time of everything in these tests.
absl::Time Second(int64_t seconds);

class SmallCluster {
 public:
  explicit SmallCluster(ManagerOptions options = {});

  // Objects, created or replaced, in the order written. What has no uid gets its name, what has no resourceVersion gets
  // the next. Fails the test on what cannot be read.
  void Apply(absl::string_view yaml);

  Context At(int64_t seconds) const { return {world_, engine_, Second(seconds)}; }
  const World& world() const { return world_; }
  scheduler::Engine& engine() { return engine_; }

 private:
  World world_;
  scheduler::Engine engine_;
  EngineFeed feed_;
  int64_t version_ = 0;
};

// A ResourceFlavor "f", a ClusterQueue "cq" with 4 cpus of it, a LocalQueue "lq" in namespace "ns".
absl::string_view OneQueue();
// The head of a Workload "w" of that queue, of one pod with one cpu and owned by a Job; a status can be written below it.
absl::string_view OneWorkload();

// What a plan does, a line for each step and event: "PATCH workloads/status ns/w (apply kueue-admission, forced)",
// "  Normal Evicted...: message".
std::string Text(const Plan& plan);
// The status of a condition in the body of a step: "True Reason: message", "" if it has none.
std::string ConditionIn(const Step& step, absl::string_view type);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_TESTING_SMALL_CLUSTER_H_
