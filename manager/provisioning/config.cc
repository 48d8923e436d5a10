#include "manager/provisioning/config.h"

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/jobs/read.h"

namespace muster::manager {
namespace {

using nlohmann::json;

}  // namespace

ProvisioningConfig ReadProvisioningConfig(const kube::Object& config) {
  const json& value = config.value();
  ProvisioningConfig read;
  read.class_name = TextAt(value, "/spec/provisioningClassName");
  if (const json* parameters = config.At("/spec/parameters"); parameters != nullptr && parameters->is_object()) {
    for (const auto& [key, each] : parameters->items()) {
      if (each.is_string()) read.parameters[key] = each.get<std::string>();
    }
  }
  for (const json& resource : ListAt(value, "/spec/managedResources")) {
    if (resource.is_string()) read.managed_resources.insert(resource.get<std::string>());
  }
  read.backoff_limit = static_cast<int32_t>(IntAt(value, "/spec/retryStrategy/backoffLimitCount", read.backoff_limit));
  read.backoff_base = IntAt(value, "/spec/retryStrategy/backoffBaseSeconds", read.backoff_base);
  read.backoff_max = IntAt(value, "/spec/retryStrategy/backoffMaxSeconds", read.backoff_max);
  if (config.At("/spec/podSetUpdates") != nullptr) {
    read.node_selector.emplace();
    for (const json& each : ListAt(value, "/spec/podSetUpdates/nodeSelector")) {
      read.node_selector->emplace_back(TextAt(each, "/key"), TextAt(each, "/valueFromProvisioningClassDetail"));
    }
  }
  read.merge_policy = TextAt(value, "/spec/podSetMergePolicy");
  return read;
}

bool IsProvisioningCheck(const kube::Object& admission_check) {
  return admission_check.StringAt("/spec/controllerName") == api::kProvisioningController;
}

absl::StatusOr<kube::ObjectPtr> FindProvisioningConfig(const World& world, const kube::Object& admission_check) {
  const kube::ResourceType& type = ProvisioningRequestConfigType();
  const json* reference = admission_check.At("/spec/parameters");
  if (reference == nullptr) return absl::InvalidArgumentError("missing parameters reference");
  const std::string group = TextAt(*reference, "/apiGroup"), kind = TextAt(*reference, "/kind");
  const std::string name = TextAt(*reference, "/name");
  constexpr char kBad[] = ": bad parameters reference";
  if (name.empty()) return absl::InvalidArgumentError(absl::StrCat("empty name", kBad));
  if (group != type.group) {
    return absl::InvalidArgumentError(
        absl::StrCat("wrong group \"", group, "\", expecting \"", type.group, "\"", kBad));
  }
  if (kind != type.kind) {
    return absl::InvalidArgumentError(absl::StrCat("wrong kind \"", kind, "\", expecting \"", type.kind, "\"", kBad));
  }
  kube::ObjectPtr config = world.objects.Find(type, "", name);
  if (config == nullptr) {
    return absl::NotFoundError(absl::StrCat(type.plural, ".", type.group, " \"", name, "\" not found"));
  }
  return config;
}

std::vector<kube::ObjectPtr> ChecksWithConfig(const World& world, absl::string_view config) {
  std::vector<kube::ObjectPtr> checks;
  for (kube::ObjectPtr& check : world.objects.List(AdmissionCheckType())) {
    if (!IsProvisioningCheck(*check) || check->StringAt("/spec/parameters/name") != config) continue;
    const absl::StatusOr<kube::ObjectPtr> found = FindProvisioningConfig(world, *check);
    // One that names a config that is gone counts, too.
    if (found.ok() || absl::IsNotFound(found.status())) checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace muster::manager
