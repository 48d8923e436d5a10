// Label selectors, as a configuration holds them, and feature gates.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "api/meta.h"
#include "webhook/state/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = muster::webhook::ParseWebhookConfig(text, "fuzz");
  if (config.ok()) {
    (void)muster::api::Matches(config->managed_jobs_namespace_selector, {{"kubernetes.io/metadata.name", "a"}});
  }
  muster::webhook::WebhookConfig gates = muster::webhook::DefaultWebhookConfig();
  (void)muster::webhook::ApplyFeatureGates(text, &gates);
  return 0;
}
