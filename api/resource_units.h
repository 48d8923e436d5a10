// The units that Kueue counts resources in, and how it writes amounts of them.
//
// An amount is an int64: thousandths of a core for cpu, whole units for everything else (bytes of memory, devices,
// pods). The quantity of an amount is written in binary suffixes for what is counted in bytes ("8Gi"), in decimal ones
// for the rest ("1500m", "2k"). All functions are pure and O(1).
// Source of the rule: Kueue's pkg/resources (ResourceValue, ResourceFormatter; 0.20-devel).
#ifndef MUSTER_API_RESOURCE_UNITS_H_
#define MUSTER_API_RESOURCE_UNITS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "api/quantity.h"

namespace muster::api {

// Whether the resource is counted in bytes: memory, ephemeral-storage, hugepages-*.
bool IsCountedInBytes(absl::string_view resource);

// The amount of a quantity: rounded up, and the nearest int64 when it does not fit.
int64_t CountedAmount(absl::string_view resource, const Quantity& quantity);

// The quantity of an amount. Bytes that are no multiple of 1Ki have no binary suffix and are written as other amounts.
Quantity QuantityOf(absl::string_view resource, int64_t amount);

// Its text: "1500m" for 1500 of cpu, "8Gi" for 8589934592 of hugepages-2Mi, "8" for 8 of nvidia.com/gpu.
std::string FormatAmount(absl::string_view resource, int64_t amount);

}  // namespace muster::api

#endif  // MUSTER_API_RESOURCE_UNITS_H_
