#include "webhook/manifests/workload_manifests.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kName[] = "muster-webhook";
constexpr char kConfigMap[] = "muster-webhook-config";
constexpr char kClientCaMap[] = "muster-webhook-client-ca";
constexpr int kPort = 9443;
constexpr int kHealthPort = 8081;

json Labels() { return {{"app.kubernetes.io/name", "muster"}, {"app.kubernetes.io/component", "webhook"}}; }

std::vector<std::string> DnsNames(const std::string& ns) {
  const std::string service = absl::StrCat(kWebhookService, ".", ns, ".svc");
  return {service, service + ".cluster.local"};
}

json Probe(const char* path, int period, int failures) {
  return {{"httpGet", {{"path", path}, {"port", "health"}}}, {"periodSeconds", period}, {"failureThreshold", failures}};
}

json Arguments(const ManifestOptions& options) {
  json arguments = {"webhook", "--config=/etc/muster/config/controller_manager_config.yaml",
                    "--cert-dir=/etc/muster/certs", absl::StrCat("--port=", kPort),
                    absl::StrCat("--health-port=", kHealthPort)};
  if (!options.client_ca.empty()) arguments.push_back("--client-ca=/etc/muster/client-ca/ca.crt");
  if (options.client_ca_from_cluster) arguments.push_back("--client-ca-from-cluster");
  for (const std::string& name : options.client_names) arguments.push_back(absl::StrCat("--client-name=", name));
  return arguments;
}

json Mounts(const ManifestOptions& options) {
  json mounts = {{{"name", "certs"}, {"mountPath", "/etc/muster/certs"}, {"readOnly", true}},
                 {{"name", "config"}, {"mountPath", "/etc/muster/config"}, {"readOnly", true}}};
  if (!options.client_ca.empty()) {
    mounts.push_back({{"name", "client-ca"}, {"mountPath", "/etc/muster/client-ca"}, {"readOnly", true}});
  }
  return mounts;
}

json Volumes(const ManifestOptions& options) {
  json volumes = {{{"name", "certs"}, {"secret", {{"secretName", kCertificateSecret}}}},
                  {{"name", "config"}, {"configMap", {{"name", kConfigMap}}}}};
  if (!options.client_ca.empty()) {
    volumes.push_back({{"name", "client-ca"}, {"configMap", {{"name", kClientCaMap}}}});
  }
  return volumes;
}

// Pods of one version, spread over what the label tells apart.
json Spread(const char* label, const char* otherwise) {
  return {{"maxSkew", 1},
          {"topologyKey", label},
          {"whenUnsatisfiable", otherwise},
          {"labelSelector", {{"matchLabels", Labels()}}},
          {"matchLabelKeys", {"pod-template-hash"}},
          // Nodes that are closed to the pods are no place for one.
          {"nodeTaintsPolicy", "Honor"}};
}

json Container(const ManifestOptions& options) {
  return {
      {"name", "webhook"},
      {"image", options.image},
      {"args", Arguments(options)},
      {"ports",
       {{{"name", "webhook"}, {"containerPort", kPort}, {"protocol", "TCP"}},
        {{"name", "health"}, {"containerPort", kHealthPort}, {"protocol", "TCP"}}}},
      // Alive is the process; the probes of readiness are quick, since they decide when an upgrade goes on.
      {"livenessProbe", Probe("/healthz", 10, 6)},
      {"readinessProbe", Probe("/readyz", 2, 2)},
      {"resources", {{"requests", {{"cpu", "250m"}, {"memory", "128Mi"}}}, {"limits", {{"memory", "1Gi"}}}}},
      {"securityContext",
       {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", {{"drop", {"ALL"}}}}}},
      {"volumeMounts", Mounts(options)}};
}

json PodSpec(const ManifestOptions& options) {
  return {{"serviceAccountName", kName},
          // Must come up before what it admits, and not make room for it.
          {"priorityClassName", "system-cluster-critical"},
          // The delay for endpoints to be forgotten (5 s) and the time for the last answers (15 s), and some.
          {"terminationGracePeriodSeconds", 30},
          {"securityContext",
           {{"runAsNonRoot", true},
            {"runAsUser", 65532},
            {"fsGroup", 65532},
            {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
          // No node takes all replicas along when it goes.
          {"topologySpreadConstraints",
           {Spread(api::kHostnameLabel, "DoNotSchedule"), Spread(api::kZoneLabel, "ScheduleAnyway")}},
          {"containers", {Container(options)}},
          {"volumes", Volumes(options)}};
}

}  // namespace

json Object(const std::string& api_version, const std::string& kind, const std::string& ns, const std::string& name) {
  json object = {{"apiVersion", api_version}, {"kind", kind}, {"metadata", {{"name", name}, {"labels", Labels()}}}};
  if (!ns.empty()) object["metadata"]["namespace"] = ns;
  return object;
}

json NamespaceObject(const ManifestOptions& options) {
  json object = Object("v1", "Namespace", "", options.ns);
  object["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted";
  return object;
}

json ConfigMapObject(const ManifestOptions& options) {
  json object = Object("v1", "ConfigMap", options.ns, kConfigMap);
  object["data"]["controller_manager_config.yaml"] =
      options.configuration.empty() ? DefaultConfiguration() : options.configuration;
  return object;
}

json ClientCaObject(const ManifestOptions& options) {
  json object = Object("v1", "ConfigMap", options.ns, kClientCaMap);
  object["data"]["ca.crt"] = options.client_ca;
  return object;
}

json SecretObject(const ManifestOptions& options) {
  json object = Object("v1", "Secret", options.ns, kCertificateSecret);
  object["type"] = "kubernetes.io/tls";
  object["data"] = {{"tls.crt", absl::Base64Escape(options.certificate->certificate)},
                    {"tls.key", absl::Base64Escape(options.certificate->key)},
                    {"ca.crt", absl::Base64Escape(options.certificate->ca)}};
  return object;
}

std::vector<json> CertManagerObjects(const ManifestOptions& options) {
  json issuer = Object("cert-manager.io/v1", "Issuer", options.ns, "muster-selfsigned-issuer");
  issuer["spec"]["selfSigned"] = json::object();
  json certificate = Object("cert-manager.io/v1", "Certificate", options.ns, kCertificateSecret);
  certificate["spec"] = {{"dnsNames", DnsNames(options.ns)},
                         {"secretName", kCertificateSecret},
                         {"privateKey", {{"algorithm", "ECDSA"}, {"size", 256}, {"rotationPolicy", "Always"}}},
                         {"issuerRef", {{"kind", "Issuer"}, {"name", "muster-selfsigned-issuer"}}}};
  return {issuer, certificate};
}

json DeploymentObject(const ManifestOptions& options) {
  json object = Object("apps/v1", "Deployment", options.ns, kName);
  json annotations = {{"prometheus.io/scrape", "true"},
                      {"prometheus.io/port", absl::StrCat(kHealthPort)},
                      {"prometheus.io/path", "/metrics"}};
  object["spec"] = {
      {"replicas", options.replicas},
      {"selector", {{"matchLabels", Labels()}}},
      // A new pod is ready before an old one goes.
      {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 0}, {"maxSurge", 1}}}}},
      {"template", {{"metadata", {{"labels", Labels()}, {"annotations", annotations}}}, {"spec", PodSpec(options)}}}};
  return object;
}

json ServiceObject(const ManifestOptions& options) {
  json object = Object("v1", "Service", options.ns, kWebhookService);
  object["spec"] = {{"selector", Labels()},
                    {"ports", {{{"name", "webhook"}, {"port", 443}, {"targetPort", "webhook"}, {"protocol", "TCP"}}}}};
  return object;
}

json DisruptionBudgetObject(const ManifestOptions& options) {
  json object = Object("policy/v1", "PodDisruptionBudget", options.ns, kName);
  object["spec"] = {{"minAvailable", 1}, {"selector", {{"matchLabels", Labels()}}}};
  return object;
}

json NetworkPolicyObject(const ManifestOptions& options) {
  json object = Object("networking.k8s.io/v1", "NetworkPolicy", options.ns, kName);
  json webhook = {{"ports", {{{"port", "webhook"}, {"protocol", "TCP"}}}}};
  for (const std::string& cidr : options.api_server_cidrs) webhook["from"].push_back({{"ipBlock", {{"cidr", cidr}}}});
  json ingress = json::array({webhook});
  json health = {{"ports", {{{"port", "health"}, {"protocol", "TCP"}}}}};
  health["from"] = json::array(
      {{{"namespaceSelector",
         {{"matchExpressions",
           {{{"key", api::kNamespaceNameLabel}, {"operator", "In"}, {"values", options.metrics_namespaces}}}}}}}});
  if (!options.metrics_namespaces.empty()) ingress.push_back(health);
  object["spec"] = {
      {"podSelector", {{"matchLabels", Labels()}}},
      {"policyTypes", {"Ingress", "Egress"}},
      {"ingress", ingress},
      // The API server, which is no pod.
      {"egress", {{{"ports", {{{"port", 443}, {"protocol", "TCP"}}, {{"port", 6443}, {"protocol", "TCP"}}}}}}}};
  return object;
}

}  // namespace muster::webhook
