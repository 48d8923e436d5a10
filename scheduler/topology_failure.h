// Why a topology has no place for a pod set: numbers first, Kueue's sentence on request.
// Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_FAILURE_H_
#define MUSTER_SCHEDULER_TOPOLOGY_FAILURE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster::scheduler {

struct TopologyFailure {
  enum class Kind : uint8_t {
    kText,          // `text` is the whole sentence: the request itself cannot be met in this topology
    kNotFit,        // at most `fit` of `requested` pods or slices
    kLayersNotFit,  // by layer of the slice constraints
  };
  struct Layer {
    std::string level;
    int32_t fit = 0, needed = 0;
    friend bool operator==(const Layer&, const Layer&) = default;
  };

  Kind kind = Kind::kText;
  std::string text;
  std::string topology;
  int32_t fit = 0, requested = 0;
  bool in_slices = false;  // fit and requested count slices of several pods
  std::vector<Layer> layers;
  // Nodes that take no pod at all, by what keeps them from it.
  int total_nodes = 0;
  int node_selector = 0, affinity = 0, topology_domain = 0;
  std::map<std::string, int> taints;     // "key=value:Effect" -> nodes
  std::map<std::string, int> resources;  // scarce resource -> nodes
  friend bool operator==(const TopologyFailure&, const TopologyFailure&) = default;
};

// Kueue's message.
std::string ToString(const TopologyFailure& failure);

inline TopologyFailure TopologyText(std::string text) {
  TopologyFailure f;
  f.text = std::move(text);
  return f;
}

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_FAILURE_H_
