// A manager that governs a cluster: the loop of manager/loop with threads, sockets and a clock around it.
//
// One thread runs the loop; a thread for each type of objects follows the API server and tells the loop; a pool of threads
// sends what is to be written and brings the answers back; one takes part in the election of a leader. A replica that does
// not lead knows all the same things, and works from the moment it leads.
#ifndef MUSTER_MANAGER_PROCESS_PROCESS_H_
#define MUSTER_MANAGER_PROCESS_PROCESS_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/leader_elector.h"
#include "kube/client/reflector.h"
#include "kube/client/request_budget.h"
#include "manager/metrics/manager_metrics.h"
#include "manager/options.h"
#include "manager/process/input_queue.h"
#include "manager/process/replica.h"
#include "manager/process/watchers.h"
#include "manager/process/writers.h"

namespace muster::webhook {
class Log;
}  // namespace muster::webhook

namespace muster::manager {

struct ProcessOptions {
  ManagerOptions manager;
  bool leader_election = true;  // otherwise this is the only one, and leads
  kube::ElectionOptions election;
  kube::BudgetOptions budget;
  kube::ReflectorOptions reflector = ReflectorOptionsOfManager();
  WriterOptions writers;
  MetricsOptions metrics;
  std::string instance = "muster";  // the name of the host, for events
  uint64_t seed = 0;                // of the chance in waits
};

// Thread-safe.
class ManagerProcess {
 public:
  // Starts to follow and, once it leads, to work; does not wait for the API server. `on_end` is called by a thread of
  // the process, at most once, when there is no going on: the lease was lost (Aborted; nothing is sent from then on),
  // or the API server was put back. `log` outlives the process. Errors: InvalidArgument for options or credentials that
  // cannot be used.
  static absl::StatusOr<std::unique_ptr<ManagerProcess>> Start(const kube::ApiEndpoint& endpoint,
                                                               ProcessOptions options,
                                                               std::function<void(const absl::Status&)> on_end,
                                                               const webhook::Log* log);
  // Stop(ZeroDuration()).
  ~ManagerProcess();

  // Takes up no more work, waits at most `patience` for the answers to what was sent, and gives the lease up. True when
  // all were answered.
  bool Stop(absl::Duration patience);

  bool leads() const { return leads_; }
  // Whether all types were listed and none has been silent for too long, one check a line: "[+]caches ok".
  bool Ready(std::string* checks) const;
  std::vector<kube::CacheFigures> caches() const { return watchers_->figures(); }
  // For Prometheus. Asks the loop, and waits for it for a moment.
  std::string MetricsText();

 private:
  ManagerProcess(ProcessOptions options, std::function<void(const absl::Status&)> on_end, const webhook::Log* log);
  void Run();
  void Take(Input input, absl::Time now);
  void Lead();
  void End(const absl::Status& status);
  // The clock on the wall, which does not go back here: what was written would come before what led to it.
  absl::Time Now();

  const ProcessOptions options_;
  const std::function<void(const absl::Status&)> on_end_;
  const webhook::Log* const log_;
  ManagerMetrics metrics_;
  kube::RequestBudget budget_;
  InputQueue inputs_;
  std::unique_ptr<Writers> writers_;
  std::unique_ptr<Watchers> watchers_;
  std::unique_ptr<kube::LeaderElector> elector_;
  std::atomic<bool> leads_{false}, stopping_{false}, ended_{false};

  // The loop's own.
  Replica replica_;
  absl::Time last_now_ = absl::InfinitePast();
  bool was_synced_ = false;

  std::mutex gauges_mutex_;
  std::condition_variable gauges_changed_;
  std::vector<prometheus::MetricFamily> gauges_;
  int64_t gauges_asked_ = 0, gauges_made_ = 0;
  std::thread loop_;  // last
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_PROCESS_H_
