#include "manager/core/local_queue_usage.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/core/queue_reconcilers.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// Half of what was used is forgotten every ten seconds; looked at every two.
ManagerOptions Counting() {
  ManagerOptions options;
  options.engine.admission_fair_sharing = {absl::Seconds(10), absl::Seconds(2), {}};
  return options;
}

constexpr char kActiveQueue[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: cq}
spec:
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [cpu]
    flavors: [{name: f, resources: [{name: cpu, nominalQuota: "4"}]}]
status:
  conditions:
  - {type: Active, status: "True", reason: Ready, message: m, lastTransitionTime: "2026-01-01T00:00:00Z"}
)";

constexpr char kAdmittedOf[] = R"(status:
  admission:
    clusterQueue: cq
    podSetAssignments: [{name: main, count: 1, flavors: {cpu: f}, resourceUsage: {cpu: "1"}}]
  conditions:
  - {type: QuotaReserved, status: "True", reason: QuotaReserved, message: m, lastTransitionTime: "2026-01-01T00:00:00Z"}
  - {type: Admitted, status: "True", reason: Admitted, message: m, lastTransitionTime: "2026-01-01T00:00:00Z"}
)";

std::string QueueWith(absl::string_view status) {
  return absl::StrCat(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: lq, namespace: ns}
spec: {clusterQueue: cq}
)",
                      status);
}

struct Seen {
  std::string status;
  absl::Duration look_again;
};

// Samples, and lets what is written become what is there.
Seen SampledAt(SmallCluster& cluster, int64_t second) {
  cluster.engine().SampleLocalQueues(Second(second));
  const Plan plan = ReconcileLocalQueue(cluster.At(second), "ns", "lq");
  Seen seen{"", plan.look_again.value_or(absl::InfiniteDuration())};
  if (plan.steps.empty()) return seen;
  seen.status = plan.steps[0].request.body["status"].value("fairSharing", json()).dump();
  cluster.Apply(plan.steps[0].request.body.dump());
  return seen;
}

TEST(LocalQueueUsage, IsShownAsOftenAsItIsSampled) {
  SmallCluster cluster(Counting());
  cluster.Apply(OneQueue());
  cluster.Apply(kActiveQueue);
  cluster.Apply(absl::StrCat(OneWorkload(), kAdmittedOf));
  Seen seen = SampledAt(cluster, 10);
  EXPECT_EQ(seen.status, R"({"admissionFairSharingStatus":{"consumedResources":{"cpu":"0"},)"
                         R"("lastUpdate":"2026-01-01T00:00:10Z"},"weightedShare":0})");
  EXPECT_EQ(seen.look_again, absl::Seconds(2));
  seen = SampledAt(cluster, 11);
  EXPECT_EQ(seen.status, "") << "not within the interval";
  EXPECT_EQ(seen.look_again, absl::Seconds(1));
  seen = SampledAt(cluster, 20);
  EXPECT_EQ(seen.status, R"({"admissionFairSharingStatus":{"consumedResources":{"cpu":"500m"},)"
                         R"("lastUpdate":"2026-01-01T00:00:20Z"},"weightedShare":0})");
  EXPECT_EQ(seen.look_again, absl::Seconds(2));
  seen = SampledAt(cluster, 22);
  EXPECT_EQ(seen.status, R"({"admissionFairSharingStatus":{"consumedResources":{"cpu":"564724717n"},)"
                         R"("lastUpdate":"2026-01-01T00:00:22Z"},"weightedShare":0})");
}

TEST(LocalQueueUsage, OnlyOfAQueueThatIsActiveAndOnlyWhenItIsCounted) {
  struct Case {
    const char* name;
    ManagerOptions options;
    const char* cluster_queue;
    const char* shown;
  };
  const ManagerOptions counting = Counting();
  ManagerOptions gated = Counting();
  gated.engine.gates.Set(scheduler::Gate::kAdmissionFairSharing, false);
  for (const Case& c :
       {Case{"counted", counting, kActiveQueue, "2026-01-01T00:00:10Z"},
        Case{"its ClusterQueue is not active", counting, "", ""},
        Case{"not configured", ManagerOptions(), kActiveQueue, ""}, Case{"switched off", gated, kActiveQueue, ""}}) {
    SmallCluster cluster(c.options);
    cluster.Apply(OneQueue());
    if (*c.cluster_queue != '\0') cluster.Apply(c.cluster_queue);
    cluster.engine().SampleLocalQueues(Second(10));
    const Plan plan = ReconcileLocalQueue(cluster.At(10), "ns", "lq");
    ASSERT_EQ(plan.steps.size(), 1u) << c.name;
    const json status = plan.steps[0].request.body["status"];
    const json::json_pointer shown("/fairSharing/admissionFairSharingStatus/lastUpdate");
    EXPECT_EQ(status.contains(shown) ? status[shown].get<std::string>() : "", c.shown) << c.name;
    EXPECT_EQ(plan.look_again.has_value(), *c.shown != '\0') << c.name;
  }
}

TEST(LocalQueueUsage, IsRememberedFromTheStatus) {
  struct Case {
    const char* name;
    const char* status;
    const char* after_a_half_life;
  };
  for (const Case& c :
       {Case{"what was used",
             "status: {fairSharing: {weightedShare: 0, admissionFairSharingStatus: {consumedResources: "
             "{cpu: 1500m, memory: 2Gi, \"example.com/gpu\": \"3\"}, lastUpdate: \"2025-01-01T00:00:00Z\"}}}",
             R"({"cpu":"750m","example.com/gpu":"1500m","memory":"1073741824"})"},
        Case{"nothing", "status: {}", "{}"},
        Case{"what cannot be read",
             "status: {fairSharing: {admissionFairSharingStatus: {consumedResources: {cpu: x}}}}", "{}"},
        Case{"what is no list", "status: {fairSharing: {admissionFairSharingStatus: {consumedResources: 7}}}", "{}"},
        Case{"what is no usage", "status: {fairSharing: {admissionFairSharingStatus: [1]}}", "{}"}}) {
    SmallCluster cluster(Counting());
    cluster.Apply(OneQueue());
    cluster.Apply(kActiveQueue);
    cluster.Apply(QueueWith(c.status));
    RememberUsage(*cluster.world().LocalQueue("ns", "lq"), Second(10), &cluster.engine());
    cluster.engine().SampleLocalQueues(Second(10));
    cluster.engine().SampleLocalQueues(Second(20));
    const Plan plan = ReconcileLocalQueue(cluster.At(20), "ns", "lq");
    ASSERT_EQ(plan.steps.size(), 1u) << c.name;
    const json::json_pointer at("/status/fairSharing/admissionFairSharingStatus/consumedResources");
    EXPECT_EQ(plan.steps[0].request.body[at].dump(), c.after_a_half_life) << c.name;
  }
}

}  // namespace
}  // namespace muster::manager
