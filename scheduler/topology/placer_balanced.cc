// Balanced placement (gate TASBalancedPlacement): for preferred levels, domains that each hold about as many slices.
//
// For every set of siblings at the requested level: how many domains would a greedy choice take, and so how many slices
// can each of them be asked to hold at least (the threshold)? Domains below the threshold are ruled out. The set with
// the highest threshold wins, then the one with fewer domains. Source of the rules: Kueue, tas_balanced_placement.go.
#include <algorithm>
#include <cmath>
#include <map>

#include "scheduler/topology/placer_internal.h"

namespace muster::scheduler {
namespace {

class Balancer {
 public:
  explicit Balancer(const PlacementContext& context) : x_(context), counts_(context.counts.all()) {}

  CandidateList Run(int* level, std::vector<DomainCounts>* counts);

 private:
  struct Greedy {
    bool fits = false;
    int32_t domains = 0;
    const Candidate* last_with_leader = nullptr;
    const Candidate* last = nullptr;
    CandidateList with_leader, plain;  // what the pointers point into
  };

  const PlacementContext& x_;
  std::vector<DomainCounts> counts_;

  CandidateList ListOf(absl::Span<const DomainId> ids) const {
    CandidateList out;
    for (const DomainId id : ids) out.push_back({id, counts_[id], x_.tree().domain(id).rank});
    return out;
  }
  std::vector<DomainId> ChildrenOf(absl::Span<const DomainId> ids) const {
    std::vector<DomainId> out;
    for (const DomainId id : ids) {
      const auto& children = x_.tree().domain(id).children;
      out.insert(out.end(), children.begin(), children.end());
    }
    return out;
  }
  bool AboveSlices() const { return x_.plan.level < x_.plan.slice_level; }

  void Evaluate(CandidateList list, Greedy* out) const;
  void Clear(DomainId id, bool leaders_only);
  void PruneOne(DomainId id, int32_t threshold);
  void Prune(absl::Span<const DomainId> set, int32_t threshold);
  void SumUpBelow(DomainId id);
  double Entropy(DomainId id) const;
  CandidateList SmallestSet(CandidateList list, bool by_entropy) const;
  bool Share(CandidateList* list, int32_t threshold) const;
};

void Balancer::Evaluate(CandidateList list, Greedy* out) const {
  *out = Greedy();
  int32_t slices = x_.slices_needed(), leaders = x_.leaders;
  if (leaders > 0) {
    out->with_leader = std::move(list);
    SortForLeaders(x_, false, &out->with_leader);
    size_t i = 0;
    for (; leaders > 0 && i < out->with_leader.size() && out->with_leader[i].c.leaders > 0; ++i) {
      const Candidate& d = out->with_leader[i];
      ++out->domains;
      out->last_with_leader = &d;
      leaders -= d.c.leaders;
      slices -= d.c.slices_with_leader;
    }
    list.assign(out->with_leader.begin() + i, out->with_leader.end());
  }
  if (leaders > 0) return;
  out->plain = std::move(list);
  SortForPods(x_, false, &out->plain);
  for (size_t i = 0; slices > 0 && i < out->plain.size() && out->plain[i].c.slices > 0; ++i) {
    ++out->domains;
    out->last = &out->plain[i];
    slices -= out->plain[i].c.slices;
  }
  out->fits = slices <= 0;
}

void Balancer::Clear(DomainId id, bool leaders_only) {
  DomainCounts& c = counts_[id];
  if (leaders_only) {
    c.pods_with_leader = c.slices_with_leader = c.leaders = 0;
  } else {
    const int64_t affinity = c.affinity;
    c = DomainCounts();
    c.affinity = affinity;
  }
  for (const DomainId child : x_.tree().domain(id).children) Clear(child, leaders_only);
}

void Balancer::PruneOne(DomainId id, int32_t threshold) {
  const DomainCounts& c = counts_[id];
  if (c.slices < threshold) {
    Clear(id, false);
  } else if (x_.leaders > 0 && c.leaders > 0 && c.slices_with_leader < threshold) {
    Clear(id, true);
  }
}

void Balancer::SumUpBelow(DomainId id) {
  const TopologyTree::Domain& d = x_.tree().domain(id);
  DomainCounts& c = counts_[id];
  if (d.children.empty()) return;
  for (const DomainId child : d.children) SumUpBelow(child);
  PodShape shape = x_.counts.shape();
  shape.inner_size.clear();  // Kueue leaves inner layers out here
  c = TopologyCounts::SumUp(x_.tree(), shape, id, [this](DomainId i) -> const DomainCounts& { return counts_[i]; });
}

void Balancer::Prune(absl::Span<const DomainId> set, int32_t threshold) {
  for (const DomainId child : ChildrenOf(set)) PruneOne(child, threshold);
  for (const DomainId id : set) {
    SumUpBelow(id);
    PruneOne(id, threshold);
  }
}

double Balancer::Entropy(DomainId id) const {
  int64_t total = 0;
  const auto& children = x_.tree().domain(id).children;
  for (const DomainId child : children) total += counts_[child].pods;
  double entropy = 0;
  for (const DomainId child : children) {
    if (counts_[child].pods <= 0) continue;
    const double p = static_cast<double>(counts_[child].pods) / static_cast<double>(total);
    entropy += -p * std::log2(p);
  }
  return entropy;
}

// As few domains as the greedy choice takes, with the least room to spare (by dynamic programming over how many domains
// were chosen and what is left to place; the first way found to a state stays).
CandidateList Balancer::SmallestSet(CandidateList list, bool by_entropy) const {
  Greedy greedy;
  Evaluate(list, &greedy);
  if (!greedy.fits) return {};
  if (by_entropy) {
    std::map<DomainId, double> entropy;
    for (const Candidate& d : list) entropy[d.id] = Entropy(d.id);
    std::sort(list.begin(), list.end(), [&](const Candidate& a, const Candidate& b) {
      if (a.c.leaders != b.c.leaders) return a.c.leaders > b.c.leaders;
      if (a.c.slices_with_leader != b.c.slices_with_leader) return a.c.slices_with_leader > b.c.slices_with_leader;
      if (entropy[a.id] != entropy[b.id]) return entropy[a.id] > entropy[b.id];
      return a.rank < b.rank;
    });
  } else {
    std::sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
  }
  using Left = std::pair<int32_t, int32_t>;  // leaders, pods
  std::vector<std::map<Left, std::vector<int>>> ways(greedy.domains + 1);
  ways[0][{x_.leaders, x_.slices_needed() * x_.plan.slice_size}] = {};
  for (int d = 0; d < static_cast<int>(list.size()); ++d) {
    const DomainCounts& c = list[d].c;
    for (int i = greedy.domains; i > 0; --i) {
      for (const auto& [left, way] : ways[i - 1]) {
        if (left.first <= 0 && left.second <= 0) continue;
        std::vector<int> longer = way;
        longer.push_back(d);
        if (left.first > 0 && c.leaders > 0) {
          ways[i].try_emplace(Left(left.first - c.leaders, left.second - c.pods_with_leader), longer);
        }
        if (c.slices > 0) ways[i].try_emplace(Left(left.first, left.second - c.pods), longer);
      }
    }
  }
  const std::vector<int>* best = nullptr;
  for (const auto& [left, way] : ways[greedy.domains]) {
    if (left.first == 0 && left.second <= 0) best = &way;  // ascending: the last has least to spare
  }
  CandidateList out;
  if (best != nullptr) {
    for (const int d : *best) out.push_back(list[d]);
  }
  return out;
}

// The threshold for each, the rest to the roomiest.
bool Balancer::Share(CandidateList* list, int32_t threshold) const {
  const int32_t all = static_cast<int32_t>(list->size()) * threshold;
  if (list->empty() || x_.slices_needed() < all) return false;
  SortForLeaders(x_, false, list);
  int32_t extra = x_.slices_needed() - all, leaders = x_.leaders, take = 0;
  for (Candidate& d : *list) {
    if (leaders > 0) {
      take = std::min(d.c.slices_with_leader - threshold, extra);
      d.c.leaders = 1;
      --leaders;
    } else {
      take = extra > 0 ? std::min(d.c.slices - threshold, extra) : 0;
      d.c.leaders = 0;
    }
    d.c.slices = d.c.slices_with_leader = threshold + take;
    d.c.pods = d.c.slices * x_.plan.slice_size;
    d.c.pods_with_leader = d.c.pods - d.c.leaders;
    extra -= take;
  }
  return extra <= 0 && leaders <= 0;
}

CandidateList Balancer::Run(int* level, std::vector<DomainCounts>* counts) {
  const TopologyTree& tree = x_.tree();
  std::vector<std::vector<DomainId>> sets;
  if (x_.plan.level == 0) {
    sets.emplace_back(tree.AtLevel(0).begin(), tree.AtLevel(0).end());
  } else {
    for (const DomainId id : tree.AtLevel(x_.plan.level - 1)) sets.push_back(tree.domain(id).children);
  }
  const std::vector<DomainCounts> original = counts_;
  int32_t best_threshold = 0, best_domains = 0;
  std::vector<DomainId> best;
  std::vector<DomainCounts> best_counts;
  Greedy greedy, after;
  for (const std::vector<DomainId>& set : sets) {
    counts_ = original;
    Evaluate(ListOf(AboveSlices() ? ChildrenOf(set) : set), &greedy);
    if (!greedy.fits || greedy.domains == 0) continue;
    int32_t threshold = x_.slices_needed() / greedy.domains;
    if (greedy.last_with_leader != nullptr) {
      threshold = std::min(threshold, greedy.last_with_leader->c.slices_with_leader);
    }
    if (greedy.last != nullptr) threshold = std::min(threshold, greedy.last->c.slices);
    int32_t reserving = threshold;
    if (x_.leaders > 0 && greedy.last != nullptr) reserving = std::min(threshold, greedy.last->c.slices_with_leader);
    if (threshold < best_threshold) continue;
    Prune(set, threshold);
    Evaluate(ListOf(set), &after);
    if (!after.fits && reserving < threshold) {
      if (reserving <= 0 || reserving < best_threshold) continue;
      threshold = reserving;
      counts_ = original;
      Prune(set, threshold);
      Evaluate(ListOf(set), &after);
    }
    if (!after.fits) continue;
    if (threshold > best_threshold || (threshold == best_threshold && after.domains < best_domains)) {
      best_threshold = threshold;
      best_domains = after.domains;
      best = set;
      best_counts = counts_;
    }
  }
  if (best_threshold <= 0) return {};
  counts_ = std::move(best_counts);
  CandidateList fit = ListOf(best);
  *level = x_.plan.level;
  if (AboveSlices()) {
    fit = SmallestSet(std::move(fit), /*by_entropy=*/true);
    std::vector<DomainId> ids;
    for (const Candidate& d : fit) ids.push_back(d.id);
    fit = ListOf(ChildrenOf(ids));
    ++*level;
  }
  fit = SmallestSet(std::move(fit), /*by_entropy=*/false);
  if (!Share(&fit, best_threshold)) return {};
  *counts = std::move(counts_);
  return fit;
}

}  // namespace

CandidateList BalancedDomains(const PlacementContext& context, int* level, std::vector<DomainCounts>* counts) {
  return Balancer(context).Run(level, counts);
}

}  // namespace muster::scheduler
