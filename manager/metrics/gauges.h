// The gauges of Kueue's metrics, as the manager knows the cluster at a moment.
#ifndef MUSTER_MANAGER_METRICS_GAUGES_H_
#define MUSTER_MANAGER_METRICS_GAUGES_H_

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "manager/world.h"
#include "scheduler/engine.h"

namespace muster::manager {

struct GaugeOptions {
  std::string role = "standalone";  // the label replica_role: or "leader", "follower"
  bool resources = false;           // metrics.enableClusterQueueResources
  bool local_queues = true;         // metrics.localQueueMetrics.enable
};

// O(workloads).
std::vector<prometheus::MetricFamily> Gauges(const World& world, const scheduler::Engine& engine,
                                             const GaugeOptions& options);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_METRICS_GAUGES_H_
