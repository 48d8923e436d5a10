// DIR/report.html: what a replay did, to look at. One file that is complete in itself (page.h).
//
// It follows the replay and keeps a bounded number of figures: time in at most 800 buckets, the 20 000 largest runs, the
// 200 longest waits. Memory beyond that grows with the jobs that wait or run at once. The page says what it left out.
// Same replay, same bytes.
#ifndef MUSTER_SIM_REPORT_HTML_HTML_REPORT_H_
#define MUSTER_SIM_REPORT_HTML_HTML_REPORT_H_

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sim/metrics/metrics.h"
#include "sim/replay/observer.h"
#include "sim/report/figures/preemption_meter.h"
#include "sim/report/html/place_recorder.h"
#include "sim/report/html/run_recorder.h"
#include "sim/report/html/usage_recorder.h"

namespace muster::sim {

// What a report tells besides what it has seen.
struct ReportFacts {
  std::string trace;  // name of the file
  bool resume_preempted = false;
  int64_t skipped_rows = 0, cycles = 0, decisions = 0, livelocks = 0;
  // What Figures::Summary and NodesForPage say (the latter as "nodes"); null: not told.
  nlohmann::ordered_json figures = nullptr;
};

// Thread-safety: compatible.
class HtmlReport : public ReplayObserver {
 public:
  // `name_of` names a job, while it waits or runs. Names may hold anything and be of any length.
  explicit HtmlReport(std::function<std::string(size_t job)> name_of);

  void OnBegin(const ReplaySetting& setting) override;
  void OnSubmit(const JobSubmit& event) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnChange(const WorldChange& change) override;
  void OnInstant(int64_t now_s) override;
  void OnEnd(int64_t now_s) override;

  // What the page's script is given: see data.cc. REQUIRES: OnEnd has been called; called once.
  std::string Data(const ReportFacts& facts, const Metrics& metrics);
  // Writes the page. Errors: Unavailable naming the file. REQUIRES: as Data, and instead of it.
  absl::Status Write(const std::string& path, const ReportFacts& facts, const Metrics& metrics);

 private:
  nlohmann::ordered_json Teams(const Metrics& metrics) const;
  nlohmann::ordered_json Series(const Metrics& metrics) const;
  nlohmann::ordered_json Places() const;
  nlohmann::ordered_json Runs();

  std::vector<ReplayTeam> teams_;
  std::string resource_;
  nlohmann::ordered_json policy_;
  UsageRecorder usage_;
  PlaceRecorder places_;
  RunRecorder runs_;
  PreemptionMeter preemptions_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_HTML_HTML_REPORT_H_
