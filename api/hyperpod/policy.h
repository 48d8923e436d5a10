// SageMaker HyperPod task governance, as its API writes it: the cluster policy (ClusterSchedulerConfig) and the compute
// allocation of a team (ComputeQuota). Plain data, no JSON: see read.h, write.h, and compile.h for the Kueue objects
// they stand for.
//
// Enumerations stay strings, as they are on the wire: "" is "not set", and what not-set means is said beside the field.
// Source of names, limits and defaults: the SageMaker API model of 2017-07-24 (botocore 1.43.67).
#ifndef MUSTER_API_HYPERPOD_POLICY_H_
#define MUSTER_API_HYPERPOD_POLICY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/problem.h"

namespace muster::hyperpod {

// What a record was read from. Only kCreate and kDescribe are whole; an update holds what changes, a list's summary of
// a policy has no SchedulerConfig.
enum class Form { kCreate, kUpdate, kDescribe, kSummary };

struct Tag {
  std::string key;
  std::string value;
  friend bool operator==(const Tag&, const Tag&) = default;
};

// What both kinds of record have around their configuration.
struct Record {
  Form form = Form::kCreate;
  api::Source source;
  std::string name;
  std::string cluster_arn;
  std::string description;
  std::vector<Tag> tags;
  // What the service adds.
  std::string arn;
  std::string id;
  int64_t version = 0;         // 0 = not known
  int64_t target_version = 0;  // of an update: the version it is meant for
  std::string status;          // Creating, Created, CreateFailed, …
  std::string failure_reason;
};

struct PriorityClass {
  std::string name;    // without the "-priority" that the Kubernetes object's name ends in
  int32_t weight = 0;  // 0 to 100
  friend bool operator==(const PriorityClass&, const PriorityClass&) = default;
};

struct SchedulerConfig {
  std::vector<PriorityClass> priority_classes;  // none = first come, first served
  std::string fair_share;                       // "" = Enabled; Disabled
  std::string idle_resource_sharing;            // "" = Disabled; Enabled
  friend bool operator==(const SchedulerConfig&, const SchedulerConfig&) = default;
};

struct ClusterSchedulerConfig : Record {
  std::optional<SchedulerConfig> scheduler_config;    // nullopt in summaries and in updates that leave it alone
  std::map<std::string, std::string> status_details;  // PriorityClasses, FairShare, IdleResourceSharing -> status
};

struct AcceleratorPartition {
  std::string type;  // "mig-1g.5gb"
  int64_t count = 0;
  friend bool operator==(const AcceleratorPartition&, const AcceleratorPartition&) = default;
};

// An amount of compute of one instance type: whole instances, or parts of them.
struct ResourceConfig {
  std::string instance_type = {};
  std::optional<int64_t> count = {};         // instances
  std::optional<int64_t> accelerators = {};  // GPUs, or Trainium chips
  std::optional<int64_t> vcpu_milli = {};    // VCpu, in thousandths
  std::optional<int64_t> memory_bytes = {};  // MemoryInGiB, in bytes
  std::optional<AcceleratorPartition> partition = {};
  friend bool operator==(const ResourceConfig&, const ResourceConfig&) = default;
};

struct ResourceSharingConfig {
  std::string strategy;                                // Lend, DontLend, LendAndBorrow
  std::optional<int32_t> borrow_limit;                 // percent of the team's own quota; nullopt = 50
  std::vector<ResourceConfig> absolute_borrow_limits;  // instead of the percentage, for the types listed
  friend bool operator==(const ResourceSharingConfig&, const ResourceSharingConfig&) = default;
};

inline constexpr int32_t kDefaultBorrowLimit = 50;

struct ComputeQuotaConfig {
  std::vector<ResourceConfig> resources;
  std::optional<ResourceSharingConfig> sharing;  // nullopt = LendAndBorrow, 50 percent
  std::string preempt_team_tasks;                // "" = LowerPriority; Never
  friend bool operator==(const ComputeQuotaConfig&, const ComputeQuotaConfig&) = default;
};

struct ComputeQuota : Record {
  std::optional<ComputeQuotaConfig> config;
  std::string team_name;
  std::optional<int32_t> fair_share_weight;  // 0 to 100; nullopt = 0
  std::string activation_state;              // "" = Enabled; Disabled
};

// "ClusterSchedulerConfig/example", "ComputeQuota/Team-A-Quota-Allocation"; an update is named by its id.
std::string RecordId(const ClusterSchedulerConfig& policy);
std::string RecordId(const ComputeQuota& quota);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_POLICY_H_
