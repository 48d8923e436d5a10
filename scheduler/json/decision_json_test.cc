// Decisions as values: what they say in words and JSON stays the same when the engine has moved on.
#include "scheduler/json/decision_json.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "scheduler/decision_text.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

struct Said {
  std::string line, json;
  friend bool operator==(const Said&, const Said&) = default;
};

Said Say(const Decision& d) { return {Describe(d), ToJson(d).dump()}; }

// A queue of 8 GPUs that may preempt: "low" runs, "high" preempts it, "large" could never run, "off" is in a namespace
// that the queue does not serve.
struct Played {
  std::unique_ptr<Engine> engine;
  std::vector<Decision> decisions;
};

Played Play() {
  api::ClusterQueue queue = MakeQueue("q", "team", {{"a", 8}});
  queue.preemption = api::ClusterQueuePreemption{"Never", {}, "LowerPriority"};
  Played p{std::make_unique<Engine>(MakeEngine({queue})), {}};
  const auto decide = [&](const api::Workload& w, int64_t at) {
    p.engine->Apply(w, At(at));
    p.engine->Advance(At(at));
    CycleResult r = p.engine->RunCycle(At(at));
    for (std::vector<Decision>* some : {&r.entries, &r.rejected}) {
      for (Decision& d : *some) p.decisions.push_back(std::move(d));
    }
  };
  decide(MakeWorkload("low", "q", 2, 3, 1), 1);
  decide(MakeWorkload("large", "q", 3, 3, 2), 2);
  api::Workload off = MakeWorkload("off", "q", 1, 1, 3);
  off.metadata.ns = "nowhere";
  p.engine->Apply(MakeLocalQueue("nowhere", "q", "q"), At(3));
  decide(off, 3);
  decide(MakeWorkload("equal", "q", 1, 3, 4), 4);
  decide(MakeWorkload("high", "q", 1, 8, 5, /*priority=*/9), 5);
  return p;
}

TEST(DecisionValue, SaysWhatToDo) {
  const Played p = Play();
  ASSERT_EQ(p.decisions.size(), 5u);
  const Outcome outcomes[] = {Outcome::kAdmitted, Outcome::kPending, Outcome::kRefused, Outcome::kPending,
                              Outcome::kPreempting};
  const Retry retries[] = {Retry::kNone, Retry::kNever, Retry::kNever, Retry::kNotNow, Retry::kNone};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(p.decisions[i].outcome, outcomes[i]) << Describe(p.decisions[i]);
    EXPECT_EQ(p.decisions[i].retry, retries[i]) << Describe(p.decisions[i]);
  }
}

TEST(DecisionValue, InWords) {
  const Played p = Play();
  EXPECT_EQ(Describe(p.decisions[0]), "admitted ns/low in q: main x2 nvidia.com/gpu=a");
  EXPECT_EQ(Describe(p.decisions[1]),
            "pending ns/large in q, never: couldn't assign flavors to pod set main: insufficient quota for "
            "nvidia.com/gpu in flavor a, previously considered podsets requests (0) + current podset request (9) > "
            "maximum capacity (8)");
  EXPECT_EQ(Describe(p.decisions[2]),
            "refused nowhere/off in q, never: workload namespace \"nowhere\" does not exist: Namespace \"nowhere\" not "
            "found");
  EXPECT_EQ(Describe(p.decisions[3]),
            "pending ns/equal in q: couldn't assign flavors to pod set main: insufficient unused quota for "
            "nvidia.com/gpu in flavor a, 1 more needed");
  EXPECT_EQ(Describe(p.decisions[4]),
            "preempting ns/high in q (ns/low): couldn't assign flavors to pod set main: insufficient unused quota for "
            "nvidia.com/gpu in flavor a, 6 more needed. Pending the preemption of 1 workload(s)");
  EXPECT_EQ(PreemptionMessage(p.decisions[4], p.decisions[4].targets.at(0)),
            "Preempted to accommodate a workload (UID: high, JobUID: UNKNOWN) due to prioritization in the "
            "ClusterQueue; preemptor path: /team/q; preemptee path: /team/q");
}

TEST(DecisionValue, AsJson) {
  const Played p = Play();
  EXPECT_EQ(ToJson(p.decisions[0]).dump(),
            R"({"outcome":"admitted","workload":"ns/low","uid":"low","queue":"q","path":"/team/q","mode":"Fit",)"
            R"("status":"assumed","requeue":"","reason":"","pod_sets":[{"name":"main","count":2,)"
            R"("flavors":{"nvidia.com/gpu":"a"}}]})");
  Decision borrowed = p.decisions[0];
  borrowed.pod_sets[0].attempts = {{borrowed.pod_sets[0].flavors[0].flavor, Mode::kPreempt,
                                    FlavorAttempt::Preemption::kReclaim, 1, p.decisions[3].pod_sets[0].reasons}};
  EXPECT_EQ(ToJson(borrowed)["pod_sets"][0]["attempts"].dump(),
            R"([{"flavor":"a","mode":"Preempt","preemption":"Reclaim","borrow":1,"reasons":[)"
            R"({"code":"InsufficientUnusedQuota","flavor":"a","resource":"nvidia.com/gpu","missing":1}]}])");
  const nlohmann::ordered_json large = ToJson(p.decisions[1]);
  EXPECT_EQ(large["retry"], "never");
  EXPECT_EQ(large["reason"], "ExceedsMaxQuota");
  EXPECT_EQ(large["pod_sets"][0]["reasons"][0].dump(),
            R"({"code":"ExceedsMaxQuota","flavor":"a","resource":"nvidia.com/gpu","earlier":0,"requested":9,)"
            R"("capacity":8})");
  EXPECT_EQ(ToJson(p.decisions[4])["targets"].dump(),
            R"([{"workload":"ns/low","queue":"q","reason":"InClusterQueue","newly":true}])");
}

TEST(DecisionValue, StaysTrueWhenTheEngineHasMovedOnAndWhenItIsGone) {
  Played p = Play();
  std::vector<Said> said;
  for (const Decision& d : p.decisions) said.push_back(Say(d));
  Engine& e = *p.engine;
  for (const Decision& d : p.decisions) {
    if (e.HasWorkload(d.workload)) e.DeleteWorkload(d.workload, At(6));
  }
  for (const char* name : {"other1", "other2", "other3", "other4", "other5"}) {
    e.Apply(MakeWorkload(name, "q", 1, 1, 7), At(7));  // in the places of those that are gone
  }
  e.DeleteClusterQueue("q");
  e.Apply(MakeQueue("q", "another", {{"b", 1}}), At(9));
  e.RunCycle(At(10));
  for (size_t i = 0; i < said.size(); ++i) EXPECT_EQ(Say(p.decisions[i]), said[i]);
  p.engine.reset();
  for (size_t i = 0; i < said.size(); ++i) EXPECT_EQ(Say(p.decisions[i]), said[i]);
}

}  // namespace
}  // namespace muster::scheduler
