// Which node a pod is put on: a score per node, as kube-scheduler's plugins give it. The highest wins, the first node
// of equals.
#ifndef MUSTER_SIM_PACKING_POLICY_H_
#define MUSTER_SIM_PACKING_POLICY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/packing/fragmentation.h"
#include "sim/packing/machine.h"

namespace muster::sim {

inline constexpr int kMaxScore = 100;

struct NodeScore {
  int score = 0;    // 0 to kMaxScore
  int device = -1;  // for a pod that shares a GPU: which one it gets
};

// A score depends on the node and the shape alone, so that it holds until the node changes. Thread-safety: immutable.
class PackingPolicy {
 public:
  virtual ~PackingPolicy() = default;
  // REQUIRES: Fits(m, pod). O(GPUs) and better.
  virtual NodeScore Score(const Machine& m, const PodShape& pod) const = 0;
  // Whether equals, nodes and GPUs, are drawn from instead of taken in order.
  virtual bool draws() const { return false; }
};

// What a policy may need to know of the whole. All machines as they are when nothing runs.
struct PackingContext {
  absl::Span<const Machine> machines;
  absl::Span<const TypicalPod> typical;
};

// best-fit        least cpu and GPU left over, each as a part of what the largest node has, half and half
// fgd             least growth of fragmentation (fragmentation.h)
// gpu-packing     GPUs in use before free GPUs of nodes in use before free nodes
// gpu-clustering  nodes that run pods of as many GPUs, and of these the fullest
// dot-product     least product of what is free and what is asked for (Tetris' alignment turned round)
// random          any
// Errors: InvalidArgument that lists the names.
absl::StatusOr<std::unique_ptr<PackingPolicy>> MakePackingPolicy(absl::string_view name, const PackingContext& context);
std::vector<std::string> PackingPolicyNames();

}  // namespace muster::sim

#endif  // MUSTER_SIM_PACKING_POLICY_H_
