// From HyperPod policy to the Kueue objects that HyperPod task governance makes of it.
//
// AWS does not publish the translation. What can be seen on live clusters and in AWS's own tools is followed; what is
// not known is a named option here, with the most plausible default (docs/hyperpod.md says what is known and what is
// not). The same input gives the same objects in the same order.
#ifndef MUSTER_API_HYPERPOD_COMPILE_H_
#define MUSTER_API_HYPERPOD_COMPILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/hyperpod/amounts.h"
#include "api/hyperpod/cluster.h"
#include "api/hyperpod/policy.h"
#include "api/object.h"
#include "api/problem.h"
#include "api/vocabulary.h"

namespace muster::hyperpod {

struct CompileOptions {
  // Where a DontLend team's queue is: in a cohort of its own (which is what has been seen), in none, or in the shared
  // one with lending and borrowing limits of 0.
  enum class DontLend { kOwnCohort, kNoCohort, kZeroLimits };
  DontLend dont_lend = DontLend::kOwnCohort;

  // The percentage of a quota that is not a whole number of devices (50 % of 1 GPU).
  enum class Rounding { kDown, kUp, kNearest };
  Rounding borrow_limit_rounding = Rounding::kDown;

  // The borrowing limit of an instance type that AbsoluteBorrowLimits does not list.
  enum class Unlisted { kPercentage, kZero };
  Unlisted unlisted_borrow_limit = Unlisted::kPercentage;

  EfaOfParts efa_of_parts = EfaOfParts::kRoundUp;

  // What ActivationState Disabled does to the team's queue: nothing but the namespace's label, no more admissions, or
  // also eviction of what runs.
  enum class Disabled { kLabelOnly, kHold, kHoldAndDrain };
  Disabled disabled = Disabled::kHold;

  // Preemption. "" leaves the field out.
  std::string reclaim_within_cohort = "Any";
  // borrowWithinCohort.policy while FairShare is Disabled; fair sharing has no use for it.
  std::string borrow_within_cohort = "LowerPriority";
  std::string queueing_strategy;  // "" = Kueue's BestEffortFIFO

  std::string cohort = "shared-pool";
  // Levels of the Topology, widest first; empty = flavors without topology, quota only (what Karpenter needs).
  std::vector<std::string> topology_levels = {api::kNetworkLayer1Label, api::kNetworkLayer2Label,
                                              api::kNetworkLayer3Label, api::kHostnameLabel};
  std::string topology_name = "hyperpod-default";

  // Flavors of one idle pool queue; more take another queue.
  size_t pool_flavors = 15;

  // One type in several entries of a quota, and Count beside parts in one entry: rejected, or added up.
  bool allow_mixed_entries = false;

  // Whether a Configuration of Kueue's manager is among the objects (fair sharing, gates, integrations).
  bool manager_configuration = true;

  // Sets an option by its name on the command line ("dont-lend=no-cohort"). Errors: InvalidArgument that lists the
  // names, or the values of that name.
  absl::Status Set(absl::string_view name_and_value);
  // One line per option: name, values, default.
  static std::string Help();
};

// The objects, in the order in which they can be applied: Topology, ResourceFlavors, WorkloadPriorityClasses, Cohorts,
// and per team by name: Namespace, ClusterQueue, LocalQueue; then the idle pool's queues and the manager's
// Configuration.
//
// `policies` may have one record or none (then the API's defaults hold), of any whole form. `capacity` says which
// instance types the cluster has: each is a flavor of every queue, besides the types that quotas name. Records with
// status Deleted are left out.
//
// Errors: InvalidArgument, with a line for each: two policies, two quotas of one team, records of different clusters,
// summaries or updates instead of whole records, names that Kubernetes has no room for, unknown types,
// IdleResourceSharing without capacity. O(teams x flavors x resources).
absl::StatusOr<std::vector<api::Object>> Compile(const std::vector<ClusterSchedulerConfig>& policies,
                                                 const std::vector<ComputeQuota>& quotas, const Capacity& capacity = {},
                                                 const CompileOptions& options = {});

// What Compile would refuse, each with the id of its lint rule (lint.h) in `rule`.
std::vector<api::Problem> CompileProblems(const std::vector<ClusterSchedulerConfig>& policies,
                                          const std::vector<ComputeQuota>& quotas, const Capacity& capacity = {},
                                          const CompileOptions& options = {});

// The borrowing limit of a nominal quota by percentage. O(1).
absl::int128 BorrowingLimit(absl::string_view resource, absl::int128 nominal, int32_t percent,
                            CompileOptions::Rounding rounding);

// Names of what a team or a class becomes.
std::string NamespaceOf(absl::string_view team);      // hyperpod-ns-<team>
std::string ClusterQueueOf(absl::string_view team);   // hyperpod-ns-<team>-clusterqueue
std::string LocalQueueOf(absl::string_view team);     // hyperpod-ns-<team>-localqueue
std::string PriorityClassOf(absl::string_view name);  // <name>-priority
std::string IdlePoolQueueOf(size_t index);            // hyperpod-ns-idle-resource-sharing-cq-<index>

// The longest names whose objects' names fit a label value (63 characters).
inline constexpr size_t kMaxTeamName = 40;
inline constexpr size_t kMaxPriorityClassName = 54;

// Labels and annotations of the objects.
// What a queue's record says that no Kueue object can: JSON of Name, ClusterArn, Description and Tags.
inline constexpr absl::string_view kRecordAnnotation = "muster.dev/hyperpod-record";

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_COMPILE_H_
