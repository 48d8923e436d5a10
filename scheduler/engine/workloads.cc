// The life of a workload: created, queued, holding quota, evicted, finished.
#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/resource_units.h"
#include "api/vocabulary.h"
#include "base/check.h"
#include "quota/fr_sum.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/requests/transform_requests.h"
#include "scheduler/topology/assigner.h"
#include "scheduler/topology/plan.h"

namespace muster::scheduler {
namespace {

bool SamePods(absl::Span<const api::ReclaimablePod> a, absl::Span<const api::ReclaimablePod> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name && x.count == y.count; });
}

// Kueue: workloadslicing.ScaledDown. Fewer pods in a pod set, and more in none.
bool ScaledDown(const WorkloadShape& before, const WorkloadShape& after) {
  bool fewer = false;
  for (const PodSetState& now : after.pod_sets) {
    for (const PodSetState& old : before.pod_sets) {
      if (old.name != now.name) continue;
      if (now.count > old.count) return false;
      fewer = fewer || now.count < old.count;
    }
  }
  return fewer;
}

// Whether an eviction puts the workload into the queue at the time it happened, and not at its old place.
bool MovesBack(absl::string_view reason, const EngineOptions& options) {
  return reason == "AdmissionCheck" ||
         (reason == "PodsReadyTimeout" && options.requeuing_timestamp == RequeuingTimestamp::kEviction);
}

// Kueue: GetQueueOrderTimestamp.
absl::Time QueueTimestamp(const api::Workload& w, const EngineOptions& options) {
  const auto& conditions = w.status.conditions;
  if (const api::Condition* c = api::FindCondition(conditions, "Evicted"); c != nullptr && c->status == "True") {
    if (MovesBack(c->reason, options)) return c->last_transition_time;
  }
  if (!options.gates[Gate::kPrioritySortingWithinCohort]) {
    const api::Condition* c = api::FindCondition(conditions, "Preempted");
    if (c != nullptr && c->status == "True" && c->reason == "InCohortReclaimWhileBorrowing") {
      return c->last_transition_time + absl::Milliseconds(1);
    }
  }
  return w.metadata.creation_timestamp;
}

// A number made of the text, eight bytes a step.
uint32_t Mix(absl::string_view text) {
  uint64_t hash = text.size();
  for (size_t at = 0; at < text.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min(sizeof(word), text.size() - at));
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
  }
  return static_cast<uint32_t>(hash);
}

// Null if the object has no such annotation.
const std::string* Annotation(const api::ObjectMeta& object, const char* name) {
  if (object.annotations.empty()) return nullptr;
  const auto it = object.annotations.find(name);
  return it == object.annotations.end() ? nullptr : &it->second;
}

}  // namespace

// A generation is a count of who had the index, mixed with the workload's name: an id of another engine, where the
// index is somebody else's, is found out as well.
WorkloadId EngineImpl::NewId(absl::string_view key) {
  int32_t index = static_cast<int32_t>(workloads.size());
  if (free_indices_.empty()) {
    workloads.emplace_back();
    uses_.push_back(0);
  } else {
    index = free_indices_.back();
    free_indices_.pop_back();
  }
  return workloads[index].id = WorkloadId(index, Mix(key) ^ ++uses_[index]);
}

void EngineImpl::Unknown(WorkloadId id) {
  base::CheckFailed(__FILE__, __LINE__, "Has(id)",
                    absl::StrCat("WorkloadId ", static_cast<int32_t>(id), " of generation ", id.generation(),
                                 " is of no workload here: of a deleted one, or of another engine"));
}

void EngineImpl::List(WorkloadId id) {
  WorkloadState& w = workloads[id];
  if (w.local_queue >= static_cast<int32_t>(workloads_of_.size())) workloads_of_.resize(w.local_queue + 1);
  w.place = workloads_of_[w.local_queue].size();
  workloads_of_[w.local_queue].push_back(id);
}

void EngineImpl::Unlist(WorkloadId id) {
  const WorkloadState& w = workloads[id];
  std::vector<WorkloadId>& list = workloads_of_[w.local_queue];
  workloads[list.back()].place = w.place;
  list[w.place] = list.back();
  list.pop_back();
}

// Everything that follows from the object alone (and the defaults of its namespace).
void EngineImpl::Derive(const api::Workload& object, WorkloadState* w) {
  if (w->local_queue != kNoId) Unlist(w->id);
  w->local_queue = declared.InternLocalQueue(object.metadata.ns, object.spec.queue_name);
  List(w->id);
  w->ns = declared.local_queue(w->local_queue).ns;
  w->active = object.spec.active.value_or(true);
  w->generation = object.metadata.generation;
  w->creation = object.metadata.creation_timestamp;
  w->queue_timestamp = QueueTimestamp(object, options);
  w->priority = object.spec.priority.value_or(0);
  if (options.gates[Gate::kPriorityBoost]) {
    const std::string* text = Annotation(object.metadata, api::kPriorityBoostAnnotation);
    int64_t boost = 0;
    if (text != nullptr && absl::SimpleAtoi(*text, &boost)) w->priority += boost;
  }
  const auto& priority_class = object.spec.priority_class_ref;
  w->priority_class.clear();
  if (priority_class.has_value()) w->priority_class = priority_class->name;
  w->workload_priority_class = priority_class.has_value() && priority_class->kind == "WorkloadPriorityClass" &&
                               priority_class->group == "kueue.x-k8s.io";
  const api::Condition* quota = api::FindCondition(object.status.conditions, "QuotaReserved");
  w->on_hold = (quota != nullptr && quota->status == "False" && quota->reason == "OnHold") ||
               api::IsConditionTrue(object.status.conditions, "WaitingForReplacementPods");
  w->gated_by.clear();
  if (options.gates[Gate::kAdmissionGatedBy]) {
    if (const std::string* by = Annotation(object.metadata, api::kAdmissionGatedByAnnotation)) w->gated_by = *by;
  }
  w->allowed_flavors.clear();
  if (options.gates[Gate::kConcurrentAdmission]) {
    const std::string* list = Annotation(object.metadata, api::kAllowedFlavorsAnnotation);
    if (list != nullptr) w->allowed_flavors = std::vector<std::string>(absl::StrSplit(*list, ','));
  }
  w->variant_of.clear();
  if (options.gates[Gate::kConcurrentAdmission]) {
    for (const api::OwnerReference& owner : object.metadata.owner_references) {
      if (owner.kind == "Workload" && owner.controller.value_or(false)) w->variant_of = owner.uid;
    }
  }
  w->replaces.clear();
  if (const std::string* key = Annotation(object.metadata, api::kReplacementForAnnotation)) w->replaces = *key;
  w->preemption_gated =
      !object.spec.preemption_gates.empty() &&
      (options.gates[Gate::kConcurrentAdmission] || options.gates[Gate::kMultiKueueOrchestratedPreemption]);
  w->reclaimable.clear();
  if (options.gates[Gate::kReclaimablePods]) w->reclaimable = object.status.reclaimable_pods;
  w->failed_checks = false;
  std::vector<std::string> ready_checks;
  for (const api::AdmissionCheckState& check : object.status.admission_checks) {
    if (check.state == "Retry" || check.state == "Rejected") w->failed_checks = true;
    if (check.state == "Ready") ready_checks.push_back(check.name);
  }
  w->ready_checks = std::move(ready_checks);
  w->checks_ready = !object.status.admission_checks.empty() &&
                    std::all_of(object.status.admission_checks.begin(), object.status.admission_checks.end(),
                                [](const api::AdmissionCheckState& c) { return c.state == "Ready"; });
  w->unhealthy_nodes = object.status.unhealthy_nodes;
  w->owned_by_single_pod = OwnedBySinglePod(object.metadata);
  w->requeued_false = api::IsConditionFalse(object.status.conditions, "Requeued");
  w->requeue_at = object.status.requeue_state.has_value() ? object.status.requeue_state->requeue_at : std::nullopt;
  const api::Condition* evicted = api::FindCondition(object.status.conditions, "Evicted");
  w->evicted = evicted != nullptr && evicted->status == "True";
  w->eviction_reason.clear();
  if (w->evicted) w->eviction_reason = evicted->reason;
  w->evicted_since = evicted != nullptr ? evicted->last_transition_time : absl::InfinitePast();
  const api::Condition* requeued = api::FindCondition(object.status.conditions, "Requeued");
  w->requeued_since = requeued != nullptr ? requeued->last_transition_time : absl::InfinitePast();

  w->shape = shapes_.Get(object);
  w->pod_sets = w->shape->pod_sets;
  w->equivalence = EquivalenceOf(*w);
}

QueueItem EngineImpl::ItemFor(WorkloadId id) const {
  const WorkloadState& w = workloads[id];
  return {{w.priority, w.queue_timestamp, w.uid(), id}, w.equivalence, w.local_queue};
}

VictimKey EngineImpl::VictimKeyFor(WorkloadId id) const {
  const WorkloadState& w = workloads[id];
  return {w.evicted, w.priority, w.reserved_at, w.uid(), id};
}

void EngineImpl::MarkEvicted(WorkloadId id, absl::string_view reason) {
  Changed();
  WorkloadState& w = workloads[id];
  holders[w.cq].erase(VictimKeyFor(id));
  w.evicted = true;
  w.evicted_since.reset();
  w.eviction_reason = std::string(reason);
  holders[w.cq].insert(VictimKeyFor(id));
  ++declared.cq(w.cq).generation;  // an update is a removal and an addition
}

WorkloadPhase EngineImpl::PhaseOf(WorkloadId id) const {
  const WorkloadState& w = workloads[id];
  if (w.phase != WorkloadPhase::kPending) return w.phase;
  return queues[w.cq].PlaceOf(id) == PendingQueue::Place::kParked ? WorkloadPhase::kInadmissible
                                                                  : WorkloadPhase::kPending;
}

bool EngineImpl::BackoffExpired(const WorkloadState& w, absl::Time now) const {
  if (w.requeued_false) return false;
  return !w.requeue_at.has_value() || now >= *w.requeue_at;
}

// A LocalQueue on hold queues nothing; what was admitted through it goes on.
ClusterQueueId EngineImpl::QueueFor(const WorkloadState& w) const {
  return declared.local_queue(w.local_queue).stopped ? kNoId : declared.ClusterQueueOf(w.local_queue);
}

// Kueue (QueueAssociatedInadmissibleWorkloadsAfter) asks the LocalQueue where it points to now, not where quota is
// held; one that is gone or on hold wakes nobody.
void EngineImpl::NotifyQueueOf(const WorkloadState& w, absl::Time now) {
  if (const ClusterQueueId cq = QueueFor(w); cq != kNoId) NotifyClusterQueue(cq, now);
}

void EngineImpl::Enqueue(WorkloadId id, bool changed, absl::Time now, bool adopted) {
  WorkloadState& w = workloads[id];
  if (!w.awaits.empty()) return;
  const ClusterQueueId cq = QueueFor(w);
  if (cq == kNoId || !w.active || w.on_hold || !w.gated_by.empty()) {
    Dequeue(id);
    return;
  }
  if (w.cq != cq) Dequeue(id);
  w.cq = cq;
  PendingQueue& queue = queues[cq];
  const PendingQueue::Place place = queue.PlaceOf(id);
  const bool parked = place == PendingQueue::Place::kParked, in_heap = place == PendingQueue::Place::kHeap;
  const bool bulk = !adopted && !declared.cq(cq).rules.strict_fifo &&
                    options.gates[Gate::kSchedulingEquivalenceHashing] && queue.IsKnownInadmissible(w.equivalence);
  if ((parked && !changed) || (!in_heap && (!BackoffExpired(w, now) || bulk))) {
    queue.Park(ItemFor(id), /*held=*/!BackoffExpired(w, now));
    NoteHeap(cq);
    w.phase = WorkloadPhase::kPending;
    if (!w.requeued_false && w.requeue_at.has_value() && *w.requeue_at > now) backoff_.insert({*w.requeue_at, id});
    return;
  }
  queue.PushHeap(ItemFor(id));
  NoteHeap(cq);
  w.phase = WorkloadPhase::kPending;
}

void EngineImpl::Dequeue(WorkloadId id) {
  WorkloadState& w = workloads[id];
  if (w.phase == WorkloadPhase::kReserved || w.phase == WorkloadPhase::kFinished) return;
  if (w.cq != kNoId) {
    queues[w.cq].Remove(id);
    NoteHeap(w.cq);
  }
  w.cq = kNoId;
  w.phase = WorkloadPhase::kUnqueued;
}

WorkloadId EngineImpl::ApplyWorkload(const api::Workload& object, absl::Time now) {
  key_.assign(object.metadata.ns);
  key_ += '/';
  key_ += object.metadata.name;
  std::string job_uid;
  if (!object.metadata.labels.empty()) {
    const auto job = object.metadata.labels.find(api::kJobUidLabel);
    if (job != object.metadata.labels.end()) job_uid = job->second;
  }
  bool existed = true;
  const auto found = workload_ids.lazy_emplace(std::string_view(key_), [&](const auto& create) {
    existed = false;
    const WorkloadId id = NewId(key_);
    WorkloadState& w = workloads[id];
    w.in_use = true;
    w.identity = Shared<WorkloadIdentity>({key_, object.metadata.uid, std::move(job_uid)});
    create(std::string_view(w.key()), id);
  });
  const WorkloadId id = found->second;
  // Orders point into it until they are told the new one, at the latest at the end of this call.
  const Shared<WorkloadIdentity> identity_before = workloads[id].identity;
  const bool same_uid = identity_before->uid == object.metadata.uid;
  const auto& conditions = object.status.conditions;
  const bool finished = api::IsConditionTrue(conditions, "Finished");
  const bool reserved = api::IsConditionTrue(conditions, "QuotaReserved") && object.status.admission.has_value() &&
                        !finished && object.spec.active.value_or(true);
  WorkloadState& w = workloads[id];
  const bool held_before = w.phase == WorkloadPhase::kReserved, was_admitted = w.admitted;
  const auto waits = second_pass_.find(id);
  const absl::Time second_pass = waits == second_pass_.end() ? absl::InfiniteFuture() : waits->second;
  if (held_before) FreeQuota(id);
  SetAwaits(id, "");
  // What an update has to change to get a parked workload looked at again.
  const auto watched = [&w] {
    return std::make_tuple(w.generation, w.priority, w.local_queue, w.requeued_false, w.evicted, w.preemption_gated);
  };
  const auto before = watched();
  const std::optional<absl::Time> evicted_since = w.evicted_since, requeued_since = w.requeued_since;
  const int64_t evaluated_generation = std::exchange(w.evaluated_generation, 0);
  const std::shared_ptr<const WorkloadShape> old_shape = w.shape;
  const Seldom<std::vector<api::ReclaimablePod>> old_reclaimable = w.reclaimable;
  const int32_t old_local_queue = w.local_queue;
  const int64_t old_priority = w.priority;
  const Seldom<std::string> old_class = w.priority_class;
  const bool had_pod_class = !w.workload_priority_class && !w.priority_class.empty();
  // Another object under the same name starts anew.
  if (!same_uid) Dequeue(id);
  if (existed && (!same_uid || identity_before->job_uid != job_uid)) {
    workload_ids.erase(identity_before->key);
    w.identity = Shared<WorkloadIdentity>({key_, object.metadata.uid, std::move(job_uid)});
    workload_ids.emplace(w.key(), id);
  }
  Derive(object, &w);
  if (ledger_.has_value() && existed && (w.local_queue != old_local_queue || finished || (!w.active && !reserved))) {
    ledger_->DropPenalty(old_local_queue, id);
  }
  if (existed && (finished || !w.active || (held_before && !reserved))) NotifyQueueOf(w, now);
  if (finished) {
    Dequeue(id);
    w.phase = WorkloadPhase::kFinished;
    return id;
  }
  if (reserved) {
    const ClusterQueueId cq = declared.FindClusterQueue(object.status.admission->cluster_queue);
    std::vector<HeldPodSet> held;
    for (const api::PodSetAssignment& psa : object.status.admission->pod_set_assignments) {
      HeldPodSet h;
      h.name = psa.name;
      h.count = psa.count.value_or(0);
      if (!psa.count.has_value()) {
        for (const PodSetState& ps : w.pod_sets) {
          if (ps.name == psa.name) h.count = ps.count;
        }
      }
      for (const auto& [resource, quantity] : psa.resource_usage) {
        const auto flavor = psa.flavors.find(resource);
        if (flavor == psa.flavors.end()) continue;
        h.items.push_back({declared.resources.Intern(resource), declared.flavors.Intern(flavor->second),
                           AmountOf(resource, quantity)});
      }
      HoldTopology(psa, &h);
      held.push_back(std::move(h));
    }
    const api::Condition* since = api::FindCondition(conditions, "QuotaReserved");
    w.reserved_at = since->last_transition_time;
    if (cq != kNoId) {
      Hold(id, cq, std::move(held));
      w.admitted = api::IsConditionTrue(conditions, "Admitted");
      if (held_before) {
        // Kueue looks again at who waits in the tree when pods ended, the job shrank, or its priority class changed.
        const bool pods_ended = was_admitted && w.admitted && !SamePods(*old_reclaimable, *w.reclaimable);
        const bool shrank = options.gates[Gate::kElasticJobsViaWorkloadSlices] && ScaledDown(*old_shape, *w.shape);
        const bool reprioritized = w.workload_priority_class && !had_pod_class &&
                                   (*old_class != *w.priority_class || old_priority != w.priority);
        if (pods_ended || shrank || reprioritized) NotifyQueueOf(w, now);
      }
      if (NeedsSecondPass(w)) {
        // As what is parked it is looked at a while later; what is told of it meanwhile does not put it off.
        second_pass_[id] = std::min(second_pass, now + options.reactivation_batch);
        latest_ = std::max(latest_, now);
      }
    } else {
      Dequeue(id);
      w.held = std::move(held);
      w.admitted = api::IsConditionTrue(conditions, "Admitted");
      SetAwaits(id, object.status.admission->cluster_queue);
    }
    return id;
  }
  // What is in no queue, or in another one, is not known by Kueue to have been tried.
  if (!options.gates[Gate::kFlavorFungibilityPreserveScanProgress] || old_local_queue != w.local_queue ||
      !IsQueued(w)) {
    w.progress.reset();
  }
  // The generation stands for fields of the spec that are not looked at here.
  const bool changed = !existed || held_before || before != watched() ||
                       evicted_since.value_or(*w.evicted_since) != *w.evicted_since ||
                       requeued_since.value_or(*w.requeued_since) != *w.requeued_since ||
                       (evaluated_generation != 0 && evaluated_generation != w.generation) ||
                       !SamePods(*old_reclaimable, *w.reclaimable) || !SameAdjusted(*old_shape, *w.shape);
  Enqueue(id, changed, now);
  return id;
}

void EngineImpl::DeleteWorkload(WorkloadId id, absl::Time now) {
  WorkloadState& w = workloads[id];
  if (!w.in_use) return;
  NotifyQueueOf(w, now);
  FreeQuota(id);
  Dequeue(id);
  if (ledger_.has_value()) ledger_->DropPenalty(w.local_queue, id);
  SetAwaits(id, "");
  Unlist(id);
  if (w.requeue_at.has_value()) backoff_.erase({*w.requeue_at, id});
  workload_ids.erase(w.key());
  w = WorkloadState();
  free_indices_.push_back(id);
}

void EngineImpl::Finish(WorkloadId id, absl::Time now) {
  WorkloadState& w = workloads[id];
  if (!w.in_use || w.phase == WorkloadPhase::kFinished) return;
  NotifyQueueOf(w, now);
  FreeQuota(id);
  Dequeue(id);
  if (ledger_.has_value()) ledger_->DropPenalty(w.local_queue, id);
  w.phase = WorkloadPhase::kFinished;
}

bool EngineImpl::Evict(WorkloadId id, absl::string_view reason, absl::Time now) {
  WorkloadState& w = workloads[id];
  if (w.phase != WorkloadPhase::kReserved || w.evicted) return false;
  MarkEvicted(id, reason);
  if (MovesBack(reason, options)) w.queue_timestamp = now;
  return true;
}

void EngineImpl::CompleteEviction(WorkloadId id, absl::Time now) {
  WorkloadState& w = workloads[id];
  if (!w.evicted || (w.phase != WorkloadPhase::kReserved && w.awaits.empty())) return;
  if (w.phase == WorkloadPhase::kReserved) NotifyQueueOf(w, now);
  FreeQuota(id);
  SetAwaits(id, "");
  w.held.clear();
  w.requeued_false = *w.eviction_reason != "Preempted";
  w.requeued_since.reset();
  w.evaluated_generation = 0;
  Enqueue(id, true, now);
}

void EngineImpl::SetRequeued(WorkloadId id, absl::Time now) {
  WorkloadState& w = workloads[id];
  if (!w.in_use || !w.requeued_false) return;
  w.requeued_false = false;
  w.requeued_since.reset();
  w.evaluated_generation = 0;
  if (IsQueued(w)) Enqueue(id, true, now);
}

void EngineImpl::StatusWritten(WorkloadId id) {
  WorkloadState& w = workloads[id];
  if (!IsQueued(w)) return;
  w.evaluated_generation = 0;
  if (options.gates[Gate::kFlavorFungibilityPreserveScanProgress]) return;
  if (w.progress.has_value() && w.progress->HasUntried()) repetition.Restart();
  w.progress.reset();
}

void EngineImpl::SetPriority(WorkloadId id, int32_t priority, absl::Time now) {
  WorkloadState& w = workloads[id];
  if (!w.in_use) return;
  const bool holds = w.phase == WorkloadPhase::kReserved;
  if (holds) holders[w.cq].erase(VictimKeyFor(id));
  // An update that sets the priority it has says nothing new of what was seen since the last attempt.
  const bool differs = w.priority != priority, changed = differs || w.evaluated_generation != 0;
  w.evaluated_generation = 0;
  w.priority = priority;
  ++w.generation;
  if (holds) holders[w.cq].insert(VictimKeyFor(id));
  w.equivalence = EquivalenceOf(w);
  if (!options.gates[Gate::kFlavorFungibilityPreserveScanProgress]) w.progress.reset();
  if (holds) {
    ++declared.cq(w.cq).generation;  // an update is a removal and an addition
    if (differs && w.workload_priority_class) NotifyQueueOf(w, now);
  } else if (IsQueued(w)) {
    Enqueue(id, changed, now);
  }
}

void EngineImpl::SetReclaimablePods(WorkloadId id, absl::Span<const api::ReclaimablePod> pods, absl::Time now) {
  WorkloadState& w = workloads[id];
  if (!w.in_use) return;
  const quota::NodeId node = w.phase == WorkloadPhase::kReserved ? declared.NodeOf(w.cq) : quota::kNoNode;
  if (node != quota::kNoNode) declared.forest().RemoveUsage(node, w.usage);
  const bool changed = !SamePods(*w.reclaimable, pods);
  w.reclaimable = std::vector<api::ReclaimablePod>(pods.begin(), pods.end());
  w.equivalence = EquivalenceOf(w);
  w.evaluated_generation = 0;
  w.usage = ComputeUsage(w);
  if (node != quota::kNoNode) declared.forest().AddUsage(node, w.usage);
  if (w.phase == WorkloadPhase::kReserved) {
    ++declared.cq(w.cq).generation;  // an update is a removal and an addition
    if (changed) NotifyQueueOf(w, now);
  } else if (IsQueued(w)) {
    Enqueue(id, changed, now);
  }
}

}  // namespace muster::scheduler
