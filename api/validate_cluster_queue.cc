#include <map>
#include <set>

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
      errors.Invalid(item.Field("operator"), JsonQuoted(r.op), "not a valid selector operator");
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

void ValidatePreemption(const ClusterQueuePreemption& preemption, const ValidationOptions& options,
                        const JsonPath& path, FieldErrors& errors) {
  // What is not set is Never, and the API server has written that before a webhook is asked.
  const bool defaulted = options.rules == ValidationOptions::Rules::kAll;
  const auto is_never = [defaulted](const std::string& policy) {
    return policy == "Never" || (policy.empty() && defaulted);
  };
  if (preemption.borrow_within_cohort.has_value() && is_never(preemption.reclaim_within_cohort) &&
      !is_never(preemption.borrow_within_cohort->policy)) {
    errors.Invalid(path, StructValue{ShownStruct::kPreemption, "", "/spec/preemption"},
                   "reclaimWithinCohort=Never and borrowWithinCohort.Policy!=Never");
  }
}

void ValidateFungibility(const FlavorFungibility& fungibility, const ValidationOptions& options, const JsonPath& path,
                         FieldErrors& errors) {
  if (fungibility.preference.empty()) return;
  const bool defaulted = options.rules == ValidationOptions::Rules::kAll;
  const bool next_on_preempt =
      fungibility.when_can_preempt == "TryNextFlavor" || (fungibility.when_can_preempt.empty() && defaulted);
  if (fungibility.when_can_borrow != "TryNextFlavor" || !next_on_preempt) {
    errors.Invalid(path.Field("preference"), JsonQuoted(fungibility.preference),
                   absl::StrCat("preference ", Quoted(fungibility.preference),
                                " requires both whenCanBorrow and whenCanPreempt to be TryNextFlavor"));
  }
}

std::set<std::string> FlavorNames(const ClusterQueue& queue) {
  std::set<std::string> names;
  for (const ResourceGroup& group : queue.resource_groups) {
    for (const FlavorQuotas& flavor : group.flavors) names.insert(flavor.name);
  }
  return names;
}

std::set<std::string> OnFlavors(const AdmissionCheckStrategyRule& rule) {
  return {rule.on_flavors.begin(), rule.on_flavors.end()};
}

void ValidateChecks(const ClusterQueue& queue, const ClusterQueue* before, const ValidationOptions& options,
                    const JsonPath& path, FieldErrors& errors) {
  const std::set<std::string> flavors = FlavorNames(queue);
  const std::vector<std::string> supported(flavors.begin(), flavors.end());
  // A check that was wrong before the change may stay wrong while something else is changed.
  std::map<std::string, std::set<std::string>> tolerated;
  if (before != nullptr && !options.gates[Gate::kRejectUpdatesToCQWithInvalidOnFlavors] &&
      FlavorNames(*before) == flavors) {
    for (const AdmissionCheckStrategyRule& rule : before->admission_checks) tolerated[rule.name] = OnFlavors(rule);
  }
  for (size_t c = 0; c < queue.admission_checks.size(); ++c) {
    const AdmissionCheckStrategyRule& rule = queue.admission_checks[c];
    const auto old = tolerated.find(rule.name);
    if (old != tolerated.end() && old->second == OnFlavors(rule)) continue;
    const JsonPath check = path.Item(static_cast<int>(c));
    const JsonPath on_flavors = check.Field("onFlavors");
    for (size_t f = 0; f < rule.on_flavors.size() && !errors.full(); ++f) {
      if (flavors.count(rule.on_flavors[f]) > 0) continue;
      errors.NotSupported(on_flavors.Item(static_cast<int>(f)), rule.on_flavors[f], supported);
    }
  }
}

void ValidateLastAcceptableFlavor(const ClusterQueue& queue, const JsonPath& spec, FieldErrors& errors) {
  const ConcurrentAdmissionPolicy& policy = *queue.concurrent_admission_policy;
  const std::string& last = policy.last_acceptable_flavor;
  if (last.empty()) return;
  const JsonPath policy_path = spec.Field("concurrentAdmissionPolicy");
  const JsonPath migration = policy_path.Field("migration");
  const JsonPath constraints = migration.Field("constraints");
  const JsonPath path = constraints.Field("lastAcceptableFlavorName");
  if (policy.mode != "TryPreferredFlavors") {
    return errors.Forbidden(
        constraints,
        absl::StrCat("may only be set when migration.mode is \"TryPreferredFlavors\" (got ", Quoted(policy.mode), ")"));
  }
  const std::set<std::string> names = FlavorNames(queue);
  if (names.count(last) == 0) {
    errors.Invalid(
        path, Quoted(last),
        absl::StrCat("must be one of the flavors defined in the ClusterQueue: [", absl::StrJoin(names, " "), "]"));
  }
}

void ValidateConcurrentAdmission(const ClusterQueue& queue, const JsonPath& spec, FieldErrors& errors) {
  if (!queue.concurrent_admission_policy.has_value()) return;
  const JsonPath groups = spec.Field("resourceGroups");
  if (queue.resource_groups.size() != 1) {
    errors.Invalid(groups, absl::StrCat(queue.resource_groups.size()),
                   "must have exactly one ResourceGroup when ConcurrentAdmissionPolicy is defined");
  } else if (const size_t flavors = queue.resource_groups[0].flavors.size(); flavors > kMaxConcurrentFlavors) {
    const JsonPath group = groups.Item(0);
    errors.Invalid(group.Field("flavors"), absl::StrCat(flavors),
                   absl::StrCat("cannot have more than ", kMaxConcurrentFlavors,
                                " resource flavors in the ResourceGroup when ConcurrentAdmissionPolicy is defined"));
  }
  ValidateLastAcceptableFlavor(queue, spec, errors);
  if (queue.queueing_strategy == "StrictFIFO") {
    errors.Invalid(spec.Field("queueingStrategy"), Quoted(queue.queueing_strategy),
                   "StrictFIFO queueing strategy cannot be used when ConcurrentAdmissionPolicy is defined");
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
      const JsonPath borrow = path.Field("borrowWithinCohort");
      errors.CheckEnum(borrow.Field("policy"), queue.preemption->borrow_within_cohort->policy,
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

void ValidateClusterQueue(const ClusterQueue& queue, const ClusterQueue* before, const ValidationOptions& options,
                          FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  const JsonPath groups = spec.Field("resourceGroups");
  if (options.rules == ValidationOptions::Rules::kAll) ValidateSchema(queue, spec, errors);
  ValidateResourceGroups(queue.resource_groups, {.has_parent = !queue.cohort_name.empty(), .is_cohort = false}, groups,
                         options, errors);
  if (queue.namespace_selector.has_value()) {
    ValidateSelector(*queue.namespace_selector, spec.Field("namespaceSelector"), errors);
  }
  if (queue.preemption.has_value()) {
    ValidatePreemption(*queue.preemption, options, spec.Field("preemption"), errors);
  }
  if (queue.flavor_fungibility.has_value()) {
    ValidateFungibility(*queue.flavor_fungibility, options, spec.Field("flavorFungibility"), errors);
  }
  ValidateFairSharing(queue.fair_sharing, spec.Field("fairSharing"), errors);
  ValidateQuotaSizes(queue.resource_groups, groups, errors);
  if (options.gates[Gate::kConcurrentAdmission]) ValidateConcurrentAdmission(queue, spec, errors);
  const JsonPath strategy = spec.Field("admissionChecksStrategy");
  ValidateChecks(queue, before, options, strategy.Field("admissionChecks"), errors);
}

}  // namespace muster::api
