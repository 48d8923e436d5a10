#include "manager/core/finalizers.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/names.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

Plan Update(kube::Request request) {
  Plan plan;
  Step& step = plan.steps.emplace_back();
  step.request = std::move(request);
  step.gone_is_fine = true;
  return plan;
}

bool NamesFlavor(const kube::Object& cluster_queue, absl::string_view flavor) {
  const json* groups = cluster_queue.At("/spec/resourceGroups");
  if (groups == nullptr || !groups->is_array()) return false;
  for (const json& each : *groups) {
    absl::StatusOr<api::ResourceGroup> group = api::DecodePart<api::ResourceGroup>(each);
    if (!group.ok()) return true;  // when in doubt, it is used
    for (const api::FlavorQuotas& quotas : group->flavors) {
      if (quotas.name == flavor) return true;
    }
  }
  return false;
}

bool NamesCheck(const kube::Object& cluster_queue, absl::string_view check) {
  const json* list = cluster_queue.At("/spec/admissionChecksStrategy/admissionChecks");
  if (list == nullptr || !list->is_array()) return false;
  for (const json& each : *list) {
    const auto it = each.is_object() ? each.find("name") : each.end();
    if (each.is_object() && it != each.end() && it->is_string() && it->get_ref<const std::string&>() == check)
      return true;
  }
  return false;
}

bool IsReferenced(const World& world, const kube::ObjectKey& key) {
  if (key.type == &TopologyType()) {
    for (const kube::ObjectPtr& flavor : world.objects.List(ResourceFlavorType())) {
      if (flavor->StringAt("/spec/topologyName") == key.name) return true;
    }
    return false;
  }
  for (const kube::ObjectPtr& queue : world.objects.List(ClusterQueueType())) {
    if (key.type == &ResourceFlavorType() ? NamesFlavor(*queue, key.name) : NamesCheck(*queue, key.name)) return true;
  }
  return false;
}

}  // namespace

std::optional<Plan> KeepWhileUsed(const kube::Object& object, bool in_use) {
  const bool has = object.HasFinalizer(api::kResourceInUseFinalizer);
  if (object.deleting()) {
    if (!has) return Plan{};
    if (in_use) return std::nullopt;
    return Update(WithoutFinalizer(object, api::kResourceInUseFinalizer));
  }
  if (has) return std::nullopt;
  kube::Request request;
  request.verb = kube::Verb::kUpdate;
  request.key = object.key();
  request.body = object.value();
  request.body["metadata"]["finalizers"].push_back(api::kResourceInUseFinalizer);
  return Update(std::move(request));
}

Plan ReconcileReferenced(const Context& context, const kube::ObjectKey& key) {
  const kube::ObjectPtr object = context.world.objects.Find(key);
  if (object == nullptr) return {};
  const bool in_use = object->deleting() && IsReferenced(context.world, key);
  return KeepWhileUsed(*object, in_use).value_or(Plan{});
}

Plan ReconcilePriorityClass(const Context& context, absl::string_view name) {
  Plan plan;
  const kube::ObjectPtr priority_class = context.world.objects.Find(WorkloadPriorityClassType(), "", name);
  if (priority_class == nullptr) return plan;
  const int64_t value = priority_class->IntAt("/value");
  for (const kube::ObjectPtr& workload : context.world.objects.Lookup(kWorkloadsByPriorityClass, std::string(name))) {
    if (workload->At("/spec/priority") != nullptr && workload->IntAt("/spec/priority") == value) continue;
    Step& step = plan.steps.emplace_back();
    step.request.verb = kube::Verb::kUpdate;
    step.request.key = workload->key();
    step.request.body = workload->value();
    step.request.body["spec"]["priority"] = value;
    step.gone_is_fine = true;
  }
  return plan;
}

}  // namespace muster::manager
