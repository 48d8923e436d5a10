#include "sim/replay/check_input.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/resource_units.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/requests/transform_requests.h"

namespace muster::sim {
namespace {

bool Carries(const api::Node& node, const api::StringMap& labels) {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto it = node.metadata.labels.find(label.first);
    return it != node.metadata.labels.end() && it->second == label.second;
  });
}

void FlavorsWithoutNodes(const ReplayPolicy& policy, std::vector<std::string>* lines) {
  std::set<std::string> used;
  for (const api::ClusterQueue& cq : policy.cluster_queues) {
    for (const api::ResourceGroup& group : cq.resource_groups) {
      for (const api::FlavorQuotas& flavor : group.flavors) used.insert(flavor.name);
    }
  }
  for (const api::ResourceFlavor& flavor : policy.flavors) {
    if (flavor.topology_name.empty() || !used.contains(flavor.metadata.name)) continue;
    const bool any = std::any_of(policy.nodes.begin(), policy.nodes.end(),
                                 [&](const api::Node& node) { return Carries(node, flavor.node_labels); });
    if (any) continue;
    lines->push_back(absl::StrCat(
        "ResourceFlavor/", flavor.metadata.name, ": has spec.topologyName ", flavor.topology_name, ", and ",
        policy.nodes.empty() ? "there are no Node objects" : "no Node carries its spec.nodeLabels",
        ": no job can be placed there; add the nodes (--nodes makes some), or take spec.topologyName out"));
  }
}

// What the pods of a shape ask for, as quotas see it.
std::set<std::string> AskedFor(const JobShape& shape, const ReplayPolicy& policy) {
  std::set<std::string> out;
  for (const PodGroup& group : shape.pods) {
    std::vector<scheduler::NamedAmount> requests;
    for (const auto& [name, quantity] : group.requests) {
      const bool excluded =
          std::any_of(policy.options.exclude_resource_prefixes.begin(), policy.options.exclude_resource_prefixes.end(),
                      [&](const std::string& prefix) { return absl::StartsWith(name, prefix); });
      if (!excluded) requests.push_back({name, api::CountedAmount(name, quantity)});
    }
    for (const scheduler::NamedAmount& r :
         scheduler::TransformRequests(std::move(requests), policy.options.transformations)) {
      if (r.amount > 0) out.insert(r.resource);
    }
  }
  return out;
}

void ResourcesWithoutQuota(const Trace& trace, ReplayPolicy policy, std::vector<std::string>* lines) {
  if (policy.options.quota_check == scheduler::QuotaCheckStrategy::kIgnoreUndeclared) return;
  std::map<std::string, std::set<std::string>> covered;  // by ClusterQueue
  for (const api::ClusterQueue& cq : policy.cluster_queues) {
    if (!cq.stop_policy.empty() && cq.stop_policy != "None") continue;  // takes nothing, which is told elsewhere
    std::set<std::string>& resources = covered[cq.metadata.name];
    for (const api::ResourceGroup& group : cq.resource_groups) {
      resources.insert(group.covered_resources.begin(), group.covered_resources.end());
    }
  }
  std::map<std::string, std::string> queue_of;  // of the trace -> ClusterQueue, "" = nobody knows
  std::vector<std::vector<std::string>> missing(trace.shapes.size());
  for (size_t i = 0; i < trace.shapes.size(); ++i) {
    const JobShape& shape = trace.shapes[i];
    auto it = queue_of.find(shape.queue);
    if (it == queue_of.end()) {
      const absl::StatusOr<QueueTarget> target = ResolveQueue(shape.queue, &policy);
      it = queue_of.emplace(shape.queue, target.ok() ? target->cluster_queue : "").first;
    }
    const auto resources = covered.find(it->second);
    if (resources == covered.end()) continue;
    for (const std::string& resource : AskedFor(shape, policy)) {
      if (!resources->second.contains(resource)) missing[i].push_back(resource);
    }
  }
  std::map<std::pair<std::string, std::string>, std::pair<const Job*, int64_t>>
      told;  // queue, resource -> first, how many
  for (const Job& job : trace.jobs) {
    for (const std::string& resource : missing[job.shape]) {
      auto& [first, count] = told[{queue_of.at(trace.ShapeOf(job).queue), resource}];
      if (first == nullptr) first = &job;
      ++count;
    }
  }
  for (const auto& [where, jobs] : told) {
    const auto& [queue, resource] = where;
    lines->push_back(absl::StrCat(
        trace.source, ":", jobs.first->row, ": job ", jobs.first->id,
        jobs.second > 1 ? absl::StrCat(" and ", jobs.second - 1, " more ask for ") : " asks for ", resource,
        ", which ClusterQueue/", queue, " does not cover (it covers ", absl::StrJoin(covered.at(queue), ", "),
        "): it will never run; give the queue a quota, or take the column out"));
  }
}

// Shares of a device, counted in thousandths, percents or its memory. A node has several devices, and what is free on
// two of them is no use to a pod that needs it on one: that a sum per node does not see.
bool IsShareOfDevice(absl::string_view resource) {
  for (const absl::string_view suffix :
       {"/gpu-milli", "/gpu-memory", "/gpu-mem", "/gpumem", "/gpumem-percentage", "/gpucores"}) {
    if (absl::EndsWith(resource, suffix)) return true;
  }
  return false;
}

// ClusterQueues with a flavor whose pods are placed on nodes.
std::set<std::string> PlacedQueues(const ReplayPolicy& policy) {
  std::set<std::string> flavors, queues;
  for (const api::ResourceFlavor& flavor : policy.flavors) {
    if (!flavor.topology_name.empty()) flavors.insert(flavor.metadata.name);
  }
  for (const api::ClusterQueue& cq : policy.cluster_queues) {
    for (const api::ResourceGroup& group : cq.resource_groups) {
      for (const api::FlavorQuotas& flavor : group.flavors) {
        if (flavors.contains(flavor.name)) queues.insert(cq.metadata.name);
      }
    }
  }
  return queues;
}

void SharesOfDevices(const Trace& trace, ReplayPolicy policy, std::vector<std::string>* lines) {
  const std::set<std::string> placed = PlacedQueues(policy);
  if (placed.empty()) return;
  std::vector<std::string> share(trace.shapes.size());  // the resource
  for (size_t i = 0; i < trace.shapes.size(); ++i) {
    for (const PodGroup& group : trace.shapes[i].pods) {
      for (const auto& [resource, amount] : group.requests) {
        if (IsShareOfDevice(resource)) share[i] = resource;
      }
    }
    if (share[i].empty()) continue;
    const absl::StatusOr<QueueTarget> target = ResolveQueue(trace.shapes[i].queue, &policy);
    if (!target.ok() || !placed.contains(target->cluster_queue)) share[i].clear();
  }
  std::map<std::string, std::pair<const Job*, int64_t>> told;  // resource -> first, how many
  for (const Job& job : trace.jobs) {
    if (share[job.shape].empty()) continue;
    auto& [first, count] = told[share[job.shape]];
    if (first == nullptr) first = &job;
    ++count;
  }
  for (const auto& [resource, jobs] : told) {
    const auto& [first, count] = jobs;
    lines->push_back(absl::StrCat(
        trace.source, ":", first->row, ": job ", first->id,
        count > 1 ? absl::StrCat(" and ", count - 1, " more ask for ") : " asks for ", resource,
        ", a share of one device, which a replay cannot place on nodes: it adds up what is free on a node and does not "
        "see its devices; muster pack does"));
  }
}

}  // namespace

std::vector<std::string> WhatCannotRun(const Trace& trace, const ReplayPolicy& policy) {
  std::vector<std::string> lines;
  FlavorsWithoutNodes(policy, &lines);
  ResourcesWithoutQuota(trace, policy, &lines);
  SharesOfDevices(trace, policy, &lines);
  return lines;
}

}  // namespace muster::sim
