#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/label_syntax.h"
#include "api/validators.h"

namespace muster::api {
namespace {

constexpr size_t kMaxChecks = 64;
constexpr size_t kMaxConcurrentFlavors = 16;

void ValidateSelector(const LabelSelector& selector, const JsonPath& path, FieldErrors& errors) {
  errors.CheckLabels(path.Field("matchLabels"), selector.match_labels);
  const JsonPath expressions = path.Field("matchExpressions");
  for (size_t i = 0; i < selector.match_expressions.size(); ++i) {
    const Requirement& r = selector.match_expressions[i];
    const JsonPath item = expressions.Item(static_cast<int>(i));
    if (r.op == "In" || r.op == "NotIn") {
      if (r.values.empty()) {
        errors.Required(item.Field("values"), "must be specified when `operator` is 'In' or 'NotIn'");
      }
    } else if (r.op == "Exists" || r.op == "DoesNotExist") {
      if (!r.values.empty()) {
        errors.Forbidden(item.Field("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      }
    } else {
      errors.Invalid(item.Field("operator"), Quoted(r.op), "not a valid selector operator");
    }
    errors.CheckLabelKey(item.Field("key"), r.key);
    const JsonPath values = item.Field("values");
    for (size_t v = 0; v < r.values.size(); ++v) {
      for (const std::string& error : CheckLabelValue(r.values[v])) {
        errors.Invalid(values.Item(static_cast<int>(v)), Quoted(r.values[v]), error);
      }
    }
  }
}

void ValidatePreemption(const ClusterQueuePreemption& preemption, const JsonPath& path, FieldErrors& errors) {
  const std::string& reclaim = preemption.reclaim_within_cohort;
  const bool borrows = preemption.borrow_within_cohort.has_value() &&
                       !preemption.borrow_within_cohort->policy.empty() &&
                       preemption.borrow_within_cohort->policy != "Never";
  if (borrows && (reclaim.empty() || reclaim == "Never")) {
    errors.Invalid(path, "", "reclaimWithinCohort=Never and borrowWithinCohort.Policy!=Never");
  }
}

void ValidateFungibility(const FlavorFungibility& fungibility, const JsonPath& path, FieldErrors& errors) {
  if (fungibility.preference.empty()) return;
  if (fungibility.when_can_borrow != "TryNextFlavor" ||
      (!fungibility.when_can_preempt.empty() && fungibility.when_can_preempt != "TryNextFlavor")) {
    errors.Invalid(path, "",
                   absl::StrCat("preference ", Quoted(fungibility.preference),
                                " requires both whenCanBorrow and whenCanPreempt to be TryNextFlavor"));
  }
}

std::vector<std::string> FlavorNames(const ClusterQueue& queue) {
  std::vector<std::string> names;
  for (const ResourceGroup& group : queue.resource_groups) {
    for (const FlavorQuotas& flavor : group.flavors) names.push_back(flavor.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void ValidateChecks(const ClusterQueue& queue, const JsonPath& path, FieldErrors& errors) {
  const std::vector<std::string> flavors = FlavorNames(queue);
  for (size_t c = 0; c < queue.admission_checks.size(); ++c) {
    const JsonPath check = path.Item(static_cast<int>(c));
    const JsonPath on_flavors = check.Field("onFlavors");
    for (size_t f = 0; f < queue.admission_checks[c].on_flavors.size(); ++f) {
      const std::string& flavor = queue.admission_checks[c].on_flavors[f];
      if (!std::binary_search(flavors.begin(), flavors.end(), flavor)) {
        errors.NotSupported(on_flavors.Item(static_cast<int>(f)), flavor, flavors);
      }
    }
  }
}

void ValidateConcurrentAdmission(const ClusterQueue& queue, const JsonPath& spec, FieldErrors& errors) {
  if (!queue.concurrent_admission_policy.has_value()) return;
  const ConcurrentAdmissionPolicy& policy = *queue.concurrent_admission_policy;
  if (queue.queueing_strategy == "StrictFIFO") {
    errors.Invalid(spec.Field("queueingStrategy"), Quoted(queue.queueing_strategy),
                   "StrictFIFO queueing strategy cannot be used when ConcurrentAdmissionPolicy is defined");
  }
  const JsonPath groups = spec.Field("resourceGroups");
  if (queue.resource_groups.size() != 1) {
    errors.Invalid(groups, absl::StrCat(queue.resource_groups.size()),
                   "must have exactly one ResourceGroup when ConcurrentAdmissionPolicy is defined");
  } else if (const size_t flavors = queue.resource_groups[0].flavors.size(); flavors > kMaxConcurrentFlavors) {
    errors.Invalid(groups.Item(0).Field("flavors"), absl::StrCat(flavors),
                   absl::StrCat("cannot have more than ", kMaxConcurrentFlavors,
                                " resource flavors in the ResourceGroup when ConcurrentAdmissionPolicy is defined"));
  }
  const std::string& last = policy.last_acceptable_flavor;
  if (last.empty()) return;
  const JsonPath policy_path = spec.Field("concurrentAdmissionPolicy");
  const JsonPath migration = policy_path.Field("migration");
  const JsonPath constraints = migration.Field("constraints");
  const JsonPath path = constraints.Field("lastAcceptableFlavorName");
  if (policy.mode != "TryPreferredFlavors") {
    errors.Invalid(
        path, Quoted(last),
        absl::StrCat("may only be set when migration.mode is \"TryPreferredFlavors\" (got ", Quoted(policy.mode), ")"));
  }
  const std::vector<std::string> names = FlavorNames(queue);
  if (std::find(names.begin(), names.end(), last) == names.end()) {
    errors.Invalid(
        path, Quoted(last),
        absl::StrCat("must be one of the flavors defined in the ClusterQueue: [", absl::StrJoin(names, " "), "]"));
  }
}

void ValidateSchema(const ClusterQueue& queue, const JsonPath& spec, FieldErrors& errors) {
  errors.CheckName(queue.metadata);
  errors.CheckSubdomain(spec.Field("cohortName"), queue.cohort_name);
  errors.CheckEnum(spec.Field("queueingStrategy"), queue.queueing_strategy, {"StrictFIFO", "BestEffortFIFO"});
  errors.CheckEnum(spec.Field("stopPolicy"), queue.stop_policy, {"None", "Hold", "HoldAndDrain"});
  if (queue.flavor_fungibility.has_value()) {
    const JsonPath path = spec.Field("flavorFungibility");
    const FlavorFungibility& fungibility = *queue.flavor_fungibility;
    errors.CheckEnum(path.Field("whenCanBorrow"), fungibility.when_can_borrow, {"MayStopSearch", "TryNextFlavor"});
    errors.CheckEnum(path.Field("whenCanPreempt"), fungibility.when_can_preempt, {"MayStopSearch", "TryNextFlavor"});
    errors.CheckEnum(path.Field("preference"), fungibility.preference,
                     {"BorrowingOverPreemption", "PreemptionOverBorrowing"});
  }
  if (queue.preemption.has_value()) {
    const JsonPath path = spec.Field("preemption");
    errors.CheckEnum(path.Field("reclaimWithinCohort"), queue.preemption->reclaim_within_cohort,
                     {"Never", "LowerPriority", "Any"});
    errors.CheckEnum(path.Field("withinClusterQueue"), queue.preemption->within_cluster_queue,
                     {"Never", "LowerPriority", "LowerOrNewerEqualPriority"});
    if (queue.preemption->borrow_within_cohort.has_value()) {
      errors.CheckEnum(path.Field("borrowWithinCohort").Field("policy"), queue.preemption->borrow_within_cohort->policy,
                       {"Never", "LowerPriority"});
    }
  }
  const JsonPath strategy = spec.Field("admissionChecksStrategy");
  const JsonPath checks = strategy.Field("admissionChecks");
  errors.CheckItems(checks, queue.admission_checks.size(), 0, kMaxChecks);
  for (size_t i = 0; i < queue.admission_checks.size(); ++i) {
    const JsonPath item = checks.Item(static_cast<int>(i));
    errors.CheckItems(item.Field("onFlavors"), queue.admission_checks[i].on_flavors.size(), 0, kMaxChecks);
  }
  const JsonPath scope = spec.Field("admissionScope");
  errors.CheckEnum(scope.Field("admissionMode"), queue.admission_mode,
                   {"UsageBasedAdmissionFairSharing", "NoAdmissionFairSharing"});
  if (queue.concurrent_admission_policy.has_value()) {
    const JsonPath policy = spec.Field("concurrentAdmissionPolicy");
    const JsonPath migration = policy.Field("migration");
    errors.CheckEnum(migration.Field("mode"), queue.concurrent_admission_policy->mode,
                     {"TryPreferredFlavors", "RetainFirstAdmission"});
  }
}

}  // namespace

void ValidateClusterQueue(const ClusterQueue& queue, const ValidationOptions& options, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  if (options.rules == ValidationOptions::Rules::kAll) ValidateSchema(queue, spec, errors);
  ValidateResourceGroups(queue.resource_groups, {.has_parent = !queue.cohort_name.empty(), .is_cohort = false},
                         spec.Field("resourceGroups"), options, errors);
  if (queue.namespace_selector.has_value()) {
    ValidateSelector(*queue.namespace_selector, spec.Field("namespaceSelector"), errors);
  }
  if (queue.preemption.has_value()) ValidatePreemption(*queue.preemption, spec.Field("preemption"), errors);
  if (queue.flavor_fungibility.has_value()) {
    ValidateFungibility(*queue.flavor_fungibility, spec.Field("flavorFungibility"), errors);
  }
  ValidateFairSharing(queue.fair_sharing, spec.Field("fairSharing"), errors);
  const JsonPath strategy = spec.Field("admissionChecksStrategy");
  ValidateChecks(queue, strategy.Field("admissionChecks"), errors);
  if (options.concurrent_admission) ValidateConcurrentAdmission(queue, spec, errors);
}

}  // namespace muster::api
