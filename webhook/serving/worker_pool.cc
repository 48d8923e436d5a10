#include "webhook/serving/worker_pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <iterator>
#include <system_error>
#include <utility>

#include "webhook/serving/heap.h"
#include "webhook/serving/monotonic.h"

namespace muster::webhook {
namespace {

// A large job is not passed over for longer than this.
constexpr absl::Duration kLargeWaits = absl::Milliseconds(50);
// Large jobs that take long, besides those that do not yet.
constexpr size_t kMaxLargeTired = 8;
// A job that held this much leaves free memory behind that others may want.
constexpr size_t kMuch = size_t{4} << 20;
constexpr size_t kFinished = 1024;
// Of nice(1): a tenth of an ordinary thread's share. Less, and it would not even end when the process does.
constexpr int kLowPriority = 10;

absl::Duration CpuTime(clockid_t clock) {
  timespec time = {};
  return clock_gettime(clock, &time) == 0 ? absl::DurationFromTimespec(time) : absl::ZeroDuration();
}

}  // namespace

WorkerPool::WorkerPool(Options options, std::function<void(Job*)> answer, std::function<void()> done)
    : options_(options), answer_(std::move(answer)), done_(std::move(done)) {
  std::lock_guard<std::mutex> lock(mutex_);
  finished_.reserve(kFinished);
  for (int i = 0; i < options_.workers && StartWorker(); ++i) {
  }
}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    small_.clear();
    large_.clear();
  }
  wake_.notify_all();
  for (Worker& worker : workers_) worker.thread.join();
}

bool WorkerPool::StartWorker() {
  Worker& worker = workers_.emplace_back();
  try {
    worker.thread = std::thread([this, &worker] { Run(&worker); });
  } catch (const std::system_error&) {  // no thread to be had now: Tend tries again
    workers_.pop_back();
    return false;
  }
  ++alive_;
  return true;
}

void WorkerPool::Submit(std::shared_ptr<Job> job) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    (job->large ? large_ : small_).push_back(std::move(job));
  }
  wake_.notify_one();
}

void WorkerPool::ReleaseMemory() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    release_ = true;
  }
  wake_.notify_one();
}

std::vector<std::shared_ptr<Job>> WorkerPool::TakeDone() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::shared_ptr<Job>> taken(std::make_move_iterator(finished_.begin()),
                                          std::make_move_iterator(finished_.end()));
  finished_.clear();  // keeps its place: a worker that is done needs no memory to say so
  return taken;
}

size_t WorkerPool::unfinished() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return small_.size() + large_.size() + running_;
}

size_t WorkerPool::running() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return running_;
}

bool WorkerPool::MayRunLarge() const {
  const size_t at_once = std::max<size_t>(1, static_cast<size_t>(options_.workers) / 2);
  return large_running_ - large_tired_ < at_once && large_tired_ < kMaxLargeTired;
}

std::shared_ptr<Job> WorkerPool::Next(absl::Time now) {
  const bool large = !large_.empty() && MayRunLarge();
  if (small_.empty() && !large) return nullptr;
  const bool large_first = large && (small_.empty() || now - large_.front()->submitted > kLargeWaits);
  std::deque<std::shared_ptr<Job>>& queue = large_first ? large_ : small_;
  std::shared_ptr<Job> job = std::move(queue.front());
  queue.pop_front();
  return job;
}

void WorkerPool::Answer(Job* job) const {
  if (job->cancelled) return;
  try {
    answer_(job);
  } catch (const std::exception&) {  // no memory, above all
    job->response = HttpResponse();
    job->response.status = 503;
    job->response.body = "there was no memory to answer; try again\n";
  }
}

void WorkerPool::Run(Worker* self) {
  std::unique_lock<std::mutex> lock(mutex_);
  self->tid = static_cast<int>(syscall(SYS_gettid));
  pthread_getcpuclockid(pthread_self(), &self->clock);
  while (!stop_ && !self->tired) {
    if (release_) {
      release_ = false;
      lock.unlock();
      ReleaseFreeMemory();
      lock.lock();
      continue;
    }
    std::shared_ptr<Job> job = Next(MonotonicNow());
    if (job == nullptr) {
      if (alive_ > static_cast<size_t>(options_.workers)) break;  // was here to help out
      ++idle_;
      wake_.wait(lock);
      --idle_;
      continue;
    }
    self->running = true;
    self->large = job->large;
    self->cpu_at_start = CpuTime(self->clock);
    ++running_;
    if (self->large) ++large_running_;
    lock.unlock();
    const bool much = job->cost + job->held >= kMuch;
    Answer(job.get());
    std::string().swap(job->request.body);
    lock.lock();
    self->running = false;
    --running_;
    if (self->large) {
      --large_running_;
      if (self->tired) --large_tired_;
    }
    finished_.push_back(std::move(job));
    const bool first = finished_.size() == 1;
    lock.unlock();
    if (first) done_();
    lock.lock();
    release_ |= much;
  }
  --alive_;
  self->gone = true;
}

void WorkerPool::Tend(absl::Time now) {
  std::list<Worker> gone;
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto it = workers_.begin(); it != workers_.end();) {
    const auto next = std::next(it);
    if (it->gone) {
      gone.splice(gone.end(), workers_, it);
    } else if (it->running && !it->tired && CpuTime(it->clock) - it->cpu_at_start > options_.tired_after) {
      // Only downwards: it ends with this answer, and another one takes its place.
      it->tired = true;
      if (it->large) {
        ++large_tired_;
        wake_.notify_one();  // the next large one may begin
      }
      setpriority(PRIO_PROCESS, static_cast<id_t>(it->tid), kLowPriority);
    }
    it = next;
  }
  for (Worker& worker : gone) worker.thread.join();                     // has let go of the lock for the last time
  for (std::deque<std::shared_ptr<Job>>* queue : {&small_, &large_}) {  // nobody waits for these any more
    const auto end = std::stable_partition(queue->begin(), queue->end(),
                                           [](const std::shared_ptr<Job>& job) { return !job->cancelled; });
    finished_.insert(finished_.end(), std::make_move_iterator(end), std::make_move_iterator(queue->end()));
    queue->erase(end, queue->end());
  }
  const size_t waiting = small_.size() + (MayRunLarge() ? large_.size() : 0);
  const absl::Time oldest =
      std::min(small_.empty() ? absl::InfiniteFuture() : small_.front()->submitted,
               large_.empty() || !MayRunLarge() ? absl::InfiniteFuture() : large_.front()->submitted);
  if (waiting > 0 && idle_ == 0 && alive_ < static_cast<size_t>(options_.max_workers) &&
      now - oldest > options_.patience) {
    StartWorker();
  }
  while (alive_ < static_cast<size_t>(options_.workers) && StartWorker()) {
  }
}

}  // namespace muster::webhook
