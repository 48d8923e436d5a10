// What of an object is compared: its fields in parts that are written together and come in sequences of values.
#ifndef MUSTER_CONFORMANCE_FLOWS_FACETS_H_
#define MUSTER_CONFORMANCE_FLOWS_FACETS_H_

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "kube/object.h"

namespace muster::conformance {

// By name: "condition Admitted", "admission", "labels". Without times, versions and what else differs between two runs.
// Parts that are absent have no entry.
using Facets = std::map<std::string, nlohmann::json>;

// What a manager writes, or what is written for it.
Facets FacetsOf(const kube::Object& object);

// Counts, usage and shares of a ClusterQueue, LocalQueue or Cohort; null for other types.
nlohmann::json FiguresOf(const kube::Object& object);

// Without what differs between two runs: how long something waited, names of volumes.
std::string NormalizedText(const std::string& text);
nlohmann::json Normalized(const nlohmann::json& value);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_FACETS_H_
