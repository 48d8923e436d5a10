// The rules of the annotations with which a pod template asks for a place in the topology.
//
// Source of the rules: Kueue's jobframework (tas_validation.go, tas.go).
#ifndef MUSTER_WEBHOOK_JOBS_TOPOLOGY_VALIDATION_H_
#define MUSTER_WEBHOOK_JOBS_TOPOLOGY_VALIDATION_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "webhook/admission/handler.h"

namespace muster::webhook {

// Something with annotations, and how many pods it stands for.
struct TopologySubject {
  std::string name;                             // of the pod set
  std::string path;                             // field path of its annotations
  const nlohmann::json* annotations = nullptr;  // nullptr = none
  int32_t count = 0;
  bool has_count = true;  // false: the count is not held against the slices
  bool checked = true;    // false: it makes a request, of which the rules say nothing
};

// What kinds do differently.
struct TopologyRules {
  // Annotations that cannot be parsed are refused as they are, without a field.
  bool parse_first = false;
  // Groups of pod sets are looked at.
  bool grouping = false;
  // After the first pod set, not after all.
  bool grouping_after_first = false;
  // Once an annotation cannot be parsed, only the first pod set is looked at.
  bool rest_only_when_parsed = false;
};

// The subjects of all pod templates of a job, in the order of its pod sets.
std::vector<TopologySubject> SubjectsOf(const api::JobKind& kind, const nlohmann::json& job);

// What the annotations themselves say wrong, and slices that are larger than their pod set. Both do nothing while
// topology-aware scheduling is off. O(subjects), of CheckTopology O(subjects * log(subjects)).
void CheckTopologyAnnotations(const Env& env, const std::vector<TopologySubject>& subjects, api::FieldErrors& errors);
void CheckSliceSizes(const Env& env, const std::vector<TopologySubject>& subjects, api::FieldErrors& errors);

// Holds the subjects against the rules, both of the above among them. Pod sets are found by their names, as Kueue
// does: of several with one name (in whatever case) the first has the count, the last the path. May set out.failure.
void CheckTopology(const Env& env, const std::vector<TopologySubject>& subjects, const TopologyRules& rules,
                   Validation& out);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_JOBS_TOPOLOGY_VALIDATION_H_
