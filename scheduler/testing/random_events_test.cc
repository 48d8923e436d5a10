// Long random histories: policies change, jobs come, run, are preempted, evicted, reprioritised and go, in any order.
// Whatever happens, the books balance (what a queue uses is what its jobs hold), nobody is let in beyond what is
// available, every job is in one place, two engines that see the same decide the same, and an engine that is started
// afresh from the objects alone counts the same usage.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"

namespace muster::scheduler {
namespace {

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(1700000000 + seconds); }

constexpr const char* kResources[] = {"nvidia.com/gpu", "cpu"};

class History {
 public:
  explicit History(uint64_t seed) : random_(seed) {
    if (Chance(3)) options_ = EngineOptions::FairSharing();
    options_.reactivation_batch = absl::Seconds(Pick(2));
    engine_ = std::make_unique<Engine>(options_);
    twin_ = std::make_unique<Engine>(options_);
    Declare();
  }

  void Run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(absl::StrCat("step ", i));
      now_ += Pick(3);
      Step();
      CheckBooks();
      CheckPlaces();
      if (i % 16 == 15) CheckRestart();
    }
  }
  const std::map<std::string, int>& seen() const { return seen_; }

 private:
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int one_in) { return Pick(one_in) == 0; }
  absl::Time Now() const { return At(now_); }
  template <class F>
  void Both(const F& f) {
    f(*engine_);
    f(*twin_);
  }

  // ---- The world.
  std::vector<api::ResourceGroup> Groups(bool limits) {
    api::ResourceGroup group;
    group.covered_resources = {kResources[0], kResources[1]};
    for (const char* name : {"f0", "f1"}) {
      api::FlavorQuotas flavor;
      flavor.name = name;
      for (const char* resource : kResources) {
        api::ResourceQuota q;
        q.name = resource;
        const int nominal = Pick(7);
        q.nominal_quota = api::Quantity::FromValue(nominal);
        if (limits && Chance(3)) q.borrowing_limit = api::Quantity::FromValue(Pick(4));
        if (limits && Chance(3)) q.lending_limit = api::Quantity::FromValue(Pick(nominal + 1));
        flavor.resources.push_back(q);
      }
      group.flavors.push_back(flavor);
    }
    return {group};
  }
  api::Cohort Cohort(const std::string& name) {
    api::Cohort c;
    c.metadata.name = name;
    // "mid" below "root"; now and then the other way round as well, which is a circle.
    if (name == "mid" || Chance(20)) c.parent_name = name == "mid" ? "root" : "mid";
    if (Chance(2)) c.resource_groups = Groups(name == "mid" && c.parent_name == "root");
    return c;
  }
  api::ClusterQueue Queue(const std::string& name) {
    constexpr const char* kCohorts[] = {"", "root", "mid", "mid"};
    constexpr const char* kReclaim[] = {"Never", "LowerPriority", "Any"};
    constexpr const char* kWithin[] = {"Never", "LowerPriority", "LowerOrNewerEqualPriority"};
    api::ClusterQueue cq;
    cq.metadata.name = name;
    cq.cohort_name = kCohorts[Pick(4)];
    cq.namespace_selector = api::LabelSelector();
    cq.resource_groups = Groups(!cq.cohort_name.empty());
    cq.queueing_strategy = Chance(3) ? "StrictFIFO" : "BestEffortFIFO";
    cq.stop_policy = Chance(12) ? "Hold" : "None";
    cq.flavor_fungibility = api::FlavorFungibility{Chance(2) ? "TryNextFlavor" : "MayStopSearch",
                                                   Chance(2) ? "TryNextFlavor" : "MayStopSearch", ""};
    cq.preemption = api::ClusterQueuePreemption{kReclaim[Pick(3)], {}, kWithin[Pick(3)]};
    if (cq.preemption->reclaim_within_cohort != "Never" && Chance(2)) {
      cq.preemption->borrow_within_cohort = {"LowerPriority", std::nullopt};
    }
    if (Chance(3)) cq.fair_sharing = api::FairSharing{api::Quantity::FromValue(Pick(3))};
    return cq;
  }
  void Declare() {
    api::Namespace ns;
    ns.metadata.name = "ns";
    Both([&](Engine& e) { e.Apply(ns, Now()); });
    for (const char* name : {"f0", "f1"}) {
      api::ResourceFlavor f;
      f.metadata.name = name;
      Both([&](Engine& e) { e.Apply(f, Now()); });
      flavors_.push_back(f);
    }
    for (const char* name : {"root", "mid"}) ApplyCohort(name);
    for (const char* name : {"a", "b", "c"}) {
      ApplyQueue(name);
      api::LocalQueue lq;
      lq.metadata.ns = "ns";
      lq.metadata.name = lq.cluster_queue = name;
      Both([&](Engine& e) { e.Apply(lq, Now()); });
      local_queues_.push_back(lq);
    }
  }
  void ApplyCohort(const std::string& name) {
    cohorts_[name] = Cohort(name);
    Both([&](Engine& e) { e.Apply(cohorts_[name], Now()); });
  }
  void ApplyQueue(const std::string& name) {
    queues_[name] = Queue(name);
    Both([&](Engine& e) { e.Apply(queues_[name], Now()); });
  }
  void Submit() {
    api::Workload w;
    w.metadata.ns = "ns";
    w.metadata.name = w.metadata.uid = absl::StrCat("w", next_++);
    w.metadata.creation_timestamp = Now();
    w.spec.queue_name = std::string(1, static_cast<char>('a' + Pick(3)));
    w.spec.priority = Pick(3);
    for (int p = 0; p <= Pick(2); ++p) {
      api::PodSet pods;
      pods.name = absl::StrCat("p", p);
      pods.count = 1 + Pick(3);
      if (p == 0 && Chance(4)) pods.min_count = 1;
      pods.pod_template.spec.containers.resize(1);
      auto& requests = pods.pod_template.spec.containers[0].resources.requests;
      requests[kResources[0]] = api::Quantity::FromValue(1 + Pick(2));
      if (Chance(2)) requests[kResources[1]] = api::Quantity::FromValue(Pick(3));
      w.spec.pod_sets.push_back(pods);
    }
    Both([&](Engine& e) { e.Apply(w, Now()); });
    jobs_[w.metadata.name] = w;
  }

  // ---- What happens.
  WorkloadId IdOf(const std::string& name) const { return *engine_->FindWorkload("ns", name); }
  std::optional<std::string> Some(bool (*wanted)(const Engine&, WorkloadId)) {
    std::vector<std::string> names;
    for (const auto& [name, job] : jobs_) {
      if (wanted(*engine_, IdOf(name))) names.push_back(name);
    }
    if (names.empty()) return std::nullopt;
    return names[Pick(static_cast<int>(names.size()))];
  }
  static bool Any(const Engine&, WorkloadId) { return true; }
  static bool Holds(const Engine& e, WorkloadId id) { return e.Phase(id) == WorkloadPhase::kReserved; }
  static bool Leaving(const Engine& e, WorkloadId id) { return Holds(e, id) && e.IsEvicted(id); }

  void Step() {
    const int what = Pick(20);
    if (what < 5) return Submit();
    if (what < 12) return Cycle();
    if (what == 12) return ApplyQueue(std::string(1, static_cast<char>('a' + Pick(3))));
    if (what == 13) return Chance(3) ? ApplyCohort(Chance(2) ? "root" : "mid") : Submit();
    const std::optional<std::string> name = Some(what < 16 ? Leaving : what < 18 ? Holds : Any);
    if (!name) return;
    const WorkloadId id = IdOf(*name);
    if (what < 16) {
      ++seen_["eviction completed"];
      Both([&](Engine& e) { e.CompleteEviction(id, Now()); });
      Both([&](Engine& e) { e.SetRequeued(id, Now()); });
    } else if (what == 16) {
      ++seen_["finished"];
      Both([&](Engine& e) { e.Finish(id, Now()); });
      jobs_.erase(*name);
      Both([&](Engine& e) { e.DeleteWorkload(id, Now()); });
    } else if (what == 17) {
      const int pods = Pick(3);
      jobs_[*name].status.reclaimable_pods = {{"p0", pods}};
      Both([&](Engine& e) { e.SetReclaimablePods(id, jobs_[*name].status.reclaimable_pods, Now()); });
    } else if (what == 18) {
      jobs_[*name].spec.priority = Pick(4);
      Both([&](Engine& e) { e.SetPriority(id, *jobs_[*name].spec.priority, Now()); });
    } else if (Chance(2)) {
      Both([&](Engine& e) { e.Evict(id, "ClusterQueueStopped", Now()); });
    } else {
      jobs_.erase(*name);
      Both([&](Engine& e) { e.DeleteWorkload(id, Now()); });
    }
  }

  void Cycle() {
    const std::vector<long> before = Usage(*engine_);
    Both([&](Engine& e) { e.Advance(Now()); });
    ASSERT_EQ(engine_->NextTimer(), twin_->NextTimer());
    const CycleResult result = engine_->RunCycle(Now());
    ASSERT_EQ(result, twin_->RunCycle(Now())) << "two engines that saw the same decide differently";
    std::set<ClusterQueueId> looked_at;
    bool admitted = false;
    std::map<std::string, long> leaving;
    for (const Decision& d : result.entries) {
      if (d.pending_preemptions == 0) continue;
      for (const PreemptionTarget& t : d.targets) {
        for (const FlavorResourceAmount& a : engine_->ReservedUsage(t.workload)) {
          leaving[a.flavor + "/" + a.resource] += a.amount;
        }
      }
    }
    for (const Decision& d : result.entries) {
      EXPECT_TRUE(looked_at.insert(d.cluster_queue).second) << "two heads of one queue";
      ++seen_[std::string(ToString(d.status))];
      CheckShape(d);
      EXPECT_FALSE(engine_->Message(d).empty() && d.status != EntryStatus::kAssumed);
      if (d.status == EntryStatus::kAssumed) {
        admitted = true;
        CheckAdmitted(d, leaving);
      } else if (d.mode == Mode::kPreempt && d.status == EntryStatus::kNotNominated) {
        for (const PreemptionTarget& t : d.targets) CheckVictim(d, t);
      }
    }
    if (!admitted) {
      EXPECT_EQ(before, Usage(*engine_)) << "a cycle that lets nobody in leaves no trace";
    }
  }
  // The invariants of decision.h.
  void CheckShape(const Decision& d) {
    EXPECT_EQ(d.outcome == Outcome::kAdmitted, d.status == EntryStatus::kAssumed);
    EXPECT_EQ(d.outcome == Outcome::kPreempting, d.pending_preemptions > 0 || d.migrates != kNoId);
    EXPECT_NE(d.outcome, Outcome::kRefused);
    EXPECT_EQ(d.retry == Retry::kNone, d.outcome != Outcome::kPending);
    EXPECT_EQ(d.identity->key, engine_->WorkloadKey(d.workload));
    EXPECT_EQ(d.queue->name, engine_->ClusterQueueName(d.cluster_queue));
  }
  // What the victims of the cycle leave behind may be given away at once, although they are still there: so does Kueue.
  void CheckAdmitted(const Decision& d, std::map<std::string, long> leaving) {
    EXPECT_EQ(engine_->Phase(d.workload), WorkloadPhase::kReserved);
    const quota::NodeId node = engine_->NodeOfClusterQueue(d.cluster_queue);
    for (const FlavorResourceAmount& a : engine_->ReservedUsage(d.workload)) {
      if (a.amount == 0) continue;
      EXPECT_GE(engine_->forest().Available(node, PairOf(*engine_, a.flavor, a.resource)) +
                    leaving[a.flavor + "/" + a.resource],
                0)
          << engine_->WorkloadKey(d.workload) << " was let in beyond what is available";
    }
  }
  void CheckVictim(const Decision& d, const PreemptionTarget& t) {
    ++seen_["victim"];
    EXPECT_NE(t.workload, d.workload);
    EXPECT_EQ(engine_->Phase(t.workload), WorkloadPhase::kReserved) << "a victim keeps its quota until it has stopped";
    EXPECT_TRUE(engine_->IsEvicted(t.workload));
    const bool own = engine_->ClusterQueueOf(t.workload) == d.cluster_queue;
    EXPECT_EQ(own, t.reason == PreemptionReason::kInClusterQueue);
    const auto& rules = *queues_[engine_->ClusterQueueName(d.cluster_queue)].preemption;
    const std::string& policy = own ? rules.within_cluster_queue : rules.reclaim_within_cohort;
    EXPECT_NE(policy, "Never");
    const int mine = PriorityOf(d.workload), theirs = PriorityOf(t.workload);
    if (policy == "LowerPriority") {
      EXPECT_LT(theirs, mine);
    } else if (policy == "LowerOrNewerEqualPriority") {
      EXPECT_LE(theirs, mine);
    }
  }
  int PriorityOf(WorkloadId id) { return *jobs_[engine_->WorkloadKey(id).substr(3)].spec.priority; }

  // ---- What always holds.
  static quota::FrId PairOf(Engine& e, const std::string& flavor, const std::string& resource) {
    const auto pairs = e.flavor_resources();
    for (size_t fr = 0; fr < pairs.size(); ++fr) {
      if (e.FlavorName(pairs[fr].flavor) == flavor && e.ResourceName(pairs[fr].resource) == resource) {
        return static_cast<quota::FrId>(fr);
      }
    }
    return -1;
  }
  // Of every ClusterQueue and cohort, by name, for every pair.
  static std::vector<long> Usage(Engine& e) {
    std::vector<long> out;
    const auto add = [&](quota::NodeId node) {
      for (const char* flavor : {"f0", "f1"}) {
        for (const char* resource : kResources) {
          const quota::FrId fr = PairOf(e, flavor, resource);
          out.push_back(node == quota::kNoNode || fr < 0 ? -1 : e.forest().usage(node, fr));
        }
      }
    };
    for (const ClusterQueueId cq : e.ClusterQueues()) add(e.NodeOfClusterQueue(cq));
    for (const std::string& cohort : e.Cohorts()) add(e.NodeOfCohort(cohort));
    return out;
  }
  void CheckBooks() {
    for (const ClusterQueueId cq : engine_->ClusterQueues()) {
      const quota::NodeId node = engine_->NodeOfClusterQueue(cq);
      if (node == quota::kNoNode) continue;
      std::map<quota::FrId, long> held;
      for (const WorkloadId id : engine_->Reserving(cq)) {
        for (const FlavorResourceAmount& a : engine_->ReservedUsage(id)) {
          EXPECT_GE(a.amount, 0);
          held[PairOf(*engine_, a.flavor, a.resource)] += a.amount;
        }
      }
      for (size_t fr = 0; fr < engine_->flavor_resources().size(); ++fr) {
        const auto pair = static_cast<quota::FrId>(fr);
        EXPECT_EQ(engine_->forest().usage(node, pair), held[pair]) << engine_->ClusterQueueName(cq);
      }
    }
  }
  void CheckPlaces() {
    std::set<WorkloadId> placed;
    for (const ClusterQueueId cq : engine_->ClusterQueues()) {
      const std::vector<WorkloadId> heap = engine_->PendingInOrder(cq), parked = engine_->Inadmissible(cq);
      EXPECT_EQ(engine_->NumPending(cq), static_cast<int>(heap.size() + parked.size()));
      for (const std::vector<WorkloadId>& place : {heap, parked, engine_->Reserving(cq)}) {
        for (const WorkloadId id : place) {
          EXPECT_TRUE(placed.insert(id).second) << engine_->WorkloadKey(id) << " is in two places";
          EXPECT_EQ(engine_->ClusterQueueOf(id), cq);
        }
      }
      for (const WorkloadId id : heap) EXPECT_EQ(engine_->Phase(id), WorkloadPhase::kPending);
      for (const WorkloadId id : parked) EXPECT_EQ(engine_->Phase(id), WorkloadPhase::kInadmissible);
    }
    EXPECT_EQ(placed.size(), jobs_.size()) << "a job is lost";
  }
  void CheckRestart() {
    Engine fresh(options_);
    for (const auto& [name, job] : jobs_) {
      api::Workload w = job;
      const WorkloadId id = IdOf(name);
      if (const std::optional<api::Admission> admission = engine_->AdmissionOf(id)) {
        w.status.admission = *admission;
        w.status.conditions.push_back({"QuotaReserved", "True", "QuotaReserved", "", Now(), {}});
        if (engine_->IsEvicted(id)) w.status.conditions.push_back({"Evicted", "True", "Preempted", "", Now(), {}});
      }
      fresh.Apply(w, Now());
    }
    for (const auto& [name, queue] : queues_) fresh.Apply(queue, Now());
    for (const api::LocalQueue& lq : local_queues_) fresh.Apply(lq, Now());
    for (const auto& [name, cohort] : cohorts_) fresh.Apply(cohort, Now());
    for (const api::ResourceFlavor& flavor : flavors_) fresh.Apply(flavor, Now());
    EXPECT_EQ(Usage(fresh), Usage(*engine_)) << "an engine started afresh counts something else";
    for (const auto& [name, job] : jobs_) {
      EXPECT_EQ(Holds(fresh, *fresh.FindWorkload("ns", name)), Holds(*engine_, IdOf(name))) << name;
    }
  }

  std::mt19937_64 random_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_, twin_;
  int64_t now_ = 0;
  int next_ = 0;
  std::vector<api::ResourceFlavor> flavors_;
  std::map<std::string, api::Cohort> cohorts_;
  std::map<std::string, api::ClusterQueue> queues_;
  std::vector<api::LocalQueue> local_queues_;
  std::map<std::string, api::Workload> jobs_;
  std::map<std::string, int> seen_;
};

TEST(RandomEvents, TheBooksAlwaysBalance) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    History history(seed);
    history.Run(120);
    for (const auto& [what, times] : history.seen()) seen[what] += times;
  }
  // What the histories are about did happen.
  for (const char* what : {"assumed", "skipped", "victim", "eviction completed", "finished"}) {
    EXPECT_GE(seen[what], 100) << what;
  }
}

}  // namespace
}  // namespace muster::scheduler
