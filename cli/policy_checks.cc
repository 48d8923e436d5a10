#include "cli/policy_checks.h"

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/problem.h"
#include "quota/cohort_graph.h"
#include "scheduler/topology/shape.h"

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

// How a Topology's hosts are to be packed is Muster's own to say, so that nobody else complains about a slip.
void AddUnknownPlacements(api::LoadResult* loaded) {
  for (const api::Decoded& decoded : loaded->objects) {
    const auto* topology = std::get_if<api::Topology>(&decoded.object);
    if (topology == nullptr || scheduler::PackingOf(topology->metadata.annotations).has_value()) continue;
    api::Problem problem;
    problem.source = decoded.source;
    problem.object = api::ObjectId(decoded.object);
    problem.path = std::string("metadata.annotations[") + scheduler::kPlacementAnnotation + "]";
    problem.message = "use kueue, best-fit or consolidate";
    problem.rule = "NotSupported";
    problem.value = "\"" + topology->metadata.annotations.at(scheduler::kPlacementAnnotation) + "\"";
    loaded->problems.push_back(std::move(problem));
  }
}

}  // namespace

void CheckTogether(api::LoadResult* loaded) {
  AddCohortCycles(loaded);
  AddUnselective(loaded);
  AddUnknownPlacements(loaded);
}

}  // namespace muster::cli
