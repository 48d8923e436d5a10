// const methods may run side by side, also when the quotas have changed and the forest has to be built first. The
// thread sanitizer finds it if they may not.
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

// What can be read of the engine, in one string.
std::string ReadAll(const Engine& e) {
  std::string out = absl::StrCat(e.HasPendingHeads(), e.IsQuiet(), absl::FormatTime(e.NextTimer()));
  for (const ClusterQueueId cq : e.ClusterQueues()) {
    const std::string& name = e.ClusterQueueName(cq);
    absl::StrAppend(&out, name, e.StatusOf(name).message, e.NumPending(cq), e.FindClusterQueue(name) == cq);
    const quota::NodeId node = e.NodeOfClusterQueue(cq);
    for (const FlavorResource& fr : e.flavor_resources()) {
      absl::StrAppend(&out, e.FlavorName(fr.flavor), e.ResourceName(fr.resource));
    }
    for (int fr = 0; fr < e.forest().num_frs(); ++fr) absl::StrAppend(&out, " ", e.forest().Available(node, fr));
    for (const std::vector<WorkloadId>& place : {e.PendingInOrder(cq), e.Inadmissible(cq), e.Reserving(cq)}) {
      for (const WorkloadId id : place) {
        absl::StrAppend(&out, e.WorkloadKey(id), static_cast<int>(e.Phase(id)), e.IsEvicted(id));
        for (const FlavorResourceAmount& a : e.ReservedUsage(id)) absl::StrAppend(&out, a.flavor, a.amount);
        absl::StrAppend(&out, e.AdmissionOf(id).has_value());
      }
    }
  }
  for (const std::string& cohort : e.Cohorts()) absl::StrAppend(&out, cohort, e.NodeOfCohort(cohort));
  return out;
}

TEST(ConcurrentReaders, SeeTheSame) {
  for (int round = 0; round < 20; ++round) {
    Engine e = MakeEngine({MakeQueue("x", "team", {{"a", 4}}), MakeQueue("y", "team", {{"a", 4}}, "StrictFIFO")});
    for (int i = 0; i < 6; ++i) e.Apply(MakeWorkload(absl::StrCat("w", i), i % 2 == 0 ? "x" : "y", 1, 2, i), At(i));
    for (int i = 0; i < 4; ++i) e.RunCycle(At(10));
    // The quotas change, and nobody has looked since.
    e.Apply(MakeQueue("x", "team", {{"a", 2}, {"b", 3}}), At(11));
    e.Apply(MakeQueue("z", "other", {{"b", 1}}), At(11));
    std::vector<std::string> seen(4);
    std::atomic<int> ready = 0;
    std::vector<std::thread> threads;
    for (std::string& text : seen) {
      threads.emplace_back([&e, &text, &ready, &seen] {
        ++ready;
        while (ready < static_cast<int>(seen.size())) std::this_thread::yield();
        text = ReadAll(e);
      });
    }
    for (std::thread& t : threads) t.join();
    for (const std::string& text : seen) EXPECT_EQ(text, ReadAll(e));
    EXPECT_NE(seen[0].find("ns/w0"), std::string::npos);
  }
}

}  // namespace
}  // namespace muster::scheduler
