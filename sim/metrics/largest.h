// The largest of many, without keeping the others.
#ifndef MUSTER_SIM_METRICS_LARGEST_H_
#define MUSTER_SIM_METRICS_LARGEST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace muster::sim {

// Keeps the `most` items of the greatest weight; of equal ones those offered first. Thread-safety: compatible.
template <typename T>
class Largest {
 public:
  explicit Largest(size_t most) : most_(most) {}

  // Whether an item of that weight, offered now, would be kept. O(1).
  bool Wants(double weight) const { return heap_.size() < most_ || (most_ > 0 && weight > heap_.front().weight); }
  // O(log most).
  void Offer(double weight, T item) {
    if (!Wants(weight)) return;
    if (heap_.size() == most_) {
      std::pop_heap(heap_.begin(), heap_.end(), Before);
      heap_.pop_back();
    }
    heap_.push_back({weight, next_++, std::move(item)});
    std::push_heap(heap_.begin(), heap_.end(), Before);
  }
  // Heaviest first. O(n log n).
  std::vector<T> Take() && {
    std::sort(heap_.begin(), heap_.end(), Before);
    std::vector<T> items;
    items.reserve(heap_.size());
    for (Entry& entry : heap_) items.push_back(std::move(entry.item));
    return items;
  }

 private:
  struct Entry {
    double weight;
    uint64_t turn;
    T item;
  };
  // The heap's front is what has to give way first: the lightest, of equal ones the latest.
  static bool Before(const Entry& a, const Entry& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.turn < b.turn;
  }

  size_t most_;
  uint64_t next_ = 0;
  std::vector<Entry> heap_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_METRICS_LARGEST_H_
