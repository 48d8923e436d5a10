#include "scheduler/requests/pod_requests.h"

#include <algorithm>
#include <map>

namespace muster::scheduler {
namespace {

using quota::Amount;
using Sums = std::map<std::string, Amount>;

void AddTo(Sums& into, const Sums& more) {
  for (const auto& [name, amount] : more) into[name] = quota::Add(into[name], amount);
}
void MaxWith(Sums& into, const Sums& other) {
  for (const auto& [name, amount] : other) into[name] = std::max(into[name], amount);
}
Sums FromList(const api::ResourceList& list) {
  Sums out;
  for (const auto& [name, quantity] : list) out[name] = AmountOf(name, quantity);
  return out;
}

// The pointwise smallest of the LimitRanges' container defaults would be ambiguous; Kueue keeps the first seen.
void MergeMissing(api::ResourceList& into, const api::ResourceList& from) { into.insert(from.begin(), from.end()); }

template <typename Fn>
void ForEachContainer(api::PodSpec* spec, Fn fn) {
  for (api::Container& c : spec->init_containers) fn(c.resources);
  for (api::Container& c : spec->containers) fn(c.resources);
}

}  // namespace

Amount AmountOf(absl::string_view resource, const api::Quantity& quantity) {
  if (resource == "cpu") return quantity.MilliValueOverflows() ? quota::kUnlimited : quantity.MilliValue();
  return quantity.ValueOverflows() ? quota::kUnlimited : quantity.Value();
}

void AdjustResources(absl::Span<const api::LimitRange* const> limit_ranges, const api::RuntimeClass* runtime_class,
                     api::PodSpec* spec) {
  if (runtime_class != nullptr && spec->overhead.empty()) spec->overhead = runtime_class->overhead_pod_fixed;
  for (const api::LimitRange* range : limit_ranges) {
    for (const api::LimitRangeItem& item : range->limits) {
      // A pod that says what it needs as a whole takes the defaults for pods.
      if (item.type == "Pod" && spec->resources.has_value()) {
        MergeMissing(spec->resources->limits, item.default_limit);
        MergeMissing(spec->resources->requests, item.default_request);
      }
      if (item.type != "Container") continue;
      ForEachContainer(spec, [&](api::ResourceRequirements& r) {
        MergeMissing(r.limits, item.default_limit);
        MergeMissing(r.requests, item.default_request);
      });
    }
  }
  ForEachContainer(spec, [](api::ResourceRequirements& r) { MergeMissing(r.requests, r.limits); });
  if (spec->resources.has_value()) MergeMissing(spec->resources->requests, spec->resources->limits);
}

std::vector<NamedAmount> PodRequests(const api::PodSpec& spec) {
  Sums total;
  for (const api::Container& c : spec.containers) AddTo(total, FromList(c.resources.requests));
  // Init containers run one after the other beside the sidecars started before them; sidecars keep running.
  Sums sidecars, init_peak;
  for (const api::Container& c : spec.init_containers) {
    Sums own = FromList(c.resources.requests);
    if (c.restart_policy == "Always") {
      AddTo(total, own);
      AddTo(sidecars, own);
      MaxWith(init_peak, sidecars);
    } else {
      AddTo(own, sidecars);
      MaxWith(init_peak, own);
    }
  }
  MaxWith(total, init_peak);
  // Pod-level requests, where given, replace the sum of the containers.
  if (spec.resources.has_value()) {
    for (const auto& [name, amount] : FromList(spec.resources->requests)) total[name] = amount;
  }
  AddTo(total, FromList(spec.overhead));
  std::vector<NamedAmount> out;
  for (const auto& [name, amount] : total) out.push_back({name, amount});
  return out;
}

}  // namespace muster::scheduler
