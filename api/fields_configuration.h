// The JSON fields of the manager's Configuration; see fields_meta.h for how tables are written. Internal to api/.
#ifndef MUSTER_API_FIELDS_CONFIGURATION_H_
#define MUSTER_API_FIELDS_CONFIGURATION_H_

#include "api/configuration.h"
#include "api/fields_meta.h"

namespace muster::api {

template <class V>
void Fields(V& v, FairSharingConfig& c) {
  v.Field("enable", c.enable);
  v.Field("preemptionStrategies", c.preemption_strategies);
}

template <class V>
void Fields(V& v, AdmissionFairSharingConfig& c) {
  v.Always("usageHalfLifeTime", c.usage_half_life_time);
  v.Field("usageSamplingInterval", c.usage_sampling_interval);
  v.Field("resourceWeights", c.resource_weights);
}

template <class V>
void Fields(V& v, RequeuingStrategy& s) {
  v.Field("timestamp", s.timestamp);
  v.Field("backoffLimitCount", s.backoff_limit_count);
  v.Field("backoffBaseSeconds", s.backoff_base_seconds);
  v.Field("backoffMaxSeconds", s.backoff_max_seconds);
}

template <class V>
void Fields(V& v, WaitForPodsReady& w) {
  v.Field("enable", w.enable);
  v.Field("timeout", w.timeout);
  v.Field("recoveryTimeout", w.recovery_timeout);
  v.Field("blockAdmission", w.block_admission);
  v.Field("requeuingStrategy", w.requeuing_strategy);
}

template <class V>
void Fields(V& v, ResourceTransformation& t) {
  v.Always("input", t.input);
  v.Field("strategy", t.strategy);
  v.Field("multiplyBy", t.multiply_by);
  v.Field("outputs", t.outputs);
}

template <class V>
void Fields(V& v, ResourcesConfig& r) {
  v.Field("excludeResourcePrefixes", r.exclude_resource_prefixes);
  v.Field("transformations", r.transformations);
  v.Field("quotaCheckStrategy", r.quota_check_strategy);
  v.Ignored({"deviceClassMappings"});
}

template <class V>
void Fields(V& v, Integrations& i) {
  v.Field("frameworks", i.frameworks);
  v.Field("externalFrameworks", i.external_frameworks);
  v.Field("labelKeysToCopy", i.label_keys_to_copy);
  v.Ignored({"podOptions"});  // v1beta1
}

template <class V>
void Fields(V& v, Configuration& c) {
  v.Field("metadata", c.metadata);
  v.Field("namespace", c.ns);
  v.Field("manageJobsWithoutQueueName", c.manage_jobs_without_queue_name);
  v.Field("managedJobsNamespaceSelector", c.managed_jobs_namespace_selector);
  v.Field("waitForPodsReady", c.wait_for_pods_ready);
  v.Field("integrations", c.integrations);
  v.Field("fairSharing", c.fair_sharing);
  v.Field("admissionFairSharing", c.admission_fair_sharing);
  v.Field("resources", c.resources);
  v.Field("featureGates", c.feature_gates);
  v.NoEffect({"webhook", "health", "metrics", "leaderElection", "controller", "pprofBindAddress",
              "internalCertManagement", "clientConnection", "multiKueue", "objectRetentionPolicies", "queueVisibility",
              "visibilityServer", "tls", "cacheNamespace", "gracefulShutDown", "syncPeriod"});
}

}  // namespace muster::api

#endif  // MUSTER_API_FIELDS_CONFIGURATION_H_
