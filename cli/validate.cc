#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "api/load.h"
#include "api/problem.h"
#include "cli/commands.h"
#include "quota/cohort_graph.h"

namespace muster::cli {
namespace {

// Kueue schedules nothing in a tree of cohorts that runs in a circle.
int PrintCohortCycles(const std::vector<api::Decoded>& objects) {
  std::vector<quota::CohortEdge> edges;
  for (const api::Decoded& decoded : objects) {
    if (const auto* cohort = std::get_if<api::Cohort>(&decoded.object)) {
      edges.push_back({cohort->metadata.name, cohort->parent_name});
    }
  }
  const auto cycles = quota::FindCohortCycles(edges);
  for (const std::vector<std::string>& cycle : cycles) {
    std::cout << "error: cohorts run in a circle: " << quota::FormatCycle(cycle)
              << "; take out one spec.parentName, their queues are inactive until then\n";
  }
  return static_cast<int>(cycles.size());
}

// References that a cluster would leave inactive. What is missing may be in files that were not named: warnings.
int PrintMissing(const std::vector<api::Decoded>& objects) {
  std::set<std::string> flavors, queues;
  for (const api::Decoded& decoded : objects) {
    if (std::holds_alternative<api::ResourceFlavor>(decoded.object)) flavors.insert(Metadata(decoded.object).name);
    if (std::holds_alternative<api::ClusterQueue>(decoded.object)) queues.insert(Metadata(decoded.object).name);
  }
  int count = 0;
  for (const api::Decoded& decoded : objects) {
    auto warn = [&](const std::string& text) {
      std::cout << "warning: " << ToString(decoded.source) << ": " << ObjectId(decoded.object) << ": " << text << "\n";
      ++count;
    };
    if (const auto* lq = std::get_if<api::LocalQueue>(&decoded.object)) {
      if (!queues.contains(lq->cluster_queue)) warn("ClusterQueue " + lq->cluster_queue + " is in no file read");
    }
    if (const auto* cq = std::get_if<api::ClusterQueue>(&decoded.object)) {
      for (const api::ResourceGroup& group : cq->resource_groups) {
        for (const api::FlavorQuotas& flavor : group.flavors) {
          if (!flavors.contains(flavor.name)) warn("ResourceFlavor " + flavor.name + " is in no file read");
        }
      }
      if (!cq->namespace_selector)
        warn("has no spec.namespaceSelector, so it takes jobs of no namespace; {} means all");
    }
  }
  return count;
}

}  // namespace

void AddValidate(CLI::App* app, int* exit_code) {
  auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app->add_subcommand(
      "validate", "Read policy files and print what is wrong with them: file, object, field, reason.");
  command->add_option("PATH", *paths, "Files or folders with Kubernetes and Kueue objects (YAML, JSON)")->required();
  command->callback([paths, exit_code] {
    api::LoadOptions options;
    options.set_defaults = true;
    options.validate = true;
    const api::LoadResult loaded = api::LoadPaths(*paths, options);
    int errors = 0, warnings = 0;
    for (const api::Problem& problem : loaded.problems) {
      const bool error = problem.severity == api::Severity::kError;
      ++(error ? errors : warnings);
      std::cout << (error ? "error: " : "warning: ") << api::ToString(problem) << "\n";
    }
    errors += PrintCohortCycles(loaded.objects);
    warnings += PrintMissing(loaded.objects);
    std::cout << loaded.objects.size() << " objects, " << loaded.unsupported.size() << " of other kinds, " << errors
              << " errors, " << warnings << " warnings\n";
    if (errors > 0) *exit_code = 1;
  });
}

}  // namespace muster::cli
