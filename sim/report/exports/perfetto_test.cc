#include "sim/report/exports/perfetto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/report/exports/testing_replay.h"

namespace muster::sim {
namespace {

using Json = nlohmann::json;

// What the Trace Event Format asks of each kind of event, and what Perfetto needs to draw it.
void CheckStructure(const Json& trace) {
  ASSERT_TRUE(trace["traceEvents"].is_array());
  std::map<int64_t, std::string> processes;
  std::map<int64_t, int64_t> process_of;  // by thread
  for (const Json& e : trace["traceEvents"]) {
    if (e["ph"] != "M") continue;
    if (e["name"] == "process_name") {
      ASSERT_TRUE(processes.emplace(e["pid"], e["args"]["name"]).second) << e;
    } else if (e["name"] == "thread_name") {
      ASSERT_TRUE(process_of.emplace(e["tid"], e["pid"]).second) << "a thread is of one process: " << e;
      ASSERT_FALSE(processes.contains(e["tid"].get<int64_t>())) << "Perfetto takes it for the main thread: " << e;
    } else {
      ASSERT_TRUE(e["args"]["sort_index"].is_number_integer()) << e;
    }
  }
  std::map<int64_t, std::vector<std::pair<int64_t, int64_t>>> tracks;
  for (const Json& e : trace["traceEvents"]) {
    ASSERT_TRUE(e["ph"].is_string() && e["name"].is_string() && e["pid"].is_number_integer()) << e;
    ASSERT_TRUE(processes.contains(e["pid"].get<int64_t>())) << e;
    if (e["ph"] == "M") continue;
    ASSERT_TRUE(e["ts"].is_number_integer() && e["ts"] >= 0) << e;
    if (e["ph"] == "X") {
      ASSERT_TRUE(e["dur"].is_number_integer() && e["dur"] >= 0) << e;
      ASSERT_EQ(process_of.at(e["tid"]), e["pid"]) << e;
      tracks[e["tid"]].emplace_back(e["ts"], e["ts"].get<int64_t>() + e["dur"].get<int64_t>());
    } else if (e["ph"] == "C") {
      ASSERT_TRUE(e["args"]["value"].is_number()) << e;
    } else {
      ASSERT_EQ(e["ph"], "i") << e;
      ASSERT_EQ(e["s"], "g") << e;
    }
  }
  for (auto& [thread, slices] : tracks) {
    std::sort(slices.begin(), slices.end());
    for (size_t i = 1; i < slices.size(); ++i) {
      ASSERT_LE(slices[i - 1].second, slices[i].first) << "slices of track " << thread << " overlap";
    }
  }
}

TEST(PerfettoTest, EveryRunIsASliceOfItsTeamAndOfEachOfItsNodes) {
  int64_t with_nodes = 0, going_on = 0, instants = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    const SmallReplay replay = MakeSmallReplay(seed);
    const std::string path = TempFile(seed % 2 == 0 ? "perfetto.json" : "perfetto.json.gz");
    auto perfetto = PerfettoTrace::Open(path, &replay.trace);
    ASSERT_TRUE(perfetto.ok());
    Telling told;
    const SimulationResult result = Replay(replay.trace, replay, {&*perfetto, &told});
    ASSERT_TRUE(perfetto->Close().ok());
    const Json trace = Json::parse(ReadBack(path));
    CheckStructure(trace);
    if (HasFatalFailure()) FAIL() << "seed " << seed;

    std::map<int64_t, std::string> names;
    // Process, job, run, start, length.
    std::multiset<std::tuple<std::string, std::string, int64_t, int64_t, int64_t>> drawn, right;
    std::map<std::string, double> waiting;
    for (const Json& e : trace["traceEvents"]) {
      if (e["name"] == "process_name") names[e["pid"]] = e["args"]["name"];
      if (e["ph"] == "i") ++instants;
      if (e["ph"] == "C" && e["name"] == "jobs waiting") waiting[names[e["pid"]]] = e["args"]["value"];
      if (e["ph"] != "X") continue;
      drawn.emplace(names[e["pid"]], e["name"], e["args"]["run"], e["ts"].get<int64_t>() / 1000000,
                    e["dur"].get<int64_t>() / 1000000);
      going_on += e["args"].contains("stopped") ? 0 : 1;
    }
    for (const ToldRunFact& run : told.runs) {
      const std::string& job = replay.trace.jobs[run.stop.job].id;
      const int64_t start_s = run.stop.started_s - told.begin_s, length_s = run.stop.now_s - run.stop.started_s;
      right.emplace("team " + told.teams[run.stop.team], job, run.stop.run, start_s, length_s);
      for (const auto& [host, pods] : run.pods) right.emplace("node " + host, job, run.stop.run, start_s, length_s);
      with_nodes += run.pods.empty() ? 0 : 1;
    }
    ASSERT_EQ(drawn, right) << "seed " << seed;
    int64_t never_ended = 0;
    for (size_t i = 0; i < result.jobs.size(); ++i) {
      never_ended += told.submits.contains(i) && result.jobs[i].finish_s < 0 && !result.jobs[i].failed ? 1 : 0;
    }
    for (const ToldRunFact& run : told.runs) never_ended -= run.ended ? 0 : 1;
    double left = 0;
    for (const auto& [team, jobs] : waiting) left += jobs;
    ASSERT_EQ(left, static_cast<double>(never_ended)) << "the counters end at who still waits; seed " << seed;
  }
  EXPECT_GT(with_nodes, 100);
  EXPECT_GT(instants, 20);
}

TEST(PerfettoTest, NamesMayHoldAnything) {
  SmallReplay replay = MakeSmallReplay(1);
  for (Job& job : replay.trace.jobs) job.id += "\"},\n{\\ \x01 \xff";
  const std::string path = TempFile("perfetto-names.json");
  auto perfetto = PerfettoTrace::Open(path, &replay.trace);
  ASSERT_TRUE(perfetto.ok());
  Replay(replay.trace, replay, {&*perfetto});
  ASSERT_TRUE(perfetto->Close().ok());
  CheckStructure(Json::parse(ReadBack(path)));
}

}  // namespace
}  // namespace muster::sim
