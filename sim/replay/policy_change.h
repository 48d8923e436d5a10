// Objects of a policy that change while a replay runs, as `kubectl apply` would change them.
#ifndef MUSTER_SIM_REPLAY_POLICY_CHANGE_H_
#define MUSTER_SIM_REPLAY_POLICY_CHANGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/object.h"
#include "scheduler/engine.h"
#include "sim/replay/policy.h"

namespace muster::sim {

// Thread-safety: value type.
struct PolicyChange {
  int64_t at_s = 0;  // on the trace's clock
  std::string name;  // for people: the file
  std::vector<api::Object> objects;
};

// Whether a replay can change these: ClusterQueues and LocalQueues that the policy has, Cohorts, ResourceFlavors and
// priority classes. Errors: InvalidArgument naming the file and the object.
absl::Status CheckChange(const ReplayPolicy& policy, const PolicyChange& change);

// Replaces the objects, or adds them, in the policy and in the engine. What is not mentioned stays. REQUIRES:
// CheckChange is ok.
void ApplyChange(const PolicyChange& change, absl::Time now, ReplayPolicy* policy, scheduler::Engine* engine);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_POLICY_CHANGE_H_
