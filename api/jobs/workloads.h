// What a user's job becomes in Kueue: one Workload for most kinds, one per pod for a Deployment and the endpoints of
// the HyperPod inference operator, one per group for a LeaderWorkerSet.
//
//   absl::StatusOr<JobWorkloads> job = WorkloadsOf(manifest, options);
//   for (const Workload& w : job->workloads) …
//
// Where the pods of each kind are described is the table of job_kinds.h; this adds what Kueue's job controllers do with
// it: names, priorities, topology requests, pods that operators add on their own.
//
// Source of the rules: Kueue, pkg/controller/jobframework and pkg/controller/jobs. HyperPod's kinds: the schemas of the
// HyperPod training and inference operators.
// All functions are pure.
#ifndef MUSTER_API_JOBS_WORKLOADS_H_
#define MUSTER_API_JOBS_WORKLOADS_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "api/job_kinds.h"
#include "api/kueue.h"

namespace muster::api {

struct JobOptions {
  // By name. A job that names a class that is not there is refused, with the names that are.
  std::map<std::string, int32_t> workload_priority_classes;
  std::map<std::string, int32_t> priority_classes;
  std::string default_priority_class;  // the PriorityClass with globalDefault, "" = none
  // With false, a class that is not there counts as 0: for reading a job without its cluster.
  bool require_classes = true;
};

struct JobWorkloads {
  const JobKind* kind = nullptr;
  std::string ns;  // "default" when the manifest names none
  std::string name;
  std::string queue_name;  // "" = not in a queue: Kueue leaves it alone
  // By pod or group index. Their metadata has name, namespace, owner and labels; uid and creation time are the
  // caller's.
  std::vector<Workload> workloads;
};

// Whether the manifest is of a kind WorkloadsOf reads.
bool IsJob(const nlohmann::json& manifest);

// The Workloads of a job. `manifest` may be of any kind of job_kinds.h. Errors: InvalidArgument with kind, name and
// field path, for what cannot be read and for priority classes that do not exist; Unimplemented for a job whose pods
// are described in another object (TrainJob, a SparkApplication without pod templates). O(size + pods of a Deployment).
absl::StatusOr<JobWorkloads> WorkloadsOf(const nlohmann::json& manifest, const JobOptions& options);

// The number of Pods that make up the group of a Pod: its kueue.x-k8s.io/pod-group-total-count. 0 = not of a group.
// Errors: InvalidArgument if only one of name and count is given, or the count is none.
absl::StatusOr<int32_t> PodGroupSize(const nlohmann::json& pod);

// The one Workload of a pod group: named after it, with a pod set per shape of pod. The pods are as many as the group
// has, in any order. Pod sets are named by a hash of the shape, as in Kueue, though not with Kueue's hash.
// REQUIRES: all are Pods of one group and namespace, and at least one.
absl::StatusOr<JobWorkloads> WorkloadOfPodGroup(absl::Span<const nlohmann::json> pods, const JobOptions& options);

// The name Kueue gives the Workload of a job: "pytorchjob-NAME-1a2b3", cut to 253 characters.
std::string WorkloadName(const JobKind& kind, const std::string& name, const std::string& uid,
                         const std::string& extra = "");

// The name Kueue gives a slice of a job that grows and shrinks: as without `extra`, but for the hash.
std::string SliceWorkloadName(const JobKind& kind, const std::string& name, const std::string& uid,
                              const std::string& extra);

}  // namespace muster::api

#endif  // MUSTER_API_JOBS_WORKLOADS_H_
