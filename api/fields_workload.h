// The JSON fields of Workload (v1beta2); see fields_meta.h for how tables are written. Internal to api/.
#ifndef MUSTER_API_FIELDS_WORKLOAD_H_
#define MUSTER_API_FIELDS_WORKLOAD_H_

#include "api/fields_core.h"
#include "api/kueue.h"

namespace muster::api {

template <class V>
void Fields(V& v, SliceConstraint& c) {
  v.Always("topology", c.topology);
  v.Always("size", c.size);
}

template <class V>
void Fields(V& v, TopologyRequest& r) {
  v.Field("required", r.required);
  v.Field("preferred", r.preferred);
  v.Field("unconstrained", r.unconstrained);
  v.Field("podIndexLabel", r.pod_index_label);
  v.Field("subGroupIndexLabel", r.sub_group_index_label);
  v.Field("subGroupCount", r.sub_group_count);
  v.Field("podSetGroupName", r.pod_set_group_name);
  v.Field("podSetSliceRequiredTopology", r.pod_set_slice_required_topology);
  v.Field("podSetSliceSize", r.pod_set_slice_size);
  v.Field("podsetSliceRequiredTopologyConstraints", r.pod_set_slice_constraints);
}

template <class V>
void Fields(V& v, PodSet& p) {
  v.Field("name", p.name);
  v.Always("count", p.count);
  v.Field("minCount", p.min_count);
  v.Always("template", p.pod_template);
  v.Field("topologyRequest", p.topology_request);
}

template <class V>
void Fields(V& v, PriorityClassRef& r) {
  v.Field("group", r.group);
  v.Field("kind", r.kind);
  v.Field("name", r.name);
}

// As v1beta1 lists it; the TopologyAssignment itself has two forms, see topology_assignment.cc.
template <class V>
void Fields(V& v, TopologyDomainAssignment& d) {
  v.Field("values", d.values);
  v.Field("count", d.count);
}

template <class V>
void Fields(V& v, PodSetAssignment& a) {
  v.Always("name", a.name);
  v.Field("flavors", a.flavors);
  v.Field("resourceUsage", a.resource_usage);
  v.Field("count", a.count);
  v.Field("topologyAssignment", a.topology_assignment);
  v.Field("delayedTopologyRequest", a.delayed_topology_request);
}

template <class V>
void Fields(V& v, Admission& a) {
  v.Always("clusterQueue", a.cluster_queue);
  v.Always("podSetAssignments", a.pod_set_assignments);
}

template <class V>
void Fields(V& v, RequeueState& s) {
  v.Field("count", s.count);
  v.Field("requeueAt", s.requeue_at);
}

template <class V>
void Fields(V& v, ReclaimablePod& p) {
  v.Always("name", p.name);
  v.Always("count", p.count);
}

template <class V>
void Fields(V& v, PodSetUpdate& u) {
  v.Always("name", u.name);
  v.Field("labels", u.labels);
  v.Field("annotations", u.annotations);
  v.Field("nodeSelector", u.node_selector);
  v.Field("tolerations", u.tolerations);
}

template <class V>
void Fields(V& v, AdmissionCheckState& s) {
  v.Always("name", s.name);
  v.Always("state", s.state);
  v.Field("lastTransitionTime", s.last_transition_time);
  v.Always("message", s.message);
  v.Field("requeueAfterSeconds", s.requeue_after_seconds);
  v.Field("retryCount", s.retry_count);
  v.Field("podSetUpdates", s.pod_set_updates);
}

template <class V>
void Fields(V& v, EvictionStat& s) {
  v.Always("reason", s.reason);
  v.Always("underlyingCause", s.underlying_cause);
  v.Always("count", s.count);
}

template <class V>
void Fields(V& v, WorkloadSpec& s) {
  v.Field("podSets", s.pod_sets);
  v.Field("queueName", s.queue_name);
  v.Field("priorityClassRef", s.priority_class_ref);
  v.Field("priority", s.priority);
  v.Field("active", s.active);
  v.Field("maximumExecutionTimeSeconds", s.maximum_execution_time_seconds);
  v.NameList("preemptionGates", "name", s.preemption_gates);
}

template <class V>
void Fields(V& v, WorkloadStatus& s) {
  v.Field("conditions", s.conditions);
  v.Field("admission", s.admission);
  v.Field("requeueState", s.requeue_state);
  v.Field("reclaimablePods", s.reclaimable_pods);
  v.Field("admissionChecks", s.admission_checks);
  v.NameList("unhealthyNodes", "name", s.unhealthy_nodes);
  v.Field("accumulatedPastExecutionTimeSeconds", s.accumulated_past_execution_time_seconds);
  v.Group("schedulingStats", [&](auto& v) { v.Field("evictions", s.evictions); });
  v.Field("clusterName", s.cluster_name);
  v.Field("nominatedClusterNames", s.nominated_cluster_names);
  v.Ignored({"resourceRequests", "preemptionGates"});
}

template <class V>
void Fields(V& v, Workload& w) {
  v.Field("metadata", w.metadata);
  v.Field("spec", w.spec);
  v.Field("status", w.status);
}

}  // namespace muster::api

#endif  // MUSTER_API_FIELDS_WORKLOAD_H_
