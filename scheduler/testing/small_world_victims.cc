// The naive model's choice of victims, classical and by fair shares.
#include <algorithm>
#include <set>
#include <tuple>

#include "scheduler/testing/small_world_model.h"

namespace muster::scheduler::small {
namespace {

class Search {
 public:
  Search(Quotas& quotas, const Ask& ask) : q_(quotas), w_(quotas.world()), ask_(ask) {}

  std::vector<Victim> Classical();
  std::vector<Victim> Fair();

 private:
  const Job& job(int j) const { return w_.jobs[j]; }
  int Parent(int node) const { return w_.nodes[node].parent; }
  int Root(int node) const { return Parent(node) < 0 ? node : Root(Parent(node)); }
  bool IsAbove(int cohort, int node) const { return node >= 0 && (node == cohort || IsAbove(cohort, Parent(node))); }

  // Holds quota, of a pair that is lacking, and the policy lets the asking job take it.
  bool MayGo(int j, Policy policy) const {
    const Job& c = job(j);
    if (!q_.holds[j] || policy == Policy::kNever || !w_.IsActive(c.queue)) return false;
    const bool useful =
        std::any_of(ask_.lacking.begin(), ask_.lacking.end(), [&](int pair) { return c.Held(pair) > 0; });
    if (!useful) return false;
    if (policy == Policy::kAny || ask_.priority > c.priority) return true;
    return policy == Policy::kLowerOrNewer && ask_.priority == c.priority && ask_.created < c.created;
  }

  // Who goes first.
  bool Before(int a, int b) const {
    const auto key = [&](int j) {
      return std::make_tuple(!job(j).evicted, job(j).queue == ask_.queue, job(j).priority, -job(j).reserved,
                             job(j).name);
    };
    return key(a) < key(b);
  }
  void Sort(std::vector<int>* jobs) const {
    std::sort(jobs->begin(), jobs->end(), [this](int a, int b) { return Before(a, b); });
  }

  bool Fits(bool may_borrow) const {
    for (int p = 0; p < q_.Pairs(); ++p) {
      if (ask_.usage[p] == 0) continue;
      if (!may_borrow && q_.BorrowingWith(ask_.queue, p, ask_.usage[p])) return false;
      if (ask_.usage[p] > q_.Available(ask_.queue, p)) return false;
    }
    return true;
  }

  // Gives back who is not needed after all; the last one taken is needed.
  void FillBack(std::vector<Victim>* victims, bool may_borrow) {
    for (int i = static_cast<int>(victims->size()) - 2; i >= 0; --i) {
      q_.holds[(*victims)[i].job] = true;
      if (Fits(may_borrow)) {
        (*victims)[i] = victims->back();
        victims->pop_back();
      } else {
        q_.holds[(*victims)[i].job] = false;
      }
    }
  }

  // Fair sharing.
  int NextTarget(int cohort);
  int NextQueue();
  bool FairFits() {
    const Quotas::Extra mine = q_.extra.back();
    q_.extra.pop_back();
    const bool fits = Fits(true);
    q_.extra.push_back(mine);
    return fits;
  }
  void Take(int j, PreemptionReason reason) {
    q_.holds[j] = false;
    victims_.push_back({j, reason});
  }
  int PopHead(int queue) {
    for (size_t i = 0; i < left_.size(); ++i) {
      if (job(left_[i]).queue != queue) continue;
      const int j = left_[i];
      left_.erase(left_.begin() + i);
      return j;
    }
    return -1;
  }
  // The children of the lowest common cohort on the two sides.
  std::pair<int, int> Sides(int target) const {
    int mine = ask_.queue;
    while (!IsAbove(Parent(mine), target)) mine = Parent(mine);
    int theirs = target;
    while (Parent(theirs) != Parent(mine)) theirs = Parent(theirs);
    return {mine, theirs};
  }
  bool FirstStrategy(std::vector<int>* retry);
  bool SecondStrategy();

  Quotas& q_;
  const World& w_;
  const Ask& ask_;
  std::vector<int> left_;  // candidates not looked at, in order
  std::set<int> pruned_;
  std::vector<Victim> victims_;
};

std::vector<Victim> Search::Classical() {
  struct Candidate {
    int job;
    int lca;
    PreemptionReason reason;
    bool only_without_borrowing;
  };
  const Node& own = w_.nodes[ask_.queue];
  std::vector<int> same, hierarchy, priority;
  std::vector<int> lca_of(w_.jobs.size(), -1);
  for (size_t j = 0; j < w_.jobs.size(); ++j) {
    if (job(j).queue == ask_.queue && MayGo(j, own.within)) same.push_back(j);
  }
  if (own.parent >= 0 && own.reclaim != Policy::kNever) {
    // One level after the other: whether what is asked for is within the quota of the level below decides the list.
    std::vector<long> rest = ask_.usage;
    const auto fits_in_quota = [&](int node) {
      bool fits = true;
      for (int p = 0; p < q_.Pairs(); ++p) {
        if (rest[p] > 0 && q_.Subtree(node, p) < q_.Usage(node, p) + rest[p]) fits = false;
        rest[p] = std::max(0L, rest[p] - q_.KeptFree(node, p));
      }
      return fits;
    };
    bool advantage = fits_in_quota(ask_.queue);
    int from = ask_.queue;
    for (int cohort = own.parent; cohort >= 0; from = cohort, cohort = Parent(cohort)) {
      for (size_t j = 0; j < w_.jobs.size(); ++j) {
        const int queue = job(j).queue;
        if (queue == ask_.queue || !IsAbove(cohort, queue) || IsAbove(from, queue) || !MayGo(j, own.reclaim)) continue;
        bool borrows = true;  // and every cohort up to this one
        for (int n = queue; n != cohort; n = Parent(n)) borrows = borrows && !q_.WithinNominal(n, ask_.lacking);
        if (!borrows) continue;
        lca_of[j] = cohort;
        (advantage ? hierarchy : priority).push_back(j);
      }
      advantage = fits_in_quota(cohort) || advantage;
    }
  }
  std::vector<Candidate> order;
  for (const bool evicted : {true, false}) {
    for (std::vector<int>* list : {&hierarchy, &priority, &same}) {
      Sort(list);
      for (const int j : *list) {
        if (job(j).evicted != evicted) continue;
        Candidate c{j, lca_of[j], PreemptionReason::kInCohortReclamation, false};
        if (list == &same) {
          c.reason = PreemptionReason::kInClusterQueue;
        } else if (list == &priority) {
          const bool too_high = job(j).priority >= ask_.priority || (own.threshold && job(j).priority > *own.threshold);
          c.only_without_borrowing = !own.borrow_within || too_high;
          if (!c.only_without_borrowing) c.reason = PreemptionReason::kInCohortReclaimWhileBorrowing;
        }
        order.push_back(c);
      }
    }
  }

  const bool forbidden = !own.borrow_within;
  const bool under_nominal = std::all_of(ask_.lacking.begin(), ask_.lacking.end(),
                                         [&](int p) { return q_.Usage(ask_.queue, p) < q_.Nominal(ask_.queue, p); });
  std::vector<bool> attempts = {true, false};  // whether to borrow
  if ((hierarchy.empty() && priority.empty()) || (forbidden && !under_nominal)) {
    attempts = {true};
  } else if (forbidden && hierarchy.empty()) {
    attempts = {false, true};
  }
  for (const bool borrow : attempts) {
    const std::vector<bool> before = q_.holds;
    std::vector<Victim> victims;
    for (const Candidate& c : order) {
      const int queue = job(c.job).queue;
      if (queue != ask_.queue) {
        if (borrow && c.only_without_borrowing) continue;
        bool borrows = true;
        for (int n = queue; n != c.lca; n = Parent(n)) borrows = borrows && !q_.WithinNominal(n, ask_.lacking);
        if (!borrows) continue;
      }
      q_.holds[c.job] = false;
      victims.push_back({c.job, c.reason});
      if (!Fits(borrow)) continue;
      FillBack(&victims, borrow);
      q_.holds = before;
      return victims;
    }
    q_.holds = before;
  }
  return {};
}

// The ClusterQueue below `cohort` to take from next; -1 if the search got stuck (and pruned something).
int Search::NextTarget(int cohort) {
  Quotas::Share best_queue_share{-1, 1, false, {}}, best_cohort_share{-1, 1, false, {}};
  int best_queue = -1, best_cohort = -1;
  const auto head = [&](int queue) {
    for (const int j : left_) {
      if (job(j).queue == queue) return j;
    }
    return -1;
  };
  for (int n = 0; n < static_cast<int>(w_.nodes.size()); ++n) {
    if (Parent(n) != cohort || pruned_.count(n) > 0) continue;
    const Quotas::Share share = q_.ShareOf(n);
    if (w_.nodes[n].cohort) {
      if (!share.borrowing && !IsAbove(n, ask_.queue)) {
        pruned_.insert(n);
      } else if (Quotas::Compare(share, best_cohort_share) >= 0) {
        best_cohort_share = share;
        best_cohort = n;
      }
      continue;
    }
    if ((!share.borrowing && n != ask_.queue) || head(n) < 0) {
      pruned_.insert(n);
      continue;
    }
    const int order = Quotas::Compare(share, best_queue_share);
    if (order > 0 || (order == 0 && Before(head(n), head(best_queue)))) {
      best_queue_share = share;
      best_queue = n;
    }
  }
  if (best_queue < 0 && best_cohort < 0) {
    pruned_.insert(cohort);
    return -1;
  }
  if (best_cohort >= 0 && Quotas::Compare(best_cohort_share, best_queue_share) >= 0) return NextTarget(best_cohort);
  return best_queue;
}

int Search::NextQueue() {
  const int root = Root(ask_.queue);
  if (root == ask_.queue) {  // no cohort
    return left_.empty() ? -1 : ask_.queue;
  }
  while (pruned_.count(root) == 0) {
    if (const int queue = NextTarget(root); queue >= 0) return queue;
  }
  return -1;
}

bool Search::FirstStrategy(std::vector<int>* retry) {
  const bool within_nominal = q_.WithinNominal(ask_.queue, ask_.lacking);  // with the new job
  for (int queue = NextQueue(); queue >= 0; queue = NextQueue()) {
    if (queue == ask_.queue || within_nominal) {
      Take(PopHead(queue),
           queue == ask_.queue ? PreemptionReason::kInClusterQueue : PreemptionReason::kInCohortReclamation);
      if (FairFits()) return true;
      continue;
    }
    const auto [mine, theirs] = Sides(queue);
    const Quotas::Share new_mine = q_.ShareOf(mine), old_theirs = q_.ShareOf(theirs);
    const auto infinite = [](const Quotas::Share& s) { return s.weight == 0 && s.ratio > 0; };
    const bool hopeless = infinite(new_mine) && !infinite(old_theirs);
    for (int j = PopHead(queue); j >= 0; j = PopHead(queue)) {
      bool pass = !hopeless;
      if (pass && w_.final_share[0]) {
        q_.holds[j] = false;
        pass = Quotas::Compare(new_mine, q_.ShareOf(theirs)) <= 0;
        q_.holds[j] = true;
      } else if (pass) {
        pass = Quotas::Compare(new_mine, old_theirs) < 0;
      }
      if (!pass) {
        retry->push_back(j);
        continue;
      }
      Take(j, PreemptionReason::kInCohortFairSharing);
      if (FairFits()) return true;
      break;
    }
  }
  return false;
}

bool Search::SecondStrategy() {
  for (int queue = NextQueue(); queue >= 0; queue = NextQueue()) {
    const auto [mine, theirs] = Sides(queue);
    const int j = PopHead(queue);
    if (Quotas::Compare(q_.ShareOf(mine), q_.ShareOf(theirs)) < 0) {
      Take(j, PreemptionReason::kInCohortFairSharing);
      if (FairFits()) return true;
    }
    pruned_.insert(queue);
  }
  return false;
}

std::vector<Victim> Search::Fair() {
  const Node& own = w_.nodes[ask_.queue];
  for (size_t j = 0; j < w_.jobs.size(); ++j) {
    const int queue = job(j).queue;
    if (queue == ask_.queue) {
      if (MayGo(j, own.within)) left_.push_back(j);
    } else if (Root(queue) == Root(ask_.queue) && MayGo(j, own.reclaim) && !q_.WithinNominal(queue, ask_.lacking)) {
      left_.push_back(j);
    }
  }
  if (left_.empty()) return {};
  Sort(&left_);
  const std::vector<bool> before = q_.holds;
  q_.extra.push_back({ask_.queue, ask_.usage});
  std::vector<int> retry;
  bool fits = FirstStrategy(&retry);
  if (!fits && w_.final_share.size() > 1) {
    Sort(&retry);
    left_ = retry;
    pruned_.clear();
    fits = SecondStrategy();
  }
  q_.extra.pop_back();
  if (fits) FillBack(&victims_, true);
  q_.holds = before;
  return fits ? victims_ : std::vector<Victim>();
}

}  // namespace

std::vector<Victim> FindVictims(Quotas& quotas, const Ask& ask) {
  Search search(quotas, ask);
  return quotas.world().fair ? search.Fair() : search.Classical();
}

}  // namespace muster::scheduler::small
