#include "manager/core/local_queue_usage.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/quantity.h"
#include "api/resource_units.h"
#include "scheduler/engine/consumption.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kUsageAt[] = "/status/fairSharing/admissionFairSharingStatus";

// Without a quantity there is nothing to show: amounts are sums of quantities and are never too long for one.
json InResourceList(const std::map<std::string, absl::int128>& billionths) {
  json list = json::object();
  for (const auto& [resource, amount] : billionths) {
    const absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(absl::StrFormat("%dn", amount));
    if (quantity.ok()) list[resource] = quantity->ToString();
  }
  return list;
}

}  // namespace

bool CountsUsage(const ManagerOptions& options) {
  return options.engine.admission_fair_sharing.has_value() &&
         options.engine.gates[scheduler::Gate::kAdmissionFairSharing];
}

void RememberUsage(const kube::Object& queue, absl::Time now, scheduler::Engine* engine) {
  const json* usage = queue.At(kUsageAt);
  if (usage == nullptr || !usage->is_object()) return;
  std::map<std::string, quota::Amount> amounts;
  const auto consumed = usage->find("consumedResources");
  if (consumed != usage->end() && consumed->is_object()) {
    for (const auto& [resource, text] : consumed->items()) {
      if (!text.is_string()) continue;
      const absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(text.get_ref<const std::string&>());
      if (quantity.ok()) amounts[resource] = api::CountedAmount(resource, *quantity);
    }
  }
  engine->SetConsumedResources(queue.key().ns, queue.key().name, amounts, now);
}

std::optional<absl::Duration> ShowUsage(const Context& context, const kube::Object& queue, json* status) {
  if (!CountsUsage(context.world.options)) return std::nullopt;
  const scheduler::Consumption consumption = scheduler::ConsumptionOf(context.engine, queue.key().ns, queue.key().name);
  const absl::Duration interval = context.world.options.engine.admission_fair_sharing->usage_sampling_interval;
  if (consumption.updated == absl::InfinitePast()) return interval;  // not sampled yet
  const absl::StatusOr<absl::Time> shown = kube::ParseTime(queue.StringAt(absl::StrCat(kUsageAt, "/lastUpdate")));
  if (!shown.ok() || consumption.updated - *shown >= interval) {
    json& fair_sharing = (*status)["fairSharing"];
    if (!fair_sharing.is_object()) fair_sharing = json::object();
    if (!fair_sharing.contains("weightedShare")) fair_sharing["weightedShare"] = 0;
    fair_sharing["admissionFairSharingStatus"] = {{"consumedResources", InResourceList(consumption.consumed)},
                                                  {"lastUpdate", kube::TimeText(consumption.updated)}};
  }
  return std::max(interval - (context.now - consumption.updated), absl::ZeroDuration());
}

}  // namespace muster::manager
