#include "manager/process/configuration_fields.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// Every field, by path; "[]" is each element of a list. What is below a path that ends in "*" is not looked into: it is a
// map, or a type of Kubernetes' own.
const std::set<std::string>& KnownFields() {
  static const auto& fields = *new std::set<std::string>{
      "apiVersion",
      "kind",
      "namespace",
      "manageJobsWithoutQueueName",
      "managedJobsNamespaceSelector",
      "managedJobsNamespaceSelector.*",
      "internalCertManagement",
      "internalCertManagement.enable",
      "internalCertManagement.webhookServiceName",
      "internalCertManagement.webhookSecretName",
      "waitForPodsReady",
      "waitForPodsReady.enable",
      "waitForPodsReady.timeout",
      "waitForPodsReady.blockAdmission",
      "waitForPodsReady.recoveryTimeout",
      "waitForPodsReady.requeuingStrategy",
      "waitForPodsReady.requeuingStrategy.timestamp",
      "waitForPodsReady.requeuingStrategy.backoffLimitCount",
      "waitForPodsReady.requeuingStrategy.backoffBaseSeconds",
      "waitForPodsReady.requeuingStrategy.backoffMaxSeconds",
      "clientConnection",
      "clientConnection.qps",
      "clientConnection.burst",
      "integrations",
      "integrations.frameworks",
      "integrations.externalFrameworks",
      "integrations.labelKeysToCopy",
      "integrations.podOptions",
      "integrations.podOptions.*",
      "queueVisibility",
      "queueVisibility.*",
      "multiKueue",
      "multiKueue.gcInterval",
      "multiKueue.origin",
      "multiKueue.workerLostTimeout",
      "multiKueue.dispatcherName",
      "multiKueue.externalFrameworks",
      "multiKueue.externalFrameworks[].name",
      "multiKueue.clusterProfile",
      "multiKueue.clusterProfile.*",
      "multiKueue.incrementalDispatcherConfig",
      "multiKueue.incrementalDispatcherConfig.stepSize",
      "fairSharing",
      "fairSharing.enable",
      "fairSharing.preemptionStrategies",
      "admissionFairSharing",
      "admissionFairSharing.usageHalfLifeTime",
      "admissionFairSharing.usageSamplingInterval",
      "admissionFairSharing.resourceWeights",
      "admissionFairSharing.resourceWeights.*",
      "resources",
      "resources.quotaCheckStrategy",
      "resources.excludeResourcePrefixes",
      "resources.transformations",
      "resources.transformations[].input",
      "resources.transformations[].strategy",
      "resources.transformations[].multiplyBy",
      "resources.transformations[].outputs",
      "resources.transformations[].outputs.*",
      "resources.deviceClassMappings",
      "resources.deviceClassMappings[].name",
      "resources.deviceClassMappings[].deviceClassNames",
      "resources.deviceClassMappings[].sources",
      "resources.deviceClassMappings[].sources[].*",
      "featureGates",
      "featureGates.*",
      "objectRetentionPolicies",
      "objectRetentionPolicies.workloads",
      "objectRetentionPolicies.workloads.afterFinished",
      "objectRetentionPolicies.workloads.afterDeactivatedByKueue",
      "visibilityServer",
      "visibilityServer.bindAddress",
      "visibilityServer.bindPort",
      "webhook",
      "webhook.port",
      "webhook.host",
      "webhook.certDir",
      "leaderElection",
      "leaderElection.leaderElect",
      "leaderElection.leaseDuration",
      "leaderElection.renewDeadline",
      "leaderElection.retryPeriod",
      "leaderElection.resourceLock",
      "leaderElection.resourceName",
      "leaderElection.resourceNamespace",
      "metrics",
      "metrics.bindAddress",
      "metrics.enableClusterQueueResources",
      "metrics.customLabels",
      "metrics.customLabels[].*",
      "metrics.localQueueMetrics",
      "metrics.localQueueMetrics.enable",
      "metrics.localQueueMetrics.localQueueSelector",
      "metrics.localQueueMetrics.localQueueSelector.*",
      "health",
      "health.healthProbeBindAddress",
      "health.readinessEndpointName",
      "health.livenessEndpointName",
      "pprofBindAddress",
      "controller",
      "controller.groupKindConcurrency",
      "controller.groupKindConcurrency.*",
      "controller.cacheSyncTimeout",
      "tls",
      "tls.minVersion",
      "tls.cipherSuites",
      "tls.curvePreferences",
  };
  return fields;
}

// `path`: of `value`; `shown`: the same with the indexes of lists in it.
void Walk(const json& value, const std::string& path, const std::string& shown, std::vector<std::string>* unknown) {
  if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) Walk(value[i], path + "[]", absl::StrCat(shown, "[", i, "]"), unknown);
    return;
  }
  if (!value.is_object()) return;
  const bool open = KnownFields().contains(path.empty() ? "*" : path + ".*");
  if (open) return;
  for (const auto& [key, member] : value.items()) {
    const std::string below = path.empty() ? key : absl::StrCat(path, ".", key);
    const std::string below_shown = shown.empty() ? key : absl::StrCat(shown, ".", key);
    if (KnownFields().contains(below)) {
      Walk(member, below, below_shown, unknown);
    } else {
      unknown->push_back(below_shown);
    }
  }
}

}  // namespace

std::vector<std::string> UnknownFields(const json& configuration) {
  std::vector<std::string> unknown;
  Walk(configuration, "", "", &unknown);
  std::sort(unknown.begin(), unknown.end());
  return unknown;
}

}  // namespace muster::manager
