#include "cli/policy_files.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "api/codec.h"
#include "api/hyperpod/compile.h"
#include "api/problem.h"
#include "cli/hyperpod_files.h"
#include "cli/policy_checks.h"
#include "cli/spooled_paths.h"

namespace muster::cli {
namespace {

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
  CheckTogether(&loaded);
  AddHyperPod(std::move(files.hyperpod), nodes, &loaded);
  spooled.RestoreNames(&loaded);
  return loaded;
}

}  // namespace muster::cli
