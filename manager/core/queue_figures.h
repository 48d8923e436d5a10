// What the status of a queue says is reserved, used and waiting.
#ifndef MUSTER_MANAGER_CORE_QUEUE_FIGURES_H_
#define MUSTER_MANAGER_CORE_QUEUE_FIGURES_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "kube/object.h"
#include "manager/core/context.h"

namespace muster::manager {

struct QueueFigures {
  int32_t pending = 0, reserving = 0, admitted = 0;
  // By flavor and resource.
  std::map<std::pair<std::string, std::string>, int64_t> reservation, usage;
};

// Of a ClusterQueue. O(workloads that hold its quota).
QueueFigures FiguresOfClusterQueue(const Context& context, absl::string_view name);
// Of one of its LocalQueues. O(workloads of the ClusterQueue).
QueueFigures FiguresOfLocalQueue(const Context& context, absl::string_view ns, absl::string_view name,
                                 absl::string_view cluster_queue);

// As status.flavorsReservation and status.flavorsUsage have it: the flavors in the order of the ClusterQueue, resources
// by name; with `borrowed`, what is used beyond the nominal quota while in a cohort.
nlohmann::json FlavorAmounts(const kube::Object& cluster_queue,
                             const std::map<std::pair<std::string, std::string>, int64_t>& amounts, bool borrowed);

// status.fairSharing.weightedShare of a ClusterQueue's or cohort's share: rounded up; the largest int64 for infinity.
int64_t WeightedShareOf(double share);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_CORE_QUEUE_FIGURES_H_
