// How much idle GPU is of no use to the pods that usually come.
//
// The measure of Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient
// Descent" (USENIX ATC 2023): of every typical pod the idle GPU of a node that it could not use there, weighed by how
// often such a pod comes. Idle GPU is of no use to a pod that the node has no room for at all (cpu, model, GPUs), and
// otherwise where a single GPU has less left than the pod asks of each. Pods without GPUs use none.
#ifndef MUSTER_SIM_PACKING_FRAGMENTATION_H_
#define MUSTER_SIM_PACKING_FRAGMENTATION_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/types/span.h"
#include "sim/packing/machine.h"

namespace muster::sim {

struct TypicalPod {
  PodShape shape;  // memory is not looked at
  int64_t count = 0;
  friend bool operator==(const TypicalPod&, const TypicalPod&) = default;
};

// The shapes that come most often, as many as it takes to make up `percent` of all pods; by count, ties by shape.
// O(pods log shapes).
std::vector<TypicalPod> TypicalPods(absl::Span<const PodShape> pods, int percent = 95);
// The same for pods that are counted. REQUIRES: memory_mib is 0 in all shapes.
std::vector<TypicalPod> TypicalPods(const std::map<PodShape, int64_t>& counts, int percent = 95);

// Thread-safety: immutable.
class Fragmentation {
 public:
  // O(typical^2 * models).
  explicit Fragmentation(absl::Span<const TypicalPod> typical);

  // The expected unusable idle GPU of the node, in thousandths of a GPU times weight(): exact. O(GPUs + log typical).
  int64_t Amount(const Machine& m) const;
  // Of all typical pods together; at least 1.
  int64_t weight() const { return weight_; }
  // The same in GPUs.
  double Gpus(const Machine& m) const {
    return static_cast<double>(Amount(m)) / (static_cast<double>(weight_) * kWholeGpu);
  }

 private:
  static constexpr int kModels = 64;
  // Of the typical pods that may use one model: by how many of the cpu thresholds a node reaches.
  struct PerModel {
    std::vector<int64_t> cpu;      // ascending
    std::vector<int64_t> one;      // [cpu rank][rank of what is left of a GPU]: weight of pods of one GPU
    std::vector<int64_t> several;  // [cpu rank][free GPUs]: weight of pods of two and more
  };
  std::vector<PerModel> models_;
  std::vector<uint16_t> milli_rank_;  // what is left of a GPU -> how many of the sizes asked for that is enough for
  int milli_ranks_ = 1;
  int64_t weight_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_PACKING_FRAGMENTATION_H_
