#include "api/validation.h"

#include <iterator>
#include <type_traits>

#include "api/validators.h"
#include "api/vocabulary.h"

namespace muster::api {
namespace {

std::vector<Problem> Named(FieldErrors errors, const Object& object) {
  std::vector<Problem> problems = errors.Take();
  const std::string id = ObjectId(object);
  for (Problem& problem : problems) problem.object = id;
  return problems;
}

void Immutable(const JsonPath& path, const std::string& now, const std::string& before, FieldErrors& errors) {
  if (now != before) errors.Invalid(path, Quoted(now), "field is immutable");
}

bool EndsInHostname(const Topology& topology) {
  return !topology.levels.empty() && topology.levels.back() == kHostnameLabel;
}

void ValidateClusterQueueUpdate(const nlohmann::json& now, const nlohmann::json& before, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  const auto policy = [](const nlohmann::json& queue) {
    const auto it = queue.find("spec");
    return it == queue.end() ? nlohmann::json() : it->value("concurrentAdmissionPolicy", nlohmann::json());
  };
  const nlohmann::json value = policy(now);
  if (value != policy(before)) {
    errors.Invalid(spec.Field("concurrentAdmissionPolicy"),
                   StructValue{ShownStruct::kConcurrentAdmissionPolicy, value.dump()}, "field is immutable");
  }
}

// The rules of the schemas that compare with the old object.
void ValidateSchemaUpdate(const Object& now, const Object& before, FieldErrors& errors) {
  const JsonPath root;
  const JsonPath spec = root.Field("spec");
  if (const auto* flavor = std::get_if<ResourceFlavor>(&now)) {
    const std::string& old = std::get<ResourceFlavor>(before).topology_name;
    if (!old.empty() && flavor->topology_name != old) {
      errors.Invalid(spec, "", "topologyName is immutable when topologyName is set");
    }
  } else if (const auto* queue = std::get_if<LocalQueue>(&now)) {
    Immutable(spec.Field("clusterQueue"), queue->cluster_queue, std::get<LocalQueue>(before).cluster_queue, errors);
  } else if (const auto* check = std::get_if<AdmissionCheck>(&now)) {
    Immutable(spec.Field("controllerName"), check->controller_name, std::get<AdmissionCheck>(before).controller_name,
              errors);
  } else if (const auto* topology = std::get_if<Topology>(&now)) {
    const Topology& old = std::get<Topology>(before);
    if (topology->levels != old.levels && !(EndsInHostname(*topology) && EndsInHostname(old))) {
      errors.Invalid(spec.Field("levels"), "",
                     "levels are mutable only when kubernetes.io/hostname is the lowest level both before and after "
                     "the change");
    }
  }
}

// `before` is the object that is changed, nullptr on creation.
std::vector<Problem> ValidateObject(const Object& object, const Object* before, const ValidationOptions& options) {
  FieldErrors errors;
  const bool schema = options.rules == ValidationOptions::Rules::kAll;
  std::visit(
      [&](const auto& o) {
        using T = std::decay_t<decltype(o)>;
        const T* old = before == nullptr ? nullptr : std::get_if<T>(before);
        if constexpr (std::is_same_v<T, ClusterQueue>) ValidateClusterQueue(o, old, options, errors);
        if constexpr (std::is_same_v<T, Cohort>) ValidateCohort(o, options, errors);
        if constexpr (std::is_same_v<T, ResourceFlavor>) ValidateResourceFlavor(o, options, errors);
        if constexpr (std::is_same_v<T, Workload>) ValidateWorkload(o, old, options, errors);
        if constexpr (std::is_same_v<T, LocalQueue>) {
          if (schema) ValidateLocalQueue(o, errors);
        }
        if constexpr (std::is_same_v<T, Topology>) {
          if (schema) ValidateTopology(o, errors);
        }
        if constexpr (std::is_same_v<T, AdmissionCheck>) {
          if (schema) ValidateAdmissionCheck(o, errors);
        }
        if constexpr (std::is_same_v<T, WorkloadPriorityClass>) {
          if (schema) ValidateWorkloadPriorityClass(o, errors);
        }
        (void)old;
      },
      object);
  return Named(std::move(errors), object);
}

}  // namespace

std::vector<Problem> Validate(const Object& object, const ValidationOptions& options) {
  return ValidateObject(object, nullptr, options);
}

std::vector<Problem> ValidateUpdate(const Decoded& now, const Decoded& before, const ValidationOptions& options) {
  std::vector<Problem> problems = ValidateObject(now.object, &before.object, options);
  FieldErrors errors;
  if (options.rules == ValidationOptions::Rules::kAll) ValidateSchemaUpdate(now.object, before.object, errors);
  if (const auto* workload = std::get_if<Workload>(&now.object)) {
    ValidateWorkloadUpdate(*workload, Encode(now.object, now.raw), std::get<Workload>(before.object),
                           Encode(before.object, before.raw), options, errors);
  } else if (std::holds_alternative<ClusterQueue>(now.object)) {
    ValidateClusterQueueUpdate(Encode(now.object, now.raw), Encode(before.object, before.raw), errors);
  }
  std::vector<Problem> changes = Named(std::move(errors), now.object);
  std::move(changes.begin(), changes.end(), std::back_inserter(problems));
  return problems;
}

}  // namespace muster::api
