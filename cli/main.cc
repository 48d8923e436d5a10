// The command line of Muster. Each subcommand lives in a file of its own; see commands.h.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/printable.h"

namespace {

constexpr int kWrongUsage = 2;

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
  muster::cli::AddGenerate(&app, &exit_code);
  muster::cli::AddValidate(&app, &exit_code);
  muster::cli::AddCompile(&app, &exit_code);
  muster::cli::AddDecompile(&app, &exit_code);
  muster::cli::AddLint(&app, &exit_code);
  muster::cli::AddTopology(&app, &exit_code);
  muster::cli::AddWebhook(&app, &exit_code);
  muster::cli::AddScenario(&app, &exit_code);
  muster::cli::AddWorkloads(&app, &exit_code);
  muster::cli::AddVersion(&app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& e) {
    // Of a word that is no subcommand CLI11 only says that a subcommand is missing.
    const std::vector<std::string> words = app.remaining();
    if (app.get_subcommands().empty() && !words.empty()) {
      std::cerr << "muster: there is no " << (words.front().starts_with("-") ? "option" : "subcommand") << " \""
                << words.front() << "\"\n";
    } else {
      std::cerr << e.what() << "\n";
    }
    std::cerr << "Run with --help for more information.\n";
    return kWrongUsage;
  } catch (const CLI::ParseError& e) {  // CLI11 reports usage, --help included, by throwing
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : kWrongUsage;
  }
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "muster: cannot write to standard output\n";
    return 1;
  }
  return exit_code;
}
