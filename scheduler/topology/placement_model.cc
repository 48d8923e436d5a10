// One file, because a model that is read beside the rules should be read in one go.
#include "scheduler/topology/placement_model.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

namespace muster::scheduler::naive {
namespace {

using List = std::vector<Domain*>;

class Placer {
 public:
  Placer(std::vector<Domain> roots, int levels, const Request& request)
      : r_(request), levels_(levels), least_free_(request.unconstrained && request.mixed), roots_(std::move(roots)) {
    for (Domain& root : roots_) Fill(root, r_.inner, /*hosts=*/true);
  }

  Answer Run();

 private:
  int needed() const { return r_.count / r_.slice_size; }

  void Fill(Domain& d, const std::vector<int>& inner, bool hosts) const;
  List AtLevel(int level);
  List ChildrenOf(const List& list) const;
  bool Before(const Domain& a, const Domain& b, bool with_leader, bool least_free) const;
  List Sorted(List list, bool with_leader, bool least_free) const;
  Domain* Tightest(const List& list, size_t from, int enough, int leaders, bool slices) const;
  List LeaderFirst(List list, int enough, int leaders, bool slices) const;
  std::optional<int> FindLevel(int level, int* found_level, List* found);
  List Minimize(List list, int count, int leaders, int size, bool slices) const;

  // Balanced placement.
  struct Greedy {
    bool fits = false;
    int domains = 0;
    Domain *last_with_leader = nullptr, *last = nullptr;
  };
  Greedy Evaluate(const List& list) const;
  void Clear(Domain& d, bool leaders_alone) const;
  void PruneOne(Domain& d, int threshold) const;
  void Prune(std::vector<Domain>& set, int threshold) const;
  List SmallestSet(List list, bool by_entropy) const;
  bool Balance(int* level, List* found);

  const Request r_;
  const int levels_;
  const bool least_free_;
  std::vector<Domain> roots_;
  std::vector<Domain> balanced_;  // a copy of the domains balanced placement chose among
};

List Pointers(std::vector<Domain>& domains) {
  List out;
  for (Domain& d : domains) out.push_back(&d);
  return out;
}

void Placer::Fill(Domain& d, const std::vector<int>& inner, bool hosts) const {
  Room& room = d.room;
  const bool at_slices = d.level == r_.slice_level;
  if (d.children.empty()) {
    if (hosts) {
      room = Room();
      room.pods = room.pods_with_leader = d.free / r_.worker_asks;
      if (r_.leaders > 0 && d.free >= r_.leader_asks) {
        room.leaders = 1;
        room.pods_with_leader = (d.free - r_.leader_asks) / r_.worker_asks;
      }
      room.affinity = r_.by_affinity ? d.affinity : 0;
      if (r_.tight && room.pods > 0) room.left = d.free % r_.worker_asks;
    }
    if (at_slices) {
      room.slices = room.pods / r_.slice_size;
      room.slices_with_leader = room.pods_with_leader / r_.slice_size;
    }
    return;
  }
  room = Room();
  const int below = d.level + 1;
  const int unit = below < static_cast<int>(inner.size()) && inner[below] > 0 ? inner[below] : 1;
  int least_pods = INT_MAX, least_slices = INT_MAX;  // what a leader costs where it costs least
  for (Domain& child : d.children) {
    Fill(child, inner, hosts);
    const Room& c = child.room;
    const int pods = c.pods / unit * unit, with_leader = c.pods_with_leader / unit * unit;
    room.pods += pods;
    room.slices += c.slices;
    room.leaders = std::max(room.leaders, c.leaders);
    room.affinity += c.affinity;
    if (r_.leaders > 0 && c.leaders == 0) continue;
    least_pods = std::min(least_pods, pods - with_leader);
    least_slices = std::min(least_slices, c.slices - c.slices_with_leader);
  }
  if (least_pods != INT_MAX) {
    room.pods_with_leader = room.pods - least_pods;
    room.slices_with_leader = room.slices - least_slices;
  }
  if (at_slices) {
    room.slices = room.pods / r_.slice_size;
    room.slices_with_leader = room.pods_with_leader / r_.slice_size;
  }
}

List Placer::ChildrenOf(const List& list) const {
  List out;
  for (Domain* d : list) {
    for (Domain& child : d->children) out.push_back(&child);
  }
  return out;
}

List Placer::AtLevel(int level) {
  List out = Pointers(roots_);
  while (level-- > 0) out = ChildrenOf(out);
  return out;
}

bool Placer::Before(const Domain& a, const Domain& b, bool with_leader, bool least_free) const {
  const auto key = [&](const Domain& d) {
    const Room& c = d.room;
    const int slices = with_leader ? c.slices_with_leader : c.slices;
    return std::tuple(with_leader ? -c.leaders : 0, r_.by_affinity ? -c.affinity : 0, least_free ? slices : -slices,
                      with_leader ? c.pods_with_leader : c.pods, c.left, d.path);
  };
  return key(a) < key(b);
}

List Placer::Sorted(List list, bool with_leader, bool least_free) const {
  std::sort(list.begin(), list.end(),
            [&](const Domain* a, const Domain* b) { return Before(*a, *b, with_leader, least_free); });
  return list;
}

// Of those from `from` on that are as well liked as the first of them: the first with the least room that is enough.
Domain* Placer::Tightest(const List& list, size_t from, int enough, int leaders, bool slices) const {
  Domain* best = nullptr;
  const auto room = [&](const Domain* d) {
    if (leaders > 0) return slices ? d->room.slices_with_leader : d->room.pods_with_leader;
    return slices ? d->room.slices : d->room.pods;
  };
  for (size_t i = from; i < list.size(); ++i) {
    if (r_.by_affinity && list[i]->room.affinity != list[from]->room.affinity) break;
    if (list[i]->room.leaders < leaders || room(list[i]) < enough) continue;
    if (best == nullptr || room(list[i]) < room(best)) best = list[i];
  }
  return best == nullptr ? list[from] : best;
}

List Placer::LeaderFirst(List list, int enough, int leaders, bool slices) const {
  if (leaders == 0 || list.size() < 2) return list;
  int all = 0;
  for (const Domain* d : list) all += slices ? d->room.slices : d->room.pods;
  for (size_t i = 0; i < list.size(); ++i) {
    const Room& c = list[i]->room;
    const int cost = slices ? c.slices - c.slices_with_leader : c.pods - c.pods_with_leader;
    if (c.leaders < leaders || all - cost < enough) continue;
    Domain* const first = list[i];
    list.erase(list.begin() + i);
    list.insert(list.begin(), first);
    break;
  }
  return list;
}

// What would fit, if it does not.
std::optional<int> Placer::FindLevel(int level, int* found_level, List* found) {
  *found_level = level;
  List list = Sorted(AtLevel(level), /*with_leader=*/true, least_free_);
  const auto enough = [&](const Domain* d) {
    return d->room.slices_with_leader >= needed() && d->room.leaders >= r_.leaders;
  };
  if (r_.roomiest && r_.leaders == 0 && level == levels_ - 1) {
    const auto room = [](const Domain* d) {
      return std::tuple(-d->room.slices, -d->room.pods, -d->room.left, d->path);
    };
    Domain* const most = *std::min_element(list.begin(), list.end(),
                                           [&](const Domain* a, const Domain* b) { return room(a) < room(b); });
    if (enough(most)) {
      *found = {most};
      return std::nullopt;
    }
  }
  Domain* top = list[0];
  if (!least_free_ && enough(top)) top = Tightest(list, 0, needed(), r_.leaders, true);
  if (least_free_) {
    for (Domain* d : list) {
      const int room = r_.leaders > 0 ? d->room.slices_with_leader : d->room.slices;
      if (d->room.leaders < r_.leaders || room < needed()) continue;
      *found = {d};
      return std::nullopt;
    }
    if (r_.required) return list.back()->room.pods;
  }
  if (enough(top)) {
    *found = {top};
    return std::nullopt;
  }
  if (r_.required) {
    for (size_t i = 1; r_.by_affinity && i < list.size(); ++i) {
      if (!enough(list[i])) continue;
      *found = {Tightest(list, i, needed(), r_.leaders, true)};
      return std::nullopt;
    }
    return top->room.slices;
  }
  if (level > 0 && !r_.unconstrained) return FindLevel(level - 1, found_level, found);
  list = LeaderFirst(list, needed(), r_.leaders, true);
  int slices = needed(), leaders = r_.leaders;
  size_t taken = 0;
  for (; leaders > 0 && taken < list.size() && list[taken]->room.leaders > 0; ++taken) {
    Domain* d = list[taken];
    if (!least_free_ && d->room.slices_with_leader >= slices) d = Tightest(list, taken, slices, leaders, true);
    found->push_back(d);
    leaders -= d->room.leaders;
    slices -= d->room.slices_with_leader;
  }
  if (leaders > 0) return r_.leaders - leaders;
  list.erase(list.begin(), list.begin() + taken);
  list = Sorted(list, /*with_leader=*/false, least_free_);
  for (size_t i = 0; slices > 0 && i < list.size(); ++i) {
    Domain* d = list[i];
    if (!least_free_ && d->room.slices >= slices) d = Tightest(list, i, slices, 0, true);
    found->push_back(d);
    slices -= d->room.slices;
  }
  if (slices > 0) return needed() - slices;
  return std::nullopt;
}

List Placer::Minimize(List list, int count, int leaders, int size, bool slices) const {
  const int unit = slices ? size : 1;
  int left = count / unit;
  list = LeaderFirst(std::move(list), left, leaders, slices);
  List out;
  for (size_t i = 0; i < list.size(); ++i) {
    Domain* d = list[i];
    if (leaders > 0) {
      const auto room = [&](Domain* x) -> int& {
        return slices ? x->room.slices_with_leader : x->room.pods_with_leader;
      };
      const auto enough = [&](Domain* x) { return room(x) >= left && x->room.leaders >= leaders; };
      if (!least_free_ && enough(d)) d = Tightest(list, i, left, leaders, slices);
      out.push_back(d);
      const bool last = enough(d);
      const int taken = std::min(room(d), left);
      d->room.leaders = std::min(d->room.leaders, leaders);
      (slices ? d->room.slices : d->room.pods) = taken;
      room(d) = taken;
      d->room.pods = taken * unit;
      if (last) return out;
      leaders -= d->room.leaders;
      left -= taken;
      continue;
    }
    const auto room = [&](Domain* x) -> int& { return slices ? x->room.slices : x->room.pods; };
    if (!least_free_ && room(d) >= left) d = Tightest(list, i, left, 0, slices);
    out.push_back(d);
    d->room.leaders = 0;
    const bool last = room(d) >= left;
    const int taken = std::min(room(d), left);
    if (last) room(d) = taken;
    d->room.pods = taken * unit;
    if (last) return out;
    left -= taken;
  }
  return {};
}

Placer::Greedy Placer::Evaluate(const List& list) const {
  Greedy out;
  int slices = needed(), leaders = r_.leaders;
  List rest = list;
  if (leaders > 0) rest = Sorted(rest, true, false);
  while (leaders > 0 && !rest.empty() && rest[0]->room.leaders > 0) {
    out.last_with_leader = rest[0];
    leaders -= rest[0]->room.leaders;
    slices -= rest[0]->room.slices_with_leader;
    ++out.domains;
    rest.erase(rest.begin());
  }
  if (leaders > 0) return {};
  rest = Sorted(rest, false, false);
  for (Domain* d : rest) {
    if (slices <= 0 || d->room.slices <= 0) break;
    out.last = d;
    slices -= d->room.slices;
    ++out.domains;
  }
  if (slices > 0) return {};
  out.fits = true;
  return out;
}

void Placer::Clear(Domain& d, bool leaders_alone) const {
  const Room was = d.room;
  if (leaders_alone) {
    d.room.pods_with_leader = d.room.slices_with_leader = d.room.leaders = 0;
  } else {
    d.room = Room();
    d.room.affinity = was.affinity;
  }
  for (Domain& child : d.children) Clear(child, leaders_alone);
}

void Placer::PruneOne(Domain& d, int threshold) const {
  if (d.room.slices < threshold) {
    Clear(d, false);
  } else if (r_.leaders > 0 && d.room.leaders > 0 && d.room.slices_with_leader < threshold) {
    Clear(d, true);
  }
}

void Placer::Prune(std::vector<Domain>& set, int threshold) const {
  for (Domain& d : set) {
    for (Domain& child : d.children) PruneOne(child, threshold);
  }
  for (Domain& d : set) {
    Fill(d, {}, /*hosts=*/false);
    PruneOne(d, threshold);
  }
}

// One way of choosing domains, some with a leader: what is left to place before each, and at the end.
struct Way {
  std::vector<int> domains;
  std::vector<std::pair<int, int>> left;  // leaders, pods
};

// Which of two ways to the same end is found first: by the last domain, then by what was left before it.
bool FoundBefore(const Way& a, const Way& b) {
  for (size_t i = a.domains.size(); i-- > 0;) {
    if (a.domains[i] != b.domains[i]) return a.domains[i] < b.domains[i];
    if (a.left[i] != b.left[i]) return a.left[i] < b.left[i];
  }
  return false;
}

// As few domains as a greedy choice takes, and of those sets the one with the least room to spare.
List Placer::SmallestSet(List list, bool by_entropy) const {
  const Greedy greedy = Evaluate(list);
  if (!greedy.fits) return {};
  const auto entropy = [](const Domain& d) {
    double all = 0, sum = 0;
    for (const Domain& child : d.children) all += child.room.pods;
    for (const Domain& child : d.children) {
      if (child.room.pods <= 0) continue;
      const double p = child.room.pods / all;
      sum += -p * std::log2(p);
    }
    return sum;
  };
  std::sort(list.begin(), list.end(), [&](const Domain* a, const Domain* b) {
    const auto key = [&](const Domain& d) {
      return by_entropy ? std::tuple(-d.room.leaders, -d.room.slices_with_leader, -entropy(d), d.path)
                        : std::tuple(0, 0, 0.0, d.path);
    };
    return key(*a) < key(*b);
  });
  std::vector<Way> ways = {{{}, {{r_.leaders, needed() * r_.slice_size}}}};
  for (int step = 0; step < greedy.domains; ++step) {
    std::vector<Way> longer;
    for (const Way& way : ways) {
      const auto [leaders, pods] = way.left.back();
      if (leaders <= 0 && pods <= 0) continue;
      for (int d = way.domains.empty() ? 0 : way.domains.back() + 1; d < static_cast<int>(list.size()); ++d) {
        const Room& room = list[d]->room;
        Way next = way;
        next.domains.push_back(d);
        if (leaders > 0 && room.leaders > 0) {
          next.left.emplace_back(leaders - room.leaders, pods - room.pods_with_leader);
          longer.push_back(next);
          next.left.pop_back();
        }
        if (room.slices > 0) {
          next.left.emplace_back(leaders, pods - room.pods);
          longer.push_back(next);
        }
      }
    }
    ways = std::move(longer);
  }
  const Way* best = nullptr;
  for (const Way& way : ways) {
    if (way.left.back().first != 0 || way.left.back().second > 0) continue;
    const int spare = -way.left.back().second;
    if (best == nullptr || spare < -best->left.back().second ||
        (spare == -best->left.back().second && FoundBefore(way, *best))) {
      best = &way;
    }
  }
  if (best == nullptr) return {};
  List out;
  for (const int d : best->domains) out.push_back(list[d]);
  return out;
}

bool Placer::Balance(int* level, List* found) {
  const bool above_slices = r_.level < r_.slice_level;
  std::vector<std::vector<Domain>> sets;
  if (r_.level == 0) {
    sets = {roots_};
  } else {
    for (const Domain* d : AtLevel(r_.level - 1)) sets.push_back(d->children);
  }
  int best = 0, fewest = 0;
  for (std::vector<Domain>& set : sets) {
    const std::vector<Domain> whole = set;
    List list = Pointers(set);
    const Greedy greedy = Evaluate(above_slices ? ChildrenOf(list) : list);
    if (!greedy.fits || greedy.domains == 0) continue;
    int threshold = needed() / greedy.domains;
    if (greedy.last_with_leader) threshold = std::min(threshold, greedy.last_with_leader->room.slices_with_leader);
    if (greedy.last) threshold = std::min(threshold, greedy.last->room.slices);
    int reserving = threshold;
    if (r_.leaders > 0 && greedy.last) reserving = std::min(threshold, greedy.last->room.slices_with_leader);
    if (threshold < best) continue;
    Prune(set, threshold);
    Greedy after = Evaluate(Pointers(set));
    if (!after.fits && reserving < threshold) {
      if (reserving <= 0 || reserving < best) continue;
      threshold = reserving;
      set = whole;
      Prune(set, threshold);
      after = Evaluate(Pointers(set));
    }
    if (!after.fits) continue;
    if (threshold > best || (threshold == best && after.domains < fewest)) {
      best = threshold;
      fewest = after.domains;
      balanced_ = set;
    }
  }
  if (best <= 0) return false;
  List list = Pointers(balanced_);
  *level = r_.level;
  if (above_slices) {
    list = ChildrenOf(SmallestSet(list, /*by_entropy=*/true));
    ++*level;
  }
  list = SmallestSet(list, /*by_entropy=*/false);
  if (list.empty() || needed() < best * static_cast<int>(list.size())) return false;
  list = Sorted(list, true, false);
  int extra = needed() - best * static_cast<int>(list.size()), leaders = r_.leaders;
  for (Domain* d : list) {
    Room& room = d->room;
    int more = 0;
    if (leaders > 0) {
      more = std::min(room.slices_with_leader - best, extra);
      room.leaders = 1;
      --leaders;
    } else {
      if (extra > 0) more = std::min(room.slices - best, extra);
      room.leaders = 0;
    }
    room.slices = room.slices_with_leader = best + more;
    room.pods = room.slices * r_.slice_size;
    room.pods_with_leader = room.pods - room.leaders;
    extra -= more;
  }
  if (extra > 0 || leaders > 0) return false;
  *found = list;
  return true;
}

Answer Placer::Run() {
  Answer answer;
  int level = 0;
  List list;
  answer.balanced = r_.balanced && !r_.required && !r_.unconstrained && Balance(&level, &list);
  if (!answer.balanced) {
    list.clear();
    if (const std::optional<int> room = FindLevel(r_.level, &level, &list)) {
      answer.room = *room;
      return answer;
    }
  }
  answer.fits = true;
  list = Minimize(list, r_.count, r_.leaders, r_.slice_size, true);
  for (; !answer.balanced && level < std::min(levels_ - 1, r_.slice_level); ++level) {
    list = Minimize(Sorted(ChildrenOf(list), false, least_free_), r_.count, r_.leaders, r_.slice_size, true);
  }
  for (; level < levels_ - 1; ++level) {
    const int below = level + 1;
    int size = r_.slice_size;
    if (level >= r_.slice_level) {
      size = below < static_cast<int>(r_.inner.size()) && r_.inner[below] > 0 ? r_.inner[below] : 1;
    }
    List next;
    for (Domain* parent : list) {
      List children = Sorted(ChildrenOf({parent}), false, least_free_);
      for (Domain* d : children) {
        if (size == 1) break;
        d->room.slices = d->room.pods / size;
        d->room.slices_with_leader = d->room.pods_with_leader / size;
      }
      children = Minimize(children, parent->room.pods, parent->room.leaders, size, size > 1);
      next.insert(next.end(), children.begin(), children.end());
    }
    list = next;
  }
  for (const Domain* d : list) {
    if (d->room.pods > 0) answer.workers[d->path] += d->room.pods;
    if (r_.leaders > 0 && d->room.leaders > 0) answer.leader[d->path] += d->room.leaders;
  }
  return answer;
}

}  // namespace

Answer Place(const std::vector<Domain>& roots, int levels, const Request& request) {
  return Placer(roots, levels, request).Run();
}

}  // namespace muster::scheduler::naive
