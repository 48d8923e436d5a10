// `muster topology`: draws a topology with what is free in it, marks where a workload is, and tries gangs on it.
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/load.h"
#include "api/nearest_name.h"
#include "api/quantity.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/topology/assigner.h"
#include "scheduler/topology/inventory.h"
#include "scheduler/topology/names.h"
#include "scheduler/topology/ranks.h"
#include "sim/topology/topology_inventory.h"
#include "sim/topology/topology_map.h"

namespace muster::cli {
namespace {

struct Arguments {
  std::vector<std::string> paths;
  std::string inventory, host_column = "host", flavor, workload, format = "text";
  std::vector<std::string> levels, capacity, resources, gangs, requests;
  int depth = 0;
  bool ranks = false, no_tree = false;
};

// COUNT[:required=LEVEL|:preferred=LEVEL|:unconstrained][:slice=LEVEL/SIZE]
absl::StatusOr<std::pair<int, api::TopologyRequest>> ParseGang(const std::string& text) {
  const auto bad = [&text](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\": ", why));
  };
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  int count = 0;
  if (!absl::SimpleAtoi(parts[0], &count) || count < 1 || count > 1'000'000) {
    return bad("starts with the number of pods, from 1 to 1000000");
  }
  api::TopologyRequest request;
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::vector<std::string> field = absl::StrSplit(parts[i], absl::MaxSplits('=', 1));
    const std::string value = field.size() > 1 ? field[1] : "";
    if ((field[0] == "required" || field[0] == "preferred") && value.empty()) return bad("names no level");
    if (field[0] == "required") {
      request.required = value;
    } else if (field[0] == "preferred") {
      request.preferred = value;
    } else if (field[0] == "unconstrained") {
      request.unconstrained = true;
    } else if (field[0] == "slice") {
      const size_t slash = value.rfind('/');
      int size = 0;
      if (slash == std::string::npos || !absl::SimpleAtoi(value.substr(slash + 1), &size) || size < 1) {
        return bad("a slice is LEVEL/SIZE");
      }
      request.pod_set_slice_required_topology = value.substr(0, slash);
      request.pod_set_slice_size = size;
    } else {
      return bad("knows required=LEVEL, preferred=LEVEL, unconstrained and slice=LEVEL/SIZE");
    }
  }
  if (!scheduler::IsExplicitTopologyRequest(request)) request.unconstrained = true;
  return std::make_pair(count, std::move(request));
}

// What the files say about one flavor.
class World {
 public:
  World() : inventory_(&flavors_, &resources_, &options_) {}

  absl::Status Load(const Arguments& args);
  absl::Status MarkWorkload(const std::string& key, sim::TopologyMapOptions* map);
  // Says where each gang goes. *all: whether every one of them found a place.
  absl::Status PlaceGangs(const Arguments& args, sim::TopologyMapOptions* map, bool* all);
  const scheduler::TopologyTree& tree() { return *inventory_.tree(flavor_); }
  const scheduler::ResourceNames& resources() const { return resources_; }
  const std::set<std::string>& offered() const { return offered_; }

 private:
  std::vector<scheduler::ResourceAmount> PerPod(const std::vector<scheduler::NamedAmount>& requests) {
    std::map<std::string, quota::Amount> by_name;
    for (const scheduler::NamedAmount& a : requests) by_name[a.resource] = a.amount;
    by_name["pods"] = 1;
    std::vector<scheduler::ResourceAmount> out;
    for (const auto& [name, amount] : by_name) out.push_back({resources_.Intern(name), amount});
    return out;
  }
  void Record(const api::Workload& workload);
  // Levels may be given by label or by the name people use.
  absl::StatusOr<std::string> Label(const std::string& level) {
    std::vector<std::string> names;
    for (const std::string& label : tree().levels()) {
      names.push_back(std::string(scheduler::LevelName(label)));
      if (label == level || names.back() == level) return label;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("the topology has no level \"", level, "\"; it has ", absl::StrJoin(names, ", "),
                     api::MeantHint(level, std::vector<absl::string_view>(names.begin(), names.end()))));
  }

  scheduler::FlavorNames flavors_;
  scheduler::ResourceNames resources_;
  scheduler::EngineOptions options_;
  scheduler::TopologyInventory inventory_;
  scheduler::FlavorId flavor_ = scheduler::kNoId;
  std::map<std::string, api::Workload> workloads_;
  std::set<std::string> offered_;
};

absl::Status World::Load(const Arguments& args) {
  std::vector<api::Topology> topologies;
  std::vector<api::ResourceFlavor> flavors;
  std::vector<api::Node> nodes;
  std::vector<api::Pod> pods;
  if (!args.paths.empty()) {
    api::LoadOptions options;
    options.set_defaults = true;
    const api::LoadResult loaded = api::LoadPaths(args.paths, options);
    if (absl::Status s = loaded.status(); !s.ok()) return s;
    for (const api::Decoded& decoded : loaded.objects) {
      const api::Object& o = decoded.object;
      if (const auto* t = std::get_if<api::Topology>(&o)) topologies.push_back(*t);
      if (const auto* f = std::get_if<api::ResourceFlavor>(&o)) flavors.push_back(*f);
      if (const auto* n = std::get_if<api::Node>(&o)) nodes.push_back(*n);
      if (const auto* p = std::get_if<api::Pod>(&o)) pods.push_back(*p);
      if (const auto* w = std::get_if<api::Workload>(&o)) workloads_[api::ObjectKey(w->metadata)] = *w;
    }
  }
  if (!args.inventory.empty()) {
    sim::InventoryOptions inventory;
    inventory.levels = args.levels;
    inventory.host_column = args.host_column;
    absl::StatusOr<api::ResourceList> capacity = ParseAmounts(args.capacity);
    if (!capacity.ok()) return capacity.status();
    inventory.capacity = *std::move(capacity);
    absl::StatusOr<sim::Inventory> read = sim::ReadInventory(args.inventory, inventory);
    if (!read.ok()) return read.status();
    topologies.push_back(read->topology);
    nodes.insert(nodes.end(), read->nodes.begin(), read->nodes.end());
  } else if (topologies.empty() && !args.levels.empty()) {
    api::Topology topology;
    topology.metadata.name = "default";
    topology.levels = args.levels;
    topologies.push_back(std::move(topology));
  }
  std::vector<api::ResourceFlavor> aware;
  for (const api::ResourceFlavor& f : flavors) {
    if (!f.topology_name.empty()) aware.push_back(f);
  }
  // Without a flavor every node of the topology counts.
  if (aware.empty() && topologies.size() == 1) {
    api::ResourceFlavor all;
    all.metadata.name = topologies[0].metadata.name;
    all.topology_name = topologies[0].metadata.name;
    aware.push_back(std::move(all));
  }
  for (const api::Topology& t : topologies) inventory_.SetTopology(t);
  for (const api::ResourceFlavor& f : aware) inventory_.SetFlavor(f);
  for (const api::Node& n : nodes) {
    inventory_.SetNode(n);
    for (const auto& [resource, unused] : n.allocatable) offered_.insert(resource);
  }
  for (const api::Pod& p : pods) inventory_.SetPod(p);
  std::vector<std::string> names;
  for (const api::ResourceFlavor& f : aware) names.push_back(f.metadata.name);
  if (names.empty()) {
    return absl::NotFoundError(
        "no topology: name files with a Topology and a ResourceFlavor that has spec.topologyName, or give --levels, or "
        "--inventory with --levels");
  }
  if (args.flavor.empty() && names.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("several topology-aware flavors (", absl::StrJoin(names, ", "), "): choose one with --flavor"));
  }
  flavor_ = flavors_.Find(args.flavor.empty() ? names[0] : args.flavor);
  if (flavor_ == scheduler::kNoId || inventory_.tree(flavor_) == nullptr) {
    return absl::NotFoundError(absl::StrCat("flavor ", args.flavor.empty() ? names[0] : args.flavor,
                                            ": it or its Topology is in no file read"));
  }
  for (const auto& [key, workload] : workloads_) Record(workload);
  return absl::OkStatus();
}

void World::Record(const api::Workload& w) {
  const auto& conditions = w.status.conditions;
  if (!w.status.admission.has_value() || !api::IsConditionTrue(conditions, "QuotaReserved") ||
      api::IsConditionTrue(conditions, "Finished")) {
    return;
  }
  for (const api::PodSetAssignment& a : w.status.admission->pod_set_assignments) {
    if (!a.topology_assignment.has_value() || a.flavors.empty()) continue;
    for (const api::PodSet& ps : w.spec.pod_sets) {
      if (ps.name != a.name) continue;
      const auto per_pod = PerPod(scheduler::PodRequests(ps.pod_template.spec));
      for (const api::TopologyDomainAssignment& d : a.topology_assignment->domains) {
        inventory_.Record(flavors_.Intern(a.flavors.begin()->second), inventory_.Intern(d.values)->key, per_pod,
                          d.count);
      }
    }
  }
}

absl::Status World::MarkWorkload(const std::string& key, sim::TopologyMapOptions* map) {
  const auto it = workloads_.find(key);
  if (it == workloads_.end()) return absl::NotFoundError(absl::StrCat("Workload ", key, " is in no file read"));
  const auto& admission = it->second.status.admission;
  if (!admission.has_value()) return absl::FailedPreconditionError(absl::StrCat("Workload ", key, " is not admitted"));
  for (const api::PodSetAssignment& a : admission->pod_set_assignments) {
    if (!a.topology_assignment.has_value()) continue;
    for (const api::TopologyDomainAssignment& d : a.topology_assignment->domains) {
      map->marked[absl::StrJoin(d.values, ",")] += d.count;
    }
  }
  return absl::OkStatus();
}

absl::Status World::PlaceGangs(const Arguments& args, sim::TopologyMapOptions* map, bool* all) {
  *all = true;
  absl::StatusOr<api::ResourceList> requests = ParseAmounts(args.requests);
  if (!requests.ok()) return requests.status();
  std::vector<scheduler::NamedAmount> amounts;
  for (const auto& [resource, quantity] : *requests) {
    amounts.push_back({resource, scheduler::AmountOf(resource, quantity)});
  }
  const api::PodSpec spec;
  int number = 0;
  for (const std::string& text : args.gangs) {
    auto gang = ParseGang(text);
    if (!gang.ok()) return gang.status();
    api::TopologyRequest& request = gang->second;
    for (auto* level : {&request.required, &request.preferred, &request.pod_set_slice_required_topology}) {
      if (!level->has_value()) continue;
      absl::StatusOr<std::string> label = Label(**level);
      if (!label.ok()) return label.status();
      *level = *std::move(label);
    }
    scheduler::TopologyQuestion question;
    scheduler::TopologyPodSet& pods = question.pod_sets.emplace_back();
    pods.flavor = flavor_;
    pods.spec = &spec;
    pods.request = &request;
    pods.per_pod = PerPod(amounts);
    pods.count = gang->first;
    const auto answer = scheduler::FindTopologyAssignments(inventory_, options_, resources_, question);
    std::cout << "gang " << ++number << " (" << text << "): ";
    if (const auto* failed = answer.Failed()) {
      std::cout << scheduler::ToString(*failed->failure) << "\n";
      *all = false;
      continue;
    }
    std::vector<std::set<scheduler::DomainId>> used(tree().num_levels());
    std::vector<scheduler::PlacedPods> placed;
    for (const auto& d : answer.pod_sets[0].placement->domains) {
      const scheduler::LeafId leaf = inventory_.LeafOf(flavor_, d.key());
      placed.push_back({leaf, d.count});
      for (int level = 0; level < tree().num_levels(); ++level) {
        used[level].insert(tree().AncestorAt(tree().DomainOf(leaf), level));
      }
      map->marked[d.domain->name] += d.count;
      inventory_.Record(flavor_, d.key(), pods.per_pod, d.count);
    }
    std::vector<std::string> spread;
    for (int level = 0; level < tree().num_levels(); ++level) {
      const std::string name = scheduler::LevelName(tree().levels()[level]);
      spread.push_back(used[level].size() == 1 ? absl::StrCat(name, " ", tree().domain(*used[level].begin()).value)
                                               : absl::StrCat(used[level].size(), " of ", name));
    }
    std::cout << absl::StrJoin(spread, ", ") << "\n";
    if (!args.ranks) continue;
    const std::vector<scheduler::LeafId> order = scheduler::RankOrder(tree(), placed);
    std::cout << "  ring crossings:";
    const std::vector<int> crossings = scheduler::RingCrossings(tree(), order);
    for (int level = 0; level < tree().num_levels(); ++level) {
      std::cout << (level == 0 ? " " : ", ") << crossings[level] << " of "
                << scheduler::LevelName(tree().levels()[level]);
    }
    std::cout << "\n";
    for (size_t i = 0; i < order.size(); ++i) std::cout << "  pod " << i << " " << tree().LeafName(order[i]) << "\n";
  }
  return absl::OkStatus();
}

absl::Status Run(const Arguments& args, int* exit_code) {
  World world;
  if (absl::Status s = world.Load(args); !s.ok()) return s;
  sim::TopologyMapOptions map;
  map.depth = args.depth;
  map.resources = args.resources;
  if (map.resources.empty()) {
    // What the nodes offer that gangs are placed for; cpu if there is nothing else.
    for (const std::string& r : world.offered()) {
      if (absl::StrContains(r, "/")) map.resources.push_back(r);
    }
    if (map.resources.empty() && world.offered().count("cpu") > 0) map.resources = {"cpu"};
  }
  if (!args.workload.empty()) {
    if (absl::Status s = world.MarkWorkload(args.workload, &map); !s.ok()) return s;
  }
  if (!args.gangs.empty()) {
    bool all = false;
    if (absl::Status s = world.PlaceGangs(args, &map, &all); !s.ok()) return s;
    if (!all) *exit_code = 1;
  }
  if (args.no_tree) return absl::OkStatus();
  std::cout << (args.format == "dot" ? sim::TopologyDot(world.tree(), world.resources(), map)
                                     : sim::TopologyText(world.tree(), world.resources(), map));
  return absl::OkStatus();
}

}  // namespace

void AddTopology(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<Arguments>();
  CLI::App* command = app->add_subcommand(
      "topology", "Draw a topology with what is free in it, mark a workload's pods, and try gangs on it.");
  command->add_option("PATH", args->paths, "Files or folders with Nodes, Topologies, ResourceFlavors, Pods, Workloads");
  command->add_option("--flavor", args->flavor, "The topology-aware ResourceFlavor to draw, if there are several");
  command->add_option("--levels", args->levels, "Node labels (or inventory columns) of the levels, widest first")
      ->delimiter(',');
  command->add_option("--inventory", args->inventory, "CSV file with a row per host, instead of Node manifests");
  command->add_option("--host-column", args->host_column, "Inventory column with the name of the host [host]");
  const auto amount = AcceptedBy([](const std::string& text) { return ParseAmounts({text}).status(); });
  command->add_option("--capacity", args->capacity, "What every host of the inventory offers: nvidia.com/gpu=8")
      ->delimiter(',')
      ->check(amount);
  command->add_option("--workload", args->workload, "Mark the pods of this admitted Workload: NAMESPACE/NAME");
  CLI::Option* request =
      command->add_option("--request", args->requests, "What one pod of a gang asks for: nvidia.com/gpu=8")
          ->delimiter(',')
          ->check(amount);
  command
      ->add_option("--place", args->gangs,
                   "Try a gang: COUNT[:required=LEVEL|:preferred=LEVEL|:unconstrained][:slice=LEVEL/SIZE]. May be "
                   "repeated: each sees what those before it took. Exit code 1 if one has no place")
      ->check(AcceptedBy([](const std::string& text) { return ParseGang(text).status(); }))
      ->needs(request);
  command->add_flag("--ranks", args->ranks, "Print which pod index goes where, neighbours in a ring kept close");
  command->add_option("--resource", args->resources, "Resources to show [those with a '/' in their name]")
      ->delimiter(',');
  command->add_option("--depth", args->depth, "Levels to draw; 0 = all [0]")->check(CLI::Range(0, 16));
  command->add_flag("--no-tree", args->no_tree, "Do not draw: only say where the gangs go");
  command->add_option("--format", args->format, "How to draw")
      ->check(CLI::IsMember({"text", "dot"}))
      ->capture_default_str();
  command->callback([args, exit_code] {
    if (const absl::Status s = Run(*args, exit_code); !s.ok()) {
      std::cerr << "muster topology: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
