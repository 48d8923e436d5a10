// What events cost an engine that has much: 5,000 ClusterQueues and LocalQueues, 100,000 workloads that wait. Objects
// told again and changed, one head among idle queues, chains of cohorts.
//
//   bazel run -c opt //bench:events_benchmark
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/world.h"

namespace muster::bench {
namespace {

constexpr int kQueues = 5000, kWorkloads = 100000;

api::ClusterQueue Queue(int i, int64_t cpus = 20) {
  api::ClusterQueue queue;
  queue.metadata.name = QueueName(i);
  queue.cohort_name = absl::StrCat("cohort-", i / 10);
  queue.namespace_selector.emplace();
  queue.preemption = {"Any", {}, "LowerPriority"};
  queue.admission_checks = {{"check", {}}};
  api::ResourceGroup& group = queue.resource_groups.emplace_back();
  group.covered_resources = {"cpu"};
  group.flavors = {{"flavor-0", {{"cpu", api::Quantity::FromValue(cpus), {}, {}}}}};
  return queue;
}
api::LocalQueue LocalQueue(int i) {
  api::LocalQueue queue;
  queue.metadata.ns = "ns";
  queue.metadata.name = queue.cluster_queue = QueueName(i);
  return queue;
}
api::ResourceFlavor Flavor() {
  api::ResourceFlavor flavor;
  flavor.metadata.name = "flavor-0";
  flavor.node_labels["type"] = "flavor-0";
  return flavor;
}
api::AdmissionCheck Check() {
  api::AdmissionCheck check;
  check.metadata.name = "check";
  check.conditions = {{"Active", "True", "Active", "", At(0), {}}};
  return check;
}
api::Namespace Namespace() {
  api::Namespace ns;
  ns.metadata.name = "ns";
  return ns;
}

scheduler::Engine& Large() {
  static scheduler::Engine* const engine = [] {
    auto* e = new scheduler::Engine(MakeEngine({0, 0, 1, 0}));
    e->Apply(Check(), At(0));
    for (int i = 0; i < kQueues; ++i) {
      e->Apply(Queue(i), At(0));
      e->Apply(LocalQueue(i), At(0));
    }
    for (int i = 0; i < kWorkloads; ++i) e->Apply(MakeWorkload(i, i % kQueues, 1), At(0));
    e->HasPendingHeads();
    return e;
  }();
  return *engine;
}

// As kubelets report it every few seconds.
api::Node Node() {
  api::Node node;
  node.metadata.name = "node";
  node.metadata.labels = {{"kubernetes.io/hostname", "node"}, {"rack", "r"}};
  node.conditions.push_back(api::Condition{"Ready", "True", "KubeletReady", "", absl::UnixEpoch(), {}});
  return node;
}

template <typename Object>
void Unchanged(benchmark::State& state, Object object) {
  scheduler::Engine& e = Large();
  int64_t ms = 1;
  for (auto _ : state) {
    object.metadata.resource_version = absl::StrCat(++ms);
    e.Apply(object, At(ms));
    benchmark::DoNotOptimize(e.IsQuiet());
  }
}

// Quotas grow and shrink; the next look builds the tree of ten ClusterQueues anew.
void ChangedClusterQueue(benchmark::State& state) {
  scheduler::Engine& e = Large();
  int64_t ms = 1;
  for (auto _ : state) {
    ++ms;
    e.Apply(Queue(17, 20 + ms % 2), At(ms));
    benchmark::DoNotOptimize(e.IsQuiet());
    e.Advance(At(ms));
  }
}

// Held and let go: its twenty workloads leave the ClusterQueue and come back.
void ChangedLocalQueue(benchmark::State& state) {
  scheduler::Engine& e = Large();
  api::LocalQueue queue = LocalQueue(17);
  int64_t ms = 1;
  for (auto _ : state) {
    queue.stop_policy = ++ms % 2 == 0 ? "Hold" : "";
    e.Apply(queue, At(ms));
    benchmark::DoNotOptimize(e.IsQuiet());
  }
  queue.stop_policy = "";
  e.Apply(queue, At(ms));
}

// Deleted and made again.
void ClusterQueueComesBack(benchmark::State& state) {
  scheduler::Engine& e = Large();
  int64_t ms = 1;
  for (auto _ : state) {
    e.DeleteClusterQueue(QueueName(17));
    e.Apply(Queue(17), At(++ms));
    benchmark::DoNotOptimize(e.IsQuiet());
    e.Advance(At(ms));
  }
}

// The check of all 5,000 is not ready any more, and then is again.
void CheckComesAndGoes(benchmark::State& state) {
  scheduler::Engine& e = Large();
  int64_t ms = 1;
  for (auto _ : state) {
    api::AdmissionCheck check = Check();
    if (++ms % 2 == 0) check.conditions.clear();
    e.Apply(check, At(ms));
    benchmark::DoNotOptimize(e.IsQuiet());
    e.Advance(At(ms));
  }
  e.Apply(Check(), At(ms));
}

// A head that fits nowhere in one of many ClusterQueues, looked at again and again.
void OneHeadAmongIdleQueues(benchmark::State& state) {
  scheduler::Engine e = MakeEngine({static_cast<int>(state.range(0)) / 10, 10, 1, 20});
  int64_t ms = 1;
  for (auto _ : state) {
    api::Workload w = MakeWorkload(0, 17, 1000);
    w.metadata.generation = ++ms;
    e.Apply(w, At(ms));
    benchmark::DoNotOptimize(e.RunCycle(At(ms)));
  }
}

// So many cohorts, each the parent of the next, told from the root or towards it; then all are deleted.
void CohortChain(benchmark::State& state) {
  const int depth = static_cast<int>(state.range(0));
  const bool from_the_root = state.range(1) == 1;
  for (auto _ : state) {
    scheduler::Engine e = MakeEngine({1, 1, 1, 1});
    const auto name = [](int level) { return absl::StrCat("level-", level); };
    for (int i = 1; i < depth; ++i) {
      api::Cohort cohort;
      const int level = from_the_root ? i : depth - i;
      cohort.metadata.name = name(level);
      cohort.parent_name = name(level - 1);
      e.Apply(cohort, At(0));
    }
    api::ClusterQueue deepest = Queue(0);
    deepest.cohort_name = name(depth - 1);
    e.Apply(deepest, At(0));
    benchmark::DoNotOptimize(e.IsQuiet());
    for (int i = 1; i < depth; ++i) e.DeleteCohort(name(i));
    benchmark::DoNotOptimize(e.IsQuiet());
  }
}

BENCHMARK_CAPTURE(Unchanged, Node, Node());
BENCHMARK_CAPTURE(Unchanged, ClusterQueue, Queue(17));
BENCHMARK_CAPTURE(Unchanged, LocalQueue, LocalQueue(17));
BENCHMARK_CAPTURE(Unchanged, ResourceFlavor, Flavor());
BENCHMARK_CAPTURE(Unchanged, AdmissionCheck, Check());
BENCHMARK_CAPTURE(Unchanged, Namespace, Namespace());
BENCHMARK(ChangedClusterQueue);
BENCHMARK(ChangedLocalQueue);
BENCHMARK(ClusterQueueComesBack);
BENCHMARK(CheckComesAndGoes);
BENCHMARK(OneHeadAmongIdleQueues)->Arg(10)->Arg(10000)->ArgName("queues");
BENCHMARK(CohortChain)
    ->Args({1000, 1})
    ->Args({200000, 1})
    ->Args({200000, 0})
    ->ArgNames({"cohorts", "from_root"})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace muster::bench
