// Long random histories: the engine's heaps and parked sets agree with the naive queue manager after every event.
//
// The engine decides, the model is told what it decided, and both say who waits where. Not taken together, because
// there Kueue's answer depends on which of two objects is seen first: a LocalQueue that comes (back) and a workload in
// back-off in it.
#include "scheduler/testing/queue_model.h"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

using naive::Object;
using naive::QueueManager;

struct Variant {
  bool equivalence_hashing = true;
  bool preserve_scan_progress = true;
  bool fair_sharing = false;
};

class History {
 public:
  History(uint32_t seed, const Variant& setup)
      : random_(seed), engine_(Options(setup)), model_({setup.equivalence_hashing, setup.preserve_scan_progress}) {
    for (const char* ns : {"ns", "out"}) {
      api::Namespace object = MakeNamespace(ns);
      if (std::string(ns) == "ns") object.metadata.labels["in"] = "yes";
      engine_.Apply(object, At(now_));
    }
    model_.HideNamespace("out");
    for (const char* flavor : {"a", "b"}) engine_.Apply(MakeFlavor(flavor), At(now_));
    for (const char* name : {"q1", "q2", "q3"}) {
      queues_[name].strict = Pick(3) == 0;
      ApplyQueue(name);
      model_.AddClusterQueue(name, RootOf(name), queues_[name].strict, now_);
    }
    for (const char* lq : {"ns/l1", "ns/l2", "ns/l3", "ns/l4", "out/l1"}) AddLocalQueue(lq, QueueOf(Pick(3)));
  }

  void Run(int events) {
    for (int i = 0; i < events && !::testing::Test::HasFailure(); ++i) {
      Step();
      Compare();
    }
  }

 private:
  struct Queue {
    bool strict = false, stopped = false;
    int gpus = 4;
  };

  static EngineOptions Options(const Variant& setup) {
    EngineOptions options;
    options.reactivation_batch = absl::Seconds(1);
    EXPECT_TRUE(options.gates.Set("SchedulingEquivalenceHashing", setup.equivalence_hashing).ok());
    EXPECT_TRUE(options.gates.Set("FlavorFungibilityPreserveScanProgress", setup.preserve_scan_progress).ok());
    if (setup.fair_sharing) options.fair_sharing = EngineOptions::FairSharing().fair_sharing;
    return options;
  }
  int Pick(int n) { return static_cast<int>(random_() % n); }
  static std::string QueueOf(int n) { return absl::StrCat("q", n + 1); }
  static std::string RootOf(const std::string& queue) { return queue == "q3" ? "q3" : "team"; }
  static std::pair<std::string, std::string> Split(const std::string& key) {
    return {key.substr(0, key.find('/')), key.substr(key.find('/') + 1)};
  }

  void ApplyQueue(const std::string& name) {
    const Queue& queue = queues_[name];
    api::ClusterQueue cq = MakeQueue(name, RootOf(name) == "team" ? "team" : "", {{"a", queue.gpus}, {"b", 2}},
                                     queue.strict ? "StrictFIFO" : "BestEffortFIFO");
    cq.namespace_selector->match_labels = {{"in", "yes"}};
    cq.preemption.emplace();
    cq.preemption->within_cluster_queue = "LowerPriority";
    cq.preemption->reclaim_within_cohort = "Any";
    cq.flavor_fungibility.emplace().when_can_preempt = name == "q2" ? "MayStopSearch" : "TryNextFlavor";
    if (queue.stopped) cq.stop_policy = "Hold";
    engine_.Apply(cq, At(now_));
  }
  void AddLocalQueue(const std::string& key, const std::string& cq) {
    local_queues_[key] = cq;
    engine_.Apply(MakeLocalQueue(Split(key).first, Split(key).second, cq), At(now_));
    model_.AddLocalQueue(key, cq, objects_);
  }

  WorkloadId IdOf(const Object& o) const { return *engine_.FindWorkload(Split(o.key).first, Split(o.key).second); }

  // The object as it would come over the watch.
  api::Workload ToApi(const Object& o) {
    api::Workload w = MakeWorkload(Split(o.key).second, Split(o.local_queue).second, o.count, o.gpus, o.created,
                                   static_cast<int32_t>(o.priority));
    w.metadata.ns = Split(o.key).first;
    w.metadata.uid = o.uid;
    w.metadata.generation = o.generation;
    w.spec.active = o.active;
    const auto add = [&w](const std::string& type, bool status, const std::string& reason, int64_t at) {
      api::Condition& c = w.status.conditions.emplace_back();
      c.type = type;
      c.status = status ? "True" : "False";
      c.reason = reason;
      c.last_transition_time = At(at);
    };
    if (o.evicted_at != 0) add("Evicted", o.evicted, o.eviction_reason, o.evicted_at);
    if (o.requeued.has_value()) add("Requeued", *o.requeued, "", 0);
    if (o.finished) add("Finished", true, "", 0);
    if (o.holds_quota) {
      add("QuotaReserved", true, "", reserved_at_[o.key]);
      add("Admitted", true, "", reserved_at_[o.key]);
      w.status.admission = engine_.AdmissionOf(IdOf(o));
    }
    if (o.reclaimed > 0) {
      w.status.reclaimable_pods.emplace_back();
      w.status.reclaimable_pods[0].name = "main";
      w.status.reclaimable_pods[0].count = o.reclaimed;
    }
    return w;
  }

  template <typename Which>
  Object* Any(Which which) {
    std::vector<Object*> fitting;
    for (auto& [key, object] : objects_) {
      if (which(object)) fitting.push_back(&object);
    }
    return fitting.empty() ? nullptr : fitting[Pick(static_cast<int>(fitting.size()))];
  }
  Object* AnyPending() {
    return Any([](const Object& o) { return o.active && !o.finished && !o.holds_quota; });
  }
  Object* AnyHolder(bool evicted) {
    return Any([=](const Object& o) { return o.holds_quota && o.evicted == evicted; });
  }

  void Step() {
    switch (Pick(20)) {
      case 0:
      case 1:
      case 2:
        return Create();
      case 3:
        return Finish();
      case 4:
        return DeleteOne();
      case 5:
        return SetPriority();
      case 6:
        return Update();
      case 7:
        return Reclaim();
      case 8:
        return Evict();
      case 9:
      case 10:
        return Release();
      case 11:
        return LetBack();
      case 12:
        return Deactivate();
      case 13:
        return ChangeQueue();
      case 14:
        return ChangeLocalQueue();
      case 15:
        now_ += 1 + Pick(2);
        engine_.Advance(At(now_));
        model_.Advance(now_);
        last_ = "advance";
        return;
      default:
        return Cycle();
    }
  }

  void Create() {
    Object o;
    const int n = created_++;
    const auto lq = std::next(local_queues_.begin(), Pick(static_cast<int>(local_queues_.size())));
    o.local_queue = lq->first;
    o.key = absl::StrCat(Split(o.local_queue).first, "/w", n);
    o.uid = absl::StrCat("u", Pick(10), "-", n);
    o.created = now_ - Pick(3);
    o.priority = Pick(3);
    o.count = 1 + Pick(2);
    o.gpus = 1 + Pick(3);
    last_ = "create " + o.key;
    objects_[o.key] = o;
    engine_.Apply(ToApi(o), At(now_));
    model_.AddOrUpdate(o);
  }
  void Finish() {
    Object* o = AnyHolder(false);
    if (o == nullptr) return;
    last_ = "finish " + o->key;
    o->finished = true;
    o->holds_quota = false;
    if (Pick(2) == 0) {
      engine_.Finish(IdOf(*o), At(now_));
    } else {
      engine_.Apply(ToApi(*o), At(now_));
    }
    model_.Delete(o->key);
    model_.NotifyQueueOf(o->key, now_);
  }
  void DeleteOne() {
    Object* o = Any([](const Object&) { return true; });
    if (o == nullptr) return;
    last_ = "delete " + o->key;
    engine_.DeleteWorkload(IdOf(*o), At(now_));
    model_.NotifyQueueOf(o->key, now_);
    model_.Forget(o->key);
    objects_.erase(std::string(o->key));
  }
  void SetPriority() {
    Object* o = Any([](const Object& w) { return w.active && !w.finished; });
    if (o == nullptr) return;
    o->priority = Pick(3);
    ++o->generation;
    last_ = absl::StrCat("priority of ", o->key, " ", o->priority);
    engine_.SetPriority(IdOf(*o), static_cast<int32_t>(o->priority), At(now_));
    model_.AddOrUpdate(*o);
  }
  // A write of the object: of nothing that matters, or of the spec of a pending workload.
  void Update() {
    Object* o = Any([](const Object& w) { return !w.finished; });
    if (o == nullptr) return;
    last_ = "update " + o->key;
    if (!o->holds_quota && Pick(2) == 0) {
      const int count = 1 + Pick(3);
      if (count != o->count) ++o->generation;
      o->count = count;
    }
    engine_.Apply(ToApi(*o), At(now_));
    if (!o->active) model_.NotifyQueueOf(o->key, now_);
    model_.AddOrUpdate(*o);
  }
  void Reclaim() {
    Object* o = Any([](const Object& w) { return w.active && !w.finished && !w.evicted; });
    if (o == nullptr) return;
    const int reclaimed = Pick(o->count + 1);
    last_ = absl::StrCat("reclaim ", o->key, " ", reclaimed);
    const bool differs = reclaimed != o->reclaimed;
    o->reclaimed = reclaimed;
    api::ReclaimablePod pods;
    pods.name = "main";
    pods.count = reclaimed;
    engine_.SetReclaimablePods(IdOf(*o), {&pods, reclaimed > 0 ? 1u : 0u}, At(now_));
    if (o->holds_quota && differs) model_.NotifyQueueOf(o->key, now_);
    model_.AddOrUpdate(*o);
  }
  void Evict() {
    Object* o = AnyHolder(false);
    if (o == nullptr) return;
    last_ = "evict " + o->key;
    ASSERT_TRUE(engine_.Evict(IdOf(*o), "ClusterQueueStopped", At(now_)));
    MarkEvicted(o, "ClusterQueueStopped");
  }
  void MarkEvicted(Object* o, const std::string& reason) {
    o->evicted = true;
    o->evicted_at = now_;
    o->eviction_reason = reason;
  }
  void Release() {
    Object* o = AnyHolder(true);
    if (o == nullptr) return;
    last_ = "release " + o->key;
    o->holds_quota = false;
    o->requeued = o->eviction_reason == "Preempted";
    if (Pick(2) == 0) {
      engine_.CompleteEviction(IdOf(*o), At(now_));
    } else {
      engine_.Apply(ToApi(*o), At(now_));
    }
    model_.NotifyQueueOf(o->key, now_);
    model_.AddOrUpdate(*o);
  }
  void LetBack() {
    Object* o = Any([](const Object& w) { return w.requeued == false; });
    if (o == nullptr) return;
    last_ = "let back " + o->key;
    o->requeued = true;
    engine_.SetRequeued(IdOf(*o), At(now_));
    model_.AddOrUpdate(*o);
  }
  void Deactivate() {
    Object* o = Any([](const Object& w) { return !w.finished && !w.holds_quota; });
    if (o == nullptr) return;
    o->active = !o->active;
    ++o->generation;
    last_ = absl::StrCat(o->active ? "activate " : "deactivate ", o->key);
    engine_.Apply(ToApi(*o), At(now_));
    if (!o->active) {
      model_.Delete(o->key);
      model_.NotifyQueueOf(o->key, now_);
    }
    model_.AddOrUpdate(*o);
  }
  void ChangeQueue() {
    const std::string name = QueueOf(Pick(3));
    Queue& queue = queues_[name];
    last_ = "change " + name;
    if (Pick(2) == 0) {
      queue.stopped = !queue.stopped;
    } else {
      queue.strict = !queue.strict;
    }
    ApplyQueue(name);
    model_.UpdateClusterQueue(name, queue.strict, queue.stopped, now_);
  }
  void ChangeLocalQueue() {
    const auto lq = std::next(local_queues_.begin(), Pick(static_cast<int>(local_queues_.size())));
    const auto& [key, cq] = *lq;
    for (const auto& [name, o] : objects_) {
      if (o.local_queue == key && o.requeued == false && !o.holds_quota) return;
    }
    last_ = "LocalQueue " + key;
    if (!model_.HasLocalQueue(key)) return AddLocalQueue(key, QueueOf(Pick(3)));
    if (Pick(2) == 0) {
      engine_.DeleteLocalQueue(Split(key).first, Split(key).second, At(now_));
      return model_.DeleteLocalQueue(key);
    }
    lq->second = QueueOf(Pick(3));
    engine_.Apply(MakeLocalQueue(Split(key).first, Split(key).second, lq->second), At(now_));
    model_.MoveLocalQueue(key, lq->second);
  }

  // What the nomination leaves in LastAssignment; false: nothing, or it was dropped.
  bool PendingFlavors(const Decision& d) const {
    const bool dropped =
        d.requeue_reason == RequeueReason::kPendingPreemption ||
        (d.status == EntryStatus::kSkipped && !engine_.options().gates[Gate::kFlavorFungibilityPreserveScanProgress]);
    if (dropped) return false;
    for (const PodSetDecision& ps : d.pod_sets) {
      for (const ResourceFlavorChoice& choice : ps.flavors) {
        if (choice.tried_flavor_idx != -1) return true;
      }
    }
    return false;
  }

  void Cycle() {
    ASSERT_EQ(engine_.HasPendingHeads(), model_.HasHeads()) << last_;
    if (!model_.HasHeads()) return;
    last_ = absl::StrCat("cycle ", ++cycles_);
    const std::vector<std::string> heads = model_.Heads();
    const CycleResult result = engine_.RunCycle(At(now_));
    std::set<std::string> want(heads.begin(), heads.end()), got;
    for (const auto* list : {&result.entries, &result.rejected}) {
      for (const Decision& d : *list) got.insert(engine_.WorkloadKey(d.workload));
    }
    ASSERT_EQ(absl::StrJoin(want, " "), absl::StrJoin(got, " ")) << last_;
    for (const Decision& d : result.entries) {
      Object& o = objects_.at(engine_.WorkloadKey(d.workload));
      for (const PreemptionTarget& t : d.targets) {
        if (t.newly_evicted) MarkEvicted(&objects_.at(engine_.WorkloadKey(t.workload)), "Preempted");
      }
      if (d.status == EntryStatus::kAssumed) {
        o.holds_quota = true;
        reserved_at_[o.key] = now_;
        o.evicted = false;
        if (o.evicted_at != 0) o.evicted_at = now_;
        model_.Delete(o.key);
        continue;
      }
      const bool failed = d.requeue_reason == RequeueReason::kGeneric && d.status != EntryStatus::kNotNominated;
      model_.Requeue(o, failed ? RequeueReason::kFailedAfterNomination : d.requeue_reason, PendingFlavors(d));
    }
    for (const Decision& d : result.rejected) {
      model_.Requeue(objects_.at(engine_.WorkloadKey(d.workload)), d.requeue_reason, std::nullopt);
    }
    // The conditions are written, mostly; a write that changes nothing is none.
    for (const auto* list : {&result.entries, &result.rejected}) {
      for (const Decision& d : *list) {
        if (d.status == EntryStatus::kAssumed || Pick(4) == 0) continue;
        engine_.StatusWritten(d.workload);
        model_.AddOrUpdate(objects_.at(engine_.WorkloadKey(d.workload)));
      }
    }
  }

  void Compare() {
    for (const auto& [name, queue] : queues_) {
      const ClusterQueueId id = *engine_.FindClusterQueue(name);
      std::vector<std::string> heap;
      std::set<std::string> parked;
      for (const WorkloadId w : engine_.PendingInOrder(id)) heap.push_back(engine_.WorkloadKey(w));
      for (const WorkloadId w : engine_.Inadmissible(id)) parked.insert(engine_.WorkloadKey(w));
      ASSERT_EQ(absl::StrJoin(model_.Heap(name), " "), absl::StrJoin(heap, " "))
          << "heap of " << name << " after " << last_;
      ASSERT_EQ(absl::StrJoin(model_.Parked(name), " "), absl::StrJoin(parked, " "))
          << "parked in " << name << " after " << last_;
    }
  }

  std::mt19937 random_;
  int64_t now_ = 1000;
  Engine engine_;
  QueueManager model_;
  std::map<std::string, Queue> queues_;
  std::map<std::string, std::string> local_queues_;  // also those that are gone
  std::map<std::string, Object> objects_;
  std::map<std::string, int64_t> reserved_at_;
  int created_ = 0, cycles_ = 0;
  std::string last_;
};

TEST(QueueModel, TheEngineAgreesOverLongRandomHistories) {
  const Variant variants[] = {{}, {false, true, false}, {true, false, false}, {true, true, true}, {false, false, true}};
  for (const Variant& setup : variants) {
    for (uint32_t seed = 1; seed <= 16; ++seed) {
      SCOPED_TRACE(absl::StrCat("hashing ", setup.equivalence_hashing, ", progress ", setup.preserve_scan_progress,
                                ", fair sharing ", setup.fair_sharing, ", seed ", seed));
      History(seed, setup).Run(400);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace muster::scheduler
