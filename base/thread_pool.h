// Threads that stand by for work that comes in pieces.
//
// Cost: the threads are started once; a Run wakes them, about ten microseconds, so it is for work that takes longer.
// Thread-safety: one Run at a time.
#ifndef MUSTER_BASE_THREAD_POOL_H_
#define MUSTER_BASE_THREAD_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/executor.h"

namespace muster::base {

class ThreadPool : public Executor {
 public:
  // `threads` count the one that calls Run, which takes part. REQUIRES: threads >= 1.
  explicit ThreadPool(int threads);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void Run(int n, const std::function<void(int)>& task) override;

 private:
  void Work();
  // Takes pieces until none is left.
  void TakePieces();

  std::mutex mutex_;
  std::condition_variable begin_, end_;
  // Under mutex_.
  uint64_t round_ = 0;
  int working_ = 0;  // workers that have not finished this round
  bool stop_ = false;
  // Set while no worker works.
  int n_ = 0;
  const std::function<void(int)>* task_ = nullptr;

  std::atomic<int> next_ = 0;
  std::vector<std::thread> workers_;
};

}  // namespace muster::base

#endif  // MUSTER_BASE_THREAD_POOL_H_
