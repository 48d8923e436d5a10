// What a World does about the engine's decisions.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/scenario/conditions.h"
#include "sim/scenario/words.h"
#include "sim/scenario/world.h"

namespace muster::sim {

using scheduler::Decision;
using scheduler::EntryStatus;

namespace {

std::string Text(std::string_view text) { return std::string(text); }

// The reasons of QuotaReserved=False before Kueue told them apart.
std::string LegacyReason(const std::string& reason) {
  if (reason == "Misconfigured" || reason == "Suspended") return "Inadmissible";
  return "Pending";
}

}  // namespace

void World::Settle() {
  driver_.Disturbed(now_);
  Decide();
}

void World::Decide() {
  driver_.Decide(now_,
                 {.carry = [this](const Decision& decision, int64_t) { return Carry(decision); },
                  .yields = [this](absl::Span<const scheduler::WorkloadId> ids) { return LeastImportant(ids); },
                  .set_aside = [this](scheduler::WorkloadId id, const LoopWatch::Loop& loop) { SetAside(id, loop); }});
}

// The lowest priority; of equals the one that was created last.
scheduler::WorkloadId World::LeastImportant(absl::Span<const scheduler::WorkloadId> ids) const {
  const auto rank = [this](scheduler::WorkloadId id) {
    const size_t index = member_of_.at(id);
    return std::make_pair(members_[index].object.spec.priority.value_or(0), -static_cast<int64_t>(index));
  };
  return *std::min_element(ids.begin(), ids.end(), [&](auto a, auto b) { return rank(a) < rank(b); });
}

void World::SetAside(scheduler::WorkloadId id, const LoopWatch::Loop& loop) {
  const auto name = [this](scheduler::WorkloadId w) { return jobs_[members_[member_of_.at(w)].job].Id(); };
  Evict(member_of_.at(id), Driver::kLivelock,
        absl::StrCat("jobs only push each other aside, as Kueue lets them: ", LoopInWords(loop, name),
                     "; it waits until something else happens"));
}

bool World::Carry(const Decision& d) {
  const auto found = member_of_.find(d.workload);
  if (found == member_of_.end()) return false;
  const size_t index = found->second;
  if (d.status == EntryStatus::kAssumed) {
    Start(index, d);
    return true;
  }
  const std::vector<scheduler::WorkloadId> victims = NewVictims(d);
  Wait(index, d);
  for (const scheduler::PreemptionTarget& target : d.targets) {
    if (!target.newly_evicted) continue;
    const size_t victim = member_of_.at(target.workload);
    Member& w = members_[victim];
    const std::string reason = Text(ToString(target.reason));
    const Member& by = members_[index];
    const std::string message = engine().PreemptionMessage(d, target);
    const std::string& id = jobs_[w.job].Id();
    WriteEvicted(&w.object, "Preempted", message, now_);
    SetCondition(&w.object, "Preempted", true, reason, message, now_);
    ++jobs_[w.job].evictions;
    Tell(Happening::Kind::kEvicted, id,
         absl::StrCat(id, " is evicted, all its pods stop: preempted for ", jobs_[by.job].Id(), ", ",
                      std::string(scheduler::RuleInWords(target.reason)), " (", reason, ")"),
         reason, jobs_[by.job].Id());
    Stop(victim);
  }
  return !victims.empty();
}

void World::Start(size_t index, const Decision& d) {
  Member& member = members_[index];
  const std::string queue = engine().ClusterQueueName(d.cluster_queue);
  member.object.status.admission = engine().AdmissionOf(d.workload);
  WriteAdmitted(&member.object, queue, now_);
  member.running = true;
  member.started = now_;
  member.told.clear();
  ++member.runs;
  const ScenarioJob& job = jobs_[member.job];
  std::vector<std::string> where;
  for (const scheduler::PodSetDecision& set : d.pod_sets) {
    std::set<std::string> flavors;
    for (const scheduler::ResourceFlavorChoice& choice : set.flavors)
      flavors.insert(engine().FlavorName(choice.flavor));
    if (!flavors.empty()) {
      where.push_back(absl::StrCat(set.name, " ", set.count, " on ", absl::StrJoin(flavors, " and ")));
    }
  }
  if (member.object.status.admission.has_value()) {
    std::set<std::string> nodes;
    for (const api::PodSetAssignment& set : member.object.status.admission->pod_set_assignments) {
      if (!set.topology_assignment.has_value()) continue;
      for (const auto& domain : set.topology_assignment->domains) nodes.insert(domain.values.back());
    }
    if (!nodes.empty()) where.push_back(absl::StrCat("nodes ", absl::StrJoin(nodes, ", ")));
  }
  Tell(Happening::Kind::kStarted, job.Id(),
       absl::StrCat(job.Id(), " starts", where.empty() ? "" : ": ", absl::StrJoin(where, "; "),
                    d.borrowing > 0 ? "; borrows from its cohort" : ""));
  WritePodsReady(&member.object, true, "Started", now_);
  if (job.runs_for.has_value()) timers_.insert({now_ + *job.runs_for, {TimerKind::kEnd, index, member.runs}});
  CheckPods();
}

// Its pods are gone, and it waits again.
void World::Stop(size_t index) {
  Member& member = members_[index];
  member.running = false;
  ++member.runs;
  engine().CompleteEviction(member.id, now_);
  WriteStopped(&member.object, now_);
}

void World::Wait(size_t index, const Decision& d) {
  Member& member = members_[index];
  std::string reason = Text(ToString(d.pending_reason));
  if (!granular_reasons_ && !reason.empty()) reason = LegacyReason(reason);
  const std::string message = engine().Message(d);
  WritePending(&member.object, reason, message, now_);
  const std::string told = absl::StrCat(reason, ": ", message);
  if (told == member.told) return;
  member.told = told;
  const std::string& id = jobs_[member.job].Id();
  Tell(Happening::Kind::kWaiting, id, absl::StrCat(id, " waits (", reason, "): ", message), reason);
}

void World::Evict(size_t index, const std::string& reason, const std::string& message) {
  Member& member = members_[index];
  if (!engine().Evict(member.id, reason, now_)) return;
  const std::string& id = jobs_[member.job].Id();
  WriteEvicted(&member.object, reason, message, now_);
  ++jobs_[member.job].evictions;
  Tell(Happening::Kind::kEvicted, id, absl::StrCat(id, " is evicted, all its pods stop: ", message), reason);
  Stop(index);
}

void World::Fire(const Timer& timer) {
  Member& member = members_[timer.member];
  if (member.runs != timer.run || member.id == scheduler::kNoId) return;
  ScenarioJob& job = jobs_[member.job];
  const std::string id = job.Id();
  switch (timer.kind) {
    case TimerKind::kEnd: {
      FinishMember(timer.member);
      job.finished = std::all_of(job.members.begin(), job.members.end(), [&](size_t m) {
        return api::IsConditionTrue(members_[m].object.status.conditions, "Finished");
      });
      if (job.finished) Tell(Happening::Kind::kFinished, id, absl::StrCat(id, " finished"));
      return;
    }
    case TimerKind::kPodsReadyTimeout: {
      const api::Condition* ready = api::FindCondition(member.object.status.conditions, "PodsReady");
      // The pods may have come back, and gone again since.
      if (ready == nullptr || ready->status != "False" || now_ - ready->last_transition_time < RecoveryTimeout())
        return;
      const auto& strategy = wait_for_pods_ready_->requeuing_strategy;
      api::RequeueState& state = member.object.status.requeue_state.has_value()
                                     ? *member.object.status.requeue_state
                                     : member.object.status.requeue_state.emplace();
      ++state.count;
      Evict(
          timer.member, "PodsReadyTimeout",
          absl::StrCat("Exceeded the PodsReady timeout ", member.object.metadata.ns, "/", member.object.metadata.name));
      if (strategy.has_value() && strategy->backoff_limit_count.has_value() &&
          state.count > *strategy->backoff_limit_count) {
        Tell(Happening::Kind::kWaiting, id,
             absl::StrCat(id, " is deactivated: exceeding the maximum number of re-queuing retries"), "Deactivated");
        SetCondition(&member.object, "QuotaReserved", false, "Deactivated", "The workload is deactivated", now_);
        member.object.spec.active = false;
        ++member.object.metadata.generation;
        engine().Apply(member.object, now_);
        return;
      }
      const double base = strategy.has_value() ? strategy->backoff_base_seconds.value_or(60) : 60;
      const double max = strategy.has_value() ? strategy->backoff_max_seconds.value_or(3600) : 3600;
      const double wait = std::min(base * std::pow(2, state.count - 1), max);
      state.requeue_at = now_ + absl::Seconds(wait);
      timers_.insert({*state.requeue_at, {TimerKind::kBackoff, timer.member, member.runs}});
      return;
    }
    case TimerKind::kBackoff:
      WriteRequeued(&member.object, "BackoffFinished", "The workload backoff was finished", now_);
      engine().SetRequeued(member.id, now_);
      Tell(Happening::Kind::kChange, "", absl::StrCat(id, " is queued again after its backoff"));
      return;
  }
}

}  // namespace muster::sim
