// From the bytes of an AdmissionReview to the bytes of the answer, without the network.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/testing/review_builder.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

// A Job as kubectl sends it through an API server: about 2 kB as a review.
json JobObject(int containers) {
  json container = {
      {"name", "main"},
      {"image", "registry.example.com/team/training:2026.11"},
      {"imagePullPolicy", "IfNotPresent"},
      {"command", {"python", "-m", "train", "--config=/etc/train/config.yaml"}},
      {"env", json::array({{{"name", "NCCL_DEBUG"}, {"value", "INFO"}}, {{"name", "FI_PROVIDER"}, {"value", "efa"}}})},
      {"resources",
       {{"requests", {{"cpu", "32"}, {"memory", "256Gi"}, {"nvidia.com/gpu", "8"}}},
        {"limits", {{"nvidia.com/gpu", "8"}}}}},
      {"terminationMessagePath", "/dev/termination-log"},
      {"terminationMessagePolicy", "File"}};
  json job = {
      {"apiVersion", "batch/v1"},
      {"kind", "Job"},
      {"metadata",
       {{"name", "train-17"},
        {"namespace", "team-a"},
        {"labels", {{"kueue.x-k8s.io/queue-name", "team-a-queue"}, {"kueue.x-k8s.io/priority-class", "training"}}}}},
      {"spec",
       {{"backoffLimit", 0},
        {"completionMode", "Indexed"},
        {"completions", 4},
        {"parallelism", 4},
        {"suspend", false},
        {"template",
         {{"metadata",
           {{"annotations", {{"kueue.x-k8s.io/podset-required-topology", "topology.k8s.aws/network-node-layer-3"}}}}},
          {"spec",
           {{"containers", json::array()},
            {"dnsPolicy", "ClusterFirst"},
            {"restartPolicy", "Never"},
            {"schedulerName", "default-scheduler"},
            {"securityContext", json::object()},
            {"tolerations", json::array({{{"key", "nvidia.com/gpu"}, {"operator", "Exists"}}})},
            {"terminationGracePeriodSeconds", 30}}}}}}},
      {"status", json::object()}};
  for (int i = 0; i < containers; ++i) job["spec"]["template"]["spec"]["containers"].push_back(container);
  return job;
}

void Answer(benchmark::State& state, const std::string& path, const std::string& body) {
  CachedClusterState cluster;
  if (!cluster.Upsert({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "team-a"}}}}).ok())
    std::abort();
  const Router router(DefaultWebhookConfig(), &cluster);
  for (auto _ : state) benchmark::DoNotOptimize(router.Answer(path, "application/json", body));
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(body.size());
}

void BM_MutateJob(benchmark::State& state) {
  Answer(state, "/mutate-batch-v1-job", ReviewText("CREATE", JobObject(1)));
}
void BM_ValidateJob(benchmark::State& state) {
  Answer(state, "/validate-batch-v1-job", ReviewText("CREATE", JobObject(1)));
}
void BM_ValidateJobUpdate(benchmark::State& state) {
  Answer(state, "/validate-batch-v1-job", ReviewText("UPDATE", JobObject(1), JobObject(1)));
}
void BM_MutateLargeJob(benchmark::State& state) {
  Answer(state, "/mutate-batch-v1-job", ReviewText("CREATE", JobObject(100)));
}
void BM_ParseAlone(benchmark::State& state) {
  const std::string body = ReviewText("CREATE", JobObject(1));
  for (auto _ : state) benchmark::DoNotOptimize(json::parse(body));
}

BENCHMARK(BM_MutateJob)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_ValidateJob)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_ValidateJobUpdate)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_MutateLargeJob)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_ParseAlone)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace muster::webhook
