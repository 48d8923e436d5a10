#include "scheduler/declared/declared.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "scheduler/declared/slot.h"

namespace muster::scheduler {
namespace {

std::string Key(absl::string_view s) { return std::string(s); }

PreemptionPolicy ParsePolicy(const std::string& s) {
  if (s == "LowerPriority") return PreemptionPolicy::kLowerPriority;
  if (s == "LowerOrNewerEqualPriority") return PreemptionPolicy::kLowerOrNewerEqualPriority;
  if (s == "Any") return PreemptionPolicy::kAny;
  return s.empty() ? PreemptionPolicy::kUnset : PreemptionPolicy::kNever;
}

// All of the spec, whatever the metadata says.
bool SameSpec(const api::ClusterQueue& a, const api::ClusterQueue& b) {
  const auto spec = [](const api::ClusterQueue& c) {
    return std::tie(c.resource_groups, c.cohort_name, c.queueing_strategy, c.namespace_selector, c.flavor_fungibility,
                    c.preemption, c.admission_checks, c.stop_policy, c.fair_sharing, c.admission_mode,
                    c.concurrent_admission_policy);
  };
  return spec(a) == spec(b);
}

}  // namespace

ClusterQueueRules ParseRules(const api::ClusterQueue& cq) {
  ClusterQueueRules r;
  r.strict_fifo = cq.queueing_strategy == "StrictFIFO";
  if (cq.flavor_fungibility.has_value()) {
    r.try_next_when_can_borrow = cq.flavor_fungibility->when_can_borrow == "TryNextFlavor";
    const std::string& preempt = cq.flavor_fungibility->when_can_preempt;
    r.try_next_when_can_preempt = preempt != "MayStopSearch" && preempt != "Preempt";
    r.preemption_over_borrowing = cq.flavor_fungibility->preference == "PreemptionOverBorrowing";
  }
  if (cq.preemption.has_value()) {
    r.within_cluster_queue = ParsePolicy(cq.preemption->within_cluster_queue);
    r.reclaim_within_cohort = ParsePolicy(cq.preemption->reclaim_within_cohort);
    if (cq.preemption->borrow_within_cohort.has_value()) {
      r.borrow_within_cohort = cq.preemption->borrow_within_cohort->policy == "LowerPriority";
      r.max_priority_threshold = cq.preemption->borrow_within_cohort->max_priority_threshold;
    }
  }
  return r;
}

void Declared::InternGroups(const std::vector<api::ResourceGroup>& groups) {
  for (const api::ResourceGroup& g : groups) {
    for (const std::string& r : g.covered_resources) resources.Intern(r);
    for (const api::FlavorQuotas& f : g.flavors) {
      flavors.Intern(f.name);
      for (const api::ResourceQuota& q : f.resources) resources.Intern(q.name);
    }
  }
}

Change Declared::Apply(const api::ResourceFlavor& flavor) {
  const FlavorId id = flavors.Intern(flavor.metadata.name);
  std::unique_ptr<const api::ResourceFlavor>& known = Slot(&flavor_objects_, id);
  if (known != nullptr && known->node_labels == flavor.node_labels && known->node_taints == flavor.node_taints &&
      known->tolerations == flavor.tolerations && known->topology_name == flavor.topology_name) {
    return Change::kNothing;
  }
  const Change change = known == nullptr ? Change::kCreated : Change::kUpdated;
  known = std::make_unique<api::ResourceFlavor>(flavor);
  UpdateUsersOf(id);
  return change;
}

Change Declared::Apply(const api::Cohort& cohort) {
  const auto [it, inserted] = cohorts_.try_emplace(cohort.metadata.name);
  api::Cohort& known = it->second;
  const bool moves = inserted || known.parent_name != cohort.parent_name;
  const bool differs =
      moves || known.resource_groups != cohort.resource_groups || known.fair_sharing != cohort.fair_sharing;
  if (moves) {
    MarkStale(trees_.TreeOfCohort(cohort.metadata.name));
    if (!inserted) BumpTree(trees_.TreeOfCohort(cohort.metadata.name), 1);
    trees_.SetParent(cohort.metadata.name, cohort.parent_name);
  }
  // Kueue recomputes the tree once for the edge and once for the quotas.
  const CohortTrees::TreeId tree = trees_.TreeOfCohort(cohort.metadata.name);
  BumpTree(tree, 2);
  if (!differs) return Change::kNothing;
  InternGroups(cohort.resource_groups);
  known = cohort;
  MarkStale(tree);
  return inserted ? Change::kCreated : Change::kUpdated;
}

Change Declared::Apply(const api::ClusterQueue& object) {
  const auto [it, inserted] = cluster_queue_ids_.try_emplace(object.metadata.name, kNoId);
  if (inserted) it->second = NewClusterQueueId();
  const ClusterQueueId id = it->second;
  ClusterQueueState& cq = cluster_queues_[id];
  const bool existed = cq.exists;
  const bool terminating = object.metadata.deletion_timestamp.has_value();
  if (existed && SameSpec(cq.object, object)) {
    if (cq.terminating == terminating) return Change::kNothing;
    cq.terminating = terminating;
    UpdateActive(id);
    return Change::kNothing;  // Kueue looks at the spec alone
  }
  const bool same_parent = existed && cq.object.cohort_name == object.cohort_name;
  const bool same_quota = existed && cq.object.resource_groups == object.resource_groups;
  const bool same_weight = existed && cq.object.fair_sharing == object.fair_sharing;
  const CohortTrees::TreeId old_tree = existed ? trees_.TreeOf(id) : CohortTrees::kNoTree;
  if (existed) Index(id, false);
  cq.name = object.metadata.name;
  cq.exists = true;
  cq.terminating = terminating;
  cq.object = object;
  trees_.SetCohort(id, object.cohort_name);
  if (!existed) {
    const auto before = [this](ClusterQueueId a, ClusterQueueId b) {
      return cluster_queues_[a].name < cluster_queues_[b].name;
    };
    by_name_.insert(std::lower_bound(by_name_.begin(), by_name_.end(), id, before), id);
    ++names_version_;
    ConnectLocalQueues(cq.name, id);
  }
  cq.rules = ParseRules(object);
  if (!same_quota) SetGroups(&cq);
  Index(id, true);
  UpdateActive(id);
  const CohortTrees::TreeId tree = trees_.TreeOf(id);
  if (!same_parent || !same_quota || !same_weight) {
    MarkStale(old_tree);
    MarkStale(tree);
  }
  if (!same_parent || !same_quota) {
    if (!same_parent && old_tree != tree) BumpTree(old_tree, 1);
    if (CohortTrees::IsCohort(tree)) {
      BumpTree(tree, 1);
    } else {
      ++cq.generation;
    }
  }
  return existed ? Change::kUpdated : Change::kCreated;
}

ClusterQueueId Declared::NewClusterQueueId() {
  if (free_cluster_queues_.empty()) {
    cluster_queues_.emplace_back();
    return ClusterQueueId(num_cluster_queues() - 1);
  }
  const ClusterQueueId id = free_cluster_queues_.back();
  free_cluster_queues_.pop_back();
  // What a workload remembers of a ClusterQueue that was forgotten is older than any other of that name.
  cluster_queues_[id].generation = forgotten_generation_;
  return id;
}

void Declared::ForgetTrees(const std::function<bool(CohortTrees::TreeId)>& in_use) {
  const auto is_known = [&](CohortTrees::TreeId tree, Owner root) {
    return stale_trees_.contains(tree) || NodeAt(root) != quota::kNoNode || in_use(tree);
  };
  for (int32_t cohort = 0; cohort < trees_.end(); ++cohort) {
    if (!trees_.Has(cohort) || trees_.HasMembers(cohort) || trees_.ParentOf(cohort) != kNoId) continue;
    if (cohorts_.find(trees_.Name(cohort)) != cohorts_.end() || is_known(cohort, {kNoId, cohort})) continue;
    trees_.Forget(cohort);
  }
  for (auto it = cluster_queue_ids_.begin(); it != cluster_queue_ids_.end();) {
    const ClusterQueueId id = it->second;
    if (cluster_queues_[id].exists || is_known(CohortTrees::Alone(id), {id, kNoId})) {
      ++it;
      continue;
    }
    forgotten_generation_ = std::max(forgotten_generation_, cluster_queues_[id].generation);
    cluster_queues_[id] = ClusterQueueState();
    free_cluster_queues_.push_back(id);
    it = cluster_queue_ids_.erase(it);
  }
}

void Declared::ForgetLocalQueues(const std::function<bool(int32_t)>& in_use) {
  std::vector<uint8_t> has_queues(namespaces.end());
  for (int32_t id = 0; id < local_queue_names_.end(); ++id) {
    if (!local_queue_names_.Has(id)) continue;
    if (local_queues_[id].exists || in_use(id)) {
      has_queues[local_queues_[id].ns] = 1;
      continue;
    }
    local_queue_names_.Forget(id);
    local_queues_[id] = LocalQueueState();
  }
  for (int32_t ns = 0; ns < namespaces.end(); ++ns) {
    if (namespaces.Has(ns) && !has_queues[ns] && FindNamespace(ns) == nullptr) namespaces.Forget(ns);
  }
}

void Declared::SetGroups(ClusterQueueState* cq) {
  const std::vector<api::ResourceGroup>& groups = cq->object.resource_groups;
  InternGroups(groups);
  cq->groups.clear();
  cq->group_of.clear();
  cq->pods = kNoId;
  for (size_t g = 0; g < groups.size(); ++g) {
    GroupState state;
    for (const std::string& r : groups[g].covered_resources) {
      const ResourceId id = resources.Intern(r);
      state.resources.push_back(id);
      if (id >= static_cast<int>(cq->group_of.size())) cq->group_of.resize(id + 1, -1);
      if (cq->group_of[id] < 0) cq->group_of[id] = static_cast<int>(g);
      if (r == "pods") cq->pods = id;
    }
    for (const api::FlavorQuotas& f : groups[g].flavors) state.flavors.push_back(flavors.Intern(f.name));
    cq->groups.push_back(std::move(state));
  }
}

void Declared::Index(ClusterQueueId id, bool add) {
  const auto enter = [&](absl::flat_hash_set<ClusterQueueId>* users) {
    if (add) {
      users->insert(id);
    } else {
      users->erase(id);
    }
    return users->empty();
  };
  const ClusterQueueState& cq = cluster_queues_[id];
  for (const GroupState& g : cq.groups) {
    for (const FlavorId f : g.flavors) enter(&Slot(&users_of_flavor_, f));
  }
  for (const api::AdmissionCheckStrategyRule& rule : cq.object.admission_checks) {
    if (enter(&users_of_check_[rule.name])) users_of_check_.erase(rule.name);
  }
}

void Declared::ConnectLocalQueues(absl::string_view cluster_queue, ClusterQueueId id) {
  for (const int32_t lq : LocalQueuesOf(cluster_queue)) local_queues_[lq].cq = id;
}

absl::Span<const int32_t> Declared::LocalQueuesOf(absl::string_view cluster_queue) const {
  const auto it = local_queues_of_.find(cluster_queue);
  if (it == local_queues_of_.end()) return {};
  return it->second;
}

Change Declared::Apply(const api::LocalQueue& lq) {
  const int32_t id = InternLocalQueue(lq.metadata.ns, lq.metadata.name);
  LocalQueueState& state = local_queues_[id];
  const bool stopped = lq.stop_policy == "Hold" || lq.stop_policy == "HoldAndDrain";
  const Change change = !state.exists                                                         ? Change::kCreated
                        : state.cluster_queue != lq.cluster_queue || state.stopped != stopped ? Change::kUpdated
                                                                                              : Change::kNothing;
  if (change == Change::kNothing) return change;
  Disconnect(id);
  state.exists = true;
  state.stopped = stopped;
  state.cluster_queue = lq.cluster_queue;
  state.cq = FindClusterQueue(lq.cluster_queue);
  std::vector<int32_t>& siblings = local_queues_of_[lq.cluster_queue];
  state.place = siblings.size();
  siblings.push_back(id);
  return change;
}

// Out of the list of those that name its ClusterQueue.
void Declared::Disconnect(int32_t id) {
  LocalQueueState& state = local_queues_[id];
  if (!state.exists) return;
  const auto it = local_queues_of_.find(state.cluster_queue);
  std::vector<int32_t>& siblings = it->second;
  local_queues_[siblings.back()].place = state.place;
  siblings[state.place] = siblings.back();
  siblings.pop_back();
  if (siblings.empty()) local_queues_of_.erase(it);
}

Change Declared::Apply(const api::AdmissionCheck& check) {
  const auto [it, inserted] = checks_.try_emplace(check.metadata.name);
  api::AdmissionCheck& known = it->second;
  if (!inserted && known.controller_name == check.controller_name && IsUsable(known) == IsUsable(check)) {
    return Change::kNothing;
  }
  known = check;
  UpdateUsersOfCheck(check.metadata.name);
  return inserted ? Change::kCreated : Change::kUpdated;
}

Change Declared::Apply(const api::Topology& topology) {
  const auto [it, inserted] = topologies_.try_emplace(topology.metadata.name);
  if (!inserted && it->second.levels == topology.levels) return Change::kNothing;
  it->second = topology;
  if (inserted) UpdateUsersOfTopology(topology.metadata.name);
  return inserted ? Change::kCreated : Change::kUpdated;
}

Change Declared::Apply(const api::Namespace& ns) {
  std::unique_ptr<const api::Namespace>& known = Slot(&namespaces_, namespaces.Intern(ns.metadata.name));
  if (known != nullptr && known->metadata.labels == ns.metadata.labels) return Change::kNothing;
  const Change change = known == nullptr ? Change::kCreated : Change::kUpdated;
  known = std::make_unique<api::Namespace>(ns);
  return change;
}

Change Declared::Apply(const api::LimitRange& r) {
  const auto [it, inserted] = limit_ranges_.try_emplace(api::ObjectKey(r.metadata));
  if (!inserted && it->second.limits == r.limits) return Change::kNothing;
  it->second = r;
  return inserted ? Change::kCreated : Change::kUpdated;
}

Change Declared::Apply(const api::RuntimeClass& r) {
  const auto [it, inserted] = runtime_classes_.try_emplace(r.metadata.name);
  if (!inserted && it->second.overhead_pod_fixed == r.overhead_pod_fixed) return Change::kNothing;
  it->second = r;
  return inserted ? Change::kCreated : Change::kUpdated;
}

void Declared::DeleteFlavor(absl::string_view name) {
  const FlavorId id = flavors.Find(name);
  if (Flavor(id) == nullptr) return;
  flavor_objects_[id] = nullptr;
  UpdateUsersOf(id);
}
void Declared::DeleteCohort(absl::string_view name) {
  const CohortTrees::TreeId tree = trees_.TreeOfCohort(name);
  if (cohorts_.erase(Key(name)) == 0) return;
  trees_.SetParent(name, "");
  BumpTree(tree, 1);
  MarkStale(tree);
  MarkStale(trees_.TreeOfCohort(name));
}
void Declared::DeleteClusterQueue(absl::string_view name) {
  const ClusterQueueId id = FindClusterQueue(name);
  if (id == kNoId) return;
  const CohortTrees::TreeId tree = trees_.TreeOf(id);
  trees_.Remove(id);
  by_name_.erase(std::find(by_name_.begin(), by_name_.end(), id));
  ++names_version_;
  Index(id, false);
  ConnectLocalQueues(name, kNoId);
  cluster_queues_[id].exists = false;
  UpdateActive(id);
  BumpTree(tree, 1);
  MarkStale(tree);
}
void Declared::DeleteLocalQueue(absl::string_view ns, absl::string_view name) {
  const int32_t id = FindLocalQueue(ns, name);
  if (id < 0) return;
  Disconnect(id);
  local_queues_[id].exists = false;
}
std::vector<std::string> Declared::CohortsAbove(ClusterQueueId id) const {
  std::vector<std::string> out;
  for (std::string name = cluster_queues_[id].object.cohort_name; !name.empty();) {
    out.push_back(name);
    const auto it = cohorts_.find(name);  // one without an object has no parent
    name = it == cohorts_.end() ? "" : it->second.parent_name;
  }
  return out;
}

const api::AdmissionCheck* Declared::FindCheck(absl::string_view name) const {
  const auto it = checks_.find(Key(name));
  return it == checks_.end() ? nullptr : &it->second;
}
void Declared::DeleteCheck(absl::string_view name) {
  if (checks_.erase(Key(name)) > 0) UpdateUsersOfCheck(name);
}
void Declared::DeleteTopology(absl::string_view name) {
  if (topologies_.erase(Key(name)) > 0) UpdateUsersOfTopology(name);
}
void Declared::DeleteNamespace(absl::string_view name) {
  if (const int32_t id = namespaces.Find(name); id != kNoId) Slot(&namespaces_, id) = nullptr;
}
void Declared::DeleteLimitRange(absl::string_view ns, absl::string_view name) {
  limit_ranges_.erase(absl::StrCat(ns, "/", name));
}
void Declared::DeleteRuntimeClass(absl::string_view name) { runtime_classes_.erase(Key(name)); }

const api::ResourceFlavor* Declared::Flavor(FlavorId id) const {
  return id >= 0 && id < static_cast<int32_t>(flavor_objects_.size()) ? flavor_objects_[id].get() : nullptr;
}

ClusterQueueId Declared::FindClusterQueue(absl::string_view name) const {
  const auto it = cluster_queue_ids_.find(std::string_view(name.data(), name.size()));
  return it == cluster_queue_ids_.end() || !cluster_queues_[it->second].exists ? kNoId : it->second;
}

std::vector<std::string> Declared::CohortNames() const {
  std::set<std::string> names;
  for (const auto& [name, cohort] : cohorts_) {
    names.insert(name);
    if (!cohort.parent_name.empty()) names.insert(cohort.parent_name);
  }
  for (const ClusterQueueState& cq : cluster_queues_) {
    if (cq.exists && !cq.object.cohort_name.empty()) names.insert(cq.object.cohort_name);
  }
  return {names.begin(), names.end()};
}

int32_t Declared::InternLocalQueue(absl::string_view ns, absl::string_view name) {
  // Asked for every workload: the key is put together where the last one was.
  local_queue_key_.assign(ns.data(), ns.size());
  local_queue_key_ += '/';
  local_queue_key_.append(name.data(), name.size());
  const int32_t id = local_queue_names_.Intern(local_queue_key_);
  LocalQueueState& state = Slot(&local_queues_, id);
  if (state.ns == kNoId) state.ns = namespaces.Intern(ns);
  return id;
}

int32_t Declared::FindLocalQueue(absl::string_view ns, absl::string_view name) const {
  return local_queue_names_.Find(absl::StrCat(ns, "/", name));
}

ClusterQueueId Declared::ClusterQueueOf(int32_t local_queue) const {
  const LocalQueueState& state = local_queues_[local_queue];
  return state.exists && state.cq != kNoId && cluster_queues_[state.cq].exists ? state.cq : kNoId;
}

const api::Namespace* Declared::FindNamespace(int32_t ns) const {
  return ns >= 0 && ns < static_cast<int32_t>(namespaces_.size()) ? namespaces_[ns].get() : nullptr;
}

std::vector<const api::LimitRange*> Declared::LimitRangesIn(absl::string_view ns) const {
  std::vector<const api::LimitRange*> out;
  for (const auto& [key, range] : limit_ranges_) {
    if (range.metadata.ns == ns) out.push_back(&range);
  }
  return out;
}

const api::RuntimeClass* Declared::FindRuntimeClass(absl::string_view name) const {
  const auto it = runtime_classes_.find(std::string_view(name.data(), name.size()));
  return it == runtime_classes_.end() ? nullptr : &it->second;
}

void Declared::BumpTree(CohortTrees::TreeId tree, int times) {
  if (!CohortTrees::IsCohort(tree)) return;
  for (ClusterQueueId id : trees_.Members(tree)) cluster_queues_[id].generation += times;
}

}  // namespace muster::scheduler
