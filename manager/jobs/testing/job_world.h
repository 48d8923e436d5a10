// Small clusters for tests of job reconcilers, and plans as text.
//
//   JobWorld world;                          // namespace g and flavor rf
//   world.Add(kBatchJob, "{spec: {suspend: false}}");
//   world.Add(kWorkload, "{}", "QuotaReserved Admitted");
//   EXPECT_EQ(TextOf(ReconcileJob(world.get(), ...)), "PATCH jobs g/a (merge) {...}\n+ Started: Admitted by ...\n");
#ifndef MUSTER_MANAGER_JOBS_TESTING_JOB_WORLD_H_
#define MUSTER_MANAGER_JOBS_TESTING_JOB_WORLD_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// Job g/a with two pods, in queue lq, held back.
extern const char kBatchJob[];
// The Workload of kBatchJob, without status.
extern const char kWorkload[];

class JobWorld {
 public:
  explicit JobWorld(ManagerOptions options = AllFrameworks());

  // Options with all of Kueue's frameworks enabled.
  static ManagerOptions AllFrameworks();

  // Adds an object written as YAML, with a merge patch over it. `conditions`: words like "Admitted", "!Admitted/Reason"
  // for one that is False, "Evicted/Preempted" with a reason. REQUIRES: they are such.
  kube::ObjectPtr Add(absl::string_view yaml, absl::string_view patch = "{}", absl::string_view conditions = "");
  const World& get() const { return *world_; }
  World& get() { return *world_; }

 private:
  std::unique_ptr<World> world_;
};

// 2026-01-01T00:10:00Z, ten minutes after the conditions of JobWorld became what they are.
absl::Time TestNow();

nlohmann::json FromYaml(absl::string_view yaml);

// One line per request, with what is in its body; one per event ("+ Reason: message", "+ Warning Reason: ..."), after the
// request with which it is said; "again in 5s" and "error: ..." at the end. Conditions are "Type=True(Reason)".
std::string TextOf(const Plan& plan);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_TESTING_JOB_WORLD_H_
