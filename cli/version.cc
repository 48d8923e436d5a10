#include <iostream>

#include "cli/commands.h"

namespace muster::cli {

std::string VersionLine() { return "muster 0.1.0"; }

void AddVersion(CLI::App* app) {
  app->add_subcommand("version", "Print the version.")->callback([] { std::cout << VersionLine() << "\n"; });
}

}  // namespace muster::cli
