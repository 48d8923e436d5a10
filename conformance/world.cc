#include "conformance/world.h"

#include <algorithm>
#include <set>
#include <variant>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/object.h"
#include "api/quantity.h"
#include "api/resource_units.h"
#include "scheduler/configuration.h"

namespace muster::conformance {
namespace {

// The order objects are applied in. Kinds not listed come last.
constexpr const char* kOrder[] = {
    "Namespace",      "LimitRange",   "RuntimeClass", "Topology",   "Node", "ResourceFlavor",
    "AdmissionCheck", "ClusterQueue", "Cohort",       "LocalQueue", "Pod",  "Workload"};

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
  // The recorded configuration has the fields of v1beta1; what a case keeps beside it is put where an admin writes it.
  Json document = c["config"].is_object() ? c["config"] : Json::object();
  document["apiVersion"] = "config.kueue.x-k8s.io/v1beta1";
  document["kind"] = "Configuration";
  if (c["featureGates"].is_object()) document["featureGates"] = c["featureGates"];
  if (const std::string t = GetString(c["request"], "podsReadyRequeuingTimestamp"); !t.empty()) {
    document["waitForPodsReady"]["requeuingStrategy"]["timestamp"] = t;
  }
  if (const std::string strategy = GetString(c["request"], "quotaCheckStrategy"); !strategy.empty()) {
    document["resources"]["quotaCheckStrategy"] = strategy;
  }
  const absl::StatusOr<api::Object> read = api::DecodeObject(std::move(document));
  if (!read.ok()) return read.status();
  absl::StatusOr<scheduler::EngineOptions> options = scheduler::EngineOptionsFrom(std::get<api::Configuration>(*read));
  if (options.ok()) options->reactivation_batch = absl::ZeroDuration();
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
      consumed[resource] = api::CountedAmount(resource, *quantity);
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
