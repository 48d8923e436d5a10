#include "sim/generate.h"

#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "cli/commands.h"

namespace muster::cli {

void AddGenerate(CLI::App* app, int* exit_code) {
  struct Args {
    sim::GenerateOptions options;
    std::string out = "-";
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app->add_subcommand(
      "generate", "Make up a trace in the shape of the published Philly figures: the same seed, the same trace.");
  command->add_option("--seed", args->options.seed, "Seed of the random numbers")->capture_default_str();
  command->add_option("--days", args->options.days, "Length in days")->capture_default_str();
  command->add_option("--teams", args->options.teams, "Queues team-a, team-b, ...; the n-th sends 1/n of the first")
      ->capture_default_str();
  command->add_option("--gpus", args->options.gpus, "Accelerators of the cluster; larger jobs are not drawn")
      ->capture_default_str();
  auto* load =
      command->add_option("--load", args->options.load, "Expected demand as a part of --gpus")->capture_default_str();
  command->add_option("--jobs", args->options.jobs, "Expected number of jobs, instead of --load")->excludes(load);
  command->add_option("--max-duration", args->options.max_duration_s, "Longest job in seconds")->capture_default_str();
  command->add_option("--resource", args->options.resource, "What a job asks for")->capture_default_str();
  command->add_option("--out", args->out, "File to write, - for standard output")->capture_default_str();
  command->callback([args, exit_code] {
    absl::StatusOr<std::string> csv = sim::GenerateTrace(args->options);
    if (!csv.ok()) {
      std::cerr << "muster generate: " << csv.status().message() << "\n";
      *exit_code = 1;
      return;
    }
    if (args->out == "-") {
      std::cout << *csv;
      return;
    }
    std::ofstream out(args->out, std::ios::binary | std::ios::trunc);
    out << *csv;
    out.close();
    if (!out) {
      std::cerr << "muster generate: cannot write " << args->out << "; check space and permissions\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
