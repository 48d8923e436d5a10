// What the admins declared: flavors, ClusterQueues, cohorts, LocalQueues, checks, namespaces, in interned form, and the
// quota forest built from it. Knows nothing of workloads.
//
// Source of the rules: Kueue, pkg/cache/scheduler (clusterqueue.go, cohort.go) and pkg/cache/hierarchy.
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_DECLARED_DECLARED_H_
#define MUSTER_SCHEDULER_DECLARED_DECLARED_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "api/core.h"
#include "api/kueue.h"
#include "quota/forest.h"
#include "scheduler/base/interner.h"
#include "scheduler/declared/cohort_trees.h"
#include "scheduler/ids.h"
#include "scheduler/status.h"

namespace muster::scheduler {

// One resource group of a ClusterQueue: all its resources get the same flavor.
struct GroupState {
  std::vector<ResourceId> resources;
  std::vector<FlavorId> flavors;  // in the order they are tried
};

// kUnset: a preemption section without this policy. It allows nobody, but Kueue does not take it for Never where that
// matters: under fair sharing an unset reclaimWithinCohort lets the own queue be preempted while borrowing.
enum class PreemptionPolicy : uint8_t { kUnset, kNever, kLowerPriority, kLowerOrNewerEqualPriority, kAny };

// The decision-relevant switches of a ClusterQueue, parsed once.
struct ClusterQueueRules {
  bool strict_fifo = false;
  bool try_next_when_can_borrow = false;
  bool try_next_when_can_preempt = true;
  bool preemption_over_borrowing = false;
  PreemptionPolicy within_cluster_queue = PreemptionPolicy::kNever;
  PreemptionPolicy reclaim_within_cohort = PreemptionPolicy::kNever;
  bool borrow_within_cohort = false;
  std::optional<int32_t> max_priority_threshold;
};

struct ClusterQueueState {
  std::string name;
  bool exists = false;
  bool terminating = false;
  api::ClusterQueue object;
  ClusterQueueRules rules;
  std::vector<GroupState> groups;
  // By ResourceId: the first group that covers it (nothing but validation keeps it out of others); -1 or past the end =
  // not covered.
  std::vector<int> group_of;
  ResourceId pods = kNoId;  // the resource "pods", if a group covers it: then pods are counted
  int64_t generation = 0;   // AllocatableResourceGeneration

  int GroupOf(ResourceId r) const { return r < static_cast<int>(group_of.size()) ? group_of[r] : -1; }
  bool Covers(int group, ResourceId r) const {
    const std::vector<ResourceId>& covered = groups[group].resources;
    return std::find(covered.begin(), covered.end(), r) != covered.end();
  }
};

struct LocalQueueState {
  bool exists = false;
  int32_t ns = kNoId;  // interned
  std::string cluster_queue;
  ClusterQueueId cq = kNoId;  // of that name; it may exist no more
  bool stopped = false;
};

class Declared {
 public:
  FlavorNames flavors;
  ResourceNames resources;
  Interner<> namespaces;

  // Create or replace. Who has to look at parked workloads again is the caller's to know.
  void Apply(const api::ResourceFlavor& flavor);
  void Apply(const api::Cohort& cohort);
  // Returns whether the spec differs from before (or is new).
  bool Apply(const api::ClusterQueue& cluster_queue);
  void Apply(const api::LocalQueue& local_queue);
  void Apply(const api::AdmissionCheck& check);
  void Apply(const api::Topology& topology);
  void Apply(const api::Namespace& ns);
  void Apply(const api::LimitRange& limit_range);
  void Apply(const api::RuntimeClass& runtime_class);
  void DeleteFlavor(absl::string_view name);
  void DeleteCohort(absl::string_view name);
  void DeleteClusterQueue(absl::string_view name);
  void DeleteLocalQueue(absl::string_view ns, absl::string_view name);
  void DeleteCheck(absl::string_view name);
  void DeleteTopology(absl::string_view name);
  void DeleteNamespace(absl::string_view name);
  void DeleteLimitRange(absl::string_view ns, absl::string_view name);
  void DeleteRuntimeClass(absl::string_view name);

  // Lookups. Pointers stay valid until the next Apply or Delete.
  const api::ResourceFlavor* Flavor(FlavorId id) const;
  ClusterQueueId FindClusterQueue(absl::string_view name) const;
  ClusterQueueState& cq(ClusterQueueId id) { return cluster_queues_[id]; }
  const ClusterQueueState& cq(ClusterQueueId id) const { return cluster_queues_[id]; }
  int num_cluster_queues() const { return static_cast<int>(cluster_queues_.size()); }
  const std::vector<ClusterQueueId>& ClusterQueuesByName() const { return by_name_; }
  std::vector<std::string> CohortNames() const;
  // The id of a LocalQueue, whether it exists or not. O(length of the name).
  int32_t InternLocalQueue(absl::string_view ns, absl::string_view name);
  int32_t num_local_queues() const { return static_cast<int32_t>(local_queues_.size()); }
  const LocalQueueState& local_queue(int32_t id) const { return local_queues_[id]; }
  // Without its namespace. Valid until the next LocalQueue is interned.
  std::string_view LocalQueueName(int32_t id) const {
    const std::string_view key = local_queue_names_.Name(id);  // namespace/name
    return key.substr(key.find('/') + 1);
  }
  // The ClusterQueue behind a LocalQueue; kNoId if one of them does not exist.
  ClusterQueueId ClusterQueueOf(int32_t local_queue) const;
  // Null if it does not exist. `ns` is interned.
  const api::Namespace* FindNamespace(int32_t ns) const;
  const api::AdmissionCheck* FindCheck(absl::string_view name) const;
  std::vector<const api::LimitRange*> LimitRangesIn(absl::string_view ns) const;
  bool HasLimitRanges(absl::string_view ns) const { return !limit_ranges_.empty() && !LimitRangesIn(ns).empty(); }
  const api::RuntimeClass* FindRuntimeClass(absl::string_view name) const;

  ClusterQueueStatus StatusOf(absl::string_view cluster_queue) const;
  bool IsActive(ClusterQueueId id) const;
  // Which ClusterQueues are notified together. Those with a cycle of parents above, or too many cohorts, are left out of
  // scheduling.
  const CohortTrees& trees() const { return trees_; }
  bool InCycle(ClusterQueueId id) const { return trees_.TreeOf(id) == CohortTrees::kNoTree; }
  // The cohorts around a ClusterQueue, its own first, the root last. REQUIRES: !InCycle(id).
  std::vector<std::string> CohortsAbove(ClusterQueueId id) const;

  // The forest. A tree whose quotas, members or weights have changed is built anew by RefreshForest; until then it is as
  // it was. Node ids of what stays in the forest stay the same.
  bool forest_stale() const { return !stale_trees_.empty() || num_frs_in_forest_ != frs_.size(); }
  void RebuildTreeOf(ClusterQueueId id) { MarkStale(trees_.TreeOf(id)); }
  // Returns the ClusterQueues whose usage is 0 now, in trees built anew.
  std::vector<ClusterQueueId> RefreshForest();
  quota::Forest& forest() { return forest_; }
  const quota::Forest& forest() const { return forest_; }
  quota::NodeId NodeOf(ClusterQueueId id) const {
    return id < static_cast<int>(node_of_cq_.size()) ? node_of_cq_[id] : quota::kNoNode;
  }
  quota::NodeId NodeOfCohort(absl::string_view name) const;
  // REQUIRES: the node is a ClusterQueue's.
  ClusterQueueId ClusterQueueAt(quota::NodeId node) const { return owners_[node].cq; }
  // Pairs keep their ids. O(resources of the flavor).
  quota::FrId Fr(FlavorId f, ResourceId r) const {  // -1 if unknown
    if (f >= static_cast<int>(frs_of_flavor_.size())) return -1;
    for (const auto& [resource, fr] : frs_of_flavor_[f]) {
      if (resource == r) return fr;
    }
    return -1;
  }
  quota::FrId InternFr(FlavorId f, ResourceId r);
  const std::vector<FlavorResource>& frs() const { return frs_; }

 private:
  void BumpTree(CohortTrees::TreeId tree, int times);
  void MarkStale(CohortTrees::TreeId tree) {
    if (tree != CohortTrees::kNoTree) stale_trees_.insert(tree);
  }
  // What the groups say, and for ClusterQueues also pairs that they cover without a quota: those may be asked for.
  std::vector<quota::QuotaSpec> QuotasOf(const std::vector<api::ResourceGroup>& groups);
  // Tells the forest which resource each pair is of. Resources are in the order of their names: returns whether a new
  // one has come between those that trees know.
  bool RankResources();
  // Makes names known so that ids exist before the forest is built.
  void InternGroups(const std::vector<api::ResourceGroup>& groups);

  std::vector<std::unique_ptr<const api::ResourceFlavor>> flavor_objects_;  // by FlavorId; null if it does not exist
  std::map<std::string, api::Cohort, std::less<>> cohorts_;
  std::vector<ClusterQueueState> cluster_queues_;
  std::map<std::string, ClusterQueueId, std::less<>> cluster_queue_ids_;
  std::vector<ClusterQueueId> by_name_;  // those that exist
  CohortTrees trees_;
  Interner<> local_queue_names_;  // "ns/name"
  std::string local_queue_key_;   // that was asked for last
  std::vector<LocalQueueState> local_queues_;
  std::map<std::string, api::AdmissionCheck, std::less<>> checks_;
  std::map<std::string, api::Topology, std::less<>> topologies_;
  std::vector<std::unique_ptr<const api::Namespace>> namespaces_;  // by id in `namespaces`; null if it does not exist
  std::map<std::string, api::LimitRange, std::less<>> limit_ranges_;  // by ns/name
  std::map<std::string, api::RuntimeClass, std::less<>> runtime_classes_;

  // Who is at a node: a ClusterQueue or a cohort.
  struct Owner {
    ClusterQueueId cq = kNoId;
    int32_t cohort = kNoId;
  };
  // Somebody who is to have a node.
  struct Member {
    CohortTrees::TreeId tree = CohortTrees::kNoTree;
    Owner owner, parent;
    const std::vector<api::ResourceGroup>* groups = nullptr;
    quota::NodeSpec spec;
  };
  void AddMembers(CohortTrees::TreeId tree, std::vector<Member>* members);
  quota::NodeId& NodeAt(const Owner& owner);
  absl::btree_set<CohortTrees::TreeId> stale_trees_;
  quota::Forest forest_;
  absl::flat_hash_map<CohortTrees::TreeId, quota::NodeId> root_of_tree_;  // of those that are built
  std::vector<quota::NodeId> node_of_cq_;                                 // by ClusterQueueId
  std::vector<quota::NodeId> node_of_cohort_;                             // by id in trees_
  std::vector<Owner> owners_;                                             // by node
  std::vector<FlavorResource> frs_;
  std::vector<absl::InlinedVector<std::pair<ResourceId, quota::FrId>, 2>> frs_of_flavor_;  // by FlavorId
  size_t num_frs_in_forest_ = 0;
  std::vector<ResourceId> ranked_resources_;  // of all pairs, by name
};

// Parses the enumerations of a ClusterQueue spec; what is absent means Kueue's default.
ClusterQueueRules ParseRules(const api::ClusterQueue& cq);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_DECLARED_DECLARED_H_
