// What a compilation starts from: the records of one cluster, looked through.
//
// Thread-safety: values.
#ifndef MUSTER_API_HYPERPOD_COMPILE_INPUT_H_
#define MUSTER_API_HYPERPOD_COMPILE_INPUT_H_

#include <map>
#include <string>
#include <vector>

#include "api/hyperpod/amounts.h"
#include "api/hyperpod/cluster.h"
#include "api/hyperpod/compile.h"
#include "api/hyperpod/policy.h"
#include "api/problem.h"

namespace muster::hyperpod {

struct Team {
  const ComputeQuota* quota = nullptr;      // with a config
  std::map<std::string, Amounts> nominal;   // by instance type
  std::map<std::string, Amounts> absolute;  // borrowing limits, of the types listed
  bool disabled() const { return quota->activation_state == "Disabled"; }
};

// Points into the records it was made of.
struct CompileInput {
  const ClusterSchedulerConfig* policy = nullptr;  // null: the cluster has none
  SchedulerConfig scheduler;
  std::map<std::string, Team> teams;
  std::vector<std::string> types;      // flavors, by name
  std::vector<std::string> resources;  // what every queue covers, in order
  std::vector<api::Problem> problems;  // if there are any, the rest may be incomplete
};

// Of records that are deleted nothing is taken. O(n log n) of entries, capacity included.
CompileInput TakeInput(const std::vector<ClusterSchedulerConfig>& policies, const std::vector<ComputeQuota>& quotas,
                       const Capacity& capacity, const CompileOptions& options);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_COMPILE_INPUT_H_
