// Conditions of Workloads and queues, as Kubernetes keeps them.
#ifndef MUSTER_MANAGER_WORKLOAD_CONDITIONS_H_
#define MUSTER_MANAGER_WORKLOAD_CONDITIONS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/meta.h"

namespace muster::manager {

inline constexpr size_t kMaxConditionMessage = 32 * 1024;
inline constexpr size_t kMaxEventMessage = 1024;

// The text, or as much of it as `most` bytes hold with " ..." at its end. (Kueue may cut a character in two; here the cut
// is before it.)
std::string Shorten(absl::string_view text, size_t most);

// Sets the condition of that type. lastTransitionTime moves to `now` only when the status changes. Returns whether
// status, reason, message or observed generation are new. (Kubernetes: meta.SetStatusCondition.)
bool SetCondition(std::vector<api::Condition>* conditions, absl::string_view type, bool status,
                  absl::string_view reason, absl::string_view message, std::optional<int64_t> observed_generation,
                  absl::Time now);

// Returns whether there was one.
bool RemoveCondition(std::vector<api::Condition>* conditions, absl::string_view type);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_WORKLOAD_CONDITIONS_H_
