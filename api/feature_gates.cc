#include "api/feature_gates.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace muster::api {

std::optional<Gate> FindGate(absl::string_view name) {
  const auto row = std::lower_bound(kGates.begin(), kGates.end(), name,
                                    [](const GateInfo& info, absl::string_view n) { return info.name < n; });
  if (row == kGates.end() || row->name != name) return std::nullopt;
  return static_cast<Gate>(row - kGates.begin());
}

FeatureGates::FeatureGates() {
  for (size_t i = 0; i < kGates.size(); ++i) on_[i] = kGates[i].default_on;
}

absl::Status FeatureGates::Set(absl::string_view name, bool on) {
  const std::optional<Gate> gate = FindGate(name);
  if (!gate) return absl::InvalidArgumentError(absl::StrCat("featureGates.", name, ": unrecognized feature gate"));
  Set(*gate, on);
  return absl::OkStatus();
}

}  // namespace muster::api
