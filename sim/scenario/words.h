// Sentences about jobs and amounts, for readers who know HyperPod and Kubernetes.
#ifndef MUSTER_SIM_SCENARIO_WORDS_H_
#define MUSTER_SIM_SCENARIO_WORDS_H_

#include <cstdint>
#include <string>

#include "api/core.h"
#include "api/jobs/workloads.h"

namespace muster::sim {

// "8 GPU", "64 vCPU", "256Gi memory"; an amount as Kueue counts it (api/resource_units.h).
std::string AmountInWords(const std::string& resource, int64_t amount);
// What the containers of a pod ask for: "29 vCPU, 104Gi memory, 1 GPU"; "" if nothing.
std::string RequestsInWords(const api::PodSpec& spec);
// One line: who, how many pods that ask for what, priority and queue.
std::string DescribeJob(const std::string& id, const api::JobWorkloads& job);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SCENARIO_WORDS_H_
