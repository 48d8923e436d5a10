// Nodes and pods as packing sees them: cpu, memory, and GPUs of which a pod may have a part.
//
// This is the part of kube-scheduler and of device sharing: on which node, and on which of its GPUs, a pod runs that has
// its quota already. Amounts are milli-cpu, MiB, and thousandths of one GPU.
#ifndef MUSTER_SIM_PACKING_MACHINE_H_
#define MUSTER_SIM_PACKING_MACHINE_H_

#include <array>
#include <cstdint>
#include <string>

namespace muster::sim {

inline constexpr int kMaxGpus = 16;  // of one node
inline constexpr int32_t kWholeGpu = 1000;

// Pods that ask for the same are one shape.
struct PodShape {
  int64_t cpu_milli = 0;
  int64_t memory_mib = 0;
  int32_t gpus = 0;       // 0 to kMaxGpus
  int32_t gpu_milli = 0;  // of each: 1 to 1000, and 1000 unless gpus is 1; 0 without GPUs
  uint64_t models = 0;    // bit per GPU model that will do; 0 = any
  int64_t demand() const { return int64_t{gpus} * gpu_milli; }
  bool shared() const { return gpus == 1 && gpu_milli < kWholeGpu; }
  friend auto operator<=>(const PodShape&, const PodShape&) = default;
};

// A node and what is free on it.
struct Machine {
  std::string name;
  int64_t cpu_milli = 0;                         // free
  int64_t memory_mib = 0;                        // free
  int32_t gpus = 0;                              // there are, 0 to kMaxGpus
  int32_t model = 0;                             // of its GPUs: 0 to 63
  std::array<int32_t, kMaxGpus> gpu_milli = {};  // free, of each
  // Pods on it by what they have of GPUs: at 0 a part of one, at n whole n.
  std::array<int32_t, kMaxGpus + 1> pods_by_gpus = {};

  // Free parts of GPUs, added up.
  int64_t IdleGpuMilli() const {
    int64_t sum = 0;
    for (int i = 0; i < gpus; ++i) sum += gpu_milli[i];
    return sum;
  }
  // GPUs nobody uses.
  int FreeGpus() const {
    int free = 0;
    for (int i = 0; i < gpus; ++i) free += gpu_milli[i] == kWholeGpu;
    return free;
  }
};

// Whether the pod can run there now: cpu, memory, model, and one GPU with enough left, or enough GPUs nobody uses.
// O(GPUs).
inline bool Fits(const Machine& m, const PodShape& pod) {
  if (m.cpu_milli < pod.cpu_milli || m.memory_mib < pod.memory_mib) return false;
  if (pod.gpus == 0) return true;
  if (pod.models != 0 && (pod.models >> m.model & 1) == 0) return false;
  int enough = 0;
  for (int i = 0; i < m.gpus; ++i) enough += m.gpu_milli[i] >= pod.gpu_milli;
  return enough >= pod.gpus;
}

// The GPU with the least left that is enough for a pod that shares one; the first of equals. REQUIRES: Fits.
inline int TightestGpu(const Machine& m, const PodShape& pod) {
  int best = -1;
  for (int i = 0; i < m.gpus; ++i) {
    if (m.gpu_milli[i] >= pod.gpu_milli && (best < 0 || m.gpu_milli[i] < m.gpu_milli[best])) best = i;
  }
  return best;
}

// Takes what the pod asks for, of GPU `device` if it shares one, else of the first GPUs that nobody uses. Returns the
// GPUs as bits. REQUIRES: Fits, and for a pod that shares a GPU that `device` has enough left.
uint32_t Take(const PodShape& pod, int device, Machine* m);
// Gives it back. REQUIRES: what Take answered.
void GiveBack(const PodShape& pod, uint32_t devices, Machine* m);

}  // namespace muster::sim

#endif  // MUSTER_SIM_PACKING_MACHINE_H_
