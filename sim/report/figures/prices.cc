#include "sim/report/figures/prices.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace muster::sim {
namespace {

bool IsPrice(const std::string& text, double* price) {
  return absl::SimpleAtod(text, price) && std::isfinite(*price) && *price >= 0 && *price <= 1e9;
}

}  // namespace

absl::StatusOr<Prices> ReadPrices(const std::vector<std::string>& texts, const ReplayPolicy& policy) {
  Prices prices;
  for (const api::ResourceFlavor& flavor : policy.flavors) {
    const auto text = flavor.metadata.annotations.find(kPriceAnnotation);
    if (text == flavor.metadata.annotations.end()) continue;
    if (IsPrice(text->second, &prices[flavor.metadata.name])) continue;
    return absl::InvalidArgumentError(absl::StrCat("ResourceFlavor/", flavor.metadata.name, ": metadata.annotations[",
                                                   kPriceAnnotation, "]: \"", text->second,
                                                   "\" is not a price: a number from 0 to 1e9"));
  }
  std::set<std::string> given;
  for (const std::string& text : texts) {
    const size_t equals = text.rfind('=');
    double price = 0;
    if (equals == std::string::npos || equals == 0 || !IsPrice(text.substr(equals + 1), &price)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--price \"", text, "\" is not FLAVOR=PRICE, with a price from 0 to 1e9, as in h100=2.5"));
    }
    const std::string flavor = text.substr(0, equals);
    if (std::none_of(policy.flavors.begin(), policy.flavors.end(),
                     [&](const api::ResourceFlavor& f) { return f.metadata.name == flavor; })) {
      return absl::InvalidArgumentError(
          absl::StrCat("--price ", text, ": there is no ResourceFlavor/", flavor, " in the policy"));
    }
    if (!given.insert(flavor).second) {
      return absl::InvalidArgumentError(absl::StrCat("--price ", text, ": ", flavor, " has a price already"));
    }
    prices[flavor] = price;
  }
  return prices;
}

}  // namespace muster::sim
