// What the manager tells Prometheus, under Kueue's names, so that dashboards made for Kueue keep working; what is about
// this process alone is named muster_manager_….
#ifndef MUSTER_MANAGER_METRICS_MANAGER_METRICS_H_
#define MUSTER_MANAGER_METRICS_MANAGER_METRICS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "kube/client/cache_figures.h"
#include "kube/object.h"
#include "kube/request.h"
#include "manager/loop/loop_observer.h"
#include "manager/loop/manager.h"
#include "manager/metrics/gauges.h"

namespace prometheus {
class Registry;
}  // namespace prometheus

namespace muster::manager {

struct MetricsOptions {
  bool leader_election = true;  // else the role of this replica is "standalone"
  bool cluster_queue_resources = false;
  bool local_queues = true;
  std::string lease = {};    // the label of leader_election_master_status
  std::string version = {};  // of the build
};

// Figures that are only looked at when somebody asks.
struct ProcessFigures {
  std::vector<kube::CacheFigures> caches;
  int64_t inputs_waiting = 0;  // for the loop
  int64_t writes_waiting = 0, writes_under_way = 0;
  int64_t events_dropped = 0;
};

// The loop's thread calls what is about the loop; Answered and Text are thread-safe.
class ManagerMetrics : public LoopObserver {
 public:
  explicit ManagerMetrics(MetricsOptions options);
  ~ManagerMetrics() override;

  void CycleBegins() override;
  void CycleEnded(const scheduler::CycleResult& result) override;
  void LookedAt(const Item& item, bool ok) override;
  // A Workload is another one now; either may be null.
  void WorkloadChanged(const kube::ObjectPtr& before, const kube::ObjectPtr& after, absl::Time now);
  // From now on this replica leads.
  void Lead();
  // The loop dealt with what there was to deal with.
  void LoopTook(absl::Duration took);

  // A request was answered.
  void Answered(const kube::Request& request, int code, absl::Duration took);

  // All gauges at this moment. To be called by the loop's thread.
  std::vector<prometheus::MetricFamily> GaugesOf(const Manager& manager) const;
  // The text exposition format of all, with such gauges.
  std::string Text(std::vector<prometheus::MetricFamily> gauges, const ProcessFigures& figures) const;

  const char* role() const;

 private:
  class Series;

  const MetricsOptions options_;
  std::atomic<bool> leads_{false};
  std::unique_ptr<Series> series_;
  absl::Time start_;
  absl::Time cycle_began_;
  // For whom victims were asked to go, by "namespace/name" of the victim, until their objects say so.
  struct Preemption {
    std::string cluster_queue, reason;
  };
  absl::flat_hash_map<std::string, Preemption> preemptions_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_METRICS_MANAGER_METRICS_H_
