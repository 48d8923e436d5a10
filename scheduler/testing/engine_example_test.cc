// The example of engine.h and of the README, compiled and run; and that it is what stands there.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

// The job's pods are `pods` of 2 GPUs each; the queue has 8. Returns who was started.
std::vector<WorkloadId> RunExample(int32_t pods) {
  const absl::Time now = At(10), later = At(20);
  std::vector<WorkloadId> started, stopped;
  const auto Start = [&](WorkloadId id) { started.push_back(id); };
  const auto Stop = [&](WorkloadId id) { stopped.push_back(id); };
  const api::Namespace name_space = MakeNamespace("ns");
  const api::ResourceFlavor flavor = MakeFlavor("a");
  const api::ClusterQueue cluster_queue = MakeQueue("q", "", {{"a", 8}}, "StrictFIFO");
  const api::LocalQueue local_queue = MakeLocalQueue("ns", "q", "q");
  const api::Workload workload = MakeWorkload("job", "q", pods, 2, 1);
  // [example]
  Engine engine(EngineOptions::Default());
  engine.Apply(name_space, now);
  engine.Apply(flavor, now);
  engine.Apply(cluster_queue, now);
  engine.Apply(local_queue, now);
  const WorkloadId job = engine.Apply(workload, now);
  engine.Advance(now);
  while (!engine.IsQuiet()) {
    const CycleResult cycle = engine.RunCycle(now);
    for (const Decision& d : cycle.entries) {
      if (d.outcome == Outcome::kAdmitted) Start(d.workload);
      for (const PreemptionTarget& victim : d.targets) {
        if (!victim.newly_evicted) continue;
        Stop(victim.workload);
        engine.CompleteEviction(victim.workload, now);
      }
    }
    engine.Advance(now);
  }
  // Nothing more comes of it before engine.NextTimer(), or before something happens:
  engine.Finish(job, later);
  // [/example]
  EXPECT_EQ(engine.Phase(job), WorkloadPhase::kFinished);
  EXPECT_TRUE(stopped.empty());
  return started;
}

TEST(EngineExample, StartsAJobThatFits) { EXPECT_EQ(RunExample(4).size(), 1u); }

TEST(EngineExample, EndsForAJobThatStaysInFrontOfItsQueue) { EXPECT_EQ(RunExample(5).size(), 0u); }

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.good()) << path;
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// The lines after the first `size` characters, as far as they are longer.
std::string Without(const std::string& line, size_t size) { return line.size() > size ? line.substr(size) : ""; }

// The block of `lines` that begins with `first` after `indent`, as long as the indent goes on.
std::string Block(const std::vector<std::string>& lines, const std::string& indent, const std::string& first) {
  std::string out;
  bool in = false;
  for (const std::string& line : lines) {
    if (!in && line != indent + first) continue;
    if (line.compare(0, indent.size(), indent) != 0) break;
    in = true;
    out += Without(line, indent.size()) + "\n";
  }
  return out;
}

TEST(EngineExample, IsWhatTheHeaderAndTheReadmeShow) {
  std::string code;
  size_t indent = 0;
  bool in = false;
  for (const std::string& line : LinesOf("scheduler/testing/engine_example_test.cc")) {
    if (line.find("// [example]") == line.find_first_not_of(' ') && line.find("// [example]") != std::string::npos) {
      in = true;
      indent = line.find("// [example]");
    } else if (line.find("// [/example]") != std::string::npos) {
      break;
    } else if (in) {
      code += Without(line, indent) + "\n";
    }
  }
  ASSERT_NE(code.find("while (!engine.IsQuiet()) {\n"), std::string::npos);
  const std::string first = code.substr(0, code.find('\n'));
  EXPECT_EQ(Block(LinesOf("scheduler/engine.h"), "//   ", first), code);
  EXPECT_EQ(Block(LinesOf("README.md"), "    ", first), code);
}

}  // namespace
}  // namespace muster::scheduler
