#include "manager/process/configuration.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/job_kinds.h"
#include "api/load.h"
#include "api/yaml.h"
#include "manager/jobs/kind_rules.h"
#include "manager/process/configuration_fields.h"

namespace muster::manager {
namespace {

using api::At;
using nlohmann::json;

constexpr char kLease[] = "c1f6bfd2.kueue.x-k8s.io";  // Kueue's: the two do not govern side by side
constexpr char kDefaultNamespace[] = "kueue-system";

// Reads single fields, and gathers what is wrong with them.
class Reader {
 public:
  explicit Reader(const json& raw) : raw_(raw) {}

  void Text(const char* pointer, std::string* out) {
    const json* value = At(raw_, pointer);
    if (value == nullptr) return;
    if (!value->is_string()) return Bad(pointer, "must be text");
    *out = value->get<std::string>();
  }
  void Flag(const char* pointer, bool* out) {
    const json* value = At(raw_, pointer);
    if (value == nullptr) return;
    if (!value->is_boolean()) return Bad(pointer, "must be true or false");
    *out = value->get<bool>();
  }
  void Time(const char* pointer, absl::Duration* out) {
    const json* value = At(raw_, pointer);
    if (value == nullptr) return;
    if (!value->is_string() || !absl::ParseDuration(value->get_ref<const std::string&>(), out)) {
      Bad(pointer, "must be a duration such as \"15s\"");
    }
  }
  void Number(const char* pointer, double* out) {
    const json* value = At(raw_, pointer);
    if (value == nullptr) return;
    if (!value->is_number()) return Bad(pointer, "must be a number");
    *out = value->get<double>();
  }
  void Whole(const char* pointer, int* out) {
    const json* value = At(raw_, pointer);
    if (value == nullptr) return;
    if (!value->is_number_integer() || value->get<int64_t>() < 1 || value->get<int64_t>() > 1'000'000) {
      return Bad(pointer, "must be a whole number above zero");
    }
    *out = value->get<int>();
  }
  bool Has(const char* pointer) const { return At(raw_, pointer) != nullptr; }

  void Bad(absl::string_view pointer, absl::string_view what) {
    std::string path(pointer.substr(1));
    for (char& c : path) c = c == '/' ? '.' : c;
    errors_.push_back(absl::StrCat(path, ": ", what));
  }
  const std::vector<std::string>& errors() const { return errors_; }

 private:
  const json& raw_;
  std::vector<std::string> errors_;
};

void ReadProcess(Reader* reader, ProcessConfiguration* configuration) {
  reader->Flag("/leaderElection/leaderElect", &configuration->leader_elect);
  reader->Time("/leaderElection/leaseDuration", &configuration->election.lease_duration);
  reader->Time("/leaderElection/renewDeadline", &configuration->election.renew_deadline);
  reader->Time("/leaderElection/retryPeriod", &configuration->election.retry_period);
  reader->Text("/leaderElection/resourceName", &configuration->election.name);
  reader->Text("/leaderElection/resourceNamespace", &configuration->election.ns);
  std::string lock = "leases";
  reader->Text("/leaderElection/resourceLock", &lock);
  if (lock != "leases") reader->Bad("/leaderElection/resourceLock", "must be \"leases\"; there is no other lock");
  reader->Number("/clientConnection/qps", &configuration->budget.rate);
  reader->Whole("/clientConnection/burst", &configuration->budget.burst);
  reader->Text("/metrics/bindAddress", &configuration->metrics_bind);
  reader->Flag("/metrics/enableClusterQueueResources", &configuration->cluster_queue_resources);
  reader->Flag("/metrics/localQueueMetrics/enable", &configuration->local_queue_metrics);
  reader->Text("/health/healthProbeBindAddress", &configuration->health_bind);
  for (const auto& [pointer, path] : {std::pair{"/health/readinessEndpointName", &configuration->readiness_path},
                                      std::pair{"/health/livenessEndpointName", &configuration->liveness_path}}) {
    std::string name = path->substr(1);
    reader->Text(pointer, &name);
    *path = absl::StrCat(name.empty() || name[0] != '/' ? "/" : "", name);
  }
}

// Puts gates of the command line into the Configuration, where all of them are then read.
absl::Status TakeGates(absl::string_view gates, json* raw) {
  if (gates.empty()) return absl::OkStatus();
  const json* said = At(*raw, "/featureGates");
  if (said != nullptr && !said->empty()) {
    return absl::InvalidArgumentError("featureGates: are given on the command line, too; only one of the two may be");
  }
  json all = json::object();
  for (const absl::string_view setting : absl::StrSplit(gates, ',', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(setting, absl::MaxSplits('=', 1));
    bool on = false;
    if (!absl::SimpleAtob(absl::StripAsciiWhitespace(parts.second), &on)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--feature-gates: ", setting, ": must be of the form Name=true or Name=false"));
    }
    all[std::string(absl::StripAsciiWhitespace(parts.first))] = on;
  }
  (*raw)["featureGates"] = std::move(all);
  return absl::OkStatus();
}

std::vector<std::string> NotHere(const Reader& reader) {
  std::vector<std::string> all = {"MultiKueue: workloads stay in this cluster",
                                  "dynamic resource allocation: pods that claim devices through DRA are not counted"};
  const struct {
    const char* pointer;
    const char* what;
  } fields[] = {
      {"/visibilityServer", "the visibility API: visibilityServer is not looked at"},
      {"/pprofBindAddress", "profiles: pprofBindAddress is not looked at"},
      {"/metrics/customLabels", "labels of one's own on metrics: metrics.customLabels is not looked at"},
      {"/metrics/localQueueMetrics/localQueueSelector",
       "a choice of LocalQueues: metrics.localQueueMetrics.localQueueSelector is not looked at"},
      {"/controller/groupKindConcurrency", "workers by kind: one loop does it all"},
      {"/tls", "tls: TLS 1.2 and 1.3 are served with their usual suites"},
      {"/resources/deviceClassMappings", "device classes: resources.deviceClassMappings is not looked at"},
  };
  for (const auto& field : fields) {
    if (reader.Has(field.pointer)) all.emplace_back(field.what);
  }
  return all;
}

}  // namespace

std::string WhyNotManaged(absl::string_view framework) {
  const api::JobKind* kind = api::FindJobKindByFramework(framework);
  if (kind == nullptr) return "there is no such framework";
  for (const char* by_pods : {"pod", "deployment", "statefulset", "leaderworkerset.x-k8s.io/leaderworkerset"}) {
    if (framework == by_pods) return "";
  }
  if (FindKindRules(*kind) != nullptr) return "";
  return absl::StrCat("jobs of kind ", kind->kind, " are not managed by Muster yet; take it from the list");
}

absl::StatusOr<ProcessConfiguration> ParseProcessConfiguration(const ConfigurationSource& source) {
  const std::string& name = source.name;
  std::string given = source.text;
  if (given.empty()) given = "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\n";
  std::vector<api::YamlDocument> documents = api::ParseYaml(given);
  if (documents.size() != 1 || !documents[0].error.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, ": must hold one Configuration", documents.size() == 1 ? absl::StrCat(": ", documents[0].error) : ""));
  }
  json& raw = documents[0].value;
  if (!raw.is_object()) return absl::InvalidArgumentError(absl::StrCat(name, ": must hold one Configuration"));
  if (!raw.contains("namespace") && !source.own_namespace.empty()) raw["namespace"] = source.own_namespace;

  std::vector<std::string> errors;
  if (absl::Status status = TakeGates(source.feature_gates, &raw); !status.ok()) errors.emplace_back(status.message());
  for (const std::string& field : UnknownFields(raw)) errors.push_back(absl::StrCat(field, ": unknown field"));
  ProcessConfiguration configuration;
  absl::StatusOr<ManagerOptions> options = ParseManagerOptions(raw.dump(), name);
  if (options.ok()) {
    configuration.manager = *std::move(options);
    for (const std::string& framework : configuration.manager.webhook.frameworks) {
      const std::string why = WhyNotManaged(framework);
      if (!why.empty()) errors.push_back(absl::StrCat("integrations.frameworks: ", framework, ": ", why));
    }
  } else {
    absl::string_view message = options.status().message();
    absl::ConsumePrefix(&message, absl::StrCat(name, ": "));  // said below, once
    errors.emplace_back(message);
  }
  Reader reader(raw);
  configuration.election.name = kLease;
  configuration.election.ns =
      configuration.manager.webhook.ns.empty() ? kDefaultNamespace : configuration.manager.webhook.ns;
  ReadProcess(&reader, &configuration);
  for (const std::string& error : reader.errors()) errors.push_back(error);
  if (configuration.leader_elect && reader.errors().empty()) {
    kube::ElectionOptions election = configuration.election;
    election.identity = "x";
    if (absl::Status status = kube::CheckElectionOptions(election); !status.ok()) errors.emplace_back(status.message());
  }
  if (!errors.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, name.empty() ? "" : ": ", absl::StrJoin(errors, "\n")));
  }
  configuration.not_here = NotHere(reader);
  return configuration;
}

}  // namespace muster::manager
