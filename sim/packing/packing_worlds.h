// Small clusters and pods, made up at random, for tests.
#ifndef MUSTER_SIM_PACKING_PACKING_WORLDS_H_
#define MUSTER_SIM_PACKING_PACKING_WORLDS_H_

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "sim/packing/machine.h"

namespace muster::sim {

class PackingWorlds {
 public:
  explicit PackingWorlds(int seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  std::vector<Machine> Machines(int count) {
    std::vector<Machine> machines;
    for (int i = 0; i < count; ++i) {
      Machine m;
      m.name = "n" + std::to_string(i);
      m.cpu_milli = 4000 * (1 + Below(8));
      m.memory_mib = 4096 * (1 + Below(8));
      m.gpus = Below(5);
      m.model = Below(3);
      std::fill(m.gpu_milli.begin(), m.gpu_milli.begin() + m.gpus, kWholeGpu);
      machines.push_back(m);
    }
    return machines;
  }

  PodShape Pod() {
    PodShape pod;
    pod.cpu_milli = 1000 * Below(9);
    pod.memory_mib = 1024 * Below(9);
    const int kind = Below(10);
    pod.gpus = kind < 2 ? 0 : kind < 8 ? 1 : 2 + Below(3);
    pod.gpu_milli = pod.gpus == 0 ? 0 : kind < 6 && pod.gpus == 1 ? 100 * (1 + Below(9)) : kWholeGpu;
    if (Below(4) == 0) pod.models = static_cast<uint64_t>(1 + Below(7));
    return pod;
  }

  std::vector<PodShape> Pods(int count) {
    std::vector<PodShape> pods;
    for (int i = 0; i < count; ++i) pods.push_back(Pod());
    return pods;
  }

 private:
  std::mt19937 random_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_PACKING_PACKING_WORLDS_H_
