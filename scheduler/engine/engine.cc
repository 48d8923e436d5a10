#include "scheduler/engine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "scheduler/engine/engine_impl.h"

namespace muster::scheduler {

Engine::Engine(EngineOptions options) : impl_(std::make_unique<EngineImpl>(std::move(options))) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

EngineImpl& Engine::Change() {
  impl_->Outdated().repetition.Restart();
  impl_->Tidy();
  return *impl_;
}
EngineImpl& Engine::ChangeOf(WorkloadId id) {
  impl_->Get(id);
  return Change();
}
ClusterQueueId Engine::Known(ClusterQueueId id) const {
  MUSTER_CHECK(id >= 0 && id < impl_->declared.num_cluster_queues(),
               absl::StrCat("ClusterQueueId ", static_cast<int32_t>(id), " of ", impl_->declared.num_cluster_queues()));
  return id;
}

// What changes nothing is no event: nobody is woken, and what cycles have found out stays true.
void Engine::Apply(const api::ResourceFlavor& flavor, absl::Time now) {
  if (impl_->Outdated().declared.Apply(flavor) == scheduler::Change::kNothing) return;
  EngineImpl& e = Change();
  e.topology.SetFlavor(flavor);
  e.TopologyChanged();
  e.NotifyUsersOfFlavor(flavor.metadata.name, now);
}
void Engine::Apply(const api::Cohort& cohort, absl::Time now) {
  EngineImpl& e = Change();
  e.declared.Apply(cohort);
  e.NotifyCohort(cohort.metadata.name, now);
}
void Engine::Apply(const api::ClusterQueue& cluster_queue, absl::Time now) {
  const scheduler::Change change = impl_->Outdated().declared.Apply(cluster_queue);
  if (change != scheduler::Change::kNothing) Change().ClusterQueueChanged(cluster_queue.metadata.name, change, now);
}
void Engine::Apply(const api::LocalQueue& local_queue, absl::Time now) {
  const scheduler::Change change = impl_->Outdated().declared.Apply(local_queue);
  if (impl_->SetLocalQueueWeight(local_queue)) Change();
  if (change == scheduler::Change::kNothing) return;
  EngineImpl& e = Change();
  e.RequeueWorkloadsOf(e.declared.FindLocalQueue(local_queue.metadata.ns, local_queue.metadata.name), now);
}
void Engine::Apply(const api::AdmissionCheck& check, absl::Time now) {
  if (impl_->Outdated().declared.Apply(check) != scheduler::Change::kNothing) Change().NotifyAll(now);
}
void Engine::Apply(const api::Topology& topology, absl::Time now) {
  if (impl_->Outdated().declared.Apply(topology) == scheduler::Change::kNothing) return;
  EngineImpl& e = Change();
  e.topology.SetTopology(topology);
  e.TopologyChanged();
  e.NotifyAll(now);
}
void Engine::Apply(const api::Node& node, absl::Time now) {
  // A heartbeat, or a node that no flavor selects, changes nothing.
  if (impl_->Outdated().topology.SetNode(node)) Change().NotifyActive(now);
}
void Engine::Apply(const api::Pod& pod, absl::Time now) {
  if (impl_->Outdated().topology.SetPod(pod)) Change().NotifyActive(now);
}
void Engine::Apply(const api::Namespace& ns, absl::Time now) {
  if (impl_->Outdated().declared.Apply(ns) != scheduler::Change::kNothing) Change().NotifyAll(now);
}
void Engine::Apply(const api::LimitRange& limit_range, absl::Time) {
  if (impl_->Outdated().declared.Apply(limit_range) != scheduler::Change::kNothing) Change().DefaultsChanged();
}
void Engine::Apply(const api::RuntimeClass& runtime_class, absl::Time) {
  if (impl_->Outdated().declared.Apply(runtime_class) != scheduler::Change::kNothing) Change().DefaultsChanged();
}
void Engine::DeleteResourceFlavor(absl::string_view name, absl::Time now) {
  EngineImpl& e = Change();
  e.NotifyUsersOfFlavor(name, now);
  e.declared.DeleteFlavor(name);
  e.topology.RemoveFlavor(name);
  e.TopologyChanged();
}
void Engine::DeleteCohort(absl::string_view name) { Change().declared.DeleteCohort(name); }
void Engine::DeleteClusterQueue(absl::string_view name) { Change().DeleteClusterQueue(name); }
void Engine::DeleteLocalQueue(absl::string_view ns, absl::string_view name, absl::Time now) {
  Change().DeleteLocalQueue(ns, name, now);
}
void Engine::DeleteAdmissionCheck(absl::string_view name, absl::Time now) {
  EngineImpl& e = Change();
  e.declared.DeleteCheck(name);
  e.NotifyAll(now);
}
void Engine::DeleteTopology(absl::string_view name) {
  EngineImpl& e = Change();
  e.declared.DeleteTopology(name);
  e.topology.RemoveTopology(name);
  e.TopologyChanged();
}
void Engine::DeleteNamespace(absl::string_view name) { Change().declared.DeleteNamespace(name); }
void Engine::DeleteLimitRange(absl::string_view ns, absl::string_view name) {
  EngineImpl& e = Change();
  e.declared.DeleteLimitRange(ns, name);
  e.DefaultsChanged();
}
void Engine::DeleteRuntimeClass(absl::string_view name) {
  EngineImpl& e = Change();
  e.declared.DeleteRuntimeClass(name);
  e.DefaultsChanged();
}
void Engine::DeleteNode(absl::string_view name, absl::Time now) {
  if (impl_->Outdated().topology.RemoveNode(name)) Change().NotifyActive(now);
}
void Engine::DeletePod(absl::string_view ns, absl::string_view name, absl::Time now) {
  if (impl_->Outdated().topology.RemovePod(absl::StrCat(ns, "/", name))) Change().NotifyActive(now);
}

WorkloadId Engine::Apply(const api::Workload& workload, absl::Time now) {
  return Change().ApplyWorkload(workload, now);
}
void Engine::DeleteWorkload(WorkloadId id, absl::Time now) { ChangeOf(id).DeleteWorkload(id, now); }
void Engine::Finish(WorkloadId id, absl::Time now) { ChangeOf(id).Finish(id, now); }
bool Engine::Evict(WorkloadId id, absl::string_view reason, absl::Time now) {
  return ChangeOf(id).Evict(id, reason, now);
}
void Engine::CompleteEviction(WorkloadId id, absl::Time now) { ChangeOf(id).CompleteEviction(id, now); }
void Engine::SetRequeued(WorkloadId id, absl::Time now) { ChangeOf(id).SetRequeued(id, now); }
void Engine::StatusWritten(WorkloadId id) {
  impl_->Get(id);
  impl_->StatusWritten(id);
}
void Engine::SetPriority(WorkloadId id, int32_t priority, absl::Time now) {
  ChangeOf(id).SetPriority(id, priority, now);
}
void Engine::SetConsumedResources(absl::string_view ns, absl::string_view local_queue,
                                  const std::map<std::string, quota::Amount>& amounts, absl::Time updated) {
  EngineImpl& e = Change();
  e.SetConsumedResources(e.declared.InternLocalQueue(ns, local_queue), amounts, updated);
}
void Engine::SampleLocalQueues(absl::Time now) { impl_->Outdated().SampleLocalQueues(now); }
void Engine::SetReclaimablePods(WorkloadId id, absl::Span<const api::ReclaimablePod> pods, absl::Time now) {
  ChangeOf(id).SetReclaimablePods(id, pods, now);
}

void Engine::Advance(absl::Time now) { impl_->Outdated().Advance(now); }
absl::Time Engine::NextTimer() const { return impl_->NextTimer(); }
bool Engine::HasPendingHeads() const {
  impl_->RefreshForReaders();
  return impl_->HasPendingHeads();
}
bool Engine::IsQuiet() const {
  impl_->RefreshForReaders();
  return impl_->IsQuiet();
}
CycleResult Engine::RunCycle(absl::Time now, base::Executor* executor) {
  return impl_->Outdated().RunCycle(now, executor);
}

const EngineOptions& Engine::options() const { return impl_->options; }
std::optional<WorkloadId> Engine::FindWorkload(absl::string_view ns, absl::string_view name) const {
  const auto it = impl_->workload_ids.find(absl::StrCat(ns, "/", name));
  if (it == impl_->workload_ids.end()) return std::nullopt;
  return it->second;
}
bool Engine::HasWorkload(WorkloadId id) const { return impl_->Has(id); }
std::optional<ClusterQueueId> Engine::FindClusterQueue(absl::string_view name) const {
  const ClusterQueueId id = impl_->declared.FindClusterQueue(name);
  if (id == kNoId) return std::nullopt;
  return id;
}
const std::string& Engine::WorkloadKey(WorkloadId id) const { return impl_->Get(id).key(); }
WorkloadPhase Engine::Phase(WorkloadId id) const { return impl_->PhaseOf(impl_->Get(id).id); }
bool Engine::IsEvicted(WorkloadId id) const { return impl_->Get(id).evicted; }
ClusterQueueId Engine::ClusterQueueOf(WorkloadId id) const { return impl_->Get(id).cq; }
std::optional<PendingReason> Engine::ReasonOfEquals(WorkloadId id) const {
  const WorkloadState& w = impl_->Get(id);
  if (impl_->PhaseOf(w.id) != WorkloadPhase::kInadmissible) return std::nullopt;
  return impl_->queues[w.cq].WhyInadmissible(w.equivalence);
}

std::vector<FlavorResourceAmount> Engine::ReservedUsage(WorkloadId id) const {
  std::vector<FlavorResourceAmount> out;
  impl_->RefreshForReaders();
  const WorkloadState& w = impl_->Get(id);
  if (w.phase != WorkloadPhase::kReserved) return out;
  for (const quota::FrAmount& a : w.usage) {
    const FlavorResource& fr = impl_->declared.frs()[a.fr];
    out.push_back({FlavorName(fr.flavor), ResourceName(fr.resource), a.amount});
  }
  std::sort(out.begin(), out.end(), [](const FlavorResourceAmount& a, const FlavorResourceAmount& b) {
    return std::tie(a.flavor, a.resource) < std::tie(b.flavor, b.resource);
  });
  return out;
}
std::optional<api::Admission> Engine::AdmissionOf(WorkloadId id) const { return impl_->AdmissionOf(impl_->Get(id).id); }

const std::string& Engine::ClusterQueueName(ClusterQueueId id) const { return impl_->declared.cq(Known(id)).name; }
const std::string& Engine::FlavorName(FlavorId id) const { return impl_->declared.flavors.Name(id); }
const std::string& Engine::ResourceName(ResourceId id) const { return impl_->declared.resources.Name(id); }
std::vector<ClusterQueueId> Engine::ClusterQueues() const { return impl_->declared.ClusterQueuesByName(); }
std::vector<std::string> Engine::Cohorts() const { return impl_->declared.CohortNames(); }
ClusterQueueStatus Engine::StatusOf(absl::string_view cluster_queue) const {
  return impl_->declared.StatusOf(cluster_queue);
}
std::vector<WorkloadId> Engine::PendingInOrder(ClusterQueueId id) const {
  return impl_->queues[Known(id)].HeapInOrder(impl_->UsageFor(id));
}
std::vector<WorkloadId> Engine::Inadmissible(ClusterQueueId id) const {
  std::vector<WorkloadId> out = impl_->queues[Known(id)].Parked();
  std::sort(out.begin(), out.end(), [&](WorkloadId a, WorkloadId b) { return WorkloadKey(a) < WorkloadKey(b); });
  return out;
}
int Engine::NumPending(ClusterQueueId id) const { return impl_->queues[Known(id)].size(); }
std::vector<WorkloadId> Engine::Reserving(ClusterQueueId id) const {
  std::vector<WorkloadId> out;
  for (const VictimKey& k : impl_->holders[Known(id)]) out.push_back(k.id);
  std::sort(out.begin(), out.end(), [&](WorkloadId a, WorkloadId b) { return WorkloadKey(a) < WorkloadKey(b); });
  return out;
}

const quota::Forest& Engine::forest() const {
  impl_->RefreshForReaders();
  return impl_->declared.forest();
}
quota::NodeId Engine::NodeOfClusterQueue(ClusterQueueId id) const {
  impl_->RefreshForReaders();
  return impl_->declared.NodeOf(Known(id));
}
quota::NodeId Engine::NodeOfCohort(absl::string_view cohort) const {
  impl_->RefreshForReaders();
  return impl_->declared.NodeOfCohort(cohort);
}
absl::Span<const FlavorResource> Engine::flavor_resources() const {
  impl_->RefreshForReaders();
  return impl_->declared.frs();
}

}  // namespace muster::scheduler
