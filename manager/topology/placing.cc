#include "manager/topology/placing.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "api/vocabulary.h"
#include "manager/jobs/pods/pod_state.h"

namespace muster::manager {
namespace {

using Domain = api::TopologyDomainAssignment;

bool WaitsForPlace(const kube::Object& pod) { return HasGate(pod, api::kTopologySchedulingGate); }

// Where the pod's node selector puts it; "" at levels it says nothing of.
std::vector<std::string> SelectedValues(const kube::Object& pod, const std::vector<std::string>& levels) {
  std::vector<std::string> values(levels.size());
  const nlohmann::json* selector = pod.At("/spec/nodeSelector");
  if (selector == nullptr || !selector->is_object()) return values;
  for (size_t i = 0; i < levels.size(); ++i) {
    const auto value = selector->find(levels[i]);
    if (value != selector->end() && value->is_string()) values[i] = value->get<std::string>();
  }
  return values;
}

// A label that is a whole number below `end`.
std::optional<int64_t> IndexOf(const kube::Object& pod, absl::string_view label, int64_t end) {
  const absl::string_view text = pod.label(label);
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return '0' <= c && c <= '9'; });
  int64_t index = 0;
  if (!digits || !absl::SimpleAtoi(text, &index) || index >= end) return std::nullopt;
  return index;
}

// Domains by the rank of the pods in them: the first domain has the first ranks, and so on.
class DomainsByRank {
 public:
  explicit DomainsByRank(const api::TopologyAssignment& assignment) {
    int64_t end = 0;
    for (const Domain& domain : assignment.domains) {
      end += std::max<int64_t>(domain.count, 0);
      ends_.emplace_back(end, &domain);
    }
  }
  // Null for a rank behind all of them.
  const Domain* At(int64_t rank) const {
    const auto it = std::upper_bound(ends_.begin(), ends_.end(), rank,
                                     [](int64_t wanted, const auto& each) { return wanted < each.first; });
    return it == ends_.end() ? nullptr : it->second;
  }

 private:
  std::vector<std::pair<int64_t, const Domain*>> ends_;
};

// The rank of a pod in its pod set; nullopt when it has none.
std::optional<int64_t> RankOf(const PlacedPodSet& pod_set, const kube::Object& pod) {
  const api::TopologyRequest& request = *pod_set.request;
  const std::optional<int64_t> index = IndexOf(pod, *request.pod_index_label, pod_set.end_index);
  if (!index.has_value()) return std::nullopt;
  int64_t rank = *index - pod_set.first_index;
  if (request.sub_group_index_label.has_value()) {
    const int64_t groups = request.sub_group_count.value_or(0);
    if (groups <= 0) return std::nullopt;
    const int64_t size = pod_set.count / groups;
    const std::optional<int64_t> group = IndexOf(pod, *request.sub_group_index_label, groups);
    if (!group.has_value() || *index >= size) return std::nullopt;
    rank += *group * size;
  }
  if (rank < 0 || rank >= pod_set.count) return std::nullopt;
  return rank;
}

// nullopt when the pods cannot be told apart by number, or run elsewhere than their numbers say.
std::optional<std::vector<PlacedPod>> ByRank(const PlacedPodSet& pod_set, const std::vector<kube::ObjectPtr>& pods) {
  if (pod_set.request == nullptr || !pod_set.request->pod_index_label.has_value()) return std::nullopt;
  const DomainsByRank domains(*pod_set.assignment);
  std::map<int64_t, kube::ObjectPtr> by_rank;
  for (const kube::ObjectPtr& pod : pods) {
    const std::optional<int64_t> rank = RankOf(pod_set, *pod);
    if (!rank.has_value() || !by_rank.emplace(*rank, pod).second) return std::nullopt;
  }
  std::vector<PlacedPod> placed;
  for (const auto& [rank, pod] : by_rank) {
    // Fewer places than pods: the size of slices may not divide the number of pods.
    const Domain* domain = domains.At(rank);
    if (domain == nullptr) return std::nullopt;
    if (WaitsForPlace(*pod)) {
      placed.push_back({pod, domain});
    } else if (SelectedValues(*pod, pod_set.assignment->levels) != domain->values) {
      return std::nullopt;
    }
  }
  return placed;
}

std::vector<PlacedPod> InOrder(const PlacedPodSet& pod_set, const std::vector<kube::ObjectPtr>& pods) {
  std::vector<kube::ObjectPtr> waiting;
  std::map<std::vector<std::string>, int64_t> taken;
  for (const kube::ObjectPtr& pod : pods) {
    if (WaitsForPlace(*pod)) {
      waiting.push_back(pod);
    } else {
      ++taken[SelectedValues(*pod, pod_set.assignment->levels)];
    }
  }
  std::vector<PlacedPod> placed;
  for (const Domain& domain : pod_set.assignment->domains) {
    const auto it = taken.find(domain.values);
    const int64_t free = domain.count - (it == taken.end() ? 0 : it->second);
    for (int64_t i = 0; i < free && placed.size() < waiting.size(); ++i) {
      placed.push_back({waiting[placed.size()], &domain});
    }
  }
  return placed;
}

}  // namespace

std::vector<PlacedPod> PlaceGatedPods(const PlacedPodSet& pod_set, const std::vector<kube::ObjectPtr>& pods) {
  std::optional<std::vector<PlacedPod>> by_rank = ByRank(pod_set, pods);
  return by_rank.has_value() ? *std::move(by_rank) : InOrder(pod_set, pods);
}

}  // namespace muster::manager
