// `muster lint`: what is wrong, or likely to be regretted, in HyperPod policy.
#include "api/hyperpod/lint.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/hyperpod_files.h"

namespace muster::cli {
namespace {

using hyperpod::Finding;
using hyperpod::LintSeverity;

struct Args {
  std::vector<std::string> paths, nodes, options;
  std::string format = "text";
  std::string fail_on = "warning";
  bool all = false;
};

// Text for people, with commands in it: read line by line.
bool IsProse(const std::string& path) {
  return absl::EndsWith(path, ".md") || absl::EndsWith(path, ".txt") || absl::EndsWith(path, ".sh");
}

bool HasPolicyCommand(const std::string& text) {
  for (const char* command : {"create-compute-quota", "update-compute-quota", "create-cluster-scheduler-config",
                              "update-cluster-scheduler-config"}) {
    if (absl::StrContains(text, command)) return true;
  }
  return false;
}

absl::StatusOr<std::vector<Finding>> FindAll(const Args& args) {
  absl::StatusOr<hyperpod::CompileOptions> options = CompileOptionsOf(args.options);
  if (!options.ok()) return options.status();
  absl::StatusOr<hyperpod::Cluster> more = ClusterOf(args.nodes);
  if (!more.ok()) return more.status();
  std::vector<Finding> findings;
  std::vector<std::string> paths;
  for (const std::string& path : args.paths) {
    if (!IsProse(path)) {
      paths.push_back(path);
      continue;
    }
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
    std::vector<Finding> in_text = hyperpod::LintText(text, path);
    std::move(in_text.begin(), in_text.end(), std::back_inserter(findings));
    if (absl::EndsWith(path, ".sh") && HasPolicyCommand(text)) paths.push_back(path);
  }
  HyperPodFiles files = ReadHyperPodFiles(paths);
  if (absl::Status s = files.kubernetes.status(); !s.ok()) return s;
  for (const api::Problem& problem : files.kubernetes.problems) {
    if (problem.rule == "NoObject") std::cerr << "warning: " << api::ToString(problem) << "\n";
  }
  hyperpod::LintInput input;
  for (const api::Decoded& decoded : files.kubernetes.objects) {
    if (const auto* node = std::get_if<api::Node>(&decoded.object)) input.nodes.push_back(*node);
  }
  input.more_capacity = hyperpod::CapacityOf(*more);
  const bool any = !files.hyperpod.documents.empty() || !files.hyperpod.problems.empty();
  if (!any && !paths.empty()) {
    return absl::InvalidArgumentError("there is no cluster policy, compute quota or cluster in what was named");
  }
  input.documents = std::move(files.hyperpod.documents);
  input.problems = std::move(files.hyperpod.problems);
  std::vector<Finding> in_policy = hyperpod::Lint(input, *options);
  std::move(in_policy.begin(), in_policy.end(), std::back_inserter(findings));
  return findings;
}

std::string Count(int64_t n, const char* what) { return absl::StrCat(n, " ", what, n == 1 ? "" : "s"); }

absl::Status Run(const Args& args, int* exit_code) {
  absl::StatusOr<std::vector<Finding>> findings = FindAll(args);
  if (!findings.ok()) return findings.status();
  int64_t count[3] = {0, 0, 0};
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : *findings) {
    ++count[static_cast<int>(finding.rule->severity)];
    if (finding.rule->severity == LintSeverity::kNote && !args.all) continue;
    if (args.format == "json") {
      list.push_back(hyperpod::ToJson(finding));
    } else {
      std::cout << hyperpod::ToString(finding) << "\n";
    }
  }
  const auto [errors, warnings, notes] = count;
  if (args.format == "json") {
    const nlohmann::ordered_json report = {
        {"findings", std::move(list)}, {"errors", errors}, {"warnings", warnings}, {"notes", notes}};
    std::cout << report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    std::cout << Count(errors, "error") << ", " << Count(warnings, "warning") << ", " << Count(notes, "note")
              << (notes > 0 && !args.all ? " (--all shows notes)" : "") << "\n";
  }
  const bool fails = args.fail_on == "note"      ? errors + warnings + notes > 0
                     : args.fail_on == "warning" ? errors + warnings > 0
                     : args.fail_on == "error"   ? errors > 0
                                                 : false;
  if (fails) *exit_code = 1;
  return absl::OkStatus();
}

}  // namespace

void AddLint(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<Args>();
  CLI::App* command = app->add_subcommand(
      "lint",
      "Warn about HyperPod policy before it bites: over-commitment, isolation, names, and what guides get wrong.");
  command
      ->add_option("PATH", args->paths,
                   "Files or folders as for compile, with DescribeCluster output or Node objects for the nodes; also "
                   "scripts (.sh) and guides (.md, .txt)")
      ->required();
  AddNodesOption(command, &args->nodes);
  command->add_option("--format", args->format, "How to print")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_flag("--all", args->all, "Also print notes");
  command->add_option("--fail-on", args->fail_on, "The least that makes the exit code 1")
      ->check(CLI::IsMember({"note", "warning", "error", "never"}))
      ->capture_default_str();
  AddCompileOption(command, &args->options, "NAME=VALUE: what AWS does not document, see muster compile --help");
  command->callback([args, exit_code] {
    if (absl::Status s = Run(*args, exit_code); !s.ok()) {
      std::cerr << "muster lint: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
