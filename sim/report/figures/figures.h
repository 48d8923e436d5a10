// The figures of a replay beside those of its teams: by queue, priority class and size; what preemption cost and whom;
// who lent to whom; how much of the free hardware is in one piece; what the waiting could have been; what flavors cost.
#ifndef MUSTER_SIM_REPORT_FIGURES_FIGURES_H_
#define MUSTER_SIM_REPORT_FIGURES_FIGURES_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/replay/observer.h"
#include "sim/replay/simulation.h"
#include "sim/report/figures/job_groups.h"
#include "sim/report/figures/lending_meter.h"
#include "sim/report/figures/node_meter.h"
#include "sim/report/figures/preemption_meter.h"
#include "sim/report/figures/prices.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Memory: what the parts say. Thread-safety: compatible.
class Figures : public ReplayObserver {
 public:
  // `trace` is the one that is replayed, and outlives this.
  Figures(const Trace* trace, Prices prices);
  void OnBegin(const ReplaySetting& setting) override;
  void OnSubmit(const JobSubmit& event) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnChange(const WorldChange& change) override;
  void OnInstant(int64_t now_s) override;
  void OnEnd(int64_t now_s) override;

  // The members of summary.json that docs/simulator.md lists from "groups" on. REQUIRES: OnEnd has been called.
  // O(jobs log jobs).
  nlohmann::ordered_json Summary(const SimulationResult& result) const;
  // What the page draws of nodes, by bucket of `width` seconds: {width, freeable, racks: {level, of, free, freeable}
  // or null, unusable: [...] or null}; null without nodes.
  nlohmann::ordered_json NodesForPage() const;

 private:
  void LearnCapacity(const ReplaySetting& setting);
  nlohmann::ordered_json Groups(const SimulationResult& result) const;
  nlohmann::ordered_json Preemptions() const;
  nlohmann::ordered_json Lending() const;
  nlohmann::ordered_json Delay(const SimulationResult& result) const;
  nlohmann::ordered_json Showback(const SimulationResult& result) const;

  const Trace* trace_;
  Prices prices_;
  std::vector<std::string> teams_;
  double capacity_ = 0;  // the most quota there was at once
  JobGroups groups_;
  PreemptionMeter preemptions_;
  LendingMeter lending_;
  NodeMeter nodes_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_FIGURES_FIGURES_H_
