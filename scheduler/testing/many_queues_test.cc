// A cycle looks at one head of every ClusterQueue that has one, in the order of names, however many there are and
// whichever come and go.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

std::string Name(int i) { return absl::StrFormat("q%03d", i); }

// The ClusterQueues whose heads a cycle looks at, as it goes through them.
std::vector<std::string> LookedAt(Engine& e, absl::Time now) {
  std::vector<std::string> out;
  for (const Decision& d : e.RunCycle(now).entries) out.push_back(e.ClusterQueueName(d.cluster_queue));
  return out;
}

class ManyQueues : public ::testing::Test {
 protected:
  static constexpr int kQueues = 200;
  ManyQueues() : engine_(MakeEngine({})) {
    for (int i = 0; i < kQueues; ++i) Declare(Name(i));
  }
  void Declare(const std::string& name) {
    engine_.Apply(MakeQueue(name, "", {{"a", 9}}), At(0));
    engine_.Apply(MakeLocalQueue("ns", name, name), At(0));
  }
  void Submit(const std::string& queue) { engine_.Apply(MakeWorkload(absl::StrCat("w", next_++), queue, 1, 1), At(0)); }

  Engine engine_;
  int next_ = 0;
};

TEST_F(ManyQueues, EveryHeadOnceInTheOrderOfNames) {
  for (const int step : {1, 2, 3, 63, 64, 65, 127, 199}) {
    std::vector<std::string> with_head;
    for (int i = 0; i < kQueues; i += step) with_head.push_back(Name(i));
    // Submitted from the last to the first.
    for (size_t i = with_head.size(); i-- > 0;) Submit(with_head[i]);
    EXPECT_TRUE(engine_.HasPendingHeads());
    EXPECT_EQ(LookedAt(engine_, At(1)), with_head) << "every " << step;
    EXPECT_FALSE(engine_.HasPendingHeads());
    for (const std::string& queue : with_head) {
      const ClusterQueueId id = *engine_.FindClusterQueue(queue);
      for (const WorkloadId w : engine_.Reserving(id)) engine_.Finish(w, At(2));
    }
    engine_.Advance(At(2));
  }
}

TEST_F(ManyQueues, OneMoreBeforeTheOthersMovesThemAll) {
  for (const int i : {0, 62, 63, 64, 127, 128, 199}) Submit(Name(i));
  Declare("a-first");
  Submit("a-first");
  EXPECT_EQ(LookedAt(engine_, At(1)),
            (std::vector<std::string>{"a-first", "q000", "q062", "q063", "q064", "q127", "q128", "q199"}));
}

TEST_F(ManyQueues, OneLessMovesThoseBehindIt) {
  for (const int i : {0, 63, 64, 65, 128, 199}) Submit(Name(i));
  engine_.DeleteClusterQueue(Name(0));
  engine_.DeleteClusterQueue(Name(64));
  EXPECT_EQ(LookedAt(engine_, At(1)), (std::vector<std::string>{"q063", "q065", "q128", "q199"}));
}

TEST_F(ManyQueues, TheStoppedAreLeftOut) {
  for (const int i : {1, 63, 64, 199}) Submit(Name(i));
  for (const int i : {1, 64}) {
    api::ClusterQueue queue = MakeQueue(Name(i), "", {{"a", 9}});
    queue.stop_policy = "Hold";
    engine_.Apply(queue, At(1));
  }
  EXPECT_EQ(LookedAt(engine_, At(1)), (std::vector<std::string>{"q063", "q199"}));
  EXPECT_FALSE(engine_.HasPendingHeads());
  engine_.Apply(MakeQueue(Name(64), "", {{"a", 9}}), At(2));
  EXPECT_EQ(LookedAt(engine_, At(2)), std::vector<std::string>{"q064"});
}

}  // namespace
}  // namespace muster::scheduler
