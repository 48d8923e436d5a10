#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/load.h"
#include "api/problem.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/policy_files.h"
#include "cli/trace_files.h"
#include "cli/world_options.h"
#include "sim/replay/simulation.h"
#include "sim/report/html/html_report.h"
#include "sim/report/report.h"
#include "sim/report/run_log.h"
#include "sim/trace/manifests.h"
#include "sim/trace/trace.h"

namespace muster::cli {
namespace {

struct Args : TraceArgs {
  std::vector<std::string> policy;
  std::string out, resource;
  bool no_decisions = false, no_report = false, resume = false, strict_topology = false;
  int threads = 1;
  WorldOptions world;
};

// Reads the policy files. What only deserves a warning, and queues that will admit nothing, are named on standard
// error.
absl::StatusOr<sim::ReplayPolicy> ReadPolicy(const Args& args) {
  const api::LoadResult loaded = ReadPolicyFiles(args.policy);
  if (absl::Status s = loaded.status(); !s.ok()) return s;
  for (const api::Problem& problem : loaded.problems) std::cerr << "warning: " << api::ToString(problem) << "\n";
  std::vector<api::Object> objects;
  objects.reserve(loaded.objects.size());
  for (const api::Decoded& decoded : loaded.objects) objects.push_back(decoded.object);
  absl::StatusOr<sim::ReplayPolicy> policy = sim::MakePolicy(objects);
  if (!policy.ok()) return policy;
  policy->options.strict_topology = args.strict_topology;
  if (absl::Status s = AddNodes(args.world, &*policy); !s.ok()) return s;
  for (const std::string& line : sim::InactiveQueues(*policy)) std::cerr << "warning: " << line << "\n";
  if (!args.resource.empty()) {
    if (absl::Status s = sim::CheckResource(*policy, args.resource); !s.ok()) return s;
  }
  return policy;
}

absl::StatusOr<sim::Trace> ReadTrace(const Args& args) {
  absl::StatusOr<TraceFile> file = ReadTraceFile(args);
  if (!file.ok()) return file.status();
  if (absl::Status s = sim::ReadManifests(&file->trace); !s.ok()) return s;
  if (absl::Status s = sim::ShapeLoad(args.world.load, &file->trace); !s.ok()) return s;
  return std::move(file->trace);
}

// A bar on standard error; nothing if that is not a terminal. Past std::cerr, which shows control characters.
class Progress {
 public:
  explicit Progress(int64_t total) : total_(total), on_(isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (on_) std::fputs("\r\033[K", stderr);
  }
  // `done` of `all`: half of the work is that jobs arrive, half that they end.
  void Show(int64_t done, int64_t all) {
    if (!on_ || total_ == 0 || all == 0) return;
    const int64_t percent = done * 100 / all;
    const absl::Time now = absl::Now();
    if (percent == shown_ && now - shown_at_ < absl::Seconds(1)) return;
    shown_ = percent;
    shown_at_ = now;
    const std::string bar(percent * 40 / 100, '#');
    const int64_t left_s =
        done == 0 ? 0 : absl::ToInt64Seconds((now - began_) * (static_cast<double>(all - done) / done));
    absl::FPrintF(stderr, "\r[%-40s] %3d %% of %d jobs, %d:%02d left \033[K", bar, percent, total_, left_s / 60,
                  left_s % 60);
  }

 private:
  int64_t total_;
  bool on_;
  int64_t shown_ = -1;
  absl::Time began_ = absl::Now(), shown_at_ = began_;
};

absl::Status Simulate(const Args& args) {
  absl::StatusOr<sim::ReplayPolicy> policy = ReadPolicy(args);
  if (!policy.ok()) return policy.status();
  absl::StatusOr<sim::Trace> trace = ReadTrace(args);
  if (!trace.ok()) return trace.status();

  if (absl::Status s = CheckInput(args.world, *trace, *policy); !s.ok()) return s;
  sim::SimulationOptions options = {
      .resource = args.resource, .resume_preempted = args.resume, .threads = args.threads};
  if (absl::Status s = FillWorld(args.world, *trace, *policy, &options); !s.ok()) return s;

  std::optional<sim::DecisionLog> log;
  std::optional<sim::RunLog> runs;
  std::optional<sim::ConservationCheck> check;
  sim::SimulationHooks hooks;
  if (args.world.check) hooks.observers.push_back(&check.emplace(&*trace));
  if (!args.out.empty() && !args.no_decisions) {
    absl::StatusOr<sim::DecisionLog> opened = sim::DecisionLog::Open(args.out, &*trace);
    if (!opened.ok()) return opened.status();
    log = *std::move(opened);
    hooks.observers.push_back(&*log);
  }
  std::optional<sim::HtmlReport> page;
  if (!args.out.empty() && !args.no_report) {
    page.emplace([&trace](size_t job) { return trace->jobs[job].id; });
    hooks.observers.push_back(&*page);
  }
  if (!args.out.empty()) {
    absl::StatusOr<sim::RunLog> opened = sim::RunLog::Open(args.out, &*trace);
    if (!opened.ok()) return opened.status();
    runs = *std::move(opened);
    hooks.observers.push_back(&*runs);
  }
  absl::StatusOr<sim::SimulationResult> result;
  {
    Progress progress(static_cast<int64_t>(trace->jobs.size()));
    hooks.on_progress = [&progress](int64_t done, int64_t all) { progress.Show(done, all); };
    result = sim::Simulate(*trace, *std::move(policy), options, hooks);
  }
  if (!result.ok()) return result.status();
  std::cout << FormatTable(result->metrics);
  for (const sim::Livelock& l : result->livelocks_told) {
    std::cerr << "warning: at " << l.at_s << " s jobs only pushed each other aside, as Kueue lets them: " << l.loop
              << "; " << l.set_aside << " waited for the next arrival or end\n";
  }
  const int64_t untold = result->livelocks - static_cast<int64_t>(result->livelocks_told.size());
  if (untold > 0) std::cerr << "warning: " << untold << " more times\n";
  if (log.has_value()) {
    if (absl::Status s = log->Close(); !s.ok()) return s;
  }
  TellWorld(args.world, options, result->metrics, check.has_value() ? &*check : nullptr);
  if (runs.has_value()) {
    if (absl::Status s = runs->Close(); !s.ok()) return s;
  }
  if (args.out.empty()) return absl::OkStatus();
  if (page.has_value()) {
    const sim::ReportFacts facts = {.trace = std::filesystem::path(args.trace).filename().string(),
                                    .resume_preempted = args.resume,
                                    .skipped_rows = trace->bad_rows,
                                    .cycles = result->cycles,
                                    .decisions = result->decisions,
                                    .livelocks = result->livelocks};
    if (absl::Status s = page->Write(args.out + "/report.html", facts, result->metrics); !s.ok()) return s;
  }
  return WriteReport(args.out, *trace, *result);
}

}  // namespace

void AddSimulate(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<Args>();
  CLI::App* command = app->add_subcommand(
      "simulate", "Replay a job trace under a policy and report waits, usage and borrowing per queue.");
  command
      ->add_option("--policy", args->policy,
                   "Files or folders with Kueue objects or HyperPod policy (YAML, JSON). A Configuration among them "
                   "sets fair sharing, "
                   "feature gates and the like")
      ->required();
  command->add_option("--trace", args->trace, "The trace (docs/traces.md), compressed or not; - for standard input")
      ->required();
  AddTraceOptions(command, args.get());
  command->add_option("--out", args->out,
                      "Folder for summary.json, jobs.csv, runs.csv, decisions.jsonl and report.html");
  command->add_option("--resource", args->resource, "Resource the report is about; by default the accelerator");
  command
      ->add_option("--threads", args->threads,
                   "Decide independent cohort trees side by side on so many threads; the result is the same")
      ->check(WholeNumber<int>(1, 64))
      ->capture_default_str();
  command->add_flag("--no-decisions", args->no_decisions, "Do not write decisions.jsonl");
  command->add_flag("--no-report", args->no_report, "Do not write report.html, the page to look at");
  command->add_flag("--resume", args->resume, "A preempted job goes on where it was stopped instead of starting over");
  command->add_flag("--strict-topology", args->strict_topology,
                    "Never over-commit a node, where Kueue would (docs/topology.md)");
  AddWorldOptions(command, &args->world);
  command->callback([args, exit_code] {
    args->world.lenient = args->lenient;
    if (absl::Status s = Simulate(*args); !s.ok()) {
      std::cerr << "muster simulate: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
