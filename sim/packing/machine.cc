#include "sim/packing/machine.h"

namespace muster::sim {
namespace {

int KindOf(const PodShape& pod) { return pod.shared() ? 0 : pod.gpus; }

}  // namespace

uint32_t Take(const PodShape& pod, int device, Machine* m) {
  m->cpu_milli -= pod.cpu_milli;
  m->memory_mib -= pod.memory_mib;
  if (pod.gpus == 0) return 0;
  ++m->pods_by_gpus[KindOf(pod)];
  if (pod.shared()) {
    m->gpu_milli[device] -= pod.gpu_milli;
    return uint32_t{1} << device;
  }
  uint32_t devices = 0;
  int left = pod.gpus;
  for (int i = 0; left > 0; ++i) {
    if (m->gpu_milli[i] != kWholeGpu) continue;
    m->gpu_milli[i] = 0;
    devices |= uint32_t{1} << i;
    --left;
  }
  return devices;
}

void GiveBack(const PodShape& pod, uint32_t devices, Machine* m) {
  m->cpu_milli += pod.cpu_milli;
  m->memory_mib += pod.memory_mib;
  if (pod.gpus == 0) return;
  --m->pods_by_gpus[KindOf(pod)];
  for (int i = 0; i < m->gpus; ++i) {
    if ((devices >> i & 1) != 0) m->gpu_milli[i] += pod.gpu_milli;
  }
}

}  // namespace muster::sim
