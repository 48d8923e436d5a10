#include "sim/report/exports/kueue_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "api/kueue.h"
#include "api/resource_units.h"

namespace muster::sim {
namespace {

using Type = MetricFamily::Type;

enum Family : size_t {
  kPending,
  kReserving,
  kAdmittedActive,
  kReservedTotal,
  kReservedWait,
  kAdmittedTotal,
  kAdmissionWait,
  kEvicted,
  kEvictedOnce,
  kPreempted,
  kFinished,
  kStatus,
  kReservation,
  kUsage,
  kNominal,
  kBorrowingLimit,
  kLendingLimit,
  kShare,
};

// Kueue's buckets: 1, and from 2.5 on twice the one before.
std::vector<double> Buckets(int count) {
  std::vector<double> bounds = {1};
  for (double bound = 2.5; static_cast<int>(bounds.size()) < count; bound *= 2) bounds.push_back(bound);
  return bounds;
}

// In the order of Family.
std::vector<MetricFamily> Families() {
  return {
      {"kueue_pending_workloads", Type::kGauge,
       "Jobs that wait: active in the queue, inadmissible until something changes."},
      {"kueue_reserving_active_workloads", Type::kGauge, "Jobs that hold quota."},
      {"kueue_admitted_active_workloads", Type::kGauge, "Jobs that are admitted and have not ended."},
      {"kueue_quota_reserved_workloads", Type::kCounter, "Reservations of quota."},
      {"kueue_quota_reserved_wait_time_seconds", Type::kHistogram,
       "From submission, or from when it was queued again, to the reservation of quota.", Buckets(14)},
      {"kueue_admitted_workloads", Type::kCounter, "Admissions."},
      {"kueue_admission_wait_time_seconds", Type::kHistogram,
       "From submission, or from when it was queued again, to admission.", Buckets(16)},
      {"kueue_evicted_workloads", Type::kCounter, "Evictions."},
      {"kueue_evicted_workloads_once", Type::kCounter, "Evictions, of each job the first for a reason."},
      {"kueue_preempted_workloads", Type::kCounter, "Preemptions, by the ClusterQueue that they made room for."},
      {"kueue_finished_workloads", Type::kCounter, "Jobs that ended for good."},
      {"kueue_cluster_queue_status", Type::kGauge, "1 for the status that the ClusterQueue has."},
      {"kueue_cluster_queue_resource_reservation", Type::kGauge, "Quota that is reserved."},
      {"kueue_cluster_queue_resource_usage", Type::kGauge, "Quota that admitted jobs use."},
      {"kueue_cluster_queue_nominal_quota", Type::kGauge, "Nominal quota."},
      {"kueue_cluster_queue_borrowing_limit", Type::kGauge, "The most that may be borrowed."},
      {"kueue_cluster_queue_lending_limit", Type::kGauge, "The most that may be lent."},
      {"kueue_cluster_queue_weighted_share", Type::kGauge,
       "Fair sharing: thousandths of what the cohort could lend that are borrowed, by weight; NaN: weight 0."},
  };
}

// Kueue's reason and underlying cause of an eviction; "" if it would know of none.
std::pair<absl::string_view, absl::string_view> ReasonOf(StopCause cause) {
  switch (cause) {
    case StopCause::kInClusterQueue:
    case StopCause::kInCohortReclamation:
    case StopCause::kInCohortFairSharing:
    case StopCause::kInCohortReclaimWhileBorrowing:
      return {"Preempted", ""};
    case StopCause::kNodeFailed:
    case StopCause::kMaintenance:
      return {"NodeFailures", ""};
    case StopCause::kStopped:
      return {"ClusterQueueStopped", ""};
    case StopCause::kTimeLimit:
      return {"Deactivated", "MaximumExecutionTimeExceeded"};
    case StopCause::kMigrated:
    case StopCause::kLivelock:
      return {ToString(cause), ""};
    case StopCause::kFinished:
    case StopCause::kFailed:
    case StopCause::kGaveUp:
      break;
  }
  return {"", ""};
}

// "" and the label of every metric of Kueue's.
std::string Labels(std::vector<std::pair<absl::string_view, absl::string_view>> labels) {
  labels.emplace_back("replica_role", "standalone");
  return LabelsOf(labels);
}

}  // namespace

absl::StatusOr<KueueMetrics> KueueMetrics::Open(const std::string& path, const Trace* trace, int64_t step_s) {
  absl::StatusOr<OutputFile> file = OutputFile::Create(path);
  if (!file.ok()) return file.status();
  return KueueMetrics(*std::move(file), trace, step_s);
}

std::string KueueMetrics::WithClass(const Team& team, size_t job) const {
  return Labels({{"cluster_queue", team.name}, {"priority_class", trace_->ShapeOf(trace_->jobs[job]).priority_class}});
}

void KueueMetrics::Touch(int team) {
  if (!std::exchange(teams_[team].touched, true)) touched_.push_back(team);
}

size_t KueueMetrics::UsedOf(int team, const std::string& flavor, const std::string& resource) {
  const auto [known, added] = used_of_.try_emplace({team, flavor, resource}, used_.size());
  if (added) {
    const Team& t = teams_[team];
    used_.push_back(
        {Labels({{"cohort", t.cohort}, {"cluster_queue", t.name}, {"flavor", flavor}, {"resource", resource}}),
         resource});
  }
  return known->second;
}

void KueueMetrics::Use(size_t used, int64_t change, int64_t now_s) {
  Used& u = used_[used];
  u.amount += change;
  const double value = api::QuantityOf(u.resource, u.amount).ToDouble();
  families_->Set(kReservation, u.labels, value, now_s);
  families_->Set(kUsage, u.labels, value, now_s);
}

void KueueMetrics::TellQuotas(const ReplaySetting& setting, int64_t now_s) {
  std::map<std::string, const api::ClusterQueue*> queues;
  for (const api::ClusterQueue& queue : setting.policy->cluster_queues) queues[queue.metadata.name] = &queue;
  // What the policy does not have any more.
  for (const Used& used : used_) families_->Set(kNominal, used.labels, 0, now_s);
  for (size_t t = 0; t < teams_.size(); ++t) {
    const auto queue = queues.find(teams_[t].name);
    if (queue == queues.end()) continue;
    teams_[t].strict = queue->second->queueing_strategy == "StrictFIFO";
    for (const api::ResourceGroup& group : queue->second->resource_groups) {
      for (const api::FlavorQuotas& flavor : group.flavors) {
        for (const api::ResourceQuota& quota : flavor.resources) {
          const size_t used = UsedOf(static_cast<int>(t), flavor.name, quota.name);
          Use(used, 0, now_s);
          const auto limit = [](const std::optional<api::Quantity>& q) {
            return q.has_value() ? q->ToDouble() : std::numeric_limits<double>::infinity();
          };
          families_->Set(kNominal, used_[used].labels, quota.nominal_quota.ToDouble(), now_s);
          families_->Set(kBorrowingLimit, used_[used].labels, limit(quota.borrowing_limit), now_s);
          families_->Set(kLendingLimit, used_[used].labels, limit(quota.lending_limit), now_s);
        }
      }
    }
  }
}

void KueueMetrics::TellStatus(int64_t now_s) {
  for (size_t t = 0; t < teams_.size(); ++t) {
    Team& team = teams_[t];
    team.active = engine_->StatusOf(team.name).active;
    Touch(static_cast<int>(t));
    for (const auto& [status, is] :
         {std::pair("pending", !team.active), std::pair("active", team.active), std::pair("terminating", false)}) {
      families_->Set(kStatus, Labels({{"cluster_queue", team.name}, {"status", status}}), is ? 1 : 0, now_s);
    }
  }
}

void KueueMetrics::OnBegin(const ReplaySetting& setting) {
  families_.emplace(Families(), setting.begin_s, step_s_);
  engine_ = setting.engine;
  fair_sharing_ = setting.policy->options.fair_sharing.has_value();
  for (const ReplayTeam& replayed : setting.teams) {
    Team team;
    team.name = replayed.name;
    team.cohort = replayed.cohort;
    team.labels = Labels({{"cluster_queue", team.name}});
    team.id = engine_->FindClusterQueue(team.name).value_or(scheduler::ClusterQueueId{scheduler::kNoId});
    teams_.push_back(std::move(team));
  }
  TellQuotas(setting, setting.begin_s);
  TellStatus(setting.begin_s);
}

void KueueMetrics::OnChange(const WorldChange& change) {
  if (change.kind != WorldChange::Kind::kPolicy) return;
  engine_ = change.setting->engine;
  TellQuotas(*change.setting, change.now_s);
  TellStatus(change.now_s);
}

void KueueMetrics::OnSubmit(const JobSubmit& event) {
  jobs_[event.job] = {.team = event.team, .queued_s = event.now_s};
  ++teams_[event.team].waiting;
  Touch(event.team);
}

void KueueMetrics::OnStart(const RunStart& event) {
  Team& team = teams_[event.team];
  Job& job = jobs_[event.job];
  --team.waiting;
  ++team.running;
  Touch(event.team);
  for (const scheduler::FlavorResourceAmount& held : engine_->ReservedUsage(event.decision->workload)) {
    const size_t used = UsedOf(event.team, held.flavor, held.resource);
    job.held.emplace_back(used, held.amount);
    Use(used, held.amount, event.now_s);
  }
  const std::string labels = WithClass(team, event.job);
  const auto wait_s = static_cast<double>(event.now_s - job.queued_s);
  families_->Add(kReservedTotal, labels, 1, event.now_s);
  families_->Add(kAdmittedTotal, labels, 1, event.now_s);
  families_->Observe(kReservedWait, labels, wait_s, event.now_s);
  families_->Observe(kAdmissionWait, labels, wait_s, event.now_s);
}

void KueueMetrics::Evicted(const RunStop& event, Job* job) {
  const auto [reason, underlying] = ReasonOf(event.cause);
  if (reason.empty()) return;
  const Team& team = teams_[event.team];
  const std::string labels = Labels({{"cluster_queue", team.name},
                                     {"reason", reason},
                                     {"underlying_cause", underlying},
                                     {"priority_class", trace_->ShapeOf(trace_->jobs[event.job]).priority_class}});
  families_->Add(kEvicted, labels, 1, event.now_s);
  // What Kueue calls by one name is one reason.
  uint32_t bits = 0;
  for (int c = 0; c < kStopCauses; ++c) {
    if (ReasonOf(static_cast<StopCause>(c)).first == reason) bits |= uint32_t{1} << c;
  }
  if ((job->told_reasons & bits) == 0) families_->Add(kEvictedOnce, labels, 1, event.now_s);
  job->told_reasons |= bits;
  if (reason != "Preempted" || event.by == RunStop::kNobody) return;
  const auto by = jobs_.find(event.by);
  if (by == jobs_.end()) return;
  families_->Add(
      kPreempted,
      Labels({{"preempting_cluster_queue", teams_[by->second.team].name}, {"reason", ToString(event.cause)}}), 1,
      event.now_s);
}

void KueueMetrics::OnStop(const RunStop& event) {
  Team& team = teams_[event.team];
  Job& job = jobs_[event.job];
  --team.running;
  Touch(event.team);
  for (const auto& [used, amount] : job.held) Use(used, -amount, event.now_s);
  job.held.clear();
  Evicted(event, &job);
  if (IsLast(event.cause)) {
    families_->Add(kFinished, WithClass(team, event.job), 1, event.now_s);
    jobs_.erase(event.job);
    return;
  }
  job.queued_s = event.now_s;
  ++team.waiting;
}

// Which of the jobs that wait are parked. The engine lists them; in a queue of either kind one of the lists is short.
void KueueMetrics::TellPending(Team* team, int64_t now_s) {
  int64_t active = 0;
  if (team->active && team->strict) {
    active = team->waiting - static_cast<int64_t>(engine_->Inadmissible(team->id).size());
  } else if (team->active) {
    active = static_cast<int64_t>(engine_->PendingInOrder(team->id).size());
  }
  active = std::clamp<int64_t>(active, 0, team->waiting);
  const auto tell = [&](absl::string_view status, int64_t jobs) {
    families_->Set(kPending, Labels({{"cluster_queue", team->name}, {"status", status}}), static_cast<double>(jobs),
                   now_s);
  };
  tell("active", active);
  tell("inadmissible", team->waiting - active);
}

void KueueMetrics::TellShares(int64_t now_s) {
  const quota::Forest& forest = engine_->forest();
  for (const Team& team : teams_) {
    if (team.id == scheduler::kNoId) continue;
    const quota::NodeId node = engine_->NodeOfClusterQueue(team.id);
    if (node == quota::kNoNode) continue;
    const double share = forest.DominantResourceShare(node).Weighted();
    families_->Set(kShare, Labels({{"cluster_queue", team.name}, {"cohort", team.cohort}}),
                   std::isinf(share) ? std::numeric_limits<double>::quiet_NaN() : share, now_s);
  }
}

void KueueMetrics::OnInstant(int64_t now_s) {
  if (touched_.empty()) return;
  for (const int t : touched_) {
    Team& team = teams_[t];
    team.touched = false;
    if (team.id != scheduler::kNoId) TellPending(&team, now_s);
    families_->Set(kReserving, team.labels, static_cast<double>(team.running), now_s);
    families_->Set(kAdmittedActive, team.labels, static_cast<double>(team.running), now_s);
  }
  touched_.clear();
  if (fair_sharing_) TellShares(now_s);
}

void KueueMetrics::OnEnd(int64_t now_s) {
  OnInstant(now_s);
  families_->CloseAt(now_s);
}

absl::Status KueueMetrics::Close() {
  families_->Write(&file_.stream());
  return file_.Commit();
}

}  // namespace muster::sim
