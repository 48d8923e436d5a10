#include "cli/simulate.h"

#include <unistd.h>

#include <filesystem>
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
#include "cli/export_options.h"
#include "cli/policy_checks.h"
#include "cli/policy_files.h"
#include "cli/provenance.h"
#include "sim/files/result_folder.h"
#include "sim/files/unfinished.h"
#include "sim/replay/simulation.h"
#include "sim/report/figures/figures.h"
#include "sim/report/figures/prices.h"
#include "sim/report/html/html_report.h"
#include "sim/report/report.h"
#include "sim/report/run_log.h"
#include "sim/trace/manifests.h"
#include "sim/trace/trace.h"

namespace muster::cli {
namespace {

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

// What follows a replay to write it down, in the order in which it was opened.
struct Logs {
  std::optional<sim::DecisionLog> decisions;
  std::optional<sim::RunLog> runs;
  std::optional<sim::HtmlReport> page;
  std::optional<sim::Figures> figures;

  absl::Status Open(const SimulateArgs& args, const std::string& dir, const sim::Trace& trace, sim::Prices prices,
                    sim::SimulationHooks* hooks) {
    hooks->observers.push_back(&figures.emplace(&trace, std::move(prices)));
    if (!args.no_decisions) {
      absl::StatusOr<sim::DecisionLog> opened = sim::DecisionLog::Open(dir, &trace);
      if (!opened.ok()) return opened.status();
      hooks->observers.push_back(&decisions.emplace(*std::move(opened)));
    }
    if (!args.no_report) {
      hooks->observers.push_back(&page.emplace([&trace](size_t job) { return trace.jobs[job].id; }));
    }
    absl::StatusOr<sim::RunLog> opened = sim::RunLog::Open(dir, &trace);
    if (!opened.ok()) return opened.status();
    hooks->observers.push_back(&runs.emplace(*std::move(opened)));
    return absl::OkStatus();
  }

  absl::Status Write(const SimulateArgs& args, const std::string& dir, const sim::Trace& trace,
                     const sim::SimulationResult& result) {
    if (decisions.has_value()) {
      if (absl::Status s = decisions->Close(); !s.ok()) return s;
    }
    if (absl::Status s = runs->Close(); !s.ok()) return s;
    const nlohmann::ordered_json more = figures->Summary(result);
    if (page.has_value()) {
      nlohmann::ordered_json drawn = more;
      drawn["nodes"] = figures->NodesForPage();
      const sim::ReportFacts facts = {.trace = std::filesystem::path(args.trace).filename().string(),
                                      .resume_preempted = args.resume,
                                      .skipped_rows = trace.bad_rows,
                                      .cycles = result.cycles,
                                      .decisions = result.decisions,
                                      .livelocks = result.livelocks,
                                      .figures = std::move(drawn)};
      if (absl::Status s = page->Write(dir + "/report.html", facts, result.metrics); !s.ok()) return s;
    }
    return WriteReport(dir, trace, result, more);
  }
};

// Results need at least as much: a line of jobs.csv and one of runs.csv for each job.
int64_t LeastBytes(const sim::Trace& trace) {
  constexpr int64_t kBytesPerJob = 96, kRest = 1 << 16;
  return kRest + kBytesPerJob * static_cast<int64_t>(trace.jobs.size());
}

void TellLivelocks(const sim::SimulationResult& result) {
  for (const sim::Livelock& l : result.livelocks_told) {
    std::cerr << "warning: at " << l.at_s << " s jobs only pushed each other aside, as Kueue lets them: " << l.loop
              << "; " << l.set_aside << " waited for the next arrival or end\n";
  }
  const int64_t untold = result.livelocks - static_cast<int64_t>(result.livelocks_told.size());
  if (untold > 0) std::cerr << "warning: " << untold << " more times\n";
}

absl::Status Simulate(const SimulateArgs& args, EndSignals* signals) {
  std::optional<sim::ResultFolder> folder;
  if (!args.out.empty()) {
    absl::StatusOr<sim::ResultFolder> opened = sim::ResultFolder::Create(args.out, args.overwrite);
    if (!opened.ok()) return opened.status();
    folder = *std::move(opened);
  }
  absl::StatusOr<sim::ReplayPolicy> policy = ReadReplayPolicy(args, nullptr);
  if (!policy.ok()) return policy.status();
  const absl::StatusOr<TraceFile> trace = ReadReplayTrace(args);
  if (!trace.ok()) return trace.status();
  return Replay(args, *std::move(policy), *trace, nullptr, folder.has_value() ? &*folder : nullptr, signals);
}

}  // namespace

absl::StatusOr<sim::ReplayPolicy> ReadReplayPolicy(const SimulateArgs& args, const sim::Variant* variant) {
  api::LoadResult loaded = ReadPolicyFiles(args.policy);
  args.spooled->RestoreNames(&loaded);
  if (absl::Status s = loaded.status(); !s.ok()) return s;
  if (variant != nullptr) {
    absl::StatusOr<api::LoadResult> changed = sim::ApplyVariant(loaded.objects, *variant);
    if (!changed.ok()) return changed.status();
    loaded = *std::move(changed);
    CheckTogether(&loaded);
    if (absl::Status s = loaded.status(); !s.ok()) return s;
  }
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

absl::StatusOr<TraceFile> ReadReplayTrace(const SimulateArgs& args) {
  absl::StatusOr<TraceFile> file = ReadTraceFile(args);
  if (!file.ok()) return file;
  if (absl::Status s = sim::ReadManifests(&file->trace); !s.ok()) return s;
  if (absl::Status s = sim::ShapeLoad(args.world.load, &file->trace); !s.ok()) return s;
  return file;
}

absl::Status Replay(const SimulateArgs& args, sim::ReplayPolicy policy, const TraceFile& file,
                    const sim::Variant* variant, sim::ResultFolder* folder, EndSignals* signals) {
  const sim::Trace& trace = file.trace;
  if (absl::Status s = CheckInput(args.world, trace, policy); !s.ok()) return s;
  sim::SimulationOptions options = {
      .resource = args.resource, .resume_preempted = args.resume, .threads = args.threads};
  if (absl::Status s = FillWorld(args.world, trace, policy, &options); !s.ok()) return s;

  absl::StatusOr<sim::Prices> prices = sim::ReadPrices(args.prices, policy);
  if (!prices.ok()) return prices.status();
  sim::SimulationHooks hooks;
  std::optional<sim::ConservationCheck> check;
  if (args.world.check) hooks.observers.push_back(&check.emplace(&trace));
  Exports exports;
  if (absl::Status s = exports.Open(args.exports, &trace); !s.ok()) return s;
  exports.AddTo(&hooks.observers);
  Logs logs;
  sim::ResultFolder::Provenance provenance;
  if (folder != nullptr) {
    absl::StatusOr<sim::ResultFolder::Provenance> known = ProvenanceOf(args, file, variant);
    if (!known.ok()) return known.status();
    provenance = *std::move(known);
    if (absl::Status s = folder->CheckSpace(LeastBytes(trace)); !s.ok()) return s;
    if (absl::Status s = logs.Open(args, folder->staging(), trace, *std::move(prices), &hooks); !s.ok()) return s;
  }
  if ((folder != nullptr || exports.any()) && signals != nullptr) {
    signals->BeginWork();
    hooks.stop = [signals] { return signals->asked() != 0; };
  }
  absl::StatusOr<sim::SimulationResult> result;
  {
    Progress progress(args.quiet ? 0 : static_cast<int64_t>(trace.jobs.size()));
    hooks.on_progress = [&progress](int64_t done, int64_t all) { progress.Show(done, all); };
    result = sim::Simulate(trace, std::move(policy), options, hooks);
  }
  if (!result.ok()) return result.status();
  if (!result->stopped && !args.quiet) std::cout << FormatTable(result->metrics);
  TellLivelocks(*result);
  TellWorld(args.world, options, result->metrics, check.has_value() ? &*check : nullptr);
  if (absl::Status s = exports.Close(*result); !s.ok()) return s;
  if (folder == nullptr) {
    if (!result->stopped) return absl::OkStatus();
    return absl::CancelledError(absl::StrCat("ended by a signal at ", result->metrics.end_s,
                                             " s of the trace's clock; what was written until then is whole"));
  }
  if (absl::Status s = logs.Write(args, folder->staging(), trace, *result); !s.ok()) return s;
  if (!result->stopped) return folder->Commit(provenance);
  if (absl::Status s = folder->CommitUnfinished(provenance); !s.ok()) return s;
  return absl::CancelledError(absl::StrCat("ended by a signal at ", result->metrics.end_s, " s of the trace's clock; ",
                                           "what was written until then is whole, in ", args.out, "/",
                                           sim::ResultFolder::kUnfinished));
}

void FinishArgs(const CLI::App& command, SimulateArgs* args) {
  args->world.lenient = args->lenient;
  args->digest = !args->out.empty();
  args->options = OptionsOf(command);
  std::vector<std::string*> files = {&args->mapping, &args->world.model, &args->world.outages, &args->what_if};
  for (std::string& path : args->policy) files.push_back(&path);
  std::vector<std::string> paths;
  for (const std::string* path : files) paths.push_back(*path);
  std::vector<std::string>& changes = args->world.changes;  // TIME=FILE
  const size_t first_change = paths.size();
  for (const std::string& change : changes) {
    const size_t at = change.find('=');
    paths.push_back(at == std::string::npos ? "" : change.substr(at + 1));
  }
  args->spooled = std::make_shared<const SpooledPaths>(paths);
  for (size_t i = 0; i < files.size(); ++i) *files[i] = args->spooled->paths()[i];
  for (size_t i = 0; i < changes.size(); ++i) {
    const size_t at = changes[i].find('=');
    if (at != std::string::npos)
      changes[i].replace(at + 1, std::string::npos, args->spooled->paths()[first_change + i]);
  }
}

void AddReplayOptions(CLI::App* command, SimulateArgs* args, bool required) {
  command
      ->add_option("--policy", args->policy,
                   "Files or folders with Kueue objects or HyperPod policy (YAML, JSON). A Configuration among them "
                   "sets fair sharing, "
                   "feature gates and the like")
      ->required(required);
  command->add_option("--trace", args->trace, "The trace (docs/traces.md), compressed or not; - for standard input")
      ->required(required);
  AddTraceOptions(command, args);
  command->add_option("--resource", args->resource, "Resource the report is about; by default the accelerator");
  command
      ->add_option("--threads", args->threads,
                   "Decide independent cohort trees side by side on so many threads; the result is the same")
      ->check(WholeNumber<int>(1, 64))
      ->capture_default_str();
  command->add_flag("--resume", args->resume, "A preempted job goes on where it was stopped instead of starting over");
  command->add_flag("--strict-topology", args->strict_topology,
                    "Never over-commit a node, where Kueue would (docs/topology.md)");
  AddWorldOptions(command, &args->world);
}

void AddSimulate(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<SimulateArgs>();
  CLI::App* command = app->add_subcommand(
      "simulate", "Replay a job trace under a policy and report waits, usage and borrowing per queue.");
  AddReplayOptions(command, args.get());
  CLI::Option* const out = command->add_option(
      "--out", args->out, "Folder for summary.json, jobs.csv, runs.csv, decisions.jsonl and report.html");
  command->add_flag("--overwrite", args->overwrite, "Replace the results of an earlier run in --out");
  command->add_option(
      "--price", args->prices,
      "FLAVOR=PRICE of a unit of the resource in an hour, for the costs in summary.json and report.html "
      "(or the annotation muster.dev/price-per-hour of a ResourceFlavor)");
  command->add_flag("--no-decisions", args->no_decisions, "Do not write decisions.jsonl");
  command->add_flag("--no-report", args->no_report, "Do not write report.html, the page to look at");
  command
      ->add_option("--what-if", args->what_if,
                   "YAML file of variants of the policy (docs/compare.md): replay each into a folder of --out, and "
                   "compare them")
      ->needs(out);
  AddExportOptions(command, &args->exports);
  // One file each cannot be of several replays.
  for (const char* name : {"--perfetto", "--openmetrics", "--swf", "--batsim"}) {
    command->get_option("--what-if")->excludes(command->get_option(name));
  }
  command->callback([args, command, exit_code] {
    EndSignals signals(sim::AbandonUnfinished);
    FinishArgs(*command, args.get());
    const absl::Status s = args->what_if.empty() ? Simulate(*args, &signals) : SimulateWhatIf(*args, &signals);
    if (!s.ok()) {
      std::cerr << "muster simulate: " << args->spooled->RestoreNames(std::string(s.message())) << "\n";
      *exit_code = signals.asked() != 0 && absl::IsCancelled(s) ? 128 + signals.asked() : 1;
    }
  });
}

}  // namespace muster::cli
