#include "manager/scheduling/resource_requests.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/codec.h"
#include "api/resource_units.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/requests/transform_requests.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// The object as T; nullopt when it is not there or cannot be read.
template <class T>
std::optional<T> Read(const kube::ObjectPtr& object) {
  if (object == nullptr) return std::nullopt;
  absl::StatusOr<api::Object> read = api::DecodeObject(object->value());
  if (!read.ok()) return std::nullopt;
  return std::get<T>(*std::move(read));
}

}  // namespace

json ResourceRequestsOf(const World& world, const api::Workload& workload) {
  static const kube::ResourceType& limit_range_type = kube::TypeOf("", "LimitRange");
  static const kube::ResourceType& runtime_class_type = kube::TypeOf("node.k8s.io", "RuntimeClass");
  std::vector<api::LimitRange> ranges;
  for (const kube::ObjectPtr& object : world.objects.List(limit_range_type, workload.metadata.ns)) {
    if (std::optional<api::LimitRange> range = Read<api::LimitRange>(object)) ranges.push_back(*std::move(range));
  }
  std::vector<const api::LimitRange*> pointers;
  for (const api::LimitRange& range : ranges) pointers.push_back(&range);
  json out = json::array();
  for (const api::PodSet& set : workload.spec.pod_sets) {
    api::PodSpec spec = set.pod_template.spec;
    std::optional<api::RuntimeClass> runtime_class;
    if (!spec.runtime_class_name.empty()) {
      runtime_class = Read<api::RuntimeClass>(world.objects.Find(runtime_class_type, "", spec.runtime_class_name));
    }
    scheduler::AdjustResources(pointers, runtime_class.has_value() ? &*runtime_class : nullptr, &spec);
    json resources = json::object();
    for (const scheduler::NamedAmount& each :
         scheduler::TransformRequests(scheduler::PodRequests(spec), world.options.engine.transformations)) {
      resources[each.resource] = api::FormatAmount(each.resource, each.amount * set.count);
    }
    out.push_back({{"name", set.name}, {"resources", std::move(resources)}});
  }
  return out;
}

}  // namespace muster::manager
