#include "conformance/world.h"

#include <algorithm>
#include <set>
#include <variant>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/object.h"
#include "api/quantity.h"

namespace muster::conformance {
namespace {

// The order objects are applied in. Kinds not listed come last.
constexpr const char* kOrder[] = {
    "Namespace",      "LimitRange",   "RuntimeClass", "Topology",   "Node", "ResourceFlavor",
    "AdmissionCheck", "ClusterQueue", "Cohort",       "LocalQueue", "Pod",  "Workload"};

absl::StatusOr<absl::Duration> ParseDuration(const Json& value) {
  absl::Duration out = absl::ZeroDuration();
  if (value.is_string() && !absl::ParseDuration(value.get<std::string>(), &out)) {
    return absl::InvalidArgumentError(absl::StrCat("not a duration: ", value.dump()));
  }
  return out;
}

double ToDouble(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return 0;
  const auto quantity = api::Quantity::Parse(value.get<std::string>());
  return quantity.ok() ? quantity->ToDouble() : 0;
}

absl::Status ReadTransformations(const Json& list, scheduler::EngineOptions& options) {
  for (const Json& entry : list) {
    scheduler::ResourceTransformation t;
    t.input = GetString(entry, "input");
    t.replace = GetString(entry, "strategy") == "Replace";
    t.multiply_by = GetString(entry, "multiplyBy");
    for (const auto& [resource, amount] : Get(entry, "outputs").items()) t.outputs[resource] = ToDouble(amount);
    options.transformations.push_back(std::move(t));
  }
  return absl::OkStatus();
}

Json Canonical(const api::TopologyAssignment& assignment) {
  std::vector<Json> domains;
  for (const api::TopologyDomainAssignment& d : assignment.domains) {
    domains.push_back({{"values", d.values}, {"count", d.count}});
  }
  return {{"levels", assignment.levels}, {"domains", domains}};
}

}  // namespace

absl::Time Now(const Case& c) {
  absl::Time now = absl::FromCivil(absl::CivilSecond(2025, 1, 1, 12, 0, 0), absl::UTCTimeZone());
  const std::string text = GetString(c.doc, "now");
  std::string error;
  if (!text.empty()) absl::ParseTime(absl::RFC3339_full, text, &now, &error);
  return now;
}

absl::StatusOr<scheduler::EngineOptions> Options(const Case& c) {
  scheduler::EngineOptions options;
  const Json& config = c["config"];
  if (GetBool(Get(config, "fairSharing"), "enable")) {
    options = scheduler::EngineOptions::FairSharing();
    if (const Json& names = Get(Get(config, "fairSharing"), "preemptionStrategies"); names.is_array()) {
      options.fair_sharing->clear();
      for (const Json& name : names) {
        options.fair_sharing->push_back(name == "LessThanInitialShare"
                                            ? scheduler::FairSharingStrategy::kLessThanInitialShare
                                            : scheduler::FairSharingStrategy::kLessThanOrEqualToFinalShare);
      }
    }
  }
  options.reactivation_batch = absl::ZeroDuration();
  for (const auto& [gate, on] : c["featureGates"].items()) {
    if (absl::Status s = options.gates.Set(gate, on.get<bool>()); !s.ok()) return s;
  }
  if (const Json& afs = Get(config, "admissionFairSharing"); afs.is_object()) {
    scheduler::AdmissionFairSharingOptions out;
    auto half_life = ParseDuration(Get(afs, "usageHalfLifeTime"));
    if (!half_life.ok()) return half_life.status();
    auto interval = ParseDuration(Get(afs, "usageSamplingInterval"));
    if (!interval.ok()) return interval.status();
    out.usage_half_life = *half_life;
    out.usage_sampling_interval = *interval;
    for (const auto& [resource, weight] : Get(afs, "resourceWeights").items()) {
      out.resource_weights[resource] = ToDouble(weight);
    }
    options.admission_fair_sharing = std::move(out);
  }
  if (absl::Status s = ReadTransformations(Get(Get(config, "resources"), "transformations"), options); !s.ok())
    return s;
  const std::string timestamp = GetString(c["request"], "podsReadyRequeuingTimestamp");
  if (timestamp == "Creation") options.requeuing_timestamp = scheduler::RequeuingTimestamp::kCreation;
  if (GetString(c["request"], "quotaCheckStrategy") == "IgnoreUndeclared") {
    options.quota_check = scheduler::QuotaCheckStrategy::kIgnoreUndeclared;
  }
  return options;
}

absl::Status SetConsumedResources(const Case& c, scheduler::Engine& engine) {
  std::map<std::string, std::string> namespaces;  // of LocalQueues, for records that leave it out
  for (const Json& o : c["objects"]) {
    if (GetString(o, "kind") != "LocalQueue") continue;
    namespaces[GetString(Get(o, "metadata"), "name")] = GetString(Get(o, "metadata"), "namespace");
  }
  for (const auto& [key, amounts] : c["initialLocalQueueUsage"].items()) {
    const size_t slash = key.find('/');
    const std::string name = slash == std::string::npos ? key : key.substr(slash + 1);
    const std::string ns = slash == std::string::npos ? namespaces[name] : key.substr(0, slash);
    std::map<std::string, quota::Amount> consumed;
    for (const auto& [resource, text] : amounts.items()) {
      const absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(text.get<std::string>());
      if (!quantity.ok()) return quantity.status();
      consumed[resource] = resource == "cpu" ? quantity->MilliValue() : quantity->Value();
    }
    engine.SetConsumedResources(ns, name, consumed, Now(c));
  }
  return absl::OkStatus();
}

absl::StatusOr<api::Workload> ParseWorkload(const Json& object) {
  absl::StatusOr<api::Object> parsed = api::DecodeObject(object);
  if (!parsed.ok()) return parsed.status();
  if (auto* workload = std::get_if<api::Workload>(&*parsed)) return std::move(*workload);
  return absl::InvalidArgumentError("not a Workload");
}

absl::Status ApplyObject(const Json& object, absl::Time now, scheduler::Engine& engine) {
  absl::StatusOr<api::Object> parsed = api::DecodeObject(object);
  if (!parsed.ok()) return parsed.status();
  return std::visit(
      [&](const auto& value) -> absl::Status {
        if constexpr (requires { engine.Apply(value, now); }) {
          engine.Apply(value, now);
          return absl::OkStatus();
        } else {
          return absl::UnimplementedError(absl::StrCat("the engine takes no ", GetString(object, "kind")));
        }
      },
      *parsed);
}

absl::Status ApplyAll(const Json& objects, absl::Time now, scheduler::Engine& engine, bool pods) {
  const auto rank = [](const Json& object) {
    return std::find(std::begin(kOrder), std::end(kOrder), GetString(object, "kind")) - std::begin(kOrder);
  };
  std::vector<const Json*> sorted;
  for (const Json& object : objects) {
    if (pods || GetString(object, "kind") != "Pod") sorted.push_back(&object);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Json* a, const Json* b) { return rank(*a) < rank(*b); });
  for (const Json* object : sorted) {
    if (absl::Status s = ApplyObject(*object, now, engine); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<scheduler::Engine> BuildWorld(const Case& c) {
  absl::StatusOr<scheduler::EngineOptions> options = Options(c);
  if (!options.ok()) return options.status();
  scheduler::Engine engine(*std::move(options));
  if (absl::Status s = ApplyAll(c["objects"], Now(c), engine, !GetBool(c.doc, "podsNotTrackedAsNonTASUsage"));
      !s.ok()) {
    return s;
  }
  return engine;
}

absl::StatusOr<scheduler::Engine> BuildWorldInOrder(const Case& c) {
  absl::StatusOr<scheduler::EngineOptions> options = Options(c);
  if (!options.ok()) return options.status();
  scheduler::Engine engine(*std::move(options));
  for (const Json& object : c["objects"]) {
    if (absl::Status s = ApplyObject(object, Now(c), engine); !s.ok()) return s;
  }
  return engine;
}

Json Canonical(const api::Admission& admission) {
  Json pod_sets = Json::array();
  for (const api::PodSetAssignment& a : admission.pod_set_assignments) {
    Json usage = Json::object();
    for (const auto& [resource, quantity] : a.resource_usage) {
      usage[resource] = absl::StrCat(quantity.Value(), "/", quantity.MilliValue(), "m");
    }
    Json out = {{"name", a.name}, {"flavors", a.flavors}, {"resourceUsage", usage}};
    if (a.count) out["count"] = *a.count;
    if (a.topology_assignment) out["topologyAssignment"] = Canonical(*a.topology_assignment);
    if (!a.delayed_topology_request.empty()) out["delayedTopologyRequest"] = a.delayed_topology_request;
    pod_sets.push_back(std::move(out));
  }
  return {{"clusterQueue", admission.cluster_queue}, {"podSetAssignments", std::move(pod_sets)}};
}

absl::StatusOr<Json> CanonicalAdmission(const Json& admission) {
  const absl::StatusOr<api::Admission> parsed = api::DecodePart<api::Admission>(admission);
  if (!parsed.ok()) return parsed.status();
  return Canonical(*parsed);
}

quota::Amount ToAmount(const Json& value) {
  if (value.is_string()) return quota::kUnlimited;
  return value.is_number() ? value.get<int64_t>() : 0;
}

FrTable::FrTable(scheduler::Engine& engine) {
  std::set<std::string> resources;
  for (const scheduler::FlavorResource& fr : engine.flavor_resources()) {
    const std::string& resource = engine.ResourceName(fr.resource);
    ids_[{engine.FlavorName(fr.flavor), resource}] = static_cast<quota::FrId>(names_.size());
    names_.emplace_back(engine.FlavorName(fr.flavor), resource);
    resources.insert(resource);
  }
  resources_.assign(resources.begin(), resources.end());
}

std::optional<quota::FrId> FrTable::Find(absl::string_view flavor, absl::string_view resource) const {
  const auto it = ids_.find({std::string(flavor), std::string(resource)});
  if (it == ids_.end()) return std::nullopt;
  return it->second;
}

std::string FrTable::ResourceName(quota::ResId id) const {
  if (id < 0) return "";
  return id < static_cast<int>(resources_.size()) ? resources_[id] : absl::StrCat("resource#", id);
}

}  // namespace muster::conformance
