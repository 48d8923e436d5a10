#include <iostream>

#include "cli/commands.h"

namespace muster::cli {

void AddVersion(CLI::App* app) {
  app->add_subcommand("version", "Print the version.")->callback([] { std::cout << "muster 0.1.0\n"; });
}

}  // namespace muster::cli
