#include "sim/packing/lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace muster::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

constexpr char kNodes[] = "sn,cpu_milli,memory_mib,gpu,model\nn1,64000,1024,2,T4\nn2,1000,2048,0,\n";
constexpr char kPods[] =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos\n"
    "a,1000,10,1,460,,LS\nb,2000,20,2,1000,P100|T4,BE\nc,1,1,0,0,,BE\n";

absl::StatusOr<PackingLists> Read(const std::string& nodes, const std::string& pods) {
  return ReadPackingLists(Write("nodes.csv", nodes), Write("pods.csv", pods));
}

TEST(PackingListsTest, ReadsWhatOpenbPublished) {
  const absl::StatusOr<PackingLists> lists = Read(kNodes, kPods);
  ASSERT_TRUE(lists.ok()) << lists.status();
  ASSERT_EQ(lists->machines.size(), 2);
  EXPECT_EQ(lists->machines[0].name, "n1");
  EXPECT_EQ(lists->machines[0].cpu_milli, 64000);
  EXPECT_EQ(lists->machines[0].FreeGpus(), 2);
  EXPECT_EQ(lists->machines[1].IdleGpuMilli(), 0);
  EXPECT_THAT(lists->models, ElementsAre("T4", "P100"));
  EXPECT_THAT(lists->pod_names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(lists->pods,
              ElementsAre(PodShape{1000, 10, 1, 460, 0}, PodShape{2000, 20, 2, 1000, 0b11}, PodShape{1, 1, 0, 0, 0}));
}

TEST(PackingListsTest, MistakesAreNamedWithRowAndColumn) {
  const std::string head = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n";
  const struct {
    const char* what;
    std::string nodes, pods;
    const char* message;
  } kCases[] = {
      {"a column misspelt", kNodes, "name,cpu,memory_mib,num_gpu,gpu_milli,gpu_spec\na,1,1,0,0,\n",
       "pods.csv: row 2: there is no column cpu_milli"},
      {"a column that need not be there, misspelt", kNodes,
       "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_specs\na,1,1,0,0,\n", "column gpu_specs: is gpu_spec meant?"},
      {"no number", kNodes, head + "a,x,1,0,0,\n", "row 2: column cpu_milli: \"x\" is not a whole number from 0 to"},
      {"below zero", kNodes, head + "a,-1,1,0,0,\n", "row 2: column cpu_milli: \"-1\" is not a whole number"},
      {"too many GPUs", "name,cpu_milli,memory_mib,gpu,model\nn,1,1,17,T4\n", kPods,
       "row 2: column gpu: \"17\" is not a whole number from 0 to 16"},
      {"GPUs without a model", "name,cpu_milli,memory_mib,gpu,model\nn,1,1,1,\n", kPods,
       "row 2: column model: is empty"},
      {"parts of several GPUs", kNodes, head + "a,1,1,2,500,\n", "row 2: column gpu_milli: is below 1000"},
      {"nothing of a GPU", kNodes, head + "a,1,1,1,0,\n", "row 2: column gpu_milli: is 0, though"},
      {"a name twice", kNodes, head + "a,1,1,0,0,\na,1,1,0,0,\n", "row 3: column name: a comes twice"},
      {"no name", kNodes, head + ",1,1,0,0,\n", "row 2: column name: is empty"},
      {"a short row", kNodes, head + "a,1\n", "pods.csv: row 2: "},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<PackingLists> lists = Read(c.nodes, c.pods);
    EXPECT_EQ(lists.status().code(), absl::StatusCode::kInvalidArgument) << c.what;
    EXPECT_THAT(std::string(lists.status().message()), HasSubstr(c.message)) << c.what;
  }
  EXPECT_EQ(ReadPackingLists("nowhere.csv", "nowhere.csv").status().code(), absl::StatusCode::kNotFound);
}

TEST(PackingListsTest, WithoutSpecsAnyModelWillDo) {
  const absl::StatusOr<PackingLists> lists = Read(kNodes, "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,1,10\n");
  ASSERT_TRUE(lists.ok()) << lists.status();
  EXPECT_EQ(lists->pods[0].models, 0);
}

TEST(PackingListsTest, ThereIsRoomFor64Models) {
  std::string nodes = "name,cpu_milli,memory_mib,gpu,model\n";
  for (int i = 0; i < 65; ++i) nodes += "n" + std::to_string(i) + ",1,1,1,m" + std::to_string(i) + "\n";
  EXPECT_THAT(std::string(Read(nodes, kPods).status().message()),
              HasSubstr("row 66: there are more than 64 GPU models"));
}

}  // namespace
}  // namespace muster::sim
