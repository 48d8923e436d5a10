#include "webhook/manifests/manifests.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/vocabulary.h"
#include "api/yaml.h"
#include "kube/resource_type.h"
#include "webhook/live/resource.h"
#include "webhook/manifests/workload_manifests.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kCertificateFile[] = "certificate.yaml";
constexpr char kMutatingFile[] = "mutating-webhook.yaml";
constexpr char kValidatingFile[] = "validating-webhook.yaml";

// A call takes well under a millisecond; an owner look-up is cut off after two seconds.
constexpr int kTimeoutSeconds = 5;

// The part of a resource before its sub-resource: "workloads" of "workloads/status".
std::string BaseOf(const std::string& resource) { return resource.substr(0, resource.find('/')); }

std::string FailurePolicy(const Route& route, const ManifestOptions& options) {
  for (const std::string& resource : route.resources) {
    if (options.ignore_when_down.contains(BaseOf(resource))) return "Ignore";
  }
  return "Fail";
}

json ClientConfig(const Route& route, const ManifestOptions& options) {
  json config = {
      {"service", {{"name", kWebhookService}, {"namespace", options.ns}, {"path", route.path}, {"port", 443}}}};
  if (options.certificate != nullptr) config["caBundle"] = absl::Base64Escape(options.certificate->ca);
  return config;
}

json WebhookEntry(const Route& route, const ManifestOptions& options) {
  json entry = {{"name", route.name},
                {"admissionReviewVersions", {"v1"}},
                {"clientConfig", ClientConfig(route, options)},
                {"failurePolicy", FailurePolicy(route, options)},
                {"matchPolicy", "Equivalent"},
                {"sideEffects", "None"},
                {"timeoutSeconds", kTimeoutSeconds},
                {"rules",
                 {{{"apiGroups", {route.group}},
                   {"apiVersions", {route.version}},
                   {"resources", route.resources},
                   {"operations", route.operations},
                   {"scope", "*"}}}}};
  // Kueue's own kinds are checked wherever they are, as Kueue does.
  if (!route.framework.empty()) {
    entry["namespaceSelector"] = {
        {"matchExpressions",
         {{{"key", api::kNamespaceNameLabel},
           {"operator", "NotIn"},
           {"values", std::set<std::string>{"kube-system", options.kueue_namespace, options.ns}}}}}};
  }
  return entry;
}

json WebhookConfiguration(const std::vector<Route>& routes, Route::Type type, const ManifestOptions& options) {
  const bool mutating = type == Route::Type::kMutate;
  json configuration = Object(
      "admissionregistration.k8s.io/v1", mutating ? "MutatingWebhookConfiguration" : "ValidatingWebhookConfiguration",
      "", mutating ? "muster-mutating-webhook-configuration" : "muster-validating-webhook-configuration");
  if (options.cert_manager) {
    configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] =
        absl::StrCat(options.ns, "/", kCertificateSecret);
  }
  configuration["webhooks"] = json::array();
  for (const Route& route : routes) {
    if (route.type == type && route.enabled) configuration["webhooks"].push_back(WebhookEntry(route, options));
  }
  return configuration;
}

// What is listed and watched, and what may own a job or a pod.
json Rules(const std::vector<Route>& routes) {
  std::map<std::string, std::set<std::string>> followed, owners;
  for (const Resource& resource : FollowedResources())
    followed[std::string(resource.type->group)].insert(std::string(resource.type->plural));
  owners["apps"].insert("replicasets");
  for (const Route& route : routes) {
    // Owners of all of Kueue's kinds are followed, whether they are enabled or not.
    if (route.type == Route::Type::kConvert) continue;
    for (const std::string& resource : route.resources) {
      if (!followed[route.group].contains(BaseOf(resource))) owners[route.group].insert(BaseOf(resource));
    }
  }
  json rules = json::array();
  for (const auto& [group, resources] : followed) {
    if (resources.empty()) continue;
    rules.push_back({{"apiGroups", {group}}, {"resources", resources}, {"verbs", {"get", "list", "watch"}}});
  }
  for (const auto& [group, resources] : owners) {
    rules.push_back({{"apiGroups", {group}}, {"resources", resources}, {"verbs", {"get"}}});
  }
  return rules;
}

std::vector<json> Rbac(const std::vector<Route>& routes, const ManifestOptions& options) {
  json role = Object("rbac.authorization.k8s.io/v1", "ClusterRole", "", "muster-webhook-role");
  role["rules"] = Rules(routes);
  json binding = Object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "", "muster-webhook-rolebinding");
  binding["roleRef"] = {
      {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "muster-webhook-role"}};
  binding["subjects"] = {{{"kind", "ServiceAccount"}, {"name", "muster-webhook"}, {"namespace", options.ns}}};
  std::vector<json> objects = {Object("v1", "ServiceAccount", options.ns, "muster-webhook"), role, binding};
  if (options.client_ca_from_cluster) {
    // The role is Kubernetes' own.
    json reader = Object("rbac.authorization.k8s.io/v1", "RoleBinding", "kube-system", "muster-webhook-auth-reader");
    reader["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"},
                         {"kind", "Role"},
                         {"name", "extension-apiserver-authentication-reader"}};
    reader["subjects"] = binding["subjects"];
    objects.push_back(std::move(reader));
  }
  return objects;
}

absl::Status CheckIgnored(const std::vector<Route>& routes, const ManifestOptions& options) {
  for (const std::string& ignored : options.ignore_when_down) {
    bool known = false;
    for (const Route& route : routes) {
      for (const std::string& resource : route.resources) known = known || BaseOf(resource) == ignored;
    }
    if (!known) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", ignored, "\": no webhook is for such a resource; name them in the plural, as in pods"));
    }
  }
  return absl::OkStatus();
}

// Whether the text can stand as a literal block (|) as it is.
bool IsBlock(const std::string& text) {
  if (text.empty() || text.back() != '\n' || text.front() == ' ' || text.front() == '\n') return false;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!line.empty() && line.back() == ' ') return false;
    for (const char c : line) {
      if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return false;
    }
  }
  return !absl::EndsWith(text, "\n\n");
}

// A file in a ConfigMap is there to be read and edited: a literal block instead of one line with \n in it.
std::string YamlOf(json object) {
  std::string text, name;
  if (object["kind"] == "ConfigMap" && object.contains("data")) {
    for (auto& [key, value] : object["data"].items()) {
      if (!name.empty() || !value.is_string() || !IsBlock(value.get<std::string>())) continue;
      name = key;
      text = value.get<std::string>();
      value = "BLOCK";
    }
  }
  std::string yaml = api::ToYaml(object);
  const std::string place = absl::StrCat("  ", name, ": BLOCK\n");
  const size_t at = yaml.find(place);
  if (name.empty()) return yaml;
  if (at == std::string::npos) {
    object["data"][name] = text;
    return api::ToYaml(object);
  }
  std::string block = absl::StrCat("  ", name, ": |\n");
  text.pop_back();
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&block, line.empty() ? "" : "    ", line, "\n");
  }
  return yaml.replace(at, place.size(), block);
}

ManifestFile Kustomization(const std::string& folder, const std::string& about,
                           const std::vector<std::string>& resources) {
  return {absl::StrCat(folder, "kustomization.yaml"),
          about,
          {{{"apiVersion", "kustomize.config.k8s.io/v1beta1"}, {"kind", "Kustomization"}, {"resources", resources}}}};
}

}  // namespace

std::string DefaultConfiguration() {
  return R"(apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
integrations:
  frameworks:
  - batch/job
  - kubeflow.org/mpijob
  - ray.io/rayjob
  - ray.io/raycluster
  - ray.io/rayservice
  - jobset.x-k8s.io/jobset
  - workload.codeflare.dev/appwrapper
  - trainer.kubeflow.org/trainjob
  - pod
  - deployment
  - statefulset
  - leaderworkerset.x-k8s.io/leaderworkerset
)";
}

absl::StatusOr<std::vector<ManifestFile>> MakeManifests(const std::vector<Route>& routes,
                                                        const ManifestOptions& options) {
  if (absl::Status status = CheckIgnored(routes, options); !status.ok()) return status;
  std::vector<ManifestFile> files;
  // A namespace that is somebody else's stays as it is.
  if (options.ns != options.kueue_namespace && options.ns != "kube-system") {
    files.push_back({"namespace.yaml", "", {NamespaceObject(options)}});
  }
  files.push_back({"rbac.yaml", "What the webhook reads. It writes nothing.", Rbac(routes, options)});
  files.push_back({"config.yaml",
                   "Kueue's manager Configuration: give the webhook the one Kueue has.",
                   {ConfigMapObject(options)}});
  if (options.certificate != nullptr) {
    files.push_back(
        {kCertificateFile, "Made with the manifests; make new ones before it expires.", {SecretObject(options)}});
  } else if (options.cert_manager) {
    files.push_back({kCertificateFile, "cert-manager makes and renews the certificate.", CertManagerObjects(options)});
  }
  if (!options.client_ca.empty()) {
    files.push_back({"client-ca.yaml", "Who signs the certificates API servers show.", {ClientCaObject(options)}});
  }
  files.push_back({"deployment.yaml", "", {DeploymentObject(options)}});
  files.push_back({"service.yaml", "", {ServiceObject(options)}});
  files.push_back({"pod-disruption-budget.yaml", "", {DisruptionBudgetObject(options)}});
  const char* const reach =
      "API servers call from outside of the pod network, from addresses that only you know: without\n"
      "--api-server-cidr their port is open to all. Metrics are for the namespaces of --metrics-namespace; the probes\n"
      "of a kubelet come from its node, which needs no rule.";
  files.push_back({"network-policy.yaml", reach, {NetworkPolicyObject(options)}});
  if (options.certificate == nullptr && !options.cert_manager) return files;
  const std::string conversion =
      "The CRDs are Kueue's and say themselves who converts their versions. To have Muster do it, see "
      "docs/webhook.md,\n"
      "\"Conversion\".";
  files.push_back({kMutatingFile, "", {WebhookConfiguration(routes, Route::Type::kMutate, options)}});
  files.push_back({kValidatingFile, conversion, {WebhookConfiguration(routes, Route::Type::kValidate, options)}});
  return files;
}

std::string ToText(const ManifestFile& file) {
  std::string text;
  if (!file.about.empty()) {
    for (const absl::string_view line : absl::StrSplit(file.about, '\n')) absl::StrAppend(&text, "# ", line, "\n");
  }
  for (size_t i = 0; i < file.objects.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "---\n", YamlOf(file.objects[i]));
  }
  return text;
}

std::vector<ManifestFile> KustomizeTree(const std::vector<ManifestFile>& files, const ManifestOptions& options) {
  const std::set<std::string> calls = {kCertificateFile, kMutatingFile, kValidatingFile};
  const std::string overlay = options.cert_manager ? "overlays/cert-manager/" : "overlays/self-signed/";
  std::vector<ManifestFile> tree;
  std::vector<std::string> base, on_top = {"../../base"};
  for (ManifestFile file : files) {
    const bool is_call = calls.contains(file.name);
    (is_call ? on_top : base).push_back(file.name);
    file.name = absl::StrCat(is_call ? overlay : "base/", file.name);
    tree.push_back(std::move(file));
  }
  tree.push_back(Kustomization("", "Runs the webhook and makes nobody call it: that is in overlays/.", {"base"}));
  tree.push_back(Kustomization("base/", "", base));
  if (on_top.size() > 1) tree.push_back(Kustomization(overlay, "", on_top));
  return tree;
}

}  // namespace muster::webhook
