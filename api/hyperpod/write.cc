#include "api/hyperpod/write.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace muster::hyperpod {
namespace {

using Json = nlohmann::ordered_json;

void Put(const char* name, const std::string& text, Json* out) {
  if (!text.empty()) (*out)[name] = text;
}

// A number that reads back as the same count of thousandths or bytes; whole numbers without a fraction.
Json Number(double value) {
  if (value == std::floor(value) && value < 9e15) return static_cast<int64_t>(value);
  return value;
}

Json Entry(const ResourceConfig& entry) {
  Json out = {{"InstanceType", entry.instance_type}};
  if (entry.count) out["Count"] = *entry.count;
  if (entry.accelerators) out["Accelerators"] = *entry.accelerators;
  if (entry.vcpu_milli) out["VCpu"] = Number(static_cast<double>(*entry.vcpu_milli) / 1000);
  if (entry.memory_bytes) out["MemoryInGiB"] = Number(static_cast<double>(*entry.memory_bytes) / 1073741824.0);
  if (entry.partition)
    out["AcceleratorPartition"] = {{"Type", entry.partition->type}, {"Count", entry.partition->count}};
  return out;
}

Json Entries(const std::vector<ResourceConfig>& entries) {
  Json out = Json::array();
  for (const ResourceConfig& entry : entries) out.push_back(Entry(entry));
  return out;
}

void PutTags(const Record& record, Json* out) {
  for (const Tag& tag : record.tags) (*out)["Tags"].push_back({{"Key", tag.key}, {"Value", tag.value}});
}

}  // namespace

Json ToCreateJson(const ClusterSchedulerConfig& policy) {
  Json out = Json::object();
  Put("Name", policy.name, &out);
  Put("ClusterArn", policy.cluster_arn, &out);
  if (policy.scheduler_config) {
    Json config = Json::object();
    for (const PriorityClass& c : policy.scheduler_config->priority_classes) {
      config["PriorityClasses"].push_back({{"Name", c.name}, {"Weight", c.weight}});
    }
    Put("FairShare", policy.scheduler_config->fair_share, &config);
    Put("IdleResourceSharing", policy.scheduler_config->idle_resource_sharing, &config);
    out["SchedulerConfig"] = std::move(config);
  }
  Put("Description", policy.description, &out);
  PutTags(policy, &out);
  return out;
}

Json ToCreateJson(const ComputeQuota& quota) {
  Json out = Json::object();
  Put("Name", quota.name, &out);
  Put("Description", quota.description, &out);
  Put("ClusterArn", quota.cluster_arn, &out);
  if (quota.config) {
    Json config = Json::object();
    config["ComputeQuotaResources"] = Entries(quota.config->resources);
    if (quota.config->sharing) {
      Json sharing = {{"Strategy", quota.config->sharing->strategy}};
      if (quota.config->sharing->borrow_limit) sharing["BorrowLimit"] = *quota.config->sharing->borrow_limit;
      if (!quota.config->sharing->absolute_borrow_limits.empty()) {
        sharing["AbsoluteBorrowLimits"] = Entries(quota.config->sharing->absolute_borrow_limits);
      }
      config["ResourceSharingConfig"] = std::move(sharing);
    }
    Put("PreemptTeamTasks", quota.config->preempt_team_tasks, &config);
    out["ComputeQuotaConfig"] = std::move(config);
  }
  Json target = Json::object();
  Put("TeamName", quota.team_name, &target);
  if (quota.fair_share_weight) target["FairShareWeight"] = *quota.fair_share_weight;
  if (!target.empty()) out["ComputeQuotaTarget"] = std::move(target);
  Put("ActivationState", quota.activation_state, &out);
  PutTags(quota, &out);
  return out;
}

Json ToDescribeClusterJson(const Capacity& capacity) {
  Json groups = Json::array();
  for (const auto& [type, there] : capacity) {
    std::string name = type;
    for (char& c : name) c = c == '.' ? '-' : c;
    Json group = {{"InstanceGroupName", name}, {"InstanceType", type}};
    if (!there.unknown) group["CurrentCount"] = there.nodes;
    groups.push_back(std::move(group));
  }
  return {{"InstanceGroups", std::move(groups)}};
}

}  // namespace muster::hyperpod
