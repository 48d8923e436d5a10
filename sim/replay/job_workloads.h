// The Workload objects that the jobs of a trace become.
//
// Problem: a Workload is a large object, and jobs of one shape differ in its name and times only. One object per shape
// is made and told apart for each job.
#ifndef MUSTER_SIM_REPLAY_JOB_WORKLOADS_H_
#define MUSTER_SIM_REPLAY_JOB_WORKLOADS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "api/kueue.h"
#include "sim/replay/policy.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// The priority that jobs of the shape have under the policy. REQUIRES: the policy has its priority class, if it names
// one.
int32_t PriorityOf(const JobShape& shape, const ReplayPolicy& policy);

// What the pods of one job of the shape ask for together, in whole units, as it counts against quotas: after the
// policy's resource transformations.
double AmountOf(const JobShape& shape, const std::string& resource, const ReplayPolicy& policy);

// Thread-safety: compatible.
class JobWorkloads {
 public:
  // Both must outlive this. REQUIRES: the policy has all priority classes of the trace.
  JobWorkloads(const Trace* trace, const ReplayPolicy* policy) : trace_(trace), policy_(policy) {}

  // The Workload of that job, which is submitted at that time, valid until the next call. Names and uids sort in trace order: where the engine breaks
  // ties by them, the earlier row wins. O(1) for a shape that was seen lately.
  const api::Workload& Of(size_t job, const QueueTarget& target, int64_t submit_s);

 private:
  // So many objects are kept; a trace may have as many shapes as jobs.
  static constexpr size_t kMaxKept = 4096;
  std::unique_ptr<api::Workload> Make(const JobShape& shape, const QueueTarget& target) const;

  const Trace* trace_;
  const ReplayPolicy* policy_;
  std::vector<std::unique_ptr<api::Workload>> of_shape_;
  size_t kept_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_JOB_WORKLOADS_H_
