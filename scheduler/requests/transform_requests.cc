#include "scheduler/requests/transform_requests.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace muster::scheduler {
namespace {

double Scale(const std::string& resource) { return resource == "cpu" ? 1000.0 : 1.0; }

quota::Amount RoundUp(long double amount) {
  const long double up = std::ceil(amount);
  return up >= static_cast<long double>(quota::kUnlimited) ? quota::kUnlimited : static_cast<quota::Amount>(up);
}

}  // namespace

std::vector<NamedAmount> TransformRequests(std::vector<NamedAmount> requests,
                                           absl::Span<const RequestTransformation> transformations) {
  if (transformations.empty()) return requests;
  const auto natural = [&](const std::string& resource) -> long double {
    for (const NamedAmount& a : requests) {
      if (a.resource == resource) return static_cast<long double>(a.amount) / Scale(resource);
    }
    return -1;
  };
  std::map<std::string, long double> added;
  std::set<std::string> replaced;
  for (const RequestTransformation& t : transformations) {
    const long double input = natural(t.input);
    if (input < 0) continue;
    if (t.replace) replaced.insert(t.input);
    long double times = input;
    if (!t.multiply_by.empty()) {
      const long double factor = natural(t.multiply_by);
      if (factor >= 0) times *= factor;
    }
    for (const auto& [resource, amount] : t.outputs) added[resource] += times * amount;
  }
  std::map<std::string, quota::Amount> out;
  for (const NamedAmount& a : requests) {
    if (replaced.count(a.resource) == 0) out[a.resource] = a.amount;
  }
  for (const auto& [resource, amount] : added) {
    quota::Amount& sum = out[resource];
    sum = quota::Add(sum, RoundUp(std::max<long double>(0, amount) * Scale(resource)));
  }
  std::vector<NamedAmount> list;
  for (const auto& [resource, amount] : out) list.push_back({resource, amount});
  return list;
}

}  // namespace muster::scheduler
