// The engine says when further cycles would change nothing, and is right about it both ways.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

// How many cycles it takes to become quiet, carrying out nothing; -1 if it does not.
int CyclesUntilQuiet(Engine& e, absl::Time now, int most = 1000) {
  e.Advance(now);
  for (int cycles = 0; cycles <= most; ++cycles) {
    if (e.IsQuiet()) return cycles;
    e.RunCycle(now);
  }
  return -1;
}

TEST(Quiet, AnEngineWithNothingToLookAtIsQuiet) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}})});
  EXPECT_EQ(CyclesUntilQuiet(e, At(1)), 0);
  e.Apply(MakeWorkload("w", "q", 1, 8, 1), At(1));
  EXPECT_FALSE(e.IsQuiet());
  EXPECT_EQ(CyclesUntilQuiet(e, At(1)), 1);
}

TEST(Quiet, AHeadThatWaitsInFrontOfItsQueueIsLookedAtOnce) {
  Engine e = MakeEngine({MakeQueue("q", "", {{"a", 8}}, "StrictFIFO")});
  const WorkloadId running = e.Apply(MakeWorkload("running", "q", 1, 8, 1), At(1));
  CyclesUntilQuiet(e, At(1));
  e.Apply(MakeWorkload("waits", "q", 1, 8, 2), At(2));
  EXPECT_EQ(CyclesUntilQuiet(e, At(2)), 1);
  EXPECT_TRUE(e.HasPendingHeads());
  e.Finish(running, At(3));
  EXPECT_FALSE(e.IsQuiet()) << "an event may make a difference";
  EXPECT_EQ(CyclesUntilQuiet(e, At(3)), 1);
  EXPECT_FALSE(e.HasPendingHeads()) << "it was let in";
}

TEST(Quiet, AHeadIsLookedAtOncePerFlavorItCanTry) {
  api::ClusterQueue queue = MakeQueue("q", "", {{"a", 4}, {"b", 4}}, "StrictFIFO");
  queue.preemption = api::ClusterQueuePreemption{"Never", {}, "LowerPriority"};
  queue.flavor_fungibility = api::FlavorFungibility{"MayStopSearch", "MayStopSearch", ""};
  Engine e = MakeEngine({queue});
  const WorkloadId r1 = e.Apply(MakeWorkload("r1", "q", 1, 4, 1, /*priority=*/5), At(1));
  const WorkloadId r2 = e.Apply(MakeWorkload("r2", "q", 1, 4, 1, /*priority=*/5), At(1));
  EXPECT_GE(CyclesUntilQuiet(e, At(1)), 2);
  EXPECT_EQ(e.Phase(r1), WorkloadPhase::kReserved);
  EXPECT_EQ(e.Phase(r2), WorkloadPhase::kReserved);
  e.Apply(MakeWorkload("waits", "q", 1, 4, 2), At(2));
  // It could preempt in "a" if there were somebody to preempt, so the scan stops there and goes on with "b" later.
  const int cycles = CyclesUntilQuiet(e, At(2));
  EXPECT_GE(cycles, 1);
  EXPECT_LE(cycles, 3);
  EXPECT_TRUE(e.HasPendingHeads());
}

TEST(Quiet, APreemptorThatWaitsForItsVictimsIsLookedAtOnceMore) {
  for (const char* strategy : {"StrictFIFO", "BestEffortFIFO"}) {
    api::ClusterQueue queue = MakeQueue("q", "", {{"a", 8}}, strategy);
    queue.preemption = api::ClusterQueuePreemption{"Never", {}, "LowerPriority"};
    Engine e = MakeEngine({queue});
    const WorkloadId victim = e.Apply(MakeWorkload("victim", "q", 1, 8, 1), At(1));
    CyclesUntilQuiet(e, At(1));
    const WorkloadId preemptor = e.Apply(MakeWorkload("preemptor", "q", 1, 8, 2, 1), At(2));
    // One marks the victim, one finds that nothing is new.
    EXPECT_EQ(CyclesUntilQuiet(e, At(2)), 2) << strategy;
    EXPECT_TRUE(e.IsEvicted(victim));
    EXPECT_EQ(e.Phase(preemptor), WorkloadPhase::kPending);
    e.CompleteEviction(victim, At(3));
    EXPECT_FALSE(e.IsQuiet());
    EXPECT_GT(CyclesUntilQuiet(e, At(3)), 0);
    EXPECT_EQ(e.Phase(preemptor), WorkloadPhase::kReserved);
  }
}

// Whose object was written while it waits for its victims is not known as the preemptor any more: that it is again, is
// something new for one cycle.
TEST(Quiet, APreemptorThatWasWrittenIsLookedAtOnceMore) {
  for (const char* strategy : {"StrictFIFO", "BestEffortFIFO"}) {
    for (const bool written : {false, true}) {
      api::ClusterQueue queue = MakeQueue("q", "", {{"a", 8}}, strategy);
      queue.preemption = api::ClusterQueuePreemption{"Never", {}, "LowerPriority"};
      Engine e = MakeEngine({queue});
      e.Apply(MakeWorkload("victim", "q", 1, 8, 1), At(1));
      CyclesUntilQuiet(e, At(1));
      const WorkloadId preemptor = e.Apply(MakeWorkload("preemptor", "q", 1, 8, 2, 1), At(2));
      EXPECT_EQ(CyclesUntilQuiet(e, At(2)), 2);
      if (written) {
        e.SetPriority(preemptor, 2, At(3));
      } else {
        e.Apply(MakeNamespace("elsewhere"), At(3));
      }
      EXPECT_FALSE(e.IsQuiet());
      EXPECT_EQ(CyclesUntilQuiet(e, At(3)), written ? 2 : 1) << strategy;
      EXPECT_EQ(e.Phase(preemptor), WorkloadPhase::kPending);
    }
  }
}

// With a scan that goes from flavor to flavor, and begins anew behind the last, cycles repeat after as many as there are.
TEST(Quiet, AScanOverManyFlavorsIsSeenToBeginAnew) {
  for (const int pod_sets : {1, 2}) {
    api::ClusterQueue queue = MakeQueue("q", "team", {{"a", 4}, {"b", 4}, {"c", 4}}, "StrictFIFO");
    queue.preemption = api::ClusterQueuePreemption{"LowerPriority", {}, "LowerPriority"};
    queue.flavor_fungibility = api::FlavorFungibility{"MayStopSearch", "MayStopSearch", ""};
    Engine e = MakeEngine({queue, MakeQueue("other", "team", {{"a", 4}, {"b", 4}, {"c", 4}})});
    e.Apply(MakeFlavor("c"), At(0));
    for (int i = 0; i < 6; ++i) {
      e.Apply(MakeWorkload(absl::StrCat("r", i), i < 3 ? "q" : "other", 1, 4, 1, /*priority=*/5), At(1));
    }
    CyclesUntilQuiet(e, At(1));
    api::Workload waits = MakeWorkload("waits", "q", 1, 4 / pod_sets, 2);
    if (pod_sets == 2) {
      waits.spec.pod_sets.push_back(waits.spec.pod_sets[0]);
      waits.spec.pod_sets[1].name = "other";
    }
    const WorkloadId id = e.Apply(waits, At(2));
    e.Advance(At(2));
    // What is tried in one cycle decides where the next goes on; the engine is quiet when that has come round.
    std::vector<std::string> messages;
    while (!e.IsQuiet() && messages.size() < 20) {
      const CycleResult cycle = e.RunCycle(At(2));
      ASSERT_EQ(cycle.entries.size(), 1u);
      messages.push_back(e.Message(cycle.entries[0]));
    }
    ASSERT_LT(messages.size(), 20u);
    EXPECT_EQ(e.Phase(id), WorkloadPhase::kPending);
    // From here on they are those that were.
    std::vector<std::string> more;
    for (size_t i = 0; i < messages.size() + 3; ++i) {
      more.push_back(e.Message(e.RunCycle(At(2)).entries.at(0)));
      EXPECT_TRUE(e.IsQuiet());
      EXPECT_NE(std::find(messages.begin(), messages.end(), more.back()), messages.end())
          << "a new one: " << more.back();
    }
  }
}

// Timers bring back who was parked: that ends the quiet, though an event came long before.
TEST(Quiet, EndsWhenATimerBringsSomebodyBack) {
  EngineOptions options;
  options.reactivation_batch = absl::Seconds(5);
  Engine e(options);
  e.Apply(MakeNamespace("ns"), At(0));
  e.Apply(MakeFlavor("a"), At(0));
  // The head of "strict" repeats itself for ever; "best" parks what does not fit.
  const auto queue = [](const char* name, const char* strategy, int64_t gpus) {
    return MakeQueue(name, "team", {{"a", gpus, 0}}, strategy);
  };
  for (const char* name : {"strict", "best"}) {
    e.Apply(queue(name, name == std::string("strict") ? "StrictFIFO" : "BestEffortFIFO", 4), At(0));
    e.Apply(MakeLocalQueue("ns", name, name), At(0));
  }
  e.Apply(MakeWorkload("waits", "strict", 1, 9, 1), At(10));
  const WorkloadId parked = e.Apply(MakeWorkload("parked", "best", 1, 9, 1), At(10));
  api::Workload backoff = MakeWorkload("backoff", "best", 1, 1, 1);
  backoff.status.requeue_state.emplace();
  backoff.status.requeue_state->requeue_at = At(30);
  const WorkloadId later = e.Apply(backoff, At(10));
  CyclesUntilQuiet(e, At(10));
  ASSERT_TRUE(e.HasPendingHeads());
  ASSERT_EQ(e.Phase(parked), WorkloadPhase::kInadmissible);
  e.Apply(queue("best", "BestEffortFIFO", 5), At(20));
  CyclesUntilQuiet(e, At(20));
  ASSERT_EQ(e.Phase(parked), WorkloadPhase::kInadmissible);
  EXPECT_EQ(e.NextTimer(), At(25));
  e.Advance(At(24));
  EXPECT_TRUE(e.IsQuiet());
  e.Advance(At(25));
  EXPECT_FALSE(e.IsQuiet());
  EXPECT_EQ(e.Phase(parked), WorkloadPhase::kPending);
  CyclesUntilQuiet(e, At(25));
  EXPECT_EQ(e.NextTimer(), At(30));
  e.Advance(At(29));
  EXPECT_TRUE(e.IsQuiet());
  e.Advance(At(30));
  EXPECT_FALSE(e.IsQuiet());
  CyclesUntilQuiet(e, At(30));
  EXPECT_EQ(e.Phase(later), WorkloadPhase::kReserved);
}

// One that is about to be deleted is told as the object it was, and is no other spec: its cohort is another without it.
TEST(Quiet, EndsWhenAClusterQueueIsOnItsWayOut) {
  const api::ClusterQueue stays = MakeQueue("stays", "team", {{"a", 1}}, "StrictFIFO"),
                          goes = MakeQueue("goes", "team", {{"a", 1}}, "StrictFIFO");
  Engine e = MakeEngine({stays, goes});
  for (const char* queue : {"stays", "goes"}) {
    e.Apply(MakeWorkload(absl::StrCat("of-", queue), queue, 1, 9, 1), At(1));
  }
  EXPECT_GT(CyclesUntilQuiet(e, At(1)), 0);
  ASSERT_TRUE(e.HasPendingHeads());
  api::ClusterQueue going = goes;
  going.metadata.deletion_timestamp = At(2);
  for (const api::ClusterQueue& next : {going, goes}) {
    e.Apply(next, At(2));
    EXPECT_FALSE(e.IsQuiet());
    EXPECT_EQ(CyclesUntilQuiet(e, At(2)), 1);
    e.Apply(next, At(2));
    EXPECT_TRUE(e.IsQuiet()) << "that is known";
  }
}

TEST(Quiet, WritingTheStatusAnewStartsTheScanAnew) {
  EngineOptions options;
  options.gates.Set(Gate::kFlavorFungibilityPreserveScanProgress, false);
  api::ClusterQueue queue = MakeQueue("q", "", {{"a", 4}, {"b", 4}});
  Engine e = MakeEngine({queue}, options);
  const WorkloadId w = e.Apply(MakeWorkload("w", "q", 1, 5, 1), At(1));
  EXPECT_GE(CyclesUntilQuiet(e, At(1)), 1);
  e.StatusWritten(w);
  EXPECT_TRUE(e.IsQuiet()) << "no scan was under way";
}

// Small random clusters with everything that sends heads back to the front.
class Cluster {
 public:
  explicit Cluster(uint64_t seed) : random_(seed), engine_(Build()) {}

  void Run(int events) {
    for (int i = 0; i < events && !testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(absl::StrCat("event ", i));
      Happen();
      CheckQuiet();
    }
  }
  int quiet_with_heads() const { return quiet_with_heads_; }
  int longest() const { return longest_; }

 private:
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int one_in) { return Pick(one_in) == 0; }
  absl::Time Now() const { return At(now_); }

  api::ClusterQueue Queue(const std::string& name) {
    constexpr const char* kReclaim[] = {"Never", "LowerPriority", "Any"};
    constexpr const char* kWithin[] = {"Never", "LowerPriority", "LowerOrNewerEqualPriority"};
    std::vector<FlavorGpus> flavors = {{"a", Pick(5)}};
    if (!Chance(3)) flavors.push_back({"b", Pick(5)});
    if (flavors.size() == 2 && Chance(3)) flavors.push_back({"c", Pick(5)});
    api::ClusterQueue cq = MakeQueue(name, Chance(4) ? "" : "team", flavors, Chance(2) ? "StrictFIFO" : "");
    cq.flavor_fungibility = api::FlavorFungibility{Chance(2) ? "TryNextFlavor" : "MayStopSearch",
                                                   Chance(2) ? "TryNextFlavor" : "MayStopSearch", ""};
    cq.preemption = api::ClusterQueuePreemption{kReclaim[Pick(3)], {}, kWithin[Pick(3)]};
    return cq;
  }
  Engine Build() {
    EngineOptions options;
    if (Chance(3)) options = EngineOptions::FairSharing();
    if (Chance(3)) options.gates.Set(Gate::kFlavorFungibilityPreserveScanProgress, Chance(2));
    options.gates.Set(Gate::kPrioritizePreemptorWorkloads, Chance(2));
    std::vector<api::ClusterQueue> queues;
    for (const char* name : {"x", "y", "z"}) queues.push_back(Queue(name));
    Engine e = MakeEngine(queues, options);
    e.Apply(MakeFlavor("c"), At(0));
    return e;
  }

  void Happen() {
    ++now_;
    const std::vector<WorkloadId> known = jobs_;
    const int what = Pick(11);
    if (known.empty() || what < 5) {
      const std::string queue(1, static_cast<char>('x' + Pick(3)));
      api::Workload w = MakeWorkload(absl::StrCat("w", next_++), queue, 1 + Pick(2), 1 + Pick(3), now_, Pick(3));
      if (Chance(3)) {
        w.spec.pod_sets.push_back(w.spec.pod_sets[0]);
        w.spec.pod_sets[1].name = "other";
      }
      jobs_.push_back(engine_.Apply(w, Now()));
      return;
    }
    const size_t at = static_cast<size_t>(Pick(static_cast<int>(known.size())));
    if (what == 5) {
      engine_.SetPriority(known[at], Pick(3), Now());
    } else if (what < 8) {
      engine_.CompleteEviction(known[at], Now());
    } else if (what == 8) {
      const std::string name(1, static_cast<char>('x' + Pick(3)));
      engine_.Apply(Queue(name), Now());
    } else {
      engine_.DeleteWorkload(known[at], Now());
      jobs_.erase(jobs_.begin() + static_cast<long>(at));
    }
  }

  std::vector<std::string> Standing() const {
    std::vector<std::string> out;
    for (const WorkloadId id : jobs_) {
      out.push_back(
          absl::StrCat(engine_.WorkloadKey(id), " ", static_cast<int>(engine_.Phase(id)), " ", engine_.IsEvicted(id)));
    }
    return out;
  }

  // It becomes quiet, and then nothing changes for as many cycles as it took and some more, decision by decision
  // nothing that was not decided before.
  void CheckQuiet() {
    const int cycles = CyclesUntilQuiet(engine_, Now());
    ASSERT_GE(cycles, 0) << "never quiet";
    longest_ = std::max(longest_, cycles);
    if (!engine_.HasPendingHeads()) return;
    ++quiet_with_heads_;
    const std::vector<std::string> before = Standing();
    for (int i = 0; i < cycles + 12; ++i) {
      const CycleResult result = engine_.RunCycle(Now());
      for (const Decision& d : result.entries) {
        ASSERT_NE(d.status, EntryStatus::kAssumed) << engine_.WorkloadKey(d.workload) << " was let in after all";
        for (const PreemptionTarget& t : d.targets) ASSERT_FALSE(t.newly_evicted) << "a victim after all";
      }
      ASSERT_TRUE(engine_.IsQuiet());
    }
    EXPECT_EQ(before, Standing());
  }

  std::mt19937_64 random_;
  Engine engine_;
  int64_t now_ = 1;
  int next_ = 0;
  std::vector<WorkloadId> jobs_;
  int quiet_with_heads_ = 0, longest_ = 0;
};

TEST(Quiet, IsExactInRandomClusters) {
  int with_heads = 0, longest = 0;
  for (uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Cluster cluster(seed);
    cluster.Run(40);
    with_heads += cluster.quiet_with_heads();
    longest = std::max(longest, cluster.longest());
  }
  EXPECT_GE(with_heads, 1000) << "heads that repeat themselves are what this is about";
  EXPECT_GE(longest, 4) << "and scans of several cycles";
}

}  // namespace
}  // namespace muster::scheduler
