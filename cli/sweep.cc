#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "cli/arguments.h"
#include "cli/compare.h"
#include "cli/end_signals.h"
#include "cli/provenance.h"
#include "cli/remarks.h"
#include "cli/simulate.h"
#include "cli/sweep_manifests.h"
#include "cli/worker_processes.h"
#include "sim/files/digest.h"
#include "sim/files/input.h"
#include "sim/files/unfinished.h"
#include "sim/sweep/folder.h"
#include "sim/sweep/plan.h"

namespace muster::cli {
namespace {

constexpr size_t kMaxPlan = size_t{16} << 20;

struct Args {
  SimulateArgs replay;
  std::string plan, shard;
  int jobs = 1;
  int64_t point = -1;  // this process replays this one alone
  bool decisions = false;
};

struct Shard {
  int64_t index = 0, count = 1;
};
absl::StatusOr<Shard> ParseShard(const std::string& text) {
  Shard shard;
  if (text.empty()) return shard;
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  if (!absl::SimpleAtoi(parts.first, &shard.index) || !absl::SimpleAtoi(parts.second, &shard.count) ||
      shard.index < 0 || shard.index >= shard.count) {
    return absl::InvalidArgumentError(
        absl::StrCat("--shard \"", text, "\": write INDEX/COUNT, counted from 0: 0/4, 1/4, 2/4 and 3/4"));
  }
  return shard;
}

absl::StatusOr<sim::SweepPlan> ReadPlan(const std::string& path) {
  const absl::StatusOr<std::string> text = sim::ReadInput(path, kMaxPlan);
  if (!text.ok()) return text.status();
  return sim::SweepPlan::Parse(*text, path);
}

// Every point reads the inputs anew, which pipes do not bear.
absl::Status CheckInputs(const Args& args) {
  std::vector<std::string> paths = args.replay.policy;
  paths.insert(paths.end(),
               {args.replay.trace, args.replay.mapping, args.replay.world.model, args.replay.world.outages, args.plan});
  for (const std::string& change : args.replay.world.changes) paths.push_back(change.substr(change.find('=') + 1));
  std::error_code error;
  for (const std::string& path : paths) {
    if (path.empty() ||
        (path != "-" && (!std::filesystem::exists(path, error) || std::filesystem::is_regular_file(path, error) ||
                         std::filesystem::is_directory(path, error)))) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(path, " can be read only once, and every point of a sweep reads it; write it to a file"));
  }
  return absl::OkStatus();
}

std::vector<std::vector<nlohmann::json>> GridOf(const sim::SweepPlan& plan) {
  std::vector<std::vector<nlohmann::json>> grid;
  for (int64_t point = 0; point < plan.size(); ++point) grid.push_back(plan.ValuesOf(point));
  return grid;
}

std::vector<std::string> ParametersOf(const sim::SweepPlan& plan) {
  std::vector<std::string> names;
  for (const sim::SweepParameter& parameter : plan.parameters()) names.push_back(parameter.name);
  return names;
}

// The policy with all values of each parameter, one at a time, and the first and the last point: mistakes show before
// anything is replayed.
absl::Status CheckPlan(const SimulateArgs& args, const sim::SweepPlan& plan) {
  if (absl::Status s = ReadReplayPolicy(args, nullptr).status(); !s.ok()) return s;
  const Remarks not_told;
  std::string mistakes;
  const auto check = [&](const sim::Variant& variant) {
    const absl::Status s = ReadReplayPolicy(args, &variant).status();
    if (!s.ok()) absl::StrAppend(&mistakes, mistakes.empty() ? "" : "\n", s.message());
  };
  for (const sim::SweepParameter& parameter : plan.parameters()) {
    for (const sim::SweepParameter::Choice& choice : parameter.choices) {
      sim::Variant variant = choice.changes;
      variant.name = absl::StrCat(parameter.name, " = ", choice.value.dump());
      check(variant);
    }
  }
  if (mistakes.empty()) {
    for (const int64_t point : {int64_t{0}, plan.size() - 1}) check(plan.VariantOf(point));
  }
  return mistakes.empty() ? absl::OkStatus() : absl::InvalidArgumentError(mistakes);
}

// Points done, and how long the rest will take, on standard error if that is a terminal.
class Progress {
 public:
  Progress(int64_t done, int64_t total) : first_(done), done_(done), total_(total), on_(isatty(STDERR_FILENO) == 1) {
    Show();
  }
  ~Progress() {
    if (on_) std::fputs("\r\033[K", stderr);
  }
  void Done() {
    ++done_;
    Show();
  }

 private:
  void Show() const {
    if (!on_ || total_ == 0) return;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    std::string left = "";
    if (done_ > first_) {
      const auto rest =
          static_cast<int64_t>(seconds / static_cast<double>(done_ - first_) * static_cast<double>(total_ - done_));
      left = absl::StrFormat(", %d:%02d:%02d left", rest / 3600, rest / 60 % 60, rest % 60);
    }
    const std::string bar(static_cast<size_t>(done_ * 40 / total_), '#');
    absl::FPrintF(stderr, "\r\033[K[%-40s] %d of %d points%s", bar, done_, total_, left);
    std::fflush(stderr);
  }
  const int64_t first_;
  int64_t done_;
  const int64_t total_;
  const bool on_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// What this process was called with, from `sweep` on.
std::vector<std::string> OwnArguments() {
  constexpr size_t kMaxArguments = size_t{16} << 20;
  const absl::StatusOr<std::string> text = sim::ReadInput("/proc/self/cmdline", kMaxArguments);
  std::vector<std::string> words;
  if (text.ok()) words = absl::StrSplit(*text, '\0');
  if (!words.empty() && words.back().empty()) words.pop_back();
  if (!words.empty()) words.erase(words.begin());
  return words;
}

// The arguments of a process that replays one point. The option goes first: what is given may end in a list.
std::vector<std::string> PointArguments(const std::vector<std::string>& own, int64_t point) {
  std::vector<std::string> words = own;
  words.insert(words.begin() + 1, absl::StrCat("--run-point=", point));
  return words;
}

absl::Status RunPoint(const Args& args, const sim::SweepPlan& plan) {
  if (args.point >= plan.size()) return absl::InvalidArgumentError("there is no such point");
  const sim::Variant variant = plan.VariantOf(args.point);
  SimulateArgs one = args.replay;
  one.out = sim::PointFolder(args.replay.out, args.point);
  one.quiet = true;
  // Whatever is there is of this point, and not whole.
  absl::StatusOr<sim::ResultFolder> folder = sim::ResultFolder::Create(one.out, /*overwrite=*/true);
  if (!folder.ok()) return folder.status();
  absl::StatusOr<sim::ReplayPolicy> policy = ReadReplayPolicy(one, &variant);
  if (!policy.ok()) return policy.status();
  const absl::StatusOr<TraceFile> trace = ReadReplayTrace(one);
  if (!trace.ok()) return trace.status();
  return Replay(one, *std::move(policy), *trace, &variant, &*folder, nullptr);
}

absl::StatusOr<sim::SweepIdentity> IdentityOf(const Args& args, const sim::SweepPlan& plan,
                                              sim::ResultFolder::Provenance base) {
  absl::StatusOr<std::string> binary = sim::Sha256OfFile("/proc/self/exe");
  if (!binary.ok()) return binary.status();
  absl::StatusOr<std::string> digest = sim::Sha256OfFile(args.plan);
  if (!digest.ok()) return digest.status();
  base.erase("variant");
  sim::SweepIdentity identity = std::move(base);
  identity["binary"] = *binary;
  identity["plan"] = {{"file", std::filesystem::path(args.plan).filename().string()}, {"sha256", *digest}};
  identity["decisions"] = args.decisions;
  identity["points"] = plan.size();
  identity["parameters"] = ParametersOf(plan);
  identity["grid"] = GridOf(plan);
  return identity;
}

// What all points are made of, but for their variants.
absl::StatusOr<sim::ResultFolder::Provenance> BaseProvenance(const SimulateArgs& args) {
  const absl::StatusOr<TraceFile> trace = ReadReplayTrace(args);
  if (!trace.ok()) return trace.status();
  return ProvenanceOf(args, *trace, nullptr);
}

// How far the sweep is, also for the thread that a signal ends it from.
struct Standing {
  std::atomic<int64_t> done{0}, all{0};
  std::string Words() const {
    return absl::StrCat(done.load(), " of ", all.load(), " points are done; the same command goes on with the rest");
  }
};

absl::Status Sweep(const Args& args, Standing* standing) {
  const absl::StatusOr<Shard> shard = ParseShard(args.shard);
  if (!shard.ok()) return shard.status();
  if (absl::Status s = CheckInputs(args); !s.ok()) return s;
  const absl::StatusOr<sim::SweepPlan> plan = ReadPlan(args.plan);
  if (!plan.ok()) return plan.status();
  if (args.point >= 0) return RunPoint(args, *plan);
  if (absl::Status s = CheckPlan(args.replay, *plan); !s.ok()) return s;
  const absl::StatusOr<sim::ResultFolder::Provenance> provenance = BaseProvenance(args.replay);
  if (!provenance.ok()) return provenance.status();
  absl::StatusOr<sim::SweepIdentity> identity = IdentityOf(args, *plan, *provenance);
  if (!identity.ok()) return identity.status();
  if (absl::Status s = sim::OpenSweepFolder(args.replay.out, *identity); !s.ok()) return s;

  const auto has = [&](int64_t point) {
    const sim::Variant variant = plan->VariantOf(point);
    sim::ResultFolder::Provenance expected = *provenance;
    expected["variant"] = {{"name", variant.name}, {"changes", variant.written}};
    return sim::HasPoint(args.replay.out, point, expected);
  };
  std::vector<int64_t> to_do;
  int64_t mine = 0;
  for (int64_t point = shard->index; point < plan->size(); point += shard->count) {
    ++mine;
    if (!has(point)) {
      to_do.push_back(point);
    } else {
      sim::CleanPoint(args.replay.out, point);
    }
  }
  const int64_t old = mine - static_cast<int64_t>(to_do.size());
  standing->done = old;
  standing->all = mine;
  {
    Progress progress(old, mine);
    const std::vector<std::string> own = OwnArguments();
    const WorkerHooks hooks = {.arguments = [&](int64_t point) { return PointArguments(own, point); },
                               .on_done =
                                   [&](int64_t) {
                                     ++standing->done;
                                     progress.Done();
                                   }};
    if (absl::Status s = RunWorkers(to_do, args.jobs, hooks); !s.ok()) {
      return absl::Status(s.code(), absl::StrCat(s.message(), "\n", standing->Words()));
    }
  }
  std::cout << mine << " points done" << (old > 0 ? absl::StrCat(", ", old, " of them before") : "") << "\n";
  // Other shards may share the folder and have gone on in the meantime.
  int64_t missing = 0;
  for (int64_t point = 0; point < plan->size(); ++point) {
    if (has(point)) continue;
    ++missing;
    if (point % shard->count == shard->index) {
      return absl::FailedPreconditionError(absl::StrCat(
          sim::PointFolder(args.replay.out, point), " is not of the inputs that the sweep began with: a file was ",
          "changed in the meantime; put it back and give the same command again"));
    }
  }
  if (missing > 0) {
    std::cout << missing << " are for other shards; put all together with `muster sweep merge`\n";
    return absl::OkStatus();
  }
  if (absl::Status s = sim::WriteSweepTables(args.replay.out, ParametersOf(*plan), GridOf(*plan)); !s.ok()) return s;
  std::cout << "Results: " << args.replay.out << "/results.csv, results.json, index.html\n";
  return absl::OkStatus();
}

void AddMerge(CLI::App* sweep, int* exit_code) {
  struct MergeArgs {
    std::vector<std::string> shards;
    std::string out;
  };
  auto args = std::make_shared<MergeArgs>();
  CLI::App* command = sweep->add_subcommand("merge", "Put the folders of all shards of a sweep together.");
  command->add_option("SHARD", args->shards, "Folders that `muster sweep --shard` wrote")->required();
  command->add_option("--out", args->out, "Folder for the whole")->required();
  command->callback([args, exit_code] {
    const EndSignals signals(sim::AbandonUnfinished);
    if (absl::Status s = sim::MergeSweeps(args->shards, args->out); !s.ok()) {
      std::cerr << "muster sweep merge: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace

void AddSweep(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<Args>();
  args->jobs = static_cast<int>(std::min(64u, std::max(1u, std::thread::hardware_concurrency())));
  CLI::App* command = app->add_subcommand(
      "sweep",
      "Replay a trace under many variants of a policy side by side; start it again to go on where it stopped.");
  command->require_subcommand(0, 1);
  AddReplayOptions(command, &args->replay, /*required=*/false);
  command->add_option("PLAN", args->plan, "YAML file of parameters and their values (docs/sweep.md)");
  command->add_option("--out", args->replay.out, "Folder for the results");
  command->add_option("--jobs", args->jobs, "So many processes at a time; each has the trace in memory")
      ->check(WholeNumber<int>(1, 1024))
      ->default_str("processors");
  command->add_option("--shard", args->shard, "INDEX/COUNT: only each COUNT-th point, from INDEX; counted from 0");
  command->add_flag("--decisions", args->decisions, "Also write decisions.jsonl for each point");
  command->add_option("--run-point", args->point)->group("");
  command->callback([args, command, exit_code] {
    if (!command->get_subcommands().empty()) return;
    for (const auto& [name, missing] : {std::pair<const char*, bool>{"PLAN", args->plan.empty()},
                                        {"--policy", args->replay.policy.empty()},
                                        {"--trace", args->replay.trace.empty()},
                                        {"--out", args->replay.out.empty()}}) {
      if (missing) throw CLI::RequiredError(name);
    }
    Standing standing;
    const EndSignals signals([&standing] {
      sim::AbandonUnfinished();
      if (standing.all > 0) absl::FPrintF(stderr, "\nmuster sweep: ended by a signal; %s\n", standing.Words());
    });
    args->replay.no_decisions = !args->decisions;
    args->replay.no_report = true;
    FinishArgs(*command, &args->replay);
    if (absl::Status s = Sweep(*args, &standing); !s.ok()) {
      std::cerr << "muster sweep: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
  AddMerge(command, exit_code);
  AddSweepManifests(command, exit_code);
}

}  // namespace muster::cli
