// libFuzzer target: whatever passes reading, defaulting and validation becomes a policy the engine takes, or an error.
// A job in every queue is then decided about; nothing may crash and no quota may be used twice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "api/load.h"
#include "sim/replay/policy.h"
#include "sim/replay/simulation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace muster;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const api::LoadResult loaded = api::LoadText(text, "policy.yaml", {.set_defaults = true, .validate = true});
  std::vector<api::Object> objects;
  for (const api::Decoded& decoded : loaded.objects) objects.push_back(decoded.object);
  absl::StatusOr<sim::ReplayPolicy> policy = sim::MakePolicy(objects);
  if (!policy.ok()) {
    if (policy.status().message().empty()) std::abort();
    return 0;
  }
  sim::Trace trace;
  for (const api::ClusterQueue& cq : policy->cluster_queues) {
    sim::Job job;
    job.id = cq.metadata.name;
    job.duration_s = 10;
    sim::JobShape shape;
    shape.queue = cq.metadata.name;
    sim::PodGroup pods;
    pods.count = 2;
    for (const api::ResourceGroup& group : cq.resource_groups) {
      for (const std::string& resource : group.covered_resources) {
        pods.requests[resource] = api::Quantity::FromValue(1);
      }
    }
    shape.pods = {pods};
    trace.Add(job, shape);
    job.id += "-again";
    shape.priority = 5;
    trace.Add(std::move(job), std::move(shape));
  }
  const absl::StatusOr<sim::SimulationResult> result = sim::Simulate(trace, *std::move(policy), {}, {});
  if (!result.ok() && result.status().message().empty()) std::abort();
  return 0;
}
