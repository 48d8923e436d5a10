// Heads popped and put back, and whole classes of equivalent workloads parked and woken.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/queue/pending_queue.h"

namespace muster::scheduler {
namespace {

// `n` workloads in three classes: priorities 0, 1 and 2.
class Queue {
 public:
  explicit Queue(int n) {
    for (int i = 0; i < n; ++i) uids_.push_back("u" + std::to_string(i));
    for (int i = 0; i < n; ++i) queue.PushHeap(Item(i));
  }
  QueueItem Item(int i) const {
    return {{i % 3, absl::FromUnixSeconds(i), uids_[i], WorkloadId(i, 0)}, /*equivalence=*/i % 3, /*local_queue=*/0};
  }
  PendingQueue queue;

 private:
  std::vector<std::string> uids_;
};

void BM_PopAndPushBack(benchmark::State& state) {
  Queue q(static_cast<int>(state.range(0)));
  for (auto _ : state) q.queue.PushHeap(q.Item(q.queue.Pop()));
}
BENCHMARK(BM_PopAndPushBack)->Arg(100)->Arg(10000);

void BM_AddAndRemove(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  Queue q(n);
  int i = 0;
  for (auto _ : state) {
    q.queue.Remove(WorkloadId(i, 0));
    q.queue.PushHeap(q.Item(i));
    i = (i + 7919) % n;
  }
}
BENCHMARK(BM_AddAndRemove)->Arg(100)->Arg(10000);

// What a workload that ends costs its tree: everything parked wakes, is found hopeless again and parks. The time must
// not depend on how many are parked.
void BM_WakeAndParkAll(benchmark::State& state) {
  Queue q(static_cast<int>(state.range(0)));
  for (int e = 0; e < 3; ++e) q.queue.ParkEquivalent(e, PendingReason::kWaitingForQuota);
  for (auto _ : state) {
    q.queue.Reactivate([](int) { return true; }, [](WorkloadId) { return true; });
    for (int e = 2; e >= 0; --e) {
      const WorkloadId head = q.queue.Pop();
      q.queue.Park(q.Item(head), /*held=*/false);
      q.queue.ParkEquivalent(e, PendingReason::kWaitingForQuota);
    }
  }
}
BENCHMARK(BM_WakeAndParkAll)->Arg(100)->Arg(10000);

}  // namespace
}  // namespace muster::scheduler
