#include "api/hyperpod/records.h"

#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/hyperpod/canonical.h"
#include "api/hyperpod/catalog.h"

namespace muster::hyperpod {
namespace {

using nlohmann::json;

const json* Find(const json& object, const char* name) {
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}
void Take(const json& object, const char* name, std::string* out) {
  if (const json* value = Find(object, name); value != nullptr && value->is_string()) *out = value->get<std::string>();
}
void Take(const json& object, const char* name, int64_t* out) {
  if (const json* value = Find(object, name); value != nullptr && value->is_number()) *out = value->get<int64_t>();
}
template <class Int>
void Take(const json& object, const char* name, std::optional<Int>* out) {
  if (const json* value = Find(object, name); value != nullptr) *out = value->get<Int>();
}
// A real number in units of 1/scale, to the nearest.
void TakeScaled(const json& object, const char* name, double scale, std::optional<int64_t>* out) {
  if (const json* value = Find(object, name); value != nullptr) *out = std::llround(value->get<double>() * scale);
}

template <class T>
std::vector<T> List(const json& object, const char* name, T (*read)(const json&)) {
  std::vector<T> out;
  if (const json* list = Find(object, name)) {
    for (const json& item : *list) out.push_back(read(item));
  }
  return out;
}

std::map<std::string, std::string> StringMap(const json& object, const char* name) {
  std::map<std::string, std::string> out;
  if (const json* value = Find(object, name)) {
    for (const auto& [key, item] : value->items()) out[key] = item.get<std::string>();
  }
  return out;
}

Tag ToTag(const json& v) {
  Tag tag;
  Take(v, "Key", &tag.key);
  Take(v, "Value", &tag.value);
  return tag;
}

void TakeRecord(const json& v, Form form, Record* record) {
  record->form = form;
  Take(v, "Name", &record->name);
  Take(v, "ClusterArn", &record->cluster_arn);
  Take(v, "Description", &record->description);
  record->tags = List(v, "Tags", &ToTag);
  Take(v, "TargetVersion", &record->target_version);
  Take(v, "Status", &record->status);
  Take(v, "FailureReason", &record->failure_reason);
}

PriorityClass ToPriorityClass(const json& v) {
  PriorityClass c;
  int64_t weight = 0;
  Take(v, "Name", &c.name);
  Take(v, "Weight", &weight);
  c.weight = static_cast<int32_t>(weight);
  return c;
}

ResourceConfig ToResourceConfig(const json& v) {
  ResourceConfig r;
  Take(v, "InstanceType", &r.instance_type);
  Take(v, "Count", &r.count);
  Take(v, "Accelerators", &r.accelerators);
  TakeScaled(v, "VCpu", 1000, &r.vcpu_milli);
  TakeScaled(v, "MemoryInGiB", 1073741824.0, &r.memory_bytes);
  if (const json* partition = Find(v, "AcceleratorPartition")) {
    r.partition.emplace();
    Take(*partition, "Type", &r.partition->type);
    Take(*partition, "Count", &r.partition->count);
  }
  return r;
}

api::Taint ToTaint(const json& v) {
  api::Taint taint;
  Take(v, "Key", &taint.key);
  Take(v, "Value", &taint.value);
  Take(v, "Effect", &taint.effect);
  return taint;
}

InstanceGroup ToInstanceGroup(const json& v) {
  InstanceGroup g;
  Take(v, "InstanceGroupName", &g.name);
  if (const json* type = Find(v, "InstanceType")) g.instance_types.push_back(type->get<std::string>());
  if (const json* requirements = Find(v, "InstanceRequirements")) {
    if (const json* types = Find(*requirements, "InstanceTypes")) {
      for (const json& type : *types) g.instance_types.push_back(type.get<std::string>());
    }
  }
  Take(v, "InstanceCount", &g.count);
  g.target_count = g.count;
  Take(v, "TargetCount", &g.target_count);
  Take(v, "CurrentCount", &g.count);
  g.counted = Find(v, "CurrentCount") != nullptr || Find(v, "InstanceCount") != nullptr;
  Take(v, "ThreadsPerCore", &g.threads_per_core);
  if (const json* kubernetes = Find(v, "KubernetesConfig")) {
    g.labels = StringMap(*kubernetes, "CurrentLabels");
    for (auto& [key, value] : StringMap(*kubernetes, "Labels")) g.labels[key] = value;
    g.taints = List(*kubernetes, "Taints", &ToTaint);
  }
  return g;
}

// ---- Rules beyond the model.

class Checker {
 public:
  Checker(const json& read_from, std::vector<api::Problem>* problems) : read_from_(read_from), problems_(problems) {}

  void Add(std::string path, std::string rule, std::string message, std::string value = "",
           api::Severity severity = api::Severity::kError) {
    problems_->push_back({.source = {},
                          .object = "",
                          .path = std::move(path),
                          .message = std::move(message),
                          .severity = severity,
                          .rule = std::move(rule),
                          .value = std::move(value)});
  }
  void Require(std::initializer_list<const char*> names, absl::string_view call) {
    for (const char* name : names) {
      const json* given = FindMember(read_from_, name);
      if (given == nullptr || given->is_null()) Add(name, "Required", absl::StrCat(call, " must have it"));
    }
  }
  void NotInUpdates(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (FindMember(read_from_, name) == nullptr) continue;
      Add(name, "NoEffect", "an update cannot change it, ignored", "", api::Severity::kWarning);
    }
  }

 private:
  const json& read_from_;
  std::vector<api::Problem>* problems_;
};

void CheckEntries(const std::vector<ResourceConfig>& entries, absl::string_view list, Checker* checker) {
  for (size_t i = 0; i < entries.size(); ++i) {
    const ResourceConfig& entry = entries[i];
    const InstanceType* type = FindInstanceType(entry.instance_type);
    if (type == nullptr) continue;  // reported as no ClusterInstanceType
    const std::string at = absl::StrCat(list, "[", i, "]");
    if (type->accelerators == 0 && entry.accelerators.value_or(0) > 0) {
      checker->Add(absl::StrCat(at, ".Accelerators"), "Invalid", absl::StrCat(type->name, " has no accelerators"),
                   absl::StrCat(*entry.accelerators));
    }
    if (!entry.partition || entry.partition->type.empty() || type->SupportsMig(entry.partition->type)) continue;
    std::vector<std::string> allowed;
    for (const std::string& profile : ApiMigProfiles()) {
      if (type->SupportsMig(profile)) allowed.push_back(profile);
    }
    checker->Add(absl::StrCat(at, ".AcceleratorPartition.Type"), "NotSupported",
                 allowed.empty() ? absl::StrCat(type->name, " has no partitions that a quota can name")
                                 : absl::StrCat(type->name, " has ", absl::StrJoin(allowed, ", ")),
                 absl::StrCat("\"", entry.partition->type, "\""));
  }
}

}  // namespace

ClusterSchedulerConfig ToClusterSchedulerConfig(const json& v, Form form) {
  ClusterSchedulerConfig policy;
  TakeRecord(v, form, &policy);
  Take(v, "ClusterSchedulerConfigArn", &policy.arn);
  Take(v, "ClusterSchedulerConfigId", &policy.id);
  Take(v, "ClusterSchedulerConfigVersion", &policy.version);
  policy.status_details = StringMap(v, "StatusDetails");
  if (const json* config = Find(v, "SchedulerConfig")) {
    policy.scheduler_config.emplace();
    policy.scheduler_config->priority_classes = List(*config, "PriorityClasses", &ToPriorityClass);
    Take(*config, "FairShare", &policy.scheduler_config->fair_share);
    Take(*config, "IdleResourceSharing", &policy.scheduler_config->idle_resource_sharing);
  }
  return policy;
}

ComputeQuota ToComputeQuota(const json& v, Form form) {
  ComputeQuota quota;
  TakeRecord(v, form, &quota);
  Take(v, "ComputeQuotaArn", &quota.arn);
  Take(v, "ComputeQuotaId", &quota.id);
  Take(v, "ComputeQuotaVersion", &quota.version);
  Take(v, "ActivationState", &quota.activation_state);
  if (const json* target = Find(v, "ComputeQuotaTarget")) {
    Take(*target, "TeamName", &quota.team_name);
    Take(*target, "FairShareWeight", &quota.fair_share_weight);
  }
  if (const json* config = Find(v, "ComputeQuotaConfig")) {
    ComputeQuotaConfig& c = quota.config.emplace();
    c.resources = List(*config, "ComputeQuotaResources", &ToResourceConfig);
    Take(*config, "PreemptTeamTasks", &c.preempt_team_tasks);
    if (const json* sharing = Find(*config, "ResourceSharingConfig")) {
      c.sharing.emplace();
      Take(*sharing, "Strategy", &c.sharing->strategy);
      Take(*sharing, "BorrowLimit", &c.sharing->borrow_limit);
      c.sharing->absolute_borrow_limits = List(*sharing, "AbsoluteBorrowLimits", &ToResourceConfig);
    }
  }
  return quota;
}

Cluster ToCluster(const json& v) {
  Cluster cluster;
  Take(v, "ClusterName", &cluster.name);
  Take(v, "ClusterArn", &cluster.arn);
  if (const json* orchestrator = Find(v, "Orchestrator")) {
    cluster.slurm = FindMember(*orchestrator, "Slurm") != nullptr;
  }
  cluster.groups = List(v, "InstanceGroups", &ToInstanceGroup);
  return cluster;
}

ClusterNode ToClusterNode(const json& v) {
  ClusterNode node;
  Take(v, "InstanceGroupName", &node.group);
  Take(v, "InstanceId", &node.instance_id);
  Take(v, "InstanceType", &node.instance_type);
  Take(v, "ThreadsPerCore", &node.threads_per_core);
  if (const json* status = Find(v, "InstanceStatus")) Take(*status, "Status", &node.status);
  if (const json* server = Find(v, "UltraServerInfo")) Take(*server, "Id", &node.ultra_server_id);
  if (const json* placement = Find(v, "Placement")) Take(*placement, "AvailabilityZone", &node.availability_zone);
  return node;
}

void CheckRecord(const ClusterSchedulerConfig& policy, const json& read_from, std::vector<api::Problem>* problems) {
  Checker checker(read_from, problems);
  if (policy.form == Form::kCreate) {
    checker.Require({"Name", "ClusterArn", "SchedulerConfig"}, "CreateClusterSchedulerConfig");
  } else if (policy.form == Form::kUpdate) {
    checker.Require({"ClusterSchedulerConfigId", "TargetVersion"}, "UpdateClusterSchedulerConfig");
    checker.NotInUpdates({"Name", "ClusterArn", "Tags"});
  }
}

void CheckRecord(const ComputeQuota& quota, const json& read_from, std::vector<api::Problem>* problems) {
  Checker checker(read_from, problems);
  if (quota.form == Form::kCreate) {
    checker.Require({"Name", "ClusterArn", "ComputeQuotaConfig", "ComputeQuotaTarget"}, "CreateComputeQuota");
  } else if (quota.form == Form::kUpdate) {
    checker.Require({"ComputeQuotaId", "TargetVersion"}, "UpdateComputeQuota");
    checker.NotInUpdates({"Name", "ClusterArn", "Tags"});
  }
  if (!quota.config) return;
  CheckEntries(quota.config->resources, "ComputeQuotaConfig.ComputeQuotaResources", &checker);
  if (!quota.config->sharing) return;
  CheckEntries(quota.config->sharing->absolute_borrow_limits,
               "ComputeQuotaConfig.ResourceSharingConfig.AbsoluteBorrowLimits", &checker);
}

}  // namespace muster::hyperpod
