// Random small replays, held against the laws of conservation.h and, written anew and without the engine, against what
// their runs say when they are looked at afterwards.
//
// MUSTER_RANDOM_REPLAYS=10000 plays so many; MUSTER_RANDOM_SEED=7 that one alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/replay/conservation.h"
#include "sim/replay/testing_worlds.h"

namespace muster::sim {
namespace {

// A run as it was told.
struct Told {
  size_t job = 0;
  int team = 0;
  int32_t run = 0;
  int64_t start_s = 0, stop_s = -1, lost_s = 0, overhead_s = 0, pods = 0;
  double amount = 0;
  StopCause cause = StopCause::kFinished;
  std::vector<std::string> hosts;
};

class Ledger : public ReplayObserver {
 public:
  void OnSubmit(const JobSubmit& e) override { submitted[e.job] = e.now_s; }
  void OnStart(const RunStart& e) override {
    Told run;
    run.job = e.job;
    run.team = e.team;
    run.run = e.run;
    run.start_s = e.now_s;
    run.amount = e.amount;
    for (const scheduler::PodSetDecision& set : e.decision->pod_sets) {
      run.pods += set.count;
      if (!set.topology.has_value()) continue;
      for (const auto& domain : set.topology->domains) run.hosts.push_back(domain.domain->values.back());
    }
    open[e.job] = runs.size();
    runs.push_back(std::move(run));
  }
  void OnStop(const RunStop& e) override {
    Told& run = runs[open.at(e.job)];
    open.erase(e.job);
    run.stop_s = e.now_s;
    run.lost_s = e.lost_s;
    run.overhead_s = e.overhead_s;
    run.cause = e.cause;
  }
  void OnChange(const WorldChange& e) override {
    if (e.kind == WorldChange::Kind::kNodeLaunched) lives[e.name].push_back({e.now_s, -1});
    if (e.kind == WorldChange::Kind::kNodeRemoved) lives[e.name].back().second = e.now_s;
  }
  void OnEnd(int64_t now_s) override { end_s = now_s; }
  // Of nodes that come and go: from when to when they were there; -1 = to the end.
  std::map<std::string, std::vector<std::pair<int64_t, int64_t>>> lives;
  int64_t end_s = 0;
  void OnDecision(const DecisionEvent& e) override { cycles[e.now_s].insert(e.cycle); }
  std::map<int64_t, std::set<int64_t>> cycles;  // by second
  std::map<size_t, int64_t> submitted;
  std::map<size_t, size_t> open;
  std::vector<Told> runs;
};

class Afterwards {
 public:
  Afterwards(const SmallReplay& world, const Ledger& ledger, const SimulationResult& result)
      : w_(world), ledger_(ledger), result_(result) {
    for (const Told& run : ledger.runs) of_[run.job].push_back(&run);
  }
  void Check() {
    EXPECT_TRUE(ledger_.open.empty()) << "what runs has an end";
    for (size_t i = 0; i < w_.trace.jobs.size(); ++i) CheckJob(i);
    CheckQuotas();
    CheckOutages();
    CheckLatency();
    CheckNodeGroups();
    CheckFigures();
  }

 private:
  int64_t EndOf(size_t job) const {
    const auto runs = of_.find(job);
    if (runs == of_.end() || runs->second.empty() || !IsLast(runs->second.back()->cause)) return -1;
    return runs->second.back()->stop_s;
  }
  void CheckJob(size_t i) {
    SCOPED_TRACE(w_.trace.jobs[i].id);
    const Job& job = w_.trace.jobs[i];
    const JobShape& shape = w_.trace.ShapeOf(job);
    const JobTerms* terms = w_.trace.TermsOf(job);
    const bool submitted = ledger_.submitted.contains(i);
    const int64_t submit_s = submitted ? ledger_.submitted.at(i) : -1;
    int64_t earliest = job.submit_s;
    bool can_come = true;
    if (terms != nullptr) {
      for (const std::string& name : terms->after) {
        const int64_t end = EndOf(std::stoul(name.substr(1)));
        can_come &= end >= 0;
        earliest = std::max(earliest, end + terms->think_s);
      }
    }
    EXPECT_EQ(submitted, can_come);
    if (submitted) {
      EXPECT_EQ(submit_s, earliest);
    }
    int64_t free_s = submit_s, done = 0, number = 0, failures = 0;
    for (const Told* run : of_[i]) {
      EXPECT_EQ(run->run, ++number);
      EXPECT_GE(run->start_s, free_s);
      EXPECT_GE(run->stop_s, run->start_s);
      EXPECT_LE(run->pods, shape.pods[0].count);
      EXPECT_GE(run->pods, shape.pods[0].min_count == 0 ? shape.pods[0].count : shape.pods[0].min_count);
      EXPECT_EQ(run->amount, static_cast<double>(run->pods) * shape.pods[0].requests.at("gpu").ToDouble());
      free_s = run->stop_s;
      failures += run->cause == StopCause::kFailed ? 1 : 0;
      done += (run->stop_s - run->start_s - run->lost_s - run->overhead_s) * run->pods;
      if (run->cause != StopCause::kFinished) continue;
      const int64_t need = job.duration_s * shape.pods[0].count;
      EXPECT_GE(done, need);
      // A job that may run with fewer pods ends on a whole second, and may do a little more than is left.
      EXPECT_LT(done, need + (shape.pods[0].min_count > 0 ? run->pods : 1));
    }
    EXPECT_LE(failures, w_.options.model.all.backoff_limit);
    EXPECT_EQ(result_.jobs[i].finish_s, !of_[i].empty() && of_[i].back()->cause == StopCause::kFinished ? free_s : -1);
    if (!of_[i].empty()) {
      EXPECT_EQ(result_.jobs[i].first_start_s, of_[i].front()->start_s);
    }
  }
  // What is held of each cohort tree is at no time more than its quota. Between instants; a policy that changes is left
  // to the check itself.
  void CheckQuotas() {
    if (!w_.options.policy_changes.empty()) return;
    std::map<std::string, double> quota;
    std::map<std::string, std::string> tree;
    for (const api::ClusterQueue& cq : w_.policy.cluster_queues) {
      tree[cq.metadata.name] = cq.cohort_name.empty() ? cq.metadata.name : "cohort " + cq.cohort_name;
      quota[tree[cq.metadata.name]] += NominalOf(cq.resource_groups, "gpu");
    }
    std::set<int64_t> times;
    for (const Told& run : ledger_.runs) times.insert(run.start_s);
    for (const int64_t t : times) {
      std::map<std::string, double> held;
      for (const Told& run : ledger_.runs) {
        if (run.start_s <= t && t < run.stop_s) held[tree.at(result_.teams[run.team])] += run.amount;
      }
      for (const auto& [name, amount] : held) EXPECT_LE(amount, quota[name]) << name << " at " << t;
    }
  }
  void CheckOutages() {
    for (const Outage& o : w_.outages) {
      for (const Told& run : ledger_.runs) {
        if (std::find(run.hosts.begin(), run.hosts.end(), o.node) == run.hosts.end()) continue;
        EXPECT_TRUE(o.up_s <= o.down_s || run.stop_s <= o.down_s || run.start_s >= o.up_s)
            << w_.trace.jobs[run.job].id << " runs on " << o.node << " while it is down";
        EXPECT_FALSE(run.start_s >= o.cordon_s && run.start_s < o.down_s && o.up_s > o.down_s)
            << w_.trace.jobs[run.job].id << " starts on " << o.node << " while it is cordoned";
      }
    }
  }
  // Nodes of groups are there while something runs on them, and are not ready before they were provisioned; their hours
  // and numbers are what their comings and goings add up to.
  void CheckNodeGroups() {
    EXPECT_EQ(result_.metrics.node_groups.size(), w_.options.model.node_groups.size());
    if (w_.options.model.node_groups.empty()) return;
    const NodeGroup& group = w_.options.model.node_groups[0];
    std::map<int64_t, int64_t> changes;
    int64_t seconds = 0, begin_s = w_.trace.jobs.front().submit_s;
    for (const auto& [node, lives] : ledger_.lives) {
      EXPECT_NE(node, "n0") << "it belongs to no group";
      for (const auto& [from_s, to_s] : lives) {
        const int64_t until_s = to_s < 0 ? ledger_.end_s : to_s;
        seconds += until_s - from_s;
        ++changes[from_s];
        if (to_s >= 0) --changes[until_s];
      }
    }
    const NodeGroupMetrics& m = result_.metrics.node_groups[0];
    EXPECT_DOUBLE_EQ(m.node_hours, static_cast<double>(seconds) / 3600);
    EXPECT_NEAR(m.cost, m.node_hours * 7, 1e-9);
    int64_t count = 0;
    for (const auto& [at_s, by] : changes) {
      count += by;
      EXPECT_LE(count, m.max) << at_s;
      EXPECT_LE(count, m.peak) << at_s;
      if (w_.outages.empty()) {
        EXPECT_GE(count, m.min) << at_s;
      }
    }
    for (const Told& run : ledger_.runs) {
      for (const std::string& host : run.hosts) {
        if (host == "n0") continue;
        const auto lives = ledger_.lives.find(host);
        ASSERT_NE(lives, ledger_.lives.end()) << host;
        bool covered = false, fresh = false;
        for (const auto& [from_s, to_s] : lives->second) {
          covered |= from_s <= run.start_s && (to_s < 0 || to_s >= run.stop_s);
          fresh |= from_s == run.start_s && from_s > begin_s;
        }
        EXPECT_TRUE(covered) << w_.trace.jobs[run.job].id << " runs on " << host
                             << ", which was not there all the time";
        // What appears with the run was launched for it, unless another machine took its place, or the minimum's.
        if (!fresh || m.launched == 0) continue;
        waits += run.overhead_s > 0 ? 1 : 0;
      }
    }
    if (group.idle_s.has_value()) return;
    EXPECT_EQ(m.removed, 0) << "nobody says that idle nodes go";
  }

 public:
  int64_t waits = 0;  // runs that had to wait for a node

 private:
  void CheckLatency() {
    const ControlPlane& plane = w_.options.model.control_plane;
    if (plane.latency == ControlPlane::Latency::kNone) return;
    std::set<int64_t> decided;
    for (const auto& [at_s, cycles] : ledger_.cycles) {
      decided.insert(at_s);
      if (plane.latency != ControlPlane::Latency::kKueue) continue;
      EXPECT_LE(static_cast<int64_t>(cycles.size()), 1000 / plane.cycle_ms + 1) << "cycles at " << at_s;
    }
    if (plane.latency != ControlPlane::Latency::kFixed) return;
    for (auto it = decided.begin(); it != decided.end(); ++it) {
      if (it == decided.begin()) continue;
      EXPECT_GE(*it - *std::prev(it), plane.fixed_s) << "what happens at " << *it;
    }
    const int64_t first_s = w_.trace.jobs.front().submit_s;
    if (!decided.empty()) {
      EXPECT_GE(*decided.begin(), first_s + plane.fixed_s);
    }
  }
  void CheckFigures() {
    const Metrics& m = result_.metrics;
    for (size_t t = 0; t < result_.teams.size(); ++t) {
      SCOPED_TRACE(result_.teams[t]);
      double held = 0, lost = 0, overhead = 0;
      int64_t jobs = 0, finished = 0, started = 0, preemptions = 0, missed = 0, failed = 0;
      std::vector<int64_t> waits;
      for (const Told& run : ledger_.runs) {
        if (run.team != static_cast<int>(t)) continue;
        held += run.amount * static_cast<double>(run.stop_s - run.start_s);
        lost += run.amount * static_cast<double>(run.lost_s);
        overhead += run.amount * static_cast<double>(run.overhead_s);
        preemptions += IsPreemption(run.cause) || run.cause == StopCause::kLivelock ? 1 : 0;
        failed += run.cause == StopCause::kGaveUp || run.cause == StopCause::kTimeLimit ? 1 : 0;
      }
      for (size_t i = 0; i < w_.trace.jobs.size(); ++i) {
        const Job& job = w_.trace.jobs[i];
        if (w_.trace.ShapeOf(job).queue != result_.teams[t]) continue;
        ++jobs;
        const bool done = !of_[i].empty() && of_[i].back()->cause == StopCause::kFinished;
        finished += done ? 1 : 0;
        started += of_[i].empty() ? 0 : 1;
        if (!of_[i].empty()) waits.push_back(of_[i].front()->start_s - ledger_.submitted.at(i));
        const JobTerms* terms = w_.trace.TermsOf(job);
        if (terms == nullptr || !terms->deadline_s.has_value()) continue;
        missed += !done || of_[i].back()->stop_s > *terms->deadline_s ? 1 : 0;
      }
      const TeamMetrics& team = m.teams[t];
      EXPECT_DOUBLE_EQ(team.amount_hours, held / 3600);
      EXPECT_DOUBLE_EQ(team.lost_hours, lost / 3600);
      EXPECT_DOUBLE_EQ(team.overhead_hours, overhead / 3600);
      EXPECT_EQ(team.jobs, jobs);
      EXPECT_EQ(team.started, started);
      EXPECT_EQ(team.finished, finished);
      EXPECT_EQ(team.failed, failed);
      EXPECT_EQ(team.preemptions, preemptions);
      EXPECT_EQ(team.missed_deadlines, missed);
      EXPECT_EQ(team.wait.max, waits.empty() ? 0 : *std::max_element(waits.begin(), waits.end()));
    }
  }

  const SmallReplay& w_;
  const Ledger& ledger_;
  const SimulationResult& result_;
  std::map<size_t, std::vector<const Told*>> of_;
};

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

TEST(RandomReplaysTest, NoneBreaksALaw) {
  const int64_t only = FromEnvironment("MUSTER_RANDOM_SEED", -1);
  const int64_t replays = only >= 0 ? 1 : FromEnvironment("MUSTER_RANDOM_REPLAYS", 400);
  std::map<StopCause, int64_t> causes;
  int64_t runs = 0, shrunk = 0, held_back = 0, waits_for_nodes = 0;
  std::map<ControlPlane::Latency, int64_t> latencies;
  for (int64_t i = 0; i < replays; ++i) {
    const uint64_t seed = static_cast<uint64_t>(only >= 0 ? only : i);
    SCOPED_TRACE(testing::Message() << "MUSTER_RANDOM_SEED=" << seed);
    const SmallReplay world = MakeSmallReplay(seed);
    ConservationCheck check(&world.trace);
    Ledger ledger;
    SimulationHooks hooks;
    hooks.observers = {&check, &ledger};
    const auto result = Simulate(world.trace, world.policy, world.options, hooks);
    ASSERT_TRUE(result.ok()) << result.status();
    Afterwards afterwards(world, ledger, *result);
    afterwards.Check();
    waits_for_nodes += afterwards.waits;
    if (testing::Test::HasFailure()) return;
    latencies[world.options.model.control_plane.latency] += static_cast<int64_t>(ledger.runs.size());
    for (const Told& run : ledger.runs) {
      ++causes[run.cause];
      ++runs;
      shrunk += run.pods < world.trace.ShapeOf(world.trace.jobs[run.job]).pods[0].count ? 1 : 0;
    }
    for (const auto& [job, at_s] : result->submitted) held_back += at_s > world.trace.jobs[job].submit_s ? 1 : 0;
  }
  if (only >= 0) return;
  // The worlds are not empty: all that can happen does.
  EXPECT_GT(runs, replays * 5);
  EXPECT_GT(shrunk, 0);
  EXPECT_GT(held_back, 0);
  EXPECT_GT(waits_for_nodes, 0);
  EXPECT_GT(latencies[ControlPlane::Latency::kFixed], replays / 4);
  EXPECT_GT(latencies[ControlPlane::Latency::kKueue], replays / 4);
  for (const StopCause cause :
       {StopCause::kFinished, StopCause::kInClusterQueue, StopCause::kInCohortReclamation, StopCause::kNodeFailed,
        StopCause::kMaintenance, StopCause::kFailed, StopCause::kGaveUp, StopCause::kTimeLimit}) {
    EXPECT_GT(causes[cause], 0) << ToString(cause);
  }
}

}  // namespace
}  // namespace muster::sim
