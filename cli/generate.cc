#include "sim/trace/generate.h"

#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "sim/files/output_file.h"

namespace muster::cli {

void AddGenerate(CLI::App* app, int* exit_code) {
  struct Args {
    sim::GenerateOptions options;
    std::string out = "-";
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app->add_subcommand(
      "generate", "Make up a trace in the shape of the published Philly figures: the same seed, the same trace.");
  command->add_option("--seed", args->options.seed, "Seed of the random numbers")
      ->check(WholeNumber<uint64_t>(0))
      ->capture_default_str();
  command->add_option("--days", args->options.days, "Length in days")
      ->check(WholeNumber<int64_t>(1, 3660))
      ->capture_default_str();
  command->add_option("--teams", args->options.teams, "Queues team-a, team-b, ...; the n-th sends 1/n of the first")
      ->check(WholeNumber<int64_t>(1, 26))
      ->capture_default_str();
  command->add_option("--gpus", args->options.gpus, "Accelerators of the cluster; larger jobs are not drawn")
      ->check(WholeNumber<int64_t>(1))
      ->capture_default_str();
  auto* load =
      command->add_option("--load", args->options.load, "Expected demand as a part of --gpus")->capture_default_str();
  command->add_option("--jobs", args->options.jobs, "Expected number of jobs, instead of --load")
      ->check(WholeNumber<int64_t>(1, 50000000))
      ->excludes(load);
  command->add_option("--max-duration", args->options.max_duration_s, "Longest job in seconds")
      ->check(WholeNumber<int64_t>(1))
      ->capture_default_str();
  command->add_option("--resource", args->options.resource, "What a job asks for")->capture_default_str();
  command->add_option("--out", args->out, "File to write, - for standard output")->capture_default_str();
  command->callback([args, exit_code] {
    absl::StatusOr<std::string> csv = sim::GenerateTrace(args->options);
    if (!csv.ok()) {
      std::cerr << "muster generate: " << csv.status().message() << "\n";
      *exit_code = 2;  // it only fails over the options
      return;
    }
    if (args->out == "-") {
      std::cout << *csv;
      return;
    }
    if (absl::Status s = sim::WriteFile(args->out, *csv); !s.ok()) {
      std::cerr << "muster generate: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
