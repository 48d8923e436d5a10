// The command line of Muster. Each subcommand lives in a file of its own; see commands.h.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "api/nearest_name.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/printable.h"

namespace {

constexpr int kWrongUsage = 2;

// The subcommand that was being read: app itself if there was none.
const CLI::App* Innermost(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  return app;
}

std::string FullName(const CLI::App* app) {
  return app->get_parent() == nullptr ? app->get_name() : FullName(app->get_parent()) + " " + app->get_name();
}

// What is said of an option or a subcommand that there is not; "" if the mistake is another one. Of such a word CLI11
// only says which required one is missing.
std::string UnknownWord(const CLI::App& app) {
  const CLI::App* const command = Innermost(&app);
  const std::vector<std::string> words = command->remaining();
  std::vector<std::string> names;
  for (const std::string& word : words) {
    if (word.size() < 2 || word[0] != '-' || word == "--") continue;
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    const std::string option = word.substr(0, word.find('='));
    return FullName(command) + ": there is no option \"" + option + "\"" +
           muster::api::MeantHint(option, std::vector<absl::string_view>(names.begin(), names.end()));
  }
  const auto all = command->get_subcommands([](const CLI::App*) { return true; });
  if (words.empty() || all.empty()) return "";
  for (const CLI::App* subcommand : all) names.push_back(subcommand->get_name());
  return FullName(command) + ": there is no subcommand \"" + words.front() + "\"" +
         muster::api::MeantHint(words.front(), std::vector<absl::string_view>(names.begin(), names.end()));
}

}  // namespace

int main(int argc, char** argv) {
  const muster::cli::PrintableOutput out(&std::cout), err(&std::cerr);
  CLI::App app(
      "Muster: gang scheduling and quotas, compatible with Kueue's objects.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage.");
  app.name("muster");
  app.require_subcommand(1);
  app.set_version_flag("--version", muster::cli::VersionLine());
  app.get_formatter()->column_width(34);
  int exit_code = 0;
  muster::cli::AddSimulate(&app, &exit_code);
  muster::cli::AddCompare(&app, &exit_code);
  muster::cli::AddSweep(&app, &exit_code);
  muster::cli::AddGenerate(&app, &exit_code);
  muster::cli::AddTrace(&app, &exit_code);
  muster::cli::AddValidate(&app, &exit_code);
  muster::cli::AddCompile(&app, &exit_code);
  muster::cli::AddDecompile(&app, &exit_code);
  muster::cli::AddLint(&app, &exit_code);
  muster::cli::AddTopology(&app, &exit_code);
  muster::cli::AddPack(&app, &exit_code);
  muster::cli::AddManager(&app, &exit_code);
  muster::cli::AddWebhook(&app, &exit_code);
  muster::cli::AddScenario(&app, &exit_code);
  muster::cli::AddWorkloads(&app, &exit_code);
  muster::cli::AddVersion(&app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {  // CLI11 reports usage, --help included, by throwing
    const std::string unknown = e.get_exit_code() == 0 ? "" : UnknownWord(app);
    if (unknown.empty()) return app.exit(e, std::cout, std::cerr) == 0 ? 0 : kWrongUsage;
    std::cerr << unknown << "\nRun with --help for more information.\n";
    return kWrongUsage;
  }
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "muster: cannot write to standard output\n";
    return 1;
  }
  return exit_code;
}
