// What an entry of a compute quota amounts to, resource by resource: the service's ratio filling.
//
// Ratio = allocated / what one instance has. Whole instances (Count) give that many times the instance. Of parts:
//   Accelerators, AcceleratorPartition   VCpu and MemoryInGiB that are not given follow by their ratio
//   VCpu alone                           MemoryInGiB follows, no accelerators
//   MemoryInGiB alone                    VCpu follows, no accelerators
// A MIG partition is slices / (7 x GPUs) of an instance. What is given is taken as given. Parts may exceed one
// instance. Source: the API's documentation of ComputeQuotaResourceConfig; SageMaker's "Setting up fine-grained quota".
// Results are exact, rounded down to a milli-CPU and a byte. Pure.
#ifndef MUSTER_API_HYPERPOD_AMOUNTS_H_
#define MUSTER_API_HYPERPOD_AMOUNTS_H_

#include <map>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "api/hyperpod/catalog.h"
#include "api/hyperpod/policy.h"
#include "api/quantity.h"

namespace muster::hyperpod {

// Resource -> amount: cpu in milli, memory in bytes, all else in pieces. 128 bits, because what the API allows
// (10,000,000 instances of 4 TiB) does not fit 64. Amounts of zero are left out.
using Amounts = std::map<std::string, absl::int128>;

// How many EFA interfaces go with a part of an instance. AWS does not say.
enum class EfaOfParts {
  kRoundUp,  // the instance's interfaces by the ratio, rounded up
  kWhole,    // all of one instance's, or of as many as the ratio begins
  kNone,
};

// What the entry amounts to. REQUIRES: entry.instance_type is `type`, amounts are not negative, and accelerators or
// partitions only of a type that has them.
Amounts AmountsOf(const ResourceConfig& entry, const InstanceType& type, EfaOfParts efa = EfaOfParts::kRoundUp);

// What one instance has.
Amounts AmountsOf(const InstanceType& type);

// The entry with what the service would fill in (VCpu, MemoryInGiB, Accelerators), as Describe shows it. Entries with a
// Count stay as they are.
ResourceConfig Filled(const ResourceConfig& entry, const InstanceType& type);

Amounts operator+(const Amounts& a, const Amounts& b);
absl::int128 AmountOf(const Amounts& amounts, absl::string_view resource);  // 0 when absent

// As Kubernetes writes an amount of that resource (at most its largest, 2^63-1), and back (rounded up to a whole unit).
api::Quantity ToQuantity(absl::string_view resource, absl::int128 amount);
absl::int128 FromQuantity(absl::string_view resource, const api::Quantity& quantity);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_AMOUNTS_H_
