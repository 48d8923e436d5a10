#include "cli/policy_files.h"

#include <map>
#include <utility>
#include <variant>

#include "api/problem.h"
#include "quota/cohort_graph.h"

namespace muster::cli {
namespace {

// Kueue schedules nothing in a tree of cohorts that runs in a circle.
void AddCohortCycles(api::LoadResult* loaded) {
  std::vector<quota::CohortEdge> edges;
  std::map<std::string, const api::Decoded*> by_name;
  for (const api::Decoded& decoded : loaded->objects) {
    const auto* cohort = std::get_if<api::Cohort>(&decoded.object);
    if (cohort == nullptr) continue;
    edges.push_back({cohort->metadata.name, cohort->parent_name});
    by_name.emplace(cohort->metadata.name, &decoded);
  }
  for (const std::vector<std::string>& cycle : quota::FindCohortCycles(edges)) {
    const api::Decoded& first = *by_name.at(cycle.front());
    api::Problem problem;
    problem.source = first.source;
    problem.object = api::ObjectId(first.object);
    problem.path = "spec.parentName";
    problem.message = "cohorts run in a circle: " + quota::FormatCycle(cycle) +
                      "; take out one spec.parentName, their queues are inactive until then";
    problem.rule = "Invalid";
    problem.value = "\"" + std::get<api::Cohort>(first.object).parent_name + "\"";
    loaded->problems.push_back(std::move(problem));
  }
}

void AddUnselective(api::LoadResult* loaded) {
  for (const api::Decoded& decoded : loaded->objects) {
    const auto* cq = std::get_if<api::ClusterQueue>(&decoded.object);
    if (cq == nullptr || cq->namespace_selector) continue;
    api::Problem problem;
    problem.source = decoded.source;
    problem.object = api::ObjectId(decoded.object);
    problem.path = "spec.namespaceSelector";
    problem.message = "is not set, so the queue takes jobs of no namespace; {} means all";
    problem.severity = api::Severity::kWarning;
    problem.rule = "NoEffect";
    loaded->problems.push_back(std::move(problem));
  }
}

}  // namespace

api::LoadResult ReadPolicyFiles(const std::vector<std::string>& paths) {
  api::LoadOptions options;
  options.set_defaults = true;
  options.validate = true;
  api::LoadResult loaded = api::LoadPaths(paths, options);
  AddCohortCycles(&loaded);
  AddUnselective(&loaded);
  return loaded;
}

}  // namespace muster::cli
