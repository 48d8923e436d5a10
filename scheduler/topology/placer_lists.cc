// Placing by sorted lists of all domains concerned: the way that serves leaders, preferred affinity and balancing.
#include <algorithm>
#include <limits>
#include <tuple>

#include "scheduler/topology/placer_internal.h"

namespace muster::scheduler {

void SortForLeaders(const PlacementContext& x, bool least_free, CandidateList* list) {
  const bool by_affinity = x.options.respect_affinity;
  std::sort(list->begin(), list->end(), [&](const Candidate& a, const Candidate& b) {
    if (a.c.leaders != b.c.leaders) return a.c.leaders > b.c.leaders;
    if (by_affinity && a.c.affinity != b.c.affinity) return a.c.affinity > b.c.affinity;
    if (a.c.slices_with_leader != b.c.slices_with_leader) {
      return (a.c.slices_with_leader < b.c.slices_with_leader) == least_free;
    }
    if (a.c.pods_with_leader != b.c.pods_with_leader) return a.c.pods_with_leader < b.c.pods_with_leader;
    if (a.c.left != b.c.left) return a.c.left < b.c.left;
    return a.rank < b.rank;
  });
}

void SortForPods(const PlacementContext& x, bool least_free, CandidateList* list) {
  const bool by_affinity = x.options.respect_affinity;
  std::sort(list->begin(), list->end(), [&](const Candidate& a, const Candidate& b) {
    if (by_affinity && a.c.affinity != b.c.affinity) return a.c.affinity > b.c.affinity;
    if (a.c.slices != b.c.slices) return (a.c.slices < b.c.slices) == least_free;
    if (a.c.pods != b.c.pods) return a.c.pods < b.c.pods;
    if (a.c.left != b.c.left) return a.c.left < b.c.left;
    return a.rank < b.rank;
  });
}

namespace {

// Which of a candidate's counts is handed out.
enum class Unit { kPods, kSlices };
int32_t& Plain(Candidate& d, Unit unit) { return unit == Unit::kSlices ? d.c.slices : d.c.pods; }
int32_t& WithLeader(Candidate& d, Unit unit) {
  return unit == Unit::kSlices ? d.c.slices_with_leader : d.c.pods_with_leader;
}

class Lists {
 public:
  explicit Lists(const PlacementContext& context) : x_(context), best_fit_(!context.least_free()) {}

  std::optional<TopologyFailure> Run(std::vector<ChosenDomain>* leaves);

 private:
  const DomainCounts& CountsOf(DomainId id) const { return overlay_.empty() ? x_.counts.at(id) : overlay_[id]; }
  // Domains without a node that is present are no candidates: what does not fit is said of the others.
  void Append(absl::Span<const DomainId> ids, CandidateList* list) const {
    for (const DomainId id : ids) {
      if (x_.tree().has_present(id)) list->push_back({id, CountsOf(id), x_.tree().domain(id).rank});
    }
  }
  void SortPods(CandidateList* list) const { SortForPods(x_, !best_fit_, list); }

  // The first candidate from `from` on with the least room that is enough; `from` if none has.
  size_t BestFit(CandidateList& list, size_t from, int32_t needed, int32_t leaders, Unit unit) const;
  // Brings to the front a candidate that can take the leader and still leaves room for all.
  void LeaderFirst(CandidateList* list, int32_t needed, int32_t leaders, Unit unit) const;
  std::optional<TopologyFailure> FindLevel(int level, int* found_level, CandidateList* found) const;
  // Gives `count` pods (in slices of `size`) and leaders to as few candidates as it takes.
  CandidateList Minimize(CandidateList list, int32_t count, int32_t leaders, int32_t size, Unit unit) const;

  const PlacementContext& x_;
  const bool best_fit_;
  std::vector<DomainCounts> overlay_;  // balanced placement: counts without the domains it rules out
};

size_t Lists::BestFit(CandidateList& list, size_t from, int32_t needed, int32_t leaders, Unit unit) const {
  size_t best = from;
  int32_t least = std::numeric_limits<int32_t>::max();
  for (size_t i = from; i < list.size(); ++i) {
    // Better affinity comes first: a worse one is never taken for its size.
    if (x_.options.respect_affinity && list[i].c.affinity != list[from].c.affinity) break;
    if (list[i].c.leaders < leaders) continue;
    const int32_t room = leaders > 0 ? WithLeader(list[i], unit) : Plain(list[i], unit);
    if (room >= needed && room < least) {
      best = i;
      least = room;
    }
  }
  return best;
}

void Lists::LeaderFirst(CandidateList* list, int32_t needed, int32_t leaders, Unit unit) const {
  if (leaders == 0 || list->size() < 2) return;
  int64_t room = 0;
  for (Candidate& d : *list) room += Plain(d, unit);
  for (size_t i = 0; i < list->size(); ++i) {
    Candidate& d = (*list)[i];
    if (d.c.leaders < leaders) continue;
    if (room - (Plain(d, unit) - WithLeader(d, unit)) < needed) continue;
    std::rotate(list->begin(), list->begin() + i, list->begin() + i + 1);
    return;
  }
}

std::optional<TopologyFailure> Lists::FindLevel(int level, int* found_level, CandidateList* found) const {
  if (x_.tree().num_present() == 0) return NoDomains(x_, level);
  CandidateList list;
  Append(x_.tree().AtLevel(level), &list);
  SortForLeaders(x_, !best_fit_, &list);
  const int32_t needed = x_.slices_needed();
  *found_level = level;
  const auto enough = [&](const Candidate& d) { return d.c.slices_with_leader >= needed && d.c.leaders >= x_.leaders; };
  if (x_.options.roomiest && x_.leaders == 0 && level == x_.lowest()) {
    const auto room = [](const Candidate& d) { return std::tie(d.c.slices, d.c.pods, d.c.left); };
    const Candidate& most = *std::max_element(list.begin(), list.end(), [&](const Candidate& a, const Candidate& b) {
      return room(a) != room(b) ? room(a) < room(b) : a.rank > b.rank;
    });
    if (enough(most)) {
      *found = {most};
      return std::nullopt;
    }
  }
  size_t top = 0;
  if (best_fit_ && enough(list[0])) top = BestFit(list, 0, needed, x_.leaders, Unit::kSlices);
  if (!best_fit_) {
    for (const Candidate& d : list) {
      if (x_.leaders > 0 && d.c.leaders < x_.leaders) continue;
      if ((x_.leaders > 0 ? d.c.slices_with_leader : d.c.slices) < needed) continue;
      *found = {d};
      return std::nullopt;
    }
    if (x_.plan.required) return NotFit(x_, level, list.back().c.pods);
  }
  if (enough(list[top])) {
    *found = {list[top]};
    return std::nullopt;
  }
  if (x_.plan.required) {
    for (size_t i = 1; x_.options.respect_affinity && i < list.size(); ++i) {
      if (!enough(list[i])) continue;
      *found = {list[BestFit(list, i, needed, x_.leaders, Unit::kSlices)]};
      return std::nullopt;
    }
    return NotFit(x_, level, list[top].c.slices);
  }
  if (level > 0 && !x_.plan.unconstrained) return FindLevel(level - 1, found_level, found);
  // No domain is enough: several. Leaders first, then whoever has most (or least) room.
  LeaderFirst(&list, needed, x_.leaders, Unit::kSlices);
  found->clear();
  int32_t slices_left = needed, leaders_left = x_.leaders;
  size_t i = 0;
  for (; leaders_left > 0 && i < list.size() && list[i].c.leaders > 0; ++i) {
    size_t pick = i;
    if (best_fit_ && list[i].c.slices_with_leader >= slices_left) {
      pick = BestFit(list, i, slices_left, leaders_left, Unit::kSlices);
    }
    found->push_back(list[pick]);
    leaders_left -= list[pick].c.leaders;
    slices_left -= list[pick].c.slices_with_leader;
  }
  if (leaders_left > 0) return NotFit(x_, level, x_.leaders - leaders_left);
  list.erase(list.begin(), list.begin() + i);
  SortPods(&list);
  for (i = 0; slices_left > 0 && i < list.size(); ++i) {
    size_t pick = i;
    if (best_fit_ && list[i].c.slices >= slices_left) pick = BestFit(list, i, slices_left, 0, Unit::kSlices);
    found->push_back(list[pick]);
    slices_left -= list[pick].c.slices;
  }
  if (slices_left > 0) return NotFit(x_, level, needed - slices_left);
  return std::nullopt;
}

CandidateList Lists::Minimize(CandidateList list, int32_t count, int32_t leaders, int32_t size, Unit unit) const {
  const int32_t unit_size = unit == Unit::kSlices ? size : 1;
  int32_t left = count / unit_size;
  LeaderFirst(&list, left, leaders, unit);
  // Positions, as a candidate chosen ahead of its turn comes again at its turn.
  std::vector<size_t> chosen;
  const auto answer = [&] {
    CandidateList out;
    for (const size_t i : chosen) out.push_back(list[i]);
    return out;
  };
  for (size_t i = 0; i < list.size(); ++i) {
    size_t pick = i;
    if (leaders > 0) {
      if (best_fit_ && WithLeader(list[i], unit) >= left && list[i].c.leaders >= leaders) {
        pick = BestFit(list, i, left, leaders, unit);
      }
      Candidate& d = list[pick];
      chosen.push_back(pick);
      if (WithLeader(d, unit) >= left && d.c.leaders >= leaders) {
        Plain(d, unit) = left;
        d.c.leaders = leaders;
        d.c.pods = left * unit_size;
        return answer();
      }
      const int32_t taken = std::min(WithLeader(d, unit), left);
      WithLeader(d, unit) = taken;
      d.c.leaders = std::min(d.c.leaders, leaders);
      Plain(d, unit) = taken;
      d.c.pods = taken * unit_size;
      leaders -= d.c.leaders;
      left -= taken;
      continue;
    }
    if (best_fit_ && Plain(list[i], unit) >= left) pick = BestFit(list, i, left, 0, unit);
    Candidate& d = list[pick];
    chosen.push_back(pick);
    d.c.leaders = 0;
    if (Plain(d, unit) >= left) {
      Plain(d, unit) = left;
      d.c.pods = left * unit_size;
      return answer();
    }
    left -= Plain(d, unit);
    d.c.pods = Plain(d, unit) * unit_size;
  }
  return {};  // cannot happen with counts that add up
}

std::optional<TopologyFailure> Lists::Run(std::vector<ChosenDomain>* leaves) {
  const int lowest = x_.lowest();
  CandidateList fit;
  int level = 0;
  bool balanced = false;
  if (x_.options.balanced && !x_.plan.required && !x_.plan.unconstrained) {
    fit = BalancedDomains(x_, &level, &overlay_);
    balanced = !fit.empty();
    if (!balanced) overlay_.clear();
  }
  if (!balanced) {
    if (auto failure = FindLevel(x_.plan.level, &level, &fit)) return failure;
  }
  fit = Minimize(std::move(fit), x_.count, x_.leaders, x_.plan.slice_size, Unit::kSlices);
  for (; !balanced && level < std::min(lowest, x_.plan.slice_level); ++level) {
    // Above the slice level, the children of all are one pool.
    CandidateList pool;
    for (const Candidate& d : fit) Append(x_.tree().domain(d.id).children, &pool);
    SortPods(&pool);
    fit = Minimize(std::move(pool), x_.count, x_.leaders, x_.plan.slice_size, Unit::kSlices);
  }
  for (; level < lowest; ++level) {
    const int32_t size = x_.SizeBelow(level);
    CandidateList next;
    for (const Candidate& parent : fit) {
      CandidateList children;
      Append(x_.tree().domain(parent.id).children, &children);
      SortPods(&children);
      if (size > 1) {
        for (Candidate& d : children) {
          d.c.slices = d.c.pods / size;
          d.c.slices_with_leader = d.c.pods_with_leader / size;
        }
      }
      CandidateList chosen =
          Minimize(std::move(children), parent.c.pods, parent.c.leaders, size, size > 1 ? Unit::kSlices : Unit::kPods);
      next.insert(next.end(), chosen.begin(), chosen.end());
    }
    fit = std::move(next);
  }
  for (const Candidate& d : fit) leaves->push_back({d.id, d.c.pods, x_.leaders > 0 ? d.c.leaders : 0});
  return std::nullopt;
}

}  // namespace

std::optional<TopologyFailure> PlaceByLists(const PlacementContext& context, std::vector<ChosenDomain>* leaves) {
  return Lists(context).Run(leaves);
}

}  // namespace muster::scheduler
