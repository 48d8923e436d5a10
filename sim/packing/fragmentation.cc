#include "sim/packing/fragmentation.h"

#include <algorithm>
#include <set>

namespace muster::sim {

std::vector<TypicalPod> TypicalPods(absl::Span<const PodShape> pods, int percent) {
  std::map<PodShape, int64_t> counts;
  for (PodShape shape : pods) {
    shape.memory_mib = 0;
    ++counts[shape];
  }
  return TypicalPods(counts, percent);
}

std::vector<TypicalPod> TypicalPods(const std::map<PodShape, int64_t>& counts, int percent) {
  std::vector<TypicalPod> all;
  int64_t pods = 0;
  for (const auto& [shape, count] : counts) {
    all.push_back({shape, count});
    pods += count;
  }
  std::stable_sort(all.begin(), all.end(), [](const TypicalPod& a, const TypicalPod& b) { return a.count > b.count; });
  const int64_t wanted = pods * percent;
  int64_t sum = 0;
  size_t taken = 0;
  while (taken < all.size() && sum * 100 < wanted) sum += all[taken++].count;
  all.resize(taken);
  return all;
}

Fragmentation::Fragmentation(absl::Span<const TypicalPod> typical) : models_(kModels) {
  std::set<int32_t> sizes;
  for (const TypicalPod& t : typical) {
    weight_ += t.count;
    if (t.shape.gpus == 1) sizes.insert(t.shape.gpu_milli);
  }
  if (weight_ == 0) weight_ = 1;
  milli_ranks_ = static_cast<int>(sizes.size()) + 1;
  milli_rank_.resize(kWholeGpu + 1);
  for (int32_t milli = 0; milli <= kWholeGpu; ++milli) {
    milli_rank_[milli] = static_cast<uint16_t>(std::distance(sizes.begin(), sizes.upper_bound(milli)));
  }
  for (int model = 0; model < kModels; ++model) {
    PerModel& m = models_[model];
    std::vector<const TypicalPod*> usable;
    std::set<int64_t> cpu;
    for (const TypicalPod& t : typical) {
      if (t.shape.gpus == 0 || (t.shape.models != 0 && (t.shape.models >> model & 1) == 0)) continue;
      usable.push_back(&t);
      cpu.insert(t.shape.cpu_milli);
    }
    m.cpu.assign(cpu.begin(), cpu.end());
    const size_t ranks = m.cpu.size() + 1;
    m.one.assign(ranks * milli_ranks_, 0);
    m.several.assign(ranks * (kMaxGpus + 1), 0);
    for (const TypicalPod* t : usable) {
      const size_t first = std::lower_bound(m.cpu.begin(), m.cpu.end(), t->shape.cpu_milli) - m.cpu.begin() + 1;
      for (size_t rank = first; rank < ranks; ++rank) {
        if (t->shape.gpus == 1) {
          for (int r = milli_rank_[t->shape.gpu_milli]; r < milli_ranks_; ++r)
            m.one[rank * milli_ranks_ + r] += t->count;
        } else {
          for (int free = t->shape.gpus; free <= kMaxGpus; ++free) m.several[rank * (kMaxGpus + 1) + free] += t->count;
        }
      }
    }
  }
}

int64_t Fragmentation::Amount(const Machine& m) const {
  const PerModel& tables = models_[m.model];
  const size_t rank = std::upper_bound(tables.cpu.begin(), tables.cpu.end(), m.cpu_milli) - tables.cpu.begin();
  const int64_t* const one = &tables.one[rank * milli_ranks_];
  int64_t idle = 0, usable = 0;
  int free = 0;
  for (int i = 0; i < m.gpus; ++i) {
    const int32_t left = m.gpu_milli[i];
    idle += left;
    usable += left * one[milli_rank_[left]];
    free += left == kWholeGpu;
  }
  usable += int64_t{free} * kWholeGpu * tables.several[rank * (kMaxGpus + 1) + free];
  return idle * weight_ - usable;
}

}  // namespace muster::sim
