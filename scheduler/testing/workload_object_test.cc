// What a Workload object says, field by field: whether it waits, holds quota or is done; how it is ordered; what it
// holds; and what a ClusterQueue's going and coming back does to it.
// One file, because it goes through one object, field by field.
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/vocabulary.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

using Change = std::function<void(api::Workload*)>;

void Condition(api::Workload* w, const char* type, const char* status, const char* reason = "", int64_t at = 0) {
  api::Condition& c = w->status.conditions.emplace_back();
  c.type = type;
  c.status = status;
  c.reason = reason;
  c.last_transition_time = At(at);
}

// Holds the GPUs of flavor "a" in the ClusterQueue.
void Admission(api::Workload* w, const std::string& queue, int64_t gpus, std::optional<int32_t> count = std::nullopt) {
  api::PodSetAssignment assignment;
  assignment.name = "main";
  assignment.count = count;
  assignment.flavors["nvidia.com/gpu"] = "a";
  assignment.resource_usage["nvidia.com/gpu"] = api::Quantity::FromValue(gpus);
  w->status.admission.emplace();
  w->status.admission->cluster_queue = queue;
  w->status.admission->pod_set_assignments = {assignment};
}

EngineOptions With(std::vector<const char*> gates) {
  EngineOptions options;
  for (const char* gate : gates) EXPECT_TRUE(options.gates.Set(gate, true).ok());
  return options;
}

quota::Amount Used(const Engine& e, const std::string& queue) {
  return e.forest().usage(e.NodeOfClusterQueue(*e.FindClusterQueue(queue)), 0);
}

TEST(WorkloadObject, SaysWhereItBelongs) {
  struct Case {
    const char* about;
    Change change;
    WorkloadPhase phase;
  };
  const Case kCases[] = {
      {"as it is", [](api::Workload*) {}, WorkloadPhase::kPending},
      {"no such LocalQueue", [](api::Workload* w) { w->spec.queue_name = "x"; }, WorkloadPhase::kUnqueued},
      {"in another namespace there is no such LocalQueue", [](api::Workload* w) { w->metadata.ns = "x"; },
       WorkloadPhase::kUnqueued},
      {"not active", [](api::Workload* w) { w->spec.active = false; }, WorkloadPhase::kUnqueued},
      {"active, in so many words", [](api::Workload* w) { w->spec.active = true; }, WorkloadPhase::kPending},
      {"on hold", [](api::Workload* w) { Condition(w, "QuotaReserved", "False", "OnHold"); }, WorkloadPhase::kUnqueued},
      {"without quota for another reason", [](api::Workload* w) { Condition(w, "QuotaReserved", "False", "Pending"); },
       WorkloadPhase::kPending},
      {"pods are to be replaced", [](api::Workload* w) { Condition(w, "WaitingForReplacementPods", "True"); },
       WorkloadPhase::kUnqueued},
      {"they have been", [](api::Workload* w) { Condition(w, "WaitingForReplacementPods", "False"); },
       WorkloadPhase::kPending},
      {"gated", [](api::Workload* w) { w->metadata.annotations[api::kAdmissionGatedByAnnotation] = "x"; },
       WorkloadPhase::kUnqueued},
      {"gated by nobody", [](api::Workload* w) { w->metadata.annotations[api::kAdmissionGatedByAnnotation] = ""; },
       WorkloadPhase::kPending},
      {"waits to be tried again", [](api::Workload* w) { Condition(w, "Requeued", "False"); },
       WorkloadPhase::kInadmissible},
      {"may be tried again", [](api::Workload* w) { Condition(w, "Requeued", "True"); }, WorkloadPhase::kPending},
      {"from a time to come", [](api::Workload* w) { w->status.requeue_state.emplace().requeue_at = At(11); },
       WorkloadPhase::kInadmissible},
      {"from now on", [](api::Workload* w) { w->status.requeue_state.emplace().requeue_at = At(10); },
       WorkloadPhase::kPending},
      {"from no time", [](api::Workload* w) { w->status.requeue_state.emplace(); }, WorkloadPhase::kPending},
      {"finished", [](api::Workload* w) { Condition(w, "Finished", "True"); }, WorkloadPhase::kFinished},
      {"not finished", [](api::Workload* w) { Condition(w, "Finished", "False"); }, WorkloadPhase::kPending},
      {"holds quota",
       [](api::Workload* w) {
         Condition(w, "QuotaReserved", "True");
         Admission(w, "q", 1);
       },
       WorkloadPhase::kReserved},
      {"holds quota, of another queue than it would wait in",
       [](api::Workload* w) {
         Condition(w, "QuotaReserved", "True");
         Admission(w, "other", 1);
       },
       WorkloadPhase::kReserved},
      {"is said to, but nobody says what", [](api::Workload* w) { Condition(w, "QuotaReserved", "True"); },
       WorkloadPhase::kPending},
      {"held quota once",
       [](api::Workload* w) {
         Condition(w, "QuotaReserved", "False");
         Admission(w, "q", 1);
       },
       WorkloadPhase::kPending},
      {"holds quota and is finished",
       [](api::Workload* w) {
         Condition(w, "QuotaReserved", "True");
         Admission(w, "q", 1);
         Condition(w, "Finished", "True");
       },
       WorkloadPhase::kFinished},
      {"holds quota and has been stopped",
       [](api::Workload* w) {
         Condition(w, "QuotaReserved", "True");
         Admission(w, "q", 1);
         w->spec.active = false;
       },
       WorkloadPhase::kUnqueued},
      {"holds quota of a queue that is not there",
       [](api::Workload* w) {
         Condition(w, "QuotaReserved", "True");
         Admission(w, "gone", 1);
       },
       WorkloadPhase::kUnqueued},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    api::Workload plain = MakeWorkload("w", "q", 1, 1), changed = plain;
    c.change(&changed);
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}}), MakeQueue("other", "", {{"a", 4}})});
    WorkloadId id = e.Apply(changed, At(10));
    EXPECT_EQ(e.Phase(id), c.phase);
    const bool other = c.phase == WorkloadPhase::kReserved && e.AdmissionOf(id)->cluster_queue == "other";
    EXPECT_EQ(Used(e, "q"), c.phase == WorkloadPhase::kReserved && !other ? 1 : 0);
    EXPECT_EQ(Used(e, "other"), other ? 1 : 0);
    // The same as an update of one that waited, and of one that held quota.
    if (changed.metadata.ns != plain.metadata.ns) continue;
    for (const bool held : {false, true}) {
      Engine f = MakeEngine({MakeQueue("q", "", {{"a", 4}}), MakeQueue("other", "", {{"a", 4}})});
      id = f.Apply(plain, At(9));
      if (held) f.RunCycle(At(9));
      f.Apply(changed, At(10));
      // Who is in line stays there, also if it would have to wait before it could get in line.
      const bool stays = !held && c.phase == WorkloadPhase::kInadmissible;
      EXPECT_EQ(f.Phase(id), stays ? WorkloadPhase::kPending : c.phase) << held;
      EXPECT_EQ(Used(f, "q"), c.phase == WorkloadPhase::kReserved && !other ? 1 : 0) << held;
      const ClusterQueueId q = *f.FindClusterQueue("q");
      EXPECT_EQ(f.NumPending(q), c.phase == WorkloadPhase::kPending || c.phase == WorkloadPhase::kInadmissible ? 1 : 0)
          << held;
      EXPECT_EQ(f.Reserving(q).size(), c.phase == WorkloadPhase::kReserved && !other ? 1u : 0u) << held;
    }
  }
}

TEST(WorkloadObject, WithoutItsGateAGateGatesNobody) {
  EngineOptions options;
  ASSERT_TRUE(options.gates.Set("AdmissionGatedBy", false).ok());
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}})}, options);
  api::Workload w = MakeWorkload("w", "q", 1, 1);
  w.metadata.annotations[api::kAdmissionGatedByAnnotation] = "x";
  EXPECT_EQ(e.Phase(e.Apply(w, At(1))), WorkloadPhase::kPending);
}

TEST(WorkloadObject, ABoostAddsToThePriorityWithTheGate) {
  struct Case {
    const char* about;
    bool gate;
    const char* boost;
    bool first;  // before a workload of priority 3; it has 2 of its own
  };
  const Case kCases[] = {
      {"two more", true, "2", true},           {"as many, and it came later", true, "1", false},
      {"less than before", true, "-5", false}, {"not a number", true, "two", false},
      {"without the gate", false, "2", false}, {"no boost", true, nullptr, false},
  };
  for (const Case& c : kCases) {
    EngineOptions options;
    ASSERT_TRUE(options.gates.Set("PriorityBoost", c.gate).ok());
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}})}, options);
    const WorkloadId other = e.Apply(MakeWorkload("other", "q", 1, 1, 1, 3), At(1));
    api::Workload w = MakeWorkload("w", "q", 1, 1, 2, 2);
    if (c.boost != nullptr) w.metadata.annotations[api::kPriorityBoostAnnotation] = c.boost;
    const WorkloadId id = e.Apply(w, At(2));
    EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")),
              c.first ? (std::vector<WorkloadId>{id, other}) : (std::vector<WorkloadId>{other, id}))
        << c.about;
  }
}

TEST(WorkloadObject, AFailedCheckIsARefusal) {
  for (const auto& [state, refused] : std::vector<std::pair<const char*, bool>>{
           {"Retry", true}, {"Rejected", true}, {"Ready", false}, {"Pending", false}}) {
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}})});
    api::Workload w = MakeWorkload("w", "q", 1, 1);
    w.status.admission_checks.resize(2);
    w.status.admission_checks[0].name = "fine";
    w.status.admission_checks[0].state = "Ready";
    w.status.admission_checks[1].name = "check";
    w.status.admission_checks[1].state = state;
    e.Apply(w, At(1));
    const CycleResult r = e.RunCycle(At(1));
    EXPECT_EQ(r.rejected.size(), refused ? 1u : 0u) << state;
    // Once it is ready, or the checks are gone, it is looked at.
    w.status.admission_checks.pop_back();
    w.metadata.generation = 2;
    const WorkloadId id = e.Apply(w, At(2));
    e.RunCycle(At(2));
    EXPECT_EQ(e.Phase(id), WorkloadPhase::kReserved) << state;
  }
}

// What is refused before flavors are looked at, the first reason first.
TEST(Refusal, SaysWhy) {
  struct Case {
    const char* about;
    std::function<void(api::ClusterQueue*, api::Namespace*, api::Workload*)> change;
    const char* message;  // "" = let in
    RequeueReason requeue = RequeueReason::kGeneric;
  };
  const auto failed_check = [](api::Workload* w) {
    w->status.admission_checks.resize(1);
    w->status.admission_checks[0].state = "Rejected";
  };
  const Case kCases[] = {
      {"nothing is wrong", [](api::ClusterQueue*, api::Namespace*, api::Workload*) {}, ""},
      {"the queue serves namespaces with that label",
       [](api::ClusterQueue* q, api::Namespace* ns, api::Workload*) {
         q->namespace_selector->match_labels = {{"team", "x"}};
         ns->metadata.labels = {{"team", "x"}};
       },
       ""},
      {"the namespace has another",
       [](api::ClusterQueue* q, api::Namespace* ns, api::Workload*) {
         q->namespace_selector->match_labels = {{"team", "x"}};
         ns->metadata.labels = {{"team", "y"}};
       },
       "workload namespace doesn't match ClusterQueue selector", RequeueReason::kNamespaceMismatch},
      {"the queue serves no namespace",
       [](api::ClusterQueue* q, api::Namespace*, api::Workload*) { q->namespace_selector.reset(); },
       "workload namespace doesn't match ClusterQueue selector", RequeueReason::kNamespaceMismatch},
      {"a failed check is told first",
       [&](api::ClusterQueue* q, api::Namespace*, api::Workload* w) {
         q->namespace_selector.reset();
         failed_check(w);
       },
       "The workload has failed admission checks"},
      {"the namespace before requests beyond limits",
       [](api::ClusterQueue* q, api::Namespace*, api::Workload* w) {
         q->namespace_selector.reset();
         w->spec.pod_sets[0].pod_template.spec.containers[0].resources.limits["nvidia.com/gpu"] =
             api::Quantity::FromValue(0);
       },
       "workload namespace doesn't match ClusterQueue selector", RequeueReason::kNamespaceMismatch},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    api::ClusterQueue queue = MakeQueue("q", "", {{"a", 4}});
    api::Namespace ns = MakeNamespace("ns");
    api::Workload w = MakeWorkload("w", "q", 1, 1);
    c.change(&queue, &ns, &w);
    Engine e = MakeEngine({queue});
    e.Apply(ns, At(0));
    e.Advance(At(0));
    const WorkloadId id = e.Apply(w, At(1));
    const CycleResult r = e.RunCycle(At(1));
    const bool refused = *c.message != '\0';
    ASSERT_EQ(r.rejected.size(), refused ? 1u : 0u);
    EXPECT_EQ(e.Phase(id), refused ? WorkloadPhase::kInadmissible : WorkloadPhase::kReserved);
    if (!refused) continue;
    EXPECT_EQ(e.Message(r.rejected[0]), c.message);
    EXPECT_EQ(r.rejected[0].requeue_reason, c.requeue);
    EXPECT_EQ(r.rejected[0].outcome, Outcome::kRefused);
  }
}

// Gates of its own keep a workload from preempting, where the engine knows of them; without any it preempts.
TEST(PreemptionGates, OnlyThoseThatAreThereGate) {
  for (const char* gate : {"ConcurrentAdmission", "MultiKueueOrchestratedPreemption", ""}) {
    for (const bool gated : {false, true}) {
      api::ClusterQueue queue = MakeQueue("q", "", {{"a", 4}});
      queue.preemption.emplace().within_cluster_queue = "LowerPriority";
      Engine e = MakeEngine({queue}, *gate == '\0' ? EngineOptions() : With({gate}));
      const WorkloadId low = e.Apply(MakeWorkload("low", "q", 1, 4), At(1));
      e.RunCycle(At(1));
      api::Workload high = MakeWorkload("high", "q", 1, 4, 2, 9);
      if (gated) high.spec.preemption_gates = {"gate"};
      e.Apply(high, At(2));
      e.RunCycle(At(2));
      EXPECT_EQ(e.IsEvicted(low), !gated || *gate == '\0') << gate << gated;
    }
  }
}

// What it holds is what its status says, less what its pods have given back.
TEST(WorkloadObject, HoldsWhatItsStatusSays) {
  struct Case {
    const char* about;
    Change change;
    quota::Amount used;
  };
  const Case kCases[] = {
      {"as admitted", [](api::Workload*) {}, 8},
      {"pods that have ended give their part back",
       [](api::Workload* w) {
         w->status.reclaimable_pods = {{"main", 1}};
       },
       6},
      {"of another pod set they are not its own",
       [](api::Workload* w) {
         w->status.reclaimable_pods = {{"x", 1}};
       },
       8},
      {"all have ended",
       [](api::Workload* w) {
         w->status.reclaimable_pods = {{"main", 4}};
       },
       0},
      {"more than there are",
       [](api::Workload* w) {
         w->status.reclaimable_pods = {{"main", 9}};
       },
       0},
      {"it shrank", [](api::Workload* w) { w->spec.pod_sets[0].count = 3; }, 6},
      {"it grew, and holds what it held", [](api::Workload* w) { w->spec.pod_sets[0].count = 9; }, 8},
      {"it shrank, and pods have ended",
       [](api::Workload* w) {
         w->spec.pod_sets[0].count = 3;
         w->status.reclaimable_pods = {{"main", 2}};
       },
       2},
      {"fewer were admitted than it has",
       [](api::Workload* w) {
         w->spec.pod_sets[0].count = 6;
         w->status.reclaimable_pods = {{"main", 1}};
       },
       8},
      {"the number of pods is the spec's if nothing else is said",
       [](api::Workload* w) {
         w->status.admission->pod_set_assignments[0].count.reset();
         w->spec.pod_sets[0].count = 8;
         w->status.reclaimable_pods = {{"main", 4}};
       },
       4},
      {"an amount without a flavor is of nothing",
       [](api::Workload* w) { w->status.admission->pod_set_assignments[0].flavors.clear(); }, 0},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    api::Workload w = MakeWorkload("w", "q", 4, 2);
    Condition(&w, "QuotaReserved", "True");
    Admission(&w, "q", 8, 4);
    c.change(&w);
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 99}})});
    const WorkloadId id = e.Apply(w, At(1));
    EXPECT_EQ(Used(e, "q"), c.used);
    // Told again, in the same words, it is the same; and gone, it is gone.
    e.Apply(w, At(2));
    EXPECT_EQ(Used(e, "q"), c.used);
    e.Finish(id, At(3));
    EXPECT_EQ(Used(e, "q"), 0);
  }
  // Without the gate nobody hears of pods that have ended.
  EngineOptions options;
  ASSERT_TRUE(options.gates.Set("ReclaimablePods", false).ok());
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 99}})}, options);
  api::Workload w = MakeWorkload("w", "q", 4, 2);
  Condition(&w, "QuotaReserved", "True");
  Admission(&w, "q", 8, 4);
  w.status.reclaimable_pods = {{"main", 1}};
  e.Apply(w, At(1));
  EXPECT_EQ(Used(e, "q"), 8);
}

TEST(WorkloadObject, PodsThatEndAreToldOnTheirOwnAsWell) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  const WorkloadId id = e.Apply(MakeWorkload("w", "q", 4, 2), At(1));
  e.RunCycle(At(1));
  const WorkloadId waiting = e.Apply(MakeWorkload("waiting", "q", 1, 2, 2), At(2));
  e.RunCycle(At(2));
  ASSERT_EQ(e.Phase(waiting), WorkloadPhase::kInadmissible);
  const std::vector<api::ReclaimablePod> one = {{"main", 1}};
  e.SetReclaimablePods(id, one, At(3));
  EXPECT_EQ(Used(e, "q"), 6);
  e.Advance(At(3));
  EXPECT_EQ(e.Phase(waiting), WorkloadPhase::kPending) << "there is room now";
  e.RunCycle(At(3));
  ASSERT_EQ(e.Phase(waiting), WorkloadPhase::kReserved);
  e.SetReclaimablePods(id, {}, At(4));
  EXPECT_EQ(Used(e, "q"), 10) << "and back";
  const WorkloadId next = e.Apply(MakeWorkload("next", "q", 1, 8, 5), At(5));
  e.Advance(At(5));
  e.RunCycle(At(5));
  ASSERT_EQ(e.Phase(next), WorkloadPhase::kInadmissible);
  e.SetReclaimablePods(id, {}, At(6));
  e.Advance(At(6));
  EXPECT_EQ(e.Phase(next), WorkloadPhase::kInadmissible) << "the same again wakes nobody";
  // Of one that waits fewer pods are asked for.
  const std::vector<api::ReclaimablePod> of_next = {{"main", 1}};
  e.SetReclaimablePods(next, of_next, At(7));
  EXPECT_EQ(e.Phase(next), WorkloadPhase::kPending);
  e.RunCycle(At(7));
  EXPECT_EQ(e.Phase(next), WorkloadPhase::kReserved);
  EXPECT_EQ(Used(e, "q"), 10);
}

// Another object under the same name is another workload.
TEST(WorkloadObject, AnotherUidStartsAnew) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}})});
  api::Workload w = MakeWorkload("w", "q", 1, 8);
  const WorkloadId id = e.Apply(w, At(1));
  e.RunCycle(At(1));
  ASSERT_EQ(e.Phase(id), WorkloadPhase::kInadmissible);
  w.metadata.uid = "another";
  EXPECT_EQ(e.Apply(w, At(2)), id);
  EXPECT_NE(e.Phase(id), WorkloadPhase::kReserved);
  EXPECT_EQ(e.NumPending(*e.FindClusterQueue("q")), 1);
  w.metadata.labels["kueue.x-k8s.io/job-uid"] = "job";
  w.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests["nvidia.com/gpu"] = api::Quantity::FromValue(4);
  e.Apply(w, At(3));
  e.Advance(At(3));
  const CycleResult r = e.RunCycle(At(3));
  ASSERT_EQ(r.entries.size(), 1u);
  EXPECT_EQ(r.entries[0].identity->uid, "another");
  EXPECT_EQ(r.entries[0].identity->job_uid, "job");
}

// ---- A ClusterQueue that goes and comes back.

class Away : public ::testing::Test {
 protected:
  Away() : engine_(MakeEngine({MakeQueue("q", "", {{"a", 4}})})) {
    holder_ = engine_.Apply(MakeWorkload("holder", "q", 2, 2), At(1));
    engine_.RunCycle(At(1));
    EXPECT_EQ(engine_.Phase(holder_), WorkloadPhase::kReserved);
    waiting_ = engine_.Apply(MakeWorkload("waiting", "q", 1, 1, 2), At(2));
    engine_.RunCycle(At(2));
    EXPECT_EQ(engine_.Phase(waiting_), WorkloadPhase::kInadmissible);
    engine_.DeleteClusterQueue("q");
    EXPECT_EQ(engine_.Phase(holder_), WorkloadPhase::kUnqueued);
    EXPECT_EQ(engine_.Phase(waiting_), WorkloadPhase::kUnqueued);
  }
  void ComeBack() {
    engine_.Apply(MakeQueue("q", "", {{"a", 4}}), At(9));
    engine_.Advance(At(9));
  }

  Engine engine_;
  WorkloadId holder_, waiting_;
};

TEST_F(Away, ItsWorkloadsAreWhereTheyWere) {
  ComeBack();
  EXPECT_EQ(engine_.Phase(holder_), WorkloadPhase::kReserved);
  EXPECT_EQ(engine_.ReservedUsage(holder_), (std::vector<FlavorResourceAmount>{{"a", "nvidia.com/gpu", 4}}));
  EXPECT_EQ(Used(engine_, "q"), 4);
  engine_.RunCycle(At(9));
  EXPECT_EQ(engine_.Phase(waiting_), WorkloadPhase::kInadmissible);
  engine_.Finish(holder_, At(10));
  engine_.Advance(At(10));
  engine_.RunCycle(At(10));
  EXPECT_EQ(engine_.Phase(waiting_), WorkloadPhase::kReserved);
}

TEST_F(Away, WhoEndsMeanwhileDoesNotComeBack) {
  engine_.Finish(holder_, At(3));
  EXPECT_EQ(engine_.Phase(holder_), WorkloadPhase::kFinished);
  ComeBack();
  EXPECT_EQ(engine_.Phase(holder_), WorkloadPhase::kFinished);
  EXPECT_EQ(Used(engine_, "q"), 0);
  engine_.RunCycle(At(9));
  EXPECT_EQ(engine_.Phase(waiting_), WorkloadPhase::kReserved);
}

TEST_F(Away, WhoIsDeletedMeanwhileDoesNotComeBack) {
  engine_.DeleteWorkload(holder_, At(3));
  engine_.DeleteWorkload(waiting_, At(3));
  ComeBack();
  EXPECT_EQ(Used(engine_, "q"), 0);
  EXPECT_EQ(engine_.NumPending(*engine_.FindClusterQueue("q")), 0);
}

TEST_F(Away, WhoLosesItsQuotaMeanwhileWaits) {
  engine_.Apply(MakeWorkload("holder", "q", 2, 2), At(3));
  EXPECT_EQ(engine_.Phase(holder_), WorkloadPhase::kUnqueued);
  ComeBack();
  EXPECT_EQ(engine_.Phase(holder_), WorkloadPhase::kPending);
  EXPECT_EQ(Used(engine_, "q"), 0);
}

TEST_F(Away, AnotherQueueIsNotTheirs) {
  engine_.Apply(MakeQueue("other", "", {{"a", 4}}), At(3));
  engine_.Apply(MakeLocalQueue("ns", "q", "other"), At(3));
  EXPECT_EQ(engine_.Phase(holder_), WorkloadPhase::kUnqueued) << "it holds quota of the one that is away";
  EXPECT_EQ(engine_.Phase(waiting_), WorkloadPhase::kPending);
  EXPECT_EQ(*engine_.FindClusterQueue("other"), engine_.ClusterQueueOf(waiting_));
}

TEST(Evicted, WaitsForItsPodsAndThenForLeave) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}})});
  const WorkloadId id = e.Apply(MakeWorkload("w", "q", 1, 4), At(1));
  EXPECT_FALSE(e.Evict(id, "Stopped", At(1))) << "it holds nothing";
  e.CompleteEviction(id, At(1));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kPending);
  e.RunCycle(At(1));
  e.CompleteEviction(id, At(1));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kReserved) << "nobody evicts it";
  EXPECT_TRUE(e.Evict(id, "PodsReadyTimeout", At(2)));
  EXPECT_FALSE(e.Evict(id, "PodsReadyTimeout", At(2))) << "once is enough";
  EXPECT_TRUE(e.IsEvicted(id));
  EXPECT_EQ(Used(e, "q"), 4);
  e.CompleteEviction(id, At(3));
  EXPECT_EQ(Used(e, "q"), 0);
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kInadmissible) << "until it is requeued";
  e.Advance(At(100));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kInadmissible);
  e.SetRequeued(id, At(101));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kPending);
  e.SetRequeued(id, At(101));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kPending);
  e.RunCycle(At(101));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kReserved);
  EXPECT_FALSE(e.IsEvicted(id));
}

// A victim of preemption may come back at once.
TEST(Evicted, AVictimNeedsNoLeave) {
  api::ClusterQueue queue = MakeQueue("q", "", {{"a", 4}});
  queue.preemption.emplace().within_cluster_queue = "LowerPriority";
  Engine e = MakeEngine({queue});
  const WorkloadId low = e.Apply(MakeWorkload("low", "q", 1, 4), At(1));
  e.RunCycle(At(1));
  e.Apply(MakeWorkload("high", "q", 1, 4, 2, 9), At(2));
  e.RunCycle(At(2));
  ASSERT_TRUE(e.IsEvicted(low));
  e.CompleteEviction(low, At(3));
  EXPECT_EQ(e.Phase(low), WorkloadPhase::kPending);
}

// The time until which it has to wait is a timer like others.
TEST(Requeued, FromATimeOn) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}})});
  api::Workload w = MakeWorkload("w", "q", 1, 4);
  w.status.requeue_state.emplace().requeue_at = At(50);
  const WorkloadId id = e.Apply(w, At(1));
  e.Advance(At(1));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kInadmissible);
  EXPECT_EQ(e.NextTimer(), At(50));
  EXPECT_FALSE(e.HasPendingHeads());
  e.Advance(At(49));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kInadmissible);
  e.Advance(At(50));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kPending);
  EXPECT_EQ(e.NextTimer(), absl::InfiniteFuture());
  // A later time that replaces it counts, the earlier one does not.
  w.status.requeue_state->requeue_at = At(60);
  w.metadata.generation = 2;
  const WorkloadId other = e.Apply(
      [&] {
        api::Workload o = w;
        o.metadata.name = o.metadata.uid = "o";
        return o;
      }(),
      At(50));
  ASSERT_EQ(e.Phase(other), WorkloadPhase::kInadmissible);
  api::Workload o = w;
  o.metadata.name = o.metadata.uid = "o";
  o.status.requeue_state->requeue_at = At(70);
  e.Apply(o, At(51));
  e.Advance(At(60));
  EXPECT_EQ(e.Phase(other), WorkloadPhase::kInadmissible);
  e.Advance(At(70));
  EXPECT_EQ(e.Phase(other), WorkloadPhase::kPending);
}

// One that was in line already is looked at; parked, it waits as it is told.
TEST(Requeued, WhoWasInLineWaitsOnceItHasBeenLookedAt) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}})});
  e.Advance(At(0));
  api::Workload w = MakeWorkload("w", "q", 1, 99);
  const WorkloadId id = e.Apply(w, At(1)), other = e.Apply(MakeWorkload("other", "q", 1, 98, 2), At(1));
  Condition(&w, "Requeued", "False");
  e.Apply(w, At(2));
  ASSERT_EQ(e.Phase(id), WorkloadPhase::kPending);
  for (int i = 0; i < 2; ++i) e.RunCycle(At(3));
  ASSERT_EQ(e.Phase(id), WorkloadPhase::kInadmissible);
  ASSERT_EQ(e.Phase(other), WorkloadPhase::kInadmissible);
  e.Apply(MakeQueue("q", "", {{"a", 5}}), At(4));
  e.Advance(At(4));
  EXPECT_EQ(e.Phase(other), WorkloadPhase::kPending) << "quotas have changed";
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kInadmissible);
  e.SetRequeued(id, At(5));
  EXPECT_EQ(e.Phase(id), WorkloadPhase::kPending);
}

// ---- Variants of one job.

class VariantRules : public ::testing::Test {
 protected:
  static api::Workload Variant(const std::string& name, const std::string& flavors, const Change& change = {}) {
    api::Workload w = MakeWorkload(name, "q", 1, 2);
    w.metadata.annotations[api::kAllowedFlavorsAnnotation] = flavors;
    api::OwnerReference parent;
    parent.kind = "Workload";
    parent.uid = "parent";
    parent.controller = true;
    w.metadata.owner_references = {parent};
    if (change) change(&w);
    return w;
  }
};

TEST_F(VariantRules, WhoIsASiblingAndHowFavorable) {
  struct Case {
    const char* about;
    Change of_late;       // the one that comes second, allowed on b
    const char* running;  // flavors the running one is allowed on
    bool gate, skipped;
  };
  const auto nothing = [](api::Workload*) {};
  const Case kCases[] = {
      {"a more favorable one runs", nothing, "a", true, true},
      {"the first of its flavors counts", nothing, "c,a", true, true},
      {"one as favorable is no reason", nothing, "b", true, false},
      {"without the gate nobody is a sibling", nothing, "a", false, false},
      {"of another job", [](api::Workload* w) { w->metadata.owner_references[0].uid = "other"; }, "a", true, false},
      {"owned, but not controlled", [](api::Workload* w) { w->metadata.owner_references[0].controller = false; }, "a",
       true, false},
      {"owned by something else", [](api::Workload* w) { w->metadata.owner_references[0].kind = "Job"; }, "a", true,
       false},
      {"without flavors of its own",
       [](api::Workload* w) { w->metadata.annotations.erase(api::kAllowedFlavorsAnnotation); }, "a", true, false},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    EngineOptions options;
    ASSERT_TRUE(options.gates.Set("ConcurrentAdmission", c.gate).ok());
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}, {"b", 8}, {"c", 8}})}, options);
    e.Apply(MakeFlavor("c"), At(0));
    e.Advance(At(0));
    const WorkloadId running = e.Apply(Variant("running", c.running), At(1));
    e.RunCycle(At(1));
    ASSERT_EQ(e.Phase(running), WorkloadPhase::kReserved);
    const WorkloadId late = e.Apply(Variant("late", "b", c.of_late), At(2));
    const CycleResult r = e.RunCycle(At(2));
    ASSERT_EQ(r.entries.size(), 1u);
    EXPECT_EQ(r.entries[0].workload, late);
    EXPECT_EQ(r.entries[0].note == Note::kMoreFavorableAdmitted, c.skipped);
  }
}

// A sibling counts once it is admitted, with its checks ready.
TEST_F(VariantRules, ASiblingThatWaitsForItsChecksDoesNotCount) {
  for (const bool ready : {false, true}) {
    // For its flavor, for another one, for all.
    for (const std::vector<std::string>& on_flavors : std::vector<std::vector<std::string>>{{"a"}, {"b"}, {}}) {
      api::ClusterQueue queue = MakeQueue("q", "", {{"a", 8}, {"b", 8}});
      queue.admission_checks = {{"check", on_flavors}};
      Engine e = MakeEngine({queue}, With({"ConcurrentAdmission"}));
      api::AdmissionCheck check;
      check.metadata.name = "check";
      check.controller_name = "example.com/check";
      check.conditions = {{"Active", "True", "", "", At(0), {}}};
      e.Apply(check, At(0));
      e.Advance(At(0));
      e.Apply(Variant("running", "a",
                      [&](api::Workload* w) {
                        w->status.admission_checks.resize(1);
                        w->status.admission_checks[0].name = "check";
                        w->status.admission_checks[0].state = ready ? "Ready" : "Pending";
                      }),
              At(1));
      e.RunCycle(At(1));
      e.Apply(Variant("late", "b"), At(2));
      const CycleResult r = e.RunCycle(At(2));
      ASSERT_EQ(r.entries.size(), 1u);
      const bool concerned = on_flavors != std::vector<std::string>{"b"};
      EXPECT_EQ(r.entries[0].note == Note::kMoreFavorableAdmitted, ready || !concerned) << ready;
    }
  }
}

// Where the policy says that a flavor is not worth a migration.
TEST_F(VariantRules, TheLastAcceptableFlavorIsWorthIt) {
  for (const auto& [last, migrates] :
       std::vector<std::pair<const char*, bool>>{{"", true}, {"a", false}, {"b", true}, {"c", true}, {"gone", true}}) {
    api::ClusterQueue queue = MakeQueue("q", "", {{"a", 8}, {"b", 8}, {"c", 8}});
    queue.concurrent_admission_policy = {"TryPreferredFlavors", last};
    Engine e = MakeEngine({queue}, With({"ConcurrentAdmission"}));
    e.Apply(MakeFlavor("c"), At(0));
    e.Advance(At(0));
    const WorkloadId running = e.Apply(Variant("running", "c"), At(1));
    e.RunCycle(At(1));
    e.Apply(Variant("better", "b"), At(2));
    const CycleResult r = e.RunCycle(At(2));
    ASSERT_EQ(r.entries.size(), 1u);
    EXPECT_EQ(r.entries[0].migrates == running, migrates) << last;
    EXPECT_EQ(e.IsEvicted(running), migrates) << last;
    EXPECT_EQ(r.entries[0].outcome, migrates ? Outcome::kPreempting : Outcome::kPending) << last;
    EXPECT_EQ(r.entries[0].status, EntryStatus::kNominated);
    // It stays in line; and in front, while the other one makes room.
    const WorkloadId better = r.entries[0].workload;
    EXPECT_EQ(e.Phase(better), WorkloadPhase::kPending);
    const WorkloadId urgent = e.Apply(MakeWorkload("urgent", "q", 1, 2, 3, 9), At(3));
    EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")),
              migrates ? (std::vector<WorkloadId>{better, urgent}) : (std::vector<WorkloadId>{urgent, better}))
        << last;
  }
}

// ---- Slices of elastic jobs.

TEST(Slices, ReplaceOneThatHoldsQuotaInTheSameQueue) {
  struct Case {
    const char* about;
    const char* replaces;
    bool gate, same_queue, holds;
    bool counts;  // its 3 of 4 GPUs are given back: 4 fit
  };
  const Case kCases[] = {
      {"it does", "ns/old", true, true, true, true},
      {"without the gate", "ns/old", false, true, true, false},
      {"nobody of that name", "ns/other", true, true, true, false},
      {"in another queue", "ns/old", true, false, true, false},
      {"one that only waits", "ns/old", true, true, false, false},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    EngineOptions options;
    ASSERT_TRUE(options.gates.Set("ElasticJobsViaWorkloadSlices", c.gate).ok());
    Engine e = MakeEngine({MakeQueue("q", "", {{"a", 4}}), MakeQueue("p", "", {{"a", 4}})}, options);
    const WorkloadId old = e.Apply(MakeWorkload("old", c.same_queue ? "q" : "p", 3, 1), At(1));
    e.Apply(MakeWorkload("filler", "q", c.holds && c.same_queue ? 1 : 4, 1, 0, 1), At(1));
    e.RunCycle(At(1));
    e.RunCycle(At(1));
    ASSERT_EQ(e.Phase(old) == WorkloadPhase::kReserved, c.holds);
    api::Workload w = MakeWorkload("new", "q", 3, 1, 2, 2);
    w.metadata.annotations[api::kReplacementForAnnotation] = c.replaces;
    const WorkloadId id = e.Apply(w, At(2));
    const CycleResult r = e.RunCycle(At(2));
    ASSERT_GE(r.entries.size(), 1u);
    EXPECT_EQ(e.Phase(id) == WorkloadPhase::kReserved, c.counts);
    EXPECT_EQ(r.entries[0].replaces == old, c.counts);
  }
}

}  // namespace
}  // namespace muster::scheduler
