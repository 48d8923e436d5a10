#include "api/hyperpod/decompile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <variant>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/hyperpod/test_files.h"
#include "api/hyperpod/write.h"

namespace muster::hyperpod {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Text(const std::vector<api::Object>& objects) {
  std::string text;
  for (const api::Object& object : objects) absl::StrAppend(&text, api::Encode(object).dump(), "\n");
  return text;
}

struct World {
  std::vector<ClusterSchedulerConfig> policies;
  std::vector<ComputeQuota> quotas;
  Capacity capacity;
  CompileOptions options;
};

// compile -> decompile -> compile, and through the JSON that is written in between.
void ExpectFixedPoint(const World& world) {
  const auto first = Compile(world.policies, world.quotas, world.capacity, world.options);
  ASSERT_TRUE(first.ok()) << first.status();
  const Decompiled back = Decompile(*first, world.options);
  ASSERT_THAT(back.notes, IsEmpty());
  std::string written;
  ReadResult read;
  for (const auto& policy : back.policies) {
    written = ToCreateJson(policy).dump();
    ReadDocument(nlohmann::json::parse(written), {}, &read);
  }
  for (const auto& quota : back.quotas) {
    absl::StrAppend(&written, "\n", ToCreateJson(quota).dump());
    ReadDocument(nlohmann::json::parse(ToCreateJson(quota).dump()), {}, &read);
  }
  ASSERT_TRUE(read.status().ok()) << read.status() << "\n" << written;
  const auto second = Compile(read.documents.policies, read.documents.quotas, back.capacity, world.options);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(Text(*first), Text(*second)) << written;
}

TEST(DecompileTest, TheSetupsComeBackAsTheyWere) {
  for (const char* setup : {"setup-1", "setup-2"}) {
    SCOPED_TRACE(setup);
    const ReadResult read = ReadSetup(setup);
    ASSERT_TRUE(read.status().ok()) << read.status();
    const Documents& in = read.documents;
    const Capacity capacity = CapacityOf(in.clusters.at(0));
    const auto objects = Compile(in.policies, in.quotas, capacity);
    ASSERT_TRUE(objects.ok());
    const Decompiled back = Decompile(*objects);
    ASSERT_THAT(back.notes, IsEmpty());
    ASSERT_EQ(back.policies.size(), 1);
    EXPECT_EQ(ToCreateJson(back.policies[0]), ToCreateJson(in.policies[0]));
    ASSERT_EQ(back.quotas.size(), in.quotas.size());
    for (size_t i = 0; i < in.quotas.size(); ++i) {
      EXPECT_EQ(ToCreateJson(back.quotas[i]), ToCreateJson(in.quotas[i]));
    }
    ExpectFixedPoint({in.policies, in.quotas, capacity, {}});
  }
}

TEST(DecompileTest, HowManyNodesThereAreIsSaidByNodesOrNotAtAll) {
  const ReadResult read = ReadSetup("setup-1");
  ASSERT_TRUE(read.status().ok()) << read.status();
  const Documents& in = read.documents;
  absl::StatusOr<std::vector<api::Object>> objects = Compile(in.policies, in.quotas, CapacityOf(in.clusters.at(0)));
  ASSERT_TRUE(objects.ok());

  const Decompiled unknown = Decompile(*objects);
  EXPECT_TRUE(unknown.capacity.at("ml.g5.8xlarge").unknown);
  const nlohmann::ordered_json written = ToDescribeClusterJson(unknown.capacity);
  EXPECT_FALSE(written.at("InstanceGroups").at(0).contains("CurrentCount")) << written;
  const ReadResult again = ReadText(written.dump(), "cluster.json");
  ASSERT_EQ(again.documents.clusters.size(), 1);
  EXPECT_EQ(CapacityOf(again.documents.clusters[0]), unknown.capacity) << "unknown it stays when it is read back";

  for (const api::Node& node : MakeNodes(in.clusters.at(0))) objects->push_back(node);
  const Decompiled known = Decompile(*objects);
  EXPECT_FALSE(known.capacity.at("ml.g5.8xlarge").unknown);
  EXPECT_EQ(known.capacity.at("ml.g5.8xlarge").nodes, 2);
  EXPECT_EQ(ToDescribeClusterJson(known.capacity).at("InstanceGroups").at(0).at("CurrentCount"), 2);
}

// ---- Generated policies.

class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}

  World Make() {
    World world;
    MakeOptions(&world.options);
    const size_t types = 1 + Below(3);
    for (size_t i = 0; i < types; ++i) types_.push_back(&Pick(InstanceTypes()));
    if (Chance(70)) {
      for (const InstanceType* type : types_) world.capacity[type->name] = CapacityOfNodes(*type, Below(20));
    }
    if (Chance(80)) world.policies.push_back(MakePolicy(!world.capacity.empty()));
    const size_t teams = Below(4);
    for (size_t i = 0; i < teams; ++i) world.quotas.push_back(MakeQuota(absl::StrCat("team-", i)));
    return world;
  }

 private:
  // splitmix64
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  size_t Below(size_t n) { return Next() % n; }
  bool Chance(size_t percent) { return Below(100) < percent; }
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  // Small numbers mostly, now and then the API's largest.
  int64_t Amount() { return Chance(95) ? static_cast<int64_t>(Below(Chance(50) ? 5 : 200)) : 10'000'000; }

  void MakeOptions(CompileOptions* options) {
    if (Chance(50)) return;
    options->dont_lend = static_cast<CompileOptions::DontLend>(Below(3));
    options->borrow_limit_rounding = static_cast<CompileOptions::Rounding>(Below(3));
    options->unlisted_borrow_limit = static_cast<CompileOptions::Unlisted>(Below(2));
    options->efa_of_parts = static_cast<EfaOfParts>(Below(3));
    options->disabled = static_cast<CompileOptions::Disabled>(Below(3));
    options->pool_flavors = 1 + Below(3);
    options->manager_configuration = Chance(80);
    if (Chance(20)) options->topology_levels.clear();
  }

  void MakeRecord(const std::string& name, Record* record) {
    record->name = name;
    record->cluster_arn = "arn:aws:sagemaker:us-west-2:123456789012:cluster/abcdefghijkl";
    if (Chance(20)) record->description = "for \"q4\", ünïcode";
    if (Chance(20)) record->tags = {{"cost center", "a/b:1"}, {"k", ""}};
  }

  ClusterSchedulerConfig MakePolicy(bool nodes_known) {
    ClusterSchedulerConfig policy;
    MakeRecord("policy", &policy);
    SchedulerConfig& config = policy.scheduler_config.emplace();
    const size_t classes = Below(4);
    for (size_t i = 0; i < classes; ++i) {
      config.priority_classes.push_back({absl::StrCat("class-", 9 - i), static_cast<int32_t>(Below(101))});
    }
    if (Chance(60)) config.fair_share = Chance(50) ? "Enabled" : "Disabled";
    if (nodes_known && Chance(50)) config.idle_resource_sharing = Chance(80) ? "Enabled" : "Disabled";
    return policy;
  }

  ResourceConfig MakeEntry(const InstanceType& type) {
    ResourceConfig entry;
    entry.instance_type = type.name;
    if (Chance(40)) {
      entry.count = Amount();
      return entry;
    }
    if (type.accelerators > 0 && Chance(60)) entry.accelerators = Amount();
    if (!type.mig_profiles.empty() && Chance(40)) {
      for (const std::string& profile : ApiMigProfiles()) {
        if (type.SupportsMig(profile) && Chance(30)) entry.partition = {profile, Amount()};
      }
    }
    if (Chance(40)) entry.vcpu_milli = Chance(70) ? Amount() * 1000 : static_cast<int64_t>(Below(100'000));
    if (Chance(40)) {
      entry.memory_bytes = Chance(70) ? Amount() << 30 : static_cast<int64_t>(Below(100'000)) << 20;
    }
    return entry;
  }

  std::vector<ResourceConfig> MakeEntries() {
    std::vector<ResourceConfig> entries;
    std::set<std::string> seen;
    for (const InstanceType* type : types_) {
      if (Chance(70) && seen.insert(type->name).second) entries.push_back(MakeEntry(*type));
    }
    return entries;
  }

  ComputeQuota MakeQuota(const std::string& team) {
    ComputeQuota quota;
    MakeRecord("Quota-of-" + team, &quota);
    quota.team_name = team;
    if (Chance(80)) quota.fair_share_weight = static_cast<int32_t>(Below(101));
    if (Chance(50)) quota.activation_state = Chance(80) ? "Enabled" : "Disabled";
    ComputeQuotaConfig& config = quota.config.emplace();
    config.resources = MakeEntries();
    if (Chance(50)) config.preempt_team_tasks = Chance(50) ? "Never" : "LowerPriority";
    if (Chance(90)) {
      ResourceSharingConfig& sharing = config.sharing.emplace();
      static const std::vector<std::string> kStrategies = {"Lend", "DontLend", "LendAndBorrow", "LendAndBorrow",
                                                           "LendAndBorrow"};
      sharing.strategy = Pick(kStrategies);
      if (Chance(70)) sharing.borrow_limit = static_cast<int32_t>(Chance(70) ? Below(201) : Below(10'001));
      if (Chance(40)) sharing.absolute_borrow_limits = MakeEntries();
    }
    return quota;
  }

  uint64_t state_;
  std::vector<const InstanceType*> types_;
};

TEST(DecompileTest, TenThousandGeneratedPoliciesAreFixedPoints) {
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    ASSERT_NO_FATAL_FAILURE(ExpectFixedPoint(Generator(seed).Make()));
    if (HasFatalFailure()) return;
  }
}

// ---- What cannot be said.

api::ClusterQueue Queue(const std::string& name) {
  api::ClusterQueue queue;
  queue.metadata.name = name;
  queue.cohort_name = "shared-pool";
  auto& group = queue.resource_groups.emplace_back();
  group.covered_resources = {"cpu", "nvidia.com/gpu"};
  auto& flavor = group.flavors.emplace_back();
  flavor.name = "ml.g5.8xlarge";
  flavor.resources.resize(2);
  flavor.resources[0].name = "cpu";
  flavor.resources[0].nominal_quota = api::Quantity::FromValue(32);
  flavor.resources[1].name = "nvidia.com/gpu";
  flavor.resources[1].nominal_quota = api::Quantity::FromValue(1);
  return queue;
}

TEST(DecompileTest, QueuesOfOthersAreLeftOutWithANote) {
  const Decompiled back = Decompile({Queue("research")});
  EXPECT_THAT(back.quotas, IsEmpty());
  EXPECT_THAT(back.notes, ElementsAre(HasSubstr("ClusterQueue/research: is not a queue of HyperPod")));
}

TEST(DecompileTest, ALiveQueueThatWasEditedIsReportedNotGuessed) {
  // GPUs without the memory and the EFA of the ratio: no entry of a quota says "no memory, but one EFA less".
  api::ClusterQueue queue = Queue("hyperpod-ns-team-a-clusterqueue");
  const Decompiled back = Decompile({queue});
  ASSERT_EQ(back.quotas.size(), 1);
  EXPECT_EQ(back.quotas[0].team_name, "team-a");
  EXPECT_THAT(back.quotas[0].config->resources, IsEmpty());
  EXPECT_THAT(back.notes,
              ElementsAre(HasSubstr("the quota of ml.g5.8xlarge is no entry"), HasSubstr("borrows without limit")));
}

}  // namespace
}  // namespace muster::hyperpod
