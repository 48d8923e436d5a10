// What a unit of the main resource costs in an hour, by flavor: for showback.
#ifndef MUSTER_SIM_REPORT_FIGURES_PRICES_H_
#define MUSTER_SIM_REPORT_FIGURES_PRICES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/replay/policy.h"

namespace muster::sim {

// An annotation of a ResourceFlavor: a number.
inline constexpr char kPriceAnnotation[] = "muster.dev/price-per-hour";

// By flavor; flavors without a price are not in it.
using Prices = std::map<std::string, double>;

// Those of the policy's annotations, and over them `texts`, each FLAVOR=PRICE. Errors: InvalidArgument naming the text,
// or the flavor and annotation, for what is no price, or a flavor that is not in the policy or given twice.
absl::StatusOr<Prices> ReadPrices(const std::vector<std::string>& texts, const ReplayPolicy& policy);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_FIGURES_PRICES_H_
