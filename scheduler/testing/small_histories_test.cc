// The engine against the naive model over many cycles: jobs of several pod sets come, finish, are deleted and
// reprioritised; quotas change; queues are stopped, drained and let go again; an admission check fails and recovers;
// victims take their time to leave. After every event and every cycle both have to be in the same state: the same
// heaps in the same order, the same jobs parked, the same usage; and every verdict has to be the same.
//
// A history is drawn from its number, so that every run sees the same ones. MUSTER_SMALL_HISTORIES=n in the environment
// takes n of each kind.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/testing/small_history.h"

namespace muster::scheduler::small {
namespace {

constexpr std::optional<long> kNoLimit;
constexpr int kEvents = 14, kCyclesPerEvent = 6;

long HowMany(long otherwise) {
  const char* const value = std::getenv("MUSTER_SMALL_HISTORIES");
  return value == nullptr ? otherwise : std::strtol(value, nullptr, 10);
}

// What a number stands for.
class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed * 2654435761u + 12345) {}
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int one_in) { return Pick(one_in) == 0; }

 private:
  std::mt19937_64 random_;
};

// A shape of the tree, classical or fair.
struct Kind {
  const char* name;
  std::vector<int> cohort_parents;  // of each cohort; -1 = a root
  std::vector<int> queue_parents;   // index of a cohort, or -1
  bool fair;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

std::vector<Quota> DrawQuota(Draw& d, const World& w, int most, bool limits) {
  std::vector<Quota> out;
  for (int p = 0; p < w.flavors * w.resources; ++p) {
    Quota q{d.Pick(most + 1), kNoLimit, kNoLimit};
    if (limits && d.Chance(4)) q.borrow = d.Pick(3);
    if (limits && d.Chance(4)) q.lend = d.Pick(static_cast<int>(q.nominal) + 1);
    out.push_back(q);
  }
  return out;
}

World DrawWorld(const Kind& kind, Draw& d) {
  constexpr Policy kWithin[] = {Policy::kNever, Policy::kLower, Policy::kLowerOrNewer};
  constexpr Policy kReclaim[] = {Policy::kNever, Policy::kLower, Policy::kAny};
  World w;
  w.flavors = 1 + d.Pick(3);
  w.resources = 1 + d.Pick(2);
  w.fair = kind.fair;
  if (kind.fair) {
    const std::vector<bool> kStrategies[] = {{true, false}, {true}, {false}};
    w.final_share = kStrategies[d.Pick(3)];
  }
  w.checked = d.Chance(4);
  for (size_t c = 0; c < kind.cohort_parents.size(); ++c) {
    Node n;
    n.name = absl::StrCat("cohort", c);
    n.cohort = true;
    n.parent = kind.cohort_parents[c];
    if (kind.fair) n.weight = d.Pick(3);
    if (d.Chance(3)) n.quota = DrawQuota(d, w, 2, n.parent >= 0);
    w.nodes.push_back(n);
  }
  for (size_t q = 0; q < kind.queue_parents.size(); ++q) {
    Node n;
    n.name = absl::StrCat("queue", q);
    n.parent = kind.queue_parents[q];
    if (kind.fair) n.weight = d.Pick(3);
    n.quota = DrawQuota(d, w, 4, n.parent >= 0);
    n.within = kWithin[d.Pick(3)];
    n.reclaim = kReclaim[d.Pick(3)];
    n.borrow_within = n.reclaim != Policy::kNever && d.Chance(2);
    if (n.borrow_within && d.Chance(2)) n.threshold = d.Pick(2);
    n.borrow_next = d.Chance(2);
    n.preempt_stop = d.Chance(2);
    n.prefer_preempt = n.borrow_next && !n.preempt_stop && d.Chance(2);
    n.strict = d.Chance(4);
    w.nodes.push_back(n);
  }
  return w;
}

Job DrawJob(const World& w, Draw& d, int number, long now) {
  Job job;
  job.name = absl::StrCat("j", number < 10 ? "0" : "", number);
  std::vector<int> queues;
  for (size_t n = 0; n < w.nodes.size(); ++n) {
    if (!w.nodes[n].cohort) queues.push_back(static_cast<int>(n));
  }
  job.queue = queues[d.Pick(static_cast<int>(queues.size()))];
  job.priority = d.Pick(3);
  job.created = now;
  const int pod_sets = 1 + (d.Chance(3) ? 1 : 0);
  for (int p = 0; p < pod_sets; ++p) {
    Pods pods;
    pods.name = absl::StrCat("p", p);
    pods.count = 1 + d.Pick(2);
    if (d.Chance(6)) pods.least = 1;
    for (int r = 0; r < w.resources; ++r) pods.request.push_back(r == 0 ? 1 + d.Pick(2) : d.Pick(3));
    job.pods.push_back(pods);
  }
  return job;
}

// Both worlds side by side.
class Pair {
 public:
  Pair(const Kind& kind, uint64_t number)
      : draw_(number), world_(DrawWorld(kind, draw_)), model_(RunModel(world_)), engine_(RunEngine(world_)) {
    log_ = ToString(world_);
    leave_after_ = draw_.Pick(3);
    seconds_per_cycle_ = draw_.Pick(2);
    Flush();
  }

  // Returns "" or where the two parted, with all that led to it.
  std::string Play() {
    for (int i = 0; i < kEvents; ++i) {
      now_ += 1 + draw_.Pick(2);
      Happen();
      ReleaseDue(/*count_down=*/false);
      Flush();
      if (!Same()) return log_;
      if (draw_.Chance(6)) continue;  // the next event comes before the next cycle
      for (int c = 0; c < kCyclesPerEvent; ++c) {
        if (!model_->Look().has_heads) {
          if (leaving_.empty()) break;
          for (auto& [job, cycles] : leaving_) cycles = 0;
        } else if (!Cycle()) {
          return log_;
        }
        ReleaseDue(/*count_down=*/true);
        Flush();
        if (!Same()) return log_;
      }
    }
    return "";
  }
  const std::map<std::string, int>& seen() const { return seen_; }

 private:
  template <class F>
  void Both(const std::string& what, const F& f) {
    absl::StrAppend(&log_, "\n", now_, ": ", what);
    f(*model_);
    f(*engine_);
  }
  void Flush() {
    model_->Flush(now_);
    engine_->Flush(now_);
  }
  bool Same() {
    const Sight model = model_->Look(), engine = engine_->Look();
    if (model == engine) return true;
    absl::StrAppend(&log_, "\nmodel:\n", ToString(model), "\nengine:\n", ToString(engine));
    return false;
  }

  // One of the jobs that `what` can happen to, "" if there is none.
  std::string Some(bool holding) {
    std::vector<std::string> names;
    for (const auto& [name, job] : jobs_) {
      if (!holding || (holders_.count(name) > 0 && leaving_.count(name) == 0)) names.push_back(name);
    }
    return names.empty() ? "" : names[draw_.Pick(static_cast<int>(names.size()))];
  }
  void Forget(const std::string& job) {
    jobs_.erase(job);
    holders_.erase(job);
    leaving_.erase(job);
  }

  void Happen() {
    const int what = draw_.Pick(16);
    const auto queue = [this] {
      int n = draw_.Pick(static_cast<int>(world_.nodes.size()));
      while (world_.nodes[n].cohort) n = (n + 1) % static_cast<int>(world_.nodes.size());
      return n;
    };
    if (what < 8) return Submit();
    if (what < 10) {
      const std::string job = Some(/*holding=*/true);
      if (job.empty()) return Submit();
      Both("finish " + job, [&](Running& r) { r.Finish(job, now_); });
      return Forget(job);
    }
    if (what == 10) {
      const std::string job = Some(/*holding=*/false);
      if (job.empty()) return Submit();
      Both("delete " + job, [&](Running& r) { r.Delete(job, now_); });
      return Forget(job);
    }
    if (what == 11) {
      const std::string job = Some(/*holding=*/false);
      if (job.empty()) return Submit();
      const int priority = draw_.Pick(4);
      Both(absl::StrCat("priority of ", job, " is ", priority),
           [&](Running& r) { r.SetPriority(job, priority, now_); });
    } else if (what < 14) {
      const int n = queue(), pair = draw_.Pick(world_.flavors * world_.resources);
      const long nominal = draw_.Pick(5);
      Both(absl::StrCat("quota ", pair, " of ", world_.nodes[n].name, " is ", nominal),
           [&](Running& r) { r.SetNominal(n, pair, nominal, now_); });
    } else if (what == 14 && world_.checked) {
      world_.check_active = !world_.check_active;
      Both(absl::StrCat("check is ", world_.check_active),
           [&](Running& r) { r.SetCheckActive(world_.check_active, now_); });
    } else {
      ToggleQueue(queue());
    }
  }

  void Submit() {
    const Job job = DrawJob(world_, draw_, number_++, now_ - draw_.Pick(2));
    jobs_[job.name] = job;
    Both("submit " + ToString(job, world_), [&](Running& r) { r.Submit(job, now_); });
  }

  // Holds the queue, now and then with a drain, or lets it go.
  void ToggleQueue(int n) {
    Node& node = world_.nodes[n];
    node.stopped = !node.stopped;
    Both(absl::StrCat(node.stopped ? "stop " : "go on ", node.name),
         [&](Running& r) { r.SetStopped(n, node.stopped, now_); });
    const bool drain = node.stopped && draw_.Chance(2);
    for (const auto& [name, job] : jobs_) {
      if (job.queue != n) continue;
      if (drain && holders_.count(name) > 0 && leaving_.count(name) == 0) {
        Both("drain " + name, [&](Running& r) { r.Drain(name, now_); });
        leaving_[name] = leave_after_;
      }
      if (!node.stopped) Both("let back " + name, [&](Running& r) { r.LetBack(name, now_); });
    }
  }

  void ReleaseDue(bool count_down) {
    for (auto it = leaving_.begin(); it != leaving_.end();) {
      if (it->second > 0) {
        it->second -= count_down ? 1 : 0;
        ++it;
        continue;
      }
      Both("released " + it->first, [&](Running& r) { r.Release(it->first, now_); });
      holders_.erase(it->first);
      it = leaving_.erase(it);
    }
  }

  bool Cycle() {
    absl::StrAppend(&log_, "\n", now_, ": cycle");
    const std::vector<Verdict> model = model_->Cycle(now_), engine = engine_->Cycle(now_);
    for (const Verdict& v : model) absl::StrAppend(&log_, "\n  ", ToString(v));
    if (model != engine) {
      absl::StrAppend(&log_, "\nbut the engine:");
      for (const Verdict& v : engine) absl::StrAppend(&log_, "\n  ", ToString(v));
      return false;
    }
    for (const Verdict& v : model) {
      ++seen_[absl::StrCat(std::string(ToString(v.mode)), " ", std::string(ToString(v.status)),
                           v.targets.empty() ? "" : " with victims")];
      if (v.status == EntryStatus::kAssumed) {
        holders_.insert(v.job);
        for (size_t p = 0; p < v.counts.size(); ++p) {
          if (v.counts[p] < jobs_[v.job].pods[p].count) ++seen_["fewer pods"];
        }
      }
      if (v.mode != Mode::kPreempt || v.status != EntryStatus::kNotNominated) continue;
      for (const std::string& target : v.targets) {
        const std::string job = target.substr(0, target.find(' '));
        if (leaving_.try_emplace(job, leave_after_).second) ++seen_["evicted"];
      }
    }
    now_ += seconds_per_cycle_;
    return true;
  }

  Draw draw_;
  World world_;  // as declared now
  std::unique_ptr<Running> model_, engine_;
  std::string log_;
  long now_ = 1000;
  int number_ = 0, leave_after_ = 0, seconds_per_cycle_ = 0;
  std::map<std::string, Job> jobs_;     // that exist
  std::set<std::string> holders_;       // of quota
  std::map<std::string, int> leaving_;  // evicted, still holding quota -> cycles left
  std::map<std::string, int> seen_;
};

class SmallHistoriesTest : public testing::TestWithParam<Kind> {};

TEST_P(SmallHistoriesTest, EngineAndModelAgree) {
  std::map<std::string, int> seen;
  const long histories = HowMany(1000);
  int differ = 0;
  for (long number = 0; number < histories; ++number) {
    Pair pair(GetParam(), static_cast<uint64_t>(number));
    const std::string parted = pair.Play();
    for (const auto& [what, times] : pair.seen()) seen[what] += times;
    if (parted.empty()) continue;
    if (++differ <= 2) ADD_FAILURE() << "history " << number << " of " << GetParam().name << "\n" << parted;
  }
  EXPECT_EQ(differ, 0) << "of " << histories;
  // An agreement about nothing would be none.
  for (const char* what : {"Fit assumed", "NoFit ", "Preempt ", "Preempt  with victims", "evicted", "fewer pods"}) {
    EXPECT_GE(seen[what], histories / 20) << what;
  }
  if (GetParam().queue_parents.size() > 1) {
    EXPECT_GE(seen["Fit skipped"], histories / 20);
  }
}

const Kind kKinds[] = {
    {"Alone", {}, {-1}, false},
    {"Neighbours", {-1}, {0, 0}, false},
    {"Three", {-1}, {0, 0, 0}, false},
    {"Hierarchy", {-1, 0}, {0, 1, 1}, false},
    {"Deep", {-1, 0, 1}, {0, 1, 2, 2}, false},
    {"TwoTrees", {-1, -1}, {0, 0, 1, -1}, false},
    {"FairNeighbours", {-1}, {0, 0}, true},
    {"FairThree", {-1}, {0, 0, 0}, true},
    {"FairHierarchy", {-1, 0}, {0, 1, 1}, true},
    {"FairTwoTrees", {-1, -1}, {0, 0, 1, 1}, true},
};

INSTANTIATE_TEST_SUITE_P(Kinds, SmallHistoriesTest, testing::ValuesIn(kKinds),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace muster::scheduler::small
