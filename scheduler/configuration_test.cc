#include "scheduler/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

EngineOptions Options(const api::Configuration& configuration) {
  const absl::StatusOr<EngineOptions> options = EngineOptionsFrom(configuration);
  EXPECT_TRUE(options.ok()) << options.status();
  return options.value_or(EngineOptions());
}

std::string Error(const api::Configuration& configuration) {
  const absl::StatusOr<EngineOptions> options = EngineOptionsFrom(configuration);
  EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(options.status().message());
}

TEST(EngineOptionsFrom, AnEmptyConfigurationIsKueuesDefaults) {
  const EngineOptions options = Options({});
  EXPECT_FALSE(options.fair_sharing.has_value());
  EXPECT_FALSE(options.admission_fair_sharing.has_value());
  EXPECT_EQ(options.quota_check, QuotaCheckStrategy::kBlockUndeclared);
  EXPECT_EQ(options.requeuing_timestamp, RequeuingTimestamp::kEviction);
  EXPECT_TRUE(options.transformations.empty());
  EXPECT_TRUE(options.exclude_resource_prefixes.empty());
  EXPECT_TRUE(options.gates[Gate::kPartialAdmission]);
}

TEST(EngineOptionsFrom, FeatureGates) {
  api::Configuration c;
  c.feature_gates = {{"PartialAdmission", false}, {"PriorityBoost", true}, {"RequireQueueLabelOnPodTemplates", true}};
  const EngineOptions options = Options(c);
  EXPECT_FALSE(options.gates[Gate::kPartialAdmission]);
  EXPECT_TRUE(options.gates[Gate::kPriorityBoost]);
  c.feature_gates["NoSuchGate"] = true;
  EXPECT_EQ(Error(c), "Configuration: featureGates.NoSuchGate: unrecognized feature gate");
}

TEST(EngineOptionsFrom, FairSharing) {
  using enum FairSharingStrategy;
  api::Configuration c;
  c.fair_sharing.emplace();
  EXPECT_EQ(Options(c).fair_sharing, (std::vector{kLessThanOrEqualToFinalShare, kLessThanInitialShare}));
  c.fair_sharing->preemption_strategies = {"LessThanInitialShare"};
  EXPECT_EQ(Options(c).fair_sharing, std::vector{kLessThanInitialShare});
  c.fair_sharing->preemption_strategies = {"LessThanOrEqualToFinalShare"};
  EXPECT_EQ(Options(c).fair_sharing, std::vector{kLessThanOrEqualToFinalShare});
  c.fair_sharing->preemption_strategies = {"LessThanOrEqualToFinalShare", "LessThanInitialShare"};
  EXPECT_EQ(Options(c).fair_sharing, (std::vector{kLessThanOrEqualToFinalShare, kLessThanInitialShare}));
  c.fair_sharing->enable = false;
  EXPECT_FALSE(Options(c).fair_sharing.has_value());
  c.fair_sharing->enable = true;
  EXPECT_TRUE(Options(c).fair_sharing.has_value());

  c.fair_sharing->preemption_strategies = {"LessThanInitialShare", "LessThanOrEqualToFinalShare"};
  EXPECT_EQ(Error(c),
            "Configuration: fairSharing.preemptionStrategies: \"LessThanInitialShare,LessThanOrEqualToFinalShare\" is "
            "not supported; use LessThanOrEqualToFinalShare, or LessThanInitialShare, or both in this order");
}

TEST(EngineOptionsFrom, AdmissionFairSharing) {
  api::Configuration c;
  api::AdmissionFairSharingConfig& afs = c.admission_fair_sharing.emplace();
  EXPECT_EQ(Options(c).admission_fair_sharing->usage_half_life, absl::ZeroDuration());
  EXPECT_EQ(Options(c).admission_fair_sharing->usage_sampling_interval, absl::Minutes(5));
  afs.usage_sampling_interval = absl::ZeroDuration();
  EXPECT_EQ(Options(c).admission_fair_sharing->usage_sampling_interval, absl::Minutes(5)) << "0 is not said, in Kueue";
  afs.usage_sampling_interval = absl::Seconds(10);
  afs.usage_half_life_time = absl::Hours(2);
  afs.resource_weights = {{"cpu", 0}, {"nvidia.com/gpu", 2.5}};
  const EngineOptions options = Options(c);
  EXPECT_EQ(options.admission_fair_sharing->usage_half_life, absl::Hours(2));
  EXPECT_EQ(options.admission_fair_sharing->usage_sampling_interval, absl::Seconds(10));
  EXPECT_THAT(options.admission_fair_sharing->resource_weights,
              ElementsAre(Pair("cpu", 0), Pair("nvidia.com/gpu", 2.5)));

  afs.usage_half_life_time = afs.usage_sampling_interval.emplace(-absl::Seconds(1));
  afs.resource_weights["cpu"] = -1;
  EXPECT_EQ(Error(c),
            "Configuration: admissionFairSharing.usageHalfLifeTime: must not be negative\n"
            "Configuration: admissionFairSharing.usageSamplingInterval: must not be negative\n"
            "Configuration: admissionFairSharing.resourceWeights[cpu]: must not be negative");
}

TEST(EngineOptionsFrom, RequeuingTimestamp) {
  api::Configuration c;
  std::string& timestamp = c.wait_for_pods_ready.emplace().requeuing_strategy.emplace().timestamp;
  EXPECT_EQ(Options(c).requeuing_timestamp, RequeuingTimestamp::kEviction);
  timestamp = "Creation";
  EXPECT_EQ(Options(c).requeuing_timestamp, RequeuingTimestamp::kCreation);
  timestamp = "Eviction";
  EXPECT_EQ(Options(c).requeuing_timestamp, RequeuingTimestamp::kEviction);
  timestamp = "Never";
  EXPECT_EQ(Error(c),
            "Configuration: waitForPodsReady.requeuingStrategy.timestamp: \"Never\" is not supported; use Eviction or "
            "Creation");
}

TEST(EngineOptionsFrom, QuotaCheckStrategy) {
  api::Configuration c;
  api::ResourcesConfig& resources = c.resources.emplace();
  resources.quota_check_strategy = "IgnoreUndeclared";
  EXPECT_EQ(Options(c).quota_check, QuotaCheckStrategy::kIgnoreUndeclared);
  resources.exclude_resource_prefixes = {"example.com/"};
  EXPECT_EQ(Error(c),
            "Configuration: resources.quotaCheckStrategy: IgnoreUndeclared does not go with excludeResourcePrefixes");
  c.feature_gates["QuotaCheckStrategy"] = false;
  EXPECT_EQ(Options(c).quota_check, QuotaCheckStrategy::kBlockUndeclared) << "without its gate nobody looks at it";
  EXPECT_THAT(Options(c).exclude_resource_prefixes, ElementsAre("example.com/"));
  c.feature_gates.clear();
  resources.quota_check_strategy = "BlockUndeclared";
  EXPECT_EQ(Options(c).quota_check, QuotaCheckStrategy::kBlockUndeclared);
  resources.quota_check_strategy = "Block";
  EXPECT_EQ(Error(c),
            "Configuration: resources.quotaCheckStrategy: \"Block\" is not supported; use BlockUndeclared or "
            "IgnoreUndeclared");
}

TEST(EngineOptionsFrom, Transformations) {
  api::Configuration c;
  std::vector<api::ResourceTransformation>& list = c.resources.emplace().transformations;
  list.push_back({.input = "nvidia.com/mig-1g.5gb",
                  .strategy = "Replace",
                  .multiply_by = "",
                  .outputs = {{"example.com/memory", *api::Quantity::Parse("5Gi")}}});
  list.push_back({.input = "cpu",
                  .strategy = "",
                  .multiply_by = "pods",
                  .outputs = {{"credits", *api::Quantity::Parse("1500m")}}});
  const EngineOptions options = Options(c);
  ASSERT_EQ(options.transformations.size(), 2u);
  EXPECT_EQ(options.transformations[0].input, "nvidia.com/mig-1g.5gb");
  EXPECT_TRUE(options.transformations[0].replace);
  EXPECT_EQ(options.transformations[0].outputs.at("example.com/memory"), 5.0 * (1 << 30));
  EXPECT_FALSE(options.transformations[1].replace);
  EXPECT_EQ(options.transformations[1].multiply_by, "pods");
  EXPECT_EQ(options.transformations[1].outputs.at("credits"), 1.5);

  list[0].strategy = "Keep";
  list[1].input = list[0].input;
  EXPECT_EQ(Error(c),
            "Configuration: resources.transformations[0].strategy: \"Keep\" is not supported; use Retain or Replace\n"
            "Configuration: resources.transformations[1].input: \"nvidia.com/mig-1g.5gb\" is there twice");
}

}  // namespace
}  // namespace muster::scheduler
