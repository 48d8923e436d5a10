#include "sim/replay/conservation.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/vocabulary.h"
#include "sim/replay/host_books.h"
#include "sim/replay/simulation.h"

namespace muster::sim {
namespace {

// Passes on what a replay tells, but not as it was told.
class Liar : public ReplayObserver {
 public:
  explicit Liar(ConservationCheck* check) : check_(check) {}
  void OnBegin(const ReplaySetting& e) override { check_->OnBegin(e); }
  void OnSubmit(const JobSubmit& e) override {
    if (submit) {
      JobSubmit other = e;
      if (submit(&other)) check_->OnSubmit(other);
    } else {
      check_->OnSubmit(e);
    }
  }
  void OnStart(const RunStart& e) override {
    RunStart other = e;
    if (!start || start(&other)) check_->OnStart(other);
  }
  void OnStop(const RunStop& e) override {
    RunStop other = e;
    if (!stop || stop(&other)) check_->OnStop(other);
  }
  void OnChange(const WorldChange& e) override { check_->OnChange(e); }
  void OnInstant(int64_t now_s) override { check_->OnInstant(now_s); }
  void OnEnd(int64_t now_s) override { check_->OnEnd(now_s); }
  absl::Status status() const override { return check_->status(); }

  // Change the event; false leaves it out.
  std::function<bool(JobSubmit*)> submit;
  std::function<bool(RunStart*)> start;
  std::function<bool(RunStop*)> stop;

 private:
  ConservationCheck* check_;
};

api::ClusterQueue Queue(const std::string& name, int64_t quota) {
  api::ClusterQueue cq;
  cq.metadata.name = name;
  cq.cohort_name = "org";
  cq.queueing_strategy = "StrictFIFO";
  cq.namespace_selector.emplace();
  cq.preemption.emplace();
  cq.preemption->within_cluster_queue = "LowerPriority";
  cq.resource_groups = {{{"gpu"}, {{"f", {{"gpu", api::Quantity::FromValue(quota), {}, {}}}}}}};
  return cq;
}

ReplayPolicy Policy() {
  api::ResourceFlavor flavor;
  flavor.metadata.name = "f";
  return *MakePolicy(std::vector<api::Object>{flavor, Queue("q", 4), Queue("r", 4)});
}

// a and b run side by side, urgent makes a go; a comes back. c borrows.
Trace Jobs() {
  Trace trace;
  trace.source = "t.csv";
  const auto add = [&](const char* id, const char* queue, int64_t submit, int64_t duration, int32_t pods,
                       int32_t priority) {
    JobShape shape;
    shape.queue = queue;
    shape.priority = priority;
    shape.pods = {{pods, {{"gpu", api::Quantity::FromValue(1)}}}};
    trace.Add({.id = id, .submit_s = submit, .duration_s = duration}, std::move(shape));
  };
  add("a", "q", 0, 100, 2, 0);
  add("b", "q", 5, 100, 2, 1);
  add("c", "r", 5, 30, 4, 0);
  add("urgent", "q", 10, 20, 2, 2);
  return trace;
}

TEST(ConservationCheckTest, AReplayKeepsTheLaws) {
  const Trace trace = Jobs();
  ConservationCheck check(&trace);
  SimulationHooks hooks;
  hooks.observers = {&check};
  const auto result = Simulate(trace, Policy(), {}, hooks);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(check.runs(), 5);
  const Balance& b = check.balance();
  EXPECT_EQ(b.useful, 100 * 2 + 100 * 2 + 30 * 4 + 20 * 2);
  EXPECT_EQ(b.lost, 10 * 2);
  EXPECT_EQ(b.overhead, 0);
  EXPECT_EQ(b.open, 0);
  EXPECT_EQ(b.capacity, 8.0 * static_cast<double>(result->metrics.end_s));
  EXPECT_EQ(b.idle, b.capacity - b.useful - b.lost);
}

struct Lie {
  const char* what;
  std::function<void(Liar*)> tell;
  const char* error;  // part of it
};

TEST(ConservationCheckTest, EachLawIsHeld) {
  const std::vector<Lie> lies = {
      {"a submission that is early",
       [](Liar* l) { l->submit = [](JobSubmit* e) { return e->now_s -= e->job == 1, true; }; },
       "job b: arrives before 5 s"},
      {"a job that runs and was never submitted", [](Liar* l) { l->submit = [](JobSubmit* e) { return e->job != 1; }; },
       "job b: starts before it was submitted"},
      {"a run whose end is kept back", [](Liar* l) { l->stop = [](RunStop* e) { return e->job != 0; }; },
       "at 10 s: ClusterQueue q, gpu in flavor f: the engine's books say 4, the runs hold 6"},
      {"a start that is kept back", [](Liar* l) { l->start = [](RunStart* e) { return e->job != 2; }; },
       "job c: run 1 stops, and is not running"},
      {"a run with another number", [](Liar* l) { l->start = [](RunStart* e) { return ++e->run, true; }; },
       "job a: run 2 follows 0"},
      {"lost work that is not lost",
       [](Liar* l) {
         l->stop = [](RunStop* e) {
           if (e->cause == StopCause::kInClusterQueue) --e->lost_s;
           return true;
         };
       },
       "job a: finishes with 202 pod-seconds of work done, its duration is 200"},
      {"more lost than there was", [](Liar* l) { l->stop = [](RunStop* e) { return e->lost_s = 1000, true; }; },
       "job a: of a run of 10 s, 1000 s are lost"},
      {"another amount at the end", [](Liar* l) { l->stop = [](RunStop* e) { return e->amount += 1, true; }; },
       "job a: its run began at 0 s with 2, and ends as one of 0 s with 3"},
      {"an end before the end",
       [](Liar* l) {
         l->stop = [](RunStop* e) {
           if (e->cause == StopCause::kInClusterQueue) e->cause = StopCause::kFinished;
           return true;
         };
       },
       "finishes with 0 pod-seconds of work done"},
  };
  for (const Lie& lie : lies) {
    const Trace trace = Jobs();
    ConservationCheck check(&trace);
    Liar liar(&check);
    lie.tell(&liar);
    SimulationHooks hooks;
    hooks.observers = {&liar};
    const auto result = Simulate(trace, Policy(), {}, hooks);
    ASSERT_FALSE(result.ok()) << lie.what;
    EXPECT_NE(std::string(result.status().message()).find(lie.error), std::string::npos)
        << lie.what << ": " << result.status();
  }
}

// Kueue looks at each pod set alone: two jobs let in in one cycle may share a node that holds one of them.
TEST(ConservationCheckTest, HostsThatHoldMoreThanTheyHaveAreFound) {
  HostBooks books;
  api::Node node;
  node.metadata.name = "n";
  node.metadata.labels[api::kHostnameLabel] = "n";
  node.allocatable["gpu"] = api::Quantity::FromValue(8);
  SetReady(true, &node);
  books.SetNodes({node});
  const std::vector<std::string> levels = {"rack", api::kHostnameLabel};
  const PlacedPods pods{"n", 3, {{"gpu", api::Quantity::FromValue(3)}}};
  books.Place(levels, {"n"}, pods);
  EXPECT_EQ(books.Verify(true).message(), "n: 9 of gpu in use, and it has 8");
  books.Remove(pods);
  books.Place(levels, {"n"}, pods);
  EXPECT_TRUE(books.Verify(false).ok());
  EXPECT_EQ(books.overcommitted(), 1);
  books.Remove(pods);
  EXPECT_TRUE(books.Verify(true).ok());
  books.Place(levels, {"n"}, {"n", 1, {{"gpu", api::Quantity::FromValue(1)}}});
  SetReady(false, &node);
  books.SetNodes({node});
  EXPECT_NE(std::string(books.Verify(false).message()).find("no node is ready there"), std::string::npos);
}

}  // namespace
}  // namespace muster::sim
