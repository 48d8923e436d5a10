// Kueue's own kinds, in the shape of kueue.x-k8s.io/v1beta2 (v1beta1 is converted on reading). Plain data.
//
// Enumerations stay strings, as they are on the wire: "" is "not set", and what not-set means is said beside the field.
#ifndef MUSTER_API_KUEUE_H_
#define MUSTER_API_KUEUE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/core.h"
#include "api/meta.h"
#include "api/quantity.h"

namespace muster::api {

struct ResourceFlavor {
  ObjectMeta metadata;
  StringMap node_labels;
  std::vector<Taint> node_taints;
  std::vector<Toleration> tolerations;
  std::string topology_name;  // "" = not a topology-aware flavor
  friend bool operator==(const ResourceFlavor&, const ResourceFlavor&) = default;
};

struct ResourceQuota {
  std::string name;
  Quantity nominal_quota;
  std::optional<Quantity> borrowing_limit;  // nullopt = unlimited
  std::optional<Quantity> lending_limit;    // nullopt = everything may be lent
  friend bool operator==(const ResourceQuota&, const ResourceQuota&) = default;
};

struct FlavorQuotas {
  std::string name;
  std::vector<ResourceQuota> resources;
  friend bool operator==(const FlavorQuotas&, const FlavorQuotas&) = default;
};

struct ResourceGroup {
  std::vector<std::string> covered_resources;
  std::vector<FlavorQuotas> flavors;  // in the order they are tried
  friend bool operator==(const ResourceGroup&, const ResourceGroup&) = default;
};

struct FairSharing {
  std::optional<Quantity> weight;  // nullopt = 1
  friend bool operator==(const FairSharing&, const FairSharing&) = default;
};

struct Cohort {
  ObjectMeta metadata;
  std::string parent_name;
  std::vector<ResourceGroup> resource_groups;
  std::optional<FairSharing> fair_sharing;
  friend bool operator==(const Cohort&, const Cohort&) = default;
};

struct BorrowWithinCohort {
  std::string policy;  // "" = Never; LowerPriority
  std::optional<int32_t> max_priority_threshold;
  friend bool operator==(const BorrowWithinCohort&, const BorrowWithinCohort&) = default;
};

struct ClusterQueuePreemption {
  std::string reclaim_within_cohort;  // "" = Never; LowerPriority, Any
  std::optional<BorrowWithinCohort> borrow_within_cohort;
  std::string within_cluster_queue;  // "" = Never; LowerPriority, LowerOrNewerEqualPriority
  friend bool operator==(const ClusterQueuePreemption&, const ClusterQueuePreemption&) = default;
};

struct FlavorFungibility {
  std::string when_can_borrow;   // "" = MayStopSearch; TryNextFlavor
  std::string when_can_preempt;  // "" = TryNextFlavor; MayStopSearch
  std::string preference;        // "" = BorrowingOverPreemption; PreemptionOverBorrowing
  friend bool operator==(const FlavorFungibility&, const FlavorFungibility&) = default;
};

struct AdmissionCheckStrategyRule {
  std::string name;
  std::vector<std::string> on_flavors;  // empty = all flavors
  friend bool operator==(const AdmissionCheckStrategyRule&, const AdmissionCheckStrategyRule&) = default;
};

struct ConcurrentAdmissionPolicy {
  std::string mode;                    // migration.mode: TryPreferredFlavors, RetainFirstAdmission
  std::string last_acceptable_flavor;  // migration.constraints.lastAcceptableFlavorName
  friend bool operator==(const ConcurrentAdmissionPolicy&, const ConcurrentAdmissionPolicy&) = default;
};

struct ClusterQueue {
  ObjectMeta metadata;
  std::vector<ResourceGroup> resource_groups;
  std::string cohort_name;
  std::string queueing_strategy;                    // "" = BestEffortFIFO; StrictFIFO
  std::optional<LabelSelector> namespace_selector;  // nullopt matches nothing, {} everything
  std::optional<FlavorFungibility> flavor_fungibility;
  std::optional<ClusterQueuePreemption> preemption;
  std::vector<AdmissionCheckStrategyRule> admission_checks;  // admissionChecksStrategy.admissionChecks
  std::string stop_policy;                                   // "" = None; Hold, HoldAndDrain
  std::optional<FairSharing> fair_sharing;
  std::string admission_mode;  // admissionScope.admissionMode
  std::optional<ConcurrentAdmissionPolicy> concurrent_admission_policy;
  friend bool operator==(const ClusterQueue&, const ClusterQueue&) = default;
};

struct LocalQueue {
  ObjectMeta metadata;
  std::string cluster_queue;
  std::string stop_policy;
  std::optional<FairSharing> fair_sharing;
  friend bool operator==(const LocalQueue&, const LocalQueue&) = default;
};

struct WorkloadPriorityClass {
  ObjectMeta metadata;
  int32_t value = 0;
  std::string description;
  friend bool operator==(const WorkloadPriorityClass&, const WorkloadPriorityClass&) = default;
};

struct Topology {
  ObjectMeta metadata;
  std::vector<std::string> levels;  // levels[].nodeLabel, highest first
  friend bool operator==(const Topology&, const Topology&) = default;
};

struct AdmissionCheck {
  ObjectMeta metadata;
  std::string controller_name;
  std::vector<Condition> conditions;  // status.conditions; Active=True makes it usable
  friend bool operator==(const AdmissionCheck&, const AdmissionCheck&) = default;
};

struct SliceConstraint {
  std::string topology;
  int32_t size = 0;
  friend bool operator==(const SliceConstraint&, const SliceConstraint&) = default;
};

struct TopologyRequest {
  std::optional<std::string> required;
  std::optional<std::string> preferred;
  std::optional<bool> unconstrained;
  std::optional<std::string> pod_index_label;
  std::optional<std::string> sub_group_index_label;
  std::optional<int32_t> sub_group_count;
  std::optional<std::string> pod_set_group_name;
  std::optional<std::string> pod_set_slice_required_topology;
  std::optional<int32_t> pod_set_slice_size;
  std::vector<SliceConstraint> pod_set_slice_constraints;  // podsetSliceRequiredTopologyConstraints
  friend bool operator==(const TopologyRequest&, const TopologyRequest&) = default;
};

struct PodSet {
  std::string name;  // defaulted to "main"
  int32_t count = 1;
  std::optional<int32_t> min_count;
  PodTemplateSpec pod_template;
  std::optional<TopologyRequest> topology_request;
  friend bool operator==(const PodSet&, const PodSet&) = default;
};

struct PriorityClassRef {
  std::string group;
  std::string kind;
  std::string name;
  friend bool operator==(const PriorityClassRef&, const PriorityClassRef&) = default;
};

// A topology assignment, expanded: one entry per domain (the v1beta2 wire form with slices is an encoding of this).
struct TopologyDomainAssignment {
  std::vector<std::string> values;  // one per level
  int32_t count = 0;
  friend bool operator==(const TopologyDomainAssignment&, const TopologyDomainAssignment&) = default;
};
struct TopologyAssignment {
  std::vector<std::string> levels;
  std::vector<TopologyDomainAssignment> domains;
  friend bool operator==(const TopologyAssignment&, const TopologyAssignment&) = default;
};

struct PodSetAssignment {
  std::string name;
  std::map<std::string, std::string> flavors;  // resource -> flavor
  ResourceList resource_usage;                 // total of the pod set
  std::optional<int32_t> count;
  std::optional<TopologyAssignment> topology_assignment;
  std::string delayed_topology_request;  // "", Pending, Ready
  friend bool operator==(const PodSetAssignment&, const PodSetAssignment&) = default;
};

struct Admission {
  std::string cluster_queue;
  std::vector<PodSetAssignment> pod_set_assignments;
  friend bool operator==(const Admission&, const Admission&) = default;
};

struct RequeueState {
  int32_t count = 0;
  std::optional<absl::Time> requeue_at;
  friend bool operator==(const RequeueState&, const RequeueState&) = default;
};

struct ReclaimablePod {
  std::string name;
  int32_t count = 0;
  friend bool operator==(const ReclaimablePod&, const ReclaimablePod&) = default;
};

struct PodSetUpdate {
  std::string name;
  StringMap labels;
  StringMap annotations;
  StringMap node_selector;
  std::vector<Toleration> tolerations;
  friend bool operator==(const PodSetUpdate&, const PodSetUpdate&) = default;
};

struct AdmissionCheckState {
  std::string name;
  std::string state;  // Pending, Ready, Retry, Rejected
  std::string message;
  absl::Time last_transition_time = ZeroTime();
  std::optional<int32_t> requeue_after_seconds;
  std::optional<int32_t> retry_count;
  std::vector<PodSetUpdate> pod_set_updates;
  friend bool operator==(const AdmissionCheckState&, const AdmissionCheckState&) = default;
};

struct EvictionStat {
  std::string reason;
  std::string underlying_cause;
  int32_t count = 0;
  friend bool operator==(const EvictionStat&, const EvictionStat&) = default;
};

struct WorkloadStatus {
  std::vector<Condition> conditions;
  std::optional<Admission> admission;
  std::optional<RequeueState> requeue_state;
  std::vector<ReclaimablePod> reclaimable_pods;
  std::vector<AdmissionCheckState> admission_checks;
  std::vector<std::string> unhealthy_nodes;  // unhealthyNodes[].name
  std::optional<int32_t> accumulated_past_execution_time_seconds;
  std::vector<EvictionStat> evictions;  // schedulingStats.evictions
  std::string cluster_name;
  std::vector<std::string> nominated_cluster_names;
  friend bool operator==(const WorkloadStatus&, const WorkloadStatus&) = default;
};

struct WorkloadSpec {
  std::vector<PodSet> pod_sets;
  std::string queue_name;
  std::optional<PriorityClassRef> priority_class_ref;
  std::optional<int32_t> priority;
  std::optional<bool> active;  // nullopt = true
  std::optional<int32_t> maximum_execution_time_seconds;
  std::vector<std::string> preemption_gates;  // preemptionGates[].name
  friend bool operator==(const WorkloadSpec&, const WorkloadSpec&) = default;
};

struct Workload {
  ObjectMeta metadata;
  WorkloadSpec spec;
  WorkloadStatus status;
  friend bool operator==(const Workload&, const Workload&) = default;
};

}  // namespace muster::api

#endif  // MUSTER_API_KUEUE_H_
