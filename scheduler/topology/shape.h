// What decides how many pods of a pod set fit where: their requests, their slices, and which nodes they may use.
//
// Two pod sets with the same shape share their TopologyCounts, whatever their sizes.
// Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_SHAPE_H_
#define MUSTER_SCHEDULER_TOPOLOGY_SHAPE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/core.h"
#include "scheduler/base/resource_amount.h"

namespace muster::scheduler {

// Which nodes pods may run on, and which of them they would rather. Looked at in topologies of hosts only.
// Source of the rules: Kueue, TASFlavorSnapshot.matchNode.
class NodeFilter {
 public:
  enum class Refusal : uint8_t { kNone, kTaint, kNodeSelector, kAffinity };
  struct Verdict {
    Refusal refusal = Refusal::kNone;
    std::string taint;  // "key=value:Effect"
    int64_t score = 0;  // preferred node affinity, if looked at
  };

  // `tolerations`: those of the pods and of the flavor. `score_preferred`: gate TASRespectNodeAffinityPreferred.
  NodeFilter(api::StringMap node_selector, std::optional<api::NodeAffinity> affinity,
             std::vector<api::Toleration> tolerations, bool score_preferred);

  // O(taints * tolerations + selector + terms).
  Verdict Judge(const api::Node& node) const;
  // Equal keys judge equally.
  const std::string& key() const { return key_; }

 private:
  api::StringMap node_selector_;
  std::optional<api::NodeAffinity> affinity_;
  std::vector<api::Toleration> tolerations_;
  bool score_preferred_;
  std::string key_;
};

// How hosts are chosen where Kueue's rules leave room for another choice. Written on the Topology; Kueue ignores it.
enum class NodePacking : uint8_t {
  kKueue,    // of domains that hold as many pods, the first by name
  kBestFit,  // of those, the host with the least left over
  // As kBestFit, and a pod set that comes after others of its workload (the smaller last pod of a gang that takes whole
  // hosts) goes to the roomiest host, not to the tightest.
  kConsolidate,
};
// "muster.dev/placement: best-fit" or "consolidate".
inline constexpr char kPlacementAnnotation[] = "muster.dev/placement";
// What the annotation says; kKueue without one. nullopt for a value that is none of these.
std::optional<NodePacking> PackingOf(const api::StringMap& annotations);

struct PodShape {
  std::vector<ResourceAmount> requests;               // of one pod, "pods" included, by resource name
  std::optional<std::vector<ResourceAmount>> leader;  // of the leader of the pod-set group
  int32_t slice_size = 1;
  int slice_level = 0;              // the lowest level if there are no slices
  std::vector<int32_t> inner_size;  // by level: pods come in multiples of this below the slice level; 0 = any number
  bool empty = false;               // as if no topology-aware workload used anything
  bool tight = false;               // count what is left over (DomainCounts::left)
  std::shared_ptr<const NodeFilter> filter;  // null: any node

  int32_t InnerSize(int level) const { return level < static_cast<int>(inner_size.size()) ? inner_size[level] : 0; }
  std::string Key() const;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_SHAPE_H_
