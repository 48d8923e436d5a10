#include "conformance/scenario.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/object.h"
#include "conformance/world.h"

namespace muster::conformance {
namespace {

using scheduler::Decision;
using scheduler::Engine;
using scheduler::EntryStatus;
using scheduler::Mode;
using scheduler::WorkloadId;
using scheduler::WorkloadPhase;

std::string Text(std::string_view s) { return std::string(s); }
int64_t GetInt(const Json& o, const char* key) { return Get(o, key).is_number() ? Get(o, key).get<int64_t>() : 0; }

// Recorded deltas summed up: what was not mentioned stays, what became empty goes.
void Apply(const Json& delta, Json* state) {
  for (const auto& [name, value] : delta.items()) {
    if (value.is_object() && value.empty()) {
      state->erase(name);
    } else {
      (*state)[name] = value;
    }
  }
}

class Replay {
 public:
  Replay(const Case& c, Level level, Verdict& v, Engine engine)
      : case_(c), level_(level), v_(v), engine_(std::move(engine)), start_(Now(c)), now_(start_) {
    tick_ = GetInt(c["options"], "cycleTickSeconds");
    delay_ = GetInt(c["options"], "evictionDelay");
    for (const Json& w : c["msgNondeterministic"]) random_messages_.insert(w.get<std::string>());
  }

  void Run() {
    engine_.Advance(now_);
    const Json& events = case_["events"];
    const Json& results = case_["results"];
    for (size_t i = 0; i < events.size() && v_.agreed(); ++i) Event(events[i], results.at(i));
    if (v_.agreed()) CompareFinal();
  }

 private:
  std::string At(const std::string& what) const { return absl::StrCat("event ", event_, " ", what); }

  // ---- What happens to the world.

  std::vector<std::string> Candidates(const std::string& op) const {
    std::vector<std::string> out;
    for (const auto& [key, id] : ids_) {
      if (finished_.count(key) > 0) continue;
      const bool running = engine_.Phase(id) == WorkloadPhase::kReserved && !engine_.IsEvicted(id);
      if ((op == "finishNth" || op == "reclaimNth") && !running) continue;
      if (op == "reclaimNth" && reclaimed_.count(key) > 0) continue;
      out.push_back(key);
    }
    return out;
  }

  // What happens to one workload.
  void OpOn(const std::string& op, const Json& event, const std::string& key) {
    const WorkloadId id = ids_.at(key);
    if (op == "finishNth") {
      engine_.Finish(id, now_);
      finished_.insert(key);
      delays_.erase(key);
    } else if (op == "deleteNth") {
      engine_.DeleteWorkload(id, now_);
      ids_.erase(key);
      delays_.erase(key);
    } else if (op == "priorityNth") {
      engine_.SetPriority(id, static_cast<int32_t>(GetInt(event, "priority")), now_);
      ++generations_[key];
    } else if (op == "reclaimNth") {
      const auto admission = engine_.AdmissionOf(id);
      const api::PodSetAssignment& first = admission->pod_set_assignments.at(0);
      api::ReclaimablePod pods;
      pods.name = first.name;
      pods.count = static_cast<int32_t>(std::min<int64_t>(GetInt(event, "count"), first.count.value_or(0)));
      engine_.SetReclaimablePods(id, {&pods, 1}, now_);
      reclaimed_.insert(key);
    }
  }

  // The workload is named (`w`), or it is the n-th of those it can happen to.
  void Op(const Json& event, const Json& expected, Json* evicted) {
    const std::string op = GetString(event, "op");
    if (op.size() > 3 && op.substr(op.size() - 3) == "Nth") {
      const std::vector<std::string> candidates = Candidates(op);
      if (const std::string named = GetString(event, "w"); !named.empty()) {
        if (std::find(candidates.begin(), candidates.end(), named) == candidates.end()) {
          return v_.Fail(At(op), "can happen", absl::StrCat("not to ", named, " now"));
        }
        return OpOn(op, event, named);
      }
      if (candidates.empty()) {
        v_.Equal(At("target"), Get(expected, "target"), Json());
        return;
      }
      const std::string key = candidates[GetInt(event, "n") % candidates.size()];
      if (!v_.Equal(At("target"), GetString(expected, "target"), key)) return;
      return OpOn(op, event, key);
    }
    const Json& object = Get(event, "object");
    if (absl::Status s = ApplyObject(object, now_, engine_); !s.ok()) return v_.Fail(At(op), "applied", s.ToString());
    const std::string name = GetString(Get(object, "metadata"), "name");
    if (op == "createWorkload") {
      const std::string ns = GetString(Get(object, "metadata"), "namespace");
      ids_[absl::StrCat(ns, "/", name)] = *engine_.FindWorkload(ns, name);
    } else if (op == "updateClusterQueue") {
      const std::string stop = GetString(Get(object, "spec"), "stopPolicy");
      const auto queue = *engine_.FindClusterQueue(name);
      for (const auto& [key, id] : ids_) {
        if (engine_.ClusterQueueOf(id) != queue) continue;
        if (stop == "HoldAndDrain" && engine_.Evict(id, "ClusterQueueStopped", now_)) {
          evicted->push_back({key, "ClusterQueueStopped"});
          ++evictions_[key];
          marked_.insert(key);
        }
        if (stop.empty() || stop == "None") engine_.SetRequeued(id, now_);
      }
    }
  }

  // A patch that changes nothing makes no update. The condition tells the generation it is about.
  void WriteStatus(const Decision& d) {
    const std::string& key = engine_.WorkloadKey(d.workload);
    const std::string status =
        absl::StrCat(Text(scheduler::ToString(d.pending_reason)), "/", engine_.Message(d), "/", generations_[key]);
    if (std::exchange(statuses_[key], status) != status) engine_.StatusWritten(d.workload);
  }

  void Deliver() {
    for (const std::string& key : marked_) delays_[key] = delay_;
    marked_.clear();
  }
  void Release(const std::string& key, Json* released) {
    released->push_back(key);
    statuses_.erase(key);
    engine_.CompleteEviction(ids_.at(key), now_);
  }
  // Those whose time is up; the others come one step closer if `count_down`.
  void ReleaseDue(bool count_down, Json* released) {
    for (auto it = delays_.begin(); it != delays_.end();) {
      if (it->second == 0) {
        Release(it->first, released);
        it = delays_.erase(it);
      } else {
        it->second -= count_down ? 1 : 0;
        ++it;
      }
    }
  }
  // With nothing to decide, all who are on their way out get out. Returns whether there was anybody.
  bool ReleaseAllIfIdle(Json* released) {
    if (engine_.HasPendingHeads() || delays_.empty()) return false;
    for (const auto& [key, left] : delays_) Release(key, released);
    delays_.clear();
    std::sort(released->begin(), released->end());
    engine_.Advance(now_);
    return true;
  }

  void Event(const Json& event, const Json& expected) {
    event_ = static_cast<int>(GetInt(expected, "i"));
    now_ = std::max(now_, start_ + absl::Seconds(GetInt(event, "at")));
    Json evicted = Json::array(), released = Json::array();
    Op(event, expected, &evicted);
    if (!v_.agreed()) return;
    Deliver();
    ReleaseDue(/*count_down=*/false, &released);
    engine_.Advance(now_);
    v_.Equal(At("ev"), List(expected, "ev"), evicted);
    const std::string stop = GetString(expected, "stop");
    const Json& cycles = Get(expected, "cycles");
    Json* last_released = &released;
    Json cycle_released = Json::array();
    for (size_t i = 0; i < cycles.size(); ++i) {
      ReleaseAllIfIdle(last_released);
      if (i == 0) {
        v_.Equal(At("rel"), List(expected, "rel"), released);
      } else {
        v_.Equal(At(absl::StrCat("cycle ", GetInt(cycles[i - 1], "c"), " rel")), List(cycles[i - 1], "rel"),
                 cycle_released);
      }
      if (!v_.agreed()) return;
      if (!engine_.HasPendingHeads()) return v_.Fail(At("cycles"), absl::StrCat(cycles.size()), absl::StrCat(i));
      cycle_released = Json::array();
      last_released = &cycle_released;
      Cycle(cycles[i], &cycle_released);
      if (!v_.agreed()) return;
    }
    if (stop == "idle") {
      ReleaseAllIfIdle(last_released);
      if (engine_.HasPendingHeads()) {
        return v_.Fail(At("cycles"), absl::StrCat(cycles.size(), " and idle"), "something is still in a heap");
      }
    }
    if (cycles.empty()) {
      v_.Equal(At("rel"), List(expected, "rel"), released);
    } else {
      v_.Equal(At("last cycle rel"), List(cycles.back(), "rel"), cycle_released);
    }
    if (v_.agreed()) CompareState(expected);
  }

  static Json List(const Json& o, const char* key) { return Get(o, key).is_array() ? Get(o, key) : Json::array(); }

  void Cycle(const Json& expected, Json* released) {
    const scheduler::CycleResult result = engine_.RunCycle(now_);
    const std::string at = At(absl::StrCat("cycle ", GetInt(expected, "c")));
    v_.Equal(at + " number", GetInt(expected, "c"), result.cycle);
    v_.Equal(at + " t", GetInt(expected, "t"), absl::ToInt64Seconds(now_ - start_));
    CompareEntries(at, expected, result);
    Json evicted = Json::array();
    for (const Decision& d : result.entries) {
      for (const scheduler::PreemptionTarget& t : d.targets) {
        if (!t.newly_evicted) continue;
        const std::string& key = engine_.WorkloadKey(t.workload);
        evicted.push_back({key, "Preempted", Text(scheduler::ToString(t.reason))});
        ++evictions_[key];
        marked_.insert(key);
      }
    }
    std::sort(evicted.begin(), evicted.end());
    v_.Equal(at + " ev", List(expected, "ev"), evicted);
    for (const Decision& d : result.entries) WriteStatus(d);
    for (const Decision& d : result.rejected) WriteStatus(d);
    Deliver();
    ReleaseDue(/*count_down=*/true, released);
    engine_.Advance(now_);
    now_ += absl::Seconds(tick_);
  }

  // ---- What is compared.

  std::string TreeOf(scheduler::ClusterQueueId queue) {
    const quota::Forest& forest = engine_.forest();
    const quota::NodeId node = engine_.NodeOfClusterQueue(queue);
    if (node == quota::kNoNode || forest.parent(node) == quota::kNoNode) {
      return absl::StrCat("cq/", engine_.ClusterQueueName(queue));
    }
    return absl::StrCat("cohort/", forest.name(forest.root(node)));
  }

  Json PodSets(const Decision& d) const {
    Json out = Json::array();
    for (const scheduler::PodSetDecision& ps : d.pod_sets) {
      Json flavors = Json::object();
      for (const auto& f : ps.flavors) flavors[engine_.ResourceName(f.resource)] = engine_.FlavorName(f.flavor);
      Json one = {{"n", ps.name}, {"c", ps.count}};
      if (!flavors.empty()) one["f"] = flavors;
      if (ps.topology.has_value()) {
        Json domains = Json::object();
        for (const auto& domain : ps.topology->domains) {
          domains[absl::StrJoin(domain.domain->values, "/")] = domain.count;
        }
        if (!domains.empty()) one["t"] = std::move(domains);
      }
      out.push_back(std::move(one));
    }
    return out;
  }

  Json Show(const Decision& d) {
    Json e = {{"w", engine_.WorkloadKey(d.workload)}, {"q", engine_.ClusterQueueName(d.cluster_queue)}};
    e["m"] = Text(scheduler::ToString(d.mode));
    if (d.borrowing != 0 && d.mode != Mode::kNoFit) e["b"] = d.borrowing;
    e["s"] = d.status == EntryStatus::kAssumed   ? "assumed"
             : d.status == EntryStatus::kSkipped ? "skipped"
                                                 : "notNominated";
    Json targets = Json::array();
    for (const auto& t : d.targets) {
      targets.push_back({engine_.WorkloadKey(t.workload), Text(scheduler::ToString(t.reason))});
    }
    std::sort(targets.begin(), targets.end());
    if (!targets.empty()) e["tg"] = targets;
    if (d.mode != Mode::kNoFit && (d.mode != Mode::kPreempt || !d.targets.empty())) e["ps"] = PodSets(d);
    if (d.status == EntryStatus::kNotNominated && d.requeue_reason != scheduler::RequeueReason::kGeneric) {
      e["rr"] = Text(scheduler::ToString(d.requeue_reason));
    }
    if (d.pending_reason != scheduler::PendingReason::kNone) e["qr"] = Text(scheduler::ToString(d.pending_reason));
    return e;
  }

  void CompareEntries(const std::string& at, const Json& expected, const scheduler::CycleResult& result) {
    std::vector<const Decision*> decisions;
    for (const Decision& d : result.entries) decisions.push_back(&d);
    if (engine_.options().fair_sharing.has_value()) {
      std::stable_sort(decisions.begin(), decisions.end(), [this](const Decision* a, const Decision* b) {
        return TreeOf(a->cluster_queue) < TreeOf(b->cluster_queue);
      });
    }
    const Json& entries = Get(expected, "e");
    Json want_order = Json::array(), got_order = Json::array();
    std::map<std::string, Json> got;
    for (const Decision* d : decisions) {
      got_order.push_back(engine_.WorkloadKey(d->workload));
      got[engine_.WorkloadKey(d->workload)] = Show(*d);
    }
    for (const Json& e : entries) want_order.push_back(GetString(e, "w"));
    const std::set<Json> want_heads(want_order.begin(), want_order.end()),
        got_heads(got_order.begin(), got_order.end());
    if (!v_.Equal(at + " heads", want_heads, got_heads)) return;
    for (Json want : entries) {
      const std::string key = GetString(want, "w");
      Json have = got[key];
      const std::string message = want.contains("msg") ? GetString(want, "msg") : "";
      want.erase("msg");
      if (level_ == Level::kDecisions || random_messages_.count(key) > 0) {
        want.erase("qr");
        have.erase("qr");
      }
      if (level_ == Level::kDecisions) {
        want.erase("rr");
        have.erase("rr");
      }
      v_.Equal(absl::StrCat(at, " ", key), want, have);
      if (!message.empty()) messages_[key] = message == "-" ? "" : message;
    }
    v_.Equal(at + " order", want_order, got_order);
    if (level_ == Level::kMessages) {
      for (const Decision* d : decisions) {
        const std::string& key = engine_.WorkloadKey(d->workload);
        if (random_messages_.count(key) > 0 || d->status == EntryStatus::kAssumed) continue;
        v_.Equal(absl::StrCat(at, " ", key, " msg"), messages_[key], engine_.Message(*d));
      }
    }
    Json want_refused = Json::array(), got_refused = Json::array();
    for (const Json& x : List(expected, "x")) want_refused.push_back(GetString(x, "w"));
    for (const Decision& d : result.rejected) got_refused.push_back(engine_.WorkloadKey(d.workload));
    v_.Equal(at + " x", want_refused, got_refused);
  }

  Json UsageOf(quota::NodeId node) {
    Json out = Json::object();
    const quota::Forest& forest = engine_.forest();
    const auto frs = engine_.flavor_resources();
    for (quota::FrId fr = 0; fr < forest.num_frs(); ++fr) {
      if (const quota::Amount used = forest.usage(node, fr); used != 0) {
        out[absl::StrCat(engine_.FlavorName(frs[fr].flavor), "/", engine_.ResourceName(frs[fr].resource))] = used;
      }
    }
    return out;
  }

  void CompareNode(const std::string& what, const Json& want_usage, const Json& want_shares, const std::string& name,
                   quota::NodeId node) {
    if (node == quota::kNoNode) return;
    const Json usage = Get(want_usage, name.c_str());
    v_.Equal(absl::StrCat(what, " usage of ", name), usage.is_null() ? Json::object() : usage, UsageOf(node));
    if (!engine_.options().fair_sharing.has_value()) return;
    const Json& share = Get(want_shares, name.c_str());
    double want = 0;
    if (share.is_string()) {
      if (share == "+Inf") {
        want = INFINITY;
      } else if (!absl::SimpleAtod(share.get<std::string>(), &want)) {
        v_.Fail(what, "a share", share.dump());
      }
    } else if (share.is_number()) {
      want = share.get<double>();
    }
    const double got = engine_.forest().DominantResourceShare(node).Weighted();
    if (want != got) v_.Fail(absl::StrCat(what, " share of ", name), absl::StrCat(want), absl::StrCat(got));
  }

  void CompareState(const Json& expected) {
    const Json& state = Get(expected, "state");  // may be left out
    Apply(Get(expected, "pending"), &pending_);
    Apply(Get(state, "usage"), &usage_);
    Apply(Get(state, "cohortUsage"), &cohort_usage_);
    Apply(Get(state, "drs"), &shares_);
    Apply(Get(state, "cohortDrs"), &cohort_shares_);
    Json inactive = Json::array();
    for (const scheduler::ClusterQueueId id : engine_.ClusterQueues()) {
      const std::string& name = engine_.ClusterQueueName(id);
      if (!engine_.StatusOf(name).active) inactive.push_back(name);
      Json heap = Json::array(), parked = Json::array();
      for (const WorkloadId w : engine_.PendingInOrder(id)) heap.push_back(engine_.WorkloadKey(w));
      for (const WorkloadId w : engine_.Inadmissible(id)) parked.push_back(engine_.WorkloadKey(w));
      const Json& want = Get(pending_, name.c_str());
      v_.Equal(At(absl::StrCat("heap of ", name)), List(want, "a"), heap);
      v_.Equal(At(absl::StrCat("parked in ", name)), List(want, "i"), parked);
      if (!state.is_object()) continue;
      CompareNode(At("ClusterQueue"), usage_, shares_, name, engine_.NodeOfClusterQueue(id));
    }
    if (!state.is_object()) return;
    for (const std::string& name : engine_.Cohorts()) {
      CompareNode(At("Cohort"), cohort_usage_, cohort_shares_, name, engine_.NodeOfCohort(name));
    }
    v_.Equal(At("inactive"), List(state, "inactive"), inactive);
  }

  void CompareFinal() {
    for (const auto& [key, want] : case_["final"].items()) {
      const auto it = ids_.find(key);
      if (it == ids_.end()) {
        v_.Fail("final " + key, "exists", "deleted");
        continue;
      }
      const WorkloadPhase phase = engine_.Phase(it->second);
      const bool evicted = engine_.IsEvicted(it->second);
      const std::string state = phase == WorkloadPhase::kFinished               ? "finished"
                                : phase == WorkloadPhase::kReserved && !evicted ? "admitted"
                                : phase == WorkloadPhase::kReserved             ? "evicting"
                                                                                : "pending";
      v_.Equal("final " + key, GetString(want, "st"), state);
      v_.Equal("final evictions " + key, GetInt(want, "evictions"), evictions_[key]);
    }
    v_.Equal("final count", case_["final"].size(), ids_.size());
  }

  const Case& case_;
  const Level level_;
  Verdict& v_;
  Engine engine_;
  const absl::Time start_;
  absl::Time now_;
  int64_t tick_ = 0, delay_ = 0;
  int event_ = 0;
  std::map<std::string, WorkloadId> ids_;
  std::map<std::string, int64_t> delays_;  // evicted, still holding quota -> cycles left
  std::set<std::string> marked_;           // evicted since the last delivery
  std::set<std::string> finished_, reclaimed_;
  std::map<std::string, int64_t> evictions_;
  std::map<std::string, std::string> messages_;  // recorded last
  std::map<std::string, std::string> statuses_;  // written last
  std::map<std::string, int> generations_;       // how often the spec was written
  std::set<std::string> random_messages_;
  Json pending_ = Json::object(), usage_ = Json::object(), cohort_usage_ = Json::object();
  Json shares_ = Json::object(), cohort_shares_ = Json::object();
};

}  // namespace

void RunScenario(const Case& c, Level level, Verdict& v) {
  absl::StatusOr<Engine> engine = BuildWorldInOrder(c);
  if (!engine.ok()) return v.Fail("objects", "accepted", engine.status().ToString());
  Replay(c, level, v, *std::move(engine)).Run();
}

}  // namespace muster::conformance
