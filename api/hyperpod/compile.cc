#include "api/hyperpod/compile.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "api/vocabulary.h"

namespace muster::hyperpod {
namespace {

using absl::int128;
using nlohmann::json;

constexpr size_t kMaxFlavors = 64;  // of a resource group, in Kueue

// The five resources every queue covers; MIG profiles follow where they are in use.
constexpr absl::string_view kCovered[] = {kCpu, kMemory, kGpu, kNeuronDevice, kEfa};

constexpr absl::string_view kFrameworks[] = {"batch/job",
                                             "kubeflow.org/mpijob",
                                             "kubeflow.org/paddlejob",
                                             "kubeflow.org/pytorchjob",
                                             "kubeflow.org/tfjob",
                                             "kubeflow.org/xgboostjob",
                                             "kubeflow.org/jaxjob",
                                             "ray.io/rayjob",
                                             "ray.io/raycluster",
                                             "jobset.x-k8s.io/jobset",
                                             "pod",
                                             "deployment",
                                             "statefulset",
                                             "leaderworkerset.x-k8s.io/leaderworkerset"};

std::vector<std::string> Strings(absl::Span<const absl::string_view> views) {
  std::vector<std::string> strings;
  for (absl::string_view view : views) strings.emplace_back(view);
  return strings;
}

struct Team {
  const ComputeQuota* quota = nullptr;
  std::map<std::string, Amounts> nominal;   // by instance type
  std::map<std::string, Amounts> absolute;  // borrowing limits, of the types listed
  bool disabled() const { return quota->activation_state == "Disabled"; }
};

class Compiler {
 public:
  Compiler(const Capacity& capacity, const CompileOptions& options) : capacity_(capacity), options_(options) {}

  std::vector<api::Problem> Check(const std::vector<ClusterSchedulerConfig>& policies,
                                  const std::vector<ComputeQuota>& quotas);
  absl::StatusOr<std::vector<api::Object>> Run(const std::vector<ClusterSchedulerConfig>& policies,
                                               const std::vector<ComputeQuota>& quotas);

 private:
  // `rule` is the one of lint.h that it breaks.
  void Complain(absl::string_view rule, absl::string_view id, const api::Source& source, absl::string_view path,
                std::string message) {
    problems_.push_back({.source = source,
                         .object = std::string(id),
                         .path = std::string(path),
                         .message = std::move(message),
                         .severity = api::Severity::kError,
                         .rule = std::string(rule),
                         .value = ""});
  }
  void Complain(absl::string_view rule, const ComputeQuota& quota, absl::string_view path, std::string message) {
    Complain(rule, RecordId(quota), quota.source, path, std::move(message));
  }
  void Complain(absl::string_view rule, const ClusterSchedulerConfig& policy, absl::string_view path,
                std::string message) {
    Complain(rule, RecordId(policy), policy.source, path, std::move(message));
  }
  void TakePolicy(const std::vector<ClusterSchedulerConfig>& policies);
  void TakeQuotas(const std::vector<ComputeQuota>& quotas);
  template <class T>
  void CheckArn(const T& record);
  void TakeEntries(const ComputeQuota& quota, const std::vector<ResourceConfig>& entries, absl::string_view path,
                   std::map<std::string, Amounts>* amounts);
  void CollectColumns();

  void AddTopologyAndFlavors();
  void AddPriorityClasses();
  void AddCohorts();
  void AddTeam(const Team& team);
  void AddIdlePool();
  void AddConfiguration();
  api::ClusterQueue MakeQueue(const Team& team) const;
  std::string CohortOf(const Team& team) const;
  void SetLimits(const Team& team, const std::string& type, absl::string_view resource, int128 nominal,
                 api::ResourceQuota* quota) const;

  const Capacity& capacity_;
  const CompileOptions& options_;
  std::vector<api::Problem> problems_;
  std::string cluster_arn_;
  const ClusterSchedulerConfig* policy_ = nullptr;
  SchedulerConfig scheduler_;
  std::map<std::string, Team> teams_;
  std::vector<std::string> types_;      // flavors, by name
  std::vector<std::string> resources_;  // covered, in order
  std::vector<api::Object> objects_;
};

bool FairShare(const SchedulerConfig& config) { return config.fair_share != "Disabled"; }

std::string StrategyOf(const ComputeQuotaConfig& config) {
  return config.sharing && !config.sharing->strategy.empty() ? config.sharing->strategy : "LendAndBorrow";
}

int32_t BorrowLimitOf(const ComputeQuotaConfig& config) {
  return config.sharing ? config.sharing->borrow_limit.value_or(kDefaultBorrowLimit) : kDefaultBorrowLimit;
}

void Annotate(const Record& record, api::ObjectMeta* meta) {
  json kept = json::object();
  if (!record.name.empty()) kept["Name"] = record.name;
  if (!record.cluster_arn.empty()) kept["ClusterArn"] = record.cluster_arn;
  if (!record.description.empty()) kept["Description"] = record.description;
  for (const Tag& tag : record.tags) kept["Tags"].push_back({{"Key", tag.key}, {"Value", tag.value}});
  if (kept.empty()) return;
  meta->annotations[std::string(kRecordAnnotation)] = kept.dump(-1, ' ', false, json::error_handler_t::replace);
}

// ---- What comes in.

template <class T>
void Compiler::CheckArn(const T& record) {
  if (record.cluster_arn.empty()) return;
  if (cluster_arn_.empty()) cluster_arn_ = record.cluster_arn;
  if (record.cluster_arn == cluster_arn_) return;
  Complain("cluster-mismatch", record, "ClusterArn",
           absl::StrCat(record.cluster_arn, " is another cluster than ", cluster_arn_, "; take one at a time"));
}

void Compiler::TakePolicy(const std::vector<ClusterSchedulerConfig>& policies) {
  for (const ClusterSchedulerConfig& policy : policies) {
    if (policy.status == "Deleted") continue;
    if (policy_ != nullptr) {
      Complain("second-policy", policy, "",
               absl::StrCat("a cluster has one policy, and ", RecordId(*policy_), " is one already"));
      continue;
    }
    policy_ = &policy;
    CheckArn(policy);
    if (policy.form == Form::kUpdate) {
      Complain("incomplete-record", policy, "", "is an update; give what it is an update of, or Describe output");
    } else if (!policy.scheduler_config) {
      Complain("incomplete-record", policy, "SchedulerConfig",
               policy.form == Form::kSummary ? "is not in a list's summary; give Describe output" : "is missing");
    } else {
      scheduler_ = *policy.scheduler_config;
    }
  }
  std::set<std::string> names;
  for (size_t i = 0; i < scheduler_.priority_classes.size(); ++i) {
    const std::string& name = scheduler_.priority_classes[i].name;
    const std::string path = absl::StrCat("SchedulerConfig.PriorityClasses[", i, "].Name");
    if (!names.insert(name).second) {
      Complain("duplicate-priority-class", *policy_, path, absl::StrCat(name, " is there twice"));
    }
    if (name.size() <= kMaxPriorityClassName) continue;
    Complain("name-too-long", *policy_, path,
             absl::StrCat(name, " has ", name.size(), " characters; ", PriorityClassOf("<name>"),
                          " is a label value of jobs and has room for ", kMaxPriorityClassName));
  }
}

void Compiler::TakeEntries(const ComputeQuota& quota, const std::vector<ResourceConfig>& entries,
                           absl::string_view path, std::map<std::string, Amounts>* amounts) {
  for (size_t i = 0; i < entries.size(); ++i) {
    const ResourceConfig& entry = entries[i];
    const std::string at = absl::StrCat(path, "[", i, "]");
    const InstanceType* type = FindInstanceType(entry.instance_type);
    if (type == nullptr) {
      Complain("unknown-instance-type", quota, absl::StrCat(at, ".InstanceType"),
               absl::StrCat(entry.instance_type, " is not a known type"));
      continue;
    }
    const bool parts = entry.accelerators || entry.vcpu_milli || entry.memory_bytes || entry.partition;
    if (!options_.allow_mixed_entries && entry.count && parts) {
      Complain("count-and-parts", quota, at,
               "has Count and parts of an instance; AWS does not say what that means: use one of them");
    }
    if (type->accelerators == 0 && (entry.accelerators.value_or(0) > 0 || entry.partition)) {
      Complain("api-constraint", quota, at, absl::StrCat(type->name, " has no accelerators"));
      continue;
    }
    if (entry.partition && MigSlices(entry.partition->type) == 0) {
      Complain("unknown-mig-profile", quota, absl::StrCat(at, ".AcceleratorPartition.Type"),
               absl::StrCat(entry.partition->type, " is not a MIG profile"));
      continue;
    }
    if (amounts->contains(type->name) && !options_.allow_mixed_entries) {
      Complain("duplicate-entry", quota, absl::StrCat(at, ".InstanceType"),
               absl::StrCat(type->name, " is there twice; AWS does not say what that means: use one entry"));
    }
    Amounts& sum = (*amounts)[type->name];
    sum = sum + AmountsOf(entry, *type, options_.efa_of_parts);
  }
}

void Compiler::TakeQuotas(const std::vector<ComputeQuota>& quotas) {
  const std::string team_path = "ComputeQuotaTarget.TeamName";
  for (const ComputeQuota& quota : quotas) {
    if (quota.status == "Deleted") continue;
    CheckArn(quota);
    if (quota.form == Form::kUpdate) {
      Complain("incomplete-record", quota, "", "is an update; give what it is an update of, or Describe output");
      continue;
    }
    if (!quota.config || quota.team_name.empty()) {
      Complain("incomplete-record", quota, quota.config ? team_path : "ComputeQuotaConfig", "is missing");
      continue;
    }
    if (quota.team_name.size() > kMaxTeamName) {
      Complain("name-too-long", quota, team_path,
               absl::StrCat(quota.team_name, " has ", quota.team_name.size(), " characters; ", LocalQueueOf("<team>"),
                            " is a label value of jobs and has room for ", kMaxTeamName));
    }
    Team& team = teams_[quota.team_name];
    if (team.quota != nullptr) {
      Complain("duplicate-team", quota, team_path,
               absl::StrCat(quota.team_name, " has a quota already, ", RecordId(*team.quota)));
      continue;
    }
    team.quota = &quota;
    TakeEntries(quota, quota.config->resources, "ComputeQuotaConfig.ComputeQuotaResources", &team.nominal);
    if (quota.config->sharing) {
      TakeEntries(quota, quota.config->sharing->absolute_borrow_limits,
                  "ComputeQuotaConfig.ResourceSharingConfig.AbsoluteBorrowLimits", &team.absolute);
    }
  }
}

// Which flavors and which resources the queues have.
void Compiler::CollectColumns() {
  std::set<std::string> types, mig;
  const auto take_mig = [&mig](const Amounts& amounts) {
    for (const auto& [resource, amount] : amounts) {
      if (absl::StartsWith(resource, "nvidia.com/mig-")) mig.insert(resource);
    }
  };
  for (const auto& [type, there] : capacity_) {
    types.insert(type);
    take_mig(there.amounts);
  }
  for (const auto& [name, team] : teams_) {
    for (const auto* amounts : {&team.nominal, &team.absolute}) {
      for (const auto& [type, amount] : *amounts) {
        types.insert(type);
        take_mig(amount);
      }
    }
  }
  types_.assign(types.begin(), types.end());
  resources_ = Strings(kCovered);
  resources_.insert(resources_.end(), mig.begin(), mig.end());
  if (types_.size() > kMaxFlavors) {
    Complain("too-many-types", "", {}, "",
             absl::StrCat(types_.size(), " instance types; a Kueue queue has room for ", kMaxFlavors));
  }
}

// ---- What goes out.

void Compiler::AddTopologyAndFlavors() {
  const bool topology = !options_.topology_levels.empty();
  if (topology) {
    api::Topology object;
    object.metadata.name = options_.topology_name;
    object.levels = options_.topology_levels;
    objects_.push_back(std::move(object));
  }
  for (const std::string& type : types_) {
    api::ResourceFlavor flavor;
    flavor.metadata.name = type;
    flavor.node_labels[std::string(api::kInstanceTypeLabel)] = type;
    if (topology) flavor.topology_name = options_.topology_name;
    objects_.push_back(std::move(flavor));
  }
}

void Compiler::AddPriorityClasses() {
  for (const PriorityClass& c : scheduler_.priority_classes) {
    api::WorkloadPriorityClass object;
    object.metadata.name = PriorityClassOf(c.name);
    object.value = c.weight;
    objects_.push_back(std::move(object));
  }
}

std::string Compiler::CohortOf(const Team& team) const {
  if (StrategyOf(*team.quota->config) != "DontLend") return options_.cohort;
  switch (options_.dont_lend) {
    case CompileOptions::DontLend::kOwnCohort:
      return absl::StrCat(NamespaceOf(team.quota->team_name), "-cohort");
    case CompileOptions::DontLend::kNoCohort:
      return "";
    case CompileOptions::DontLend::kZeroLimits:
      return options_.cohort;
  }
  return "";
}

void Compiler::AddCohorts() {
  api::Cohort shared;
  shared.metadata.name = options_.cohort;
  if (policy_ != nullptr) Annotate(*policy_, &shared.metadata);
  objects_.push_back(std::move(shared));
  for (const auto& [name, team] : teams_) {
    const std::string cohort = CohortOf(team);
    if (cohort.empty() || cohort == options_.cohort) continue;
    api::Cohort own;
    own.metadata.name = cohort;
    objects_.push_back(std::move(own));
  }
}

void Compiler::SetLimits(const Team& team, const std::string& type, absl::string_view resource, int128 nominal,
                         api::ResourceQuota* quota) const {
  const ComputeQuotaConfig& config = *team.quota->config;
  const std::string strategy = StrategyOf(config);
  int128 limit = 0;
  if (strategy == "DontLend") {
    if (options_.dont_lend != CompileOptions::DontLend::kZeroLimits) return;  // nobody to borrow from
    quota->lending_limit = ToQuantity(resource, 0);
  } else if (strategy == "LendAndBorrow") {
    const auto listed = team.absolute.find(type);
    if (listed != team.absolute.end()) {
      limit = AmountOf(listed->second, resource);
    } else if (team.absolute.empty() || options_.unlisted_borrow_limit == CompileOptions::Unlisted::kPercentage) {
      limit = BorrowingLimit(resource, nominal, BorrowLimitOf(config), options_.borrow_limit_rounding);
    }
  }
  quota->borrowing_limit = ToQuantity(resource, limit);
}

api::ClusterQueue Compiler::MakeQueue(const Team& team) const {
  const ComputeQuota& record = *team.quota;
  api::ClusterQueue queue;
  queue.metadata.name = ClusterQueueOf(record.team_name);
  queue.metadata.labels[std::string(api::kManagedQueueLabel)] = "true";
  Annotate(record, &queue.metadata);
  queue.cohort_name = CohortOf(team);
  queue.queueing_strategy = options_.queueing_strategy;
  queue.namespace_selector.emplace().match_labels[api::kNamespaceNameLabel] = NamespaceOf(record.team_name);
  if (team.disabled() && options_.disabled != CompileOptions::Disabled::kLabelOnly) {
    queue.stop_policy = options_.disabled == CompileOptions::Disabled::kHold ? "Hold" : "HoldAndDrain";
  }
  api::ClusterQueuePreemption& preemption = queue.preemption.emplace();
  preemption.reclaim_within_cohort = options_.reclaim_within_cohort;
  preemption.within_cluster_queue = record.config->preempt_team_tasks == "Never" ? "Never" : "LowerPriority";
  if (!FairShare(scheduler_) && !options_.borrow_within_cohort.empty()) {
    preemption.borrow_within_cohort.emplace().policy = options_.borrow_within_cohort;
  }
  queue.fair_sharing.emplace().weight = api::Quantity::FromValue(record.fair_share_weight.value_or(0));
  api::ResourceGroup& group = queue.resource_groups.emplace_back();
  group.covered_resources = resources_;
  static const auto* const kNone = new Amounts();
  for (const std::string& type : types_) {
    const auto it = team.nominal.find(type);
    const Amounts& nominal = it == team.nominal.end() ? *kNone : it->second;
    api::FlavorQuotas& flavor = group.flavors.emplace_back();
    flavor.name = type;
    for (const std::string& resource : resources_) {
      api::ResourceQuota& quota = flavor.resources.emplace_back();
      quota.name = resource;
      const int128 amount = AmountOf(nominal, resource);
      quota.nominal_quota = ToQuantity(resource, amount);
      SetLimits(team, type, resource, amount, &quota);
    }
  }
  if (group.flavors.empty()) queue.resource_groups.clear();  // neither a quota nor nodes: nothing to cover
  return queue;
}

void Compiler::AddTeam(const Team& team) {
  const std::string& name = team.quota->team_name;
  api::Namespace ns;
  ns.metadata.name = NamespaceOf(name);
  ns.metadata.labels[std::string(api::kManagedQueueLabel)] = "true";
  ns.metadata.labels[std::string(api::kQuotaAllocationLabel)] = name;
  ns.metadata.labels[std::string(api::kActivateQuotaLabel)] = team.disabled() ? "Disabled" : "Enabled";
  objects_.push_back(std::move(ns));
  objects_.push_back(MakeQueue(team));
  api::LocalQueue local;
  local.metadata.name = LocalQueueOf(name);
  local.metadata.ns = NamespaceOf(name);
  local.metadata.labels[std::string(api::kManagedQueueLabel)] = "true";
  local.cluster_queue = ClusterQueueOf(name);
  objects_.push_back(std::move(local));
}

// What the nodes have beyond what teams were promised, in queues that nobody submits to: it is there to be borrowed.
void Compiler::AddIdlePool() {
  if (scheduler_.idle_resource_sharing != "Enabled") return;
  for (size_t first = 0, index = 0; first < types_.size(); first += options_.pool_flavors, ++index) {
    api::ClusterQueue queue;
    queue.metadata.name = IdlePoolQueueOf(index);
    queue.metadata.labels[std::string(api::kManagedQueueLabel)] = "true";
    queue.cohort_name = options_.cohort;
    api::ResourceGroup& group = queue.resource_groups.emplace_back();
    group.covered_resources = resources_;
    for (size_t i = first; i < std::min(types_.size(), first + options_.pool_flavors); ++i) {
      api::FlavorQuotas& flavor = group.flavors.emplace_back();
      flavor.name = types_[i];
      const auto there = capacity_.find(types_[i]);
      for (const std::string& resource : resources_) {
        int128 idle = there == capacity_.end() ? 0 : AmountOf(there->second.amounts, resource);
        for (const auto& [name, team] : teams_) {
          const auto it = team.nominal.find(types_[i]);
          if (it != team.nominal.end()) idle -= AmountOf(it->second, resource);
        }
        api::ResourceQuota& quota = flavor.resources.emplace_back();
        quota.name = resource;
        quota.nominal_quota = ToQuantity(resource, std::max<int128>(idle, 0));
        quota.borrowing_limit = ToQuantity(resource, 0);
      }
    }
    objects_.push_back(std::move(queue));
  }
}

void Compiler::AddConfiguration() {
  if (!options_.manager_configuration) return;
  api::Configuration configuration;
  configuration.ns = "kueue-system";
  api::Integrations& integrations = configuration.integrations.emplace();
  integrations.frameworks = Strings(kFrameworks);
  integrations.external_frameworks = {"HyperPodPyTorchJob.v1.sagemaker.amazonaws.com"};
  if (FairShare(scheduler_)) configuration.fair_sharing.emplace();
  configuration.feature_gates["TopologyAwareScheduling"] = !options_.topology_levels.empty();
  objects_.push_back(std::move(configuration));
}

std::vector<api::Problem> Compiler::Check(const std::vector<ClusterSchedulerConfig>& policies,
                                          const std::vector<ComputeQuota>& quotas) {
  TakePolicy(policies);
  TakeQuotas(quotas);
  CollectColumns();
  if (scheduler_.idle_resource_sharing == "Enabled" && capacity_.empty()) {
    Complain("idle-pool-without-nodes", *policy_, "SchedulerConfig.IdleResourceSharing",
             "is Enabled, and what is idle depends on the nodes: give DescribeCluster or ListClusterNodes output");
  }
  return problems_;
}

absl::StatusOr<std::vector<api::Object>> Compiler::Run(const std::vector<ClusterSchedulerConfig>& policies,
                                                       const std::vector<ComputeQuota>& quotas) {
  if (absl::Status s = api::ToStatus(Check(policies, quotas)); !s.ok()) return s;
  AddTopologyAndFlavors();
  AddPriorityClasses();
  AddCohorts();
  for (const auto& [name, team] : teams_) AddTeam(team);
  AddIdlePool();
  AddConfiguration();
  return std::move(objects_);
}

}  // namespace

std::string NamespaceOf(absl::string_view team) { return absl::StrCat("hyperpod-ns-", team); }
std::string ClusterQueueOf(absl::string_view team) { return absl::StrCat("hyperpod-ns-", team, "-clusterqueue"); }
std::string LocalQueueOf(absl::string_view team) { return absl::StrCat("hyperpod-ns-", team, "-localqueue"); }
std::string PriorityClassOf(absl::string_view name) { return absl::StrCat(name, "-priority"); }
std::string IdlePoolQueueOf(size_t index) { return absl::StrCat("hyperpod-ns-idle-resource-sharing-cq-", index); }

absl::int128 BorrowingLimit(absl::string_view resource, absl::int128 nominal, int32_t percent,
                            CompileOptions::Rounding rounding) {
  const int128 product = nominal * percent;
  // cpu and memory can be cut as finely as Kubernetes counts them; the question is about devices.
  const bool fine = resource == kCpu || resource == kMemory;
  switch (fine ? CompileOptions::Rounding::kDown : rounding) {
    case CompileOptions::Rounding::kDown:
      return product / 100;
    case CompileOptions::Rounding::kUp:
      return (product + 99) / 100;
    case CompileOptions::Rounding::kNearest:
      return (product + 50) / 100;
  }
  return 0;
}

std::vector<api::Problem> CompileProblems(const std::vector<ClusterSchedulerConfig>& policies,
                                          const std::vector<ComputeQuota>& quotas, const Capacity& capacity,
                                          const CompileOptions& options) {
  return Compiler(capacity, options).Check(policies, quotas);
}

absl::StatusOr<std::vector<api::Object>> Compile(const std::vector<ClusterSchedulerConfig>& policies,
                                                 const std::vector<ComputeQuota>& quotas, const Capacity& capacity,
                                                 const CompileOptions& options) {
  return Compiler(capacity, options).Run(policies, quotas);
}

}  // namespace muster::hyperpod
