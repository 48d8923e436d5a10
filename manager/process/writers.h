// Sends what the manager wants written, many at a time, and gives the answers back.
#ifndef MUSTER_MANAGER_PROCESS_WRITERS_H_
#define MUSTER_MANAGER_PROCESS_WRITERS_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/request_budget.h"
#include "kube/client/request_sender.h"
#include "kube/request.h"
#include "manager/loop/manager.h"

namespace muster::manager {

struct WriterOptions {
  int writers = 16;       // writes under way
  int event_writers = 2;  // and of them that are events: those may be late or lost, and hold nobody up
  size_t max_events = 1000;
  kube::SenderOptions sending;
};

struct WriterFigures {
  int64_t waiting = 0, under_way = 0;  // now, events too
  int64_t events_dropped = 0;
};

// Thread-safe.
class Writers {
 public:
  // Called by the writers' threads; `took` is from when it was handed to the sender. For events the id is 0.
  using OnAnswer = std::function<void(const Outgoing&, kube::Response, absl::Duration took)>;

  // `budget` outlives this. Errors: InvalidArgument for credentials that cannot be used.
  static absl::StatusOr<std::unique_ptr<Writers>> Start(const kube::ApiEndpoint& endpoint, WriterOptions options,
                                                        kube::RequestBudget* budget, OnAnswer on_answer);
  // Stop(ZeroDuration()).
  ~Writers();

  void Push(Outgoing outgoing);
  WriterFigures figures() const;

  // What was not sent yet will not be. Waits at most `patience` for the answers to what was, then for nothing. True when
  // all were answered. The budget is stopped.
  bool Stop(absl::Duration patience);

 private:
  struct Lane {
    std::deque<Outgoing> waiting;
    int64_t under_way = 0;
    std::condition_variable more;
  };
  Writers(WriterOptions options, kube::RequestBudget* budget, OnAnswer on_answer)
      : options_(options), budget_(*budget), on_answer_(std::move(on_answer)) {}
  void Run(kube::RequestSender* sender, Lane* lane);

  const WriterOptions options_;
  kube::RequestBudget& budget_;
  const OnAnswer on_answer_;
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  Lane writes_, events_;
  int64_t events_dropped_ = 0;
  bool stopping_ = false;
  std::vector<std::unique_ptr<kube::RequestSender>> senders_;
  std::vector<std::thread> threads_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_WRITERS_H_
