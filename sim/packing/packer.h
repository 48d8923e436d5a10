// Puts pods on nodes one by one, by a policy.
//
// The score of a node for a shape of pod is kept until the node changes. A decision looks again at the nodes that
// changed since a pod of that shape came last, and then takes the best at once, so that its cost does not grow with the
// cluster: nodes of one score are a set that knows its least member.
// Same calls, same answers; equal scores end at the order of the nodes (with a policy that draws: at `seed`).
#ifndef MUSTER_SIM_PACKING_PACKER_H_
#define MUSTER_SIM_PACKING_PACKER_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "sim/packing/machine.h"
#include "sim/packing/policy.h"
#include "sim/packing/rank_set.h"

namespace muster::sim {

// Where a pod is: the node's position, and of its GPUs the ones the pod has, as bits.
struct PlacedPod {
  int node = 0;
  uint32_t devices = 0;
  friend bool operator==(const PlacedPod&, const PlacedPod&) = default;
};

// Thread-safety: compatible.
class Packer {
 public:
  // `machines` in the order in which equals are taken. REQUIRES: a policy.
  Packer(std::vector<Machine> machines, std::unique_ptr<const PackingPolicy> policy, uint64_t seed = 0);

  // Runs the pod; nullopt if no node has room. Amortized O(GPUs) for each node that changed since a pod of that shape
  // came last, O(nodes) for the first of its shape.
  std::optional<PlacedPod> Place(const PodShape& pod);
  // REQUIRES: Place answered this for a pod of this shape, and it was not released since.
  void Release(const PodShape& pod, const PlacedPod& placed);

  const std::vector<Machine>& machines() const { return machines_; }
  // Of all nodes, in thousandths of a GPU.
  int64_t gpu_milli() const { return gpu_milli_; }
  int64_t allocated_gpu_milli() const { return allocated_; }

 private:
  // What is known of one shape.
  struct Shape {
    PodShape pod;
    std::vector<int8_t> score;                                     // by node; kNoRoom
    std::array<std::unique_ptr<RankSet>, kMaxScore + 1> by_score;  // made when needed
    int best = -1;                                                 // no node has a higher score
    uint64_t seen = 0;                                             // changes up to here are in
    explicit Shape(const PodShape& shape) : pod(shape) {}
  };
  static constexpr int8_t kNoRoom = -1;

  Shape& ShapeOf(const PodShape& pod);
  void Sync(Shape* shape);
  void Look(int node, Shape* shape);
  void Changed(int node);
  // The GPU of which the pod gets a part. REQUIRES: it shares one, and fits.
  int DeviceFor(const PodShape& pod, const Machine& m);

  std::vector<Machine> machines_;
  const std::unique_ptr<const PackingPolicy> policy_;
  std::mt19937_64 random_;
  std::map<PodShape, std::unique_ptr<Shape>> shapes_;
  // Which nodes changed, in order; the first is number first_change_. A node counts where it comes last.
  std::vector<int> changes_;
  uint64_t first_change_ = 1;
  std::vector<uint64_t> last_change_;  // by node
  int64_t gpu_milli_ = 0, allocated_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_PACKING_PACKER_H_
