#include "manager/options.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "api/load.h"
#include "scheduler/configuration.h"

namespace muster::manager {
namespace {

using nlohmann::json;

absl::Duration Seconds(const std::optional<int32_t>& seconds, absl::Duration otherwise) {
  return seconds.has_value() ? absl::Seconds(*seconds) : otherwise;
}

std::optional<PodsReadyOptions> PodsReady(const api::Configuration& configuration) {
  const auto gate = configuration.feature_gates.find("DisableWaitForPodsReady");
  if (gate != configuration.feature_gates.end() && gate->second) return std::nullopt;
  PodsReadyOptions options;
  if (!configuration.wait_for_pods_ready.has_value()) return options;
  const api::WaitForPodsReady& said = *configuration.wait_for_pods_ready;
  options.timeout = said.timeout.value_or(options.timeout);
  options.recovery_timeout = said.recovery_timeout.value_or(options.timeout);
  if (*options.recovery_timeout == absl::ZeroDuration()) options.recovery_timeout.reset();
  options.block_admission = said.block_admission.value_or(false);
  if (said.requeuing_strategy.has_value()) {
    options.backoff_limit_count = said.requeuing_strategy->backoff_limit_count;
    options.backoff_base = Seconds(said.requeuing_strategy->backoff_base_seconds, options.backoff_base);
    options.backoff_max = Seconds(said.requeuing_strategy->backoff_max_seconds, options.backoff_max);
  }
  return options;
}

// objectRetentionPolicies.workloads.<field>, a duration in Go's spelling.
absl::Status Retention(const json& raw, const char* field, std::optional<absl::Duration>* out) {
  const json* value = api::At(raw, absl::StrCat("/objectRetentionPolicies/workloads/", field));
  if (value == nullptr) return absl::OkStatus();
  absl::Duration duration;
  if (!value->is_string() || !absl::ParseDuration(value->get_ref<const std::string&>(), &duration) ||
      duration < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat("Configuration: objectRetentionPolicies.workloads.", field,
                                                   ": must be a duration such as \"24h\""));
  }
  *out = duration;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ManagerOptions> ParseManagerOptions(absl::string_view text, absl::string_view name) {
  absl::StatusOr<webhook::WebhookConfig> webhook = webhook::ParseWebhookConfig(text, name);
  if (!webhook.ok()) return webhook.status();
  api::LoadResult loaded = api::LoadText(text, name);
  const api::Decoded& decoded = loaded.objects.at(0);
  const auto& configuration = std::get<api::Configuration>(decoded.object);
  absl::StatusOr<scheduler::EngineOptions> engine = scheduler::EngineOptionsFrom(configuration);
  if (!engine.ok()) return engine.status();
  ManagerOptions options;
  options.webhook = *std::move(webhook);
  options.engine = *std::move(engine);
  if (configuration.integrations.has_value())
    options.label_keys_to_copy = configuration.integrations->label_keys_to_copy;
  options.pods_ready = PodsReady(configuration);
  absl::Status status = Retention(decoded.raw, "afterFinished", &options.retain_finished);
  status.Update(Retention(decoded.raw, "afterDeactivatedByKueue", &options.retain_deactivated));
  if (!status.ok()) return status;
  return options;
}

}  // namespace muster::manager
