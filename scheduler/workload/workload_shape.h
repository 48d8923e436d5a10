// What a workload asks for, worked out once for all workloads that ask for the same.
//
// Problem: jobs come in thousands with the same pod sets. Requests, validity, and who is equivalent to whom follow from
// the pod sets and the defaults of the namespace alone, so workloads share them: a new one of a known shape costs a
// hash and a comparison, not a copy of its pod specs. A shape nobody has any more is forgotten.
// Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_WORKLOAD_WORKLOAD_SHAPE_H_
#define MUSTER_SCHEDULER_WORKLOAD_WORKLOAD_SHAPE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "api/core.h"
#include "api/kueue.h"
#include "scheduler/base/numbers.h"
#include "scheduler/base/resource_amount.h"
#include "scheduler/decision.h"
#include "scheduler/declared/declared.h"
#include "scheduler/ids.h"
#include "scheduler/options.h"

namespace muster::scheduler {

struct PodSetState {
  std::string name;
  int32_t count = 0;
  std::optional<int32_t> min_count;
  std::vector<ResourceAmount> per_pod;       // by resource name
  std::shared_ptr<const api::PodSpec> spec;  // adjusted
  std::string group;                         // topologyRequest.podSetGroupName
  std::optional<api::TopologyRequest> topology_request;
  bool explicit_topology = false;                     // the request asks for topology
  std::vector<ResourceAmount> topology_per_pod;       // of the pod alone, untransformed, "pods" included; by name
  std::shared_ptr<const api::PodSpec> topology_spec;  // with what admission checks add; null = spec
};

struct WorkloadShape {
  std::vector<api::PodSet> declared;  // without the metadata of their pods
  std::vector<PodSetState> pod_sets;
  // Names what Kueue's equivalence hash covers of the pod sets but for the number of their pods: equal numbers, equal
  // answers for as many pods at equal priority.
  int equivalence = 0;
  std::string invalid;  // why the resources are refused ("" = fine)
  Note invalid_note = Note::kNone;
};

// But for the metadata of the pods. The numbers and texts of quantities are compared: 1Gi and 1073741824 are told apart, as Kueue's hash does.
bool SamePodSets(const std::vector<api::PodSet>& a, const std::vector<api::PodSet>& b);
// Whether the pod sets are the same with the defaults of their namespace filled in. O(1) if nothing changed.
bool SameAdjusted(const WorkloadShape& a, const WorkloadShape& b);

class ShapeTable {
 public:
  // Both must outlive the table; resource names are interned into the policy.
  ShapeTable(Declared* declared, const EngineOptions* options) : declared_(declared), options_(options) {}

  // The shape of the workload, shared with all of its namespace's defaults that have the same pod sets. O(size of the
  // pod sets) if known. A workload whose admission checks change its pods gets one of its own.
  std::shared_ptr<const WorkloadShape> Get(const api::Workload& workload);
  // Defaults (LimitRanges, RuntimeClasses) have changed: what is asked for from now on is worked out anew.
  void DefaultsChanged() { by_hash_.clear(); }
  // Forgets which shapes were equivalent, but for these numbers: the others are given away again.
  // REQUIRES: no workload has a shape with another number.
  void KeepEquivalences(const absl::flat_hash_set<int>& used) { equivalences_.Keep(used); }

 private:
  std::shared_ptr<const WorkloadShape> Derive(const api::Workload& workload);
  void DeriveTopology(const api::Workload& workload, const api::PodSpec& spec, PodSetState* ps);
  int EquivalenceOf(const WorkloadShape& shape);
  struct Known {
    std::string ns;  // "" where the namespace has no say
    std::weak_ptr<const WorkloadShape> shape;
  };
  static void Prune(std::vector<Known>* bucket);
  void ForgetUnused();

  Declared* declared_;
  const EngineOptions* options_;
  absl::flat_hash_map<size_t, std::vector<Known>> by_hash_;
  size_t forget_above_ = 64;           // hashes
  Numbers<std::string> equivalences_;  // of what they say
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_WORKLOAD_WORKLOAD_SHAPE_H_
