#include "sim/trace/generate.h"

#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/core.h"
#include "api/vocabulary.h"
#include "api/yaml.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "sim/files/output_file.h"

namespace muster::cli {

namespace {

constexpr int kMostNodes = 100'000;

struct NodeArgs {
  std::vector<std::string> groups, capacity;
  std::string group_label, out = "-";
};

// NAME=COUNT, or a count alone.
absl::StatusOr<std::pair<std::string, int>> ParseGroup(const std::string& text) {
  const size_t equals = text.rfind('=');
  const std::string name = equals == std::string::npos ? "node" : text.substr(0, equals);
  int count = 0;
  if (name.empty() || !absl::SimpleAtoi(equals == std::string::npos ? text : text.substr(equals + 1), &count) ||
      count < 1 || count > kMostNodes) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not NAME=COUNT with a count from 1 to ", kMostNodes));
  }
  return std::make_pair(name, count);
}

absl::StatusOr<std::string> NodesAsYaml(const NodeArgs& args) {
  absl::StatusOr<api::ResourceList> capacity = ParseAmounts(args.capacity);
  if (!capacity.ok()) return capacity.status();
  capacity->try_emplace("pods", api::Quantity::FromValue(110));
  std::string text;
  std::set<std::string> names;
  for (const std::string& group : args.groups) {
    absl::StatusOr<std::pair<std::string, int>> parsed = ParseGroup(group);
    if (!parsed.ok()) return parsed.status();
    const auto& [name, count] = *parsed;
    if (!names.insert(name).second) return absl::InvalidArgumentError(absl::StrCat("group ", name, " comes twice"));
    // Digits of one width, so that names sort as they were counted.
    const size_t width = absl::StrCat(count - 1).size();
    for (int i = 0; i < count; ++i) {
      const std::string number = absl::StrCat(i);
      api::Node node;
      node.metadata.name = absl::StrCat(name, "-", std::string(width - number.size(), '0'), number);
      node.metadata.labels[api::kHostnameLabel] = node.metadata.name;
      if (!args.group_label.empty()) node.metadata.labels[args.group_label] = name;
      node.allocatable = *capacity;
      api::Condition& ready = node.conditions.emplace_back();
      ready.type = "Ready";
      ready.status = "True";
      ready.reason = "KubeletReady";
      ready.message = "kubelet is posting ready status";
      absl::StrAppend(&text, "---\n", api::ToYaml(api::Encode(node)));
    }
  }
  return text;
}

// Writes the text, or says why there is none (`usage`: a matter of the options).
void Deliver(const absl::StatusOr<std::string>& text, const std::string& out, int usage, int* exit_code) {
  absl::Status status = text.status();
  if (!status.ok()) {
    *exit_code = usage;
  } else if (out == "-") {
    std::cout << *text;
  } else if (status = sim::WriteFile(out, *text); !status.ok()) {
    *exit_code = 1;
  }
  if (!status.ok()) std::cerr << "muster generate: " << status.message() << "\n";
}

void AddGenerateNodes(CLI::App* generate, int* exit_code) {
  auto args = std::make_shared<NodeArgs>();
  CLI::App* command = generate->add_subcommand(
      "nodes", "Write the Node objects of groups of equal nodes, for a policy with a Topology.");
  command->add_option("GROUP", args->groups, "NAME=COUNT: nodes NAME-0, NAME-1, …; COUNT alone for a group \"node\"")
      ->required()
      ->check(AcceptedBy([](const std::string& text) { return ParseGroup(text).status(); }));
  command->add_option("--capacity", args->capacity, "What each node offers: nvidia.com/gpu=8,cpu=96")
      ->required()
      ->delimiter(',')
      ->check(AcceptedBy([](const std::string& text) { return ParseAmounts({text}).status(); }));
  command->add_option("--group-label", args->group_label, "Label that says which group a node is of");
  command->add_option("--out", args->out, "File to write, - for standard output")->capture_default_str();
  command->callback([args, exit_code] { Deliver(NodesAsYaml(*args), args->out, /*usage=*/2, exit_code); });
}

}  // namespace

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
  command->callback([args, command, exit_code] {
    if (!command->get_subcommands().empty()) return;
    Deliver(sim::GenerateTrace(args->options), args->out, /*usage=*/2, exit_code);  // it only fails over the options
  });
  AddGenerateNodes(command, exit_code);
}

}  // namespace muster::cli
