#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/admission_gates.h"
#include "api/label_syntax.h"
#include "api/resource_units.h"
#include "api/validators.h"
#include "api/vocabulary.h"

namespace muster::api {
namespace {

constexpr char kReservedResource[] = "pods";

// metadata.annotations[key]
struct AnnotationPath {
  explicit AnnotationPath(absl::string_view key)
      : meta(root.Field("metadata")), annotations(meta.Field("annotations")), path(annotations.Key(key)) {}
  JsonPath root;
  JsonPath meta;
  JsonPath annotations;
  JsonPath path;
};

// In the order of the spec.
std::vector<std::string> PodSetNames(const Workload& workload) {
  std::vector<std::string> names;
  for (const PodSet& pod_set : workload.spec.pod_sets) names.push_back(pod_set.name);
  return names;
}

// By name, the first of several.
using PodSetsByName = std::map<absl::string_view, const PodSet*>;
PodSetsByName ByName(const Workload& workload) {
  PodSetsByName pod_sets;
  for (const PodSet& pod_set : workload.spec.pod_sets) pod_sets.emplace(pod_set.name, &pod_set);
  return pod_sets;
}

void CheckResourceList(const ResourceList& list, const JsonPath& path, const ValidationOptions& options,
                       FieldErrors& errors) {
  for (const auto& [name, quantity] : list) {
    if (name == kReservedResource) {
      errors.Invalid(path.Key(name), Quoted(name), "the key is reserved for internal kueue use");
    }
    if (options.gates[Gate::kWorkloadValidateResourcesAreNonNegative])
      errors.CheckNonNegative(path.Key(name), quantity);
  }
}

void CheckResources(const ResourceRequirements& resources, const JsonPath& path, const ValidationOptions& options,
                    FieldErrors& errors) {
  CheckResourceList(resources.requests, path.Field("requests"), options, errors);
  CheckResourceList(resources.limits, path.Field("limits"), options, errors);
}

void CheckContainers(const std::vector<Container>& containers, const JsonPath& path, const ValidationOptions& options,
                     FieldErrors& errors) {
  for (size_t i = 0; i < containers.size(); ++i) {
    const JsonPath item = path.Item(static_cast<int>(i));
    CheckResources(containers[i].resources, item.Field("resources"), options, errors);
  }
}

void CheckTopologyRequest(const TopologyRequest& request, const JsonPath& path, FieldErrors& errors) {
  const JsonPath size = path.Field("podSetSliceSize");
  if (request.pod_set_slice_required_topology.has_value()) {
    if (!request.pod_set_slice_size.has_value()) {
      errors.Required(size, "must be set when podSetSliceRequiredTopology is specified");
    } else if (*request.pod_set_slice_size <= 0) {
      errors.Invalid(size, absl::StrCat(*request.pod_set_slice_size), "must be greater than 0");
    }
  } else if (request.pod_set_slice_size.has_value()) {
    errors.Forbidden(size, "may not be set when podSetSliceRequiredTopology is not specified");
  }
  const JsonPath constraints = path.Field("podsetSliceRequiredTopologyConstraints");
  for (size_t i = 0; i < request.pod_set_slice_constraints.size(); ++i) {
    const int32_t layer = request.pod_set_slice_constraints[i].size;
    if (layer > 0) continue;
    const JsonPath item = constraints.Item(static_cast<int>(i));
    errors.Invalid(item.Field("size"), absl::StrCat(layer), "must be greater than 0");
  }
}

void ValidatePodSet(const PodSet& pod_set, const JsonPath& path, const ValidationOptions& options,
                    FieldErrors& errors) {
  const JsonPath pod_template = path.Field("template");
  const JsonPath spec = pod_template.Field("spec");
  if (options.gates[Gate::kWorkloadValidationForPodSetMetadata]) {
    const JsonPath metadata = pod_template.Field("metadata");
    errors.CheckLabels(metadata.Field("labels"), pod_set.pod_template.metadata.labels);
    errors.CheckAnnotations(metadata.Field("annotations"), pod_set.pod_template.metadata.annotations);
  }
  const PodSpec& pod = pod_set.pod_template.spec;
  CheckContainers(pod.init_containers, spec.Field("initContainers"), options, errors);
  CheckContainers(pod.containers, spec.Field("containers"), options, errors);
  if (pod.resources.has_value()) CheckResources(*pod.resources, spec.Field("resources"), options, errors);
  if (pod_set.topology_request.has_value() && options.gates[Gate::kTASValidateWorkloadSliceSize]) {
    CheckTopologyRequest(*pod_set.topology_request, path.Field("topologyRequest"), errors);
  }
}

bool IsQuotaReserved(const Workload& workload) { return IsConditionTrue(workload.status.conditions, "QuotaReserved"); }

void ValidateAdmission(const Workload& workload, const PodSetsByName& pod_sets, const Workload* before,
                       const JsonPath& path, FieldErrors& errors) {
  if (!workload.status.admission.has_value()) {
    // What is in that state already may be changed, lest it could not even lose its finalizer.
    if (before != nullptr && IsQuotaReserved(*before) && !before->status.admission.has_value()) return;
    return errors.Required(path, "must be set while the QuotaReserved condition is true");
  }
  const std::vector<PodSetAssignment>& assignments = workload.status.admission->pod_set_assignments;
  const JsonPath list = path.Field("podSetAssignments");
  for (size_t i = 0; i < assignments.size(); ++i) {
    const PodSetAssignment& assignment = assignments[i];
    const JsonPath item = list.Item(static_cast<int>(i));
    if (pod_sets.count(assignment.name) == 0) errors.NotFound(item.Field("name"), assignment.name);
    const int32_t count = assignment.count.value_or(0);
    if (count <= 0) continue;
    const JsonPath usage = item.Field("resourceUsage");
    for (const auto& [resource, quantity] : assignment.resource_usage) {
      const int64_t amount = CountedAmount(resource, quantity);
      if (amount % count == 0) continue;
      // Kueue prints the address of the count, by accident. What compares messages with Kueue's masks numbers of six
      // digits and more here.
      errors.Invalid(usage.Key(resource), Quoted(quantity.ToString()),
                     absl::StrFormat("is not a multiple of %06d", count));
    }
  }
}

void ValidateReclaimablePods(const Workload& workload, const PodSetsByName& pod_sets, const Workload* before,
                             const ValidationOptions& options, const JsonPath& path, FieldErrors& errors) {
  // A count from before an elastic job was scaled down stands until its controller has seen to it.
  std::set<std::pair<absl::string_view, int32_t>> stale;
  if (before != nullptr && IsElastic(workload, options)) {
    for (const ReclaimablePod& old : before->status.reclaimable_pods) stale.emplace(old.name, old.count);
  }
  const std::vector<std::string> names = PodSetNames(workload);
  for (const ReclaimablePod& pods : workload.status.reclaimable_pods) {
    const JsonPath item = path.Key(pods.name);
    const auto found = pod_sets.find(pods.name);
    if (found == pod_sets.end()) {
      errors.NotSupported(item.Field("name"), pods.name, names);
    } else if (pods.count > found->second->count && stale.count({pods.name, pods.count}) == 0) {
      errors.Invalid(item.Field("count"), absl::StrCat(pods.count),
                     absl::StrCat("should be less or equal to ", found->second->count));
    }
  }
}

void ValidateCheckStates(const Workload& workload, const PodSetsByName& pod_sets, const JsonPath& path,
                         FieldErrors& errors) {
  std::vector<std::string> names = PodSetNames(workload);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (size_t c = 0; c < workload.status.admission_checks.size(); ++c) {
    const JsonPath check = path.Item(static_cast<int>(c));
    const JsonPath updates = check.Field("podSetUpdates");
    const std::vector<PodSetUpdate>& pod_set_updates = workload.status.admission_checks[c].pod_set_updates;
    for (size_t u = 0; u < pod_set_updates.size(); ++u) {
      const PodSetUpdate& update = pod_set_updates[u];
      const JsonPath item = updates.Item(static_cast<int>(u));
      if (pod_sets.count(update.name) == 0) {
        errors.NotSupported(item.Field("name"), update.name, names);
      }
      errors.CheckTolerationKeys(item.Field("tolerations"), update.tolerations);
      errors.CheckAnnotations(item.Field("annotations"), update.annotations);
      errors.CheckLabels(item.Field("nodeSelector"), update.node_selector);
      errors.CheckLabels(item.Field("labels"), update.labels);
    }
  }
}

void ValidateGates(const Workload& workload, FieldErrors& errors) {
  const auto it = workload.metadata.annotations.find(kAdmissionGatedByAnnotation);
  if (it == workload.metadata.annotations.end()) return;
  CheckAdmissionGates(AnnotationPath(kAdmissionGatedByAnnotation).path, it->second, errors);
}

void ValidatePriorityBoost(const Workload& workload, FieldErrors& errors) {
  const auto it = workload.metadata.annotations.find(kPriorityBoostAnnotation);
  if (it == workload.metadata.annotations.end()) return;
  const AnnotationPath annotation(kPriorityBoostAnnotation);
  int32_t value = 0;
  if (it->second.empty()) {
    errors.Invalid(annotation.path, Quoted(it->second),
                   "must be a valid signed integer; use \"0\" explicitly, empty string is not allowed");
  } else if (absl::ascii_isspace(it->second.front()) || absl::ascii_isspace(it->second.back()) ||
             !absl::SimpleAtoi(it->second, &value)) {
    errors.Invalid(annotation.path, Quoted(it->second), "must be a valid signed integer");
  }
}

void ValidatePodSetSchema(const PodSet& pod_set, const JsonPath& path, FieldErrors& errors) {
  constexpr size_t kMaxNameLength = 63;
  constexpr size_t kMaxConstraints = 3;
  errors.CheckLabel(path.Field("name"), pod_set.name, kMaxNameLength);
  errors.CheckAtLeast(path.Field("count"), pod_set.count, 0);
  if (pod_set.min_count.has_value()) {
    errors.CheckAtLeast(path.Field("minCount"), *pod_set.min_count, 1);
    if (*pod_set.min_count > pod_set.count) {
      errors.Invalid(path, "", "minCount should be positive and less or equal to count");
    }
  }
  if (!pod_set.topology_request.has_value()) return;
  const JsonPath request = path.Field("topologyRequest");
  const JsonPath constraints = request.Field("podsetSliceRequiredTopologyConstraints");
  const std::vector<SliceConstraint>& slices = pod_set.topology_request->pod_set_slice_constraints;
  errors.CheckItems(constraints, slices.size(), 0, kMaxConstraints);
  for (size_t i = 0; i < slices.size(); ++i) {
    const JsonPath item = constraints.Item(static_cast<int>(i));
    errors.CheckAtLeast(item.Field("size"), slices[i].size, 1);
  }
}

void ValidatePriority(const WorkloadSpec& workload, const JsonPath& spec, FieldErrors& errors) {
  if (!workload.priority_class_ref.has_value()) return;
  const PriorityClassRef& ref = *workload.priority_class_ref;
  const JsonPath path = spec.Field("priorityClassRef");
  errors.CheckEnum(path.Field("group"), ref.group, {"kueue.x-k8s.io", "scheduling.k8s.io"});
  errors.CheckSubdomain(path.Field("name"), ref.name);
  if (ref.group == "scheduling.k8s.io" && ref.kind != "PriorityClass") {
    errors.Invalid(path, "", "only the PriorityClass kind is allowed for the scheduling.k8s.io group");
  }
  if (ref.group == "kueue.x-k8s.io" && ref.kind != "WorkloadPriorityClass") {
    errors.Invalid(path, "", "only the WorkloadPriorityClass kind is allowed for the kueue.x-k8s.io group");
  }
  if (!workload.priority.has_value()) {
    errors.Invalid(spec, "", "priority should not be nil when priorityClassRef is set");
  }
}

void ValidateStatusSchema(const Workload& workload, const JsonPath& status, FieldErrors& errors) {
  constexpr size_t kMaxChecks = 8;
  constexpr size_t kMaxUnhealthyNodes = 8;
  constexpr size_t kMaxClusterNames = 20;
  const WorkloadStatus& s = workload.status;
  ValidateConditionSchema(s.conditions, status.Field("conditions"), errors);
  const JsonPath checks = status.Field("admissionChecks");
  errors.CheckItems(checks, s.admission_checks.size(), 0, kMaxChecks);
  for (size_t i = 0; i < s.admission_checks.size(); ++i) {
    const JsonPath item = checks.Item(static_cast<int>(i));
    errors.CheckEnum(item.Field("state"), s.admission_checks[i].state, {"Pending", "Ready", "Retry", "Rejected"});
  }
  errors.CheckItems(status.Field("unhealthyNodes"), s.unhealthy_nodes.size(), 0, kMaxUnhealthyNodes);
  errors.CheckItems(status.Field("nominatedClusterNames"), s.nominated_cluster_names.size(), 0, kMaxClusterNames);
  if (!s.cluster_name.empty() && !s.nominated_cluster_names.empty()) {
    errors.Invalid(status, "", "clusterName and nominatedClusterNames are mutually exclusive");
  }
  if (s.admission.has_value() && s.admission->pod_set_assignments.size() != workload.spec.pod_sets.size()) {
    errors.Invalid(status.Field("admission"), "", "podSetAssignments must have the same number of podSets as the spec");
  }
}

void ValidateSchema(const Workload& workload, const JsonPath& root, FieldErrors& errors) {
  constexpr size_t kMaxPodSets = 18;
  constexpr size_t kMaxPreemptionGates = 8;
  const JsonPath spec = root.Field("spec");
  const JsonPath pod_sets = spec.Field("podSets");
  errors.CheckName(workload.metadata);
  errors.CheckItems(pod_sets, workload.spec.pod_sets.size(), 0, kMaxPodSets);
  std::set<std::string> names;
  for (size_t i = 0; i < workload.spec.pod_sets.size(); ++i) {
    const PodSet& pod_set = workload.spec.pod_sets[i];
    const JsonPath item = pod_sets.Item(static_cast<int>(i));
    ValidatePodSetSchema(pod_set, item, errors);
    if (!names.insert(pod_set.name).second) {
      errors.Duplicate(item, absl::StrCat("{\"name\":", Quoted(pod_set.name), "}"));
    }
  }
  errors.CheckSubdomain(spec.Field("queueName"), workload.spec.queue_name);
  ValidatePriority(workload.spec, spec, errors);
  if (workload.spec.maximum_execution_time_seconds.has_value()) {
    errors.CheckAtLeast(spec.Field("maximumExecutionTimeSeconds"), *workload.spec.maximum_execution_time_seconds, 1);
  }
  errors.CheckItems(spec.Field("preemptionGates"), workload.spec.preemption_gates.size(), 0, kMaxPreemptionGates);
  ValidateStatusSchema(workload, root.Field("status"), errors);
}

}  // namespace

bool IsElastic(const Workload& workload, const ValidationOptions& options) {
  const auto it = workload.metadata.annotations.find(kElasticJobAnnotation);
  return options.gates[Gate::kElasticJobsViaWorkloadSlices] && it != workload.metadata.annotations.end() &&
         it->second == "true";
}

void ValidateWorkload(const Workload& workload, const Workload* before, const ValidationOptions& options,
                      FieldErrors& errors) {
  const JsonPath root;
  if (options.rules == ValidationOptions::Rules::kAll) ValidateSchema(workload, root, errors);
  const JsonPath spec = root.Field("spec");
  const JsonPath pod_sets = spec.Field("podSets");
  size_t variable = 0;
  for (size_t i = 0; i < workload.spec.pod_sets.size(); ++i) {
    if (workload.spec.pod_sets[i].min_count.has_value()) ++variable;
    ValidatePodSet(workload.spec.pod_sets[i], pod_sets.Item(static_cast<int>(i)), options, errors);
  }
  if (variable > 1) errors.Invalid(pod_sets, absl::StrCat(variable), "at most one podSet can use minCount");
  if (variable > 0 && IsElastic(workload, options)) {
    errors.Invalid(pod_sets, absl::StrCat(variable), "partial admission and elastic job cannot be used together");
  }
  const JsonPath status = root.Field("status");
  const PodSetsByName by_name = ByName(workload);
  if (IsQuotaReserved(workload)) ValidateAdmission(workload, by_name, before, status.Field("admission"), errors);
  // The schema asks for nearly the same, in its own words.
  if (options.rules == ValidationOptions::Rules::kWebhook) {
    errors.CheckConditions(status.Field("conditions"), workload.status.conditions);
  }
  ValidateReclaimablePods(workload, by_name, before, options, status.Field("reclaimablePods"), errors);
  ValidateCheckStates(workload, by_name, status.Field("admissionChecks"), errors);
  if (options.gates[Gate::kAdmissionGatedBy]) ValidateGates(workload, errors);
  if (options.gates[Gate::kPriorityBoost]) ValidatePriorityBoost(workload, errors);
}

}  // namespace muster::api
