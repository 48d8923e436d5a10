// Pods and nodes of cluster-trace-gpu-v2023, in rows made up after its description.
#include "sim/trace/openb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "sim/trace/trace.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;

constexpr char kHeader[] =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n";

absl::StatusOr<Trace> Read(const std::string& rows) {
  std::istringstream in(kHeader + rows);
  return ReadTrace(&in, "t", Mapping::ForFormat(Format::kOpenb));
}

TEST(OpenbTest, PodsAskForSharesOfGpusAndForModels) {
  const auto trace = Read(
      "shared,6000,12288,1,460,,LS,Succeeded,100,400,150\n"
      "whole,500,1,8,1000,A|B,BE,Running,100,400,100\n"
      "cpu,500,1,0,0,,Guaranteed,Failed,100.0,400.0,100.0\n"
      "never,500,1,1,1000,,LS,Pending,100,400,\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->bad_rows, 0) << FormatProblem(*trace, trace->problems.at(0));
  ASSERT_EQ(trace->jobs.size(), 3u);
  const JobShape& shared = trace->ShapeOf(trace->jobs[0]);
  EXPECT_EQ(trace->jobs[0].duration_s, 250);
  EXPECT_EQ(shared.queue, "ls");
  EXPECT_EQ(shared.pods[0].requests.at(std::string(kGpuMilli)).Value(), 460);
  EXPECT_EQ(shared.pods[0].requests.at("cpu").MilliValue(), 6000);
  EXPECT_EQ(shared.pods[0].requests.at("memory").Value(), int64_t{12288} << 20);
  const JobShape& whole = trace->ShapeOf(trace->jobs[1]);
  EXPECT_EQ(whole.pods[0].requests.at(std::string(kGpuMilli)).Value(), 8000);
  EXPECT_EQ(whole.node_selector.at(std::string(kGpuModelLabel)), "A|B");
  EXPECT_FALSE(trace->ShapeOf(trace->jobs[2]).pods[0].requests.contains(std::string(kGpuMilli)));
  ASSERT_EQ(trace->remarks.size(), 2u);
  EXPECT_THAT(trace->remarks[1].text, HasSubstr("never scheduled"));
}

TEST(OpenbTest, BrokenRowsSayWhy) {
  for (const auto& [row, reason] :
       {std::pair<const char*, const char*>{"a,many,1,1,1000,,LS,Failed,1,2,1", "cpu_milli: \"many\" is no number"},
        {"a,1,1,2,460,,LS,Failed,1,2,1", "gpu_milli: only a pod of one GPU"},
        {"a,1,1,1,460,,LS,Failed,1,2,3", "deletion_time: before scheduled_time"},
        {"a,1,1,1,460,,LS,Failed,1,2,-3", "scheduled_time"},
        {"a,1,1,1,4600,,LS,Failed,1,2,1", "gpu_milli"}}) {
    const auto trace = Read(std::string(row) + "\n");
    ASSERT_TRUE(trace.ok()) << trace.status();
    ASSERT_EQ(trace->problems.size(), 1u) << row;
    EXPECT_THAT(trace->problems[0].reason, HasSubstr(reason));
  }
}

TEST(OpenbTest, NodesOfferThousandthsOfTheirGpus) {
  std::istringstream in("sn,cpu_milli,memory_mib,gpu,model\nn1,64000,262144,2,P100\nn2,1000,1024,0,\n");
  const auto nodes = ReadOpenbNodes(&in);
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  ASSERT_EQ(nodes->size(), 2u);
  const api::Node& node = (*nodes)[0];
  EXPECT_EQ(node.metadata.name, "n1");
  EXPECT_EQ(node.metadata.labels.at(std::string(kGpuModelLabel)), "P100");
  EXPECT_EQ(node.allocatable.at(std::string(kGpuMilli)).Value(), 2000);
  EXPECT_EQ(node.allocatable.at("memory").Value(), int64_t{256} << 30);
  EXPECT_FALSE((*nodes)[1].allocatable.contains(std::string(kGpuMilli)));
  for (const char* bad :
       {"n1,64000,262144,2,P100\nn1,64000,262144,2,P100\n", "n1,-1,1,1,P\n", ",1,1,1,P\n", "n1,1,1\n"}) {
    std::istringstream broken(std::string("sn,cpu_milli,memory_mib,gpu,model\n") + bad);
    EXPECT_EQ(ReadOpenbNodes(&broken).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace muster::sim
