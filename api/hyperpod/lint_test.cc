#include "api/hyperpod/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "api/hyperpod/test_files.h"

namespace muster::hyperpod {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Errors and warnings, without notes.
std::vector<std::string> Lines(const std::vector<Finding>& findings, bool notes = false) {
  std::vector<std::string> lines;
  for (const Finding& finding : findings) {
    if (notes || finding.rule->severity != LintSeverity::kNote) lines.push_back(ToString(finding));
  }
  return lines;
}

std::vector<Finding> LintSetup(const std::string& name) {
  ReadResult read = ReadSetup(name);
  return Lint(
      {.documents = std::move(read.documents), .problems = std::move(read.problems), .nodes = {}, .more_capacity = {}});
}

TEST(LintTest, TheSetupsAreOvercommittedAndNothingElse) {
  EXPECT_THAT(
      Lines(LintSetup("setup-1")),
      ElementsAre("warning: teams are promised 3 of 2 nvidia.com/gpu on ml.g5.8xlarge (team-a 1, team-b 2): a team "
                  "within its quota "
                  "can wait for nodes while nobody borrows, and nothing is taken back for it [quota-overcommit]"));
  EXPECT_THAT(Lines(LintSetup("setup-2")),
              ElementsAre(HasSubstr("promised 10 of 8 nvidia.com/gpu on ml.g5.12xlarge (team-a 2, team-b 8)")));
}

constexpr char kArn[] = "arn:aws:sagemaker:us-west-2:123456789012:cluster/abcdefghijkl";

std::string Quota(const std::string& team, const std::string& config, int weight = 10) {
  return absl::StrCat("aws sagemaker create-compute-quota --name q-", team, " --cluster-arn ", kArn,
                      " --compute-quota-config '", config, "' --compute-quota-target TeamName=", team,
                      ",FairShareWeight=", weight, "\n");
}
std::string Policy(const std::string& config) {
  return absl::StrCat("aws sagemaker create-cluster-scheduler-config --name p --cluster-arn ", kArn,
                      " --scheduler-config '", config, "'\n");
}
std::string One(const std::string& entry, const std::string& sharing = "Strategy=LendAndBorrow,BorrowLimit=100") {
  return absl::StrCat("ComputeQuotaResources=[{", entry, "}],ResourceSharingConfig={", sharing, "}");
}

std::vector<Finding> LintCommands(const std::string& text, Capacity capacity = {}) {
  ReadResult read = ReadText(text);
  return Lint({.documents = std::move(read.documents),
               .problems = std::move(read.problems),
               .nodes = {},
               .more_capacity = std::move(capacity)});
}

struct Case {
  const char* rule;
  std::string bad;
  std::string good;  // the same without the mistake
};

TEST(LintTest, EveryRuleFindsItsMistakeAndNoOther) {
  const std::string count = "InstanceType=ml.g5.8xlarge,Count=2";
  const std::string a = Quota("a", One(count)), classes = "PriorityClasses=[{Name=training,Weight=1}]";
  const Case cases[] = {
      {"api-constraint", Quota("a", One(count, "Strategy=Lend,BorrowLimit=10001")), a},
      {"unknown-strategy", Quota("a", One(count, "Strategy=Borrow")), a},
      {"unknown-mig-profile",
       Quota("a", One("InstanceType=ml.p5.48xlarge,AcceleratorPartition={Type=mig-1g.5gb,Count=56}")),
       Quota("a", One("InstanceType=ml.p5.48xlarge,AcceleratorPartition={Type=mig-1g.10gb,Count=56}"))},
      {"unknown-instance-type", Quota("a", One("InstanceType=g5.8xlarge,Count=2")), a},
      {"second-policy", Policy(classes) + Policy(classes), Policy(classes)},
      {"duplicate-team", a + Quota("a", One("InstanceType=ml.g5.8xlarge,Count=1")), a},
      {"duplicate-entry",
       Quota("a",
             "ComputeQuotaResources=[{InstanceType=ml.g5.8xlarge,Count=1},{InstanceType=ml.g5.8xlarge,Count=1}],"
             "ResourceSharingConfig={Strategy=LendAndBorrow,BorrowLimit=100}"),
       a},
      {"count-and-parts", Quota("a", One("InstanceType=ml.g5.8xlarge,Count=1,Accelerators=1")), a},
      {"duplicate-priority-class", Policy("PriorityClasses=[{Name=a,Weight=1},{Name=a,Weight=2}]"), Policy(classes)},
      {"name-too-long", Quota(std::string(41, 'a'), One(count)), Quota(std::string(40, 'a'), One(count))},
      {"name-too-long", Policy("PriorityClasses=[{Name=" + std::string(55, 'a') + ",Weight=1}]"),
       Policy("PriorityClasses=[{Name=" + std::string(54, 'a') + ",Weight=1}]")},
      {"cluster-mismatch", a + absl::StrReplaceAll(Quota("b", One(count)), {{"abcdefghijkl", "zzzzzzzzzzzz"}}),
       a + Quota("b", One(count))},
      {"incomplete-record",
       "aws sagemaker update-compute-quota --compute-quota-id abcdefghijkl --target-version 1 --activation-state "
       "Enabled "
       "--compute-quota-target TeamName=a\n",
       a},
      {"weight-zero", Quota("a", One(count), 0) + Quota("b", One(count), 0),
       Quota("a", One(count), 1) + Quota("b", One(count), 0)},
      {"weight-zero", Policy(classes) + Quota("a", One(count), 0) + Quota("b", One(count), 0),
       Policy("FairShare=Disabled," + classes) + Quota("a", One(count), 0) + Quota("b", One(count), 0)},
      {"dont-lend-isolated", Quota("a", One(count, "Strategy=DontLend")), Quota("a", One(count, "Strategy=Lend"))},
      {"limit-without-effect", Quota("a", One(count, "Strategy=Lend,BorrowLimit=50")),
       Quota("a", One(count, "Strategy=Lend,BorrowLimit=0"))},
      {"borrow-limit-rounds-to-zero", Quota("a", One(count, "Strategy=LendAndBorrow,BorrowLimit=49")),
       Quota("a", One(count, "Strategy=LendAndBorrow,BorrowLimit=50"))},
      {"priority-suffix", Policy("PriorityClasses=[{Name=training-priority,Weight=1}]"), Policy(classes)},
      {"fractional-efa", Quota("a", One("InstanceType=ml.p5.48xlarge,Accelerators=4")),
       Quota("a", One("InstanceType=ml.p5.48xlarge,Accelerators=8"))},
      {"empty-quota", Quota("a", One("InstanceType=ml.g5.8xlarge,Count=0")), a},
      {"unknown-member", absl::StrCat(a.substr(0, a.size() - 1), " --colour red\n"), a},
      {"status-failed", "", ""},
      {"threads-per-core", "", ""},
      {"slurm-cluster", "", ""},
  };
  for (const Case& c : cases) {
    if (c.bad.empty()) continue;  // these need a cluster or a Describe answer: below
    SCOPED_TRACE(c.rule);
    EXPECT_THAT(Lines(LintCommands(c.bad)), ElementsAre(HasSubstr(absl::StrCat("[", c.rule, "]"))));
    EXPECT_THAT(Lines(LintCommands(c.good)), IsEmpty());
  }
}

TEST(LintTest, CapacityAgainstPromises) {
  const InstanceType& g5 = *FindInstanceType("ml.g5.12xlarge");
  const std::string quotas = Quota("a", One("InstanceType=ml.g5.12xlarge,Count=2"));
  EXPECT_THAT(Lines(LintCommands(quotas, {{g5.name, CapacityOfNodes(g5, 2)}})), IsEmpty()) << "just enough";
  EXPECT_THAT(Lines(LintCommands(quotas, {{g5.name, CapacityOfNodes(g5, 1)}})),
              ElementsAre(HasSubstr("promised 8 of 4 nvidia.com/gpu")));
  EXPECT_THAT(Lines(LintCommands(quotas, {{g5.name, CapacityOfNodes(g5, 0)}})),
              ElementsAre(HasSubstr("[type-not-in-cluster]")));
  // Enough GPUs, too much CPU.
  EXPECT_THAT(Lines(LintCommands(Quota("a", One("InstanceType=ml.g5.12xlarge,Accelerators=1,VCpu=60")),
                                 {{g5.name, CapacityOfNodes(g5, 1)}})),
              ElementsAre(HasSubstr("promised 60 of 48 cpu")));
  // Nodes of no team.
  const auto notes = Lines(LintCommands(quotas, {{g5.name, CapacityOfNodes(g5, 3)}}), true);
  EXPECT_THAT(notes, ::testing::Contains(HasSubstr("4 nvidia.com/gpu of ml.g5.12xlarge belong to no team")));
  const auto shared =
      Lines(LintCommands(Policy("IdleResourceSharing=Enabled,PriorityClasses=[{Name=a,Weight=1}]") + quotas,
                         {{g5.name, CapacityOfNodes(g5, 3)}}),
            true);
  EXPECT_THAT(shared, ::testing::Not(::testing::Contains(HasSubstr("unowned-capacity"))));
  EXPECT_THAT(Lines(LintCommands(quotas), true), ::testing::Contains(HasSubstr("[nodes-unknown]")));
}

TEST(LintTest, ClustersAndStates) {
  ReadResult read = ReadText(R"([
    {"ClusterName": "c", "Orchestrator": {"Slurm": {}}, "InstanceGroups": [{"InstanceGroupName": "g", "InstanceType": "ml.g5.8xlarge", "CurrentCount": 2, "ThreadsPerCore": 1}]},
    {"Name": "q", "ComputeQuotaId": "abcdefghijkl", "Status": "CreateFailed", "FailureReason": "the add-on is not installed", "CreationTime": 0,
     "ComputeQuotaConfig": {"ComputeQuotaResources": [{"InstanceType": "ml.g5.8xlarge", "Count": 2}]}, "ComputeQuotaTarget": {"TeamName": "a"}}])");
  ASSERT_TRUE(read.status().ok()) << read.status();
  EXPECT_THAT(Lines(Lint({.documents = read.documents, .problems = read.problems, .nodes = {}, .more_capacity = {}})),
              ElementsAre(HasSubstr("Cluster/c: Orchestrator: is Slurm"),
                          HasSubstr("quotas count 32 vCPUs for each ml.g5.8xlarge, pods get 15925m"),
                          HasSubstr("CreateFailed (the add-on is not installed); delete it and create it anew")));
}

TEST(LintTest, NodesWithoutTopologyLabels) {
  ReadResult read = ReadSetup("setup-1");
  NodeOptions options;
  options.topology_labels = false;
  LintInput input{.documents = read.documents,
                  .problems = {},
                  .nodes = MakeNodes(read.documents.clusters.at(0), options),
                  .more_capacity = {}};
  const auto lines = Lines(Lint(input));
  EXPECT_THAT(lines,
              ::testing::Contains(HasSubstr("2 of 2 nodes have no label topology.k8s.aws/network-node-layer-1")));
  input.nodes = MakeNodes(read.documents.clusters.at(0));
  EXPECT_THAT(Lines(Lint(input)), ElementsAre(HasSubstr("[quota-overcommit]"))) << "nodes are not counted twice";
}

TEST(LintTest, MistakesOfGuides) {
  const char* const guide =
      "aws sagemaker create-cluster \\\n"
      "  --orchestrator Type=EKS\n"
      "aws sagemaker update-kubeconfig --cluster-name c\n"
      "kubectl get inferenceendpoint\n"
      "pip install hyperpod\n"
      "hyp get kubeconfig\n"
      "aws sagemaker list-compute-quotas --query \"ComputeQuotaSummaries[?ComputeQuotaName=='a']\"\n"
      "  - `LendAndBorrow`: both\n"
      "  - `Borrow`: only borrow\n"
      "{\"Strategy\": \"Borrow\"}\n";
  EXPECT_THAT(
      Lines(LintText(guide, "README.md")),
      ElementsAre(HasSubstr("error: README.md:2: there is no Type"), HasSubstr("README.md:3: "),
                  HasSubstr("[cli-inference-kind]"), HasSubstr("[cli-pip-hyperpod]"), HasSubstr("[cli-hyp-kubeconfig]"),
                  HasSubstr("[cli-quota-name-query]"), HasSubstr("README.md:9: "), HasSubstr("README.md:10: ")));
  const char* const right =
      "aws sagemaker create-cluster --orchestrator 'Eks={ClusterArn=arn}'\n"
      "aws eks update-kubeconfig --name c\n"
      "kubectl get inferenceendpointconfigs\n"
      "pip install sagemaker-hyperpod hyperpod-tools\n"
      "pip install hyperpod-cli\n"
      "hyp get-cluster-context\n"
      "Strategy=LendAndBorrow, `BorrowLimit`, \"Strategy\": \"LendAndBorrow\"\n";
  EXPECT_THAT(Lines(LintText(right, "README.md")), IsEmpty());
}

TEST(LintTest, FindingsAsJson) {
  const auto findings = LintCommands(Quota("a", One("InstanceType=ml.g5.8xlarge,Count=2", "Strategy=Share")));
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(
      ToJson(findings[0]).dump(),
      R"({"rule":"unknown-strategy","severity":"error","line":1,"object":"ComputeQuota/q-a","path":"ComputeQuotaConfig.ResourceSharingConfig.Strategy",)"
      R"("message":"Unsupported value: \"Share\": use Lend, DontLend, LendAndBorrow"})");
}

TEST(LintTest, EveryRuleIsDocumentedOnce) {
  const std::string page = FileText("docs/lint.md");
  ASSERT_FALSE(page.empty());
  std::set<absl::string_view> seen;
  for (const LintRule& rule : LintRules()) {
    EXPECT_TRUE(seen.insert(rule.id).second) << rule.id;
    const std::string cell = absl::StrCat("\n| `", rule.id, "` |");
    const size_t at = page.find(cell);
    EXPECT_NE(at, std::string::npos) << rule.id << " is not on the page";
    EXPECT_EQ(page.find(cell, at + 1), std::string::npos) << rule.id << " is there twice";
  }
}

}  // namespace
}  // namespace muster::hyperpod
