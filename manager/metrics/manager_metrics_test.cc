// What Prometheus reads: gauges of a small cluster, counters of what became of workloads.
#include "manager/metrics/manager_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "api/yaml.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCluster[] = R"(
apiVersion: v1
kind: Namespace
metadata: {name: ns, labels: {kubernetes.io/metadata.name: ns}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: f}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: cq}
spec:
  cohortName: all
  namespaceSelector: {}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "4", borrowingLimit: "1500m"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: broken}
spec:
  namespaceSelector: {}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: missing, resources: [{name: cpu, nominalQuota: "4"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: lq, namespace: ns}
spec: {clusterQueue: cq}
status: {conditions: [{type: Active, status: "True", reason: Ready, message: "", lastTransitionTime: "2026-01-01T00:00:00Z"}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: nowhere, namespace: ns}
spec: {clusterQueue: broken}
)";

std::string WorkloadText(const std::string& name, const std::string& queue, const std::string& status = "") {
  return absl::StrCat(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata: {name: )",
                      name, R"(, namespace: ns, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  queueName: )",
                      queue, R"(
  podSets:
  - name: main
    count: 1
    template: {spec: {restartPolicy: Never, containers: [{name: c, image: x, resources: {requests: {cpu: 1500m}}}]}}
)",
                      status);
}

constexpr char kAdmitted[] = R"(status:
  admission:
    clusterQueue: cq
    podSetAssignments: [{name: main, count: 1, flavors: {cpu: f}, resourceUsage: {cpu: 1500m}}]
  conditions:
  - {type: QuotaReserved, status: "True", reason: QuotaReserved, message: "", lastTransitionTime: "2026-01-01T00:00:01Z"}
  - {type: Admitted, status: "True", reason: Admitted, message: "", lastTransitionTime: "2026-01-01T00:00:01Z"}
)";

kube::ObjectPtr ObjectOf(const std::string& yaml, int version) {
  nlohmann::json object = api::ParseYaml(yaml).at(0).value;
  object["metadata"]["uid"] = object["metadata"]["name"];
  object["metadata"]["resourceVersion"] = std::to_string(version);
  return *kube::Object::Parse(std::move(object));
}

class ManagerMetricsTest : public ::testing::Test {
 protected:
  ManagerMetricsTest() : manager_({}) {
    for (api::YamlDocument& document : api::ParseYaml(kCluster)) {
      document.value["metadata"]["uid"] = document.value["metadata"]["name"];
      document.value["metadata"]["resourceVersion"] = std::to_string(++version_);
      manager_.Observe(*kube::Object::Parse(std::move(document.value)), Second(0));
    }
  }
  void Observe(const std::string& yaml) { manager_.Observe(ObjectOf(yaml, ++version_), Second(1)); }
  std::string Text(MetricsOptions options = {.leader_election = false, .cluster_queue_resources = true}) {
    ManagerMetrics metrics(options);
    return metrics.Text(metrics.GaugesOf(manager_), {});
  }

  Manager manager_;
  int version_ = 0;
};

TEST_F(ManagerMetricsTest, GaugesSayWhoWaitsAndWhoHoldsWhat) {
  Observe(WorkloadText("held", "lq", kAdmitted));
  Observe(WorkloadText("waits", "lq"));
  Observe(WorkloadText("stuck", "nowhere"));
  const std::string text = Text();
  for (
      const char* line : {
          R"(kueue_pending_workloads{cluster_queue="cq",status="active",replica_role="standalone"} 1)",
          R"(kueue_pending_workloads{cluster_queue="cq",status="inadmissible",replica_role="standalone"} 0)",
          R"(kueue_pending_workloads{cluster_queue="broken",status="active",replica_role="standalone"} 0)",
          R"(kueue_pending_workloads{cluster_queue="broken",status="inadmissible",replica_role="standalone"} 1)",
          R"(kueue_reserving_active_workloads{cluster_queue="cq",replica_role="standalone"} 1)",
          R"(kueue_admitted_active_workloads{cluster_queue="cq",replica_role="standalone"} 1)",
          R"(kueue_cluster_queue_status{cluster_queue="cq",status="active",replica_role="standalone"} 1)",
          R"(kueue_cluster_queue_status{cluster_queue="broken",status="pending",replica_role="standalone"} 1)",
          R"(kueue_local_queue_pending_workloads{name="lq",namespace="ns",status="active",replica_role="standalone"} 1)",
          R"(kueue_local_queue_status{name="lq",namespace="ns",active="True",replica_role="standalone"} 1)",
          R"(kueue_local_queue_status{name="nowhere",namespace="ns",active="Unknown",replica_role="standalone"} 1)",
          R"(kueue_local_queue_resource_usage{name="lq",namespace="ns",flavor="f",resource="cpu",replica_role="standalone"} 1.5)",
          R"(kueue_cluster_queue_resource_usage{cohort="all",cluster_queue="cq",flavor="f",resource="cpu",replica_role="standalone"} 1.5)",
          R"(kueue_cluster_queue_nominal_quota{cohort="all",cluster_queue="cq",flavor="f",resource="cpu",replica_role="standalone"} 4)",
          R"(kueue_cluster_queue_borrowing_limit{cohort="all",cluster_queue="cq",flavor="f",resource="cpu",replica_role="standalone"} 1.5)",
          R"(kueue_cluster_queue_lending_limit{cohort="all",cluster_queue="cq",flavor="f",resource="cpu",replica_role="standalone"} +Inf)",
          R"(leader_election_master_status{name=""} 1)",
      }) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(line, "\n")));
  }
}

TEST_F(ManagerMetricsTest, WhatIsOptionalIsLeftOut) {
  Observe(WorkloadText("held", "lq", kAdmitted));
  const std::string text = Text({.leader_election = true, .local_queues = false});
  EXPECT_THAT(text, Not(HasSubstr("kueue_cluster_queue_resource_usage")));
  EXPECT_THAT(text, Not(HasSubstr("kueue_local_queue_")));
  EXPECT_THAT(text, HasSubstr("replica_role=\"follower\""));
}

TEST_F(ManagerMetricsTest, CountersFollowWorkloadsOfTheLeader) {
  ManagerMetrics metrics({});
  const kube::ObjectPtr waiting = ObjectOf(WorkloadText("w", "lq"), 1);
  const kube::ObjectPtr admitted = ObjectOf(WorkloadText("w", "lq", kAdmitted), 2);
  metrics.WorkloadChanged(waiting, admitted, Second(7));
  EXPECT_THAT(metrics.Text({}, {}), Not(HasSubstr("kueue_admitted_workloads_total")))
      << "another replica did it, and counts it";
  metrics.Lead();
  metrics.WorkloadChanged(waiting, admitted, Second(7));
  const std::string text = metrics.Text({}, {});
  for (
      const char* line : {
          R"(kueue_quota_reserved_workloads_total{cluster_queue="cq",priority_class="",replica_role="leader"} 1)",
          R"(kueue_admitted_workloads_total{cluster_queue="cq",priority_class="",replica_role="leader"} 1)",
          R"(kueue_admission_wait_time_seconds_sum{cluster_queue="cq",priority_class="",replica_role="leader"} 7)",
          R"(kueue_admission_wait_time_seconds_bucket{cluster_queue="cq",priority_class="",replica_role="leader",le="5"} 0)",
          R"(kueue_admission_wait_time_seconds_bucket{cluster_queue="cq",priority_class="",replica_role="leader",le="10"} 1)",
          R"(kueue_local_queue_admitted_workloads_total{name="lq",namespace="ns",priority_class="",replica_role="leader"} 1)",
      }) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(line, "\n")));
  }
}

TEST_F(ManagerMetricsTest, PreemptionsAreTheirsForWhomRoomWasMade) {
  ManagerMetrics metrics({.leader_election = false});
  scheduler::CycleResult result;
  scheduler::Decision& decision = result.entries.emplace_back();
  decision.outcome = scheduler::Outcome::kPreempting;
  decision.queue = scheduler::Shared(scheduler::QueueIdentity{"other", ""});
  scheduler::PreemptionTarget& target = decision.targets.emplace_back();
  target.reason = scheduler::PreemptionReason::kInCohortReclamation;
  target.newly_evicted = true;
  target.identity = scheduler::Shared(scheduler::WorkloadIdentity{"ns/w", "", ""});
  metrics.CycleBegins();
  metrics.CycleEnded(result);
  const std::string evicted = absl::StrCat(
      kAdmitted,
      R"(  - {type: Evicted, status: "True", reason: Preempted, message: "", lastTransitionTime: "2026-01-01T00:00:05Z"}
  - {type: Preempted, status: "True", reason: InCohortReclamation, message: "", lastTransitionTime: "2026-01-01T00:00:05Z"}
)");
  metrics.WorkloadChanged(ObjectOf(WorkloadText("w", "lq", kAdmitted), 1),
                          ObjectOf(WorkloadText("w", "lq", evicted), 2), Second(5));
  const std::string text = metrics.Text({}, {});
  for (
      const char* line : {
          R"(kueue_admission_attempts_total{replica_role="standalone",result="inadmissible"} 1)",
          R"(kueue_preempted_workloads_total{preempting_cluster_queue="other",reason="InCohortReclamation",replica_role="standalone"} 1)",
          R"(kueue_evicted_workloads_total{cluster_queue="cq",priority_class="",reason="Preempted",replica_role="standalone",underlying_cause=""} 1)",
      }) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(line, "\n")));
  }
}

TEST_F(ManagerMetricsTest, RequestsAndReconcilersAreCounted) {
  ManagerMetrics metrics({});
  kube::Request request;
  request.verb = kube::Verb::kApply;
  metrics.Answered(request, 409, absl::Milliseconds(20));
  metrics.Answered(request, 0, absl::Milliseconds(20));
  metrics.LookedAt({Controller::kWorkload, {}}, true);
  metrics.LookedAt({Controller::kJob, {}}, false);
  const std::string text = metrics.Text({}, {});
  for (const char* line : {R"(rest_client_requests_total{code="409",method="PATCH"} 1)",
                           R"(rest_client_requests_total{code="<error>",method="PATCH"} 1)",
                           R"(controller_runtime_reconcile_total{controller="workload_controller",result="success"} 1)",
                           R"(controller_runtime_reconcile_errors_total{controller="job"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(line, "\n")));
  }
}

}  // namespace
}  // namespace muster::manager
