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
    std::vector<api::ClusterQueue> queues;
    for (const char* name : {"x", "y", "z"}) queues.push_back(Queue(name));
    return MakeEngine(queues, options);
  }

  void Happen() {
    ++now_;
    const std::vector<WorkloadId> known = jobs_;
    const int what = Pick(10);
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
    if (what < 7) {
      engine_.CompleteEviction(known[at], Now());
    } else if (what == 7) {
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
