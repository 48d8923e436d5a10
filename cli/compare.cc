#include "cli/compare.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/arguments.h"
#include "sim/compare/comparison.h"
#include "sim/compare/page.h"
#include "sim/compare/text.h"

namespace muster::cli {
namespace {

struct Args {
  std::vector<std::string> runs;
  std::string output = "text", html;
  sim::CompareOptions options;
  int64_t top = 10;
};

absl::Status Compare(const Args& args) {
  std::vector<sim::RunResult> runs;
  for (const std::string& dir : args.runs) {
    absl::StatusOr<sim::RunResult> run = sim::ReadRun(dir);
    if (!run.ok()) return run.status();
    runs.push_back(*std::move(run));
  }
  sim::CompareOptions options = args.options;
  options.top = static_cast<size_t>(args.top);
  std::vector<sim::Comparison> comparisons;
  for (size_t i = 1; i < runs.size(); ++i) {
    absl::StatusOr<sim::Comparison> comparison = sim::Compare(runs[0], runs[i], options);
    if (!comparison.ok()) return comparison.status();
    comparisons.push_back(*std::move(comparison));
  }
  if (!args.html.empty()) {
    if (absl::Status s = sim::WriteComparisonPage(args.html, ComparisonsAsJson(comparisons, options)); !s.ok())
      return s;
  }
  std::cout << (args.output == "json" ? ComparisonsAsJson(comparisons, options)
                                      : FormatComparisons(comparisons, options));
  return absl::OkStatus();
}

}  // namespace

void AddCompare(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<Args>();
  CLI::App* command = app->add_subcommand(
      "compare",
      "Hold replays of one trace against each other: who waits longer, who less, how sure that is, and why.");
  command->add_option("RUN", args->runs, "Folders that `muster simulate --out` wrote; the first is the base")
      ->required()
      ->expected(-2);
  command->add_option("-o,--output", args->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--html", args->html, "Also write a page to look at, complete in one file");
  command->add_flag("--any-trace", args->options.any_trace,
                    "Of different traces, compare the jobs that both have, by their ids");
  command->add_option("--top", args->top, "How many jobs that gained, and that lost, to tell of")
      ->check(WholeNumber<int64_t>(0, 1000))
      ->capture_default_str();
  command->add_option("--resamples", args->options.bootstrap.resamples, "Draws of the bootstrap")
      ->check(WholeNumber<int>(1, 100000))
      ->capture_default_str();
  command->add_option("--seed", args->options.bootstrap.seed, "Seed of the bootstrap")
      ->check(WholeNumber<uint64_t>(0))
      ->capture_default_str();
  command->callback([args, exit_code] {
    if (absl::Status s = Compare(*args); !s.ok()) {
      std::cerr << "muster compare: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
