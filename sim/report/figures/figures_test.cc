// Every figure against what counting second by second, or run by run, says.
#include "sim/report/figures/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/kueue.h"
#include "sim/replay/policy.h"
#include "sim/replay/testing_worlds.h"

namespace muster::sim {
namespace {

TEST(SizeNameTest, SizesAreByPowersOfTwo) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},     {0.5, "below 1"}, {1, "1"},   {1.5, "2"},  {2, "2"},     {3, "3-4"},        {4, "3-4"},
      {4.5, "5-8"}, {5, "5-8"},       {8, "5-8"}, {9, "9-16"}, {16, "9-16"}, {1024, "513-1024"}};
  for (const auto& [amount, name] : cases) EXPECT_EQ(SizeName(amount), name) << amount;
}

struct KeptRun {
  int64_t start_s = 0, stop_s = 0;
  bool ended = false;
  RunStop stop;
  std::map<std::string, double> flavors;
  std::map<std::string, int64_t> pods;  // by host
};

// Keeps all runs, and who was down when.
class Keeper : public ReplayObserver {
 public:
  void OnBegin(const ReplaySetting& setting) override {
    begin_s = setting.begin_s;
    engine_ = setting.engine;
    teams = setting.teams;
    nodes = setting.policy->nodes;
    if (setting.scaled_nodes != nullptr) scaled = *setting.scaled_nodes;
  }
  void OnSubmit(const JobSubmit& event) override { submits[event.job] = event; }
  void OnStart(const RunStart& event) override {
    KeptRun& run = open_[event.job];
    run = {.start_s = event.now_s,
           .stop = {.job = event.job, .team = event.team, .amount = event.amount},
           .flavors = {},
           .pods = {}};
    for (const auto& held : engine_->ReservedUsage(event.decision->workload)) {
      run.flavors[held.flavor] += static_cast<double>(held.amount);
    }
    for (const auto& pod_set : event.decision->pod_sets) {
      if (!pod_set.topology.has_value()) continue;
      for (const auto& domain : pod_set.topology->domains) run.pods[domain.domain->values.back()] += domain.count;
    }
  }
  void OnStop(const RunStop& event) override {
    KeptRun run = open_[event.job];
    run.stop = event;
    run.stop_s = event.now_s;
    run.ended = true;
    runs.push_back(run);
    open_.erase(event.job);
  }
  void OnChange(const WorldChange& change) override {
    if (change.kind == WorldChange::Kind::kPolicy)
      policy_changes.push_back({change.now_s, change.setting->policy->cluster_queues});
    if (change.kind == WorldChange::Kind::kPolicy) return;
    const bool scaled =
        change.kind == WorldChange::Kind::kNodeLaunched || change.kind == WorldChange::Kind::kNodeRemoved;
    if (scaled) {
      gone[change.name][change.now_s] = change.kind == WorldChange::Kind::kNodeRemoved;
    } else {
      down[change.name][change.now_s] = change.kind != WorldChange::Kind::kNodeUp;
    }
  }
  void OnEnd(int64_t now_s) override {
    end_s = now_s;
    for (auto& [job, run] : open_) {
      run.stop_s = now_s;
      runs.push_back(run);
    }
  }

  int64_t begin_s = 0, end_s = 0;
  std::vector<ReplayTeam> teams;
  std::vector<api::Node> nodes;  // without those beyond the max of their node group
  std::map<size_t, JobSubmit> submits;
  std::vector<KeptRun> runs;
  std::map<std::string, std::map<int64_t, bool>> down, gone;
  std::map<std::string, std::string> scaled;  // nodes of node groups
  std::vector<std::pair<int64_t, std::vector<api::ClusterQueue>>> policy_changes;

 private:
  const scheduler::Engine* engine_ = nullptr;
  std::map<size_t, KeptRun> open_;
};

struct Told {
  SmallReplay replay;
  Keeper kept;
  SimulationResult result;
  nlohmann::ordered_json summary;
};

void Tell(uint64_t seed, Told* told) {
  told->replay = MakeSmallReplay(seed);
  Figures figures(&told->replay.trace, {{"a", 2}, {"b", 0.5}});
  SimulationHooks hooks;
  hooks.observers = {&figures, &told->kept};
  auto result = Simulate(told->replay.trace, told->replay.policy, told->replay.options, hooks);
  ASSERT_TRUE(result.ok()) << result.status();
  told->result = *std::move(result);
  told->summary = figures.Summary(told->result);
}

TEST(FiguresTest, GroupsAddUpToAllAndEachIsItsJobs) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Told told;
    Tell(seed, &told);
    const auto& total = told.result.metrics.total;
    for (const auto& [grouping, groups] : told.summary["groups"].items()) {
      int64_t jobs = 0, preemptions = 0;
      double hours = 0, lost = 0;
      for (const auto& group : groups) {
        jobs += group["jobs"].get<int64_t>();
        preemptions += group["preemptions"].get<int64_t>();
        hours += group["resource_hours"].get<double>();
        lost += group["lost_hours"].get<double>();
      }
      const double slack = 0.0006 * static_cast<double>(groups.size());
      ASSERT_EQ(jobs, total.jobs) << grouping << ", seed " << seed;
      ASSERT_EQ(preemptions, total.preemptions) << grouping << ", seed " << seed;
      ASSERT_NEAR(hours, total.amount_hours, slack) << grouping << ", seed " << seed;
      ASSERT_NEAR(lost, total.lost_hours, slack) << grouping << ", seed " << seed;
    }
    // Waits of the largest size.
    const auto& last = told.summary["groups"]["sizes"].back();
    int64_t longest = 0, started = 0;
    for (size_t i = 0; i < told.result.jobs.size(); ++i) {
      const double amount = told.result.shapes[told.replay.trace.jobs[i].shape].amount;
      if (SizeName(amount) != last["name"] || told.result.jobs[i].first_start_s < 0) continue;
      ++started;
      longest = std::max(longest, told.result.jobs[i].first_start_s - told.kept.submits.at(i).now_s);
    }
    ASSERT_EQ(last["started"], started) << "seed " << seed;
    ASSERT_EQ(last["wait_s"]["max"], longest) << "seed " << seed;
  }
}

TEST(FiguresTest, PreemptionsAreThoseOfTheRuns) {
  int64_t reclaimed = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Told told;
    Tell(seed, &told);
    std::map<std::string, std::pair<int64_t, double>> causes;
    std::map<std::string, double> pairs;
    for (const KeptRun& run : told.kept.runs) {
      if (!run.ended || run.stop.cause == StopCause::kFinished) continue;
      const std::string cause(ToString(run.stop.cause));
      const double held = run.stop.amount * static_cast<double>(run.stop_s - run.start_s) / 3600;
      ++causes[cause].first;
      causes[cause].second += held;
      if (run.stop.by == RunStop::kNobody) continue;
      pairs[absl::StrCat(told.kept.teams[told.kept.submits.at(run.stop.by).team].name, " ",
                         told.kept.teams[run.stop.team].name, " ", cause)] += held;
    }
    const auto& json = told.summary["preemptions"];
    ASSERT_EQ(json["causes"].size(), causes.size()) << "seed " << seed;
    for (const auto& [cause, sums] : causes) {
      ASSERT_EQ(json["causes"][cause]["count"], sums.first) << cause << ", seed " << seed;
      ASSERT_NEAR(json["causes"][cause]["resource_hours"].get<double>(), sums.second, 6e-4) << cause;
    }
    ASSERT_EQ(json["pairs"].size(), pairs.size()) << "seed " << seed;
    for (const auto& pair : json["pairs"]) {
      const std::string key = absl::StrCat(pair["by"].get<std::string>(), " ", pair["of"].get<std::string>(), " ",
                                           pair["cause"].get<std::string>());
      ASSERT_NEAR(pair["resource_hours"].get<double>(), pairs[key], 6e-4) << key << ", seed " << seed;
    }
    reclaimed += json["reclaimed"]["count"].get<int64_t>();
  }
  EXPECT_GT(reclaimed, 20);
}

// Who lends what to whom in one second, by the definition.
void LendOneSecond(const std::vector<api::ClusterQueue>& queues, const Told& told, int64_t at_s,
                   std::map<std::pair<std::string, std::string>, double>* loans) {
  std::map<std::string, std::map<std::string, double>> used;  // by flavor, team
  for (const KeptRun& run : told.kept.runs) {
    if (run.start_s > at_s || run.stop_s <= at_s) continue;
    for (const auto& [flavor, amount] : run.flavors) used[flavor][told.kept.teams[run.stop.team].name] += amount;
  }
  for (auto& [flavor, by_team] : used) {
    std::map<std::string, double> borrowed, lends;
    double all_borrowed = 0, all_lends = 0;
    for (const api::ClusterQueue& queue : queues) {
      if (queue.cohort_name.empty()) continue;
      for (const api::FlavorQuotas& quotas : queue.resource_groups[0].flavors) {
        if (quotas.name != flavor) continue;
        const api::ResourceQuota& quota = quotas.resources[0];
        const double nominal = quota.nominal_quota.ToDouble(), use = by_team[queue.metadata.name];
        const double most = quota.lending_limit.has_value() ? quota.lending_limit->ToDouble() : nominal;
        borrowed[queue.metadata.name] = std::max(0.0, use - nominal);
        lends[queue.metadata.name] = std::max(0.0, std::min(nominal - use, most));
        all_borrowed += borrowed[queue.metadata.name];
        all_lends += lends[queue.metadata.name];
      }
    }
    if (all_borrowed == 0 || all_lends == 0) continue;
    const double lent = std::min(all_borrowed, all_lends);
    for (const auto& [lender, could] : lends) {
      for (const auto& [borrower, does] : borrowed) {
        if (could * does > 0) (*loans)[{lender, borrower}] += lent * could / all_lends * does / all_borrowed;
      }
    }
  }
}

TEST(FiguresTest, LoansAreWhatEachSecondSays) {
  int64_t pairs = 0, changed = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Told told;
    Tell(seed, &told);
    std::map<std::pair<std::string, std::string>, double> loans;
    for (int64_t at_s = told.kept.begin_s; at_s < told.kept.end_s; ++at_s) {
      const std::vector<api::ClusterQueue>* queues = &told.replay.policy.cluster_queues;
      for (const auto& [from_s, changed_to] : told.kept.policy_changes) {
        if (from_s <= at_s) queues = &changed_to;
      }
      LendOneSecond(*queues, told, at_s, &loans);
    }
    const auto& json = told.summary["lending"]["loans"];
    ASSERT_EQ(json.size(), loans.size()) << "seed " << seed << ": " << json;
    for (const auto& loan : json) {
      const double right = loans[{loan["lender"], loan["borrower"]}] / 3600;
      ASSERT_NEAR(loan["resource_hours"].get<double>(), right, 6e-4) << "seed " << seed << ": " << loan;
    }
    pairs += static_cast<int64_t>(loans.size());
    changed += loans.empty() || told.kept.policy_changes.empty() ? 0 : 1;
  }
  EXPECT_GT(pairs, 50);
  EXPECT_GT(changed, 5);
}

TEST(FiguresTest, FreeNodesAndRacksAreWhatEachSecondSays) {
  int64_t worlds = 0, down = 0, scaled = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Told told;
    Tell(seed, &told);
    const auto& json = told.summary["fragmentation"];
    if (told.replay.policy.nodes.empty()) {
      ASSERT_TRUE(json.is_null());
      continue;
    }
    double free_nodes = 0, could_nodes = 0, free_racks = 0, could_racks = 0, free_amount = 0;
    for (int64_t at_s = told.kept.begin_s; at_s < told.kept.end_s; ++at_s) {
      std::map<std::string, double> used;
      std::set<std::string> busy;  // also with pods that use nothing of the resource
      double all_used = 0;
      for (const KeptRun& run : told.kept.runs) {
        if (run.start_s > at_s || run.stop_s <= at_s || run.pods.empty()) continue;
        int64_t pods = 0;
        for (const auto& [host, count] : run.pods) pods += count;
        for (const auto& [host, count] : run.pods) {
          used[host] += run.stop.amount * static_cast<double>(count) / static_cast<double>(pods);
          busy.insert(host);
        }
        all_used += run.stop.amount;
      }
      std::map<std::string, std::pair<double, bool>> racks;  // size, whether it is free
      std::vector<double> sizes;
      for (const api::Node& node : told.kept.nodes) {
        const auto is = [&](const std::map<int64_t, bool>& steps, bool before) {
          const auto step = steps.upper_bound(at_s);
          return step == steps.begin() ? before : std::prev(step)->second;
        };
        if (is(told.kept.down[node.metadata.name], false)) {
          ++down;
          continue;
        }
        if (is(told.kept.gone[node.metadata.name], told.kept.scaled.count(node.metadata.name) > 0)) continue;
        const bool free = busy.count(node.metadata.name) == 0;
        free_nodes += free ? 1 : 0;
        free_amount += 8 - used[node.metadata.name];
        sizes.push_back(8);
        auto& rack = racks.try_emplace(node.metadata.labels.at("rack"), 0, true).first->second;
        rack.first += 8;
        rack.second &= free;
      }
      // A rack in which a node that is down still has pods does not exist: pods stop when their node goes down; a node
      // that is cordoned keeps them, and keeps its rack from being free.
      for (const api::Node& node : told.kept.nodes) {
        const auto rack = racks.find(node.metadata.labels.at("rack"));
        if (rack != racks.end() && busy.count(node.metadata.name) > 0) rack->second.second = false;
      }
      const auto could = [&](std::vector<double> of) {
        std::sort(of.rbegin(), of.rend());
        double left = all_used;
        size_t n = 0;
        while (n < of.size() && left > 0) left -= of[n++];
        return static_cast<double>(of.size() - n);
      };
      could_nodes += could(sizes);
      std::vector<double> rack_sizes;
      for (const auto& [name, rack] : racks) {
        rack_sizes.push_back(rack.first);
        free_racks += rack.second ? 1 : 0;
      }
      could_racks += could(rack_sizes);
    }
    const auto seconds = static_cast<double>(told.kept.end_s - told.kept.begin_s);
    if (seconds == 0) continue;
    ASSERT_NEAR(json["free_nodes_mean"].get<double>(), free_nodes / seconds, 6e-4) << "seed " << seed;
    ASSERT_NEAR(json["could_be_free_nodes_mean"].get<double>(), could_nodes / seconds, 6e-4) << "seed " << seed;
    ASSERT_NEAR(json["free_racks_mean"].get<double>(), free_racks / seconds, 6e-4) << "seed " << seed;
    ASSERT_NEAR(json["could_be_free_racks_mean"].get<double>(), could_racks / seconds, 6e-4) << "seed " << seed;
    ASSERT_NEAR(json["free_mean"].get<double>(), free_amount / seconds, 6e-4) << "seed " << seed;
    ASSERT_LE(json["unusable_mean"].get<double>(), json["free_mean"].get<double>() + 1e-3) << "seed " << seed;
    ++worlds;
    scaled += told.kept.scaled.empty() ? 0 : 1;
  }
  EXPECT_GT(worlds, 40);
  EXPECT_GT(scaled, 10);
  EXPECT_GT(down, 500);
}

TEST(FiguresTest, DelaysAndCostsFollowFromTheRuns) {
  double waited = 0, least = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Told told;
    Tell(seed, &told);
    double cost = 0;
    for (const KeptRun& run : told.kept.runs) {
      for (const auto& [flavor, amount] : run.flavors) {
        cost += amount * static_cast<double>(run.stop_s - run.start_s) / 3600 * (flavor == "a" ? 2 : 0.5);
      }
    }
    ASSERT_NEAR(told.summary["showback"]["total"].get<double>(), cost, 6e-4) << "seed " << seed;
    if (told.summary["delay_s"].is_null()) continue;
    ASSERT_LE(told.summary["delay_s"]["least_mean"], told.summary["delay_s"]["mean"]) << "seed " << seed;
    waited += told.summary["delay_s"]["mean"].get<double>();
    least += told.summary["delay_s"]["least_mean"].get<double>();
  }
  EXPECT_GT(waited, 0);
  EXPECT_GT(least, 0);
}

TEST(PricesTest, ComeFromAnnotationsAndOverThemFromTheCommandLine) {
  ReplayPolicy policy;
  for (const char* name : {"spot", "h100"}) {
    policy.flavors.emplace_back().metadata.name = name;
    policy.flavors.back().metadata.annotations[kPriceAnnotation] = "3";
  }
  EXPECT_EQ(*ReadPrices({"spot=1.5"}, policy), Prices({{"h100", 3}, {"spot", 1.5}}));
  const std::pair<std::vector<std::string>, const char*> mistakes[] = {
      {{"spot"}, "is not FLAVOR=PRICE"},
      {{"spot=-1"}, "is not FLAVOR=PRICE"},
      {{"spot=nan"}, "is not FLAVOR=PRICE"},
      {{"=1"}, "is not FLAVOR=PRICE"},
      {{"gpu=1"}, "there is no ResourceFlavor/gpu"},
      {{"spot=1", "spot=2"}, "spot has a price already"},
  };
  for (const auto& [texts, message] : mistakes) {
    EXPECT_NE(ReadPrices(texts, policy).status().message().find(message), std::string::npos) << texts.front();
  }
  policy.flavors[0].metadata.annotations[kPriceAnnotation] = "cheap";
  EXPECT_EQ(
      ReadPrices({}, policy).status().message(),
      "ResourceFlavor/spot: metadata.annotations[muster.dev/price-per-hour]: \"cheap\" is not a price: a number from "
      "0 to 1e9");
}

}  // namespace
}  // namespace muster::sim
