// The parts of Kubernetes' core/v1, batch/v1, scheduling/v1 and node/v1 that scheduling a job looks at. Plain data.
// Whatever else an object carries is kept by the codec (see codec.h) and written back unchanged.
#ifndef MUSTER_API_CORE_H_
#define MUSTER_API_CORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "api/meta.h"
#include "api/quantity.h"

namespace muster::api {

// Resource name -> amount, e.g. {"cpu": "500m", "nvidia.com/gpu": "8"}.
using ResourceList = std::map<std::string, Quantity>;

struct Taint {
  std::string key;
  std::string value;
  std::string effect;  // NoSchedule, PreferNoSchedule, NoExecute
  friend bool operator==(const Taint&, const Taint&) = default;
};

struct Toleration {
  std::string key;
  std::string op;  // "" means Equal
  std::string value;
  std::string effect;  // "" means all
  std::optional<int64_t> toleration_seconds;
  friend bool operator==(const Toleration&, const Toleration&) = default;
};

// Whether the toleration covers the taint (Kubernetes: Toleration.ToleratesTaint).
bool Tolerates(const Toleration& toleration, const Taint& taint);

struct NodeSelectorTerm {
  std::vector<Requirement> match_expressions;
  std::vector<Requirement> match_fields;
  friend bool operator==(const NodeSelectorTerm&, const NodeSelectorTerm&) = default;
};

// Whether a node with those labels and that name satisfies all of the term. A term without any requirement matches
// nothing (Kubernetes: nodeaffinity.nodeSelectorTerm). O(requirements x values).
bool Matches(const NodeSelectorTerm& term, const StringMap& node_labels, absl::string_view node_name);

struct PreferredSchedulingTerm {
  int32_t weight = 0;
  NodeSelectorTerm preference;
  friend bool operator==(const PreferredSchedulingTerm&, const PreferredSchedulingTerm&) = default;
};

struct NodeAffinity {
  // requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: any of them (each: all of its requirements).
  std::optional<std::vector<NodeSelectorTerm>> required;
  std::vector<PreferredSchedulingTerm> preferred;
  friend bool operator==(const NodeAffinity&, const NodeAffinity&) = default;
};

struct ResourceRequirements {
  ResourceList requests;
  ResourceList limits;
  friend bool operator==(const ResourceRequirements&, const ResourceRequirements&) = default;
};

struct Container {
  std::string name;
  std::string restart_policy;  // "Always" on an init container makes it a sidecar
  ResourceRequirements resources;
  friend bool operator==(const Container&, const Container&) = default;
};

struct PodSpec {
  std::vector<Container> init_containers;
  std::vector<Container> containers;
  std::optional<ResourceRequirements> resources;  // pod-level resources
  StringMap node_selector;
  std::optional<NodeAffinity> node_affinity;  // affinity.nodeAffinity
  std::vector<Toleration> tolerations;
  std::string priority_class_name;
  std::optional<int32_t> priority;
  std::string runtime_class_name;
  ResourceList overhead;
  std::string node_name;
  std::string restart_policy;
  std::vector<std::string> scheduling_gates;  // schedulingGates[].name
  friend bool operator==(const PodSpec&, const PodSpec&) = default;
};

struct PodTemplateSpec {
  ObjectMeta metadata;
  PodSpec spec;
  friend bool operator==(const PodTemplateSpec&, const PodTemplateSpec&) = default;
};

struct Namespace {
  ObjectMeta metadata;
  friend bool operator==(const Namespace&, const Namespace&) = default;
};

struct Node {
  ObjectMeta metadata;
  bool unschedulable = false;
  std::vector<Taint> taints;
  ResourceList allocatable;
  ResourceList capacity;
  std::vector<Condition> conditions;
  friend bool operator==(const Node&, const Node&) = default;
};

struct Pod {
  ObjectMeta metadata;
  PodSpec spec;
  std::string phase;
  friend bool operator==(const Pod&, const Pod&) = default;
};

struct PriorityClass {
  ObjectMeta metadata;
  int32_t value = 0;
  bool global_default = false;
  friend bool operator==(const PriorityClass&, const PriorityClass&) = default;
};

struct LimitRangeItem {
  std::string type;  // Container, Pod
  ResourceList max;
  ResourceList min;
  ResourceList default_limit;    // default
  ResourceList default_request;  // defaultRequest
  ResourceList max_limit_request_ratio;
  friend bool operator==(const LimitRangeItem&, const LimitRangeItem&) = default;
};

struct LimitRange {
  ObjectMeta metadata;
  std::vector<LimitRangeItem> limits;
  friend bool operator==(const LimitRange&, const LimitRange&) = default;
};

struct RuntimeClass {
  ObjectMeta metadata;
  ResourceList overhead_pod_fixed;  // overhead.podFixed
  friend bool operator==(const RuntimeClass&, const RuntimeClass&) = default;
};

struct Job {
  ObjectMeta metadata;
  std::optional<int32_t> parallelism;
  std::optional<int32_t> completions;
  std::optional<bool> suspend;
  PodTemplateSpec pod_template;
  friend bool operator==(const Job&, const Job&) = default;
};

struct PodTemplate {
  ObjectMeta metadata;
  PodTemplateSpec pod_template;
  friend bool operator==(const PodTemplate&, const PodTemplate&) = default;
};

}  // namespace muster::api

#endif  // MUSTER_API_CORE_H_
