#include "api/hyperpod/lint.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/hyperpod/amounts.h"
#include "api/hyperpod/lint_rules.h"

namespace muster::hyperpod {
namespace {

using absl::int128;

std::string Show(absl::string_view resource, int128 amount) { return ToQuantity(resource, amount).ToString(); }

std::string StrategyOf(const ComputeQuotaConfig& config) {
  return config.sharing ? config.sharing->strategy : "LendAndBorrow";
}

class Linter {
 public:
  Linter(const LintInput& input, const CompileOptions& options) : input_(input), options_(options) {}

  std::vector<Finding> Run();

 private:
  void Add(absl::string_view rule, const api::Source& source, std::string object, std::string path,
           std::string message) {
    findings_.push_back({&RuleOf(rule), source, std::move(object), std::move(path), std::move(message)});
  }
  void Add(absl::string_view rule, const ComputeQuota& quota, std::string path, std::string message) {
    Add(rule, quota.source, RecordId(quota), std::move(path), std::move(message));
  }

  void TakeProblems();
  void CollectCapacity();
  void LintClusters();
  void LintPolicies();
  void LintWeights();
  void LintQuota(const ComputeQuota& quota);
  void LintEntry(const ComputeQuota& quota, const ResourceConfig& entry, const std::string& path);
  void LintCapacity();
  void LintType(const InstanceType& type, const TypeCapacity& there);
  void LintNodeLabels();
  template <class T>
  void LintStatus(const T& record);

  const LintInput& input_;
  const CompileOptions& options_;
  std::vector<Finding> findings_;
  std::vector<const ComputeQuota*> quotas_;  // whole, not deleted
  Capacity capacity_;
  bool fair_ = true;
  bool idle_sharing_ = false;
  // Instance type -> team -> nominal.
  std::map<std::string, std::map<std::string, Amounts>> promised_;
};

void Linter::TakeProblems() {
  for (const api::Problem& problem : input_.problems) {
    api::Problem bare = problem;
    bare.source = {};
    bare.object.clear();
    bare.path.clear();
    Add(RuleIdOf(problem), problem.source, problem.object, problem.path, api::ToString(bare));
  }
  for (const api::Problem& problem :
       CompileProblems(input_.documents.policies, input_.documents.quotas, capacity_, options_)) {
    // The service knows its nodes; here they are missing, which is another rule's to say.
    if (problem.rule == "idle-pool-without-nodes") continue;
    Add(problem.rule, problem.source, problem.object, problem.path, problem.message);
  }
}

void Linter::CollectCapacity() {
  capacity_ = input_.more_capacity;
  std::vector<Cluster> clusters = input_.documents.clusters;
  JoinClusters(&clusters);
  if (input_.nodes.empty()) {
    for (const Cluster& cluster : clusters) AddCapacity(CapacityOf(cluster), &capacity_);
  } else {
    AddCapacity(CapacityOf(input_.nodes), &capacity_);
  }
  for (const auto& [type, more] : input_.more_capacity) capacity_[type].unknown = false;
}

void Linter::LintClusters() {
  for (const Cluster& cluster : input_.documents.clusters) {
    const std::string id = absl::StrCat("Cluster/", cluster.name);
    if (cluster.slurm) Add("slurm-cluster", {}, id, "Orchestrator", "is Slurm; task governance needs EKS");
    for (const InstanceGroup& group : cluster.groups) {
      if (group.threads_per_core != 1 || group.instance_types.empty()) continue;
      const InstanceType* type = FindInstanceType(group.instance_types[0]);
      if (type == nullptr) continue;
      Add("threads-per-core", {}, id, absl::StrCat("InstanceGroups[", group.name, "].ThreadsPerCore"),
          absl::StrCat("is 1: quotas count ", type->vcpus, " vCPUs for each ", type->name, ", pods get ",
                       Show(kCpu, type->allocatable_milli_cpu / 2)));
    }
  }
}

template <class T>
void Linter::LintStatus(const T& record) {
  static const std::map<std::string, std::string> kAdvice = {
      {"CreateFailed", "delete it and create it anew"},
      {"CreateRollbackFailed", "delete it and create it anew"},
      {"UpdateRollbackFailed", "delete it and create it anew"},
      {"UpdateFailed", "repeat the update"},
      {"DeleteFailed", "repeat the deletion"},
      {"DeleteRollbackFailed", "repeat the deletion"},
  };
  const auto advice = kAdvice.find(record.status);
  if (advice == kAdvice.end()) return;
  Add("status-failed", record.source, RecordId(record), "Status",
      absl::StrCat(record.status, record.failure_reason.empty() ? "" : absl::StrCat(" (", record.failure_reason, ")"),
                   "; ", advice->second));
}

void Linter::LintPolicies() {
  for (const ClusterSchedulerConfig& policy : input_.documents.policies) {
    if (policy.status == "Deleted") continue;
    LintStatus(policy);
    if (!policy.scheduler_config) continue;
    const SchedulerConfig& config = *policy.scheduler_config;
    fair_ = config.fair_share != "Disabled";
    idle_sharing_ = config.idle_resource_sharing == "Enabled";
    const std::string id = RecordId(policy);
    for (size_t i = 0; i < config.priority_classes.size(); ++i) {
      const std::string& name = config.priority_classes[i].name;
      if (!absl::EndsWith(name, "-priority")) continue;
      Add("priority-suffix", policy.source, id, absl::StrCat("SchedulerConfig.PriorityClasses[", i, "].Name"),
          absl::StrCat("\"", name, "\" becomes ", PriorityClassOf(name),
                       ", which jobs must then name; leave out -priority"));
    }
    if (config.priority_classes.empty()) {
      Add("no-priority-classes", policy.source, id, "SchedulerConfig.PriorityClasses",
          "there are none: jobs of a team start in the order they come, and none can preempt another");
    }
  }
}

void Linter::LintWeights() {
  if (!fair_ || quotas_.size() < 2) return;
  const auto zero = [](const ComputeQuota* q) { return q->fair_share_weight.value_or(0) == 0; };
  const auto zeros = std::count_if(quotas_.begin(), quotas_.end(), zero);
  if (zeros == static_cast<std::ptrdiff_t>(quotas_.size())) {
    Add("weight-zero", {}, "", "ComputeQuotaTarget.FairShareWeight",
        absl::StrCat(
            "is 0 for all of ", quotas_.size(),
            " teams: Kueue counts the share of weight 0 as infinite, so that idle compute is not divided among them; "
            "give each a weight"));
    return;
  }
  for (const ComputeQuota* quota : quotas_) {
    if (!zero(quota)) continue;
    Add("weight-zero-team", *quota, "ComputeQuotaTarget.FairShareWeight",
        "is 0: others come first whenever both wait for idle compute");
  }
}

void Linter::LintEntry(const ComputeQuota& quota, const ResourceConfig& entry, const std::string& path) {
  const InstanceType* type = FindInstanceType(entry.instance_type);
  if (type == nullptr) return;
  if (!type->in_hyp_table) {
    Add("unknown-to-hyp", quota, absl::StrCat(path, ".InstanceType"),
        absl::StrCat(type->name, " is accepted here, but the hyp command does not know it"));
  }
  const Amounts amounts = AmountsOf(entry, *type, options_.efa_of_parts);
  const int128 efa = AmountOf(amounts, kEfa);
  const bool part = entry.accelerators.value_or(0) > 0 || (entry.partition && entry.partition->count > 0);
  if (!entry.count && part && efa < type->efa) {
    Add("fractional-efa", quota, path,
        absl::StrCat("comes with ", Show(kEfa, efa), " of the ", type->efa, " EFA interfaces of ", type->name,
                     ", but hyp asks for all ", type->efa,
                     " with any part of a node: such a job is over quota, and two of them never share a node; set efa "
                     "in the jobs"));
  }
  if (entry.count.value_or(0) > 0) {
    Add("nominal-over-allocatable", quota, path,
        absl::StrCat("counts ", type->vcpus, " vCPUs for each ", type->name, "; a pod gets ",
                     Show(kCpu, type->allocatable_milli_cpu), " at most"));
  }
}

void Linter::LintQuota(const ComputeQuota& quota) {
  const ComputeQuotaConfig& config = *quota.config;
  const std::string sharing = "ComputeQuotaConfig.ResourceSharingConfig";
  if (quota.activation_state == "Disabled") Add("quota-disabled", quota, "ActivationState", "is Disabled");
  bool any = false;
  for (size_t i = 0; i < config.resources.size(); ++i) {
    const ResourceConfig& entry = config.resources[i];
    LintEntry(quota, entry, absl::StrCat("ComputeQuotaConfig.ComputeQuotaResources[", i, "]"));
    const InstanceType* type = FindInstanceType(entry.instance_type);
    if (type == nullptr) continue;
    const Amounts amounts = AmountsOf(entry, *type, options_.efa_of_parts);
    any |= !amounts.empty();
    Amounts& sum = promised_[type->name][quota.team_name];
    sum = sum + amounts;
  }
  if (!any) {
    Add("empty-quota", quota, "ComputeQuotaConfig.ComputeQuotaResources",
        "amounts to nothing: the team has no quota, and a percentage of nothing to borrow");
  }
  const std::string strategy = StrategyOf(config);
  const bool limits =
      config.sharing && (config.sharing->borrow_limit || !config.sharing->absolute_borrow_limits.empty());
  if (strategy == "DontLend") {
    Add("dont-lend-isolated", quota, sharing + ".Strategy",
        "is DontLend: the team lends nothing, borrows nothing, and neither preempts other teams nor is preempted by "
        "them");
  }
  if (strategy != "LendAndBorrow" && limits && (config.sharing->borrow_limit.value_or(1) > 0)) {
    Add("limit-without-effect", quota, sharing + ".BorrowLimit",
        absl::StrCat("has no effect: a ", strategy, " team does not borrow"));
  }
  if (strategy != "LendAndBorrow") return;
  const int32_t percent =
      config.sharing ? config.sharing->borrow_limit.value_or(kDefaultBorrowLimit) : kDefaultBorrowLimit;
  std::set<std::string> listed;
  if (config.sharing) {
    for (const ResourceConfig& entry : config.sharing->absolute_borrow_limits) listed.insert(entry.instance_type);
  }
  for (const ResourceConfig& entry : config.resources) {
    const InstanceType* type = FindInstanceType(entry.instance_type);
    if (type == nullptr || percent == 0 || listed.contains(type->name)) continue;
    for (const auto& [resource, amount] : AmountsOf(entry, *type, options_.efa_of_parts)) {
      const bool device = resource == type->accelerator_resource || absl::StartsWith(resource, "nvidia.com/mig-");
      if (!device || BorrowingLimit(resource, amount, percent, options_.borrow_limit_rounding) > 0) continue;
      Add("borrow-limit-rounds-to-zero", quota, sharing + ".BorrowLimit",
          absl::StrCat(percent, " % of ", Show(resource, amount), " ", resource, " of ", type->name,
                       " is less than one: the team cannot borrow any; use at least ",
                       Show(resource, (100 + amount - 1) / amount), " %"));
    }
  }
}

void Linter::LintType(const InstanceType& type, const TypeCapacity& there) {
  const auto teams = promised_.find(type.name);
  if (teams == promised_.end()) {
    if (!idle_sharing_ && there.nodes > 0) {
      Add("unowned-capacity", {}, "", "",
          absl::StrCat(there.nodes, " ", type.name,
                       " belong to no team, and IdleResourceSharing is not Enabled: nobody can use them "
                       "through a queue"));
    }
    return;
  }
  Amounts sum;
  for (const auto& [team, amounts] : teams->second) sum = sum + amounts;
  if (sum.empty()) return;
  if (there.nodes == 0) {
    Add("type-not-in-cluster", {}, "", "",
        absl::StrCat("there is no usable ", type.name, " node, and ",
                     teams->second.size() == 1 ? "a quota of it" : "quotas of it", " (", teams->second.begin()->first,
                     teams->second.size() > 1 ? ", …)" : ")"));
    return;
  }
  // The scarcest kind first: what people buy the nodes for.
  std::vector<std::string> order = {type.accelerator_resource};
  for (const auto& [resource, amount] : sum) {
    if (absl::StartsWith(resource, "nvidia.com/mig-")) order.push_back(resource);
  }
  for (absl::string_view resource : {kCpu, kMemory, kEfa}) order.emplace_back(resource);
  for (const std::string& resource : order) {
    const int128 promised = AmountOf(sum, resource), has = AmountOf(there.amounts, resource);
    if (resource.empty() || promised <= has) continue;
    std::vector<std::string> each;
    for (const auto& [team, amounts] : teams->second) {
      if (AmountOf(amounts, resource) > 0)
        each.push_back(absl::StrCat(team, " ", Show(resource, AmountOf(amounts, resource))));
    }
    Add("quota-overcommit", {}, "", "",
        absl::StrCat(
            "teams are promised ", Show(resource, promised), " of ", Show(resource, has), " ", resource, " on ",
            type.name, " (", absl::StrJoin(each, ", "),
            "): a team within its quota can wait for nodes while nobody borrows, and nothing is taken back for it"));
    return;  // the others follow from it
  }
  const int128 cpu = AmountOf(sum, kCpu);
  if (cpu > there.allocatable_milli_cpu) {
    Add("nominal-over-allocatable", {}, "", "",
        absl::StrCat("teams are promised ", Show(kCpu, cpu), " cpu on ", type.name, ", the nodes leave ",
                     Show(kCpu, there.allocatable_milli_cpu), " to pods"));
  }
  const int128 idle = AmountOf(there.amounts, type.accelerator_resource) - AmountOf(sum, type.accelerator_resource);
  if (!idle_sharing_ && idle > 0 && !type.accelerator_resource.empty()) {
    Add("unowned-capacity", {}, "", "",
        absl::StrCat(
            Show(type.accelerator_resource, idle), " ", type.accelerator_resource, " of ", type.name,
            " belong to no team, and IdleResourceSharing is not Enabled: nobody can use them through a queue"));
  }
}

void Linter::LintCapacity() {
  if (capacity_.empty()) {
    if (!quotas_.empty()) {
      Add("nodes-unknown", {}, "", "",
          "nothing says which nodes there are, so that over-commitment was not looked for; give DescribeCluster output "
          "or --nodes");
    }
    return;
  }
  Capacity all = capacity_;
  for (const auto& [type, teams] : promised_) all[type];
  std::vector<std::string> unknown;
  for (const auto& [type, there] : all) {
    if (there.unknown) {
      unknown.push_back(type);
    } else {
      LintType(*FindInstanceType(type), there);
    }
  }
  if (unknown.empty()) return;
  Add("nodes-unknown", {}, "", "",
      absl::StrCat("nothing says how many nodes of ", absl::StrJoin(unknown, ", "),
                   " there are, so that over-commitment was not looked for; give DescribeCluster output or --nodes"));
}

void Linter::LintNodeLabels() {
  for (const std::string& level : options_.topology_levels) {
    std::vector<std::string> without;
    for (const api::Node& node : input_.nodes) {
      if (!node.metadata.labels.contains(level)) without.push_back(node.metadata.name);
    }
    if (without.empty()) continue;
    Add("topology-labels-missing", {}, "", "",
        absl::StrCat(without.size(), " of ", input_.nodes.size(), " nodes have no label ", level, " (", without.front(),
                     without.size() > 1 ? ", …)" : ")", ": topology-aware scheduling does not see them"));
  }
}

std::vector<Finding> Linter::Run() {
  CollectCapacity();
  TakeProblems();
  LintClusters();
  LintPolicies();
  for (const ComputeQuota& quota : input_.documents.quotas) {
    if (quota.status == "Deleted") continue;
    LintStatus(quota);
    if (quota.config && quota.form != Form::kUpdate) quotas_.push_back(&quota);
  }
  for (const ComputeQuota* quota : quotas_) LintQuota(*quota);
  LintWeights();
  LintCapacity();
  LintNodeLabels();
  std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
    return std::make_pair(a.rule->severity, a.rule) < std::make_pair(b.rule->severity, b.rule);
  });
  return std::move(findings_);
}

}  // namespace

std::vector<Finding> Lint(const LintInput& input, const CompileOptions& options) {
  return Linter(input, options).Run();
}

}  // namespace muster::hyperpod
