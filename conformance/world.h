// Turns the input part of a case into an engine that holds it.
#ifndef MUSTER_CONFORMANCE_WORLD_H_
#define MUSTER_CONFORMANCE_WORLD_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/kueue.h"
#include "conformance/case.h"
#include "quota/forest.h"
#include "scheduler/engine.h"

namespace muster::conformance {

// The instant all clocks of the case stand at.
absl::Time Now(const Case& c);

// Gates and configuration of the case. Parked workloads are looked at again only when a step says so, hence a batch of
// 0. Errors: InvalidArgument for what the library does not know.
absl::StatusOr<scheduler::EngineOptions> Options(const Case& c);

// Applies one object, exactly as written (no defaulting). Errors: what the codec says; Unimplemented for a kind the
// engine does not take.
absl::Status ApplyObject(const Json& object, absl::Time now, scheduler::Engine& engine);

// Applies all objects. Within a kind the recorded order is kept; ClusterQueues come before Cohorts because the recorded
// generations of ClusterQueues were counted that way. `pods`: whether pods count on their nodes.
absl::Status ApplyAll(const Json& objects, absl::Time now, scheduler::Engine& engine, bool pods = true);

// Options, engine and all objects of the case.
absl::StatusOr<scheduler::Engine> BuildWorld(const Case& c);
// The same with the objects applied exactly in the order they are written.
absl::StatusOr<scheduler::Engine> BuildWorldInOrder(const Case& c);

// Tells the engine what LocalQueues consumed before (initialLocalQueueUsage).
absl::Status SetConsumedResources(const Case& c, scheduler::Engine& engine);

absl::StatusOr<api::Workload> ParseWorkload(const Json& object);
// The admission in a comparable form: quantities as numbers, topology assignments expanded.
Json Canonical(const api::Admission& admission);
// The same for an admission as recorded.
absl::StatusOr<Json> CanonicalAdmission(const Json& admission);

// Recorded amounts: a number or "unlimited".
quota::Amount ToAmount(const Json& value);

// Flavor-resource pairs of an engine, by name.
class FrTable {
 public:
  explicit FrTable(scheduler::Engine& engine);
  // nullopt if no quota names the pair.
  std::optional<quota::FrId> Find(absl::string_view flavor, absl::string_view resource) const;
  int size() const { return static_cast<int>(names_.size()); }
  // {flavor, resource}
  const std::pair<std::string, std::string>& name(quota::FrId fr) const { return names_[fr]; }
  // The name behind the id that shares are reported with; "" for -1.
  std::string ResourceName(quota::ResId id) const;

 private:
  std::vector<std::pair<std::string, std::string>> names_;
  std::map<std::pair<std::string, std::string>, quota::FrId> ids_;
  std::vector<std::string> resources_;  // sorted
};

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_WORLD_H_
