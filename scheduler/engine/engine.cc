#include "scheduler/engine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scheduler/engine/engine_impl.h"
#include "scheduler/engine/messages.h"

namespace muster::scheduler {

Engine::Engine(EngineOptions options) : impl_(std::make_unique<EngineImpl>(std::move(options))) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::Apply(const api::ResourceFlavor& flavor, absl::Time now) {
  impl_->declared.Apply(flavor);
  impl_->topology.SetFlavor(flavor);
  impl_->PolicyChanged();
  impl_->NotifyUsersOfFlavor(flavor.metadata.name, now);
}
void Engine::Apply(const api::Cohort& cohort, absl::Time now) {
  impl_->declared.Apply(cohort);
  impl_->PolicyChanged();
  impl_->NotifyCohort(cohort.metadata.name, now);
}
void Engine::Apply(const api::ClusterQueue& cluster_queue, absl::Time now) {
  impl_->ApplyClusterQueue(cluster_queue, now);
}
void Engine::Apply(const api::LocalQueue& local_queue, absl::Time now) {
  impl_->declared.Apply(local_queue);
  impl_->SetLocalQueueWeight(local_queue);
  impl_->RequeueOrphans(now);
}
void Engine::Apply(const api::AdmissionCheck& check, absl::Time now) {
  impl_->declared.Apply(check);
  impl_->PolicyChanged();
  impl_->NotifyAll(now);
}
void Engine::Apply(const api::Topology& topology, absl::Time now) {
  impl_->declared.Apply(topology);
  impl_->topology.SetTopology(topology);
  impl_->PolicyChanged();
  impl_->NotifyAll(now);
}
void Engine::Apply(const api::Node& node, absl::Time now) {
  if (impl_->topology.SetNode(node)) impl_->NotifyActive(now);
}
void Engine::Apply(const api::Pod& pod, absl::Time now) {
  if (impl_->topology.SetPod(pod)) impl_->NotifyActive(now);
}
void Engine::Apply(const api::Namespace& ns, absl::Time now) {
  impl_->declared.Apply(ns);
  impl_->NotifyAll(now);
}
void Engine::Apply(const api::LimitRange& limit_range, absl::Time) {
  impl_->declared.Apply(limit_range);
  impl_->DefaultsChanged();
}
void Engine::Apply(const api::RuntimeClass& runtime_class, absl::Time) {
  impl_->declared.Apply(runtime_class);
  impl_->DefaultsChanged();
}
void Engine::DeleteResourceFlavor(absl::string_view name, absl::Time now) {
  impl_->NotifyUsersOfFlavor(name, now);
  impl_->declared.DeleteFlavor(name);
  impl_->topology.RemoveFlavor(name);
  impl_->PolicyChanged();
}
void Engine::DeleteCohort(absl::string_view name, absl::Time) {
  impl_->declared.DeleteCohort(name);
  impl_->PolicyChanged();
}
void Engine::DeleteClusterQueue(absl::string_view name, absl::Time) { impl_->DeleteClusterQueue(name); }
void Engine::DeleteLocalQueue(absl::string_view ns, absl::string_view name, absl::Time now) {
  impl_->DeleteLocalQueue(ns, name, now);
}
void Engine::DeleteAdmissionCheck(absl::string_view name, absl::Time now) {
  impl_->declared.DeleteCheck(name);
  impl_->PolicyChanged();
  impl_->NotifyAll(now);
}
void Engine::DeleteTopology(absl::string_view name, absl::Time) {
  impl_->declared.DeleteTopology(name);
  impl_->topology.RemoveTopology(name);
  impl_->PolicyChanged();
}
void Engine::DeleteNode(absl::string_view name, absl::Time now) {
  if (impl_->topology.RemoveNode(name)) impl_->NotifyActive(now);
}
void Engine::DeletePod(absl::string_view ns, absl::string_view name, absl::Time now) {
  if (impl_->topology.RemovePod(absl::StrCat(ns, "/", name))) impl_->NotifyActive(now);
}

WorkloadId Engine::Apply(const api::Workload& workload, absl::Time now) { return impl_->ApplyWorkload(workload, now); }
void Engine::DeleteWorkload(WorkloadId id, absl::Time now) { impl_->DeleteWorkload(id, now); }
void Engine::Finish(WorkloadId id, absl::Time now) { impl_->Finish(id, now); }
bool Engine::Evict(WorkloadId id, absl::string_view reason, absl::Time) { return impl_->Evict(id, reason); }
void Engine::CompleteEviction(WorkloadId id, absl::Time now) { impl_->CompleteEviction(id, now); }
void Engine::SetRequeued(WorkloadId id, absl::Time now) { impl_->SetRequeued(id, now); }
void Engine::StatusWritten(WorkloadId id) { impl_->StatusWritten(id); }
void Engine::SetPriority(WorkloadId id, int32_t priority, absl::Time now) { impl_->SetPriority(id, priority, now); }
void Engine::SetConsumedResources(absl::string_view ns, absl::string_view local_queue,
                                  const std::map<std::string, quota::Amount>& amounts, absl::Time updated) {
  impl_->SetConsumedResources(impl_->declared.InternLocalQueue(ns, local_queue), amounts, updated);
}
void Engine::SampleLocalQueues(absl::Time now) { impl_->SampleLocalQueues(now); }
void Engine::SetReclaimablePods(WorkloadId id, absl::Span<const api::ReclaimablePod> pods, absl::Time now) {
  impl_->SetReclaimablePods(id, pods, now);
}

void Engine::Advance(absl::Time now) { impl_->Advance(now); }
absl::Time Engine::NextTimer() const { return impl_->NextTimer(); }
bool Engine::HasPendingHeads() { return impl_->HasPendingHeads(); }
CycleResult Engine::RunCycle(absl::Time now) { return impl_->RunCycle(now); }

const EngineOptions& Engine::options() const { return impl_->options; }
std::optional<WorkloadId> Engine::FindWorkload(absl::string_view ns, absl::string_view name) const {
  const auto it = impl_->workload_ids.find(absl::StrCat(ns, "/", name));
  if (it == impl_->workload_ids.end()) return std::nullopt;
  return it->second;
}
std::optional<ClusterQueueId> Engine::FindClusterQueue(absl::string_view name) const {
  const ClusterQueueId id = impl_->declared.FindClusterQueue(name);
  if (id == kNoId) return std::nullopt;
  return id;
}
const std::string& Engine::WorkloadKey(WorkloadId id) const { return impl_->workloads[id].key; }
WorkloadPhase Engine::Phase(WorkloadId id) const { return impl_->PhaseOf(id); }
bool Engine::IsEvicted(WorkloadId id) const { return impl_->workloads[id].evicted; }
ClusterQueueId Engine::ClusterQueueOf(WorkloadId id) const { return impl_->workloads[id].cq; }

std::vector<FlavorResourceAmount> Engine::ReservedUsage(WorkloadId id) const {
  std::vector<FlavorResourceAmount> out;
  impl_->Refresh();
  const WorkloadState& w = impl_->workloads[id];
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
std::optional<api::Admission> Engine::AdmissionOf(WorkloadId id) const { return impl_->AdmissionOf(id); }

const std::string& Engine::ClusterQueueName(ClusterQueueId id) const { return impl_->declared.cq(id).name; }
const std::string& Engine::FlavorName(FlavorId id) const { return impl_->declared.flavors.Name(id); }
const std::vector<std::string>& Engine::DomainValues(DomainKey key) const { return impl_->topology.Values(key); }
const std::string& Engine::ResourceName(ResourceId id) const { return impl_->declared.resources.Name(id); }
std::vector<ClusterQueueId> Engine::ClusterQueues() const { return impl_->declared.ClusterQueuesByName(); }
std::vector<std::string> Engine::Cohorts() { return impl_->declared.CohortNames(); }
ClusterQueueStatus Engine::StatusOf(absl::string_view cluster_queue) { return impl_->declared.StatusOf(cluster_queue); }
std::vector<WorkloadId> Engine::PendingInOrder(ClusterQueueId id) {
  return impl_->queues[id].HeapInOrder(impl_->UsageFor(id));
}
std::vector<WorkloadId> Engine::Inadmissible(ClusterQueueId id) const {
  std::vector<WorkloadId> out = impl_->queues[id].Parked();
  std::sort(out.begin(), out.end(), [&](WorkloadId a, WorkloadId b) { return WorkloadKey(a) < WorkloadKey(b); });
  return out;
}
int Engine::NumPending(ClusterQueueId id) const { return impl_->queues[id].size(); }
std::vector<WorkloadId> Engine::Reserving(ClusterQueueId id) const {
  std::vector<WorkloadId> out;
  for (const VictimKey& k : impl_->holders[id]) out.push_back(k.id);
  std::sort(out.begin(), out.end(), [&](WorkloadId a, WorkloadId b) { return WorkloadKey(a) < WorkloadKey(b); });
  return out;
}
int64_t Engine::AllocatableGeneration(ClusterQueueId id) { return impl_->declared.cq(id).generation; }

const quota::Forest& Engine::forest() {
  impl_->Refresh();
  return impl_->declared.forest();
}
quota::NodeId Engine::NodeOfClusterQueue(ClusterQueueId id) {
  impl_->Refresh();
  return impl_->declared.NodeOf(id);
}
quota::NodeId Engine::NodeOfCohort(absl::string_view cohort) {
  impl_->Refresh();
  return impl_->declared.NodeOfCohort(cohort);
}
const std::string& Engine::ResourceOfRank(quota::ResId rank) {
  impl_->Refresh();
  return ResourceName(impl_->declared.ResourceOfRank(rank));
}
absl::Span<const FlavorResource> Engine::flavor_resources() {
  impl_->Refresh();
  return impl_->declared.frs();
}

std::string Engine::Message(const Decision& d) const { return scheduler::Message(*impl_, d); }
std::string Engine::PreemptionMessage(const Decision& d, const PreemptionTarget& target) const {
  return scheduler::PreemptionMessage(*impl_, d, target);
}
std::string Engine::MigrationMessage(const Decision& d) const { return scheduler::MigrationMessage(*impl_, d); }
std::string Engine::ReplacementMessage(const Decision& d) const { return scheduler::ReplacementMessage(*impl_, d); }
std::string Engine::Describe(const Decision& d) const { return scheduler::Describe(*impl_, d); }

}  // namespace muster::scheduler
