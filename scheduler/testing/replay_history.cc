#include "scheduler/testing/replay_history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace muster::scheduler {

ReplayHistory::ReplayHistory(uint64_t seed) : make_(seed) {
  if (make_.Chance(3)) options_ = EngineOptions::FairSharing();
  options_.reactivation_batch = absl::Seconds(make_.Pick(2));
  if (make_.Chance(4)) options_.gates.Set("PrioritySortingWithinCohort", false).IgnoreError();
  if (make_.Chance(4)) options_.gates.Set("TASHandleOverlappingFlavors", false).IgnoreError();
  engine_ = std::make_unique<Engine>(options_);
  for (const char* ns : {"x", "y"}) Put(&objects_.namespaces, ns, make_.Namespace(ns));
  for (int i = 0; i < 3; ++i) {
    const std::string f = absl::StrCat("f", i), l = absl::StrCat("l", i);
    Put(&objects_.flavors, f, make_.Flavor(f));
    for (const char* ns : {"x", "y"}) Put(&objects_.local_queues, absl::StrCat(ns, "/", l), make_.LocalQueue(ns, l));
  }
  for (const char* t : {"t0", "t1"}) Put(&objects_.topologies, t, make_.Topology(t));
  for (const char* c : {"c0", "c1"}) Put(&objects_.checks, c, make_.Check(c));
  for (const char* q : {"q0", "q1", "q2", "q3"}) Put(&objects_.cluster_queues, q, make_.ClusterQueue(q));
  for (int i = 0; i < 20; ++i) ChangeObject();
}

void ReplayHistory::Tell(const std::function<void(Engine&)>& call) {
  call(*engine_);
  if (fresh_ != nullptr) call(*fresh_);
}

void ReplayHistory::Say(const std::string& what) {
  log_.push_back(absl::StrCat(now_, " s: ", what));
  ++seen_[std::string(what.substr(0, what.find(' ')))];
}

// ---- Objects.

template <typename T>
void ReplayHistory::Put(std::map<std::string, T>* known, const std::string& key, const T& object) {
  Say(absl::StrCat(known->count(key) > 0 ? "changes " : "creates ", key));
  (*known)[key] = object;
  Tell([&](Engine& e) { e.Apply(object, Now()); });
}

void ReplayHistory::ChangeObject() {
  std::string name;
  switch (make_.Pick(13)) {
    case 0:
      name = make_.Chance(2) ? "x" : "y";
      return Put(&objects_.namespaces, name, make_.Namespace(name));
    case 1:
      name = make_.Name("f", 3);
      return Put(&objects_.flavors, name, make_.Flavor(name));
    case 2:
      name = make_.Name("t", 2);
      return Put(&objects_.topologies, name, make_.Topology(name));
    case 3:
      name = make_.Name("c", 2);
      return Put(&objects_.checks, name, make_.Check(name));
    case 4:
      name = make_.Chance(2) ? "root" : "mid";
      return Put(&objects_.cohorts, name, make_.Cohort(name));
    case 5:
    case 6:
      name = make_.Name("q", 4);
      return Put(&objects_.cluster_queues, name, make_.ClusterQueue(name));
    case 7:
    case 8: {
      const std::string ns = make_.Chance(2) ? "x" : "y";
      name = make_.Name("l", 3);
      return Put(&objects_.local_queues, absl::StrCat(ns, "/", name), make_.LocalQueue(ns, name));
    }
    case 9:
    case 10:
    case 11:
      name = make_.Name("n", 6);
      return Put(&objects_.nodes, name, make_.Node(name));
    default:
      name = make_.Name("p", 4);
      return Put(&objects_.pods, absl::StrCat("x/", name), make_.Pod(name));
  }
}

void ReplayHistory::RemoveObject() {
  const auto some = [&](auto* known) -> std::string {
    if (known->empty()) return "";
    auto it = known->begin();
    std::advance(it, make_.Pick(static_cast<int>(known->size())));
    const std::string key = it->first;
    known->erase(it);
    Say(absl::StrCat("deletes ", key));
    return key;
  };
  const auto remove = [&](auto* known, const auto& call) {
    const std::string key = some(known);
    if (!key.empty()) Tell([&](Engine& e) { call(e, key); });
  };
  const auto parts = [](const std::string& key) {
    return std::pair<std::string, std::string>(absl::StrSplit(key, '/'));
  };
  using Key = const std::string&;
  switch (make_.Pick(9)) {
    case 0:
      return remove(&objects_.flavors, [&](Engine& e, Key key) { e.DeleteResourceFlavor(key, Now()); });
    case 1:
      return remove(&objects_.topologies, [&](Engine& e, Key key) { e.DeleteTopology(key); });
    case 2:
      return remove(&objects_.checks, [&](Engine& e, Key key) { e.DeleteAdmissionCheck(key, Now()); });
    case 3:
      return remove(&objects_.cohorts, [&](Engine& e, Key key) { e.DeleteCohort(key); });
    case 4:
      return remove(&objects_.cluster_queues, [&](Engine& e, Key key) { e.DeleteClusterQueue(key); });
    case 5:
      return remove(&objects_.local_queues,
                    [&](Engine& e, Key key) { e.DeleteLocalQueue(parts(key).first, parts(key).second, Now()); });
    case 6:
    case 7:
      return remove(&objects_.nodes, [&](Engine& e, Key key) { e.DeleteNode(key, Now()); });
    default:
      return remove(&objects_.pods,
                    [&](Engine& e, Key key) { e.DeletePod(parts(key).first, parts(key).second, Now()); });
  }
}

void ReplayHistory::ChangeDefaults() {
  switch (make_.Pick(6)) {
    case 0:
      Say("deletes x/limits");
      objects_.limit_ranges.erase("x/limits");
      Tell([&](Engine& e) { e.DeleteLimitRange("x", "limits"); });
      break;
    case 1:
      Say("deletes sandbox");
      objects_.runtime_classes.erase("sandbox");
      Tell([&](Engine& e) { e.DeleteRuntimeClass("sandbox"); });
      break;
    case 2:
    case 3:
      Put(&objects_.limit_ranges, "x/limits", make_.LimitRange("x"));
      break;
    default:
      Put(&objects_.runtime_classes, "sandbox", make_.RuntimeClass());
  }
  for (const auto& [key, workload] : objects_.workloads) Written(key, /*must=*/true);
}

// ---- Workloads.

WorkloadId ReplayHistory::IdOf(Engine& engine, const std::string& key) const {
  const std::vector<std::string> parts = absl::StrSplit(key, '/');
  return *engine.FindWorkload(parts[0], parts[1]);
}

std::optional<std::string> ReplayHistory::Some(const std::function<bool(const std::string&)>& wanted) {
  Lines keys;
  for (const auto& [key, workload] : objects_.workloads) {
    if (wanted(key)) keys.push_back(key);
  }
  if (keys.empty()) return std::nullopt;
  return keys[make_.Pick(static_cast<int>(keys.size()))];
}

void ReplayHistory::Submit() {
  const api::Workload w = make_.Workload(absl::StrCat("w", next_++), Now());
  Put(&objects_.workloads, absl::StrCat(w.metadata.ns, "/", w.metadata.name), w);
}

void ReplayHistory::SetCondition(const std::string& key, const char* type, bool status, const std::string& reason) {
  auto& conditions = objects_.workloads[key].status.conditions;
  conditions.erase(
      std::remove_if(conditions.begin(), conditions.end(), [type](const api::Condition& c) { return c.type == type; }),
      conditions.end());
  conditions.push_back({type, status ? "True" : "False", reason, "", Now(), {}});
}

void ReplayHistory::Written(const std::string& key, bool must) {
  if (!must && make_.Chance(2)) return;
  Tell([&](Engine& e) { e.Apply(objects_.workloads[key], Now()); });
}

void ReplayHistory::Evict(const std::string& key, const std::string& reason) {
  Say(absl::StrCat("evicts ", key, " for ", reason));
  Tell([&](Engine& e) { e.Evict(IdOf(e, key), reason, Now()); });
  SetCondition(key, "Evicted", true, reason);
  Written(key);
}

void ReplayHistory::CompleteEviction(const std::string& key) {
  Say(absl::StrCat("stopped ", key));
  const bool preempted =
      api::FindCondition(objects_.workloads[key].status.conditions, "Evicted")->reason == "Preempted";
  Tell([&](Engine& e) { e.CompleteEviction(IdOf(e, key), Now()); });
  api::WorkloadStatus& status = objects_.workloads[key].status;
  status.admission.reset();
  status.admission_checks.clear();
  status.unhealthy_nodes.clear();
  SetCondition(key, "QuotaReserved", false, "Pending");
  SetCondition(key, "Admitted", false, "NoReservation");
  if (!preempted) SetCondition(key, "Requeued", false, "Evicted");
  Written(key, /*must=*/true);
}

// A node that a workload runs on fails: it is gone, or cordoned, and the workload is told.
void ReplayHistory::FailNode() {
  const std::optional<std::string> key = Some([&](const std::string& k) {
    if (!Holds(k) || engine_->IsEvicted(IdOf(*engine_, k))) return false;
    for (const auto& a : objects_.workloads[k].status.admission->pod_set_assignments) {
      if (a.topology_assignment.has_value() && !a.topology_assignment->domains.empty()) return true;
    }
    return false;
  });
  if (!key.has_value()) return;
  std::string name;
  for (const auto& a : objects_.workloads[*key].status.admission->pod_set_assignments) {
    if (a.topology_assignment.has_value()) name = a.topology_assignment->domains[0].values.back();
  }
  Say(absl::StrCat("fails ", name, " under ", *key));
  if (const auto node = objects_.nodes.find(name); node != objects_.nodes.end()) {
    if (make_.Chance(2)) {
      objects_.nodes.erase(node);
      Tell([&](Engine& e) { e.DeleteNode(name, Now()); });
    } else {
      node->second.unschedulable = true;
      Tell([&](Engine& e) { e.Apply(node->second, Now()); });
    }
  }
  objects_.workloads[*key].status.unhealthy_nodes = {name};
  Written(*key, /*must=*/true);
}

void ReplayHistory::AnswerChecks(const std::string& key) {
  api::WorkloadStatus& status = objects_.workloads[key].status;
  status.admission_checks.clear();
  const char* const states[] = {"Ready", "Ready", "Pending", "Retry"};
  const auto cq = objects_.cluster_queues.find(status.admission->cluster_queue);
  if (cq == objects_.cluster_queues.end()) return;
  bool ready = true, retry = false;
  for (const api::AdmissionCheckStrategyRule& rule : cq->second.admission_checks) {
    api::AdmissionCheckState state;
    state.name = rule.name;
    state.state = states[make_.Pick(4)];
    ready = ready && state.state == "Ready";
    retry = retry || state.state == "Retry";
    status.admission_checks.push_back(state);
  }
  Say(absl::StrCat("answers checks of ", key));
  if (ready) SetCondition(key, "Admitted", true, "Admitted");
  Written(key, /*must=*/true);
  if (retry && !Leaving(key)) Evict(key, "AdmissionCheck");
}

void ReplayHistory::Happen() {
  const int what = make_.Pick(20);
  std::optional<std::string> key;
  if (what < 5) {
    if ((key = Some([&](const std::string& k) { return Leaving(k); }))) CompleteEviction(*key);
    return;
  }
  if (what < 9) {
    if (!(key = Some([&](const std::string& k) { return Holds(k); }))) return;
    if (what == 5) return Evict(*key, make_.Chance(2) ? "PodsReadyTimeout" : "ClusterQueueStopped");
    if (what == 6) return AnswerChecks(*key);
    if (what == 7) {
      Say(absl::StrCat("finishes ", *key));
      Tell([&](Engine& e) { e.Finish(IdOf(e, *key), Now()); });
      SetCondition(*key, "Finished", true, "Succeeded");
      return Written(*key);
    }
    const int pods = make_.Pick(3);
    Say(absl::StrCat("ends ", pods, " pods of ", *key));
    auto& reclaimable = objects_.workloads[*key].status.reclaimable_pods;
    reclaimable = {{"p0", pods}};
    Tell([&](Engine& e) { e.SetReclaimablePods(IdOf(e, *key), reclaimable, Now()); });
    return;
  }
  if (what == 9 || what == 10) return FailNode();
  if (!(key = Some([](const std::string&) { return true; }))) return;
  api::Workload& w = objects_.workloads[*key];
  if (what < 13) {
    Say(absl::StrCat("prioritizes ", *key));
    w.spec.priority = make_.Pick(4);
    ++w.metadata.generation;
    Tell([&](Engine& e) { e.SetPriority(IdOf(e, *key), *w.spec.priority, Now()); });
  } else if (what < 15) {
    Say(absl::StrCat("requeues ", *key));
    SetCondition(*key, "Requeued", true, "BackoffFinished");
    Tell([&](Engine& e) { e.SetRequeued(IdOf(e, *key), Now()); });
  } else if (what < 17) {
    if (Holds(*key)) return;
    Say(absl::StrCat("edits ", *key));
    api::Workload other = make_.Workload(w.metadata.name, w.metadata.creation_timestamp);
    other.metadata.ns = w.metadata.ns;
    other.metadata.generation = w.metadata.generation + 1;
    other.status = w.status;
    w = other;
    Written(*key, /*must=*/true);
  } else if (what < 19) {
    Say(absl::StrCat("removes ", *key));
    Tell([&](Engine& e) { e.DeleteWorkload(IdOf(e, *key), Now()); });
    objects_.workloads.erase(*key);
  } else {
    Written(*key, /*must=*/true);
  }
}

void ReplayHistory::Step() {
  now_ += make_.Pick(3);
  const int what = make_.Pick(24);
  if (what < 6) return Submit();
  if (what < 12) return Cycle();
  if (what < 14) return ChangeObject();
  if (what == 14) return make_.Chance(2) ? RemoveObject() : ChangeObject();
  if (what == 17 && make_.Chance(3)) return ChangeDefaults();
  Happen();
}

// ---- Deciding.

void ReplayHistory::Cycle() {
  Tell([&](Engine& e) { e.Advance(Now()); });
  const CycleResult result = engine_->RunCycle(Now());
  if (fresh_ != nullptr) Differ("cycle", Transcript(*engine_, result), Transcript(*fresh_, fresh_->RunCycle(Now())));
  if (difference_.empty()) CarryOut(result);
}

void ReplayHistory::CarryOut(const CycleResult& result) {
  for (const std::string& line : Transcript(*engine_, result)) Say(absl::StrCat("decides ", line));
  for (const Decision& d : result.entries) {
    const std::string key = engine_->WorkloadKey(d.workload);
    for (const PreemptionTarget& t : d.targets) {
      if (!t.newly_evicted) continue;
      ++seen_["victim"];
      SetCondition(engine_->WorkloadKey(t.workload), "Evicted", true, "Preempted");
      SetCondition(engine_->WorkloadKey(t.workload), "Preempted", true, std::string(ToString(t.reason)));
    }
    if (d.status == EntryStatus::kEvicted) SetCondition(key, "Evicted", true, "NodeFailures");
    if (d.status != EntryStatus::kAssumed) continue;
    ++seen_[d.second_pass ? "second pass" : "admitted"];
    api::WorkloadStatus& status = objects_.workloads[key].status;
    status.admission = engine_->AdmissionOf(d.workload);
    for (const auto& a : status.admission->pod_set_assignments) seen_["placed"] += a.topology_assignment.has_value();
    status.unhealthy_nodes.clear();
    if (!d.second_pass) {
      SetCondition(key, "QuotaReserved", true, "QuotaReserved");
      SetCondition(key, "Evicted", false, "QuotaReserved");
      SetCondition(key, "Preempted", false, "QuotaReserved");
    }
    const auto cq = objects_.cluster_queues.find(status.admission->cluster_queue);
    if (cq->second.admission_checks.empty()) SetCondition(key, "Admitted", true, "Admitted");
    Written(key);
  }
}

// ---- Comparing.

std::unique_ptr<Engine> ReplayHistory::Fresh() {
  auto fresh = std::make_unique<Engine>(options_);
  const auto tell = [&](const auto& known) {
    for (const auto& [key, object] : known) fresh->Apply(object, Now());
  };
  tell(objects_.limit_ranges);
  tell(objects_.runtime_classes);
  std::vector<std::function<void()>> kinds = {
      [&] { tell(objects_.namespaces); },   [&] { tell(objects_.flavors); }, [&] { tell(objects_.topologies); },
      [&] { tell(objects_.checks); },       [&] { tell(objects_.cohorts); }, [&] { tell(objects_.cluster_queues); },
      [&] { tell(objects_.local_queues); }, [&] { tell(objects_.nodes); },   [&] { tell(objects_.pods); },
      [&] { tell(objects_.workloads); },
  };
  // Whatever comes first.
  for (size_t i = kinds.size(); i > 1; --i) std::swap(kinds[i - 1], kinds[make_.Pick(static_cast<int>(i))]);
  for (const auto& kind : kinds) kind();
  return fresh;
}

void ReplayHistory::ForgetThePast() {
  // Trees with a circle are notified of nothing: it is mended first.
  if (const auto root = objects_.cohorts.find("root"); root != objects_.cohorts.end()) {
    api::Cohort mended = root->second;
    mended.parent_name.clear();
    Put(&objects_.cohorts, "root", mended);
  }
  // Every tree is notified, so that no class of workloads is known to be hopeless.
  for (auto& [name, ns] : objects_.namespaces) {
    ns.metadata.labels["tick"] = absl::StrCat(log_.size());
    Tell([&, &ns = ns](Engine& e) { e.Apply(ns, Now()); });
  }
  now_ += 2;
  Tell([&](Engine& e) { e.Advance(Now()); });
  for (const auto& [key, workload] : objects_.workloads) {
    const bool waits = engine_->Phase(IdOf(*engine_, key)) == WorkloadPhase::kPending ||
                       engine_->Phase(IdOf(*engine_, key)) == WorkloadPhase::kInadmissible;
    Tell([&, &key = key, &workload = workload](Engine& e) {
      if (waits) e.DeleteWorkload(IdOf(e, key), Now());
      if (waits || Holds(key)) e.Apply(workload, Now());
    });
  }
  now_ += 2;
  Tell([&](Engine& e) { e.Advance(Now()); });
}

std::string ReplayHistory::Compare() {
  now_ += 2;
  engine_->Advance(Now());
  fresh_ = Fresh();
  fresh_->Advance(Now());
  Lines keys;
  for (const auto& [key, workload] : objects_.workloads) keys.push_back(key);
  Differ("what there is", Portrait(*engine_, keys), Portrait(*fresh_, keys));
  if (difference_.empty()) ForgetThePast();
  if (difference_.empty()) Differ("the queues", WaitingInOrder(*engine_), WaitingInOrder(*fresh_));
  for (int probe = 0; probe < 4 && difference_.empty(); ++probe) {
    Submit();
    Submit();
    Cycle();
    while (difference_.empty()) {
      const std::optional<std::string> key = Some([&](const std::string& k) { return Leaving(k); });
      if (!key.has_value()) break;
      CompleteEviction(*key);
    }
    ++now_;
  }
  if (difference_.empty()) {
    keys.clear();
    for (const auto& [key, workload] : objects_.workloads) keys.push_back(key);
    Differ("what there is after the probes", Portrait(*engine_, keys), Portrait(*fresh_, keys));
  }
  fresh_.reset();
  return std::exchange(difference_, "");
}

void ReplayHistory::Differ(const std::string& what, const Lines& engine, const Lines& fresh) {
  if (engine == fresh) return;
  size_t at = 0;
  while (at < engine.size() && at < fresh.size() && engine[at] == fresh[at]) ++at;
  const auto from = [at](const Lines& lines) {
    const size_t begin = std::min(lines.size(), at > 3 ? at - 3 : 0), end = std::min(lines.size(), at + 6);
    return absl::StrJoin(lines.begin() + begin, lines.begin() + end, "\n  ");
  };
  difference_ =
      absl::StrCat(what, ": the engine that saw everything\n  ", from(engine), "\nthe fresh one\n  ", from(fresh));
}

}  // namespace muster::scheduler
