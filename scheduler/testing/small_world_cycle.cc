// The naive model's cycle: flavors for every head, the order of heads, and what each gets.
#include <algorithm>
#include <set>
#include <tuple>

#include "scheduler/testing/small_world_model.h"

namespace muster::scheduler::small {
namespace {

enum Grade { kNone, kNoCandidates, kPreemptOwn, kReclaim, kFits };

struct Graded {
  Grade grade = kNone;
  int borrow = 1000000;
};

// A flavor for every resource of every pod set; -1 where there is none.
using Flavors = std::vector<std::vector<int>>;

struct Choice {
  Mode mode = Mode::kNoFit;
  PendingReason why_not = PendingReason::kNoMatchingFlavor;
  std::vector<int> counts;  // by pod set
  Flavors flavors;
  Tried tried;
  int borrow = 0;
  std::vector<long> usage;  // by pair
  std::vector<int> lacking;
};

// Resources are looked at by the FNV-1a hash of their names.
uint64_t Hash(const std::string& name) {
  uint64_t h = 14695981039346656037u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return h;
}

class Cycle {
 public:
  explicit Cycle(const World& world) : w_(world), q_(world) {
    for (int r = 0; r < w_.resources; ++r) order_.push_back(r);
    std::sort(order_.begin(), order_.end(), [](int a, int b) { return Hash(ResourceName(a)) < Hash(ResourceName(b)); });
  }
  std::vector<Decided> Run(const std::vector<int>& heads, const std::vector<std::optional<Tried>>& from);

 private:
  struct Entry {
    int job;
    Choice choice;
    std::vector<Victim> victims;
    std::optional<Tried> tried;
    bool done = false;
  };

  int Pair(int flavor, int resource) const { return flavor * w_.resources + resource; }
  const Node& QueueOf(int job) const { return w_.nodes[w_.jobs[job].queue]; }

  static bool Better(const Node& queue, const Graded& a, const Graded& b);
  static bool TryNext(const Node& queue, const Graded& g);
  Graded Grade1(int job, int pair, long amount, PendingReason* why_not);
  Choice Choose(int job, const std::vector<int>& counts, const Tried* from, const Flavors* pinned);
  Ask AskFor(int job, const Choice& choice) const;
  void Decide(Entry* e, const Tried* from, const Flavors* pinned);
  Verdict Process(Entry* e);
  bool StillFits(const Entry& e);
  void Reserve(int queue, const std::vector<long>& usage) { q_.extra.push_back({queue, usage}); }

  int NextClassically();
  int NextFairly();
  int Tournament(int cohort) const;

  const World& w_;
  Quotas q_;
  std::vector<int> order_;
  std::vector<Entry> entries_;
  std::set<int> going_;  // victims of earlier entries
};

bool Cycle::Better(const Node& queue, const Graded& a, const Graded& b) {
  if (a.grade == kNone) return false;
  if (b.grade == kNone) return true;
  if ((a.grade == kNoCandidates) != (b.grade == kNoCandidates)) return b.grade == kNoCandidates;
  if (queue.prefer_preempt) return a.borrow != b.borrow ? a.borrow < b.borrow : a.grade > b.grade;
  return a.grade != b.grade ? a.grade > b.grade : a.borrow < b.borrow;
}

bool Cycle::TryNext(const Node& queue, const Graded& g) {
  if (g.grade == kNone || g.grade == kNoCandidates) return true;
  if ((g.grade == kPreemptOwn || g.grade == kReclaim) && !queue.preempt_stop) return true;
  return g.borrow > 0 && queue.borrow_next;
}

// How well a job could have `amount` of one pair.
Graded Cycle::Grade1(int job, int pair, long amount, PendingReason* why_not) {
  const int queue = w_.jobs[job].queue;
  const Node& node = w_.nodes[queue];
  if (amount > q_.Potential(queue, pair)) {
    *why_not = PendingReason::kExceedsMaxQuota;
    return {};
  }
  const auto [height, may_reclaim] = q_.FindHeight(queue, pair, amount);
  if (amount <= q_.Available(queue, pair)) return {kFits, height};
  *why_not = PendingReason::kWaitingForQuota;
  const bool may_preempt = q_.Nominal(queue, pair) >= amount || may_reclaim || node.borrow_within ||
                           (w_.fair && node.reclaim != Policy::kNever);
  if (!may_preempt) return {};
  Ask ask{queue, w_.jobs[job].priority, w_.jobs[job].created, std::vector<long>(q_.Pairs(), 0), {pair}};
  ask.usage[pair] = amount;
  const std::vector<Victim> victims = FindVictims(q_, ask);
  if (victims.empty()) return {kNoCandidates, height};
  const std::vector<bool> before = q_.holds;
  bool own = false;
  for (const Victim& v : victims) {
    q_.holds[v.job] = false;
    own = own || w_.jobs[v.job].queue == queue;
  }
  const int height_after = q_.FindHeight(queue, pair, amount).first;
  q_.holds = before;
  return {own ? kPreemptOwn : kReclaim, height_after};
}

Choice Cycle::Choose(int job, const std::vector<int>& counts, const Tried* from, const Flavors* pinned) {
  const Job& j = w_.jobs[job];
  const Node& node = QueueOf(job);
  Choice choice;
  choice.mode = Mode::kFit;
  choice.counts = counts;
  choice.usage.assign(q_.Pairs(), 0);
  choice.flavors.assign(j.pods.size(), std::vector<int>(w_.resources, -1));
  choice.tried = choice.flavors;
  const auto severity = [](PendingReason p) {
    return p == PendingReason::kNoMatchingFlavor  ? 3
           : p == PendingReason::kExceedsMaxQuota ? 2
           : p == PendingReason::kWaitingForQuota ? 1
                                                  : 0;
  };
  for (size_t p = 0; p < j.pods.size(); ++p) {
    std::vector<int> asked;
    for (const int r : order_) {
      if (j.pods[p].request[r] > 0) asked.push_back(r);
    }
    if (asked.empty()) continue;
    Graded best;
    std::vector<Graded> best_each;
    int flavor = -1, last = -1;
    PendingReason mildest = PendingReason::kNoMatchingFlavor;
    for (int f = from == nullptr ? 0 : (*from)[p][asked[0]] + 1; f < w_.flavors; ++f) {
      last = f;
      if (pinned != nullptr && (*pinned)[p][asked[0]] != f) continue;
      Graded worst{kFits, 0};
      std::vector<Graded> each(w_.resources);
      PendingReason refusal = PendingReason::kNone;  // the most severe of the flavor
      for (const int r : asked) {
        // On top of what the pod sets before this one took.
        const long amount = choice.usage[Pair(f, r)] + j.pods[p].request[r] * counts[p];
        PendingReason why_not = PendingReason::kNone;
        each[r] = Grade1(job, Pair(f, r), amount, &why_not);
        if (each[r].grade == kNone && severity(why_not) > severity(refusal)) refusal = why_not;
        if (Better(node, worst, each[r])) worst = each[r];
      }
      if (worst.grade == kNone && severity(refusal) < severity(mildest)) mildest = refusal;
      if (Better(node, worst, best) || !TryNext(node, worst)) {
        best = worst;
        best_each = each;
        flavor = f;
      }
      if (!TryNext(node, worst)) break;
    }
    if (best.grade == kNone) {
      choice.mode = Mode::kNoFit;
      choice.why_not = mildest;
      return choice;
    }
    for (const int r : asked) {
      const int pair = Pair(flavor, r);
      choice.flavors[p][r] = flavor;
      choice.tried[p][r] = last == w_.flavors - 1 ? -1 : last;
      choice.usage[pair] += j.pods[p].request[r] * counts[p];
      choice.borrow = std::max(choice.borrow, best_each[r].borrow);
      if (best_each[r].grade == kFits) continue;
      // As in Kueue: what is rated as fitting for what it borrows fits, whatever one resource of it lacks.
      if (best.grade != kFits) choice.mode = Mode::kPreempt;
      if (std::count(choice.lacking.begin(), choice.lacking.end(), pair) == 0) choice.lacking.push_back(pair);
    }
  }
  return choice;
}

Ask Cycle::AskFor(int job, const Choice& choice) const {
  return {w_.jobs[job].queue, w_.jobs[job].priority, w_.jobs[job].created, choice.usage, choice.lacking};
}

// All pods; or else as many as there is room for, if the job can do with fewer.
void Cycle::Decide(Entry* e, const Tried* from, const Flavors* pinned) {
  const std::vector<Pods>& pods = w_.jobs[e->job].pods;
  std::vector<int> full, spare;
  int total = 0;
  for (const Pods& p : pods) {
    full.push_back(p.count);
    spare.push_back(p.least < 0 ? 0 : p.count - p.least);
    total += spare.back();
  }
  const auto works = [&](const std::vector<int>& counts, Choice* choice, std::vector<Victim>* victims) {
    *choice = Choose(e->job, counts, from, pinned);
    victims->clear();
    if (choice->mode == Mode::kPreempt) *victims = FindVictims(q_, AskFor(e->job, *choice));
    return choice->mode == Mode::kFit || !victims->empty();
  };
  const bool whole = works(full, &e->choice, &e->victims);
  if (!whole && total > 0) {
    // As Go's sort.Search: the answer counts only if it is the last that worked.
    int low = 0, high = total + 1, worked = -1;
    Choice fewer;
    std::vector<Victim> victims;
    while (low < high) {
      const int give_up = (low + high) / 2;
      std::vector<int> counts = full;
      for (size_t p = 0; p < pods.size(); ++p) counts[p] -= spare[p] * give_up / total;
      Choice choice;
      std::vector<Victim> its_victims;
      if (works(counts, &choice, &its_victims)) {
        worked = high = give_up;
        fewer = choice;
        victims = its_victims;
      } else {
        low = give_up + 1;
      }
    }
    if (low == worked) {
      e->choice = fewer;
      e->victims = victims;
    }
  }
  e->tried = e->choice.tried;
}

// With the victims of this and of earlier entries gone.
bool Cycle::StillFits(const Entry& e) {
  const std::vector<bool> before = q_.holds;
  for (const int j : going_) q_.holds[j] = false;
  for (const Victim& v : e.victims) q_.holds[v.job] = false;
  bool fits = true;
  for (int p = 0; p < q_.Pairs(); ++p) {
    if (e.choice.usage[p] > 0 && e.choice.usage[p] > q_.Available(w_.jobs[e.job].queue, p)) fits = false;
  }
  q_.holds = before;
  return fits;
}

Verdict Cycle::Process(Entry* e) {
  const int queue = w_.jobs[e->job].queue;
  const Node& node = w_.nodes[queue];
  const auto overlap = [&] {
    return std::any_of(e->victims.begin(), e->victims.end(), [&](const Victim& v) { return going_.count(v.job) > 0; });
  };
  if (overlap()) {
    const std::vector<bool> before = q_.holds;
    for (const int j : going_) q_.holds[j] = false;
    const Flavors pinned = e->choice.flavors;
    Decide(e, nullptr, &pinned);
    q_.holds = before;
    if (e->choice.mode == Mode::kFit) e->choice.mode = Mode::kDeferredFit;
  }
  Verdict v;
  v.job = w_.jobs[e->job].name;
  v.mode = e->choice.mode;
  if (v.mode != Mode::kNoFit) {
    v.borrowing = e->choice.borrow;
    v.counts = e->choice.counts;
    for (const std::vector<int>& of_pods : e->choice.flavors) {
      // By name of the resource: "example.com/nic" before "nvidia.com/gpu".
      for (int r = w_.resources - 1; r >= 0; --r) {
        if (of_pods[r] >= 0) v.flavors.push_back(FlavorNameOf(of_pods[r]));
      }
    }
  }
  for (const Victim& victim : e->victims) {
    v.targets.push_back(w_.jobs[victim.job].name + " " + std::string(ToString(victim.reason)));
  }
  std::sort(v.targets.begin(), v.targets.end());

  if (v.mode == Mode::kNoFit) {
    v.reason = e->choice.why_not;
    return v;
  }
  if (v.mode == Mode::kPreempt && e->victims.empty()) {
    v.reason = PendingReason::kWaitingForQuota;
    if (node.reclaim == Policy::kAny) return v;  // it can always take it back
    std::vector<long> reserved = e->choice.usage;
    for (int p = 0; p < q_.Pairs(); ++p) {
      if (reserved[p] == 0) continue;
      const long used = q_.Usage(queue, p);
      const Quota& quota = node.quota[p];
      if (e->choice.borrow > 0) {
        if (quota.borrow) reserved[p] = std::min(reserved[p], quota.nominal + *quota.borrow - used);
      } else {
        reserved[p] = std::max(0L, std::min(reserved[p], quota.nominal - used));
      }
    }
    Reserve(queue, reserved);
    return v;
  }
  if (v.mode == Mode::kDeferredFit) {
    v.reason = PendingReason::kWaitingForPreemptedWorkloads;
    e->tried.reset();
    Reserve(queue, e->choice.usage);
    return v;
  }
  if (overlap() || !StillFits(*e)) {
    v.status = EntryStatus::kSkipped;
    v.reason = PendingReason::kWaitingForQuota;
    return v;
  }
  for (const Victim& victim : e->victims) going_.insert(victim.job);
  Reserve(queue, e->choice.usage);
  if (v.mode == Mode::kPreempt) {
    v.reason = PendingReason::kWaitingForPreemptedWorkloads;
    e->tried.reset();
  } else {
    v.status = EntryStatus::kAssumed;
  }
  return v;
}

int Cycle::NextClassically() {
  int next = -1;
  const auto key = [&](int i) {
    const Job& j = w_.jobs[entries_[i].job];
    return std::make_tuple(entries_[i].choice.borrow, -j.priority, j.created, w_.nodes[j.queue].name);
  };
  for (int i = 0; i < static_cast<int>(entries_.size()); ++i) {
    if (!entries_[i].done && (next < 0 || key(i) < key(next))) next = i;
  }
  return next;
}

// The winner among the entries below `cohort`, -1 if there is none. What counts is the share of the entry's side one
// level below the cohort where it competes, with the entry in.
int Cycle::Tournament(int cohort) const {
  std::vector<int> competing;
  for (int n = 0; n < static_cast<int>(w_.nodes.size()); ++n) {
    if (w_.nodes[n].parent != cohort || !w_.nodes[n].cohort) continue;
    if (const int winner = Tournament(n); winner >= 0) competing.push_back(winner);
  }
  for (int i = 0; i < static_cast<int>(entries_.size()); ++i) {
    if (!entries_[i].done && QueueOf(entries_[i].job).parent == cohort) competing.push_back(i);
  }
  const auto share_of = [&](int i) {
    int side = w_.jobs[entries_[i].job].queue;
    while (w_.nodes[side].parent != cohort) side = w_.nodes[side].parent;
    Quotas with = q_;
    with.extra.push_back({w_.jobs[entries_[i].job].queue, entries_[i].choice.usage});
    return with.ShareOf(side);
  };
  const auto borrows = [&](int i, const Quotas::Share& share) {
    return std::any_of(share.borrowed.begin(), share.borrowed.end(),
                       [&](int p) { return entries_[i].choice.usage[p] > 0; });
  };
  int best = -1;
  Quotas::Share best_share;
  for (const int i : competing) {
    const Quotas::Share share = share_of(i);
    bool better = best < 0;
    if (best >= 0) {
      const Job &a = w_.jobs[entries_[i].job], &b = w_.jobs[entries_[best].job];
      const int order = Quotas::Compare(share, best_share);
      if (borrows(i, share) != borrows(best, best_share)) {
        better = !borrows(i, share);
      } else if (order != 0) {
        better = order < 0;
      } else if (a.priority != b.priority) {
        better = a.priority > b.priority;
      } else {
        better = a.created < b.created;
      }
    }
    if (!better) continue;
    best = i;
    best_share = share;
  }
  return best;
}

int Cycle::NextFairly() {
  for (int i = 0; i < static_cast<int>(entries_.size()); ++i) {
    if (entries_[i].done) continue;
    int root = w_.jobs[entries_[i].job].queue;
    if (w_.nodes[root].parent < 0) return i;
    while (w_.nodes[root].parent >= 0) root = w_.nodes[root].parent;
    return Tournament(root);
  }
  return -1;
}

std::vector<Decided> Cycle::Run(const std::vector<int>& heads, const std::vector<std::optional<Tried>>& from) {
  for (size_t i = 0; i < heads.size(); ++i) {
    entries_.push_back({heads[i], {}, {}, {}, false});
    Decide(&entries_.back(), from[i].has_value() ? &*from[i] : nullptr, nullptr);
  }
  std::vector<Decided> out;
  for (int i = w_.fair ? NextFairly() : NextClassically(); i >= 0; i = w_.fair ? NextFairly() : NextClassically()) {
    Entry& e = entries_[i];
    e.done = true;
    Decided& d = out.emplace_back();
    d.job = e.job;
    d.verdict = Process(&e);
    d.usage = e.choice.usage;
    for (const Victim& v : e.victims) d.victims.push_back(v.job);
    d.tried = e.tried;
  }
  return out;
}

// The first of each queue, by name of the queue.
std::vector<int> HeadsOf(const World& w) {
  std::vector<int> heads;
  const auto key = [&](int j) { return std::make_tuple(-w.jobs[j].priority, w.jobs[j].created, w.jobs[j].name); };
  for (int n = 0; n < static_cast<int>(w.nodes.size()); ++n) {
    int head = -1;
    for (int j = 0; j < static_cast<int>(w.jobs.size()); ++j) {
      if (w.jobs[j].queue != n || w.jobs[j].holds()) continue;
      if (head < 0 || key(j) < key(head)) head = j;
    }
    if (head >= 0) heads.push_back(head);
  }
  std::sort(heads.begin(), heads.end(),
            [&](int a, int b) { return w.nodes[w.jobs[a].queue].name < w.nodes[w.jobs[b].queue].name; });
  return heads;
}

}  // namespace

std::vector<Decided> RunCycleNaively(const World& world, const std::vector<int>& heads,
                                     const std::vector<std::optional<Tried>>& from) {
  return Cycle(world).Run(heads, from);
}

Outcome DecideNaively(const World& world) {
  const std::vector<int> heads = HeadsOf(world);
  Outcome out;
  World after = world;
  for (Decided& d : RunCycleNaively(world, heads, std::vector<std::optional<Tried>>(heads.size()))) {
    if (d.verdict.status == EntryStatus::kAssumed) after.jobs[d.job].held = std::move(d.usage);
    out.verdicts.push_back(std::move(d.verdict));
  }
  const Quotas quotas(after);
  for (int n = 0; n < static_cast<int>(world.nodes.size()); ++n) {
    for (int p = 0; p < quotas.Pairs(); ++p) out.usage.push_back(quotas.Usage(n, p));
  }
  return out;
}

}  // namespace muster::scheduler::small
