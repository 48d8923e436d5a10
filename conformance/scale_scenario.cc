#include "conformance/scale_scenario.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sim/files/input.h"

namespace muster::conformance {
namespace {

using Json = nlohmann::json;

constexpr char kHostname[] = "kubernetes.io/hostname";

// Throws what the JSON library throws; the reader turns it into a status.
api::Quantity QuantityOf(const Json& text) {
  const auto q = api::Quantity::Parse(text.get<std::string>());
  if (!q.ok()) throw std::invalid_argument(std::string(q.status().message()));
  return *q;
}

std::optional<api::Quantity> OptionalQuantity(const Json& object, const char* key) {
  if (!object.contains(key) || object[key].is_null()) return std::nullopt;
  return QuantityOf(object[key]);
}

std::string OptionalString(const Json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

api::ClusterQueue ClusterQueueOf(const Json& in) {
  api::ClusterQueue out;
  out.metadata.name = in.at("name");
  out.cohort_name = OptionalString(in, "cohort");
  out.queueing_strategy = OptionalString(in, "queueingStrategy");
  out.namespace_selector.emplace();
  api::ResourceGroup group;
  for (const Json& flavor : in.at("flavors")) {
    api::FlavorQuotas quotas;
    quotas.name = flavor;
    for (const auto& [resource, quota] : in.at("quotas").at(quotas.name).items()) {
      quotas.resources.push_back({resource, QuantityOf(quota.at("nominal")), OptionalQuantity(quota, "borrowingLimit"),
                                  OptionalQuantity(quota, "lendingLimit")});
    }
    if (group.flavors.empty()) {
      for (const api::ResourceQuota& q : quotas.resources) group.covered_resources.push_back(q.name);
    }
    group.flavors.push_back(std::move(quotas));
  }
  out.resource_groups.push_back(std::move(group));
  out.flavor_fungibility = {"MayStopSearch", "TryNextFlavor", ""};
  out.preemption.emplace();
  out.preemption->reclaim_within_cohort = in.at("preemption").at("reclaimWithinCohort");
  out.preemption->within_cluster_queue = in.at("preemption").at("withinClusterQueue");
  if (const auto weight = OptionalQuantity(in, "fairWeight")) out.fair_sharing = {*weight};
  return out;
}

api::TopologyRequest TopologyRequestOf(const Json& in) {
  api::TopologyRequest out;
  const std::string mode = in.at("mode");
  if (mode == "required") {
    out.required = in.at("level");
  } else if (mode == "preferred") {
    out.preferred = in.at("level");
  } else if (mode == "unconstrained") {
    out.unconstrained = true;
  } else if (mode == "sliceRequired") {
    out.pod_set_slice_required_topology = in.at("level");
    out.pod_set_slice_size = in.at("sliceSize");
  } else {
    throw std::invalid_argument(absl::StrCat("topologyRequest.mode \"", mode, "\" is not known"));
  }
  return out;
}

ScaleClass ClassOf(const Json& in) {
  ScaleClass out;
  out.runtime_ms = in.at("runtimeMs");
  out.workload.metadata.generation = 1;
  out.workload.spec.priority = in.at("priority");
  api::PodSet pods;
  pods.name = "main";
  pods.count = in.at("podCount");
  api::Container container;
  container.name = "c";
  for (const auto& [resource, amount] : in.at("request").items()) {
    container.resources.requests[resource] = QuantityOf(amount);
  }
  pods.pod_template.spec.containers.push_back(std::move(container));
  if (in.contains("topologyRequest") && !in["topologyRequest"].is_null()) {
    pods.topology_request = TopologyRequestOf(in["topologyRequest"]);
  }
  out.workload.spec.pod_sets.push_back(std::move(pods));
  return out;
}

// Nodes count up block by block, rack by rack.
std::vector<api::Node> NodesOf(const Json& topology) {
  const std::vector<std::string> levels = topology.at("levels");
  const int blocks = topology.at("blocks"), racks = topology.at("racksPerBlock"), hosts = topology.at("hostsPerRack");
  api::Node pattern;
  for (const auto& [resource, amount] : topology.at("capacity").items()) {
    pattern.allocatable[resource] = QuantityOf(amount);
  }
  pattern.capacity = pattern.allocatable;
  pattern.conditions.push_back({"Ready", "True", "", "", api::ZeroTime(), {}});
  std::vector<api::Node> out;
  for (int i = 0; i < blocks * racks * hosts; ++i) {
    api::Node node = pattern;
    const int rack = i / hosts, block = rack / racks;
    node.metadata.name = absl::StrFormat("n%06d", i);
    // With fewer than three levels the highest are not there.
    const std::string values[] = {absl::StrFormat("b%03d", block), absl::StrFormat("b%03d-r%03d", block, rack % racks),
                                  node.metadata.name};
    for (size_t l = 0; l < levels.size(); ++l) node.metadata.labels[levels[l]] = values[3 - levels.size() + l];
    node.metadata.labels[kHostname] = node.metadata.name;
    out.push_back(std::move(node));
  }
  return out;
}

ScaleScenario ScenarioOf(const Json& doc) {
  ScaleScenario out;
  out.name = doc.at("name");
  const Json& options = doc.at("options");
  if (options.at("fairSharing").get<bool>()) out.options = scheduler::EngineOptions::FairSharing();
  out.options.reactivation_batch = absl::Milliseconds(options.at("requeueBatchMs").get<int64_t>());
  for (const char* unsupported : {"evictionLatencyMs", "cycleCostMs"}) {
    if (options.value(unsupported, 0) != 0) {
      throw std::invalid_argument(absl::StrCat("options.", unsupported, " other than 0 is not replayed"));
    }
  }
  if (const Json& topology = doc.at("topology"); !topology.is_null()) {
    api::Topology object;
    object.metadata.name = topology.at("name");
    object.levels = topology.at("levels").get<std::vector<std::string>>();
    out.topologies.push_back(std::move(object));
    out.nodes = NodesOf(topology);
  }
  for (const Json& in : doc.at("flavors")) {
    api::ResourceFlavor flavor;
    flavor.metadata.name = in.at("name");
    flavor.topology_name = OptionalString(in, "topology");
    out.flavors.push_back(std::move(flavor));
  }
  for (const Json& in : doc.at("cohorts")) {
    api::Cohort cohort;
    cohort.metadata.name = in.at("name");
    cohort.parent_name = OptionalString(in, "parent");
    out.cohorts.push_back(std::move(cohort));
  }
  for (const Json& in : doc.at("clusterQueues")) out.cluster_queues.push_back(ClusterQueueOf(in));
  for (const Json& in : doc.at("classes")) out.classes.push_back(ClassOf(in));
  for (const Json& in : doc.at("workloads").at("rows")) {
    const ScaleRow row{in.at(0), in.at(1), in.at(2)};
    if (row.cluster_queue < 0 || row.cluster_queue >= static_cast<int>(out.cluster_queues.size()) ||
        row.workload_class < 0 || row.workload_class >= static_cast<int>(out.classes.size())) {
      throw std::invalid_argument(absl::StrCat("workloads.rows[", out.rows.size(), "] points nowhere"));
    }
    out.rows.push_back(row);
  }
  return out;
}

}  // namespace

absl::StatusOr<ScaleScenario> ReadScaleScenario(const std::string& path) {
  auto in = sim::OpenInput(path);
  if (!in.ok()) return in.status();
  try {
    const Json doc = Json::parse(**in);
    if (OptionalString(doc, "format") != "kq-scenario/1") {
      return absl::InvalidArgumentError(absl::StrCat(path, ": format is not kq-scenario/1"));
    }
    return ScenarioOf(doc);
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", e.what()));
  }
}

ScaleScenario CopiesOf(const ScaleScenario& scenario, int copies) {
  ScaleScenario out = scenario;
  out.name = absl::StrCat(scenario.name, "-x", copies);
  out.cohorts.clear();
  out.cluster_queues.clear();
  out.rows.clear();
  const auto queues = static_cast<int32_t>(scenario.cluster_queues.size());
  for (int c = 0; c < copies; ++c) {
    const std::string prefix = absl::StrCat("copy-", c, "-");
    for (api::Cohort cohort : scenario.cohorts) {
      cohort.metadata.name = prefix + cohort.metadata.name;
      if (!cohort.parent_name.empty()) cohort.parent_name = prefix + cohort.parent_name;
      out.cohorts.push_back(std::move(cohort));
    }
    for (api::ClusterQueue queue : scenario.cluster_queues) {
      queue.metadata.name = prefix + queue.metadata.name;
      if (!queue.cohort_name.empty()) queue.cohort_name = prefix + queue.cohort_name;
      out.cluster_queues.push_back(std::move(queue));
    }
  }
  for (const ScaleRow& row : scenario.rows) {
    for (int c = 0; c < copies; ++c) {
      out.rows.push_back({row.cluster_queue + c * queues, row.workload_class, row.create_ms});
    }
  }
  return out;
}

}  // namespace muster::conformance
