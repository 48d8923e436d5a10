#include "scheduler/declared/declared.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scheduler/requests/pod_requests.h"

namespace muster::scheduler {
namespace {

std::string Key(absl::string_view s) { return std::string(s); }

PreemptionPolicy ParsePolicy(const std::string& s) {
  if (s == "LowerPriority") return PreemptionPolicy::kLowerPriority;
  if (s == "LowerOrNewerEqualPriority") return PreemptionPolicy::kLowerOrNewerEqualPriority;
  if (s == "Any") return PreemptionPolicy::kAny;
  return s.empty() ? PreemptionPolicy::kUnset : PreemptionPolicy::kNever;
}

double WeightOf(const std::optional<api::FairSharing>& fs) {
  return fs.has_value() && fs->weight.has_value() ? fs->weight->ToDouble() : 1.0;
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

// The place of an id in a table that grows with the ids.
template <typename T>
T& Slot(std::vector<T>* table, int32_t id) {
  if (id >= static_cast<int32_t>(table->size())) table->resize(id + 1);
  return (*table)[id];
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

void Declared::Apply(const api::ResourceFlavor& flavor) {
  Slot(&flavor_objects_, flavors.Intern(flavor.metadata.name)) = std::make_unique<api::ResourceFlavor>(flavor);
}

void Declared::Apply(const api::Cohort& cohort) {
  const auto it = cohorts_.find(cohort.metadata.name);
  MarkStale(trees_.TreeOfCohort(cohort.metadata.name));
  if (it != cohorts_.end() && it->second.parent_name != cohort.parent_name) {
    BumpTree(trees_.TreeOfCohort(cohort.metadata.name), 1);
  }
  InternGroups(cohort.resource_groups);
  cohorts_[cohort.metadata.name] = cohort;
  trees_.SetParent(cohort.metadata.name, cohort.parent_name);
  // Kueue recomputes the tree once for the edge and once for the quotas.
  BumpTree(trees_.TreeOfCohort(cohort.metadata.name), 2);
  MarkStale(trees_.TreeOfCohort(cohort.metadata.name));
}

bool Declared::Apply(const api::ClusterQueue& object) {
  const auto [it, inserted] =
      cluster_queue_ids_.try_emplace(object.metadata.name, static_cast<ClusterQueueId>(cluster_queues_.size()));
  if (inserted) {
    cluster_queues_.emplace_back();
    for (LocalQueueState& lq : local_queues_) {
      if (lq.cq == kNoId && lq.cluster_queue == object.metadata.name) lq.cq = it->second;
    }
  }
  ClusterQueueState& cq = cluster_queues_[it->second];
  const bool existed = cq.exists;
  const bool same_parent = existed && cq.object.cohort_name == object.cohort_name;
  const bool same_quota = existed && cq.object.resource_groups == object.resource_groups;
  const bool same_spec = existed && SameSpec(cq.object, object);
  const CohortTrees::TreeId old_tree = existed ? trees_.TreeOf(it->second) : CohortTrees::kNoTree;
  cq.name = object.metadata.name;
  cq.exists = true;
  cq.terminating = object.metadata.deletion_timestamp.has_value();
  cq.object = object;
  trees_.SetCohort(it->second, object.cohort_name);
  MarkStale(old_tree);
  MarkStale(trees_.TreeOf(it->second));
  if (!existed) {
    const auto before = [this](ClusterQueueId a, ClusterQueueId b) {
      return cluster_queues_[a].name < cluster_queues_[b].name;
    };
    by_name_.insert(std::lower_bound(by_name_.begin(), by_name_.end(), it->second, before), it->second);
  }
  cq.rules = ParseRules(object);
  InternGroups(object.resource_groups);
  cq.groups.clear();
  cq.group_of.clear();
  cq.pods = kNoId;
  for (size_t g = 0; g < object.resource_groups.size(); ++g) {
    GroupState state;
    for (const std::string& r : object.resource_groups[g].covered_resources) {
      const ResourceId id = resources.Intern(r);
      state.resources.push_back(id);
      if (id >= static_cast<int>(cq.group_of.size())) cq.group_of.resize(id + 1, -1);
      if (cq.group_of[id] < 0) cq.group_of[id] = static_cast<int>(g);
      if (r == "pods") cq.pods = id;
    }
    for (const api::FlavorQuotas& f : object.resource_groups[g].flavors)
      state.flavors.push_back(flavors.Intern(f.name));
    cq.groups.push_back(std::move(state));
  }
  if (!same_parent || !same_quota) {
    const CohortTrees::TreeId tree = trees_.TreeOf(it->second);
    if (!same_parent && old_tree != tree) BumpTree(old_tree, 1);
    if (CohortTrees::IsCohort(tree)) {
      BumpTree(tree, 1);
    } else {
      ++cq.generation;
    }
  }
  return !same_spec;
}

void Declared::Apply(const api::LocalQueue& lq) {
  LocalQueueState& state = local_queues_[InternLocalQueue(lq.metadata.ns, lq.metadata.name)];
  state.exists = true;
  state.cluster_queue = lq.cluster_queue;
  const auto it = cluster_queue_ids_.find(lq.cluster_queue);
  state.cq = it == cluster_queue_ids_.end() ? kNoId : it->second;
  state.stopped = lq.stop_policy == "Hold" || lq.stop_policy == "HoldAndDrain";
}
void Declared::Apply(const api::AdmissionCheck& c) { checks_[c.metadata.name] = c; }
void Declared::Apply(const api::Topology& t) { topologies_[t.metadata.name] = t; }
void Declared::Apply(const api::Namespace& ns) {
  Slot(&namespaces_, namespaces.Intern(ns.metadata.name)) = std::make_unique<api::Namespace>(ns);
}
void Declared::Apply(const api::LimitRange& r) { limit_ranges_[api::ObjectKey(r.metadata)] = r; }
void Declared::Apply(const api::RuntimeClass& r) { runtime_classes_[r.metadata.name] = r; }

void Declared::DeleteFlavor(absl::string_view name) { Slot(&flavor_objects_, flavors.Intern(name)) = nullptr; }
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
  cluster_queues_[id].exists = false;
  BumpTree(tree, 1);
  MarkStale(tree);
}
void Declared::DeleteLocalQueue(absl::string_view ns, absl::string_view name) {
  local_queues_[InternLocalQueue(ns, name)].exists = false;
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
void Declared::DeleteCheck(absl::string_view name) { checks_.erase(Key(name)); }
void Declared::DeleteTopology(absl::string_view name) { topologies_.erase(Key(name)); }
void Declared::DeleteNamespace(absl::string_view name) { Slot(&namespaces_, namespaces.Intern(name)) = nullptr; }
void Declared::DeleteLimitRange(absl::string_view ns, absl::string_view name) {
  limit_ranges_.erase(absl::StrCat(ns, "/", name));
}
void Declared::DeleteRuntimeClass(absl::string_view name) { runtime_classes_.erase(Key(name)); }

const api::ResourceFlavor* Declared::Flavor(FlavorId id) const {
  return id < static_cast<int32_t>(flavor_objects_.size()) ? flavor_objects_[id].get() : nullptr;
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
  if (id == static_cast<int32_t>(local_queues_.size())) {
    local_queues_.emplace_back();
    local_queues_.back().ns = namespaces.Intern(ns);
  }
  return id;
}

ClusterQueueId Declared::ClusterQueueOf(int32_t local_queue) const {
  const LocalQueueState& state = local_queues_[local_queue];
  return state.exists && state.cq != kNoId && cluster_queues_[state.cq].exists ? state.cq : kNoId;
}

const api::Namespace* Declared::FindNamespace(int32_t ns) const {
  return ns < static_cast<int32_t>(namespaces_.size()) ? namespaces_[ns].get() : nullptr;
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

ClusterQueueStatus Declared::StatusOf(absl::string_view name) const {
  const ClusterQueueId id = FindClusterQueue(name);
  if (id == kNoId) return {false, false, "NotFound", "ClusterQueue not found"};
  const ClusterQueueState& cq = cluster_queues_[id];
  if (cq.terminating) {
    return {false, true, "Terminating", "Can't admit new workloads; clusterQueue is terminating"};
  }
  std::vector<std::string> reasons, pieces;
  const auto problem = [&](const char* reason, std::string piece) {
    reasons.push_back(reason);
    pieces.push_back(std::move(piece));
  };
  if (trees_.IsTooDeep(id)) {
    problem("CohortTooDeep", absl::StrCat("is below more than ", quota::kMaxCohortDepth, " cohorts"));
  }
  if (cq.object.stop_policy == "Hold" || cq.object.stop_policy == "HoldAndDrain") problem("Stopped", "is stopped");
  std::vector<std::string> missing_flavors, missing_topologies, missing_checks, inactive_checks;
  for (const GroupState& g : cq.groups) {
    for (FlavorId f : g.flavors) {
      const api::ResourceFlavor* flavor = Flavor(f);
      if (flavor == nullptr) {
        missing_flavors.push_back(flavors.Name(f));
      } else if (!flavor->topology_name.empty() && topologies_.count(flavor->topology_name) == 0) {
        missing_topologies.push_back(absl::StrCat("there is no Topology \"", flavor->topology_name,
                                                  "\" for TAS flavor \"", flavors.Name(f), "\""));
      }
    }
  }
  for (const api::AdmissionCheckStrategyRule& rule : cq.object.admission_checks) {
    const auto check = checks_.find(rule.name);
    if (check == checks_.end()) {
      missing_checks.push_back(rule.name);
    } else if (!api::IsConditionTrue(check->second.conditions, "Active")) {
      inactive_checks.push_back(rule.name);
    }
  }
  const auto references = [&](const char* reason, const char* what, std::vector<std::string>& names) {
    if (names.empty()) return;
    std::sort(names.begin(), names.end());
    problem(reason, absl::StrCat("references ", what, ": ", absl::StrJoin(names, ",")));
  };
  references("FlavorNotFound", "missing ResourceFlavor(s)", missing_flavors);
  references("AdmissionCheckNotFound", "missing AdmissionCheck(s)", missing_checks);
  references("AdmissionCheckInactive", "inactive AdmissionCheck(s)", inactive_checks);
  for (std::string& piece : missing_topologies) problem("TopologyNotFound", std::move(piece));
  if (reasons.empty()) return {true, false, "Ready", "Can admit new workloads"};
  return {false, false, reasons[0], absl::StrCat("Can't admit new workloads: ", absl::StrJoin(pieces, ", "), ".")};
}

bool Declared::IsActive(ClusterQueueId id) const {
  return cluster_queues_[id].exists && StatusOf(cluster_queues_[id].name).active;
}

void Declared::BumpTree(CohortTrees::TreeId tree, int times) {
  if (!CohortTrees::IsCohort(tree)) return;
  for (ClusterQueueId id : trees_.Members(tree)) cluster_queues_[id].generation += times;
}

quota::FrId Declared::InternFr(FlavorId f, ResourceId r) {
  if (const quota::FrId known = Fr(f, r); known >= 0) return known;
  const auto fr = static_cast<quota::FrId>(frs_.size());
  frs_.push_back({f, r});
  Slot(&frs_of_flavor_, f).emplace_back(r, fr);
  return fr;
}

std::vector<quota::QuotaSpec> Declared::QuotasOf(const std::vector<api::ResourceGroup>& groups) {
  std::vector<quota::QuotaSpec> out;
  for (const api::ResourceGroup& g : groups) {
    for (const api::FlavorQuotas& f : g.flavors) {
      const FlavorId flavor = flavors.Intern(f.name);
      for (const api::ResourceQuota& q : f.resources) {
        quota::QuotaSpec s;
        s.fr = InternFr(flavor, resources.Intern(q.name));
        s.nominal = AmountOf(q.name, q.nominal_quota);
        if (q.borrowing_limit.has_value()) s.borrowing_limit = AmountOf(q.name, *q.borrowing_limit);
        if (q.lending_limit.has_value()) s.lending_limit = AmountOf(q.name, *q.lending_limit);
        out.push_back(s);
      }
    }
  }
  for (const api::ResourceGroup& g : groups) {
    for (const api::FlavorQuotas& f : g.flavors) {
      for (const std::string& r : g.covered_resources) InternFr(flavors.Intern(f.name), resources.Intern(r));
    }
  }
  return out;
}

quota::NodeId& Declared::NodeAt(const Owner& owner) {
  std::vector<quota::NodeId>& nodes = owner.cq != kNoId ? node_of_cq_ : node_of_cohort_;
  const int32_t id = owner.cq != kNoId ? static_cast<int32_t>(owner.cq) : owner.cohort;
  if (id >= static_cast<int32_t>(nodes.size())) nodes.resize(id + 1, quota::kNoNode);
  return nodes[id];
}

bool Declared::RankResources() {
  if (num_frs_in_forest_ == frs_.size()) return false;
  std::vector<ResourceId> ranked = ranked_resources_;
  for (size_t fr = num_frs_in_forest_; fr < frs_.size(); ++fr) ranked.push_back(frs_[fr].resource);
  const auto before = [&](ResourceId a, ResourceId b) { return resources.Name(a) < resources.Name(b); };
  std::sort(ranked.begin(), ranked.end(), before);
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  const bool others = !std::equal(ranked_resources_.begin(), ranked_resources_.end(), ranked.begin());
  ranked_resources_ = std::move(ranked);
  std::vector<quota::ResId> rank(resources.size());
  for (size_t i = 0; i < ranked_resources_.size(); ++i) rank[ranked_resources_[i]] = static_cast<quota::ResId>(i);
  std::vector<quota::ResId> resource_of_fr;
  resource_of_fr.reserve(frs_.size());
  for (const FlavorResource& fr : frs_) resource_of_fr.push_back(rank[fr.resource]);
  forest_.SetResources(std::move(resource_of_fr));
  num_frs_in_forest_ = frs_.size();
  return others;
}

// Who is in the tree; a cohort that nobody declared and nobody is in does not exist.
void Declared::AddMembers(CohortTrees::TreeId tree, std::vector<Member>* members) {
  const CohortTrees::Everybody all = trees_.AllOf(tree);
  for (const int32_t cohort : all.cohorts) {
    const auto object = cohorts_.find(trees_.Name(cohort));
    if (object == cohorts_.end() && !trees_.HasMembers(cohort)) continue;
    Member& m = members->emplace_back();
    m.tree = tree;
    m.owner.cohort = cohort;
    m.spec.name = trees_.Name(cohort);
    m.spec.is_cohort = true;
    if (trees_.ParentOf(cohort) != kNoId) m.parent.cohort = trees_.ParentOf(cohort);
    if (object == cohorts_.end()) continue;
    m.groups = &object->second.resource_groups;
    m.spec.weight = WeightOf(object->second.fair_sharing);
  }
  for (const ClusterQueueId cq : all.queues) {
    Member& m = members->emplace_back();
    m.tree = tree;
    m.owner.cq = cq;
    m.spec.name = cluster_queues_[cq].name;
    if (trees_.CohortOf(cq) != kNoId) m.parent.cohort = trees_.CohortOf(cq);
    m.groups = &cluster_queues_[cq].object.resource_groups;
    m.spec.weight = WeightOf(cluster_queues_[cq].object.fair_sharing);
  }
}

std::vector<ClusterQueueId> Declared::RefreshForest() {
  std::vector<Member> members;
  do {
    members.clear();
    for (const CohortTrees::TreeId tree : stale_trees_) AddMembers(tree, &members);
    // Children are in the order of names, and pairs that are new get their ids in it, whatever the order of events was.
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
      return std::tie(b.spec.is_cohort, a.spec.name) < std::tie(a.spec.is_cohort, b.spec.name);
    });
    for (Member& m : members) {
      if (m.groups != nullptr) m.spec.quotas = QuotasOf(*m.groups);
    }
    if (!RankResources()) break;
    for (const auto& [tree, root] : root_of_tree_) MarkStale(tree);
  } while (true);

  std::vector<quota::NodeId> loose;
  struct Build {
    std::vector<quota::NodeId> ids;
    std::vector<quota::NodeSpec> specs;
  };
  absl::flat_hash_map<CohortTrees::TreeId, Build> builds;
  for (const CohortTrees::TreeId tree : stale_trees_) {
    const auto root = root_of_tree_.find(tree);
    if (root == root_of_tree_.end()) continue;
    const std::vector<quota::NodeId> nodes = forest_.RemoveTree(root->second);
    loose.insert(loose.end(), nodes.begin(), nodes.end());
    root_of_tree_.erase(root);
  }
  std::vector<ClusterQueueId> out;
  std::vector<int> index(forest_.num_nodes() + members.size());  // of nodes among the specs of their tree
  for (Member& m : members) {
    quota::NodeId& node = NodeAt(m.owner);
    if (node == quota::kNoNode) node = forest_.NewNode();
    Slot(&owners_, node) = m.owner;
    Build& build = builds[m.tree];
    index[node] = static_cast<int>(build.ids.size());
    build.ids.push_back(node);
    if (m.owner.cq != kNoId) out.push_back(m.owner.cq);
  }
  for (Member& m : members) {
    if (m.parent.cohort != kNoId) m.spec.parent = index[NodeAt(m.parent)];
    builds[m.tree].specs.push_back(std::move(m.spec));
  }
  for (const auto& [tree, build] : builds) {
    forest_.BuildTree(build.ids, build.specs);
    root_of_tree_[tree] = forest_.root(build.ids[0]);
  }
  for (const quota::NodeId n : loose) {
    if (forest_.InTree(n)) continue;
    NodeAt(owners_[n]) = quota::kNoNode;
    owners_[n] = Owner();
    forest_.FreeNode(n);
  }
  stale_trees_.clear();
  return out;
}

quota::NodeId Declared::NodeOfCohort(absl::string_view name) const {
  const int32_t id = trees_.Find(name);
  return id == kNoId || id >= static_cast<int32_t>(node_of_cohort_.size()) ? quota::kNoNode : node_of_cohort_[id];
}

}  // namespace muster::scheduler
