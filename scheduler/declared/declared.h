// What the admins declared: flavors, ClusterQueues, cohorts, LocalQueues, checks, namespaces, in interned form, and the
// quota forest built from it. Knows nothing of workloads.
//
// Source of the rules: Kueue, pkg/cache/scheduler (clusterqueue.go, cohort.go) and pkg/cache/hierarchy.
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_DECLARED_DECLARED_H_
#define MUSTER_SCHEDULER_DECLARED_DECLARED_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/core.h"
#include "api/kueue.h"
#include "quota/forest.h"
#include "scheduler/base/interner.h"
#include "scheduler/base/name_slots.h"
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
  bool active = false;  // see IsActive
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
  size_t place = 0;           // among the LocalQueues that name it
  ClusterQueueId cq = kNoId;  // of that name; it may exist no more
  bool stopped = false;
};

// What became of an object that was applied: nothing that is looked at differs, or something does, or it is new.
enum class Change : uint8_t { kNothing, kUpdated, kCreated };

class Declared {
 public:
  FlavorNames flavors;
  ResourceNames resources;
  NameSlots namespaces;

  // Create or replace. Metadata and status that decide nothing are not compared, and not kept. Who has to look at parked
  // workloads again is the caller's to know. O(size of the object) if nothing changed, and otherwise also O(ClusterQueues
  // that use it).
  Change Apply(const api::ResourceFlavor& flavor);
  Change Apply(const api::Cohort& cohort);
  Change Apply(const api::ClusterQueue& cluster_queue);
  Change Apply(const api::LocalQueue& local_queue);
  Change Apply(const api::AdmissionCheck& check);
  Change Apply(const api::Topology& topology);
  Change Apply(const api::Namespace& ns);
  Change Apply(const api::LimitRange& limit_range);
  Change Apply(const api::RuntimeClass& runtime_class);
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
  // Changes whenever that does.
  int64_t names_version() const { return names_version_; }
  std::vector<std::string> CohortNames() const;
  // The id of a LocalQueue, whether it exists or not. O(length of the name).
  int32_t InternLocalQueue(absl::string_view ns, absl::string_view name);
  // -1 if it was never mentioned.
  int32_t FindLocalQueue(absl::string_view ns, absl::string_view name) const;
  // The LocalQueues that exist and name this ClusterQueue. In no order.
  absl::Span<const int32_t> LocalQueuesOf(absl::string_view cluster_queue) const;
  // Ids are smaller than this.
  int32_t num_local_queues() const { return static_cast<int32_t>(local_queues_.size()); }
  const LocalQueueState& local_queue(int32_t id) const { return local_queues_[id]; }
  // Without its namespace. Valid until the next LocalQueue is interned.
  std::string_view LocalQueueName(int32_t id) const {
    const std::string_view key = local_queue_names_.Name(id);  // namespace/name
    return key.substr(key.find('/') + 1);
  }
  // The ClusterQueue behind a LocalQueue; kNoId if one of them does not exist.
  ClusterQueueId ClusterQueueOf(int32_t local_queue) const;
  // Names that are remembered.
  size_t num_local_queue_names() const { return local_queue_names_.size(); }
  // Gives the ids of LocalQueues back that do not exist and of which `in_use` says false, and those of namespaces of
  // which nothing is left. O(LocalQueues + namespaces).
  void ForgetLocalQueues(const std::function<bool(int32_t local_queue)>& in_use);
  // The same for cohorts that nobody declared and nobody is in, and for ClusterQueues that were deleted, unless `in_use`
  // says that somebody still has the tree they were the root of. O(cohorts + ClusterQueues).
  size_t num_tree_names() const { return trees_.size() + cluster_queue_ids_.size(); }
  void ForgetTrees(const std::function<bool(CohortTrees::TreeId)>& in_use);
  // Null if it does not exist. `ns` is interned.
  const api::Namespace* FindNamespace(int32_t ns) const;
  const api::AdmissionCheck* FindCheck(absl::string_view name) const;
  std::vector<const api::LimitRange*> LimitRangesIn(absl::string_view ns) const;
  bool HasLimitRanges(absl::string_view ns) const { return !limit_ranges_.empty() && !LimitRangesIn(ns).empty(); }
  const api::RuntimeClass* FindRuntimeClass(absl::string_view name) const;

  ClusterQueueStatus StatusOf(absl::string_view cluster_queue) const;
  // Whether its heads are looked at: it exists, is not stopped or going, and what it refers to is there. What is in no
  // tree is refused when it is looked at. O(1).
  bool IsActive(ClusterQueueId id) const { return cluster_queues_[id].active; }
  // The ClusterQueues of which that has changed since the last call.
  std::vector<ClusterQueueId> TakeActivityChanges() { return std::exchange(activity_changes_, {}); }
  bool has_activity_changes() const { return !activity_changes_.empty(); }
  // In no order.
  const absl::flat_hash_set<ClusterQueueId>& UsersOf(FlavorId flavor) const;
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
  struct Rebuilt {
    std::vector<ClusterQueueId> queues;  // in trees built anew: their usage is 0 now, and all count
    std::vector<ClusterQueueId> lost;    // that have no node any more
  };
  Rebuilt RefreshForest();
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
  // What keeps a ClusterQueue from being active, in the order in which it is told. `visit` returns whether to go on.
  enum class Obstacle : uint8_t { kStopped, kFlavor, kCheck, kInactiveCheck, kTopology };
  template <typename Visit>
  void VisitObstacles(const ClusterQueueState& cq, const Visit& visit) const;
  void UpdateActive(ClusterQueueId id);
  void UpdateUsersOf(FlavorId flavor);
  void UpdateUsersOfTopology(absl::string_view topology);
  void UpdateUsersOfCheck(absl::string_view check);
  // Enters or removes the ClusterQueue where what it refers to is looked up.
  void Index(ClusterQueueId id, bool add);
  ClusterQueueId NewClusterQueueId();
  void SetGroups(ClusterQueueState* cq);
  void Disconnect(int32_t local_queue);
  // Points LocalQueues to the ClusterQueue they name, or away.
  void ConnectLocalQueues(absl::string_view cluster_queue, ClusterQueueId id);
  // Makes names known so that ids exist before the forest is built.
  void InternGroups(const std::vector<api::ResourceGroup>& groups);

  std::vector<std::unique_ptr<const api::ResourceFlavor>> flavor_objects_;  // by FlavorId; null if it does not exist
  std::map<std::string, api::Cohort, std::less<>> cohorts_;
  std::vector<ClusterQueueState> cluster_queues_;
  std::map<std::string, ClusterQueueId, std::less<>> cluster_queue_ids_;
  std::vector<ClusterQueueId> free_cluster_queues_;
  int64_t forgotten_generation_ = 0;     // the highest of those that were forgotten
  std::vector<ClusterQueueId> by_name_;  // those that exist
  int64_t names_version_ = 0;
  CohortTrees trees_;
  NameSlots local_queue_names_;  // "ns/name"
  std::string local_queue_key_;  // that was asked for last
  std::vector<LocalQueueState> local_queues_;
  absl::flat_hash_map<std::string, std::vector<int32_t>> local_queues_of_;  // by the ClusterQueue they name
  std::vector<absl::flat_hash_set<ClusterQueueId>> users_of_flavor_;        // by FlavorId
  absl::flat_hash_map<std::string, absl::flat_hash_set<ClusterQueueId>> users_of_check_;
  std::vector<ClusterQueueId> activity_changes_;
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

// Whether the check can be passed.
inline bool IsUsable(const api::AdmissionCheck& check) { return api::IsConditionTrue(check.conditions, "Active"); }

// Parses the enumerations of a ClusterQueue spec; what is absent means Kueue's default.
ClusterQueueRules ParseRules(const api::ClusterQueue& cq);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_DECLARED_DECLARED_H_
