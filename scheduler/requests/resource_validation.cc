#include "scheduler/requests/resource_validation.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "scheduler/requests/pod_requests.h"

namespace muster::scheduler {
namespace {

using Amounts = std::map<std::string, quota::Amount>;

Amounts AmountsOf(const api::ResourceList& list) {
  Amounts out;
  for (const auto& [name, quantity] : list) out[name] = AmountOf(name, quantity);
  return out;
}

// Field errors, collected.
class Problems {
 public:
  // Says so if a resource is in both and greater in `a`; what only one of them names does not count.
  void NoteGreater(const std::string& path, const Amounts& a, const Amounts& b, absl::string_view what) {
    std::vector<std::string> names;
    for (const auto& [name, amount] : a) {
      const auto other = b.find(name);
      if (other != b.end() && amount > other->second) names.push_back(absl::StrCat("\"", name, "\""));
    }
    if (names.empty()) return;
    texts_.push_back(absl::StrCat(path, ": Invalid value: [", absl::StrJoin(names, ","), "]: ", what));
  }
  std::string Text() const {
    if (texts_.size() < 2) return absl::StrJoin(texts_, "");
    return absl::StrCat("[", absl::StrJoin(texts_, ", "), "]");
  }

 private:
  std::vector<std::string> texts_;
};

// Calls fn(path, resources) for the init containers, then the containers.
template <typename Fn>
void ForEachContainer(const api::PodSpec& spec, const std::string& path, Fn fn) {
  for (size_t i = 0; i < spec.init_containers.size(); ++i) {
    fn(absl::StrCat(path, ".initContainers[", i, "]"), spec.init_containers[i].resources);
  }
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    fn(absl::StrCat(path, ".containers[", i, "]"), spec.containers[i].resources);
  }
}

std::string PathOf(size_t pod_set) { return absl::StrCat("spec.podSets[", pod_set, "].template.spec"); }

// What the LimitRanges say of one type, taken together. By quantity, as Kueue: amounts are rounded afterwards.
struct Bounds {
  bool given = false;
  api::ResourceList max, min;

  Bounds(absl::Span<const api::LimitRange* const> limit_ranges, absl::string_view type) {
    for (const api::LimitRange* range : limit_ranges) {
      for (const api::LimitRangeItem& item : range->limits) {
        if (item.type != type) continue;
        given = true;
        for (const auto& [name, quantity] : item.max) {
          const auto [it, inserted] = max.try_emplace(name, quantity);
          if (!inserted && quantity < it->second) it->second = quantity;
        }
        for (const auto& [name, quantity] : item.min) {
          const auto [it, inserted] = min.try_emplace(name, quantity);
          if (!inserted && it->second < quantity) it->second = quantity;
        }
      }
    }
  }

  void Check(const std::string& path, const Amounts& low, const Amounts& high, Problems* problems) const {
    problems->NoteGreater(path, high, AmountsOf(max), "requests must not be above the limitRange max");
    problems->NoteGreater(path, AmountsOf(min), low, "requests must not be below the limitRange min");
  }
};

}  // namespace

std::string CheckRequestsWithinLimits(absl::Span<const api::PodSpec* const> pod_sets) {
  Problems problems;
  for (size_t i = 0; i < pod_sets.size(); ++i) {
    const std::string path = PathOf(i);
    const auto check = [&](const std::string& at, const api::ResourceRequirements& r) {
      problems.NoteGreater(at, AmountsOf(r.requests), AmountsOf(r.limits), "requests must not exceed its limits");
    };
    ForEachContainer(*pod_sets[i], path, check);
    if (pod_sets[i]->resources.has_value()) check(path + ".resources", *pod_sets[i]->resources);
  }
  return problems.Text();
}

std::string CheckLimitRanges(absl::Span<const api::LimitRange* const> limit_ranges,
                             absl::Span<const api::PodSpec* const> pod_sets) {
  if (limit_ranges.empty()) return "";
  const Bounds containers(limit_ranges, "Container"), pods(limit_ranges, "Pod");
  Problems problems;
  for (size_t i = 0; i < pod_sets.size(); ++i) {
    const std::string path = PathOf(i);
    if (containers.given) {
      ForEachContainer(*pod_sets[i], path, [&](const std::string& at, const api::ResourceRequirements& r) {
        Amounts low = AmountsOf(r.requests), high = low;
        for (const auto& [name, limit] : AmountsOf(r.limits)) {
          high[name] = std::max(high.try_emplace(name, limit).first->second, limit);
          low[name] = std::min(low.try_emplace(name, limit).first->second, limit);
        }
        containers.Check(at, low, high, &problems);
      });
    }
    if (pods.given) {
      Amounts total;
      for (const NamedAmount& a : PodRequests(*pod_sets[i])) total[a.resource] = a.amount;
      pods.Check(path, total, total, &problems);
    }
  }
  return problems.Text();
}

}  // namespace muster::scheduler
