#include "sim/scenario/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "sim/scenario/run.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ScenarioTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / name;
    std::ofstream(path) << text;
    return path.string();
  }

  // Two queues of 2 GPUs each in a cohort, and what is given.
  std::string World(const std::string& steps) {
    return absl::StrCat(R"(
name: test
objects:
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: ResourceFlavor, metadata: {name: f}}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: WorkloadPriorityClass, metadata: {name: high}, value: 10}
- apiVersion: kueue.x-k8s.io/v1beta2
  kind: ClusterQueue
  metadata: {name: a}
  spec:
    cohortName: c
    namespaceSelector: {}
    preemption: {reclaimWithinCohort: Any, withinClusterQueue: LowerPriority}
    resourceGroups:
    - {coveredResources: [gpu], flavors: [{name: f, resources: [{name: gpu, nominalQuota: 2}]}]}
- apiVersion: kueue.x-k8s.io/v1beta2
  kind: ClusterQueue
  metadata: {name: b}
  spec:
    cohortName: c
    namespaceSelector: {}
    preemption: {reclaimWithinCohort: Any, withinClusterQueue: LowerPriority}
    resourceGroups:
    - {coveredResources: [gpu], flavors: [{name: f, resources: [{name: gpu, nominalQuota: 2}]}]}
- {apiVersion: v1, kind: Namespace, metadata: {name: default}}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: LocalQueue, metadata: {name: a, namespace: default}, spec: {clusterQueue: a}}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: LocalQueue, metadata: {name: b, namespace: default}, spec: {clusterQueue: b}}
steps:
)",
                        steps);
  }

  static std::string Job(const std::string& name, const std::string& queue, int gpus, const std::string& more = "") {
    return absl::StrCat("{apiVersion: batch/v1, kind: Job, metadata: {name: ", name,
                        ", labels: {kueue.x-k8s.io/queue-name: ", queue, more, "}}, spec: {parallelism: ", gpus,
                        ", template: {spec: {containers: [{name: c, resources: {requests: {gpu: 1}}}]}}}}");
  }

  absl::StatusOr<ScenarioResult> Run(const std::string& text) {
    absl::StatusOr<std::vector<Scenario>> loaded = LoadScenarios(Write("scenario.yaml", text));
    if (!loaded.ok()) return loaded.status();
    return RunScenario(loaded->front());
  }

  void Passes(const std::string& text) {
    absl::StatusOr<ScenarioResult> result = Run(text);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_THAT(result->failures, ::testing::IsEmpty()) << result->story;
    EXPECT_GT(result->checked, 0);
  }
};

TEST_F(ScenarioTest, AQueueThatWasLentFromTakesItsQuotaBack) {
  Passes(World(absl::StrCat(R"(
- at: 0s
  do: [{apply: )",
                            Job("borrower", "a", 4), R"(}]
  expect:
    jobs: {borrower: {state: Running, pods: 4, flavors: {gpu: f}}}
    queues: {a: {usage: {gpu: {total: 4, borrowed: 2}}, running: 1, pending: 0, active: true}}
    started: [borrower]
- after: 1m
  do: [{apply: )",
                            Job("owner", "b", 2), R"(}]
  expect:
    jobs:
      borrower:
        state: Evicted
        reason: WaitingForQuota
        evictions: 1
        conditions:
          Evicted: {status: True, reason: Preempted}
          Preempted: {reason: InCohortReclamation}
          QuotaReserved: False
          Admitted: {status: False, reason: NoReservation}
          Requeued: True
      owner: Running
    evicted: [{job: borrower, reason: InCohortReclamation, by: owner}]
    started: [owner]
- after: 1m
  do: [{delete: owner}]
  expect:
    jobs: {owner: Absent, borrower: {state: Running, conditions: {Evicted: False}}}
)")));
}

TEST_F(ScenarioTest, JobsEndWhenTheyHaveRunTheirTime) {
  Passes(World(absl::StrCat(R"(
- do:
  - {apply: )",
                            Job("first", "a", 4), R"(, runsFor: 10m}
  - {apply: )",
                            Job("second", "a", 4), R"(, runsFor: 10m}
  expect: {jobs: {first: Running, second: Pending}}
- at: 9m59s
  expect: {jobs: {first: Running, second: Pending}, started: [], finished: []}
- at: 15m
  expect: {jobs: {first: Finished, second: Running}, started: [second], finished: [first]}
- at: 20m
  expect: {jobs: {second: Finished}, queues: {a: {usage: {gpu: 0}}}}
)")));
}

TEST_F(ScenarioTest, WhatIsNotAsExpectedIsSaidWithItsPlace) {
  absl::StatusOr<ScenarioResult> result = Run(World(absl::StrCat(R"(
- do: [{apply: )",
                                                                 Job("j", "a", 1), R"(}]
  expect:
    jobs: {j: {state: Pending, pods: 2, flavors: {gpu: g}, conditions: {Evicted: True}}, k: Running}
    queues: {a: {usage: {gpu: 2, cpu: 1}}, z: {pending: 0}}
    started: []
)")));
  ASSERT_TRUE(result.ok()) << result.status();
  const std::vector<std::string> want = {
      "steps[0].expect.jobs[j].state: is Running, expected Pending",
      "steps[0].expect.jobs[j].pods: is 1, expected 2",
      "steps[0].expect.jobs[j].conditions[Evicted]: is not there, expected True",
      "steps[0].expect.jobs[j].flavors[gpu]: is f, expected g",
      "steps[0].expect.jobs[k]: there is no job \"k\"; there are Job/default/j",
      "steps[0].expect.queues[a].usage[cpu]: the queue has no quota for it",
      "steps[0].expect.queues[a].usage[gpu]: is 1, expected 2",
      "steps[0].expect.queues[z]: there is no ClusterQueue \"z\"; there are a, b",
      "steps[0].expect.started: is Job/default/j, expected nobody",
  };
  EXPECT_EQ(result->failures, want);
}

TEST_F(ScenarioTest, ARefusalMayBeExpected) {
  Passes(World(absl::StrCat(R"(
- do:
  - {apply: )",
                            Job("j", "a", 1, ", kueue.x-k8s.io/priority-class: low"),
                            R"(, refused: ['low', 'there are high']}
  expect: {jobs: {j: Absent}}
)")));
  absl::StatusOr<ScenarioResult> result =
      Run(World(absl::StrCat("- do: [{apply: ", Job("j", "a", 1), ", refused: why}]")));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->failures, ::testing::ElementsAre("steps[0].do[0]: is accepted, expected to be refused"));
}

TEST_F(ScenarioTest, QuotasMayChangeOnTheWay) {
  Passes(World(absl::StrCat(R"(
- do: [{apply: )",
                            Job("j", "a", 5), R"(}]
  expect: {jobs: {j: {state: Pending, reason: ExceedsMaxQuota}}}
- after: 1h
  do:
  - apply:
      apiVersion: kueue.x-k8s.io/v1beta2
      kind: ClusterQueue
      metadata: {name: b}
      spec:
        cohortName: c
        namespaceSelector: {}
        resourceGroups:
        - {coveredResources: [gpu], flavors: [{name: f, resources: [{name: gpu, nominalQuota: 3}]}]}
  expect: {jobs: {j: Running}, queues: {a: {usage: {gpu: {borrowed: 3}}}}}
)")));
}

TEST_F(ScenarioTest, DeploymentsGrowAndShrinkPodByPod) {
  const std::string deployment =
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, labels: {kueue.x-k8s.io/queue-name: a}}, spec: "
      "{replicas: 2, template: {spec: {containers: [{name: c, resources: {requests: {gpu: 1}}}]}}}}";
  Passes(World(absl::StrCat(R"(
- do: [{apply: )",
                            deployment, R"(}]
  expect: {jobs: {d: {state: Running, workloads: 2, running: 2}}}
- do: [{scale: d, replicas: 6}]
  expect: {jobs: {d: {state: Partial, workloads: 6, running: 4}}}
- do: [{scale: d, replicas: 1}]
  expect: {jobs: {d: {state: Running, workloads: 1, running: 1}}, queues: {a: {usage: {gpu: 1}, pending: 0}}}
)")));
}

TEST_F(ScenarioTest, MistakesInTheFileAreNamedAllAtOnce) {
  struct Case {
    const char* about;
    const char* text;
    std::vector<std::string> want;
  };
  const Case kCases[] = {
      {"no scenario at all", "", {"holds no scenario"}},
      {"not an object", "- 1", {"a scenario must be an object"}},
      {"malformed YAML", "name: [", {"line 1"}},
      {"without name and steps", "objects: []", {"name: is needed", "steps: must be a list with at least one step"}},
      {"unknown fields",
       "{name: n, when: 1, steps: [{at: 0s, does: x}]}",
       {"when: is not a field here; known are", "steps[0].does: is not a field here; known are after, at, do"}},
      {"times that run backwards",
       "{name: n, steps: [{at: 2m}, {at: 1m}]}",
       {"steps[1].at: is before the step before it, at 2m"}},
      {"a duration that is none", "{name: n, steps: [{after: soon}]}", {"steps[0].after: must be a duration such as"}},
      {"two things at once",
       "{name: n, steps: [{do: [{delete: a, finish: b}]}]}",
       {"steps[0].do[0]: says more than one thing to do; give one of apply, delete"}},
      {"nothing to do", "{name: n, steps: [{do: [{jump: a}]}]}", {"steps[0].do[0]: says nothing to do"}},
      {"a state that is none",
       "{name: n, steps: [{expect: {jobs: {j: Happy}}}]}",
       {"steps[0].expect.jobs[j]: \"Happy\" is not a state; use Running"}},
      {"an amount that is none",
       "{name: n, steps: [{expect: {queues: {q: {usage: {gpu: much}}}}}]}",
       {"steps[0].expect.queues[q].usage[gpu]:"}},
      {"a file that is not there",
       "{name: n, objects: [nowhere.yaml], steps: [{}]}",
       {"objects[0]:", "nowhere.yaml: there is no such file"}},
      {"a circle of files", "{name: n, include: [bad.yaml], steps: [{}]}", {"is it a circle?"}},
      {"a count past all bounds",
       "{name: n, steps: [{do: [{scale: d, replicas: 18446744073709551615}]}]}",
       {"steps[0].do[0].replicas: must be from 0 to 1000000"}},
  };
  for (const Case& c : kCases) {
    absl::StatusOr<std::vector<Scenario>> loaded = LoadScenarios(Write("bad.yaml", c.text));
    ASSERT_FALSE(loaded.ok()) << c.about;
    EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument) << c.about;
    const std::string message(loaded.status().message());
    EXPECT_THAT(message, HasSubstr("bad.yaml")) << c.about;
    for (const std::string& piece : c.want) EXPECT_THAT(message, HasSubstr(piece)) << c.about;
  }
}

TEST_F(ScenarioTest, ObjectsComeFromFilesAndMayBePatched) {
  Write("job.yaml", Job("j", "a", 1));
  Write("setup.yaml", World("").substr(0, World("").find("steps:")));
  Passes(R"(
name: patched
include: [setup.yaml]
steps:
- do: [{apply: {file: job.yaml, patch: {metadata: {name: k}, spec: {parallelism: 2}}}}, {apply: job.yaml}]
  expect: {jobs: {k: {pods: 2}, j: {pods: 1}}}
)");
}

TEST_F(ScenarioTest, ObjectsThatAClusterWouldRefuseAreNamedWithTheirPlace) {
  absl::StatusOr<ScenarioResult> result = Run(R"(
name: n
objects:
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: ClusterQueue, metadata: {name: UPPER}}
- {apiVersion: v1, kind: Widget, metadata: {name: w}}
steps: [{}]
)");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("objects[1]: kind Widget of v1 is not known here"));
}

TEST_F(ScenarioTest, TheSameScenarioTellsTheSameStory) {
  const std::string text = World(absl::StrCat("- do: [{apply: ", Job("j", "a", 1), "}]"));
  EXPECT_EQ(Run(text)->story, Run(text)->story);
  EXPECT_THAT(Run(text)->story, HasSubstr("Job/default/j starts: main 1 on f"));
}

// Kueue's rules let these two push each other aside for ever: the gang of "borrower" fills both racks; "owner" looks for a
// place as if its victim were gone, finds one, and once it is gone is tried on another flavor first, where there is none.
TEST_F(ScenarioTest, JobsThatOnlyPushEachOtherAsideAreStopped) {
  const std::string text = R"(
name: livelock
objects:
- {apiVersion: v1, kind: Namespace, metadata: {name: d}}
- apiVersion: kueue.x-k8s.io/v1beta2
  kind: Topology
  metadata: {name: t}
  spec: {levels: [{nodeLabel: rack}, {nodeLabel: kubernetes.io/hostname}]}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: ResourceFlavor, metadata: {name: none}, spec: {nodeLabels: {pool: none}, topologyName: t}}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: ResourceFlavor, metadata: {name: some}, spec: {nodeLabels: {pool: some}, topologyName: t}}
- apiVersion: v1
  kind: Node
  metadata: {name: n1, labels: {rack: r1, kubernetes.io/hostname: n1, pool: some}}
  status: {allocatable: {cpu: 2, memory: 64Gi, pods: 10}, conditions: [{type: Ready, status: "True"}]}
- apiVersion: v1
  kind: Node
  metadata: {name: n2, labels: {rack: r2, kubernetes.io/hostname: n2, pool: some}}
  status: {allocatable: {cpu: 2, memory: 64Gi, pods: 10}, conditions: [{type: Ready, status: "True"}]}
- apiVersion: kueue.x-k8s.io/v1beta2
  kind: ClusterQueue
  metadata: {name: a}
  spec:
    cohortName: c
    namespaceSelector: {}
    resourceGroups:
    - {coveredResources: [cpu, memory], flavors: [{name: some, resources: [{name: cpu, nominalQuota: 1}, {name: memory, nominalQuota: 0}]}]}
- apiVersion: kueue.x-k8s.io/v1beta2
  kind: ClusterQueue
  metadata: {name: b}
  spec:
    cohortName: c
    namespaceSelector: {}
    preemption: {reclaimWithinCohort: Any}
    resourceGroups:
    - coveredResources: [cpu, memory]
      flavors:
      - {name: none, resources: [{name: cpu, nominalQuota: 12}, {name: memory, nominalQuota: 100Gi}]}
      - {name: some, resources: [{name: cpu, nominalQuota: 100}, {name: memory, nominalQuota: 10Gi}]}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: LocalQueue, metadata: {name: a, namespace: d}, spec: {clusterQueue: a}}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: LocalQueue, metadata: {name: b, namespace: d}, spec: {clusterQueue: b}}
steps:
- do:
  - apply:
      apiVersion: jobset.x-k8s.io/v1alpha2
      kind: JobSet
      metadata: {name: borrower, namespace: d, labels: {kueue.x-k8s.io/queue-name: a}}
      spec:
        replicatedJobs:
        - name: x
          replicas: 2
          template: {spec: {parallelism: 1, template: &pod {metadata: {annotations: {kueue.x-k8s.io/podset-required-topology: rack}}, spec: {containers: [{name: c, resources: {requests: {cpu: 1, memory: 0}}}]}}}}
        - {name: y, replicas: 1, template: {spec: {parallelism: 1, template: *pod}}}
        - {name: z, replicas: 1, template: {spec: {parallelism: 1, template: *pod}}}
  - apply:
      apiVersion: batch/v1
      kind: Job
      metadata: {name: owner, namespace: d, labels: {kueue.x-k8s.io/queue-name: b}, annotations: {kueue.x-k8s.io/job-min-parallelism: "2"}}
      spec:
        parallelism: 5
        completions: 5
        template: {metadata: {annotations: {kueue.x-k8s.io/podset-required-topology: rack}}, spec: {containers: [{name: c, resources: {requests: {cpu: 1, memory: 3Gi}}}]}}
  expect:
    jobs: {owner: Running, borrower: Evicted}
- after: 1m
  do: [{finish: owner}]
  expect:
    jobs: {borrower: Running}
)";
  absl::StatusOr<ScenarioResult> result = Run(text);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->failures, ::testing::IsEmpty()) << result->story;
  EXPECT_THAT(result->story, HasSubstr("Job/d/owner preempts JobSet/d/borrower, 8 times over")) << result->story;
}

}  // namespace
}  // namespace muster::sim
