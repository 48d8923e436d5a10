#include "webhook/state/config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/job_kinds.h"
#include "api/load.h"
#include "api/problem.h"
#include "api/vocabulary.h"

namespace muster::webhook {
namespace {

using api::At;
using nlohmann::json;

absl::Status SetGate(absl::string_view name, bool value, WebhookConfig* config) {
  const std::optional<Gate> gate = api::FindGate(name);
  if (!gate) return config->gates.Set(name, value);  // says so
  const api::GateInfo& info = api::InfoOf(*gate);
  const bool matters = info.IsReadBy(api::GateReader::kWebhook) || info.IsReadBy(api::GateReader::kValidation);
  if (!matters) config->ignored.push_back(absl::StrCat("featureGates.", name));
  config->gates.Set(*gate, value);
  return absl::OkStatus();
}

void AppendTo(std::string& errors, absl::string_view error) {
  absl::StrAppend(&errors, errors.empty() ? "" : "\n", error);
}

bool MatchesNamed(const api::LabelSelector& selector, const std::string& ns) {
  return api::Matches(selector, {{api::kNamespaceNameLabel, ns}});
}

void ReadFrameworks(const api::Integrations& integrations, WebhookConfig& config, std::string& errors) {
  if (!integrations.frameworks.empty()) config.frameworks.clear();
  for (size_t i = 0; i < integrations.frameworks.size(); ++i) {
    const std::string& name = integrations.frameworks[i];
    if (api::FindJobKindByFramework(name) == nullptr) {
      std::vector<absl::string_view> known;
      for (const api::JobKind& kind : api::JobKinds()) known.push_back(kind.framework);
      AppendTo(errors, absl::StrCat("integrations.frameworks[", i, "]: unknown framework \"", name,
                                    "\"; known are: ", absl::StrJoin(known, ", ")));
    } else if (!config.frameworks.insert(name).second) {
      AppendTo(errors, absl::StrCat("integrations.frameworks[", i, "]: \"", name, "\" is listed twice"));
    }
  }
  // These are held back by their pods.
  for (const char* serving : {"deployment", "statefulset", "leaderworkerset.x-k8s.io/leaderworkerset"}) {
    if (config.frameworks.count(serving) > 0) config.frameworks.insert("pod");
  }
  for (size_t i = 0; i < integrations.external_frameworks.size(); ++i) {
    const std::string& name = integrations.external_frameworks[i];
    // Kind.version.group
    if (std::count(name.begin(), name.end(), '.') < 2) {
      AppendTo(errors, absl::StrCat("integrations.externalFrameworks[", i, "]: \"", name,
                                    "\" is not of the form Kind.version.group.com"));
    } else if (!config.external_frameworks.insert(name).second) {
      AppendTo(errors, absl::StrCat("integrations.externalFrameworks[", i, "]: \"", name, "\" is listed twice"));
    }
  }
}

std::string StringAt(const json& value, absl::string_view pointer) {
  const json* text = At(value, pointer);
  return text != nullptr && text->is_string() ? text->get<std::string>() : std::string();
}

void ReadServing(const json& raw, WebhookConfig& config, std::string& errors) {
  constexpr int kMaxPort = 65535;
  if (const json* port = At(raw, "/webhook/port")) {
    if (port->is_number_integer() && port->get<int64_t>() > 0 && port->get<int64_t>() <= kMaxPort) {
      config.port = port->get<int>();
    } else {
      AppendTo(errors, "webhook.port: must be a number between 1 and 65535");
    }
  }
  config.cert_dir = StringAt(raw, "/webhook/certDir");
  config.metrics_bind = StringAt(raw, "/metrics/bindAddress");
  config.health_probe_bind = StringAt(raw, "/health/healthProbeBindAddress");
}

// Everything at the top of the file that is not looked at, known to Kueue or not.
void CollectIgnored(const json& raw, WebhookConfig& config) {
  static const auto& read = *new std::set<std::string>{"apiVersion",
                                                       "kind",
                                                       "namespace",
                                                       "manageJobsWithoutQueueName",
                                                       "managedJobsNamespaceSelector",
                                                       "health",
                                                       "webhook",
                                                       "metrics",
                                                       "integrations",
                                                       "featureGates"};
  for (const auto& [field, value] : raw.items()) {
    if (read.count(field) == 0) config.ignored.push_back(field);
  }
  std::sort(config.ignored.begin(), config.ignored.end());
}

absl::StatusOr<WebhookConfig> FromLoaded(api::LoadResult loaded, absl::string_view name) {
  if (absl::Status status = loaded.status(); !status.ok()) return status;
  if (loaded.objects.size() != 1 || !std::holds_alternative<api::Configuration>(loaded.objects[0].object)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": must hold one object of kind Configuration (config.kueue.x-k8s.io/v1beta2)"));
  }
  const api::Decoded& decoded = loaded.objects[0];
  const auto& source = std::get<api::Configuration>(decoded.object);
  WebhookConfig config = DefaultWebhookConfig();
  std::string errors;
  if (!source.ns.empty()) config.ns = source.ns;
  config.managed_jobs_namespace_selector.match_expressions = {
      {api::kNamespaceNameLabel, "NotIn", {"kube-system", config.ns}}};
  if (source.managed_jobs_namespace_selector.has_value()) {
    config.managed_jobs_namespace_selector = *source.managed_jobs_namespace_selector;
    for (const std::string& ns : {std::string("kube-system"), config.ns}) {
      if (!MatchesNamed(config.managed_jobs_namespace_selector, ns)) continue;
      AppendTo(errors, absl::StrCat("managedJobsNamespaceSelector: should not match the \"", ns, "\" namespace"));
    }
  }
  config.manage_jobs_without_queue_name = source.manage_jobs_without_queue_name;
  if (source.integrations.has_value()) ReadFrameworks(*source.integrations, config, errors);
  for (const auto& [gate, value] : source.feature_gates) {
    if (absl::Status status = SetGate(gate, value, &config); !status.ok()) AppendTo(errors, status.message());
  }
  ReadServing(decoded.raw, config, errors);
  CollectIgnored(decoded.raw, config);
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrCat(name, ": ", errors));
  return config;
}

}  // namespace

WebhookConfig DefaultWebhookConfig() {
  WebhookConfig config;
  config.managed_jobs_namespace_selector.match_expressions = {
      {api::kNamespaceNameLabel, "NotIn", {"kube-system", config.ns}}};
  return config;
}

absl::StatusOr<WebhookConfig> LoadWebhookConfig(const std::string& path) {
  return FromLoaded(api::LoadPaths({path}), path);
}

absl::StatusOr<WebhookConfig> ParseWebhookConfig(absl::string_view text, absl::string_view name) {
  return FromLoaded(api::LoadText(text, name), name);
}

absl::Status ApplyFeatureGates(absl::string_view gates, WebhookConfig* config) {
  for (const absl::string_view setting : absl::StrSplit(gates, ',', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(setting, absl::MaxSplits('=', 1));
    const absl::string_view name = absl::StripAsciiWhitespace(parts.first);
    const absl::string_view value = absl::StripAsciiWhitespace(parts.second);
    const bool on = absl::EqualsIgnoreCase(value, "true");
    if (!on && !absl::EqualsIgnoreCase(value, "false")) {
      return absl::InvalidArgumentError(
          absl::StrCat("--feature-gates: ", setting, ": must be of the form Name=true or Name=false"));
    }
    if (absl::Status status = SetGate(name, on, config); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace muster::webhook
