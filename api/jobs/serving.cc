#include "api/jobs/serving.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/hyperpod/catalog.h"
#include "api/vocabulary.h"

namespace muster::api {
namespace {

using nlohmann::json;

constexpr char kGroup[] = "inference.sagemaker.aws.amazon.com";

// Binds the pod to nodes of the types it may run on.
absl::Status SetInstanceTypes(const json& spec, absl::string_view one, absl::string_view several, PodSpec* pod) {
  std::vector<std::string> types;
  if (const json* type = At(spec, one); type != nullptr && type->is_string()) types.push_back(type->get<std::string>());
  if (const json* list = several.empty() ? nullptr : At(spec, several);
      types.empty() && list != nullptr && list->is_array()) {
    for (const json& type : *list) {
      if (type.is_string()) types.push_back(type.get<std::string>());
    }
  }
  for (const std::string& type : types) {
    if (!absl::StartsWith(type, "ml.")) {
      return absl::InvalidArgumentError(
          absl::StrCat("spec", std::string(one), ": instance type \"", type, "\" must start with \"ml.\""));
    }
  }
  if (types.size() == 1) {
    pod->node_selector[kInstanceTypeLabel] = types[0];
  } else if (types.size() > 1) {
    NodeAffinity& affinity = pod->node_affinity.emplace();
    affinity.required.emplace().emplace_back().match_expressions.push_back({kInstanceTypeLabel, "In", types});
  }
  return absl::OkStatus();
}

absl::StatusOr<Container> EndpointContainer(const json& spec) {
  const json* worker = At(spec, "/worker");
  if (worker == nullptr || !worker->is_object()) {
    return absl::InvalidArgumentError("spec.worker: is needed, with the resources of the container");
  }
  json container = {{"name", "worker"}};
  if (const json* resources = At(*worker, "/resources")) container["resources"] = *resources;
  return DecodePart<Container>(container, "spec.worker");
}

absl::StatusOr<Container> ModelContainer(const json& spec) {
  Container container;
  container.name = "server";
  const json* type = At(spec, "/server/instanceType");
  if (type == nullptr || !type->is_string()) {
    return absl::InvalidArgumentError("spec.server.instanceType: is needed, for example ml.g5.8xlarge");
  }
  if (const json* partition = At(spec, "/server/acceleratorPartitionType");
      partition != nullptr && partition->is_string()) {
    const std::string name = partition->get<std::string>();
    if (!absl::StartsWith(name, "mig-")) {
      return absl::InvalidArgumentError(
          absl::StrCat("spec.server.acceleratorPartitionType: \"", name, "\" must start with \"mig-\""));
    }
    container.resources.requests[absl::StrCat("nvidia.com/", name)] = Quantity::FromValue(1);
    return container;
  }
  const hyperpod::InstanceType* known = hyperpod::FindInstanceType(type->get<std::string>());
  if (known == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("spec.server.instanceType: \"", type->get<std::string>(),
                                                   "\" is not an instance type of HyperPod"));
  }
  if (known->accelerators > 0) {
    container.resources.requests[known->accelerator_resource] = Quantity::FromValue(known->accelerators);
  }
  return container;
}

}  // namespace

bool IsServingKind(const JobKind& kind) { return kind.group == kGroup; }

absl::StatusOr<std::vector<PodSet>> ServingPodSets(const JobSource& job) {
  const json* spec = At(*job.manifest, "/spec");
  if (spec == nullptr || !spec->is_object()) return absl::InvalidArgumentError("spec: is needed");
  const bool model = job.kind->kind == "JumpStartModel";
  absl::StatusOr<Container> container = model ? ModelContainer(*spec) : EndpointContainer(*spec);
  if (!container.ok()) return container.status();
  PodSet set;
  set.name = "main";
  set.count = 1;
  PodSpec& pod = set.pod_template.spec;
  pod.containers.push_back(*std::move(container));
  absl::Status types = model ? SetInstanceTypes(*spec, "/server/instanceType", "", &pod)
                             : SetInstanceTypes(*spec, "/instanceType", "/instanceTypes", &pod);
  if (!types.ok()) return types;
  return std::vector<PodSet>{std::move(set)};
}

}  // namespace muster::api
