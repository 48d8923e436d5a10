// The quota of ClusterQueues and Cohorts.
#include <set>

#include "absl/strings/str_cat.h"
#include "api/label_syntax.h"
#include "api/validators.h"

namespace muster::api {
namespace {

constexpr size_t kMaxGroups = 16;
constexpr size_t kMaxItems = 64;
constexpr size_t kMaxTotal = 256;
constexpr size_t kMaxCombinations = 512;

void ValidateQuota(const ResourceQuota& quota, const QuotaRules& rules, const JsonPath& path, FieldErrors& errors) {
  const absl::string_view needs_parent =
      rules.is_cohort ? "must be nil when parent is empty" : "must be nil when cohort is empty";
  errors.CheckNonNegative(path.Field("nominalQuota"), quota.nominal_quota);
  if (quota.borrowing_limit.has_value()) {
    const JsonPath limit = path.Field("borrowingLimit");
    if (!rules.has_parent) errors.Invalid(limit, Quoted(quota.borrowing_limit->ToString()), needs_parent);
    errors.CheckNonNegative(limit, *quota.borrowing_limit);
  }
  if (quota.lending_limit.has_value()) {
    const JsonPath limit = path.Field("lendingLimit");
    const std::string value = Quoted(quota.lending_limit->ToString());
    errors.CheckNonNegative(limit, *quota.lending_limit);
    if (!rules.has_parent) errors.Invalid(limit, value, needs_parent);
    if (!rules.is_cohort && quota.nominal_quota < *quota.lending_limit) {
      errors.Invalid(limit, value, "must be less than or equal to the nominalQuota");
    }
  }
}

void ValidateFlavor(const FlavorQuotas& flavor, const std::vector<std::string>& covered, const QuotaRules& rules,
                    const JsonPath& path, FieldErrors& errors) {
  const JsonPath resources = path.Field("resources");
  // A different number of resources is reported for the group.
  for (size_t i = 0; i < std::min(flavor.resources.size(), covered.size()); ++i) {
    const JsonPath item = resources.Item(static_cast<int>(i));
    if (flavor.resources[i].name != covered[i]) {
      errors.Invalid(item.Field("name"), JsonQuoted(flavor.resources[i].name),
                     "must match the name in coveredResources");
    }
    ValidateQuota(flavor.resources[i], rules, item, errors);
  }
}

void ValidateGroupSchema(const ResourceGroup& group, const JsonPath& path, FieldErrors& errors) {
  errors.CheckItems(path.Field("coveredResources"), group.covered_resources.size(), 1, kMaxItems);
  const JsonPath flavors = path.Field("flavors");
  errors.CheckItems(flavors, group.flavors.size(), 1, kMaxItems);
  bool same_size = true;
  for (size_t i = 0; i < group.flavors.size(); ++i) {
    const JsonPath flavor = flavors.Item(static_cast<int>(i));
    if (group.flavors[i].name.empty()) errors.Required(flavor.Field("name"));
    errors.CheckSubdomain(flavor.Field("name"), group.flavors[i].name);
    errors.CheckItems(flavor.Field("resources"), group.flavors[i].resources.size(), 1, kMaxItems);
    same_size = same_size && group.flavors[i].resources.size() == group.covered_resources.size();
  }
  if (!same_size) {
    errors.Invalid(path, "", "flavors must have the same number of resources as the coveredResources");
  }
}

}  // namespace

void ValidateResourceGroups(const std::vector<ResourceGroup>& groups, const QuotaRules& rules, const JsonPath& path,
                            const ValidationOptions& options, FieldErrors& errors) {
  if (options.rules == ValidationOptions::Rules::kAll) errors.CheckItems(path, groups.size(), 0, kMaxGroups);
  std::set<std::string> resources;
  std::set<std::string> flavors;
  for (size_t g = 0; g < groups.size(); ++g) {
    const ResourceGroup& group = groups[g];
    const JsonPath group_path = path.Item(static_cast<int>(g));
    if (options.rules == ValidationOptions::Rules::kAll) ValidateGroupSchema(group, group_path, errors);
    const JsonPath covered = group_path.Field("coveredResources");
    for (size_t r = 0; r < group.covered_resources.size(); ++r) {
      const std::string& name = group.covered_resources[r];
      const JsonPath item = covered.Item(static_cast<int>(r));
      for (const std::string& error : CheckQualifiedName(name)) errors.Invalid(item, JsonQuoted(name), error);
      if (!resources.insert(name).second) errors.Duplicate(item, JsonQuoted(name));
    }
    const JsonPath flavors_path = group_path.Field("flavors");
    for (size_t f = 0; f < group.flavors.size(); ++f) {
      const JsonPath item = flavors_path.Item(static_cast<int>(f));
      ValidateFlavor(group.flavors[f], group.covered_resources, rules, item, errors);
      if (!flavors.insert(group.flavors[f].name).second) {
        errors.Duplicate(item.Field("name"), JsonQuoted(group.flavors[f].name));
      }
    }
  }
}

void ValidateQuotaSizes(const std::vector<ResourceGroup>& groups, const JsonPath& path, FieldErrors& errors) {
  size_t total_flavors = 0;
  size_t total_resources = 0;
  for (const ResourceGroup& group : groups) {
    total_flavors += group.flavors.size();
    total_resources += group.covered_resources.size();
  }
  if (total_flavors > kMaxTotal) {
    errors.Invalid(path, absl::StrCat(total_flavors),
                   absl::StrCat("total number of flavors across all resourceGroups must be ≤ ", kMaxTotal, ", got ",
                                total_flavors));
  }
  if (total_resources > kMaxTotal) {
    errors.Invalid(path, absl::StrCat(total_resources),
                   absl::StrCat("total number of covered resources across all resourceGroups must be ≤ ", kMaxTotal,
                                ", got ", total_resources));
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    size_t combinations = 0;
    for (const FlavorQuotas& flavor : groups[g].flavors) combinations += flavor.resources.size();
    if (combinations <= kMaxCombinations) continue;
    errors.Invalid(path.Item(static_cast<int>(g)), absl::StrCat(combinations),
                   absl::StrCat("number of flavor-resource combinations in a resourceGroup must be ≤ ",
                                kMaxCombinations, ", got ", combinations));
  }
}

void ValidateFairSharing(const std::optional<FairSharing>& fair_sharing, const JsonPath& path, FieldErrors& errors) {
  if (!fair_sharing.has_value() || !fair_sharing->weight.has_value()) return;
  const Quantity& weight = *fair_sharing->weight;
  errors.CheckNonNegative(path, weight);
  if (weight.Sign() > 0 && weight.nanos() <= 1) {
    errors.Invalid(path, Quoted(weight.ToString()), "When not 0, weight must be > 10e-9");
  }
}

void ValidateCohort(const Cohort& cohort, const ValidationOptions& options, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  if (options.rules == ValidationOptions::Rules::kAll) {
    errors.CheckName(cohort.metadata);
    errors.CheckSubdomain(spec.Field("parentName"), cohort.parent_name);
  }
  ValidateFairSharing(cohort.fair_sharing, spec.Field("fairSharing"), errors);
  ValidateResourceGroups(cohort.resource_groups, {.has_parent = !cohort.parent_name.empty(), .is_cohort = true},
                         spec.Field("resourceGroups"), options, errors);
}

}  // namespace muster::api
