#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "manager/scheduling/decision_writes.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

std::string Named(const std::string& name, const std::string& annotations) {
  return absl::StrReplaceAll(OneWorkload(), {{"  name: w\n", absl::StrCat("  name: ", name, "\n", annotations)}});
}

TEST(ReplaceSlice, TheSliceThatItTakesThePlaceOfIsFinished) {
  SmallCluster cluster;
  cluster.Apply(OneQueue());
  cluster.Apply(Named("new", "  annotations: {kueue.x-k8s.io/workload-slice-replacement-for: ns/old}\n"));
  EXPECT_EQ(Text(ReplaceSlice(cluster.At(5), "ns", "new")), "") << "it is gone";
  cluster.Apply(Named("old", ""));
  const std::string message =
      "Replaced to accommodate a workload (UID: new, JobUID: job-a) due to workload slice aggregation";
  const Plan plan = ReplaceSlice(cluster.At(5), "ns", "new");
  EXPECT_EQ(Text(plan), absl::StrCat("PATCH workloads/status ns/old (apply kueue-admission, forced)\n",
                                     "  Normal WorkloadSliceReplaced: ", message, "\n"));
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(plan.steps[0].events[0].action, "Replaced");
  EXPECT_EQ(ConditionIn(plan.steps[0], "Finished"), absl::StrCat("True WorkloadSliceReplaced: ", message));
  EXPECT_TRUE(plan.steps[0].request.body["metadata"].contains("resourceVersion")) << "whoever comes first says why";
  EXPECT_EQ(Text(ReplaceSlice(cluster.At(5), "ns", "old")), "") << "it takes nobody's place";
}

TEST(ReplaceSlice, OnlyOnceAndOnlyInItsNamespace) {
  SmallCluster cluster;
  cluster.Apply(OneQueue());
  cluster.Apply(Named("new", "  annotations: {kueue.x-k8s.io/workload-slice-replacement-for: ns/old}\n"));
  cluster.Apply(Named("stray", "  annotations: {kueue.x-k8s.io/workload-slice-replacement-for: other/old}\n"));
  cluster.Apply(absl::StrCat(Named("old", ""), R"(status:
  conditions:
  - {type: Finished, status: "True", reason: WorkloadSliceReplaced, message: m, lastTransitionTime: "2026-01-01T00:00:01Z"}
)"));
  EXPECT_EQ(Text(ReplaceSlice(cluster.At(5), "ns", "new")), "");
  EXPECT_EQ(Text(ReplaceSlice(cluster.At(5), "ns", "stray")), "");
}

}  // namespace
}  // namespace muster::manager
