#include "webhook/serving/worker_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "webhook/serving/monotonic.h"

namespace muster::webhook {
namespace {

std::shared_ptr<Job> MakeJob(std::string path, bool large = false) {
  auto job = std::make_shared<Job>();
  job->request.path = std::move(path);
  job->large = large;
  job->submitted = MonotonicNow();
  return job;
}

// The loop of a server, as far as the pool sees it. Returns when `n` jobs are done.
std::vector<std::shared_ptr<Job>> Await(WorkerPool* pool, size_t n) {
  std::vector<std::shared_ptr<Job>> done;
  const absl::Time start = MonotonicNow();
  while (done.size() < n && MonotonicNow() - start < absl::Seconds(20)) {
    absl::SleepFor(absl::Milliseconds(1));
    pool->Tend(MonotonicNow());
    for (auto& job : pool->TakeDone()) done.push_back(std::move(job));
  }
  EXPECT_EQ(done.size(), n);
  return done;
}

// Lets jobs of the path "/wait" go on together.
class Gate {
 public:
  void Pass(const Job& job) {
    absl::MutexLock lock(&mutex_);
    if (job.request.path == "/wait") mutex_.Await(absl::Condition(&open_));
  }
  void Open() {
    absl::MutexLock lock(&mutex_);
    open_ = true;
  }

 private:
  absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST(WorkerPoolTest, AnswersAll) {
  std::atomic<int> told{0};
  WorkerPool pool(
      {.workers = 4}, [](Job* job) { job->response.body = job->request.path; }, [&] { ++told; });
  for (int i = 0; i < 1000; ++i) pool.Submit(MakeJob(std::to_string(i), i % 3 == 0));
  for (const auto& job : Await(&pool, 1000)) EXPECT_EQ(job->response.body, job->request.path);
  EXPECT_GT(told, 0);
  EXPECT_EQ(pool.unfinished(), 0u);
}

TEST(WorkerPoolTest, WhatIsThrownIsAnAnswer) {
  WorkerPool pool(
      {.workers = 1}, [](Job*) { throw std::runtime_error("no"); }, [] {});
  pool.Submit(MakeJob("/"));
  EXPECT_EQ(Await(&pool, 1)[0]->response.status, 503);
}

TEST(WorkerPoolTest, SmallOnesGoOnWhileLargeOnesAreStuck) {
  Gate gate;
  WorkerPool pool(
      {.workers = 2}, [&](Job* job) { gate.Pass(*job); }, [] {});
  for (int i = 0; i < 5; ++i) pool.Submit(MakeJob("/wait", /*large=*/true));
  for (int i = 0; i < 100; ++i) pool.Submit(MakeJob("/"));
  for (const auto& job : Await(&pool, 100)) EXPECT_FALSE(job->large);
  gate.Open();
  Await(&pool, 5);
}

TEST(WorkerPoolTest, OthersHelpOutWhenAllAreKeptWaiting) {
  Gate gate;
  WorkerPool pool(
      {.workers = 2, .max_workers = 8}, [&](Job* job) { gate.Pass(*job); }, [] {});
  for (int i = 0; i < 7; ++i) pool.Submit(MakeJob("/wait"));
  pool.Submit(MakeJob("/"));
  EXPECT_EQ(Await(&pool, 1)[0]->request.path, "/");
  gate.Open();
  Await(&pool, 7);
}

TEST(WorkerPoolTest, WhatNobodyWaitsForIsNotAnswered) {
  Gate gate;
  std::atomic<int> answered{0};
  WorkerPool pool(
      {.workers = 1, .max_workers = 1},
      [&](Job* job) {
        gate.Pass(*job);
        ++answered;
      },
      [] {});
  pool.Submit(MakeJob("/wait"));
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 3; ++i) {
    jobs.push_back(MakeJob("/"));
    jobs.back()->cancelled = i != 1;
    pool.Submit(jobs.back());
  }
  EXPECT_EQ(Await(&pool, 2).size(), 2u);
  gate.Open();
  Await(&pool, 2);
  EXPECT_EQ(answered, 2);
}

// The system's measure of a thread that steps back: its priority.
TEST(WorkerPoolTest, LongAnswersStepBack) {
  std::atomic<bool> stop{false};
  const int before = getpriority(PRIO_PROCESS, 0);
  std::atomic<int> priority{before};
  WorkerPool pool(
      {.workers = 1, .tired_after = absl::Milliseconds(20)},
      [&](Job* job) {
        while (job->request.path == "/burn" && !stop) priority = getpriority(PRIO_PROCESS, 0);
        if (job->request.path == "/") job->response.status = 200 + getpriority(PRIO_PROCESS, 0);
      },
      [] {});
  pool.Submit(MakeJob("/burn"));
  const absl::Time start = MonotonicNow();
  while (priority == before && MonotonicNow() - start < absl::Seconds(20)) {
    absl::SleepFor(absl::Milliseconds(1));
    pool.Tend(MonotonicNow());
  }
  EXPECT_GT(priority, before);
  stop = true;
  Await(&pool, 1);
  pool.Submit(MakeJob("/"));  // of another thread, which has not
  EXPECT_EQ(Await(&pool, 1)[0]->response.status, 200 + before);
}

}  // namespace
}  // namespace muster::webhook
