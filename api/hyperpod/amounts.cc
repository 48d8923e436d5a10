#include "api/hyperpod/amounts.h"

#include <limits>

#include "api/resource_units.h"

namespace muster::hyperpod {
namespace {

using absl::int128;

// A part of an instance.
struct Ratio {
  int128 part = 0;
  int128 whole = 1;

  int128 Of(int128 amount) const { return amount * part / whole; }
  int128 RoundUpOf(int128 amount) const { return (amount * part + whole - 1) / whole; }
  int128 Ceiling() const { return (part + whole - 1) / whole; }
};

Ratio AcceleratorRatio(const ResourceConfig& entry, const InstanceType& type) {
  if (type.accelerators == 0) return {};
  int128 sevenths = int128(entry.accelerators.value_or(0)) * 7;
  if (entry.partition) sevenths += int128(entry.partition->count) * MigSlices(entry.partition->type);
  return {sevenths, int128(type.accelerators) * 7};
}

// The ratio that what is missing follows.
Ratio RatioOf(const ResourceConfig& entry, const InstanceType& type) {
  const Ratio accelerators = AcceleratorRatio(entry, type);
  if (accelerators.part > 0) return accelerators;
  if (entry.vcpu_milli.value_or(0) > 0) return {*entry.vcpu_milli, int128(type.vcpus) * 1000};
  if (entry.memory_bytes.value_or(0) > 0) return {*entry.memory_bytes, type.memory_bytes};
  return {};
}

void Put(absl::string_view resource, int128 amount, Amounts* amounts) {
  if (amount != 0 && !resource.empty()) (*amounts)[std::string(resource)] += amount;
}

int64_t Clamp(int128 value) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  return value > kMax ? kMax : static_cast<int64_t>(value);
}

}  // namespace

ResourceConfig Filled(const ResourceConfig& entry, const InstanceType& type) {
  if (entry.count) return entry;
  if (!entry.accelerators && !entry.partition && !entry.vcpu_milli && !entry.memory_bytes) return entry;
  ResourceConfig filled = entry;
  const Ratio ratio = RatioOf(entry, type);
  if (!filled.vcpu_milli) filled.vcpu_milli = Clamp(ratio.Of(int128(type.vcpus) * 1000));
  if (!filled.memory_bytes) filled.memory_bytes = Clamp(ratio.Of(type.memory_bytes));
  if (!filled.accelerators) filled.accelerators = 0;
  return filled;
}

Amounts AmountsOf(const InstanceType& type) {
  Amounts amounts;
  Put(kCpu, int128(type.vcpus) * 1000, &amounts);
  Put(kMemory, type.memory_bytes, &amounts);
  Put(type.accelerator_resource, type.accelerators, &amounts);
  Put(kEfa, type.efa, &amounts);
  return amounts;
}

Amounts AmountsOf(const ResourceConfig& entry, const InstanceType& type, EfaOfParts efa) {
  Amounts amounts;
  if (entry.count) {
    for (const auto& [resource, amount] : AmountsOf(type)) Put(resource, amount * *entry.count, &amounts);
  }
  ResourceConfig parts = entry;
  parts.count.reset();
  const ResourceConfig filled = Filled(parts, type);
  Put(kCpu, filled.vcpu_milli.value_or(0), &amounts);
  Put(kMemory, filled.memory_bytes.value_or(0), &amounts);
  Put(type.accelerator_resource, filled.accelerators.value_or(0), &amounts);
  if (filled.partition) Put(MigResource(filled.partition->type), filled.partition->count, &amounts);
  const Ratio ratio = RatioOf(parts, type);
  switch (efa) {
    case EfaOfParts::kRoundUp:
      Put(kEfa, ratio.RoundUpOf(type.efa), &amounts);
      break;
    case EfaOfParts::kWhole:
      Put(kEfa, ratio.Ceiling() * type.efa, &amounts);
      break;
    case EfaOfParts::kNone:
      break;
  }
  return amounts;
}

Amounts operator+(const Amounts& a, const Amounts& b) {
  Amounts sum = a;
  for (const auto& [resource, amount] : b) sum[resource] += amount;
  return sum;
}

absl::int128 AmountOf(const Amounts& amounts, absl::string_view resource) {
  const auto it = amounts.find(std::string(resource));
  return it == amounts.end() ? 0 : it->second;
}

api::Quantity ToQuantity(absl::string_view resource, absl::int128 amount) {
  return api::QuantityOf(resource, Clamp(amount));
}

absl::int128 FromQuantity(absl::string_view resource, const api::Quantity& quantity) {
  const int128 unit = resource == kCpu ? 1'000'000 : 1'000'000'000;
  return (quantity.nanos() + unit - 1) / unit;
}

}  // namespace muster::hyperpod
