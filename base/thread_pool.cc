#include "base/thread_pool.h"

#include "base/check.h"

namespace muster::base {

ThreadPool::ThreadPool(int threads) {
  MUSTER_CHECK(threads >= 1, std::to_string(threads) + " threads");
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  begin_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::TakePieces() {
  for (int i = next_.fetch_add(1, std::memory_order_relaxed); i < n_;
       i = next_.fetch_add(1, std::memory_order_relaxed)) {
    (*task_)(i);
  }
}

void ThreadPool::Work() {
  std::unique_lock lock(mutex_);
  for (uint64_t seen = 0;;) {
    begin_.wait(lock, [&] { return stop_ || round_ != seen; });
    if (stop_) return;
    seen = round_;
    lock.unlock();
    TakePieces();
    lock.lock();
    if (--working_ == 0) end_.notify_one();
  }
}

void ThreadPool::Run(int n, const std::function<void(int)>& task) {
  if (workers_.empty() || n <= 1) {
    for (int i = 0; i < n; ++i) task(i);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    n_ = n;
    task_ = &task;
    next_.store(0, std::memory_order_relaxed);
    working_ = static_cast<int>(workers_.size());
    ++round_;
  }
  begin_.notify_all();
  TakePieces();
  std::unique_lock lock(mutex_);
  end_.wait(lock, [this] { return working_ == 0; });
}

}  // namespace muster::base
