// ResourceFlavor, and the kinds that have schemas only.
#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/label_syntax.h"
#include "api/validators.h"
#include "api/vocabulary.h"

namespace muster::api {
namespace {

constexpr size_t kMaxFlavorItems = 8;
constexpr char kTaintEffects[] = "supported taint effect values: 'NoSchedule', 'PreferNoSchedule', 'NoExecute'";

bool IsTaintEffect(const std::string& effect) {
  return effect == "NoSchedule" || effect == "PreferNoSchedule" || effect == "NoExecute";
}

std::string TaintJson(const Taint& taint) {
  return absl::StrCat("{\"key\":", Quoted(taint.key),
                      taint.value.empty() ? "" : absl::StrCat(",\"value\":", Quoted(taint.value)),
                      ",\"effect\":", Quoted(taint.effect), "}");
}

void ValidateTaints(const std::vector<Taint>& taints, const JsonPath& path, FieldErrors& errors) {
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t i = 0; i < taints.size(); ++i) {
    const JsonPath item = path.Item(static_cast<int>(i));
    errors.CheckLabelKey(item.Field("key"), taints[i].key);
    const std::vector<std::string> value_errors = CheckLabelValue(taints[i].value);
    if (!value_errors.empty()) {
      errors.Invalid(item.Field("value"), Quoted(taints[i].value), absl::StrJoin(value_errors, ";"));
    }
    if (!seen.emplace(taints[i].key, taints[i].effect).second) {
      errors.Duplicate(item,
                       StructValue{ShownStruct::kTaint, TaintJson(taints[i]), absl::StrCat("/spec/nodeTaints/", i)},
                       "taints must be unique by key and effect pair");
    }
  }
}

}  // namespace

void ValidateTaintSchema(const std::vector<Taint>& taints, const JsonPath& path, FieldErrors& errors) {
  for (size_t i = 0; i < taints.size(); ++i) {
    if (IsTaintEffect(taints[i].effect)) continue;
    const JsonPath item = path.Item(static_cast<int>(i));
    errors.Invalid(item.Field("effect"), Quoted(taints[i].effect), kTaintEffects);
  }
}

void ValidateTolerationSchema(const std::vector<Toleration>& tolerations, const JsonPath& path, FieldErrors& errors) {
  for (size_t i = 0; i < tolerations.size(); ++i) {
    const Toleration& t = tolerations[i];
    const JsonPath item = path.Item(static_cast<int>(i));
    if (t.key.empty() && t.op != "Exists") {
      errors.Invalid(item.Field("operator"), Quoted(t.op),
                     "operator must be Exists when 'key' is empty, which means 'match all values and all keys'");
    }
    if (t.toleration_seconds.has_value() && t.effect != "NoExecute") {
      errors.Invalid(item.Field("effect"), Quoted(t.effect),
                     "effect must be 'NoExecute' when 'tolerationSeconds' is set");
    }
    if (!t.op.empty() && t.op != "Equal" && t.op != "Exists") {
      errors.Invalid(item.Field("operator"), Quoted(t.op), "supported toleration values: 'Equal'(default), 'Exists'");
    }
    if (t.op == "Exists" && !t.value.empty()) {
      errors.Invalid(item.Field("value"), Quoted(t.value), "a value must be empty when 'operator' is 'Exists'");
    }
    if (!t.effect.empty() && !IsTaintEffect(t.effect)) {
      errors.Invalid(item.Field("effect"), Quoted(t.effect), kTaintEffects);
    }
  }
}

void ValidateConditionSchema(const std::vector<Condition>& conditions, const JsonPath& path, FieldErrors& errors) {
  constexpr size_t kMaxConditions = 16;
  errors.CheckItems(path, conditions.size(), 0, kMaxConditions);
  for (size_t i = 0; i < conditions.size(); ++i) {
    const Condition& c = conditions[i];
    const JsonPath item = path.Item(static_cast<int>(i));
    if (!CheckQualifiedName(c.type).empty()) {
      errors.Invalid(
          item.Field("type"), Quoted(c.type),
          absl::StrCat(item.Field("type").ToString(), " in body should match '", kQualifiedNamePattern, "'"));
    }
    if (c.status.empty()) errors.Required(item.Field("status"));
    errors.CheckEnum(item.Field("status"), c.status, {"True", "False", "Unknown"});
    if (c.reason.empty()) {
      errors.Invalid(item.Field("reason"), Quoted(c.reason),
                     absl::StrCat(item.Field("reason").ToString(), " in body should be at least 1 chars long"));
    }
  }
}

void ValidateResourceFlavor(const ResourceFlavor& flavor, const ValidationOptions& options, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  const JsonPath labels = spec.Field("nodeLabels");
  const JsonPath taints = spec.Field("nodeTaints");
  const JsonPath tolerations = spec.Field("tolerations");
  if (options.rules == ValidationOptions::Rules::kAll) {
    errors.CheckName(flavor.metadata);
    errors.CheckItems(labels, flavor.node_labels.size(), 0, kMaxFlavorItems);
    errors.CheckItems(taints, flavor.node_taints.size(), 0, kMaxFlavorItems);
    errors.CheckItems(tolerations, flavor.tolerations.size(), 0, kMaxFlavorItems);
    ValidateTaintSchema(flavor.node_taints, taints, errors);
    ValidateTolerationSchema(flavor.tolerations, tolerations, errors);
    errors.CheckSubdomain(spec.Field("topologyName"), flavor.topology_name);
    if (!flavor.topology_name.empty() && flavor.node_labels.empty()) {
      errors.Invalid(spec, "", "at least one nodeLabel is required when topology is set");
    }
  }
  errors.CheckLabels(labels, flavor.node_labels);
  ValidateTaints(flavor.node_taints, taints, errors);
  errors.CheckTolerationKeys(tolerations, flavor.tolerations);
}

void ValidateLocalQueue(const LocalQueue& queue, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  errors.CheckName(queue.metadata);
  errors.CheckSubdomain(spec.Field("clusterQueue"), queue.cluster_queue);
  errors.CheckEnum(spec.Field("stopPolicy"), queue.stop_policy, {"None", "Hold", "HoldAndDrain"});
}

void ValidateTopology(const Topology& topology, FieldErrors& errors) {
  constexpr size_t kMaxLevels = 16;
  constexpr size_t kMaxLabelLength = 316;
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  const JsonPath path = spec.Field("levels");
  errors.CheckName(topology.metadata);
  errors.CheckItems(path, topology.levels.size(), 1, kMaxLevels);
  const std::set<std::string> distinct(topology.levels.begin(), topology.levels.end());
  if (distinct.size() != topology.levels.size()) errors.Invalid(path, "", "must be unique");
  for (size_t i = 0; i < topology.levels.size(); ++i) {
    const std::string& level = topology.levels[i];
    const JsonPath item = path.Item(static_cast<int>(i));
    const JsonPath label = item.Field("nodeLabel");
    if (level.empty()) errors.Required(label);
    if (level.size() > kMaxLabelLength) errors.TooLong(label, kMaxLabelLength);
    if (!level.empty() && !CheckQualifiedName(level).empty()) {
      errors.Invalid(label, Quoted(level),
                     absl::StrCat(label.ToString(), " in body should match '", kQualifiedNamePattern, "'"));
    }
    if (level == kHostnameLabel && i + 1 != topology.levels.size()) {
      errors.Invalid(path, "", "the kubernetes.io/hostname label can only be used at the lowest level of topology");
    }
  }
}

void ValidateAdmissionCheck(const AdmissionCheck& check, FieldErrors& errors) {
  constexpr size_t kMaxLength = 253;
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  errors.CheckName(check.metadata);
  if (check.controller_name.empty()) errors.Required(spec.Field("controllerName"));
  if (check.controller_name.size() > kMaxLength) errors.TooLong(spec.Field("controllerName"), kMaxLength);
}

void ValidateWorkloadPriorityClass(const WorkloadPriorityClass& priority_class, FieldErrors& errors) {
  constexpr size_t kMaxDescription = 2048;
  const JsonPath root;
  errors.CheckName(priority_class.metadata);
  if (priority_class.description.size() > kMaxDescription) errors.TooLong(root.Field("description"), kMaxDescription);
}

}  // namespace muster::api
