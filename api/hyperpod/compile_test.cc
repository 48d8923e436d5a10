#include "api/hyperpod/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/hyperpod/test_files.h"
#include "api/validation.h"

namespace muster::hyperpod {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class T>
std::vector<T> All(const std::vector<api::Object>& objects) {
  std::vector<T> out;
  for (const api::Object& object : objects) {
    if (const auto* o = std::get_if<T>(&object)) out.push_back(*o);
  }
  return out;
}

// "hyperpod-ns-team-a-clusterqueue ml.g5.8xlarge cpu=32/32 …": nominal / borrowing limit / lending limit, "-" = unset.
std::vector<std::string> Table(const std::vector<api::Object>& objects) {
  const auto show = [](const std::optional<api::Quantity>& q) { return q ? q->ToString() : "-"; };
  std::vector<std::string> rows;
  for (const api::ClusterQueue& queue : All<api::ClusterQueue>(objects)) {
    for (const api::ResourceGroup& group : queue.resource_groups) {
      for (const api::FlavorQuotas& flavor : group.flavors) {
        std::string row = absl::StrCat(queue.metadata.name, " ", flavor.name);
        for (const api::ResourceQuota& q : flavor.resources) {
          absl::StrAppend(&row, " ", q.name, "=", q.nominal_quota.ToString(), "/", show(q.borrowing_limit));
          if (q.lending_limit) absl::StrAppend(&row, "/", q.lending_limit->ToString());
        }
        rows.push_back(row);
      }
    }
  }
  return rows;
}

std::vector<api::Object> CompileSetup(const std::string& name) {
  const ReadResult read = ReadSetup(name);
  EXPECT_TRUE(read.status().ok()) << read.status();
  EXPECT_EQ(read.documents.clusters.size(), 1);
  auto objects = Compile(read.documents.policies, read.documents.quotas, CapacityOf(read.documents.clusters.at(0)));
  EXPECT_TRUE(objects.ok()) << objects.status();
  return *std::move(objects);
}

std::vector<api::Object> CompileText(const std::string& text, const CompileOptions& options = {},
                                     const Capacity& capacity = {}) {
  const ReadResult read = ReadText(text);
  EXPECT_TRUE(read.status().ok()) << read.status();
  auto objects = Compile(read.documents.policies, read.documents.quotas, capacity, options);
  EXPECT_TRUE(objects.ok()) << objects.status();
  return objects.ok() ? *std::move(objects) : std::vector<api::Object>();
}

// A quota of team `t` as a command; `config` is shorthand.
std::string Quota(const std::string& config, const std::string& team = "t", const std::string& more = "") {
  return absl::StrCat("aws sagemaker create-compute-quota --name q-", team,
                      " --cluster-arn arn:aws:sagemaker:us-west-2:123456789012:cluster/abcdefghijkl "
                      "--compute-quota-config '",
                      config, "' --compute-quota-target TeamName=", team, ",FairShareWeight=10 ", more, "\n");
}
std::string Policy(const std::string& config) {
  return absl::StrCat(
      "aws sagemaker create-cluster-scheduler-config --name p --cluster-arn "
      "arn:aws:sagemaker:us-west-2:123456789012:cluster/abcdefghijkl --scheduler-config '",
      config, "'\n");
}
std::string Resources(const std::string& entry, const std::string& sharing = "Strategy=LendAndBorrow,BorrowLimit=100") {
  return absl::StrCat("ComputeQuotaResources=[{", entry, "}],ResourceSharingConfig={", sharing, "}");
}

TEST(CompileTest, SetupOneIsTheTableOfTheTwoTeams) {
  EXPECT_THAT(
      Table(CompileSetup("setup-1")),
      ElementsAre("hyperpod-ns-team-a-clusterqueue ml.g5.8xlarge cpu=32/32 memory=128Gi/128Gi nvidia.com/gpu=1/1 "
                  "aws.amazon.com/neurondevice=0/0 vpc.amazonaws.com/efa=1/1",
                  "hyperpod-ns-team-b-clusterqueue ml.g5.8xlarge cpu=64/64 memory=256Gi/256Gi nvidia.com/gpu=2/2 "
                  "aws.amazon.com/neurondevice=0/0 vpc.amazonaws.com/efa=2/2"));
}

TEST(CompileTest, SetupTwoIsTheTableOfTheTwoTeams) {
  EXPECT_THAT(
      Table(CompileSetup("setup-2")),
      ElementsAre("hyperpod-ns-team-a-clusterqueue ml.g5.12xlarge cpu=24/24 memory=96Gi/96Gi nvidia.com/gpu=2/2 "
                  "aws.amazon.com/neurondevice=0/0 vpc.amazonaws.com/efa=1/1",
                  "hyperpod-ns-team-b-clusterqueue ml.g5.12xlarge cpu=96/96 memory=384Gi/384Gi nvidia.com/gpu=8/8 "
                  "aws.amazon.com/neurondevice=0/0 vpc.amazonaws.com/efa=2/2"));
}

TEST(CompileTest, NamesLabelsAndPreemptionAreTheServices) {
  const std::vector<api::Object> objects = CompileSetup("setup-1");
  const auto queues = All<api::ClusterQueue>(objects);
  ASSERT_EQ(queues.size(), 2);
  EXPECT_EQ(queues[0].cohort_name, "shared-pool");
  EXPECT_EQ(queues[0].fair_sharing->weight->Value(), 100);
  EXPECT_EQ(queues[0].preemption->within_cluster_queue, "LowerPriority");
  EXPECT_EQ(queues[0].preemption->reclaim_within_cohort, "Any");
  EXPECT_FALSE(queues[0].preemption->borrow_within_cohort.has_value());
  EXPECT_EQ(queues[0].metadata.labels.at("sagemaker.amazonaws.com/sagemaker-managed-queue"), "true");
  EXPECT_TRUE(queues[0].stop_policy.empty());

  const auto local = All<api::LocalQueue>(objects);
  ASSERT_EQ(local.size(), 2);
  EXPECT_EQ(local[1].metadata.ns, "hyperpod-ns-team-b");
  EXPECT_EQ(local[1].metadata.name, "hyperpod-ns-team-b-localqueue");
  EXPECT_EQ(local[1].cluster_queue, "hyperpod-ns-team-b-clusterqueue");

  const auto namespaces = All<api::Namespace>(objects);
  ASSERT_EQ(namespaces.size(), 2);
  EXPECT_EQ(namespaces[0].metadata.name, "hyperpod-ns-team-a");
  EXPECT_EQ(namespaces[0].metadata.labels.at("sagemaker.amazonaws.com/quota-allocation-id"), "team-a");
  EXPECT_EQ(namespaces[0].metadata.labels.at("sagemaker.amazonaws.com/activate-quota"), "Enabled");

  std::vector<std::string> classes;
  for (const auto& c : All<api::WorkloadPriorityClass>(objects))
    classes.push_back(absl::StrCat(c.metadata.name, " ", c.value));
  EXPECT_THAT(classes, ElementsAre("inference-priority 90", "experimentation-priority 80", "fine-tuning-priority 50",
                                   "training-priority 70"));

  const auto flavors = All<api::ResourceFlavor>(objects);
  ASSERT_EQ(flavors.size(), 1);
  EXPECT_EQ(flavors[0].node_labels.at("node.kubernetes.io/instance-type"), "ml.g5.8xlarge");
  EXPECT_EQ(flavors[0].topology_name, "hyperpod-default");
  ASSERT_EQ(All<api::Topology>(objects).size(), 1);
  EXPECT_EQ(All<api::Topology>(objects)[0].levels.back(), "kubernetes.io/hostname");
  ASSERT_EQ(All<api::Configuration>(objects).size(), 1);
  EXPECT_TRUE(All<api::Configuration>(objects)[0].fair_sharing.has_value());
}

TEST(CompileTest, ObjectsPassKueuesOwnValidation) {
  for (const char* setup : {"setup-1", "setup-2"}) {
    for (const api::Object& object : CompileSetup(setup))
      EXPECT_THAT(api::Validate(object), IsEmpty()) << api::ObjectId(object);
  }
}

TEST(CompileTest, EveryInstanceTypeOfTheClusterIsAFlavorOfEveryQueue) {
  // The hero demo: GPU nodes and CPU nodes. Nobody has a quota of the CPU nodes, so that nobody can borrow them either.
  const Capacity capacity = {{"ml.g5.8xlarge", CapacityOfNodes(*FindInstanceType("ml.g5.8xlarge"), 8)},
                             {"ml.m5.12xlarge", CapacityOfNodes(*FindInstanceType("ml.m5.12xlarge"), 2)}};
  const auto rows = Table(CompileText(
      Quota(Resources("InstanceType=ml.g5.8xlarge,Count=6", "Strategy=LendAndBorrow,BorrowLimit=50")), {}, capacity));
  EXPECT_THAT(rows, ElementsAre(HasSubstr("ml.g5.8xlarge cpu=192/96 memory=768Gi/384Gi nvidia.com/gpu=6/3"),
                                HasSubstr("ml.m5.12xlarge cpu=0/0 memory=0/0 nvidia.com/gpu=0/0")));
}

struct SharingCase {
  const char* about;
  const char* sharing;
  const char* option;  // "" = defaults
  const char* gpu;     // nominal/borrowing limit[/lending limit]
  const char* cohort;
};

TEST(CompileTest, SharingStrategiesBecomeLimitsAndCohorts) {
  // 3 GPUs each, on single-GPU nodes.
  const SharingCase cases[] = {
      {"a percentage of the own quota, rounded down", "Strategy=LendAndBorrow,BorrowLimit=50", "", "3/1",
       "shared-pool"},
      {"the same, rounded up", "Strategy=LendAndBorrow,BorrowLimit=50", "borrow-rounding=up", "3/2", "shared-pool"},
      {"to the nearest, halves up", "Strategy=LendAndBorrow,BorrowLimit=50", "borrow-rounding=nearest", "3/2",
       "shared-pool"},
      {"without a limit, 50 percent", "Strategy=LendAndBorrow", "", "3/1", "shared-pool"},
      {"more than the own quota", "Strategy=LendAndBorrow,BorrowLimit=500", "", "3/15", "shared-pool"},
      {"no borrowing", "Strategy=LendAndBorrow,BorrowLimit=0", "", "3/0", "shared-pool"},
      {"a lender borrows nothing", "Strategy=Lend", "", "3/0", "shared-pool"},
      {"who does not lend is alone", "Strategy=DontLend", "", "3/-", "hyperpod-ns-t-cohort"},
      {"or without any cohort", "Strategy=DontLend", "dont-lend=no-cohort", "3/-", ""},
      {"or kept apart by limits", "Strategy=DontLend", "dont-lend=zero-limits", "3/0/0", "shared-pool"},
      {"an absolute limit replaces the percentage",
       "Strategy=LendAndBorrow,BorrowLimit=50,AbsoluteBorrowLimits=[{InstanceType=ml.g5.8xlarge,Count=7}]", "", "3/7",
       "shared-pool"},
      {"types that absolute limits leave out keep the percentage",
       "Strategy=LendAndBorrow,BorrowLimit=100,AbsoluteBorrowLimits=[{InstanceType=ml.g6.8xlarge,Count=7}]", "", "3/3",
       "shared-pool"},
      {"or get nothing",
       "Strategy=LendAndBorrow,BorrowLimit=100,AbsoluteBorrowLimits=[{InstanceType=ml.g6.8xlarge,Count=7}]",
       "unlisted-borrow-limit=zero", "3/0", "shared-pool"},
  };
  for (const SharingCase& c : cases) {
    SCOPED_TRACE(c.about);
    CompileOptions options;
    if (*c.option != '\0') {
      ASSERT_TRUE(options.Set(c.option).ok());
    }
    const auto objects = CompileText(Quota(Resources("InstanceType=ml.g5.8xlarge,Count=3", c.sharing)), options);
    const auto queues = All<api::ClusterQueue>(objects);
    ASSERT_EQ(queues.size(), 1);
    EXPECT_EQ(queues[0].cohort_name, c.cohort);
    EXPECT_THAT(Table(objects)[0], HasSubstr(absl::StrCat("nvidia.com/gpu=", c.gpu, " ")));
    for (const api::Object& object : objects) EXPECT_THAT(api::Validate(object), IsEmpty()) << api::ObjectId(object);
  }
}

TEST(CompileTest, TheIdlePoolHoldsWhatNoTeamWasPromised) {
  const Capacity capacity = {{"ml.g5.12xlarge", CapacityOfNodes(*FindInstanceType("ml.g5.12xlarge"), 4)},
                             {"ml.m5.xlarge", CapacityOfNodes(*FindInstanceType("ml.m5.xlarge"), 1)}};
  // More CPU nodes promised than there are: the pool has none of them, not less than none.
  const std::string text =
      Policy("IdleResourceSharing=Enabled") +
      Quota("ComputeQuotaResources=[{InstanceType=ml.g5.12xlarge,Count=3},{InstanceType=ml.m5.xlarge,Count=2}]");
  const auto objects = CompileText(text, {}, capacity);
  const auto rows = Table(objects);
  ASSERT_EQ(rows.size(), 4);
  EXPECT_EQ(rows[2],
            "hyperpod-ns-idle-resource-sharing-cq-0 ml.g5.12xlarge cpu=48/0 memory=192Gi/0 nvidia.com/gpu=4/0 "
            "aws.amazon.com/neurondevice=0/0 vpc.amazonaws.com/efa=1/0");
  EXPECT_THAT(rows[3], HasSubstr("cq-0 ml.m5.xlarge cpu=0/0 memory=0/0"));
  EXPECT_EQ(All<api::ClusterQueue>(objects)[1].cohort_name, "shared-pool");
  EXPECT_FALSE(All<api::ClusterQueue>(objects)[1].namespace_selector.has_value()) << "takes no jobs";

  CompileOptions one_each;
  one_each.pool_flavors = 1;
  const auto split = All<api::ClusterQueue>(CompileText(text, one_each, capacity));
  ASSERT_EQ(split.size(), 3);
  EXPECT_EQ(split[2].metadata.name, "hyperpod-ns-idle-resource-sharing-cq-1");
}

TEST(CompileTest, FirstComeFirstServedIsClassicalPreemption) {
  const auto objects =
      CompileText(Policy("FairShare=Disabled") + Quota(Resources("InstanceType=ml.g5.8xlarge,Count=1")));
  EXPECT_FALSE(All<api::Configuration>(objects)[0].fair_sharing.has_value());
  EXPECT_EQ(All<api::ClusterQueue>(objects)[0].preemption->borrow_within_cohort->policy, "LowerPriority");
}

TEST(CompileTest, ATeamThatMayNotPreemptItself) {
  const auto objects = CompileText(Quota(Resources("InstanceType=ml.g5.8xlarge,Count=1") + ",PreemptTeamTasks=Never"));
  EXPECT_EQ(All<api::ClusterQueue>(objects)[0].preemption->within_cluster_queue, "Never");
}

TEST(CompileTest, ADisabledAllocationTakesNoJobs) {
  const std::string text = Quota(Resources("InstanceType=ml.g5.8xlarge,Count=1"), "t", "--activation-state Disabled");
  const auto objects = CompileText(text);
  EXPECT_EQ(All<api::ClusterQueue>(objects)[0].stop_policy, "Hold");
  EXPECT_EQ(All<api::Namespace>(objects)[0].metadata.labels.at("sagemaker.amazonaws.com/activate-quota"), "Disabled");
  CompileOptions label_only;
  ASSERT_TRUE(label_only.Set("disabled=label-only").ok());
  EXPECT_EQ(All<api::ClusterQueue>(CompileText(text, label_only))[0].stop_policy, "");
}

TEST(CompileTest, WithoutTopologyFlavorsAreQuotaOnly) {
  CompileOptions karpenter;
  ASSERT_TRUE(karpenter.Set("topology-levels=none").ok());
  const auto objects = CompileText(Quota(Resources("InstanceType=ml.g5.8xlarge,Count=1")), karpenter);
  EXPECT_THAT(All<api::Topology>(objects), IsEmpty());
  EXPECT_EQ(All<api::ResourceFlavor>(objects)[0].topology_name, "");
  EXPECT_FALSE(All<api::Configuration>(objects)[0].feature_gates.at("TopologyAwareScheduling"));
}

struct ErrorCase {
  const char* about;
  std::string text;
  const char* error;
};

TEST(CompileTest, RefusesWhatHasNoMeaning) {
  const std::string a = Quota(Resources("InstanceType=ml.g5.8xlarge,Count=1"));
  const ErrorCase cases[] = {
      {"two policies of one cluster", Policy("FairShare=Enabled") + Policy("FairShare=Disabled"), "has one policy"},
      {"two quotas of one team", a + a, "has a quota already"},
      {"a type in two entries",
       Quota("ComputeQuotaResources=[{InstanceType=ml.g5.8xlarge,Count=1},{InstanceType=ml.g5.8xlarge,Count=1}]"),
       "ComputeQuotaResources[1].InstanceType: ml.g5.8xlarge is there twice"},
      {"whole instances and parts in one entry", Quota(Resources("InstanceType=ml.g5.12xlarge,Count=1,Accelerators=2")),
       "has Count and parts"},
      {"a team with more characters than its queue's name has room for",
       Quota(Resources("InstanceType=ml.g5.8xlarge,Count=1"), std::string(41, 'a')), "has 41 characters"},
      {"a class likewise", Policy("PriorityClasses=[{Name=" + std::string(55, 'a') + ",Weight=1}]"),
       "has 55 characters"},
      {"a class that is there twice", Policy("PriorityClasses=[{Name=a,Weight=1},{Name=a,Weight=2}]"),
       "a is there twice"},
      {"idle resources of unknown nodes", Policy("IdleResourceSharing=Enabled") + a, "give DescribeCluster"},
      {"another cluster's quota",
       a + "aws sagemaker create-compute-quota --name q --cluster-arn "
           "arn:aws:sagemaker:us-west-2:123456789012:cluster/zzzzzzzzzzzz "
           "--compute-quota-config ComputeQuotaResources=[] --compute-quota-target TeamName=u\n",
       "is another cluster than"},
  };
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(c.about);
    const ReadResult read = ReadText(c.text);
    ASSERT_TRUE(read.status().ok()) << read.status();
    const auto objects = Compile(read.documents.policies, read.documents.quotas);
    ASSERT_FALSE(objects.ok());
    EXPECT_THAT(std::string(objects.status().message()), HasSubstr(c.error));
  }
}

TEST(CompileTest, NamesOfJustTheLongestLengthAreFine) {
  CompileText(Policy("PriorityClasses=[{Name=" + std::string(54, 'a') + ",Weight=1}]") +
              Quota(Resources("InstanceType=ml.g5.8xlarge,Count=1"), std::string(40, 'a')));
}

TEST(CompileTest, MixedEntriesAreAddedUpOnRequest) {
  CompileOptions options;
  ASSERT_TRUE(options.Set("mixed-entries=add").ok());
  EXPECT_THAT(
      Table(CompileText(Quota(Resources("InstanceType=ml.g5.12xlarge,Count=1,Accelerators=2")), options))[0],
      HasSubstr(
          "cpu=72/72 memory=288Gi/288Gi nvidia.com/gpu=6/6 aws.amazon.com/neurondevice=0/0 vpc.amazonaws.com/efa=2/2"));
}

TEST(CompileTest, AmountsBeyondWhatKubernetesCountsBecomeItsLargest) {
  EXPECT_THAT(Table(CompileText(Quota(Resources("InstanceType=ml.p6-b300.48xlarge,Count=10000000"))))[0],
              HasSubstr("memory=9223372036854775807/9223372036854775807"));
}

TEST(CompileOptionsTest, UnknownNamesAndValuesAreNamed) {
  CompileOptions options;
  EXPECT_THAT(std::string(options.Set("colour=red").message()),
              HasSubstr("there is no option \"colour\"; there are dont-lend"));
  EXPECT_THAT(std::string(options.Set("dont-lend=maybe").message()),
              HasSubstr("use own-cohort, no-cohort, zero-limits"));
  EXPECT_FALSE(options.Set("pool-flavors=0").ok());
  EXPECT_FALSE(options.Set("cohort=").ok());
  EXPECT_TRUE(options.Set("pool-flavors=64").ok());
  EXPECT_THAT(CompileOptions::Help(), HasSubstr("efa-of-parts=round-up|whole|none"));
}

}  // namespace
}  // namespace muster::hyperpod
