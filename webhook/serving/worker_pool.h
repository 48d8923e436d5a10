// Threads that answer requests, for a loop that must never wait for one. Internal to webhook/serving/.
//
// - Small requests go first; large ones (Job::large) run on a part of the workers, so that they cannot hold up all.
// - A worker that is kept waiting by others (a look-up) is joined by another after a moment, up to a limit.
// - An answer that takes long goes on at a low priority, so that others are hardly slowed by it.
#ifndef MUSTER_WEBHOOK_SERVING_WORKER_POOL_H_
#define MUSTER_WEBHOOK_SERVING_WORKER_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "webhook/serving/http_message.h"
#include "webhook/serving/peers.h"

namespace muster::webhook {

// A request on its way to an answer. The pool owns all of it from Submit to TakeDone, but for `cancelled`.
struct Job {
  uint64_t connection = 0;
  HttpRequest request;
  HttpResponse response;
  bool large = false;
  bool head = false;                   // asked by HEAD
  bool keep_alive = true;              // what the client wants
  Peer* peer = nullptr;                // these four are the loop's
  size_t held = 0;                     // bytes of the body
  size_t cost = 0;                     // bytes that answering it takes
  bool started = false;                // the cost is counted
  std::atomic<bool> cancelled{false};  // nobody waits for the answer
  absl::Time submitted;
};

// Thread-safe, but for Tend, which one thread calls.
class WorkerPool {
 public:
  struct Options {
    int workers = 2;                                       // always there
    int max_workers = 32;                                  // while some are kept waiting
    absl::Duration patience = absl::Milliseconds(10);      // a job waits this long before another worker is started
    absl::Duration tired_after = absl::Milliseconds(100);  // of processor time for one answer
  };

  // `answer` fills job->response from job->request; what it throws becomes a 503. `done` is called by a worker, when a
  // job is there to be taken and none was before.
  WorkerPool(Options options, std::function<void(Job*)> answer, std::function<void()> done);
  // Waits for the answers being made; what is queued is dropped.
  ~WorkerPool();

  void Submit(std::shared_ptr<Job> job);
  std::vector<std::shared_ptr<Job>> TakeDone();
  // Has a worker give free memory back to the system.
  void ReleaseMemory();
  // Starts workers where some are missing and looks after those that take long. Call it every few milliseconds while
  // busy().
  void Tend(absl::Time now);
  // Jobs that are queued or being answered.
  size_t unfinished() const;
  // Those being answered.
  size_t running() const;

 private:
  struct Worker {
    std::thread thread;
    int tid = 0;  // of the system
    clockid_t clock = 0;
    bool running = false, tired = false, gone = false;
    bool large = false;
    absl::Duration cpu_at_start;
  };

  // All with mutex_ held.
  bool StartWorker();
  std::shared_ptr<Job> Next(absl::Time now);
  bool MayRunLarge() const;

  void Run(Worker* self);
  void Answer(Job* job) const;

  const Options options_;
  const std::function<void(Job*)> answer_;
  const std::function<void()> done_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> small_, large_;
  std::vector<std::shared_ptr<Job>> finished_;
  std::list<Worker> workers_;
  size_t alive_ = 0, idle_ = 0, running_ = 0, large_running_ = 0, large_tired_ = 0;
  bool stop_ = false, release_ = false;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_WORKER_POOL_H_
