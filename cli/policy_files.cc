#include "cli/policy_files.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <variant>

#include "api/codec.h"
#include "api/hyperpod/compile.h"
#include "api/problem.h"
#include "cli/hyperpod_files.h"
#include "cli/spooled_paths.h"
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

void AddObject(api::Object object, const api::Source& source, api::LoadResult* loaded) {
  nlohmann::json raw = api::Encode(object);
  loaded->objects.push_back({std::move(object), source, std::move(raw), {}});
}

// What HyperPod's policy compiles to, and the nodes that its cluster's description stands for.
void AddHyperPod(hyperpod::ReadResult read, const std::vector<api::Node>& nodes, api::LoadResult* loaded) {
  const bool broken = api::HasErrors(read.problems);
  std::move(read.problems.begin(), read.problems.end(), std::back_inserter(loaded->problems));
  const hyperpod::Documents& documents = read.documents;
  if (broken || (documents.policies.empty() && documents.quotas.empty())) return;
  hyperpod::CompileOptions options;
  // Without nodes nothing would fit a topology: then flavors are plain quota.
  if (nodes.empty()) options.topology_levels.clear();
  for (const api::Decoded& decoded : loaded->objects) {
    if (std::holds_alternative<api::Configuration>(decoded.object)) options.manager_configuration = false;
  }
  const hyperpod::Capacity capacity = hyperpod::CapacityOf(nodes);
  std::vector<api::Problem> problems =
      hyperpod::CompileProblems(documents.policies, documents.quotas, capacity, options);
  absl::StatusOr<std::vector<api::Object>> objects =
      hyperpod::Compile(documents.policies, documents.quotas, capacity, options);
  std::move(problems.begin(), problems.end(), std::back_inserter(loaded->problems));
  if (!objects.ok()) return;
  api::Source source;
  source.file = "(compiled from HyperPod policy)";
  for (api::Object& object : *objects) AddObject(std::move(object), source, loaded);
  const bool have_nodes = std::any_of(loaded->objects.begin(), loaded->objects.end(), [](const api::Decoded& d) {
    return std::holds_alternative<api::Node>(d.object);
  });
  if (have_nodes) return;
  for (const api::Node& node : nodes) AddObject(node, source, loaded);
}

}  // namespace

api::LoadResult ReadPolicyFiles(const std::vector<std::string>& paths) {
  api::LoadOptions options;
  options.set_defaults = true;
  options.validate = true;
  const SpooledPaths spooled(paths);
  HyperPodFiles files = ReadHyperPodFiles(spooled.paths(), options);
  const std::vector<api::Node> nodes = NodesOf(files);
  api::LoadResult loaded = std::move(files.kubernetes);
  AddCohortCycles(&loaded);
  AddUnselective(&loaded);
  AddUnknownPlacements(&loaded);
  AddHyperPod(std::move(files.hyperpod), nodes, &loaded);
  spooled.RestoreNames(&loaded);
  return loaded;
}

}  // namespace muster::cli
