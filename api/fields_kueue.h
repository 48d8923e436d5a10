// The JSON fields of Kueue's kinds in kueue.h (v1beta2); see fields_meta.h for how tables are written. Internal to
// api/.
#ifndef MUSTER_API_FIELDS_KUEUE_H_
#define MUSTER_API_FIELDS_KUEUE_H_

#include "api/fields_core.h"
#include "api/kueue.h"

namespace muster::api {

template <class V>
void Fields(V& v, ResourceFlavor& f) {
  v.Field("metadata", f.metadata);
  v.Group("spec", [&](auto& v) {
    v.Field("nodeLabels", f.node_labels);
    v.Field("nodeTaints", f.node_taints);
    v.Field("tolerations", f.tolerations);
    v.Field("topologyName", f.topology_name);
  });
}

template <class V>
void Fields(V& v, ResourceQuota& q) {
  v.Always("name", q.name);
  v.Required("nominalQuota", q.nominal_quota);
  v.Field("borrowingLimit", q.borrowing_limit);
  v.Field("lendingLimit", q.lending_limit);
}

template <class V>
void Fields(V& v, FlavorQuotas& f) {
  v.Always("name", f.name);
  v.Always("resources", f.resources);
}

template <class V>
void Fields(V& v, ResourceGroup& g) {
  v.Always("coveredResources", g.covered_resources);
  v.Always("flavors", g.flavors);
}

template <class V>
void Fields(V& v, FairSharing& f) {
  v.Field("weight", f.weight);
}

template <class V>
void Fields(V& v, Cohort& c) {
  v.Field("metadata", c.metadata);
  v.Group("spec", [&](auto& v) {
    v.Field("parentName", c.parent_name);
    v.Field("resourceGroups", c.resource_groups);
    v.Field("fairSharing", c.fair_sharing);
  });
  v.Ignored({"status"});
}

template <class V>
void Fields(V& v, BorrowWithinCohort& b) {
  v.Field("policy", b.policy);
  v.Field("maxPriorityThreshold", b.max_priority_threshold);
}

template <class V>
void Fields(V& v, ClusterQueuePreemption& p) {
  v.Field("reclaimWithinCohort", p.reclaim_within_cohort);
  v.Field("borrowWithinCohort", p.borrow_within_cohort);
  v.Field("withinClusterQueue", p.within_cluster_queue);
}

template <class V>
void Fields(V& v, FlavorFungibility& f) {
  v.Field("whenCanBorrow", f.when_can_borrow);
  v.Field("whenCanPreempt", f.when_can_preempt);
  v.Field("preference", f.preference);
}

template <class V>
void Fields(V& v, AdmissionCheckStrategyRule& r) {
  v.Always("name", r.name);
  v.Field("onFlavors", r.on_flavors);
}

template <class V>
void Fields(V& v, ConcurrentAdmissionPolicy& p) {
  v.Group("migration", [&](auto& v) {
    v.Field("mode", p.mode);
    v.Group("constraints", [&](auto& v) { v.Field("lastAcceptableFlavorName", p.last_acceptable_flavor); });
  });
}

template <class V>
void Fields(V& v, ClusterQueue& q) {
  v.Field("metadata", q.metadata);
  v.Group("spec", [&](auto& v) {
    v.Field("resourceGroups", q.resource_groups);
    v.Field("cohortName", q.cohort_name);
    v.Field("queueingStrategy", q.queueing_strategy);
    v.Field("namespaceSelector", q.namespace_selector);
    v.Field("flavorFungibility", q.flavor_fungibility);
    v.Field("preemption", q.preemption);
    v.Group("admissionChecksStrategy", [&](auto& v) { v.Field("admissionChecks", q.admission_checks); });
    v.Field("stopPolicy", q.stop_policy);
    v.Field("fairSharing", q.fair_sharing);
    v.Group("admissionScope", [&](auto& v) { v.Field("admissionMode", q.admission_mode); });
    v.Field("concurrentAdmissionPolicy", q.concurrent_admission_policy);
  });
  v.Ignored({"status"});
}

template <class V>
void Fields(V& v, LocalQueue& q) {
  v.Field("metadata", q.metadata);
  v.Group("spec", [&](auto& v) {
    v.Field("clusterQueue", q.cluster_queue);
    v.Field("stopPolicy", q.stop_policy);
    v.Field("fairSharing", q.fair_sharing);
  });
  v.Ignored({"status"});
}

template <class V>
void Fields(V& v, WorkloadPriorityClass& p) {
  v.Field("metadata", p.metadata);
  v.Required("value", p.value);
  v.Field("description", p.description);
}

template <class V>
void Fields(V& v, Topology& t) {
  v.Field("metadata", t.metadata);
  v.Group("spec", [&](auto& v) { v.NameList("levels", "nodeLabel", t.levels); });
  v.Ignored({"status"});
}

template <class V>
void Fields(V& v, AdmissionCheck& c) {
  v.Field("metadata", c.metadata);
  v.Group("spec", [&](auto& v) {
    v.Field("controllerName", c.controller_name);
    v.Ignored({"parameters", "retryDelayMinutes"});
  });
  v.Group("status", [&](auto& v) { v.Field("conditions", c.conditions); });
}

}  // namespace muster::api

#endif  // MUSTER_API_FIELDS_KUEUE_H_
