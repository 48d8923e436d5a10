// A whole replay without its files: 10,000 rows of the Standard Workload Format are read, wait in one strict queue that
// gets longer and longer, start in their order and end.
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/guards/measured.h"
#include "sim/replay/policy.h"
#include "sim/replay/simulation.h"
#include "sim/trace/split_mix.h"
#include "sim/trace/trace.h"

namespace muster::bench {
namespace {

constexpr int64_t kJobs = 10000;
constexpr int64_t kProcessors = 128;

// One to 64 processors, for up to an hour; one and a half times as much as there is room for.
std::string Rows() {
  sim::SplitMix64 random(1);
  std::string rows = "; MaxProcs: 128\n";
  int64_t submit_s = 0;
  for (int64_t id = 1; id <= kJobs; ++id) {
    const int64_t processors = int64_t{1} << (random.Next() % 7);
    const auto run_s = static_cast<int64_t>(1 + random.Next() % 3600);
    submit_s += static_cast<int64_t>(random.Next() % 340);
    absl::StrAppend(&rows, id, " ", submit_s, " 10 ", run_s, " ", processors, " -1 -1 ", processors, " ",
                    (run_s / 900 + 1) * 900, " 1200000 1 ", random.Next() % 150, " 5 -1 1 -1 -1 -1\n");
  }
  return rows;
}

sim::ReplayPolicy OneQueue() {
  api::ResourceFlavor flavor;
  flavor.metadata.name = "any";
  api::ClusterQueue queue;
  queue.metadata.name = "default";
  queue.queueing_strategy = "StrictFIFO";
  queue.namespace_selector.emplace();
  queue.resource_groups = {{{"cpu"}, {{"any", {{"cpu", api::Quantity::FromValue(kProcessors), {}, {}}}}}}};
  const std::vector<api::Object> objects = {flavor, queue};
  return *sim::MakePolicy(objects);
}

void Run() {
  std::istringstream rows(Rows());
  const sim::Mapping mapping = sim::Mapping::ForFormat(sim::Format::kSwf);
  sim::ReplayPolicy policy = OneQueue();
  int64_t finished = 0, longest = 0;
  Measured([&] {
    const auto trace = sim::ReadTrace(&rows, "rows", mapping);
    if (!trace.ok()) return;
    const auto result = sim::Simulate(*trace, std::move(policy), {}, {});
    if (!result.ok()) return;
    finished = result->metrics.total.finished;
    longest = result->metrics.total.peak_queue;
  });
  Expect(finished == kJobs, "all jobs are read, start and end");
  Expect(longest > kJobs / 10, "the queue gets long");
}

}  // namespace
}  // namespace muster::bench

int main() { muster::bench::Run(); }
