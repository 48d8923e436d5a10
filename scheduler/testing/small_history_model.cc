// The naive model over time: who waits in which heap, who is parked, and what brings them back. Written from the
// description of Kueue's queue manager (pkg/cache/queue) and of the handlers that feed it.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scheduler/testing/small_history.h"
#include "scheduler/testing/small_world_model.h"

namespace muster::scheduler::small {
namespace {

class Model : public Running {
 public:
  explicit Model(const World& world) : w_(world), queues_(world.nodes.size()) {}

  void Submit(const Job& job, long) override {
    w_.jobs.push_back(job);
    states_.emplace_back();
    PushOrUpdate(static_cast<int>(w_.jobs.size()) - 1, true);
  }
  void Finish(const std::string& job, long) override { Leave(Find(job)); }
  void Delete(const std::string& job, long) override { Leave(Find(job)); }

  void SetPriority(const std::string& job, int priority, long) override {
    const int j = Find(job);
    w_.jobs[j].priority = priority;
    ++states_[j].generation;
    if (w_.jobs[j].holds()) {
      ++QueueOf(j).generation;
    } else {
      PushOrUpdate(j, true);
    }
  }

  void SetNominal(int queue, int pair, long nominal, long) override {
    if (w_.nodes[queue].quota[pair].nominal == nominal) return;
    w_.nodes[queue].quota[pair].nominal = nominal;
    for (size_t n = 0; n < queues_.size(); ++n) {
      if (Root(static_cast<int>(n)) == Root(queue)) ++queues_[n].generation;
    }
    Notify(queue);
  }
  void SetStopped(int queue, bool stopped, long) override {
    if (std::exchange(w_.nodes[queue].stopped, stopped) != stopped) Notify(queue);
  }
  void SetCheckActive(bool active, long) override {
    w_.check_active = active;
    for (size_t n = 0; n < queues_.size(); ++n) Notify(static_cast<int>(n));
  }

  void Drain(const std::string& job, long) override {
    const int j = Find(job);
    MarkEvicted(j);
    states_[j].drained = true;
  }
  void Release(const std::string& job, long) override {
    const int j = Find(job);
    Notify(w_.jobs[j].queue);
    w_.jobs[j].held.clear();
    ++QueueOf(j).generation;
    states_[j].held_back = std::exchange(states_[j].drained, false);
    PushOrUpdate(j, true);
  }
  void LetBack(const std::string& job, long) override {
    const int j = Find(job);
    if (!std::exchange(states_[j].held_back, false)) return;
    PushOrUpdate(j, true);
  }

  void Flush(long) override {
    for (size_t n = 0; n < queues_.size(); ++n) {
      if (notified_.count(Root(static_cast<int>(n))) > 0) queues_[n].hopeless.clear();
    }
    for (size_t j = 0; j < states_.size(); ++j) {
      State& s = states_[j];
      if (s.place != kParked || s.held_back || notified_.count(Root(w_.jobs[j].queue)) == 0) continue;
      s.place = kHeap;
    }
    notified_.clear();
  }

  std::vector<Verdict> Cycle(long now) override {
    ++cycle_;
    std::vector<int> heads;
    for (const int n : ByName()) {
      const std::vector<int> heap = Heap(n);
      if (w_.IsActive(n) && !heap.empty()) heads.push_back(heap[0]);
    }
    std::vector<std::optional<Tried>> from;
    for (const int j : heads) {
      State& s = states_[j];
      s.place = kInFlight;
      s.looked_at = s.generation;
      const bool outdated =
          s.kind_then != KindOf(j) || (cycle_ - s.cycle_then > 1 && QueueOf(j).generation > s.generation_then);
      from.push_back(outdated ? std::nullopt : s.tried);
    }
    std::vector<Verdict> out;
    const std::vector<Decided> decided = RunCycleNaively(w_, heads, from);
    for (const Decided& d : decided) {
      State& s = states_[d.job];
      s.tried = d.tried;
      s.cycle_then = cycle_;
      s.generation_then = QueueOf(d.job).generation;
      s.kind_then = KindOf(d.job);
      out.push_back(d.verdict);
    }
    for (const Decided& d : decided) {
      if (d.verdict.status == EntryStatus::kAssumed) Admit(d, now);
      if (d.verdict.mode == Mode::kPreempt && d.verdict.status == EntryStatus::kNotNominated) {
        for (const int victim : d.victims) {
          if (!w_.jobs[victim].evicted) MarkEvicted(victim);
        }
      }
    }
    for (const Decided& d : decided) {
      if (d.verdict.status != EntryStatus::kAssumed) Requeue(d);
    }
    return out;
  }

  Sight Look() override {
    Sight sight;
    for (const int n : ByName()) {
      std::vector<std::string> heap, parked;
      for (const int j : Heap(n)) heap.push_back(w_.jobs[j].name);
      for (size_t j = 0; j < states_.size(); ++j) {
        if (w_.jobs[j].queue == n && states_[j].place == kParked) parked.push_back(w_.jobs[j].name);
      }
      std::sort(parked.begin(), parked.end());
      sight.queues.push_back(
          absl::StrCat(w_.nodes[n].name, ": ", absl::StrJoin(heap, " "), " | ", absl::StrJoin(parked, " ")));
      sight.has_heads = sight.has_heads || (w_.IsActive(n) && !heap.empty());
    }
    const Quotas quotas(w_);
    for (int n = 0; n < static_cast<int>(w_.nodes.size()); ++n) {
      for (int p = 0; p < quotas.Pairs(); ++p) sight.usage.push_back(quotas.Usage(n, p));
    }
    std::vector<std::string> holders;
    for (const Job& job : w_.jobs) {
      if (job.holds()) holders.push_back(job.name + (job.evicted ? "(evicted)" : ""));
    }
    std::sort(holders.begin(), holders.end());
    sight.holders = absl::StrJoin(holders, " ");
    return sight;
  }

 private:
  enum Place { kHeap, kParked, kInFlight, kElsewhere };
  struct State {
    Place place = kElsewhere;
    int generation = 1, looked_at = 0;  // of the object; when it was last a head
    bool drained = false, held_back = false;
    // The last attempt.
    std::optional<Tried> tried;
    long cycle_then = 0, generation_then = 0;
    std::string kind_then;
  };
  struct Queue {
    long generation = 0;             // of its quota and of what it has free
    std::set<std::string> hopeless;  // kinds that cannot be admitted before something changes
    int preemptor = -1;
  };

  int Find(const std::string& name) const {
    for (size_t j = 0; j < w_.jobs.size(); ++j) {
      if (w_.jobs[j].name == name) return static_cast<int>(j);
    }
    return -1;
  }
  Queue& QueueOf(int job) { return queues_[w_.jobs[job].queue]; }
  int Root(int node) const { return w_.nodes[node].parent < 0 ? node : Root(w_.nodes[node].parent); }
  void Notify(int queue) { notified_.insert(Root(queue)); }
  std::vector<int> ByName() const {
    std::vector<int> out;
    for (size_t n = 0; n < w_.nodes.size(); ++n) {
      if (!w_.nodes[n].cohort) out.push_back(static_cast<int>(n));
    }
    std::sort(out.begin(), out.end(), [this](int a, int b) { return w_.nodes[a].name < w_.nodes[b].name; });
    return out;
  }

  // Equal kinds get equal answers: what is asked for, and with which priority.
  std::string KindOf(int j) const {
    std::string kind = absl::StrCat(w_.jobs[j].priority);
    for (const Pods& p : w_.jobs[j].pods) {
      absl::StrAppend(&kind, ";", p.name, ",", p.count, ",", p.least, ",", absl::StrJoin(p.request, "/"));
    }
    return kind;
  }

  // In order: a preemptor that waits for its victims stays in front of a BestEffortFIFO queue, whatever is written to
  // it.
  std::vector<int> Heap(int queue) const {
    std::vector<int> out;
    for (size_t j = 0; j < states_.size(); ++j) {
      if (w_.jobs[j].queue == queue && states_[j].place == kHeap) out.push_back(static_cast<int>(j));
    }
    const Queue& q = queues_[queue];
    const auto key = [&](int j) {
      const bool sticky = !w_.nodes[queue].strict && j == q.preemptor;
      return std::make_tuple(!sticky, -w_.jobs[j].priority, w_.jobs[j].created, w_.jobs[j].name);
    };
    std::sort(out.begin(), out.end(), [&](int a, int b) { return key(a) < key(b); });
    return out;
  }

  void PushOrUpdate(int j, bool changed) {
    State& s = states_[j];
    if (s.place == kParked && !changed) return;
    const bool hopeless = !w_.nodes[w_.jobs[j].queue].strict && QueueOf(j).hopeless.count(KindOf(j)) > 0;
    if (s.place != kHeap) s.place = s.held_back || hopeless ? kParked : kHeap;
  }

  // Out of queue and quota for good. The slot stays, so that indices do.
  void Leave(int j) {
    Notify(w_.jobs[j].queue);
    if (w_.jobs[j].holds()) ++QueueOf(j).generation;
    w_.jobs[j].held.clear();
    w_.jobs[j].name = absl::StrCat("gone", j);
    Forget(j);
  }
  void Forget(int j) {
    states_[j].place = kElsewhere;
    if (QueueOf(j).preemptor == j) QueueOf(j).preemptor = -1;
  }
  void MarkEvicted(int j) {
    w_.jobs[j].evicted = true;
    ++QueueOf(j).generation;
  }

  void Admit(const Decided& d, long now) {
    Job& job = w_.jobs[d.job];
    job.held = d.usage;
    job.reserved = now;
    job.evicted = false;
    Forget(d.job);
    states_[d.job].tried.reset();
    ++QueueOf(d.job).generation;
  }

  void Requeue(const Decided& d) {
    const Verdict& v = d.verdict;
    State& s = states_[d.job];
    Queue& q = QueueOf(d.job);
    const bool strict = w_.nodes[w_.jobs[d.job].queue].strict;
    const bool overtaken = v.status == EntryStatus::kSkipped;
    const bool preempts =
        !overtaken && (v.mode == Mode::kDeferredFit || (v.mode == Mode::kPreempt && !d.victims.empty()));
    if (preempts) {
      q.preemptor = d.job;
    }
    bool untried = false;
    if (s.tried.has_value()) {
      for (const std::vector<int>& of_pods : *s.tried) {
        untried = untried || std::any_of(of_pods.begin(), of_pods.end(), [](int f) { return f >= 0; });
      }
    }
    if (strict || overtaken || preempts || untried) {
      s.place = kHeap;
      return;
    }
    s.place = kParked;
    // All of its kind would fail as well.
    q.hopeless.insert(KindOf(d.job));
    for (size_t j = 0; j < states_.size(); ++j) {
      if (w_.jobs[j].queue == w_.jobs[d.job].queue && states_[j].place == kHeap && KindOf(j) == KindOf(d.job)) {
        states_[j].place = kParked;
      }
    }
  }

  World w_;
  std::vector<State> states_;  // by job
  std::vector<Queue> queues_;  // by node
  std::set<int> notified_;     // roots
  long cycle_ = 0;
};

}  // namespace

std::string ToString(const Sight& sight) {
  return absl::StrCat(absl::StrJoin(sight.queues, "\n"), "\nusage ", absl::StrJoin(sight.usage, " "), "\nholders ",
                      sight.holders, sight.has_heads ? "\nheads" : "\nno heads");
}

std::unique_ptr<Running> RunModel(const World& world) { return std::make_unique<Model>(world); }

}  // namespace muster::scheduler::small
