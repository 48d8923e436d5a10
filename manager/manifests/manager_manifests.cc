#include "manager/manifests/manager_manifests.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/process/configuration.h"
#include "manager/process/permissions.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kName[] = "muster-manager";
constexpr char kConfigMap[] = "muster-manager-config";
constexpr int kHealthPort = 8081;
constexpr int kMetricsPort = 8080;
constexpr char kRbac[] = "rbac.authorization.k8s.io";

json Labels() { return {{"app.kubernetes.io/name", "muster"}, {"app.kubernetes.io/component", "manager"}}; }

json Object(const std::string& api_version, const std::string& kind, const std::string& ns, const std::string& name) {
  json object = {{"apiVersion", api_version}, {"kind", kind}, {"metadata", {{"name", name}, {"labels", Labels()}}}};
  if (!ns.empty()) object["metadata"]["namespace"] = ns;
  return object;
}

json RulesOf(const std::vector<Permission>& permissions) {
  json rules = json::array();
  for (const Permission& permission : permissions) {
    rules.push_back(
        {{"apiGroups", {permission.group}}, {"resources", permission.resources}, {"verbs", permission.verbs}});
  }
  return rules;
}

json Binding(const std::string& kind, const std::string& ns, const std::string& role_kind, const std::string& role,
             const std::string& account_ns) {
  json binding = Object(absl::StrCat(kRbac, "/v1"), kind, ns, absl::StrCat(role, "binding"));
  binding["roleRef"] = {{"apiGroup", kRbac}, {"kind", role_kind}, {"name", role}};
  binding["subjects"] = {{{"kind", "ServiceAccount"}, {"name", kName}, {"namespace", account_ns}}};
  return binding;
}

std::vector<json> Rbac(const ProcessConfiguration& configuration, const std::string& ns) {
  json cluster = Object(absl::StrCat(kRbac, "/v1"), "ClusterRole", "", "muster-manager-role");
  cluster["rules"] = RulesOf(ClusterPermissions(configuration.manager));
  json lease = Object(absl::StrCat(kRbac, "/v1"), "Role", configuration.election.ns, "muster-leader-election-role");
  lease["rules"] = RulesOf(LeasePermissions());
  return {Object("v1", "ServiceAccount", ns, kName), cluster,
          Binding("ClusterRoleBinding", "", "ClusterRole", "muster-manager-role", ns), lease,
          Binding("RoleBinding", configuration.election.ns, "Role", "muster-leader-election-role", ns)};
}

json Probe(const char* path, int delay, int period) {
  return {{"httpGet", {{"path", path}, {"port", "health"}}}, {"initialDelaySeconds", delay}, {"periodSeconds", period}};
}

json PodSpec(const ManagerManifestOptions& options) {
  const json container = {
      {"name", "manager"},
      {"image", options.image},
      {"args",
       {"manager", "--no-webhook", "--config=/etc/muster/config/controller_manager_config.yaml",
        absl::StrCat("--health-probe-bind-address=:", kHealthPort),
        absl::StrCat("--metrics-bind-address=:", kMetricsPort)}},
      {"ports",
       {{{"name", "health"}, {"containerPort", kHealthPort}, {"protocol", "TCP"}},
        {{"name", "metrics"}, {"containerPort", kMetricsPort}, {"protocol", "TCP"}}}},
      {"livenessProbe", Probe("/healthz", 15, 20)},
      {"readinessProbe", Probe("/readyz", 5, 10)},
      {"resources", {{"requests", {{"cpu", "500m"}, {"memory", "512Mi"}}}, {"limits", {{"memory", "4Gi"}}}}},
      {"securityContext",
       {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", {{"drop", {"ALL"}}}}}},
      {"volumeMounts", {{{"name", "config"}, {"mountPath", "/etc/muster/config"}, {"readOnly", true}}}}};
  const json spread = {{"maxSkew", 1},
                       {"topologyKey", api::kHostnameLabel},
                       {"whenUnsatisfiable", "ScheduleAnyway"},
                       {"labelSelector", {{"matchLabels", Labels()}}}};
  return {{"serviceAccountName", kName},
          // Must come up before what it lets in, and not make room for it.
          {"priorityClassName", "system-cluster-critical"},
          // Writes under way (15 s) and the lease given up (10 s), and some.
          {"terminationGracePeriodSeconds", 30},
          {"securityContext",
           {{"runAsNonRoot", true}, {"runAsUser", 65532}, {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
          // One stands by where the other does not run.
          {"topologySpreadConstraints", {spread}},
          {"containers", {container}},
          {"volumes", {{{"name", "config"}, {"configMap", {{"name", kConfigMap}}}}}}};
}

json Deployment(const ManagerManifestOptions& options) {
  json object = Object("apps/v1", "Deployment", options.ns, kName);
  const json annotations = {{"prometheus.io/scrape", "true"},
                            {"prometheus.io/port", absl::StrCat(kMetricsPort)},
                            {"prometheus.io/path", "/metrics"}};
  object["spec"] = {
      {"replicas", options.replicas},
      {"selector", {{"matchLabels", Labels()}}},
      {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 0}, {"maxSurge", 1}}}}},
      {"template", {{"metadata", {{"labels", Labels()}, {"annotations", annotations}}}, {"spec", PodSpec(options)}}}};
  return object;
}

json DisruptionBudget(const ManagerManifestOptions& options) {
  json object = Object("policy/v1", "PodDisruptionBudget", options.ns, kName);
  object["spec"] = {{"minAvailable", 1}, {"selector", {{"matchLabels", Labels()}}}};
  return object;
}

json NetworkPolicy(const ManagerManifestOptions& options) {
  json object = Object("networking.k8s.io/v1", "NetworkPolicy", options.ns, kName);
  json ingress = json::array();
  if (!options.metrics_namespaces.empty()) {
    const json from = {
        {"namespaceSelector",
         {{"matchExpressions",
           {{{"key", api::kNamespaceNameLabel}, {"operator", "In"}, {"values", options.metrics_namespaces}}}}}}};
    ingress.push_back({{"ports", {{{"port", "metrics"}, {"protocol", "TCP"}}}}, {"from", json::array({from})}});
  }
  object["spec"] = {
      {"podSelector", {{"matchLabels", Labels()}}},
      {"policyTypes", {"Ingress", "Egress"}},
      {"ingress", ingress},
      // The API server, which is no pod.
      {"egress", {{{"ports", {{{"port", 443}, {"protocol", "TCP"}}, {{"port", 6443}, {"protocol", "TCP"}}}}}}}};
  return object;
}

}  // namespace

std::string DefaultManagerConfiguration() {
  return R"(apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
integrations:
  frameworks:
  - batch/job
  - kubeflow.org/mpijob
  - kubeflow.org/pytorchjob
  - ray.io/rayjob
  - ray.io/raycluster
  - ray.io/rayservice
  - jobset.x-k8s.io/jobset
  - workload.codeflare.dev/appwrapper
  - pod
  - deployment
  - statefulset
  - leaderworkerset.x-k8s.io/leaderworkerset
)";
}

absl::StatusOr<std::vector<webhook::ManifestFile>> MakeManagerManifests(const ManagerManifestOptions& options) {
  const std::string text = options.configuration.empty() ? DefaultManagerConfiguration() : options.configuration;
  const absl::StatusOr<ProcessConfiguration> configuration =
      ParseProcessConfiguration({.text = text, .name = "the configuration", .own_namespace = options.ns});
  if (!configuration.ok()) return configuration.status();
  json config_map = Object("v1", "ConfigMap", options.ns, kConfigMap);
  config_map["data"]["controller_manager_config.yaml"] = text;
  return std::vector<webhook::ManifestFile>{
      {"rbac.yaml",
       "What the manager follows and writes, and no more: made for the configuration beside it. Make it anew when "
       "that\n"
       "changes.",
       Rbac(*configuration, options.ns)},
      {"config.yaml", "Kueue's manager Configuration.", {config_map}},
      {"deployment.yaml",
       "Two replicas, of which one works: scale Kueue's own manager to none first.",
       {Deployment(options)}},
      {"pod-disruption-budget.yaml", "", {DisruptionBudget(options)}},
      {"network-policy.yaml", "", {NetworkPolicy(options)}}};
}

webhook::ManifestFile KustomizationOf(const std::vector<webhook::ManifestFile>& files) {
  json names = json::array();
  for (const webhook::ManifestFile& file : files) names.push_back(file.name);
  return {"kustomization.yaml",
          "",
          {{{"apiVersion", "kustomize.config.k8s.io/v1beta1"}, {"kind", "Kustomization"}, {"resources", names}}}};
}

}  // namespace muster::manager
