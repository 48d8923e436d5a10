// The memory of a whole engine with many ClusterQueues and many flavors, of which each ClusterQueue uses four: what its
// process takes at most once all quotas are known and every ClusterQueue has a workload that holds some.
//
//   bazel run //bench:quota_memory -- [QUEUES [FLAVORS [COHORTS]]]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "bench/world.h"

int main(int argc, char** argv) {
  using muster::bench::At;
  namespace api = muster::api;
  const int queues = argc > 1 ? std::atoi(argv[1]) : 10000, flavors = argc > 2 ? std::atoi(argv[2]) : 1000,
            cohorts = argc > 3 ? std::atoi(argv[3]) : 1;
  if (queues <= 0 || flavors <= 0 || cohorts <= 0) {
    std::fprintf(stderr, "usage: quota_memory [QUEUES [FLAVORS [COHORTS]]], each at least 1\n");
    return 2;
  }
  muster::scheduler::Engine e = muster::bench::MakeEngine({0, 0, flavors, 0});
  for (int i = 0; i < queues; ++i) {
    api::ClusterQueue queue;
    queue.metadata.name = muster::bench::QueueName(i);
    queue.cohort_name = absl::StrCat("cohort-", i % cohorts);
    queue.namespace_selector.emplace();
    api::ResourceGroup& group = queue.resource_groups.emplace_back();
    group.covered_resources = {"cpu", "memory"};
    for (int f = 0; f < 4; ++f) {
      group.flavors.push_back(
          {absl::StrCat("flavor-", (i + f * 251) % flavors),
           {{"cpu", api::Quantity::FromValue(20), {}, {}}, {"memory", api::Quantity::FromValue(1 << 30), {}, {}}}});
    }
    e.Apply(queue, At(0));
    api::LocalQueue local_queue;
    local_queue.metadata.ns = "ns";
    local_queue.metadata.name = local_queue.cluster_queue = queue.metadata.name;
    e.Apply(local_queue, At(0));
    e.Apply(muster::bench::MakeWorkload(i, i, 1), At(0));
  }
  size_t admitted = 0;
  for (const auto& entry : e.RunCycle(At(1)).entries)
    admitted += entry.outcome == muster::scheduler::Outcome::kAdmitted;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%d ClusterQueues in %d cohorts, %d flavors, %zu workloads admitted: peak %ld MiB\n", queues, cohorts,
              flavors, admitted, usage.ru_maxrss / 1024);
  return 0;
}
