#include "sim/replay/policy.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/vocabulary.h"
#include "scheduler/configuration.h"

namespace muster::sim {
namespace {

void EnsureNamespace(const std::string& name, ReplayPolicy* policy) {
  for (const api::Namespace& ns : policy->namespaces) {
    if (ns.metadata.name == name) return;
  }
  api::Namespace ns;
  ns.metadata.name = name;
  ns.metadata.labels[api::kNamespaceNameLabel] = name;
  policy->namespaces.push_back(std::move(ns));
}

}  // namespace

absl::StatusOr<ReplayPolicy> MakePolicy(absl::Span<const api::Object> objects) {
  ReplayPolicy p;
  bool configured = false;
  for (const api::Object& object : objects) {
    if (const auto* o = std::get_if<api::ResourceFlavor>(&object)) p.flavors.push_back(*o);
    if (const auto* o = std::get_if<api::Cohort>(&object)) p.cohorts.push_back(*o);
    if (const auto* o = std::get_if<api::ClusterQueue>(&object)) p.cluster_queues.push_back(*o);
    if (const auto* o = std::get_if<api::LocalQueue>(&object)) {
      p.local_queues.push_back(*o);
      if (o->metadata.ns.empty()) p.local_queues.back().metadata.ns = "default";
    }
    if (const auto* o = std::get_if<api::AdmissionCheck>(&object)) p.checks.push_back(*o);
    if (const auto* o = std::get_if<api::Topology>(&object)) p.topologies.push_back(*o);
    if (const auto* o = std::get_if<api::Node>(&object)) p.nodes.push_back(*o);
    if (const auto* o = std::get_if<api::LimitRange>(&object)) p.limit_ranges.push_back(*o);
    if (const auto* o = std::get_if<api::RuntimeClass>(&object)) p.runtime_classes.push_back(*o);
    if (const auto* o = std::get_if<api::WorkloadPriorityClass>(&object))
      p.priority_classes[o->metadata.name] = o->value;
    if (const auto* o = std::get_if<api::PriorityClass>(&object))
      p.priority_classes.emplace(o->metadata.name, o->value);
    if (const auto* o = std::get_if<api::Namespace>(&object)) {
      p.namespaces.push_back(*o);
      // Kubernetes labels every namespace with its name.
      p.namespaces.back().metadata.labels[api::kNamespaceNameLabel] = o->metadata.name;
    }
    if (const auto* o = std::get_if<api::Configuration>(&object)) {
      if (std::exchange(configured, true)) {
        return absl::InvalidArgumentError("the policy has more than one Configuration; keep one");
      }
      absl::StatusOr<scheduler::EngineOptions> options = scheduler::EngineOptionsFrom(*o);
      if (!options.ok()) return options.status();
      p.options = *std::move(options);
    }
  }
  if (p.cluster_queues.empty()) {
    return absl::InvalidArgumentError(
        "the policy has no ClusterQueue; name the files or folders that have with --policy");
  }
  p.options.reactivation_batch = absl::ZeroDuration();
  for (const api::LocalQueue& lq : p.local_queues) EnsureNamespace(lq.metadata.ns, &p);
  return p;
}

absl::StatusOr<QueueTarget> ResolveQueue(const std::string& queue, ReplayPolicy* policy) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(queue, absl::MaxSplits('/', 1));
  const api::LocalQueue* found = nullptr;
  for (const api::LocalQueue& lq : policy->local_queues) {
    const bool match = absl::StrContains(queue, '/') ? lq.metadata.ns == parts.first && lq.metadata.name == parts.second
                                                     : lq.metadata.name == queue;
    if (match && found != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("queue \"", queue, "\" is a LocalQueue in ", found->metadata.ns, " and in ", lq.metadata.ns,
                       "; write namespace/name (queueMap in the mapping file can do that)"));
    }
    if (match) found = &lq;
  }
  if (found != nullptr) return QueueTarget{found->metadata.ns, found->metadata.name, found->cluster_queue};
  for (const api::ClusterQueue& cq : policy->cluster_queues) {
    if (cq.metadata.name != queue) continue;
    for (const api::LocalQueue& lq : policy->local_queues) {
      if (lq.cluster_queue == queue) return QueueTarget{lq.metadata.ns, lq.metadata.name, queue};
    }
    EnsureNamespace(queue, policy);
    api::LocalQueue made;
    made.metadata.name = made.metadata.ns = queue;
    made.cluster_queue = queue;
    policy->local_queues.push_back(std::move(made));
    return QueueTarget{queue, queue, queue};
  }
  return absl::NotFoundError(
      absl::StrCat("queue \"", queue,
                   "\" is neither a LocalQueue nor a ClusterQueue of the policy; add one or map it "
                   "with queueMap in the mapping file"));
}

void ApplyPolicy(const ReplayPolicy& policy, absl::Time now, scheduler::Engine* engine) {
  for (const auto& o : policy.namespaces) engine->Apply(o, now);
  for (const auto& o : policy.topologies) engine->Apply(o, now);
  for (const auto& o : policy.flavors) engine->Apply(o, now);
  for (const auto& o : policy.nodes) engine->Apply(o, now);
  for (const auto& o : policy.limit_ranges) engine->Apply(o, now);
  for (const auto& o : policy.runtime_classes) engine->Apply(o, now);
  for (api::AdmissionCheck check : policy.checks) {
    std::erase_if(check.conditions, [](const api::Condition& c) { return c.type == "Active"; });
    api::Condition active;
    active.type = "Active";
    active.status = "True";
    check.conditions.push_back(std::move(active));
    engine->Apply(check, now);
  }
  for (const auto& o : policy.cohorts) engine->Apply(o, now);
  for (const auto& o : policy.cluster_queues) engine->Apply(o, now);
  for (const auto& o : policy.local_queues) engine->Apply(o, now);
}

std::vector<std::string> InactiveQueues(const ReplayPolicy& policy) {
  scheduler::Engine engine(policy.options);
  ApplyPolicy(policy, absl::UnixEpoch(), &engine);
  std::vector<std::string> lines;
  for (const scheduler::ClusterQueueId id : engine.ClusterQueues()) {
    const std::string& name = engine.ClusterQueueName(id);
    const scheduler::ClusterQueueStatus status = engine.StatusOf(name);
    if (!status.active) lines.push_back(absl::StrCat("ClusterQueue/", name, ": ", status.message));
  }
  return lines;
}

absl::Status CheckResource(const ReplayPolicy& policy, const std::string& resource) {
  std::set<std::string> covered;
  for (const api::ClusterQueue& cq : policy.cluster_queues) {
    for (const api::ResourceGroup& group : cq.resource_groups) {
      covered.insert(group.covered_resources.begin(), group.covered_resources.end());
    }
  }
  if (covered.contains(resource)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("no ClusterQueue covers the resource \"", resource, "\"; there is ", absl::StrJoin(covered, ", ")));
}

double NominalOf(const std::vector<api::ResourceGroup>& groups, const std::string& resource) {
  double sum = 0;
  for (const api::ResourceGroup& group : groups) {
    for (const api::FlavorQuotas& flavor : group.flavors) {
      for (const api::ResourceQuota& quota : flavor.resources) {
        if (quota.name == resource) sum += quota.nominal_quota.ToDouble();
      }
    }
  }
  return sum;
}

TeamQuota QuotaOf(const api::ClusterQueue& cluster_queue, const std::string& resource) {
  TeamQuota quotas;
  for (const api::ResourceGroup& group : cluster_queue.resource_groups) {
    for (const api::FlavorQuotas& flavor : group.flavors) {
      for (const api::ResourceQuota& quota : flavor.resources) {
        if (quota.name == resource) quotas.push_back({flavor.name, quota.nominal_quota.ToDouble()});
      }
    }
  }
  return quotas;
}

double CapacityOf(const api::Node& node, const std::string& resource) {
  const bool ready = std::any_of(node.conditions.begin(), node.conditions.end(),
                                 [](const api::Condition& c) { return c.type == "Ready" && c.status == "True"; });
  const auto amount = node.allocatable.find(resource);
  return ready && amount != node.allocatable.end() ? amount->second.ToDouble() : 0;
}

void SetReady(bool ready, api::Node* node) {
  std::erase_if(node->conditions, [](const api::Condition& c) { return c.type == "Ready"; });
  api::Condition condition;
  condition.type = "Ready";
  condition.status = ready ? "True" : "False";
  node->conditions.push_back(std::move(condition));
}

std::string MainResource(const ReplayPolicy& policy) {
  std::string first;
  for (const api::ClusterQueue& cq : policy.cluster_queues) {
    for (const api::ResourceGroup& group : cq.resource_groups) {
      for (const std::string& resource : group.covered_resources) {
        for (absl::string_view word : {"gpu", "tpu", "npu", "neuron"}) {
          if (absl::StrContains(resource, word)) return resource;
        }
        if (first.empty()) first = resource;
      }
    }
  }
  return first;
}

}  // namespace muster::sim
