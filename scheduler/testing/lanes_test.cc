// A cycle whose cohort trees are decided side by side decides what it would decide one after the other: random
// histories over several trees, with and without nodes, told to two engines, of which one is lent an executor.
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/vocabulary.h"
#include "base/thread_pool.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/engine/internals.h"
#include "scheduler/testing/replay_portrait.h"
#include "scheduler/testing/test_topology.h"

namespace muster::scheduler {
namespace {

// Does the pieces in another order than they are given, on the caller's thread.
class Backwards : public base::Executor {
 public:
  void Run(int n, const std::function<void(int)>& task) override {
    while (n-- > 0) task(n);
  }
};

// Counts what is asked of another executor.
class Counting : public base::Executor {
 public:
  explicit Counting(base::Executor* other) : other_(other) {}
  void Run(int n, const std::function<void(int)>& task) override {
    pieces_ += n;
    other_->Run(n, task);
  }
  int pieces() const { return pieces_; }

 private:
  base::Executor* other_;
  int pieces_ = 0;
};

class History {
 public:
  History(uint64_t seed, base::Executor* executor) : random_(seed), executor_(executor) {
    EngineOptions options = Chance(2) ? EngineOptions::FairSharing() : EngineOptions::Default();
    options.reactivation_batch = absl::Seconds(Pick(2));
    options.gates.Set(Gate::kPrioritizePreemptorWorkloads, Chance(3));
    options.gates.Set(Gate::kElasticJobsViaWorkloadSlices, Chance(2));
    options.gates.Set(Gate::kPrioritySortingWithinCohort, !Chance(4));
    options.strict_topology = Chance(4);
    // Then everything is one lane.
    if (Chance(8)) options.admission_fair_sharing.emplace();
    for (auto* engine : {&alone_, &helped_}) *engine = std::make_unique<Engine>(options);
    EngineInternals::Of(*helped_).few_heads = 0;
    Declare();
  }

  // Returns what differs, "" if nothing does.
  std::string Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      now_ += Pick(3);
      const std::string difference = Step();
      if (!difference.empty()) return absl::StrCat("step ", i, ": ", difference);
    }
    return "";
  }
  int admitted() const { return admitted_; }
  int victims() const { return victims_; }

 private:
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int one_in) { return Pick(one_in) == 0; }
  absl::Time Now() const { return At(now_); }
  template <class F>
  void Both(const F& f) {
    f(*alone_);
    f(*helped_);
  }

  void Declare() {
    Both([&](Engine& e) { e.Apply(MakeNamespace("ns"), Now()); });
    api::Topology topology;
    topology.metadata.name = "t";
    topology.levels = {"rack", kHost};
    Both([&](Engine& e) { e.Apply(topology, Now()); });
    for (int i = 0; i < 6; ++i) {
      const api::Node node = MakeNode(absl::StrCat("r", i / 3), absl::StrCat("n", i), {{"nvidia.com/gpu", 2}});
      Both([&](Engine& e) { e.Apply(node, Now()); });
    }
    for (const char* name : {"a", "b", "c"}) {
      api::ResourceFlavor flavor = MakeFlavor(name, {{"type", name}});
      if (flavor.metadata.name == "a") flavor.topology_name = "t";
      Both([&](Engine& e) { e.Apply(flavor, Now()); });
    }
    const int trees = 2 + Pick(6);
    for (int t = 0; t < trees; ++t) {
      api::Cohort below;
      below.metadata.name = absl::StrCat("t", t, "-below");
      below.parent_name = absl::StrCat("t", t);
      Both([&](Engine& e) { e.Apply(below, Now()); });
      const bool nodes = Chance(3);
      for (int q = 0; q <= Pick(4); ++q) {
        // Names of the trees alternate in the order of all names.
        const std::string name = absl::StrCat("q", q, "-", t);
        queues_.push_back(name);
        nodes_.push_back(nodes);
        cohorts_.push_back(Chance(6) ? "" : absl::StrCat("t", t, Chance(2) ? "-below" : ""));
        ApplyQueue(static_cast<int>(queues_.size()) - 1);
        Both([&](Engine& e) { e.Apply(MakeLocalQueue("ns", name, name), Now()); });
      }
    }
  }
  void ApplyQueue(int i) {
    constexpr const char* kReclaim[] = {"Never", "LowerPriority", "Any"};
    constexpr const char* kWithin[] = {"Never", "LowerPriority", "LowerOrNewerEqualPriority"};
    std::vector<FlavorGpus> flavors = {{nodes_[i] ? "a" : "b", 1 + Pick(4), std::nullopt}};
    if (!nodes_[i] || Chance(2)) flavors.push_back({"c", Pick(4), std::nullopt});
    api::ClusterQueue cq = MakeQueue(queues_[i], cohorts_[i], flavors, Chance(3) ? "StrictFIFO" : "BestEffortFIFO");
    cq.stop_policy = Chance(12) ? "Hold" : "None";
    cq.preemption = api::ClusterQueuePreemption{kReclaim[Pick(3)], {}, kWithin[Pick(3)]};
    if (cq.preemption->reclaim_within_cohort != "Never" && Chance(2)) {
      cq.preemption->borrow_within_cohort = {"LowerPriority", std::nullopt};
    }
    if (Chance(3)) cq.fair_sharing = api::FairSharing{api::Quantity::FromValue(Pick(3))};
    if (Chance(4)) cq.admission_mode = "UsageBasedAdmissionFairSharing";
    Both([&](Engine& e) { e.Apply(cq, Now()); });
  }
  void Submit() {
    api::Workload w = MakeWorkload(absl::StrCat("w", next_++), queues_[Pick(static_cast<int>(queues_.size()))],
                                   1 + Pick(3), 1 + Pick(2), now_, Pick(3));
    if (Chance(4)) w.spec.pod_sets[0].min_count = 1;
    // Now and then where there are no nodes.
    if (Chance(5)) w = Required(std::move(w), Chance(2) ? "rack" : kHost);
    if (Chance(6) && !names_.empty()) {
      w.metadata.annotations[api::kReplacementForAnnotation] = absl::StrCat("ns/", names_[Pick(names_.size())]);
    }
    names_.push_back(w.metadata.name);
    Both([&](Engine& e) { e.Apply(w, Now()); });
  }

  std::string Step() {
    const int what = Pick(16);
    if (what < 6) {
      for (int i = Pick(6); i >= 0; --i) Submit();
      return "";
    }
    if (what < 12) return Cycle();
    if (what == 12) {
      ApplyQueue(Pick(static_cast<int>(queues_.size())));
      return "";
    }
    if (what == 13 && Chance(4)) {
      // Two trees become one, or one two.
      api::Cohort cohort;
      cohort.metadata.name = absl::StrCat("t", Pick(3), "-below");
      cohort.parent_name = absl::StrCat("t", Pick(3));
      Both([&](Engine& e) { e.Apply(cohort, Now()); });
      return "";
    }
    if (names_.empty()) return "";
    const auto id = alone_->FindWorkload("ns", names_[Pick(static_cast<int>(names_.size()))]);
    if (!id.has_value()) return "";
    if (what == 14 && alone_->IsEvicted(*id)) {
      Both([&](Engine& e) { e.CompleteEviction(*id, Now()); });
    } else {
      Both([&](Engine& e) { e.Finish(*id, Now()); });
    }
    return "";
  }

  std::string Cycle() {
    Both([&](Engine& e) {
      e.SampleLocalQueues(Now());
      e.Advance(Now());
    });
    for (int i = 0; i < 3; ++i) {
      const CycleResult alone = alone_->RunCycle(Now()), helped = helped_->RunCycle(Now(), executor_);
      if (alone != helped) {
        return absl::StrCat(absl::StrJoin(Transcript(*alone_, alone), "\n"), "\nbut with an executor\n",
                            absl::StrJoin(Transcript(*helped_, helped), "\n"));
      }
      for (const Decision& d : alone.entries) {
        admitted_ += d.outcome == Outcome::kAdmitted;
        victims_ += static_cast<int>(d.targets.size());
        if (d.replaces != kNoId) Both([&](Engine& e) { e.Finish(d.replaces, Now()); });
      }
      if (alone_->IsQuiet() != helped_->IsQuiet()) return "one is quiet";
      if (alone_->NextTimer() != helped_->NextTimer()) return "timers differ";
    }
    Lines workloads;
    for (const std::string& name : names_) workloads.push_back(absl::StrCat("ns/", name));
    if (Portrait(*alone_, workloads) != Portrait(*helped_, workloads)) return "the engines stand differently";
    if (WaitingInOrder(*alone_) != WaitingInOrder(*helped_)) return "workloads wait in another order";
    return "";
  }

  std::mt19937_64 random_;
  base::Executor* executor_;
  std::unique_ptr<Engine> alone_, helped_;
  int64_t now_ = 0;
  int next_ = 0, admitted_ = 0, victims_ = 0;
  std::vector<std::string> queues_, cohorts_, names_;
  std::vector<bool> nodes_;
};

void PlayHistories(base::Executor* executor, int seeds) {
  Counting counting(executor);
  int admitted = 0, victims = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    History history(static_cast<uint64_t>(seed), &counting);
    ASSERT_EQ(history.Run(60), "") << "seed " << seed;
    admitted += history.admitted();
    victims += history.victims();
  }
  // What the histories are about did happen.
  EXPECT_GE(counting.pieces(), seeds * 30);
  EXPECT_GE(admitted, seeds * 10);
  EXPECT_GE(victims, seeds);
}

TEST(Lanes, OneAfterTheOtherInAnyOrder) {
  Backwards backwards;
  PlayHistories(&backwards, 300);
}

TEST(Lanes, SideBySide) {
  for (const int threads : {2, 3, 4}) {
    base::ThreadPool pool(threads);
    PlayHistories(&pool, 60);
  }
}

}  // namespace
}  // namespace muster::scheduler
