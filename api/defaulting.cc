#include "api/defaulting.h"

#include <algorithm>

#include "api/vocabulary.h"

namespace muster::api {
namespace {

void SetIfEmpty(std::string& field, const char* value) {
  if (field.empty()) field = value;
}

void AddFinalizer(ObjectMeta& metadata) {
  auto& finalizers = metadata.finalizers;
  if (std::find(finalizers.begin(), finalizers.end(), kResourceInUseFinalizer) == finalizers.end()) {
    finalizers.push_back(kResourceInUseFinalizer);
  }
}

void SetFairSharing(std::optional<FairSharing>& fair_sharing) {
  if (fair_sharing.has_value() && !fair_sharing->weight.has_value()) fair_sharing->weight = Quantity::FromValue(1);
}

void SetSchemaDefaults(ClusterQueue& queue) {
  SetIfEmpty(queue.queueing_strategy, "BestEffortFIFO");
  SetIfEmpty(queue.stop_policy, "None");
  if (!queue.flavor_fungibility.has_value()) queue.flavor_fungibility.emplace();
  SetIfEmpty(queue.flavor_fungibility->when_can_borrow, "MayStopSearch");
  SetIfEmpty(queue.flavor_fungibility->when_can_preempt, "TryNextFlavor");
  if (!queue.preemption.has_value()) queue.preemption.emplace();
  SetIfEmpty(queue.preemption->reclaim_within_cohort, "Never");
  SetIfEmpty(queue.preemption->within_cluster_queue, "Never");
  if (!queue.preemption->borrow_within_cohort.has_value()) queue.preemption->borrow_within_cohort.emplace();
  SetIfEmpty(queue.preemption->borrow_within_cohort->policy, "Never");
  SetFairSharing(queue.fair_sharing);
}

void SetSchemaDefaults(LocalQueue& queue) {
  SetIfEmpty(queue.stop_policy, "None");
  SetFairSharing(queue.fair_sharing);
}

void SetSchemaDefaults(Cohort& cohort) { SetFairSharing(cohort.fair_sharing); }

void SetSchemaDefaults(Workload& workload) {
  for (PodSet& pod_set : workload.spec.pod_sets) SetIfEmpty(pod_set.name, "main");
  if (!workload.spec.active.has_value()) workload.spec.active = true;
}

}  // namespace

void SetDefaults(Object& object, const DefaultingOptions& options) {
  if (options.schema) {
    std::visit(
        [](auto& o) {
          if constexpr (requires { SetSchemaDefaults(o); }) SetSchemaDefaults(o);
        },
        object);
  }
  if (options.webhook) {
    if (std::holds_alternative<ClusterQueue>(object) || std::holds_alternative<ResourceFlavor>(object)) {
      AddFinalizer(Metadata(object));
    }
    if (auto* workload = std::get_if<Workload>(&object); workload != nullptr && !options.partial_admission) {
      for (PodSet& pod_set : workload->spec.pod_sets) pod_set.min_count.reset();
    }
  }
  ObjectMeta& metadata = Metadata(object);
  if (metadata.ns.empty() && IsNamespaced(object)) metadata.ns = options.default_namespace;
}

}  // namespace muster::api
