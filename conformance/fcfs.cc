// Replays logs of batch systems under one StrictFIFO queue and compares with schedules that another simulator made of
// them under first come, first served.
//
// Where no job may pass another, a job starts when all before it have started and its processors are free. That leaves
// nothing to choose: every simulator has to come to the same second for every job.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <istream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "conformance/callers_directory.h"
#include "sim/files/input.h"
#include "sim/replay/simulation.h"
#include "sim/trace/mapping.h"
#include "sim/trace/trace.h"

namespace muster::conformance {
namespace {

constexpr char kUsage[] =
    "usage: %s DIR\n"
    "Replays DIR/compact/LOG.csv.xz (job_id, submit_s, run_s, procs) and compares with the waits in\n"
    "DIR/pyss_runs/LOG.fcfs.jobid_wait.txt.xz, for all logs that have one. Exit status: 0 if every job of every log\n"
    "starts in the same second, 1 if not, 2 if the command line or DIR is not usable.\n";

constexpr char kMapping[] =
    "columns: {id: job_id, submit: submit_s, duration: run_s, pods: procs}\n"
    "constantRequests: {cpu: 1}\nqueue: batch\n";

// The machines have as many processors; the files do not say.
const std::pair<const char*, int64_t> kLogs[] = {{"KTH-SP2", 100}, {"SDSC-SP2", 128}};

sim::ReplayPolicy OneQueue(int64_t processors) {
  api::ResourceFlavor flavor;
  flavor.metadata.name = "any";
  api::ClusterQueue queue;
  queue.metadata.name = "batch";
  queue.queueing_strategy = "StrictFIFO";
  queue.namespace_selector.emplace();
  queue.resource_groups = {{{"cpu"}, {{"any", {{"cpu", api::Quantity::FromValue(processors), {}, {}}}}}}};
  return *sim::MakePolicy(std::vector<api::Object>{flavor, queue});
}

absl::StatusOr<absl::flat_hash_map<std::string, int64_t>> ReadWaits(const std::string& path) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = sim::OpenInput(path);
  if (!in.ok()) return in.status();
  absl::flat_hash_map<std::string, int64_t> waits;
  std::string id;
  int64_t wait = 0;
  while (**in >> id >> wait) waits[id] = wait;
  if (!(*in)->eof()) return absl::DataLossError(absl::StrCat(path, ": not a job's id and its wait per line"));
  return waits;
}

// Prints how many jobs of the log start when they have to. Returns whether all do.
absl::StatusOr<bool> Compare(const std::filesystem::path& dir, const std::string& log, int64_t processors) {
  absl::StatusOr<sim::Trace> trace =
      sim::ReadTrace((dir / "compact" / (log + ".csv.xz")).string(), *sim::Mapping::Parse(kMapping));
  if (!trace.ok()) return trace.status();
  if (trace->bad_rows > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(trace->bad_rows, " bad rows, the first: ", FormatProblem(*trace, trace->problems.front())));
  }
  auto waits = ReadWaits((dir / "pyss_runs" / (log + ".fcfs.jobid_wait.txt.xz")).string());
  if (!waits.ok()) return waits.status();
  const absl::StatusOr<sim::SimulationResult> result = sim::Simulate(*trace, OneQueue(processors), {}, {});
  if (!result.ok()) return result.status();
  size_t agreed = 0;
  for (size_t i = 0; i < trace->jobs.size(); ++i) {
    const sim::Job& job = trace->jobs[i];
    const auto expected = waits->find(job.id);
    const int64_t start = result->jobs[i].first_start_s;
    if (expected != waits->end() && start == job.submit_s + expected->second) {
      ++agreed;
    } else if (i - agreed < 10) {  // the first few say enough
      std::printf("  job %s submitted at %ld: starts at %ld, expected %ld\n", job.id.c_str(),
                  static_cast<long>(job.submit_s), static_cast<long>(start),
                  static_cast<long>(expected == waits->end() ? -1 : job.submit_s + expected->second));
    }
  }
  const size_t total = std::max(trace->jobs.size(), waits->size());
  std::printf("%s %zu/%zu\n", log.c_str(), agreed, total);
  return agreed == total;
}

int Main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    std::fprintf(stderr, kUsage, argv[0]);
    return 2;
  }
  ReturnToCallersDirectory();
  bool all = true;
  for (const auto& [log, processors] : kLogs) {
    const absl::StatusOr<bool> agree = Compare(argv[1], log, processors);
    if (!agree.ok()) {
      std::fprintf(stderr, "%s: %s\n", log, std::string(agree.status().message()).c_str());
      return 2;
    }
    all = all && *agree;
  }
  return all ? 0 : 1;
}

}  // namespace
}  // namespace muster::conformance

int main(int argc, char** argv) { return muster::conformance::Main(argc, argv); }
