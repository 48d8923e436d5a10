#include "manager/topology/look_at.h"

#include <string>

#include "api/vocabulary.h"
#include "manager/jobs/pods/pod_state.h"
#include "manager/jobs/read.h"
#include "manager/topology/ungater.h"
#include "manager/vocabulary.h"

namespace muster::manager {
namespace {

using kube::ObjectPtr;

// How long events about pods are collected.
constexpr absl::Duration kUngateBatch = absl::Seconds(1);
constexpr absl::Duration kNodeBatch = absl::Milliseconds(100);

void OfPod(const kube::Object& pod, bool nodes, std::vector<TopologyLook>* looks) {
  if (!IsTopologyAware(pod)) return;
  if (pod.HasAnnotation(kWorkloadAnnotation)) {
    looks->push_back({{&WorkloadType(), pod.ns(), std::string(pod.annotation(kWorkloadAnnotation))}, kUngateBatch});
  }
  if (!nodes) return;
  const absl::string_view node = pod.StringAt("/spec/nodeName");
  if (!node.empty()) {
    if (pod.deleting() || IsTerminated(pod)) looks->push_back({{&NodeType(), "", std::string(node)}, kNodeBatch});
    return;
  }
  const nlohmann::json* selector = pod.At("/spec/nodeSelector");
  if (selector == nullptr || !selector->is_object()) return;
  const auto host = selector->find(api::kHostnameLabel);
  if (host == selector->end() || !host->is_string() || host->get_ref<const std::string&>().empty()) return;
  looks->push_back({{&NodeType(), "", host->get<std::string>()}, kNodeBatch});
}

bool IsReady(const ObjectPtr& node) { return HasTrueCondition(node->value(), "Ready"); }

bool NodeMatters(const World& world, const ObjectPtr& before, const ObjectPtr& after) {
  if (before == nullptr || after == nullptr || IsReady(before) != IsReady(after)) return true;
  return world.options.webhook.gates.IsOn(api::Gate::kTASReplaceNodeOnNodeTaints) &&
         ListAt(before->value(), "/spec/taints") != ListAt(after->value(), "/spec/taints");
}

}  // namespace

std::vector<TopologyLook> TopologyToLookAt(const World& world, const ObjectPtr& before, const ObjectPtr& after) {
  std::vector<TopologyLook> looks;
  if (!world.options.webhook.gates.IsOn(api::Gate::kTopologyAwareScheduling)) return looks;
  const bool nodes = world.options.webhook.gates.IsOn(api::Gate::kTASFailedNodeReplacement);
  const kube::Object& any = after != nullptr ? *after : *before;
  if (&any.type() == &WorkloadType()) {
    if (IsAdmittedByTopology(any)) looks.push_back({any.key(), absl::ZeroDuration()});
  } else if (&any.type() == &PodType()) {
    OfPod(any, nodes, &looks);
  } else if (&any.type() == &NodeType()) {
    if (nodes && NodeMatters(world, before, after)) looks.push_back({any.key(), absl::ZeroDuration()});
  }
  return looks;
}

}  // namespace muster::manager
