// For tests of exports: a small replay, run once, with all that happened written down as it was told.
#ifndef MUSTER_SIM_REPORT_EXPORTS_TESTING_REPLAY_H_
#define MUSTER_SIM_REPORT_EXPORTS_TESTING_REPLAY_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/files/input.h"
#include "sim/replay/simulation.h"
#include "sim/replay/testing_worlds.h"

namespace muster::sim {

struct ToldRunFact {
  RunStop stop;  // now_s = the end of the replay for a run that goes on
  bool ended = true;
  std::map<std::string, int64_t> pods;  // by host
};

// Everything in the order in which it was told.
class Telling : public ReplayObserver {
 public:
  void OnBegin(const ReplaySetting& setting) override {
    begin_s = setting.begin_s;
    for (const ReplayTeam& team : setting.teams) teams.push_back(team.name);
  }
  void OnSubmit(const JobSubmit& event) override { submits[event.job] = event; }
  void OnStart(const RunStart& event) override {
    ToldRunFact& run = open_[event.job];
    run.stop = {
        .job = event.job, .team = event.team, .run = event.run, .amount = event.amount, .started_s = event.now_s};
    for (const auto& pod_set : event.decision->pod_sets) {
      if (!pod_set.topology.has_value()) continue;
      for (const auto& domain : pod_set.topology->domains) run.pods[domain.domain->values.back()] += domain.count;
    }
  }
  void OnStop(const RunStop& event) override {
    ToldRunFact run = std::move(open_[event.job]);
    run.stop = event;
    runs.push_back(std::move(run));
    open_.erase(event.job);
  }
  void OnChange(const WorldChange&) override { ++changes; }
  void OnEnd(int64_t now_s) override {
    end_s = now_s;
    for (auto& [job, run] : open_) {
      run.ended = false;
      run.stop.now_s = now_s;
      runs.push_back(std::move(run));
    }
  }

  int64_t begin_s = 0, end_s = 0, changes = 0;
  std::vector<std::string> teams;
  std::map<size_t, JobSubmit> submits;
  std::vector<ToldRunFact> runs;

 private:
  std::map<size_t, ToldRunFact> open_;
};

// REQUIRES: the trace is where the observers know it.
inline SimulationResult Replay(const Trace& trace, const SmallReplay& replay, std::vector<ReplayObserver*> observers) {
  SimulationHooks hooks;
  hooks.observers = std::move(observers);
  absl::StatusOr<SimulationResult> result = Simulate(trace, replay.policy, replay.options, hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

// What stands in a file, decompressed if it is compressed.
inline std::string ReadBack(const std::string& path) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  EXPECT_TRUE(in.ok()) << in.status();
  std::ostringstream text;
  if (in.ok()) text << (*in)->rdbuf();
  return text.str();
}

inline std::string TempFile(const std::string& name) { return absl::StrCat(testing::TempDir(), "/", name); }

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_EXPORTS_TESTING_REPLAY_H_
