#include "api/hyperpod/decompile.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/vocabulary.h"

namespace muster::hyperpod {
namespace {

using absl::int128;
using nlohmann::json;

constexpr int32_t kMaxPercent = 10'000;
constexpr size_t kMaxEntries = 15;

// One flavor of a queue.
struct Column {
  const InstanceType* type = nullptr;
  Amounts nominal;
  Amounts limit;           // borrowing limits, without those of zero
  bool unlimited = false;  // a resource has no borrowing limit
};

class Decompiler {
 public:
  Decompiler(absl::Span<const api::Object> objects, const CompileOptions& options)
      : objects_(objects), options_(options) {}

  Decompiled Run();

 private:
  void Note(absl::string_view id, absl::string_view message) { out_.notes.push_back(absl::StrCat(id, ": ", message)); }
  void TakePolicy();
  void TakeQueue(const api::ClusterQueue& queue, const std::string& team);
  void TakePool(const api::ClusterQueue& queue);
  std::vector<Column> ColumnsOf(const api::ClusterQueue& queue);
  void SetSharing(const api::ClusterQueue& queue, std::vector<Column> columns, ComputeQuotaConfig* config);
  // The percentages that give the column's limits: [first, last], empty when first > last.
  std::pair<int32_t, int32_t> PercentsOf(const Column& column) const;
  bool SetLimits(const std::vector<Column>& columns, ResourceSharingConfig* sharing) const;
  void FinishCapacity();

  absl::Span<const api::Object> objects_;
  const CompileOptions& options_;
  Decompiled out_;
  std::map<std::string, api::StringMap> namespace_labels_;
  std::map<std::string, Amounts> promised_, idle_;  // by type
  std::set<std::string> mig_;                       // resources some queue covers
  bool pool_ = false;
};

void TakeAnnotation(const api::ObjectMeta& meta, Record* record) {
  const auto it = meta.annotations.find(std::string(kRecordAnnotation));
  if (it == meta.annotations.end()) return;
  const json kept = json::parse(it->second, nullptr, /*allow_exceptions=*/false);
  if (!kept.is_object()) return;
  const auto text = [](const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  record->name = text(kept, "Name");
  record->cluster_arn = text(kept, "ClusterArn");
  record->description = text(kept, "Description");
  const auto tags = kept.find("Tags");
  if (tags == kept.end() || !tags->is_array()) return;
  for (const json& tag : *tags) {
    if (tag.is_object()) record->tags.push_back({text(tag, "Key"), text(tag, "Value")});
  }
}

void Decompiler::TakePolicy() {
  ClusterSchedulerConfig policy;
  SchedulerConfig& config = policy.scheduler_config.emplace();
  bool seen = pool_;
  bool classical = false;
  const api::Configuration* configuration = nullptr;
  for (const api::Object& object : objects_) {
    if (const auto* cohort = std::get_if<api::Cohort>(&object); cohort && cohort->metadata.name == options_.cohort) {
      TakeAnnotation(cohort->metadata, &policy);
    }
    if (const auto* queue = std::get_if<api::ClusterQueue>(&object)) {
      classical |= queue->preemption && queue->preemption->borrow_within_cohort;
    }
    if (const auto* c = std::get_if<api::Configuration>(&object)) configuration = c;
    const auto* c = std::get_if<api::WorkloadPriorityClass>(&object);
    if (c == nullptr) continue;
    absl::string_view name = c->metadata.name;
    if (!absl::ConsumeSuffix(&name, "-priority") || c->value < 0 || c->value > 100) {
      Note(api::ObjectId(object), "is no class of a cluster policy (<name>-priority, value 0 to 100), left out");
      continue;
    }
    config.priority_classes.push_back({std::string(name), c->value});
    seen = true;
  }
  const bool fair = configuration != nullptr
                        ? configuration->fair_sharing && configuration->fair_sharing->enable.value_or(true)
                        : !classical;
  config.fair_share = fair ? "Enabled" : "Disabled";
  if (pool_) config.idle_resource_sharing = "Enabled";
  if (seen || !fair || !policy.name.empty()) out_.policies.push_back(std::move(policy));
}

std::vector<Column> Decompiler::ColumnsOf(const api::ClusterQueue& queue) {
  std::vector<Column> columns;
  for (const api::ResourceGroup& group : queue.resource_groups) {
    for (const api::FlavorQuotas& flavor : group.flavors) {
      Column column;
      column.type = FindInstanceType(flavor.name);
      if (column.type == nullptr) {
        Note(absl::StrCat("ClusterQueue/", queue.metadata.name),
             absl::StrCat("flavor ", flavor.name, " is no instance type of HyperPod, left out"));
        continue;
      }
      out_.capacity[column.type->name];
      for (const api::ResourceQuota& quota : flavor.resources) {
        const int128 nominal = FromQuantity(quota.name, quota.nominal_quota);
        if (nominal > 0) column.nominal[quota.name] = nominal;
        const int128 limit = quota.borrowing_limit ? FromQuantity(quota.name, *quota.borrowing_limit) : 0;
        if (limit > 0) column.limit[quota.name] = limit;
        column.unlimited |= !quota.borrowing_limit.has_value();
        if (absl::StartsWith(quota.name, "nvidia.com/mig-")) mig_.insert(quota.name);
      }
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

std::pair<int32_t, int32_t> Decompiler::PercentsOf(const Column& column) const {
  Amounts all = column.limit;
  for (const auto& [resource, amount] : column.nominal) all[resource];
  int32_t first = 0, last = kMaxPercent;
  for (const auto& [resource, limit] : all) {
    const int128 nominal = AmountOf(column.nominal, resource);
    const auto at = [&, &resource = resource](int32_t percent) {
      return FromQuantity(
          resource, ToQuantity(resource, BorrowingLimit(resource, nominal, percent, options_.borrow_limit_rounding)));
    };
    // at() rises with the percentage: the first that reaches the limit, and the last that does not pass it.
    int32_t low = 0, high = kMaxPercent + 1;
    while (low < high) {
      const int32_t middle = (low + high) / 2;
      if (at(middle) >= limit) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    first = std::max(first, low);
    high = kMaxPercent + 1;
    while (low < high) {
      const int32_t middle = (low + high) / 2;
      if (at(middle) > limit) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    last = std::min(last, low - 1);
  }
  return {first, last};
}

// A percentage for as many flavors as can be, absolute limits for the others.
bool Decompiler::SetLimits(const std::vector<Column>& columns, ResourceSharingConfig* sharing) const {
  std::vector<std::pair<int32_t, int32_t>> ranges;
  std::set<int32_t> candidates = {kDefaultBorrowLimit};
  for (const Column& column : columns) {
    ranges.push_back(PercentsOf(column));
    if (ranges.back().first <= ranges.back().second) candidates.insert(ranges.back().first);
  }
  const bool percentage = options_.unlisted_borrow_limit == CompileOptions::Unlisted::kPercentage;
  size_t best = ~size_t{0};
  // The default first, so that it wins among equals.
  std::vector<int32_t> order = {kDefaultBorrowLimit};
  for (int32_t c : candidates) {
    if (c != kDefaultBorrowLimit) order.push_back(c);
  }
  for (const int32_t percent : order) {
    std::vector<size_t> listed;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (percent < ranges[i].first || percent > ranges[i].second) listed.push_back(i);
    }
    if (!listed.empty() && !percentage) {
      // What is not listed borrows nothing, whatever the percentage.
      listed.clear();
      for (size_t i = 0; i < columns.size(); ++i) {
        if (!columns[i].limit.empty()) listed.push_back(i);
      }
    }
    if (listed.size() >= best || listed.size() > kMaxEntries) continue;
    std::vector<ResourceConfig> absolute;
    for (size_t i : listed) {
      std::optional<ResourceConfig> entry = EntryFor(*columns[i].type, columns[i].limit, options_.efa_of_parts);
      if (entry) absolute.push_back(*std::move(entry));
    }
    if (absolute.size() != listed.size()) continue;
    best = listed.size();
    sharing->borrow_limit = percent;
    sharing->absolute_borrow_limits = std::move(absolute);
  }
  return best != ~size_t{0};
}

void Decompiler::SetSharing(const api::ClusterQueue& queue, std::vector<Column> columns, ComputeQuotaConfig* config) {
  ResourceSharingConfig& sharing = config->sharing.emplace();
  bool keeps = !queue.resource_groups.empty();
  for (const api::ResourceGroup& group : queue.resource_groups) {
    for (const api::FlavorQuotas& flavor : group.flavors) {
      for (const api::ResourceQuota& quota : flavor.resources) {
        keeps &= quota.lending_limit && quota.lending_limit->IsZero() && quota.borrowing_limit &&
                 quota.borrowing_limit->IsZero();
      }
    }
  }
  if (queue.cohort_name != options_.cohort || keeps) {
    sharing.strategy = "DontLend";
    return;
  }
  const auto none = [&](const auto& empty) { return std::all_of(columns.begin(), columns.end(), empty); };
  const bool no_quota = none([](const Column& c) { return c.nominal.empty(); });
  const bool no_limit = none([](const Column& c) { return c.limit.empty() && !c.unlimited; });
  sharing.strategy = no_limit && !no_quota ? "Lend" : "LendAndBorrow";
  if (sharing.strategy == "Lend") return;
  const std::string id = absl::StrCat("ClusterQueue/", queue.metadata.name);
  if (!columns.empty() && none([](const Column& c) { return c.unlimited; })) {
    sharing.borrow_limit = kMaxPercent;
    Note(id, "borrows without limit, which a quota cannot say; BorrowLimit is set to its largest");
    return;
  }
  if (!SetLimits(columns, &sharing)) Note(id, "its borrowing limits are neither a percentage nor entries of a quota");
}

void Decompiler::TakeQueue(const api::ClusterQueue& queue, const std::string& team) {
  ComputeQuota quota;
  quota.team_name = team;
  TakeAnnotation(queue.metadata, &quota);
  ComputeQuotaConfig& config = quota.config.emplace();
  std::vector<Column> columns = ColumnsOf(queue);
  for (Column& column : columns) {
    Amounts& promised = promised_[column.type->name];
    promised = promised + column.nominal;
    if (column.nominal.empty()) continue;
    const std::optional<ResourceConfig> entry = EntryFor(*column.type, column.nominal, options_.efa_of_parts);
    if (!entry) {
      Note(absl::StrCat("ClusterQueue/", queue.metadata.name),
           absl::StrCat("the quota of ", column.type->name, " is no entry of a compute quota, left out"));
      continue;
    }
    // From here on with the amounts that Kubernetes had no room for.
    column.nominal = AmountsOf(*entry, *column.type, options_.efa_of_parts);
    config.resources.push_back(*entry);
  }
  SetSharing(queue, std::move(columns), &config);
  const std::string within = queue.preemption ? queue.preemption->within_cluster_queue : "";
  config.preempt_team_tasks =
      within == "LowerPriority" || within == "LowerOrNewerEqualPriority" ? "LowerPriority" : "Never";
  if (within == "LowerOrNewerEqualPriority") {
    Note(absl::StrCat("ClusterQueue/", queue.metadata.name),
         "withinClusterQueue LowerOrNewerEqualPriority becomes LowerPriority");
  }
  const api::Quantity one = api::Quantity::FromValue(1);
  const api::Quantity weight = queue.fair_sharing ? queue.fair_sharing->weight.value_or(one) : one;
  quota.fair_share_weight = static_cast<int32_t>(std::clamp<int64_t>(weight.Value(), 0, 100));
  const auto labels = namespace_labels_.find(NamespaceOf(team));
  bool enabled = queue.stop_policy.empty() || queue.stop_policy == "None";
  if (labels != namespace_labels_.end()) {
    const auto state = labels->second.find(std::string(api::kActivateQuotaLabel));
    if (state != labels->second.end()) enabled = state->second != "Disabled";
  }
  quota.activation_state = enabled ? "Enabled" : "Disabled";
  out_.quotas.push_back(std::move(quota));
}

void Decompiler::TakePool(const api::ClusterQueue& queue) {
  pool_ = true;
  for (const Column& column : ColumnsOf(queue)) {
    Amounts& idle = idle_[column.type->name];
    idle = idle + column.nominal;
  }
}

// Nodes say what there is. Without them the pool shows of a resource what is left, unless nothing is.
void Decompiler::FinishCapacity() {
  std::vector<api::Node> nodes;
  for (const api::Object& object : objects_) {
    if (const auto* node = std::get_if<api::Node>(&object)) nodes.push_back(*node);
  }
  AddCapacity(CapacityOf(nodes), &out_.capacity);
  for (auto& [type, capacity] : out_.capacity) {
    if (!nodes.empty()) break;
    capacity.unknown = true;
    const Amounts& idle = idle_[type];
    const Amounts one = AmountsOf(*FindInstanceType(type));
    for (const auto& [resource, amount] : idle) {
      capacity.amounts[resource] = amount + AmountOf(promised_[type], resource);
      if (resource == kCpu) {
        capacity.unknown = false;
        capacity.nodes = static_cast<int64_t>(capacity.amounts[resource] / AmountOf(one, kCpu));
        capacity.allocatable_milli_cpu = FindInstanceType(type)->allocatable_milli_cpu * capacity.nodes;
      }
    }
  }
  // Partitions that only the nodes have: how many does not show.
  for (const std::string& resource : mig_) {
    if (!out_.capacity.empty() && nodes.empty()) out_.capacity.begin()->second.amounts[resource];
  }
}

Decompiled Decompiler::Run() {
  std::map<std::string, const api::ClusterQueue*> teams;
  std::vector<const api::ClusterQueue*> pools;
  for (const api::Object& object : objects_) {
    if (const auto* ns = std::get_if<api::Namespace>(&object))
      namespace_labels_[ns->metadata.name] = ns->metadata.labels;
    if (const auto* flavor = std::get_if<api::ResourceFlavor>(&object)) {
      if (FindInstanceType(flavor->metadata.name) != nullptr) out_.capacity[flavor->metadata.name];
    }
    const auto* queue = std::get_if<api::ClusterQueue>(&object);
    if (queue == nullptr) continue;
    absl::string_view name = queue->metadata.name;
    if (!absl::ConsumePrefix(&name, "hyperpod-ns-")) {
      Note(api::ObjectId(object), "is not a queue of HyperPod task governance, left out");
    } else if (absl::ConsumeSuffix(&name, "-clusterqueue") && !name.empty()) {
      teams[std::string(name)] = queue;
    } else if (absl::StartsWith(name, "idle-resource-sharing-")) {
      pools.push_back(queue);
    } else {
      Note(api::ObjectId(object), "is not a queue of HyperPod task governance, left out");
    }
  }
  for (const auto& [team, queue] : teams) TakeQueue(*queue, team);
  for (const api::ClusterQueue* queue : pools) TakePool(*queue);
  TakePolicy();
  FinishCapacity();
  return std::move(out_);
}

}  // namespace

Decompiled Decompile(absl::Span<const api::Object> objects, const CompileOptions& options) {
  return Decompiler(objects, options).Run();
}

}  // namespace muster::hyperpod
