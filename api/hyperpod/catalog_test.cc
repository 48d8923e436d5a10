#include "api/hyperpod/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "api/hyperpod/amounts.h"

namespace muster::hyperpod {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(CatalogTest, EveryLineOfTheTableIsWhole) {
  const std::vector<InstanceType>& types = InstanceTypes();
  EXPECT_EQ(types.size(), 207);
  std::set<std::string> names;
  int in_hyp = 0, newest = 0, topology = 0, gpu = 0, neuron = 0;
  for (const InstanceType& t : types) {
    SCOPED_TRACE(t.name);
    EXPECT_TRUE(absl::StartsWith(t.name, "ml."));
    EXPECT_TRUE(names.insert(t.name).second) << "twice";
    EXPECT_GT(t.vcpus, 0);
    EXPECT_GT(t.memory_bytes, 0);
    EXPECT_EQ(t.accelerators > 0, !t.accelerator_resource.empty());
    EXPECT_GT(t.allocatable_milli_cpu, 0);
    EXPECT_LT(t.allocatable_milli_cpu, t.vcpus * 1000);
    EXPECT_GT(t.allocatable_memory_bytes, 0);
    EXPECT_LT(t.allocatable_memory_bytes, t.memory_bytes);
    EXPECT_EQ(FindInstanceType(t.name), &t);
    for (const std::string& profile : t.mig_profiles) EXPECT_GT(MigSlices(profile), 0) << profile;
    if (!t.mig_profiles.empty()) {
      EXPECT_EQ(t.mig_profiles.size(), 6);
    }
    in_hyp += t.in_hyp_table;
    newest += t.in_newest_sdk_only;
    topology += t.topology_aware;
    gpu += t.accelerator_resource == kGpu;
    neuron += t.accelerator_resource == kNeuronDevice;
  }
  EXPECT_EQ(in_hyp, 122);
  EXPECT_EQ(newest, 6);
  EXPECT_EQ(topology, 10);
  EXPECT_EQ(gpu, 53);
  EXPECT_EQ(neuron, 4);
  EXPECT_EQ(FindInstanceType("ml.g5.13xlarge"), nullptr);
}

TEST(CatalogTest, MigProfiles) {
  EXPECT_EQ(ApiMigProfiles().size(), 28);
  EXPECT_EQ(MigSlices("mig-3g.40gb"), 3);
  EXPECT_EQ(MigSlices("mig-gb"), 0);
  EXPECT_EQ(MigSlices("nvidia.com/mig-3g.40gb"), 0);
  // What B300 can be split into is in no profile the API knows.
  for (const std::string& profile : FindInstanceType("ml.p6-b300.48xlarge")->mig_profiles) {
    EXPECT_EQ(std::count(ApiMigProfiles().begin(), ApiMigProfiles().end(), profile), 0) << profile;
  }
}

TEST(CatalogTest, ReservesAsTheHypCommandReckons) {
  // The command's own examples, in whole vCPUs and GiB of what is left.
  struct Case {
    const char* type;
    int64_t cpu;
    int64_t gib;
  };
  for (const Case& c :
       {Case{"ml.g5.8xlarge", 29, 104}, Case{"ml.g5.12xlarge", 44, 164}, Case{"ml.g5.48xlarge", 179, 699},
        Case{"ml.p4d.24xlarge", 89, 1056}, Case{"ml.p5.48xlarge", 179, 1890}, Case{"ml.trn1.32xlarge", 119, 461},
        Case{"ml.m5.xlarge", 3, 11}, Case{"ml.c5.2xlarge", 7, 11}, Case{"ml.t3.medium", 1, 2}}) {
    const InstanceType* t = FindInstanceType(c.type);
    ASSERT_NE(t, nullptr) << c.type;
    EXPECT_EQ((t->vcpus * 1000 - ReservedMilliCpu(t->vcpus)) / 1000, c.cpu) << c.type;
    EXPECT_EQ((t->memory_bytes - ReservedMemoryBytes(t->memory_bytes)) >> 30, c.gib) << c.type;
  }
}

struct FillCase {
  const char* about;
  ResourceConfig entry;
  int64_t milli_cpu;
  int64_t mib;
  int64_t accelerators;
  int64_t efa;
};

TEST(AmountsTest, RatioFilling) {
  const std::string g5 = "ml.g5.12xlarge", g5_24 = "ml.g5.24xlarge", p5 = "ml.p5.48xlarge", m5 = "ml.m5.xlarge",
                    trn = "ml.trn1.32xlarge";
  constexpr int64_t kGi = int64_t{1} << 30;
  const FillCase cases[] = {
      {"whole instances", {.instance_type = g5, .count = 2}, 96'000, 384 << 10, 8, 2},
      {"accelerators: the rest by ratio", {.instance_type = g5, .accelerators = 2}, 24'000, 96 << 10, 2, 1},
      {"more accelerators than one instance has",
       {.instance_type = g5_24, .accelerators = 16},
       384'000,
       1536 << 10,
       16,
       4},
      {"vCPUs alone: memory by ratio, no accelerators",
       {.instance_type = g5, .vcpu_milli = 24'000},
       24'000,
       96 << 10,
       0,
       1},
      {"memory alone: vCPUs by ratio, no accelerators",
       {.instance_type = g5, .memory_bytes = 48 * kGi},
       12'000,
       48 << 10,
       0,
       1},
      {"what is given stays",
       {.instance_type = g5, .accelerators = 2, .vcpu_milli = 1'500, .memory_bytes = 3 * kGi},
       1'500,
       3 << 10,
       2,
       1},
      {"vCPUs and memory", {.instance_type = g5, .vcpu_milli = 8'000, .memory_bytes = 8 * kGi}, 8'000, 8 << 10, 0, 1},
      {"no accelerators, said explicitly",
       {.instance_type = g5, .accelerators = 0, .vcpu_milli = 24'000},
       24'000,
       96 << 10,
       0,
       1},
      {"partitions: slices of seven",
       {.instance_type = p5, .partition = AcceleratorPartition{"mig-7g.80gb", 4}},
       96'000,
       1024 << 10,
       0,
       16},
      {"one slice of 56, rounded down",
       {.instance_type = p5, .partition = AcceleratorPartition{"mig-1g.10gb", 1}},
       3'428,
       37'449,
       0,
       1},
      {"accelerators and partitions add up",
       {.instance_type = p5, .accelerators = 4, .partition = AcceleratorPartition{"mig-7g.80gb", 4}},
       192'000,
       2048 << 10,
       4,
       32},
      {"Trainium", {.instance_type = trn, .accelerators = 4}, 32'000, 128 << 10, 4, 2},
      {"nothing but the type", {.instance_type = m5}, 0, 0, 0, 0},
  };
  for (const FillCase& c : cases) {
    SCOPED_TRACE(c.about);
    const InstanceType& type = *FindInstanceType(c.entry.instance_type);
    const Amounts amounts = AmountsOf(c.entry, type);
    EXPECT_EQ(static_cast<int64_t>(AmountOf(amounts, kCpu)), c.milli_cpu);
    EXPECT_EQ(static_cast<int64_t>(AmountOf(amounts, kMemory)) >> 20, c.mib);
    EXPECT_EQ(static_cast<int64_t>(AmountOf(amounts, type.accelerator_resource)), c.accelerators);
    EXPECT_EQ(static_cast<int64_t>(AmountOf(amounts, kEfa)), c.efa);
    // What Describe shows is what was meant: filling it in changes nothing.
    EXPECT_EQ(AmountsOf(Filled(c.entry, type), type), amounts);
  }
}

TEST(AmountsTest, EfaOfParts) {
  const InstanceType& p5 = *FindInstanceType("ml.p5.48xlarge");
  const ResourceConfig half = {.instance_type = p5.name, .accelerators = 4},
                       more = {.instance_type = p5.name, .accelerators = 9};
  EXPECT_EQ(static_cast<int>(AmountOf(AmountsOf(half, p5, EfaOfParts::kRoundUp), kEfa)), 16);
  EXPECT_EQ(static_cast<int>(AmountOf(AmountsOf(half, p5, EfaOfParts::kWhole), kEfa)), 32);
  EXPECT_EQ(static_cast<int>(AmountOf(AmountsOf(more, p5, EfaOfParts::kWhole), kEfa)), 64);
  EXPECT_EQ(static_cast<int>(AmountOf(AmountsOf(half, p5, EfaOfParts::kNone), kEfa)), 0);
}

TEST(AmountsTest, QuantitiesAndBack) {
  EXPECT_EQ(ToQuantity(kCpu, 24'500).ToString(), "24500m");
  EXPECT_EQ(ToQuantity(kMemory, absl::int128(96) << 30).ToString(), "96Gi");
  EXPECT_EQ(FromQuantity(kCpu, api::Quantity::FromValue(3)), 3000);
  EXPECT_EQ(FromQuantity(kMemory, api::Quantity::Parse("2.7Gi").value()), 2'899'102'925) << "rounded up";
}

}  // namespace
}  // namespace muster::hyperpod
