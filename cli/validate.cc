#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/problem.h"
#include "cli/commands.h"
#include "cli/policy_files.h"

namespace muster::cli {
namespace {

std::string Counted(size_t n, const char* what) { return absl::StrCat(n, " ", what, n == 1 ? "" : "s"); }

}  // namespace

void AddValidate(CLI::App* app, int* exit_code) {
  auto paths = std::make_shared<std::vector<std::string>>();
  auto strict = std::make_shared<bool>(false);
  CLI::App* command = app->add_subcommand(
      "validate", "Read policy files and print what is wrong with them: file, object, field, reason.");
  command->add_option("PATH", *paths, "Files or folders with Kubernetes and Kueue objects (YAML, JSON)")->required();
  command->add_flag("--strict", *strict, "Warnings make the exit code 1 too");
  command->callback([paths, strict, exit_code] {
    const api::LoadResult loaded = ReadPolicyFiles(*paths);
    size_t errors = 0, warnings = 0;
    for (const api::Problem& problem : loaded.problems) {
      const bool error = problem.severity == api::Severity::kError;
      ++(error ? errors : warnings);
      std::cout << (error ? "error: " : "warning: ") << api::ToString(problem) << "\n";
    }
    if (loaded.objects.empty() && loaded.unsupported.empty() && errors == 0) {
      std::cout << "error: there is no object in what was named\n";
      ++errors;
    }
    std::cout << Counted(loaded.objects.size(), "object") << ", " << loaded.unsupported.size() << " of other kinds, "
              << Counted(errors, "error") << ", " << Counted(warnings, "warning") << "\n";
    if (errors > 0 || (*strict && warnings > 0)) *exit_code = 1;
  });
}

}  // namespace muster::cli
