#include "api/hyperpod/compile_input.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::hyperpod {
namespace {

constexpr size_t kMaxFlavors = 64;  // of a resource group, in Kueue

// The five resources every queue covers; MIG profiles follow where they are in use.
constexpr absl::string_view kCovered[] = {kCpu, kMemory, kGpu, kNeuronDevice, kEfa};

class Reader {
 public:
  Reader(const Capacity& capacity, const CompileOptions& options) : capacity_(capacity), options_(options) {}

  CompileInput Read(const std::vector<ClusterSchedulerConfig>& policies, const std::vector<ComputeQuota>& quotas);

 private:
  // `rule` is the one of lint.h that it breaks.
  void Complain(absl::string_view rule, absl::string_view id, const api::Source& source, absl::string_view path,
                std::string message) {
    in_.problems.push_back({.source = source,
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

  const Capacity& capacity_;
  const CompileOptions& options_;
  std::string cluster_arn_;
  CompileInput in_;
};

template <class T>
void Reader::CheckArn(const T& record) {
  if (record.cluster_arn.empty()) return;
  if (cluster_arn_.empty()) cluster_arn_ = record.cluster_arn;
  if (record.cluster_arn == cluster_arn_) return;
  Complain("cluster-mismatch", record, "ClusterArn",
           absl::StrCat(record.cluster_arn, " is another cluster than ", cluster_arn_, "; take one at a time"));
}

void Reader::TakePolicy(const std::vector<ClusterSchedulerConfig>& policies) {
  for (const ClusterSchedulerConfig& policy : policies) {
    if (policy.status == "Deleted") continue;
    if (in_.policy != nullptr) {
      Complain("second-policy", policy, "",
               absl::StrCat("a cluster has one policy, and ", RecordId(*in_.policy), " is one already"));
      continue;
    }
    in_.policy = &policy;
    CheckArn(policy);
    if (policy.form == Form::kUpdate) {
      Complain("incomplete-record", policy, "", "is an update; give what it is an update of, or Describe output");
    } else if (!policy.scheduler_config) {
      Complain("incomplete-record", policy, "SchedulerConfig",
               policy.form == Form::kSummary ? "is not in a list's summary; give Describe output" : "is missing");
    } else {
      in_.scheduler = *policy.scheduler_config;
    }
  }
  std::set<std::string> names;
  for (size_t i = 0; i < in_.scheduler.priority_classes.size(); ++i) {
    const std::string& name = in_.scheduler.priority_classes[i].name;
    const std::string path = absl::StrCat("SchedulerConfig.PriorityClasses[", i, "].Name");
    if (!names.insert(name).second) {
      Complain("duplicate-priority-class", *in_.policy, path, absl::StrCat(name, " is there twice"));
    }
    if (name.size() <= kMaxPriorityClassName) continue;
    Complain("name-too-long", *in_.policy, path,
             absl::StrCat(name, " has ", name.size(), " characters; ", PriorityClassOf("<name>"),
                          " is a label value of jobs and has room for ", kMaxPriorityClassName));
  }
}

void Reader::TakeEntries(const ComputeQuota& quota, const std::vector<ResourceConfig>& entries, absl::string_view path,
                         std::map<std::string, Amounts>* amounts) {
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

void Reader::TakeQuotas(const std::vector<ComputeQuota>& quotas) {
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
    Team& team = in_.teams[quota.team_name];
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
void Reader::CollectColumns() {
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
  for (const auto& [name, team] : in_.teams) {
    for (const auto* amounts : {&team.nominal, &team.absolute}) {
      for (const auto& [type, amount] : *amounts) {
        types.insert(type);
        take_mig(amount);
      }
    }
  }
  in_.types.assign(types.begin(), types.end());
  for (absl::string_view resource : kCovered) in_.resources.emplace_back(resource);
  in_.resources.insert(in_.resources.end(), mig.begin(), mig.end());
  if (in_.types.size() > kMaxFlavors) {
    Complain("too-many-types", "", {}, "",
             absl::StrCat(in_.types.size(), " instance types; a Kueue queue has room for ", kMaxFlavors));
  }
}

CompileInput Reader::Read(const std::vector<ClusterSchedulerConfig>& policies,
                          const std::vector<ComputeQuota>& quotas) {
  TakePolicy(policies);
  TakeQuotas(quotas);
  CollectColumns();
  if (in_.scheduler.idle_resource_sharing == "Enabled" && capacity_.empty()) {
    Complain("idle-pool-without-nodes", *in_.policy, "SchedulerConfig.IdleResourceSharing",
             "is Enabled, and what is idle depends on the nodes: give DescribeCluster or ListClusterNodes output");
  }
  return std::move(in_);
}

}  // namespace

CompileInput TakeInput(const std::vector<ClusterSchedulerConfig>& policies, const std::vector<ComputeQuota>& quotas,
                       const Capacity& capacity, const CompileOptions& options) {
  return Reader(capacity, options).Read(policies, quotas);
}

}  // namespace muster::hyperpod
