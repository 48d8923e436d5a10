#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/hyperpod/decompile.h"

namespace muster::hyperpod {
namespace {

using absl::int128;

constexpr int128 kMost = std::numeric_limits<int64_t>::max();

// As Kubernetes can say it.
Amounts Clamped(Amounts amounts) {
  for (auto& [resource, amount] : amounts) amount = std::min(amount, kMost);
  return amounts;
}

// What the API takes.
bool IsWithinLimits(const ResourceConfig& entry) {
  constexpr int64_t kMax = 10'000'000;
  return entry.count.value_or(0) <= kMax && entry.accelerators.value_or(0) <= kMax &&
         entry.vcpu_milli.value_or(0) <= kMax * 1000 && entry.memory_bytes.value_or(0) <= kMax << 30 &&
         (!entry.partition || entry.partition->count <= kMax);
}

}  // namespace

std::optional<ResourceConfig> EntryFor(const InstanceType& type, const Amounts& wanted, EfaOfParts efa) {
  const auto fits = [&](const ResourceConfig& entry) {
    return IsWithinLimits(entry) && Clamped(AmountsOf(entry, type, efa)) == wanted;
  };
  ResourceConfig entry;
  entry.instance_type = type.name;
  const auto cpu = static_cast<int64_t>(AmountOf(wanted, kCpu));
  const auto memory = static_cast<int64_t>(AmountOf(wanted, kMemory));
  entry.count = cpu / (type.vcpus * 1000);
  if (fits(entry)) return entry;
  entry.count.reset();

  const auto accelerators = static_cast<int64_t>(AmountOf(wanted, type.accelerator_resource));
  if (accelerators > 0) entry.accelerators = accelerators;
  for (const auto& [resource, amount] : wanted) {
    absl::string_view profile = resource;
    if (!absl::ConsumePrefix(&profile, "nvidia.com/") || !absl::StartsWith(profile, "mig-")) continue;
    if (entry.partition) return std::nullopt;  // an entry has one
    entry.partition = {std::string(profile), static_cast<int64_t>(amount)};
  }
  if (fits(entry)) return entry;
  entry.vcpu_milli = cpu;
  if (fits(entry)) return entry;
  entry.vcpu_milli.reset();
  entry.memory_bytes = memory;
  if (fits(entry)) return entry;
  entry.vcpu_milli = cpu;
  if (fits(entry)) return entry;
  return std::nullopt;
}

}  // namespace muster::hyperpod
