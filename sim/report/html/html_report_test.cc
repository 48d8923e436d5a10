#include "sim/report/html/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/kueue.h"
#include "scheduler/decision.h"
#include "sim/replay/policy.h"

namespace muster::sim {
namespace {

using Json = nlohmann::json;

constexpr char kGpu[] = "nvidia.com/gpu";
constexpr int kGpusPerNode = 8;

api::ClusterQueue Queue(const std::string& name, const std::string& cohort, int64_t nominal, int64_t lending) {
  api::ClusterQueue queue;
  queue.metadata.name = name;
  queue.cohort_name = cohort;
  api::ResourceQuota quota{kGpu, api::Quantity::FromValue(nominal), {}, {}};
  if (lending >= 0) quota.lending_limit = api::Quantity::FromValue(lending);
  queue.resource_groups = {{{kGpu}, {{"f", {quota}}}}};
  return queue;
}

const api::ResourceQuota& QuotaOf(const api::ClusterQueue& queue) {
  return queue.resource_groups[0].flavors[0].resources[0];
}

TeamMetrics Team(const std::string& name, double nominal) {
  TeamMetrics team;
  team.name = name;
  team.nominal = nominal;
  return team;
}

// A replay that never was: events in a valid order, whether or not an engine would decide so; and every second of it by
// itself, for the report to be compared with.
class World {
 public:
  explicit World(unsigned seed, std::function<std::string(size_t)> name_of)
      : random_(seed), report_(std::move(name_of)) {
    // A tree of two cohorts, one with quota of its own, and a team of none.
    policy_.cluster_queues = {Queue("a", "org", Pick(9), -1), Queue("b", "org", Pick(9), Pick(4)),
                              Queue("c", "unit", Pick(9), -1), Queue("d", "", Pick(9), -1)};
    api::Cohort unit, org;
    unit.metadata.name = "unit";
    unit.parent_name = "org";
    own_ = Pick(5);
    unit.resource_groups = {{{kGpu}, {{"f", {{kGpu, api::Quantity::FromValue(own_), {}, {}}}}}}};
    org.metadata.name = "org";
    policy_.cohorts = {unit, org};
    api::Topology topology;
    topology.metadata.name = "t";
    topology.levels = {"kubernetes.io/hostname"};
    policy_.topologies = {topology};
    api::ResourceFlavor flavor;
    flavor.metadata.name = "f";
    flavor.topology_name = "t";
    policy_.flavors = {flavor};
    for (int n = 0; n < kNodes; ++n) {
      api::Node node;
      node.metadata.name = NodeName(n);
      node.metadata.labels["kubernetes.io/hostname"] = NodeName(n);
      node.allocatable[kGpu] = api::Quantity::FromValue(kGpusPerNode);
      policy_.nodes.push_back(node);
    }
    const ReplaySetting setting = Setting();
    for (const ReplayTeam& team : setting.teams) metrics_.teams.push_back(Team(team.name, team.nominal));
    metrics_.resource = kGpu;
    metrics_.begin_s = kBegin;
    report_.OnBegin(setting);
  }

  void Play(int seconds, int per_second) {
    for (int s = 0; s < seconds; ++s, ++now_s_) {
      if (s == seconds / 2) ChangePolicy();
      for (int event = Pick(per_second); event > 0; --event) Step();
      report_.OnInstant(now_s_);
      Snapshot();
    }
    report_.OnEnd(now_s_);
    metrics_.end_s = now_s_;
    metrics_.total.jobs = static_cast<int64_t>(jobs_.size());
  }

  Json Data() { return Json::parse(report_.Data({.trace = "jobs.csv"}, metrics_)); }

  static constexpr int kNodes = 3;
  static constexpr int64_t kBegin = 1000;
  struct Second {
    double used[4] = {}, jobs[4] = {}, amount[4] = {}, borrowed[4] = {}, lent[4] = {};
    double free_nodes = 0, free_amount = 0;
  };
  std::vector<Second> seconds;
  double run_seconds = 0;
  int64_t runs = 0, stops = 0, lost = 0;

 private:
  struct Job {
    int team = 0, amount = 0;
    int32_t run = 0;
    bool running = false, done = false;
    int64_t started_s = 0;
    std::vector<int> nodes;
  };
  int Pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  static std::string NodeName(int n) { return absl::StrCat("node-", n); }

  ReplaySetting Setting() const {
    ReplaySetting setting{.resource = kGpu, .teams = {}, .begin_s = kBegin, .policy = &policy_};
    for (const api::ClusterQueue& queue : policy_.cluster_queues) {
      setting.teams.push_back(
          {queue.metadata.name, queue.cohort_name, static_cast<double>(QuotaOf(queue).nominal_quota.Value())});
    }
    return setting;
  }
  // Another quota of the first team from now on.
  void ChangePolicy() {
    policy_.cluster_queues[0] = Queue("a", "org", Pick(9), -1);
    const ReplaySetting setting = Setting();
    report_.OnChange({.now_s = now_s_, .kind = WorldChange::Kind::kPolicy, .name = "change", .setting = &setting});
  }
  void Step() {
    const int what = Pick(3);
    if (what == 0 || jobs_.empty()) {
      jobs_.push_back({.team = Pick(4), .amount = Pick(5), .nodes = {}});
      report_.OnSubmit({now_s_, jobs_.size() - 1, jobs_.back().team, static_cast<double>(jobs_.back().amount)});
      return;
    }
    const size_t index = random_() % jobs_.size();
    Job& job = jobs_[index];
    if (job.done) return;
    job.running ? Stop(index, &job) : Start(index, &job);
  }
  void Start(size_t index, Job* job) {
    scheduler::Decision decision;
    scheduler::PodSetDecision pod_set;
    pod_set.topology.emplace();
    job->nodes.clear();
    for (int n = 0; n < kNodes; ++n) {
      if (Pick(3) != 0) continue;
      auto domain = std::make_shared<scheduler::TopologyDomain>();
      domain->values = {NodeName(n)};
      domain->name = NodeName(n);
      pod_set.topology->domains.push_back({domain, 1 + Pick(3)});
      job->nodes.push_back(n);
    }
    decision.pod_sets.push_back(std::move(pod_set));
    job->running = true;
    job->started_s = now_s_;
    report_.OnStart({now_s_, index, job->team, ++job->run, static_cast<double>(job->amount), &decision});
  }
  void Stop(size_t index, Job* job) {
    const int64_t ran_s = now_s_ - job->started_s;
    job->running = false;
    job->done = Pick(2) == 0;
    ++runs;
    run_seconds += static_cast<double>(ran_s * job->amount);
    constexpr StopCause kForGood[] = {StopCause::kFinished, StopCause::kGaveUp, StopCause::kTimeLimit};
    const StopCause cause = job->done ? kForGood[Pick(3)] : static_cast<StopCause>(1 + Pick(4));
    if (cause != StopCause::kFinished) {
      ++stops;
      lost += ran_s * job->amount;
    }
    report_.OnStop({.now_s = now_s_,
                    .job = index,
                    .team = job->team,
                    .run = job->run,
                    .amount = static_cast<double>(job->amount),
                    .cause = cause,
                    .started_s = job->started_s,
                    .lost_s = cause == StopCause::kFinished ? 0 : ran_s});
  }
  // What holds for the second that begins now.
  void Snapshot() {
    Second second;
    std::set<int> busy;
    double placed = 0;
    for (const Job& job : jobs_) {
      if (job.done) continue;
      if (job.running) {
        second.used[job.team] += job.amount;
        busy.insert(job.nodes.begin(), job.nodes.end());
        if (!job.nodes.empty()) placed += job.amount;
      } else {
        second.jobs[job.team] += 1;
        second.amount[job.team] += job.amount;
      }
    }
    double unused[4], all_unused = own_, all_borrowed = 0;
    for (int t = 0; t < 4; ++t) {
      const api::ResourceQuota& quota = QuotaOf(policy_.cluster_queues[t]);
      const auto nominal = static_cast<double>(quota.nominal_quota.Value());
      second.borrowed[t] = second.used[t] > nominal ? second.used[t] - nominal : 0;
      unused[t] = second.used[t] < nominal ? nominal - second.used[t] : 0;
      if (quota.lending_limit) unused[t] = std::min(unused[t], static_cast<double>(quota.lending_limit->Value()));
      if (t < 3) all_unused += unused[t];
      if (t < 3) all_borrowed += second.borrowed[t];
    }
    for (int t = 0; t < 3; ++t) {
      if (all_unused > 0) second.lent[t] = unused[t] * std::min(1.0, all_borrowed / all_unused);
    }
    second.free_nodes = static_cast<double>(kNodes - busy.size());
    second.free_amount = std::max(0.0, kNodes * kGpusPerNode - placed);
    seconds.push_back(second);
  }

  std::mt19937 random_;
  ReplayPolicy policy_;
  HtmlReport report_;
  Metrics metrics_;
  std::vector<Job> jobs_;
  int64_t now_s_ = kBegin;
  double own_ = 0;
};

std::string Plain(size_t job) { return absl::StrCat("job-", job); }

TEST(HtmlReportTest, EveryStepIsTheMeanOfItsSeconds) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    World world(seed, Plain);
    world.Play(seed % 2 == 0 ? 300 : 2100, 4);
    const Json data = world.Data();
    const Json& series = data["series"];
    const int64_t width = series["width"];
    EXPECT_EQ(width, seed % 2 == 0 ? 1 : 4);
    const auto mean = [&](size_t bucket, auto pick) {
      const size_t from = bucket * static_cast<size_t>(width);
      const size_t to = std::min(from + static_cast<size_t>(width), world.seconds.size());
      double sum = 0;
      for (size_t s = from; s < to; ++s) sum += pick(world.seconds[s]);
      return sum / static_cast<double>(to - from);
    };
    for (size_t b = 0; b < series["at"].size(); ++b) {
      const std::string where = absl::StrCat("seed ", seed, ", step ", b);
      EXPECT_EQ(series["at"][b], World::kBegin + static_cast<int64_t>(b) * width);
      for (size_t t = 0; t < 4; ++t) {
        const Json& line = series["lines"][t];
        const auto near = [&](const char* name, double expected) {
          EXPECT_NEAR(line[name][b].get<double>(), expected, 0.0006) << where << ", team " << t << ", " << name;
        };
        near("used", mean(b, [t](const World::Second& s) { return s.used[t]; }));
        near("borrowed", mean(b, [t](const World::Second& s) { return s.borrowed[t]; }));
        near("lent", mean(b, [t](const World::Second& s) { return s.lent[t]; }));
        near("jobs", mean(b, [t](const World::Second& s) { return s.jobs[t]; }));
        near("amount", mean(b, [t](const World::Second& s) { return s.amount[t]; }));
      }
      EXPECT_NEAR(data["nodes"]["free"][b].get<double>(), mean(b, [](const auto& s) { return s.free_nodes; }), 0.0006);
      EXPECT_NEAR(data["nodes"]["freeAmount"][b].get<double>(),
                  mean(b, [](const auto& s) { return kGpusPerNode * s.free_nodes; }), 0.0006);
      EXPECT_NEAR(data["nodes"]["allFree"][b].get<double>(), mean(b, [](const auto& s) { return s.free_amount; }),
                  0.0006);
    }
  }
}

TEST(HtmlReportTest, RunsAndPreemptionsAddUp) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    World world(seed, Plain);
    world.Play(400, 6);
    const Json data = world.Data();
    const Json& runs = data["runs"];
    double seconds = 0;
    int64_t stops = 0, count = 0;
    double lost = 0;
    for (size_t i = 0; i < runs["start"].size(); ++i) {
      seconds += runs["amount"][i].get<double>() * runs["length"][i].get<double>();
      EXPECT_LE(runs["queued"][i].get<int64_t>(), runs["start"][i].get<int64_t>());
      if (runs["cause"][i] != 0) ++stops;
      if (i > 0) {
        EXPECT_LE(runs["start"][i - 1].get<int64_t>(), runs["start"][i].get<int64_t>());
      }
    }
    EXPECT_EQ(runs["of"], world.runs);
    EXPECT_EQ(static_cast<int64_t>(runs["start"].size()), world.runs);
    EXPECT_EQ(seconds, world.run_seconds);
    EXPECT_EQ(stops, world.stops);
    for (const Json& pair : data["preemptions"]["pairs"]) {
      count += pair["count"].get<int64_t>();
      lost += pair["lost"].get<double>();
    }
    EXPECT_EQ(count, world.stops);
    EXPECT_NEAR(lost, static_cast<double>(world.lost) / 3600, 0.1);
  }
}

TEST(HtmlReportTest, SameReplaySameBytes) {
  World one(3, Plain), two(3, Plain);
  one.Play(500, 5);
  two.Play(500, 5);
  EXPECT_EQ(one.Data().dump(), two.Data().dump());
}

TEST(HtmlReportTest, NamesMayHoldAnythingAndAreCutBetweenCharacters) {
  const std::string names[] = {
      "</script><script>alert(1)</script>",        "bad \xff\xfe bytes", std::string(100000, 'x'),
      std::string(119, 'y') + "\xc3\xbc and more", "a\nb\x01\"'\\",      ""};
  World world(1, [&names](size_t job) { return names[job % 6]; });
  world.Play(300, 6);
  std::set<std::string> seen;
  const Json data = world.Data();
  for (const Json& name : data["runs"]["job"]) seen.insert(name);
  EXPECT_EQ(seen, (std::set<std::string>{names[0], "bad \xef\xbf\xbd\xef\xbf\xbd bytes",
                                         std::string(120, 'x') + "\xe2\x80\xa6", std::string(119, 'y') + "\xe2\x80\xa6",
                                         names[4], ""}));
}

TEST(HtmlReportTest, OfVeryManyRunsTheLargestAreToldAndTheOthersCounted) {
  ReplayPolicy policy;
  policy.cluster_queues = {Queue("a", "", 4, -1)};
  HtmlReport report(Plain);
  report.OnBegin({.resource = kGpu, .teams = {{"a", "", 4}}, .begin_s = 0, .policy = &policy});
  const scheduler::Decision decision;
  const int64_t all = RunRecorder::kMaxRuns + 500;
  for (int64_t i = 0; i < all; ++i) {
    const auto job = static_cast<size_t>(i);
    const int64_t start_s = i * 10, length_s = i % 500 == 0 ? 1 : 5;  // every 500th is short
    report.OnSubmit({start_s, job, 0, 1});
    report.OnStart({start_s, job, 0, 1, 1, &decision});
    report.OnInstant(start_s);
    report.OnStop({.now_s = start_s + length_s, .job = job, .team = 0, .run = 1, .amount = 1, .started_s = start_s});
    report.OnInstant(start_s + length_s);
  }
  report.OnEnd(all * 10);
  Metrics metrics;
  metrics.teams = {Team("a", 4)};
  const Json data = Json::parse(report.Data({.trace = "t"}, metrics));
  const Json& runs = data["runs"];
  ASSERT_EQ(runs["length"].size(), RunRecorder::kMaxRuns);
  EXPECT_EQ(runs["of"], all);
  EXPECT_EQ(std::count(runs["length"].begin(), runs["length"].end(), Json(1)), 0);
  EXPECT_LE(data["series"]["at"].size(), UsageRecorder::kMaxBuckets);
}

TEST(HtmlReportTest, ThePolicyIsTold) {
  World world(2, Plain);
  world.Play(10, 3);
  const Json policy = world.Data()["policy"];
  EXPECT_EQ(policy["queues"].size(), 4u);
  EXPECT_EQ(policy["queues"][0]["name"], "a");
  EXPECT_EQ(policy["queues"][0]["strategy"], "BestEffortFIFO");
  EXPECT_EQ(policy["queues"][0]["withinClusterQueue"], "Never");
  EXPECT_EQ(policy["quotas"].size(), 5u);
  EXPECT_EQ(policy["quotas"][4]["kind"], "Cohort");
  EXPECT_EQ(policy["cohorts"][0]["parent"], "org");
  EXPECT_EQ(policy["left"], 0);
}

}  // namespace
}  // namespace muster::sim
