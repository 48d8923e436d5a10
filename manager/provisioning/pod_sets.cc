#include "manager/provisioning/pod_sets.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pod_set_info.h"
#include "manager/jobs/read.h"
#include "manager/jobs/same_pods.h"

namespace muster::manager {
namespace {

using nlohmann::json;

bool Uses(const api::PodSpec& pod, const std::set<std::string>& resources) {
  const auto uses = [&](const api::Container& container) {
    const auto managed = [&](const auto& each) { return resources.count(each.first) > 0; };
    return std::any_of(container.resources.requests.begin(), container.resources.requests.end(), managed) ||
           std::any_of(container.resources.limits.begin(), container.resources.limits.end(), managed);
  };
  return std::any_of(pod.init_containers.begin(), pod.init_containers.end(), uses) ||
         std::any_of(pod.containers.begin(), pod.containers.end(), uses);
}

bool Wants(const api::PodSet& pod_set, const ProvisioningConfig& config) {
  return pod_set.count > 0 &&
         (config.managed_resources.empty() || Uses(pod_set.pod_template.spec, config.managed_resources));
}

const api::PodSetAssignment* AssignmentOf(const api::Workload& workload, const std::string& pod_set) {
  for (const api::PodSetAssignment& each : workload.status.admission->pod_set_assignments) {
    if (each.name == pod_set) return &each;
  }
  return nullptr;
}

absl::Status Unassigned(const std::string& pod_set) {
  return absl::FailedPreconditionError(
      absl::StrCat("inconsistent podSet assignments: missing assignment for PodSet \"", pod_set, "\""));
}

const json& AtOrNull(const json& value, absl::string_view pointer) {
  static const json& none = *new json();
  const json* found = api::At(value, pointer);
  return found == nullptr ? none : *found;
}

bool SameRequests(const json& a, const json& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!SameMeaning(AtOrNull(a[i], "/resources/requests"), AtOrNull(b[i], "/resources/requests"))) return false;
  }
  return true;
}

// Whether the scheduler sees no difference between the pods.
bool ScheduledAlike(const json& a, const json& b) {
  for (const char* containers : {"/spec/containers", "/spec/initContainers"}) {
    if (!SameRequests(ListAt(a, containers), ListAt(b, containers))) return false;
  }
  constexpr const char* kFields[] = {"/spec/resources", "/spec/nodeSelector", "/spec/tolerations", "/spec/affinity",
                                     "/spec/resourceClaims"};
  return std::all_of(std::begin(kFields), std::end(kFields),
                     [&](const char* field) { return SameMeaning(AtOrNull(a, field), AtOrNull(b, field)); });
}

bool MayMerge(const json& a, const json& b, const std::string& policy) {
  if (policy == "IdenticalPodTemplates") return SameMeaning(a, b);
  return policy == "IdenticalWorkloadSchedulingRequirements" && ScheduledAlike(a, b);
}

void RequestLimits(json* resources) {
  const auto limits = resources->find("limits");
  if (limits == resources->end() || !limits->is_object()) return;
  const json all = *limits;
  json& requests = Member(*resources, "requests");
  for (const auto& [resource, amount] : all.items()) {
    if (!requests.contains(resource)) requests[resource] = amount;
  }
}

}  // namespace

absl::StatusOr<bool> NeedsProvisioning(const api::Workload& workload, const ProvisioningConfig& config) {
  for (const api::PodSet& pod_set : workload.spec.pod_sets) {
    if (!Wants(pod_set, config)) continue;
    const api::PodSetAssignment* assignment = AssignmentOf(workload, pod_set.name);
    if (assignment == nullptr) return Unassigned(pod_set.name);
    if (assignment->count.value_or(pod_set.count) > 0) return true;
  }
  return false;
}

absl::StatusOr<std::vector<ProvisionedPodSet>> ProvisionedPodSets(const kube::Object& object,
                                                                  const api::Workload& workload,
                                                                  const ProvisioningConfig& config) {
  const json& raw = ListAt(object.value(), "/spec/podSets");
  const auto template_of = [&](size_t i) -> const json& { return AtOrNull(raw[i], "/template"); };
  std::vector<ProvisionedPodSet> merged;
  for (size_t i = 0; i < workload.spec.pod_sets.size() && i < raw.size(); ++i) {
    const api::PodSet& pod_set = workload.spec.pod_sets[i];
    if (!Wants(pod_set, config)) continue;
    const api::PodSetAssignment* assignment = AssignmentOf(workload, pod_set.name);
    if (assignment == nullptr) return Unassigned(pod_set.name);
    const int64_t count = assignment->count.value_or(pod_set.count);
    if (count <= 0) continue;
    const auto alike = std::find_if(merged.begin(), merged.end(), [&](const ProvisionedPodSet& each) {
      return MayMerge(template_of(each.pod_set), template_of(i), config.merge_policy);
    });
    if (alike == merged.end()) {
      merged.push_back({i, count});
    } else {
      alike->count += count;
    }
  }
  return merged;
}

absl::StatusOr<json> ProvisionedTemplate(const World& world, const kube::Object& object, const api::Workload& workload,
                                         size_t pod_set) {
  const api::PodSet& of = workload.spec.pod_sets[pod_set];
  const api::PodSetAssignment* assignment = AssignmentOf(workload, of.name);
  if (assignment == nullptr) return Unassigned(of.name);
  const absl::StatusOr<PodSetInfo> info = InfoOfAssignment(world, *assignment, of);
  if (!info.ok()) return info.status();
  json pod_template = AtOrNull(ListAt(object.value(), "/spec/podSets")[pod_set], "/template");
  if (!pod_template.is_object()) pod_template = json::object();
  if (absl::Status status = MergeIntoTemplate(*info, &pod_template); !status.ok()) return status;
  json& spec = Member(pod_template, "spec");
  for (const char* list : {"containers", "initContainers"}) {
    const auto containers = spec.find(list);
    if (containers == spec.end() || !containers->is_array()) continue;
    for (json& container : *containers) {
      if (container.is_object() && container.contains("resources") && container["resources"].is_object()) {
        RequestLimits(&container["resources"]);
      }
    }
  }
  if (const auto resources = spec.find("resources"); resources != spec.end() && resources->is_object()) {
    RequestLimits(&*resources);
  }
  return pod_template;
}

}  // namespace muster::manager
