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

struct Choice {
  Mode mode = Mode::kNoFit;
  PendingReason why_not = PendingReason::kNoMatchingFlavor;
  int flavor = -1;
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
  Outcome Run();

 private:
  struct Entry {
    int job;
    Choice choice;
    std::vector<Victim> victims;
    bool done = false;
  };

  int Pair(int flavor, int resource) const { return flavor * w_.resources + resource; }
  const Node& QueueOf(int job) const { return w_.nodes[w_.jobs[job].queue]; }

  std::vector<int> Heads() const;
  static bool Better(const Node& queue, const Graded& a, const Graded& b);
  static bool TryNext(const Node& queue, const Graded& g);
  Graded Grade1(int job, int pair, long amount, PendingReason* why_not);
  Choice Choose(int job, int pinned);
  Ask AskFor(int job, const Choice& choice) const;
  void Decide(Entry* e, int pinned);
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

std::vector<int> Cycle::Heads() const {
  std::vector<int> heads;
  for (int n = 0; n < static_cast<int>(w_.nodes.size()); ++n) {
    int head = -1;
    const auto key = [&](int j) { return std::make_tuple(-w_.jobs[j].priority, w_.jobs[j].created, w_.jobs[j].name); };
    for (int j = 0; j < static_cast<int>(w_.jobs.size()); ++j) {
      if (w_.jobs[j].queue != n || w_.jobs[j].flavor >= 0) continue;
      if (head < 0 || key(j) < key(head)) head = j;
    }
    if (head >= 0) heads.push_back(head);
  }
  std::sort(heads.begin(), heads.end(), [this](int a, int b) { return QueueOf(a).name < QueueOf(b).name; });
  return heads;
}

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

Choice Cycle::Choose(int job, int pinned) {
  const Job& j = w_.jobs[job];
  const Node& node = QueueOf(job);
  Choice choice;
  choice.usage.assign(q_.Pairs(), 0);
  Graded best;
  std::vector<Graded> best_each;
  const auto severity = [](PendingReason p) {
    return p == PendingReason::kNoMatchingFlavor  ? 3
           : p == PendingReason::kExceedsMaxQuota ? 2
           : p == PendingReason::kWaitingForQuota ? 1
                                                  : 0;
  };
  PendingReason mildest = PendingReason::kNoMatchingFlavor;
  for (int f = 0; f < w_.flavors; ++f) {
    if (pinned >= 0 && f != pinned) continue;
    Graded worst{kFits, 0};
    std::vector<Graded> each(w_.resources);
    PendingReason refusal = PendingReason::kNone;  // the most severe of the flavor
    for (const int r : order_) {
      if (j.request[r] == 0) continue;
      PendingReason why_not = PendingReason::kNone;
      each[r] = Grade1(job, Pair(f, r), j.request[r], &why_not);
      if (each[r].grade == kNone && severity(why_not) > severity(refusal)) refusal = why_not;
      if (Better(node, worst, each[r])) worst = each[r];
    }
    if (worst.grade == kNone && severity(refusal) < severity(mildest)) mildest = refusal;
    const bool take = Better(node, worst, best);
    if (take || !TryNext(node, worst)) {
      best = worst;
      best_each = each;
      choice.flavor = f;
    }
    if (!TryNext(node, worst)) break;
  }
  choice.why_not = mildest;
  if (best.grade == kNone) {
    choice.flavor = -1;
    return choice;
  }
  choice.mode = Mode::kFit;
  for (int r = 0; r < w_.resources; ++r) {
    if (j.request[r] == 0) continue;
    choice.usage[Pair(choice.flavor, r)] = j.request[r];
    choice.borrow = std::max(choice.borrow, best_each[r].borrow);
    if (best_each[r].grade == kFits) continue;
    choice.mode = Mode::kPreempt;
    choice.lacking.push_back(Pair(choice.flavor, r));
  }
  return choice;
}

Ask Cycle::AskFor(int job, const Choice& choice) const {
  return {w_.jobs[job].queue, w_.jobs[job].priority, w_.jobs[job].created, choice.usage, choice.lacking};
}

void Cycle::Decide(Entry* e, int pinned) {
  e->choice = Choose(e->job, pinned);
  e->victims.clear();
  if (e->choice.mode == Mode::kPreempt) e->victims = FindVictims(q_, AskFor(e->job, e->choice));
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
    Decide(e, e->choice.flavor);
    q_.holds = before;
    if (e->choice.mode == Mode::kFit) e->choice.mode = Mode::kDeferredFit;
  }
  Verdict v;
  v.job = w_.jobs[e->job].name;
  v.mode = e->choice.mode;
  if (v.mode != Mode::kNoFit) {
    v.borrowing = e->choice.borrow;
    for (int r = 0; r < w_.resources; ++r) {
      if (w_.jobs[e->job].request[r] > 0) v.flavors.push_back(FlavorNameOf(e->choice.flavor));
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

Outcome Cycle::Run() {
  for (const int job : Heads()) {
    entries_.push_back({job, {}, {}, false});
    Decide(&entries_.back(), -1);
  }
  Outcome out;
  std::vector<Quotas::Extra> admitted;
  for (int i = w_.fair ? NextFairly() : NextClassically(); i >= 0; i = w_.fair ? NextFairly() : NextClassically()) {
    entries_[i].done = true;
    out.verdicts.push_back(Process(&entries_[i]));
    if (out.verdicts.back().status == EntryStatus::kAssumed) {
      admitted.push_back({w_.jobs[entries_[i].job].queue, entries_[i].choice.usage});
    }
  }
  q_.extra = admitted;
  for (int n = 0; n < static_cast<int>(w_.nodes.size()); ++n) {
    for (int p = 0; p < q_.Pairs(); ++p) out.usage.push_back(q_.Usage(n, p));
  }
  return out;
}

}  // namespace

Outcome DecideNaively(const World& world) { return Cycle(world).Run(); }

}  // namespace muster::scheduler::small
