// The state of the cluster as one review sees it.
#ifndef MUSTER_WEBHOOK_STATE_NEEDED_STATE_H_
#define MUSTER_WEBHOOK_STATE_NEEDED_STATE_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "webhook/state/cluster_state.h"

namespace muster::webhook {

// Of all lookups of one review.
inline constexpr absl::Duration kLookupBudget = absl::Seconds(4);

// Passes everything on and remembers whether the answer was made of something that is not known yet; then it must not be
// given. Lookups of one review share a budget of time: a chain of owners that each just make it would outlast the
// patience of the API server that asks. Thread-compatible.
class NeededState : public ClusterState {
 public:
  // REQUIRES: `all` outlives this.
  explicit NeededState(const ClusterState& all, absl::Duration lookup_budget = kLookupBudget)
      : all_(all), budget_(lookup_budget) {}

  // The kinds that were asked for while they were not known: "LocalQueue, Namespace"; "" when there is none.
  std::string Missing() const;
  // Whether something was to be looked up after the budget was spent.
  bool lookups_refused() const { return refused_; }

  bool Knows(FollowedKind kind) const override { return all_.Knows(kind); }
  std::shared_ptr<const api::StringMap> NamespaceLabels(absl::string_view ns) const override;
  bool HasLocalQueue(absl::string_view ns, absl::string_view name) const override;
  bool HasWorkloadPriorityClass(absl::string_view name) const override;
  bool UsesMultiKueue(absl::string_view ns, absl::string_view local_queue) const override;
  std::shared_ptr<const nlohmann::json> TrainingRuntime(absl::string_view ns, absl::string_view name) const override;
  // DeadlineExceeded, with an ApiError, once the budget is spent.
  absl::StatusOr<std::shared_ptr<const nlohmann::json>> Lookup(const ObjectRef& ref) const override;

 private:
  // Before the objects of a kind are looked at: one that becomes known in between was not known when it mattered.
  void Need(FollowedKind kind) const;

  const ClusterState& all_;
  mutable absl::Duration budget_;
  mutable bool refused_ = false;
  mutable bool missing_[kFollowedKinds] = {};
};

// "LocalQueue".
absl::string_view KindName(FollowedKind kind);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_STATE_NEEDED_STATE_H_
