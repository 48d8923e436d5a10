#include "manager/core/queue_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/resource_units.h"
#include "manager/core/pending_reason.h"
#include "manager/names.h"

namespace muster::manager {
namespace {

using nlohmann::json;

bool WaitsForPods(const api::Workload& workload) {
  const api::Condition* reserved = api::FindCondition(workload.status.conditions, kQuotaReserved);
  return reserved != nullptr && reserved->status == "False" && reserved->reason == kReasonWaitingForPodsReady;
}

// Those of the ClusterQueue that `counts` says.
template <class Counts>
QueueFigures Count(const Context& context, scheduler::ClusterQueueId id, Counts counts) {
  const scheduler::Engine& engine = context.engine;
  QueueFigures figures;
  const auto count_pending = [&](const std::vector<scheduler::WorkloadId>& waiting) {
    for (const scheduler::WorkloadId w : waiting) figures.pending += counts(engine.WorkloadKey(w)) ? 1 : 0;
  };
  count_pending(engine.PendingInOrder(id));
  count_pending(engine.Inadmissible(id));
  for (const scheduler::WorkloadId w : engine.Reserving(id)) {
    const std::string& key = engine.WorkloadKey(w);
    if (!counts(key)) continue;
    const size_t slash = key.find('/');
    const kube::ObjectPtr object = context.world.Workload(key.substr(0, slash), key.substr(slash + 1));
    if (object == nullptr) continue;
    const absl::StatusOr<std::shared_ptr<const api::Workload>> workload = context.world.Typed(object);
    // To the engine it holds what it is to have once others' pods are ready.
    if (workload.ok() && WaitsForPods(**workload)) {
      ++figures.pending;
      continue;
    }
    const bool admitted = workload.ok() && api::IsConditionTrue((*workload)->status.conditions, kAdmitted);
    ++figures.reserving;
    figures.admitted += admitted ? 1 : 0;
    for (const scheduler::FlavorResourceAmount& used : engine.ReservedUsage(w)) {
      figures.reservation[{used.flavor, used.resource}] += used.amount;
      if (admitted) figures.usage[{used.flavor, used.resource}] += used.amount;
    }
  }
  return figures;
}

// Workloads of a LocalQueue that could be queued, were there a ClusterQueue to queue them in. (Kueue: IsAdmissible)
int32_t CountAdmissible(const Context& context, const std::string& queue) {
  int32_t count = 0;
  for (const kube::ObjectPtr& object : context.world.objects.Lookup(kWorkloadsByQueue, queue)) {
    const absl::StatusOr<std::shared_ptr<const api::Workload>> workload = context.world.Typed(object);
    if (!workload.ok()) continue;
    const std::vector<api::Condition>& conditions = (*workload)->status.conditions;
    const api::Condition* reserved = api::FindCondition(conditions, kQuotaReserved);
    const bool on_hold = reserved != nullptr && reserved->status == "False" && reserved->reason == kReasonOnHold;
    const bool over =
        (reserved != nullptr && reserved->status == "True") || api::IsConditionTrue(conditions, kFinished);
    if (!over && !on_hold && (*workload)->spec.active.value_or(true) && AdmissionGatesOf(*object).empty() &&
        !api::IsConditionTrue(conditions, kWaitingForReplacementPods)) {
      ++count;
    }
  }
  return count;
}

}  // namespace

QueueFigures FiguresOfClusterQueue(const Context& context, absl::string_view name) {
  const std::optional<scheduler::ClusterQueueId> id = context.engine.FindClusterQueue(name);
  if (!id.has_value()) return {};
  return Count(context, *id, [](const std::string&) { return true; });
}

QueueFigures FiguresOfLocalQueue(const Context& context, absl::string_view ns, absl::string_view name,
                                 absl::string_view cluster_queue) {
  const std::optional<scheduler::ClusterQueueId> id = context.engine.FindClusterQueue(cluster_queue);
  if (!id.has_value()) {
    QueueFigures figures;
    figures.pending = CountAdmissible(context, absl::StrCat(ns, "/", name));
    return figures;
  }
  return Count(context, *id, [&](const std::string& key) {
    const size_t slash = key.find('/');
    if (key.compare(0, slash, ns.data(), ns.size()) != 0) return false;
    const kube::ObjectPtr object = context.world.Workload(ns, key.substr(slash + 1));
    return object != nullptr && object->StringAt("/spec/queueName") == name;
  });
}

json FlavorAmounts(const kube::Object& cluster_queue,
                   const std::map<std::pair<std::string, std::string>, int64_t>& amounts, bool borrowed) {
  json list = json::array();
  const json* groups = cluster_queue.At("/spec/resourceGroups");
  const bool in_cohort = !cluster_queue.StringAt("/spec/cohortName").empty();
  if (groups == nullptr || !groups->is_array()) return list;
  for (const json& each : *groups) {
    absl::StatusOr<api::ResourceGroup> group = api::DecodePart<api::ResourceGroup>(each);
    if (!group.ok()) continue;
    for (const api::FlavorQuotas& flavor : group->flavors) {
      std::vector<const api::ResourceQuota*> quotas;
      for (const api::ResourceQuota& quota : flavor.resources) quotas.push_back(&quota);
      std::sort(quotas.begin(), quotas.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
      json resources = json::array();
      for (const api::ResourceQuota* quota : quotas) {
        const auto it = amounts.find({flavor.name, quota->name});
        const int64_t total = it == amounts.end() ? 0 : it->second;
        json resource = {{"name", quota->name}, {"total", api::FormatAmount(quota->name, total)}};
        if (borrowed) {
          const int64_t nominal = api::CountedAmount(quota->name, quota->nominal_quota);
          const int64_t over = in_cohort ? std::max<int64_t>(total - nominal, 0) : 0;
          resource["borrowed"] = api::FormatAmount(quota->name, over);
        }
        resources.push_back(std::move(resource));
      }
      list.push_back({{"name", flavor.name}, {"resources", std::move(resources)}});
    }
  }
  return list;
}

int64_t WeightedShareOf(double share) {
  if (!(share < static_cast<double>(std::numeric_limits<int64_t>::max()))) return std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::ceil(share));
}

}  // namespace muster::manager
