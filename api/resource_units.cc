#include "api/resource_units.h"

#include "absl/strings/match.h"

namespace muster::api {

bool IsCountedInBytes(absl::string_view resource) {
  return resource == "memory" || resource == "ephemeral-storage" || absl::StartsWith(resource, "hugepages-");
}

int64_t CountedAmount(absl::string_view resource, const Quantity& quantity) {
  return resource == "cpu" ? quantity.MilliValue() : quantity.Value();
}

Quantity QuantityOf(absl::string_view resource, int64_t amount) {
  if (resource == "cpu") return Quantity::FromMilli(amount);
  const bool binary = IsCountedInBytes(resource) && amount % 1024 == 0;
  return Quantity::FromValue(amount, binary ? Quantity::Format::kBinarySI : Quantity::Format::kDecimalSI);
}

std::string FormatAmount(absl::string_view resource, int64_t amount) { return QuantityOf(resource, amount).ToString(); }

}  // namespace muster::api
