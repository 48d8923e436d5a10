// What the manager is configured with: the fields of Kueue's Configuration that its reconcilers read.
#ifndef MUSTER_MANAGER_OPTIONS_H_
#define MUSTER_MANAGER_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/configuration.h"
#include "api/meta.h"
#include "scheduler/options.h"
#include "webhook/state/config.h"

namespace muster::manager {

// What happens to jobs whose pods do not become ready (Kueue: waitForPodsReady). On by default, as in Kueue 0.19.
struct PodsReadyOptions {
  absl::Duration timeout = absl::Minutes(30);
  // nullopt = none: once ready, a job may take any time to recover.
  std::optional<absl::Duration> recovery_timeout = absl::Minutes(30);
  bool block_admission = false;
  std::optional<int32_t> backoff_limit_count;  // nullopt = no limit
  absl::Duration backoff_base = absl::Seconds(60);
  absl::Duration backoff_max = absl::Seconds(3600);
};

// Thread-safety: value type.
struct ManagerOptions {
  // What the webhook answers by: its namespace, the frameworks, which namespaces are managed.
  webhook::WebhookConfig webhook = webhook::DefaultWebhookConfig();
  std::vector<std::string> label_keys_to_copy;
  std::optional<PodsReadyOptions> pods_ready = PodsReadyOptions{};  // nullopt: the gate DisableWaitForPodsReady is on
  std::optional<absl::Duration> retain_finished;                    // objectRetentionPolicies.workloads.afterFinished
  std::optional<absl::Duration> retain_deactivated;                 // ...afterDeactivatedByKueue
  scheduler::EngineOptions engine;

  bool fair_sharing() const { return engine.fair_sharing.has_value(); }
  bool Manages(absl::string_view framework) const { return webhook.frameworks.count(std::string(framework)) > 0; }
};

// Reads Kueue's Configuration (YAML or JSON). Errors: InvalidArgument, one line for each field that Kueue's manager would
// not start with.
absl::StatusOr<ManagerOptions> ParseManagerOptions(absl::string_view text, absl::string_view name = "");

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_OPTIONS_H_
