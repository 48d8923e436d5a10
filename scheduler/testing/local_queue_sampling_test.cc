// Admission fair sharing over time: what a sample of the LocalQueues counts, when it is due, and what it settles.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

constexpr char kGpu[] = "nvidia.com/gpu";

// Usage halves every ten seconds; a sample is due every ten seconds. ClusterQueues "q" and "r" order by usage, "plain"
// does not; "checked" does, and lets nobody in before a check is ready. LocalQueue "measured" is what the cases are
// about: it feeds "q" until they say otherwise. "yardstick" has used what it is told to.
class World {
 public:
  World() {
    EngineOptions options;
    options.admission_fair_sharing.emplace();
    options.admission_fair_sharing->usage_half_life = absl::Seconds(10);
    options.admission_fair_sharing->usage_sampling_interval = absl::Seconds(10);
    std::vector<api::ClusterQueue> queues;
    for (const char* name : {"q", "r", "plain", "checked"}) {
      queues.push_back(MakeQueue(name, "", {{"a", 100}}));
      if (std::string(name) != "plain") queues.back().admission_mode = "UsageBasedAdmissionFairSharing";
    }
    queues[3].admission_checks = {{"check", {}}};
    engine_.emplace(MakeEngine(queues, options));
    api::AdmissionCheck check;
    check.metadata.name = "check";
    check.conditions.emplace_back();
    check.conditions[0].type = "Active";
    check.conditions[0].status = "True";
    engine_->Apply(check, At(0));
    Feed("q");
  }
  Engine& engine() { return *engine_; }
  // From now on "measured" feeds this ClusterQueue.
  void Feed(const std::string& cluster_queue) {
    engine_->Apply(MakeLocalQueue("ns", "measured", cluster_queue), At(0));
  }
  void Used(int64_t gpus, int64_t at) { engine_->SetConsumedResources("ns", "measured", {{kGpu, gpus}}, At(at)); }
  // Lets a workload of two pod sets in.
  WorkloadId Start(const std::string& name, int64_t gpus, int64_t more_gpus, int64_t at) {
    api::Workload w = MakeWorkload(name, "measured", 1, gpus);
    w.spec.pod_sets.push_back(MakeWorkload("", "", 2, more_gpus).spec.pod_sets[0]);
    w.spec.pod_sets[1].name = "other";
    const WorkloadId id = engine_->Apply(w, At(at));
    engine_->RunCycle(At(at));
    EXPECT_EQ(engine_->Phase(id), WorkloadPhase::kReserved);
    return id;
  }
  // Whether "measured" counts as having used more than so many GPUs: then it goes after who used those.
  bool UsedMoreThan(int64_t milli_gpus, int64_t at) {
    // Amounts are whole; a weight makes thousandths of them.
    api::LocalQueue yardstick = MakeLocalQueue("ns", "yardstick", "q");
    yardstick.fair_sharing.emplace();
    yardstick.fair_sharing->weight = api::Quantity::FromValue(1000);
    engine_->Apply(yardstick, At(at));
    engine_->SetConsumedResources("ns", "yardstick", {{kGpu, milli_gpus}}, At(at));
    Feed("q");
    const WorkloadId m = engine_->Apply(MakeWorkload("m", "measured", 1, 1, 1), At(at));
    const WorkloadId y = engine_->Apply(MakeWorkload("y", "yardstick", 1, 1, 2), At(at));
    const std::vector<WorkloadId> order = engine_->PendingInOrder(*engine_->FindClusterQueue("q"));
    const bool more = order.size() == 2 && order.front() == y;
    engine_->DeleteWorkload(m, At(at));
    engine_->DeleteWorkload(y, At(at));
    return more;
  }

 private:
  std::optional<Engine> engine_;
};

api::Workload Checked(const char* state) {
  api::Workload w = MakeWorkload("w", "measured", 1, 8);
  api::AdmissionCheckState check;
  check.name = "check";
  check.state = state;
  w.status.admission_checks = {check};
  return w;
}

TEST(LocalQueueSampling, CountsWhatTheQueueHasInUseWhenDue) {
  struct Case {
    const char* about;
    std::function<void(World&)> events;
    int64_t milli_gpus;  // used by then, to a thousandth
    int64_t at;          // when that is asked
  };
  const Case kCases[] = {
      {"nothing happens", [](World&) {}, 0, 100},
      {"what the status says stays until a sample", [](World& w) { w.Used(8, 0); }, 8000, 100},
      {"one half-life takes half of it",
       [](World& w) {
         w.Used(8, 0);
         w.engine().SampleLocalQueues(At(10));
       },
       4000, 10},
      {"a moment earlier no sample is due",
       [](World& w) {
         w.Used(8, 0);
         w.engine().SampleLocalQueues(At(10) - absl::Milliseconds(1));
       },
       8000, 10},
      {"what runs comes in as what was fades: 8 / 2 + (2 + 2 * 1) / 2",
       [](World& w) {
         w.Start("w", 2, 1, 0);
         w.engine().SampleLocalQueues(At(0));  // settles what the admission was charged
         w.Used(8, 0);
         w.engine().SampleLocalQueues(At(10));
       },
       6000, 10},
      {"all that run do: 0 + (4 + 6) / 2",
       [](World& w) {
         w.Start("v", 2, 1, 0);
         w.Start("w", 4, 1, 0);
         w.engine().SampleLocalQueues(At(0));
         w.Used(0, 0);
         w.engine().SampleLocalQueues(At(10));
       },
       5000, 10},
      {"an admission is charged in advance for one interval: (2 + 2 * 1) / 2", [](World& w) { w.Start("w", 2, 1, 0); },
       2000, 0},
      {"a sample is due at once to settle that, and adds it up",
       [](World& w) {
         w.Used(8, 0);
         w.Start("w", 2, 1, 0);
         w.engine().SampleLocalQueues(At(0));
       },
       10000, 0},
      {"what is settled is charged no longer: (2 + 2 * 1) / 2, half of it, and half of what runs",
       [](World& w) {
         w.Start("w", 2, 1, 0);
         w.engine().SampleLocalQueues(At(0));
         w.engine().SampleLocalQueues(At(10));
       },
       3000, 10},
      {"who has ended counts no longer",
       [](World& w) {
         const WorkloadId id = w.Start("w", 2, 1, 0);
         w.engine().SampleLocalQueues(At(0));
         w.Used(8, 0);
         w.engine().Finish(id, At(5));
         w.engine().SampleLocalQueues(At(10));
       },
       4000, 10},
      {"who waits for a check is charged in advance, and not for what it holds",
       [](World& w) {
         w.Feed("checked");
         w.engine().Apply(Checked("Pending"), At(0));
         w.engine().RunCycle(At(0));
         w.engine().SampleLocalQueues(At(0));
         w.engine().SampleLocalQueues(At(10));
       },
       4000, 10},
      {"one whose ClusterQueue does not order by usage is sampled all the same",
       [](World& w) {
         w.Feed("plain");
         w.Used(8, 0);
         w.engine().SampleLocalQueues(At(10));
       },
       4000, 10},
      {"one whose ClusterQueue is not there is not",
       [](World& w) {
         w.Feed("nowhere");
         w.Used(8, 0);
         w.engine().SampleLocalQueues(At(100));
       },
       8000, 100},
      {"what it has in use where usage orders nothing does not count, and is not charged",
       [](World& w) {
         w.Feed("plain");
         w.Start("w", 2, 1, 0);
         w.Feed("q");
         w.Used(8, 0);
         w.engine().SampleLocalQueues(At(10));
       },
       4000, 10},
      {"what it has in use in its former ClusterQueue does: 8 / 2 + 4 / 2",
       [](World& w) {
         w.Start("w", 2, 1, 0);
         w.engine().SampleLocalQueues(At(0));
         w.Used(8, 0);
         w.Feed("r");
         w.engine().SampleLocalQueues(At(10));
       },
       6000, 10},
      {"once it is deleted it has used nothing",
       [](World& w) {
         w.Used(8, 0);
         w.engine().DeleteLocalQueue("ns", "measured", At(0));
       },
       0, 0},
      {"another that is deleted changes nothing",
       [](World& w) {
         w.Used(8, 0);
         w.engine().DeleteLocalQueue("ns", "yardstick", At(0));
         w.engine().DeleteLocalQueue("ns", "unheard of", At(0));
       },
       8000, 0},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    World world;
    c.events(world);
    EXPECT_FALSE(world.UsedMoreThan(c.milli_gpus + 1, c.at));
    EXPECT_TRUE(world.UsedMoreThan(c.milli_gpus - 1, c.at));
  }
}

// What is in use of every resource counts, each in its natural unit: half a core and a GPU are one and a half.
TEST(LocalQueueSampling, AddsResourcesUp) {
  EngineOptions options;
  options.admission_fair_sharing.emplace();
  options.admission_fair_sharing->usage_half_life = absl::Seconds(1);
  options.admission_fair_sharing->usage_sampling_interval = absl::Seconds(10);
  api::ClusterQueue queue = MakeQueue("q", "", {{"a", 100}});
  queue.admission_mode = "UsageBasedAdmissionFairSharing";
  queue.resource_groups[0].covered_resources.push_back("cpu");
  queue.resource_groups[0].flavors[0].resources.push_back({"cpu", api::Quantity::FromValue(100), {}, {}});
  Engine e = MakeEngine({queue}, options);
  for (const char* name : {"x", "y"}) e.Apply(MakeLocalQueue("ns", name, "q"), At(0));
  const auto with_cpu = [](const char* name, const char* local_queue, int64_t gpus, int64_t milli_cpu) {
    api::Workload w = MakeWorkload(name, local_queue, 1, gpus);
    w.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests["cpu"] = api::Quantity::FromMilli(milli_cpu);
    return w;
  };
  e.Apply(with_cpu("of-x", "x", 1, 600), At(0));
  e.Apply(with_cpu("of-y", "y", 1, 500), At(0));
  for (int i = 0; i < 2; ++i) e.RunCycle(At(0));
  e.SampleLocalQueues(At(0));
  e.SampleLocalQueues(At(1000));  // a thousand half-lives: what is in use is all there is
  const WorkloadId early = e.Apply(MakeWorkload("early", "x", 1, 1, 1), At(1000)),
                   late = e.Apply(MakeWorkload("late", "y", 1, 1, 2), At(1000));
  EXPECT_EQ(e.PendingInOrder(*e.FindClusterQueue("q")), (std::vector<WorkloadId>{late, early}));
}

// A sample may change who goes first, so cycles are worth running again; one that is not due changes nothing.
TEST(LocalQueueSampling, EndsTheQuietOnlyWhenDue) {
  World world;
  Engine& e = world.engine();
  api::ClusterQueue strict = MakeQueue("q", "", {{"a", 100}}, "StrictFIFO");
  strict.admission_mode = "UsageBasedAdmissionFairSharing";
  e.Apply(strict, At(0));
  e.SampleLocalQueues(At(0));
  e.Apply(MakeWorkload("too-large", "measured", 1, 101, 1), At(1));
  e.Advance(At(1));
  for (int i = 0; i < 5 && !e.IsQuiet(); ++i) e.RunCycle(At(1));
  ASSERT_TRUE(e.IsQuiet());
  ASSERT_TRUE(e.HasPendingHeads());
  e.SampleLocalQueues(At(5));
  EXPECT_TRUE(e.IsQuiet());
  e.SampleLocalQueues(At(10));
  EXPECT_FALSE(e.IsQuiet());
}

}  // namespace
}  // namespace muster::scheduler
