// A replay as a trace for Perfetto (ui.perfetto.dev) and chrome://tracing, in the Trace Event Format (JSON object).
//
// A process per team: its runs as slices, on as many tracks as run at once, and counters of the jobs that wait and of
// what is used. A process per node (or lowest level of a topology), where jobs have one: the runs that have pods there.
// Slices tell the run, the amount, the pods, and why it stopped. Nodes that fail and changes of the policy are instants.
// Time counts from the begin of the replay; otherData.begin_s is the trace's clock at 0.
#ifndef MUSTER_SIM_REPORT_EXPORTS_PERFETTO_H_
#define MUSTER_SIM_REPORT_EXPORTS_PERFETTO_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/files/output_file.h"
#include "sim/replay/observer.h"
#include "sim/report/exports/lanes.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Written as things happen; slices in the order in which runs end, those that go on at the end of the replay last.
// Memory: what runs at once, and the names of nodes. Thread-safety: compatible.
class PerfettoTrace : public ReplayObserver {
 public:
  // `trace` is the one that is replayed, and outlives this. Errors: Unavailable naming the file.
  static absl::StatusOr<PerfettoTrace> Open(const std::string& path, const Trace* trace);
  void OnBegin(const ReplaySetting& setting) override;
  void OnSubmit(const JobSubmit& event) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnChange(const WorldChange& change) override;
  void OnInstant(int64_t now_s) override;
  void OnEnd(int64_t now_s) override;
  // Errors: Unavailable if something could not be written. The file is there from then on.
  absl::Status Close();

 private:
  // What Perfetto shows as one: a team or a node.
  struct Process {
    int pid = 0;
    Lanes lanes;
    std::vector<int> threads;  // by lane
  };
  struct Slice {
    size_t process = 0, lane = 0;
    int64_t pods = -1;  // there; -1 = of a team
  };
  struct Run {
    int64_t started_s = 0;
    int32_t run = 0;
    double amount = 0;
    std::vector<Slice> slices;
  };
  struct Team {
    int64_t waiting = 0, told_waiting = -1;
    double used = 0, told_used = -1;
    bool touched = true;
  };

  PerfettoTrace(OutputFile file, const Trace* trace) : file_(std::move(file)), trace_(trace) {}
  size_t AddProcess(const std::string& name, size_t place);
  size_t NodeProcess(const std::string& node);
  void AddSlice(size_t process, int64_t pods, Run* run);
  void Count(size_t team, absl::string_view what, const std::string& value, int64_t now_s);
  void Write(absl::string_view event);
  // `stopped` is "" for a run that goes on.
  void EndRun(size_t job, const Run& run, int64_t now_s, absl::string_view stopped, size_t by);
  int64_t At(int64_t now_s) const { return (now_s - begin_s_) * 1000000; }  // microseconds

  OutputFile file_;
  const Trace* trace_;
  int64_t begin_s_ = 0;
  int next_thread_ = 10000000;  // never the number of a process, which would be its main thread
  bool first_ = true;
  std::vector<Process> processes_;       // teams, then nodes as they come up
  std::map<std::string, size_t> ranks_;  // of the policy's nodes, by name
  std::map<std::string, size_t> nodes_;  // index in processes_
  std::vector<Team> teams_;
  std::vector<size_t> touched_;
  std::map<size_t, Run> running_;  // by job
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_EXPORTS_PERFETTO_H_
