// A thread that takes part in the election of a leader, with a connection of its own: nothing else that is sent holds up
// a renewal.
#ifndef MUSTER_KUBE_CLIENT_LEADER_ELECTOR_H_
#define MUSTER_KUBE_CLIENT_LEADER_ELECTOR_H_

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/leader_election.h"
#include "kube/client/request_sender.h"
#include "kube/client/waiting.h"

namespace muster::webhook {
class Log;
}  // namespace muster::webhook

namespace muster::kube {

// Thread-safe.
class LeaderElector {
 public:
  struct Callbacks {
    std::function<void()> leads;  // once at most
    std::function<void()> lost;   // once at most, after it
  };
  // Starts to take part. The callbacks are called by the elector's thread; `log` outlives it. Errors: InvalidArgument for
  // options or credentials that cannot be used.
  static absl::StatusOr<std::unique_ptr<LeaderElector>> Start(const ApiEndpoint& endpoint, ElectionOptions options,
                                                              uint64_t seed, Callbacks callbacks,
                                                              const webhook::Log* log);
  // Stop.
  ~LeaderElector();

  // Takes part no longer; gives the Lease up if it is held, within about its renew deadline.
  void Stop();

  bool leads() const { return leads_; }
  // Who held the Lease when it was last seen.
  std::string holder() const;

 private:
  LeaderElector(std::unique_ptr<RequestSender> sender, ElectionOptions options, uint64_t seed, Callbacks callbacks,
                const webhook::Log* log);
  void Run();
  void Report(bool led);

  const std::unique_ptr<RequestSender> sender_;
  const absl::Duration timeout_;
  const Callbacks callbacks_;
  const webhook::Log* const log_;
  LeaderElection election_;  // the thread's own
  std::string last_problem_, last_holder_;
  StopSignal stop_;
  std::atomic<bool> leads_{false};
  mutable std::mutex mutex_;
  std::string holder_;
  std::thread thread_;  // last
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_LEADER_ELECTOR_H_
