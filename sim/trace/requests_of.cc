#include "sim/trace/requests_of.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "api/resource_units.h"

namespace muster::sim {

api::ResourceList RequestsOf(const api::PodSpec& spec) {
  api::ResourceList sum;
  for (const api::Container& container : spec.containers) {
    api::ResourceList requests = container.resources.limits;
    for (const auto& [resource, amount] : container.resources.requests) requests[resource] = amount;
    for (const auto& [resource, amount] : requests) {
      const auto [it, added] = sum.try_emplace(resource, amount);
      if (added) continue;
      const int64_t a = std::max<int64_t>(0, api::CountedAmount(resource, it->second));
      const int64_t b = std::max<int64_t>(0, api::CountedAmount(resource, amount));
      constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
      it->second = api::QuantityOf(resource, a > kMost - b ? kMost : a + b);
    }
  }
  return sum;
}

}  // namespace muster::sim
