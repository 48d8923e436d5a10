#include "webhook/state/needed_state.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "webhook/state/cluster_state.h"

namespace muster::webhook {
namespace {

// Knows some kinds, and takes its time to look something up.
class SomeState : public CachedClusterState {
 public:
  std::set<FollowedKind> unknown;
  absl::Duration takes;
  bool Knows(FollowedKind kind) const override { return !unknown.contains(kind); }
  absl::StatusOr<std::shared_ptr<const nlohmann::json>> Lookup(const ObjectRef&) const override {
    absl::SleepFor(takes);
    return std::make_shared<const nlohmann::json>(nlohmann::json::object());
  }
};

TEST(NeededState, OnlyWhatWasAskedForIsMissing) {
  SomeState all;
  all.unknown = {FollowedKind::kNamespace, FollowedKind::kClusterQueue, FollowedKind::kTrainingRuntime};
  const NeededState none(all);
  EXPECT_EQ(none.Missing(), "");
  none.HasLocalQueue("a", "q");
  none.HasWorkloadPriorityClass("p");
  none.TrainingRuntime("", "cluster-wide");
  EXPECT_EQ(none.Missing(), "");
  none.UsesMultiKueue("a", "q");
  none.TrainingRuntime("a", "r");
  none.NamespaceLabels("a");
  EXPECT_EQ(none.Missing(), "Namespace, ClusterQueue, TrainingRuntime");
  const NeededState by_lookup(all);
  (void)by_lookup.Lookup({"", "v1", "Namespace", "", "a"});
  EXPECT_EQ(by_lookup.Missing(), "Namespace");
}

TEST(NeededState, WhatBecomesKnownAfterItWasAskedForWasMissingAllTheSame) {
  SomeState all;
  all.unknown = {FollowedKind::kLocalQueue};
  const NeededState state(all);
  state.HasLocalQueue("a", "q");
  all.unknown.clear();
  state.HasLocalQueue("a", "q");
  EXPECT_EQ(state.Missing(), "LocalQueue");
}

TEST(NeededState, TheLookupsOfOneReviewShareTheirTime) {
  SomeState all;
  all.takes = absl::Milliseconds(2);
  const NeededState state(all, absl::Milliseconds(5));
  int looked_up = 0;
  absl::Status status;
  for (; looked_up < 10 && status.ok(); ++looked_up) status = state.Lookup({"batch", "v1", "Job", "a", "j"}).status();
  EXPECT_LE(looked_up, 4);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status));
  ASSERT_TRUE(ApiErrorOf(status).has_value());
  EXPECT_EQ(ApiErrorOf(status)->code, 504);
}

}  // namespace
}  // namespace muster::webhook
