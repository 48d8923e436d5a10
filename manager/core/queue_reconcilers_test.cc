#include "manager/core/queue_reconcilers.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/core/finalizers.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using nlohmann::json;

json StatusOf(const Plan& plan) {
  return plan.steps.empty() ? json() : plan.steps[0].request.body.value("status", json());
}

TEST(QueueReconcilers, FiguresOfWhatWaitsAndWhatHolds) {
  SmallCluster cluster;
  cluster.Apply(OneQueue());
  cluster.Apply(absl::StrCat(OneWorkload(), R"(status:
  admission:
    clusterQueue: cq
    podSetAssignments: [{name: main, count: 1, flavors: {cpu: f}, resourceUsage: {cpu: "1"}}]
  conditions:
  - {type: QuotaReserved, status: "True", reason: QuotaReserved, message: m, lastTransitionTime: "2026-01-01T00:00:10Z"}
)"));
  const json queue = StatusOf(ReconcileClusterQueue(cluster.At(20), "cq"));
  EXPECT_EQ(queue["reservingWorkloads"], 1);
  EXPECT_EQ(queue["admittedWorkloads"], 0) << "it waits for a check";
  EXPECT_EQ(queue["flavorsReservation"].dump(),
            R"([{"name":"f","resources":[{"borrowed":"0","name":"cpu","total":"1"}]}])");
  EXPECT_EQ(queue["flavorsUsage"].dump(), R"([{"name":"f","resources":[{"borrowed":"0","name":"cpu","total":"0"}]}])");
  EXPECT_EQ(queue["conditions"][0]["reason"], "Ready");
  EXPECT_FALSE(queue.contains("fairSharing"));

  const json local = StatusOf(ReconcileLocalQueue(cluster.At(20), "ns", "lq"));
  EXPECT_EQ(local["reservingWorkloads"], 1);
  EXPECT_EQ(local["conditions"][0]["reason"], "ClusterQueueIsInactive")
      << "the ClusterQueue's status is not written yet";
  EXPECT_EQ(local["flavorsReservation"].dump(), R"([{"name":"f","resources":[{"name":"cpu","total":"1"}]}])");
}

TEST(QueueReconcilers, WhatIsWrittenIsNotWrittenAgain) {
  SmallCluster cluster;
  cluster.Apply(OneQueue());
  const Plan first = ReconcileClusterQueue(cluster.At(20), "cq");
  ASSERT_EQ(first.steps.size(), 1u);
  EXPECT_EQ(kube::Summary(first.steps[0].request), "PUT clusterqueues/status cq");
  cluster.Apply(first.steps[0].request.body.dump());
  EXPECT_EQ(Text(ReconcileClusterQueue(cluster.At(30), "cq")), "");
}

TEST(QueueReconcilers, AClusterQueueThatIsUsedStays) {
  SmallCluster cluster;
  cluster.Apply(OneQueue());
  cluster.Apply(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: cq, finalizers: [kueue.x-k8s.io/resource-in-use], deletionTimestamp: "2026-01-01T00:00:30Z"}
spec: {namespaceSelector: {}}
)");
  EXPECT_EQ(Text(ReconcileClusterQueue(cluster.At(30), "cq")), "PUT clusterqueues cq\n");
}

TEST(QueueReconcilers, AFlavorStaysWhileAClusterQueueNamesIt) {
  SmallCluster cluster;
  cluster.Apply(OneQueue());
  const kube::ObjectKey key{&ResourceFlavorType(), "", "f"};
  EXPECT_EQ(Text(ReconcileReferenced(cluster.At(30), key)), "PUT resourceflavors f\n") << "it gets its finalizer";
  const std::string deleting = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: f, finalizers: [kueue.x-k8s.io/resource-in-use], deletionTimestamp: "2026-01-01T00:00:30Z"}
)";
  cluster.Apply(deleting);
  EXPECT_EQ(Text(ReconcileReferenced(cluster.At(30), key)), "");
  cluster.Apply(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: cq}
spec: {namespaceSelector: {}}
)");
  EXPECT_EQ(Text(ReconcileReferenced(cluster.At(30), key)), "PUT resourceflavors f\n");
}

TEST(QueueReconcilers, APriorityClassIsFollowedByItsWorkloads) {
  SmallCluster cluster;
  cluster.Apply(OneQueue());
  cluster.Apply(absl::StrCat(OneWorkload(),
                             "  priority: 5\n  priorityClassRef: {group: kueue.x-k8s.io, kind: "
                             "WorkloadPriorityClass, name: high}\n"));
  cluster.Apply("{apiVersion: kueue.x-k8s.io/v1beta2, kind: WorkloadPriorityClass, metadata: {name: high}, value: 7}");
  const Plan plan = ReconcilePriorityClass(cluster.At(30), "high");
  ASSERT_EQ(Text(plan), "PUT workloads ns/w\n");
  EXPECT_EQ(plan.steps[0].request.body["spec"]["priority"], 7);
}

}  // namespace
}  // namespace muster::manager
