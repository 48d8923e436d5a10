#include "manager/scheduling/resource_requests.h"

#include <optional>
#include <vector>

#include "api/core.h"
#include "api/resource_units.h"
#include "kube/resource_type.h"
#include "manager/core/read_as.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/requests/transform_requests.h"

namespace muster::manager {

using nlohmann::json;

json ResourceRequestsOf(const World& world, const api::Workload& workload) {
  static const kube::ResourceType& runtime_class_type = kube::TypeOf("node.k8s.io", "RuntimeClass");
  const std::vector<api::LimitRange> ranges = LimitRangesOf(world, workload.metadata.ns);
  std::vector<const api::LimitRange*> pointers;
  for (const api::LimitRange& range : ranges) pointers.push_back(&range);
  json out = json::array();
  for (const api::PodSet& set : workload.spec.pod_sets) {
    api::PodSpec spec = set.pod_template.spec;
    std::optional<api::RuntimeClass> runtime_class;
    if (!spec.runtime_class_name.empty()) {
      runtime_class = ReadAs<api::RuntimeClass>(world.objects.Find(runtime_class_type, "", spec.runtime_class_name));
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
