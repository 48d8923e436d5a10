// What a search for victims leaves behind, what it remembers, and how capacity besides quota takes part in it.
//
// The rules themselves are held against a naive model in scheduler/testing/small_worlds_test.cc.
#include "scheduler/preemption/victim_search.h"

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

class VictimSearchTest : public testing::Test {
 protected:
  // Two queues of 4 GPUs in a cohort; both may take back from others, and from their own of lower priority.
  VictimSearchTest() {
    declared_.Apply(MakeFlavor("a"));
    for (const char* name : {"mine", "theirs"}) {
      api::ClusterQueue queue = MakeQueue(name, "cohort", {{"a", 4}});
      queue.preemption.emplace();
      queue.preemption->within_cluster_queue = "LowerPriority";
      queue.preemption->reclaim_within_cohort = "Any";
      declared_.Apply(queue);
    }
    declared_.RefreshForest();
    mine_ = declared_.FindClusterQueue("mine");
    theirs_ = declared_.FindClusterQueue("theirs");
    fr_ = declared_.Fr(declared_.flavors.Find("a"), declared_.resources.Find("nvidia.com/gpu"));
    holders_.resize(declared_.num_cluster_queues());
    active_.assign(declared_.num_cluster_queues(), 1);
  }

  WorkloadId Hold(ClusterQueueId cq, quota::Amount gpus, int64_t priority, int reserved,
                  const char* local_queue = "lq") {
    const int32_t index = static_cast<int32_t>(workloads_.size());
    const WorkloadId id(index, 0);
    WorkloadState& w = workloads_.emplace_back();
    w.id = id;
    w.identity = Shared<WorkloadIdentity>({absl::StrCat("ns/w", index), absl::StrCat("uid", index), ""});
    w.cq = cq;
    w.priority = priority;
    w.phase = WorkloadPhase::kReserved;
    w.usage = {{fr_, gpus}};
    w.local_queue = declared_.InternLocalQueue("ns", local_queue);
    holders_[cq].insert({false, priority, At(reserved), w.uid(), id});
    declared_.forest().AddUsage(declared_.NodeOf(cq), w.usage);
    return id;
  }
  HoldersView View() {
    HoldersView view;
    view.declared = &declared_;
    view.workloads = &workloads_;
    view.by_queue = &holders_;
    view.active = &active_;
    view.options = &options_;
    return view;
  }
  PreemptionRequest Request(quota::Amount gpus, int64_t priority) {
    PreemptionRequest r;
    r.cq = mine_;
    r.priority = priority;
    r.queue_timestamp = At(100);
    r.usage = {{fr_, gpus}};
    r.frs = {fr_};
    return r;
  }
  static std::set<int> Ids(const std::vector<PreemptionTarget>& targets) {
    std::set<int> out;
    for (const PreemptionTarget& t : targets) out.insert(t.workload);
    return out;
  }
  quota::Amount Used(ClusterQueueId cq) { return declared_.forest().usage(declared_.NodeOf(cq), fr_); }

  Declared declared_;
  EngineOptions options_;
  ClusterQueueId mine_, theirs_;
  quota::FrId fr_;
  std::deque<WorkloadState> workloads_;
  std::vector<Holders> holders_;
  std::vector<uint8_t> active_;
};

TEST_F(VictimSearchTest, TakesAsFewAsItNeedsAndLeavesUsageAsItWas) {
  const WorkloadId small = Hold(mine_, 1, 0, 3), large = Hold(mine_, 3, 0, 2);
  Hold(theirs_, 4, 0, 1);
  VictimSearch search(View());
  EXPECT_EQ(Ids(search.FindTargets(Request(1, 9))), (std::set<int>{small}));
  search.Forget();
  // The small one is taken first, and given back when the large one is enough.
  EXPECT_EQ(Ids(search.FindTargets(Request(3, 9))), (std::set<int>{large}));
  search.Forget();
  EXPECT_EQ(Ids(search.FindTargets(Request(4, 9))), (std::set<int>{small, large}));
  search.Forget();
  EXPECT_TRUE(search.FindTargets(Request(5, 9)).empty()) << "never enough";
  search.Forget();
  EXPECT_TRUE(search.FindTargets(Request(1, 0)).empty()) << "nobody is below";
  EXPECT_EQ(Used(mine_), 4);
  EXPECT_EQ(Used(theirs_), 4);
}

TEST_F(VictimSearchTest, OfInactiveQueuesNobodyIsTaken) {
  const WorkloadId borrower = Hold(theirs_, 8, 0, 1);
  VictimSearch search(View());
  EXPECT_EQ(Ids(search.FindTargets(Request(4, 0))), (std::set<int>{borrower}));
  active_[theirs_] = 0;
  search.Forget();
  EXPECT_TRUE(search.FindTargets(Request(4, 0)).empty());
  // The same by shares.
  options_ = EngineOptions::FairSharing();
  active_[theirs_] = 1;
  search.Forget();
  EXPECT_EQ(Ids(search.FindTargets(Request(4, 0))), (std::set<int>{borrower}));
  active_[theirs_] = 0;
  search.Forget();
  EXPECT_TRUE(search.FindTargets(Request(4, 0)).empty());
  EXPECT_EQ(Used(theirs_), 8);
  EXPECT_EQ(Used(mine_), 0);
}

// The last answer is given again to the same question, until it is to be forgotten.
TEST_F(VictimSearchTest, RemembersTheLastAnswer) {
  const WorkloadId old = Hold(mine_, 4, 0, 1);
  VictimSearch search(View());
  EXPECT_EQ(Ids(search.FindTargets(Request(4, 9))), (std::set<int>{old}));
  declared_.forest().RemoveUsage(declared_.NodeOf(mine_), workloads_[old].usage);
  holders_[mine_].clear();
  EXPECT_EQ(Ids(search.FindTargets(Request(4, 9))), (std::set<int>{old})) << "it has not been told";
  EXPECT_TRUE(search.FindTargets(Request(3, 9)).empty()) << "another question";
  EXPECT_TRUE(search.FindTargets(Request(4, 9)).empty()) << "whose answer is the last now";
  const WorkloadId fresh = Hold(mine_, 4, 0, 1);
  search.Forget();
  EXPECT_EQ(Ids(search.FindTargets(Request(4, 9))), (std::set<int>{fresh}));
}

TEST_F(VictimSearchTest, TellsWhatKindOfRoomThereWouldBe) {
  WorkloadState asker;
  asker.priority = 9;
  asker.queue_timestamp = At(100);
  VictimSearch search(View());
  // Nobody is there: nobody can go.
  EXPECT_EQ(search.Ask(asker, mine_, fr_, 5).mode, FitMode::kNoCandidates);
  EXPECT_EQ(search.Ask(asker, mine_, fr_, 5).borrow, 1);
  EXPECT_EQ(search.Ask(asker, mine_, fr_, 4).borrow, 0);
  Hold(theirs_, 7, 0, 1);
  Hold(mine_, 1, 0, 2);
  search.Forget();
  // Its own quota is taken back from who borrows it.
  EXPECT_EQ(search.Ask(asker, mine_, fr_, 3).mode, FitMode::kReclaim);
  EXPECT_EQ(search.Ask(asker, mine_, fr_, 3).borrow, 0) << "once the victim is gone";
  workloads_[0].priority = 9;
  declared_.Apply([] {
    api::ClusterQueue queue = MakeQueue("mine", "cohort", {{"a", 4}});
    queue.preemption.emplace();
    queue.preemption->within_cluster_queue = "LowerPriority";
    return queue;
  }());
  search.Forget();
  EXPECT_EQ(search.Ask(asker, mine_, fr_, 1).mode, FitMode::kPreempt) << "from its own queue";
  EXPECT_EQ(Used(mine_), 1);
  EXPECT_EQ(Used(theirs_), 7);
}

// Room on nodes, say: enough once those in `needed` have gone.
class Other : public OtherCapacity {
 public:
  explicit Other(std::set<int> needed) : needed_(std::move(needed)) {}
  void Mark() override { marks_.push_back(gone_); }
  void Rollback() override {
    gone_ = marks_.back();
    marks_.pop_back();
  }
  void Remove(WorkloadId victim) override { EXPECT_TRUE(gone_.insert(victim).second); }
  void Restore(WorkloadId victim) override { EXPECT_EQ(gone_.erase(victim), 1u); }
  bool Fits() override {
    ++asked_;
    EXPECT_FALSE(marks_.empty());
    return std::includes(gone_.begin(), gone_.end(), needed_.begin(), needed_.end());
  }
  bool AsBefore() const { return marks_.empty() && gone_.empty(); }
  int asked() const { return asked_; }

 private:
  std::set<int> needed_, gone_;
  std::vector<std::set<int>> marks_;
  int asked_ = 0;
};

TEST_F(VictimSearchTest, OtherCapacityHasToFitToo) {
  const WorkloadId first = Hold(mine_, 1, 0, 3), second = Hold(mine_, 1, 0, 2), third = Hold(mine_, 2, 0, 1);
  for (const bool fair : {false, true}) {
    options_ = fair ? EngineOptions::FairSharing() : EngineOptions::Default();
    VictimSearch search(View());
    Other anybody({});
    EXPECT_EQ(Ids(search.FindTargets(Request(1, 9), &anybody)), (std::set<int>{first})) << fair;
    EXPECT_TRUE(anybody.AsBefore());
    Other place({second});
    EXPECT_EQ(Ids(search.FindTargets(Request(1, 9), &place)), (std::set<int>{second})) << fair;
    EXPECT_TRUE(place.AsBefore());
    Other both({first, third});
    EXPECT_EQ(Ids(search.FindTargets(Request(1, 9), &both)), (std::set<int>{first, third})) << fair;
    EXPECT_TRUE(both.AsBefore());
    Other nothing({77});
    EXPECT_TRUE(search.FindTargets(Request(1, 9), &nothing).empty()) << fair;
    EXPECT_TRUE(nothing.AsBefore());
    // An answer that depends on other capacity is neither remembered nor taken from memory.
    EXPECT_EQ(Ids(search.FindTargets(Request(1, 9))), (std::set<int>{first})) << fair;
    EXPECT_EQ(Ids(search.FindTargets(Request(1, 9), &place)), (std::set<int>{second})) << fair;
    // Where quota does not do, nobody asks about anything else.
    Other unasked({});
    EXPECT_TRUE(search.FindTargets(Request(9, 9), &unasked).empty());
    EXPECT_EQ(unasked.asked(), 0);
    EXPECT_EQ(Used(mine_), 4);
  }
}

// Under admission fair sharing, of one queue's candidates those of the LocalQueue that used most go first.
TEST_F(VictimSearchTest, OfTheLocalQueueThatUsedMost) {
  const WorkloadId light = Hold(mine_, 2, 0, 9, "light"), heavy = Hold(mine_, 2, 5, 1, "heavy");
  HoldersView view = View();
  double of_heavy = 7;
  view.local_queue_usage = [&](WorkloadId id) -> std::optional<double> { return id == heavy ? of_heavy : 3; };
  VictimSearch search(view);
  EXPECT_EQ(Ids(search.FindTargets(Request(2, 9))), (std::set<int>{heavy}));
  of_heavy = 1;
  search.Forget();
  EXPECT_EQ(Ids(search.FindTargets(Request(2, 9))), (std::set<int>{light}));
  of_heavy = 3;
  search.Forget();
  EXPECT_EQ(Ids(search.FindTargets(Request(2, 9))), (std::set<int>{light})) << "the lower priority";
}

}  // namespace
}  // namespace muster::scheduler
