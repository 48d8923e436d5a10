#include "api/hyperpod/compile.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "api/hyperpod/compile_input.h"
#include "api/vocabulary.h"

namespace muster::hyperpod {
namespace {

using absl::int128;
using nlohmann::json;

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

class Compiler {
 public:
  Compiler(const CompileInput& in, const Capacity& capacity, const CompileOptions& options)
      : in_(in), capacity_(capacity), options_(options) {}

  std::vector<api::Object> Run();

 private:
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

  const CompileInput& in_;
  const Capacity& capacity_;
  const CompileOptions& options_;
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

// ---- What goes out.

void Compiler::AddTopologyAndFlavors() {
  const bool topology = !options_.topology_levels.empty();
  if (topology) {
    api::Topology object;
    object.metadata.name = options_.topology_name;
    object.levels = options_.topology_levels;
    objects_.push_back(std::move(object));
  }
  for (const std::string& type : in_.types) {
    api::ResourceFlavor flavor;
    flavor.metadata.name = type;
    flavor.node_labels[std::string(api::kInstanceTypeLabel)] = type;
    if (topology) flavor.topology_name = options_.topology_name;
    objects_.push_back(std::move(flavor));
  }
}

void Compiler::AddPriorityClasses() {
  for (const PriorityClass& c : in_.scheduler.priority_classes) {
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
  if (in_.policy != nullptr) Annotate(*in_.policy, &shared.metadata);
  objects_.push_back(std::move(shared));
  for (const auto& [name, team] : in_.teams) {
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
  if (!FairShare(in_.scheduler) && !options_.borrow_within_cohort.empty()) {
    preemption.borrow_within_cohort.emplace().policy = options_.borrow_within_cohort;
  }
  queue.fair_sharing.emplace().weight = api::Quantity::FromValue(record.fair_share_weight.value_or(0));
  api::ResourceGroup& group = queue.resource_groups.emplace_back();
  group.covered_resources = in_.resources;
  static const auto* const kNone = new Amounts();
  for (const std::string& type : in_.types) {
    const auto it = team.nominal.find(type);
    const Amounts& nominal = it == team.nominal.end() ? *kNone : it->second;
    api::FlavorQuotas& flavor = group.flavors.emplace_back();
    flavor.name = type;
    for (const std::string& resource : in_.resources) {
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
  if (in_.scheduler.idle_resource_sharing != "Enabled") return;
  for (size_t first = 0, index = 0; first < in_.types.size(); first += options_.pool_flavors, ++index) {
    api::ClusterQueue queue;
    queue.metadata.name = IdlePoolQueueOf(index);
    queue.metadata.labels[std::string(api::kManagedQueueLabel)] = "true";
    queue.cohort_name = options_.cohort;
    api::ResourceGroup& group = queue.resource_groups.emplace_back();
    group.covered_resources = in_.resources;
    for (size_t i = first; i < std::min(in_.types.size(), first + options_.pool_flavors); ++i) {
      api::FlavorQuotas& flavor = group.flavors.emplace_back();
      flavor.name = in_.types[i];
      const auto there = capacity_.find(in_.types[i]);
      for (const std::string& resource : in_.resources) {
        int128 idle = there == capacity_.end() ? 0 : AmountOf(there->second.amounts, resource);
        for (const auto& [name, team] : in_.teams) {
          const auto it = team.nominal.find(in_.types[i]);
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
  if (FairShare(in_.scheduler)) configuration.fair_sharing.emplace();
  configuration.feature_gates["TopologyAwareScheduling"] = !options_.topology_levels.empty();
  objects_.push_back(std::move(configuration));
}

std::vector<api::Object> Compiler::Run() {
  AddTopologyAndFlavors();
  AddPriorityClasses();
  AddCohorts();
  for (const auto& [name, team] : in_.teams) AddTeam(team);
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
  return TakeInput(policies, quotas, capacity, options).problems;
}

absl::StatusOr<std::vector<api::Object>> Compile(const std::vector<ClusterSchedulerConfig>& policies,
                                                 const std::vector<ComputeQuota>& quotas, const Capacity& capacity,
                                                 const CompileOptions& options) {
  const CompileInput in = TakeInput(policies, quotas, capacity, options);
  if (absl::Status s = api::ToStatus(in.problems); !s.ok()) return s;
  return Compiler(in, capacity, options).Run();
}

}  // namespace muster::hyperpod
