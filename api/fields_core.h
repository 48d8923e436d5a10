// The JSON fields of the Kubernetes types in core.h; see fields_meta.h for how tables are written. Internal to api/.
#ifndef MUSTER_API_FIELDS_CORE_H_
#define MUSTER_API_FIELDS_CORE_H_

#include "api/core.h"
#include "api/fields_meta.h"

namespace muster::api {

template <class V>
void Fields(V& v, Taint& t) {
  v.Field("key", t.key);
  v.Field("value", t.value);
  v.Field("effect", t.effect);
  v.Ignored({"timeAdded"});
}

template <class V>
void Fields(V& v, Toleration& t) {
  v.Field("key", t.key);
  v.Field("operator", t.op);
  v.Field("value", t.value);
  v.Field("effect", t.effect);
  v.Field("tolerationSeconds", t.toleration_seconds);
}

template <class V>
void Fields(V& v, NodeSelectorTerm& t) {
  v.Field("matchExpressions", t.match_expressions);
  v.Field("matchFields", t.match_fields);
}

template <class V>
void Fields(V& v, PreferredSchedulingTerm& t) {
  v.Always("weight", t.weight);
  v.Always("preference", t.preference);
}

template <class V>
void Fields(V& v, NodeAffinity& a) {
  v.OptionalGroup("requiredDuringSchedulingIgnoredDuringExecution", a.required,
                  [](auto& v, std::vector<NodeSelectorTerm>& terms) { v.Always("nodeSelectorTerms", terms); });
  v.Field("preferredDuringSchedulingIgnoredDuringExecution", a.preferred);
}

template <class V>
void Fields(V& v, ResourceRequirements& r) {
  v.Field("requests", r.requests);
  v.Field("limits", r.limits);
  v.Ignored({"claims"});
}

template <class V>
void Fields(V& v, Container& c) {
  v.Field("name", c.name);
  v.Field("restartPolicy", c.restart_policy);
  v.Field("resources", c.resources);
  v.Ignored({"image",
             "imagePullPolicy",
             "command",
             "args",
             "workingDir",
             "ports",
             "envFrom",
             "env",
             "resizePolicy",
             "restartPolicyRules",
             "volumeMounts",
             "volumeDevices",
             "livenessProbe",
             "readinessProbe",
             "startupProbe",
             "lifecycle",
             "terminationMessagePath",
             "terminationMessagePolicy",
             "securityContext",
             "stdin",
             "stdinOnce",
             "tty"});
}

template <class V>
void Fields(V& v, PodSpec& s) {
  v.Field("initContainers", s.init_containers);
  v.Always("containers", s.containers);
  v.Field("resources", s.resources);
  v.Field("nodeSelector", s.node_selector);
  v.Group("affinity", [&](auto& v) {
    v.Field("nodeAffinity", s.node_affinity);
    v.Ignored({"podAffinity", "podAntiAffinity"});
  });
  v.Field("tolerations", s.tolerations);
  v.Field("priorityClassName", s.priority_class_name);
  v.Field("priority", s.priority);
  v.Field("runtimeClassName", s.runtime_class_name);
  v.Field("overhead", s.overhead);
  v.Field("nodeName", s.node_name);
  v.Field("restartPolicy", s.restart_policy);
  v.NameList("schedulingGates", "name", s.scheduling_gates);
  v.Ignored({"volumes",
             "ephemeralContainers",
             "terminationGracePeriodSeconds",
             "activeDeadlineSeconds",
             "dnsPolicy",
             "serviceAccountName",
             "serviceAccount",
             "automountServiceAccountToken",
             "hostNetwork",
             "hostPID",
             "hostIPC",
             "hostUsers",
             "hostnameOverride",
             "shareProcessNamespace",
             "securityContext",
             "imagePullSecrets",
             "hostname",
             "subdomain",
             "schedulerName",
             "hostAliases",
             "readinessGates",
             "dnsConfig",
             "enableServiceLinks",
             "preemptionPolicy",
             "topologySpreadConstraints",
             "setHostnameAsFQDN",
             "os",
             "resourceClaims",
             "workloadRef",
             "schedulingGroup"});
}

template <class V>
void Fields(V& v, PodTemplateSpec& t) {
  v.Field("metadata", t.metadata);
  v.Field("spec", t.spec);
}

template <class V>
void Fields(V& v, Namespace& n) {
  v.Field("metadata", n.metadata);
  v.Ignored({"spec", "status"});
}

template <class V>
void Fields(V& v, Node& n) {
  v.Field("metadata", n.metadata);
  v.Group("spec", [&](auto& v) {
    v.Field("unschedulable", n.unschedulable);
    v.Field("taints", n.taints);
    v.Ignored({"podCIDR", "podCIDRs", "providerID", "configSource", "externalID"});
  });
  v.Group("status", [&](auto& v) {
    v.Field("allocatable", n.allocatable);
    v.Field("capacity", n.capacity);
    v.Field("conditions", n.conditions);
    v.IgnoreOthers();
  });
}

template <class V>
void Fields(V& v, Pod& p) {
  v.Field("metadata", p.metadata);
  v.Field("spec", p.spec);
  v.Group("status", [&](auto& v) {
    v.Field("phase", p.phase);
    v.IgnoreOthers();
  });
}

template <class V>
void Fields(V& v, PriorityClass& p) {
  v.Field("metadata", p.metadata);
  v.Required("value", p.value);
  v.Field("globalDefault", p.global_default);
  v.Ignored({"description", "preemptionPolicy"});
}

template <class V>
void Fields(V& v, LimitRangeItem& l) {
  v.Always("type", l.type);
  v.Field("max", l.max);
  v.Field("min", l.min);
  v.Field("default", l.default_limit);
  v.Field("defaultRequest", l.default_request);
  v.Field("maxLimitRequestRatio", l.max_limit_request_ratio);
}

template <class V>
void Fields(V& v, LimitRange& l) {
  v.Field("metadata", l.metadata);
  v.Group("spec", [&](auto& v) { v.Always("limits", l.limits); });
}

template <class V>
void Fields(V& v, RuntimeClass& r) {
  v.Field("metadata", r.metadata);
  v.Group("overhead", [&](auto& v) { v.Field("podFixed", r.overhead_pod_fixed); });
  v.Ignored({"handler", "scheduling"});
}

template <class V>
void Fields(V& v, Job& j) {
  v.Field("metadata", j.metadata);
  v.Group("spec", [&](auto& v) {
    v.Field("parallelism", j.parallelism);
    v.Field("completions", j.completions);
    v.Field("suspend", j.suspend);
    v.Field("template", j.pod_template);
    v.Ignored({"activeDeadlineSeconds", "backoffLimit", "backoffLimitPerIndex", "completionMode", "managedBy",
               "manualSelector", "maxFailedIndexes", "podFailurePolicy", "podReplacementPolicy", "selector",
               "successPolicy", "ttlSecondsAfterFinished"});
  });
  v.Ignored({"status"});
}

template <class V>
void Fields(V& v, PodTemplate& t) {
  v.Field("metadata", t.metadata);
  v.Field("template", t.pod_template);
}

}  // namespace muster::api

#endif  // MUSTER_API_FIELDS_CORE_H_
