#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "api/yaml.h"
#include "cli/commands.h"
#include "sim/scenario/run.h"

namespace muster::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kUnusable = 2;

// Whether a file below a folder is a scenario: not one of the manifests and parts that scenarios refer to. What cannot
// be read counts as one, so that it is complained about.
bool MayBeScenario(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::vector<api::YamlDocument> documents = api::ParseYaml(text);
  return std::any_of(documents.begin(), documents.end(), [](const api::YamlDocument& document) {
    if (!document.error.empty() || !document.value.is_object()) return true;
    const nlohmann::json& value = document.value;
    const bool part = value.contains("kind") || value.contains("objects") || value.contains("include");
    return value.contains("steps") || value.contains("name") || !part;
  });
}

// A folder stands for the scenario files in it and in the folders further down, in sorted order.
absl::StatusOr<std::vector<std::string>> Expand(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator it(path, error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
      std::error_code unreadable;
      const std::string extension = it->path().extension().string();
      if (it->path().filename().string().starts_with(".")) {
        it.disable_recursion_pending();
      } else if ((extension == ".yaml" || extension == ".yml") && it->is_regular_file(unreadable) &&
                 MayBeScenario(it->path())) {
        found.push_back(it->path().string());
      }
    }
    if (error) return absl::UnavailableError(path + ": " + error.message());
    if (found.empty()) return absl::NotFoundError(path + ": there is no scenario in it, nor in the folders below it");
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

int RunScenarios(const std::vector<std::string>& paths, bool quiet) {
  absl::StatusOr<std::vector<std::string>> files = Expand(paths);
  if (!files.ok()) {
    std::cerr << "muster scenario run: " << files.status().message() << "\n";
    return kUnusable;
  }
  int scenarios = 0, failed = 0, unusable = 0, checked = 0;
  for (const std::string& file : *files) {
    absl::StatusOr<std::vector<sim::Scenario>> loaded = sim::LoadScenarios(file);
    if (!loaded.ok()) {
      std::cerr << loaded.status().message() << "\n";
      ++unusable;
      continue;
    }
    for (const sim::Scenario& scenario : *loaded) {
      absl::StatusOr<sim::ScenarioResult> result = sim::RunScenario(scenario);
      if (!result.ok()) {
        std::cerr << result.status().message() << "\n";
        ++unusable;
        continue;
      }
      ++scenarios;
      checked += result->checked;
      if (!result->failures.empty()) ++failed;
      if (!quiet) {
        std::cout << result->story << "\n";
      } else {
        std::cout << (result->failures.empty() ? "ok      " : "FAILED  ") << scenario.name << "\n";
        for (const std::string& failure : result->failures) std::cout << "        " << failure << "\n";
      }
    }
  }
  std::cout << scenarios << (scenarios == 1 ? " scenario, " : " scenarios, ") << checked << " checks, " << failed
            << " failed\n";
  if (unusable > 0) return kUnusable;
  return failed > 0 ? kFailed : 0;
}

}  // namespace

void AddScenario(CLI::App* app, int* exit_code) {
  CLI::App* command = app->add_subcommand("scenario", "Play scenario files: what a policy does, step by step.");
  command->require_subcommand(1);
  auto paths = std::make_shared<std::vector<std::string>>();
  auto quiet = std::make_shared<bool>(false);
  CLI::App* run = command->add_subcommand(
      "run",
      "Play scenarios on a virtual clock and check what they expect (format: docs/scenario-format.md).\n"
      "Exit codes: 0 all is as expected, 1 something is not, 2 a file cannot be used.");
  run->add_option("FILE", *paths, "Scenario files, or folders with scenarios in them, deep")->required();
  run->add_flag("-q,--quiet", *quiet, "Print one line per scenario, and what is not as expected");
  run->callback([paths, quiet, exit_code] { *exit_code = RunScenarios(*paths, *quiet); });
}

}  // namespace muster::cli
