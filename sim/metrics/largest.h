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
    size_t place = items_.size();
    if (heap_.size() == most_) {
      std::pop_heap(heap_.begin(), heap_.end(), Before);
      place = heap_.back().place;
      items_[place] = std::move(item);
      heap_.pop_back();
    } else {
      items_.push_back(std::move(item));
    }
    heap_.push_back({weight, next_++, place});
    std::push_heap(heap_.begin(), heap_.end(), Before);
  }
  // Heaviest first. O(n log n).
  std::vector<T> Take() && {
    std::sort(heap_.begin(), heap_.end(), Before);
    std::vector<T> items;
    items.reserve(heap_.size());
    for (const Entry& entry : heap_) items.push_back(std::move(items_[entry.place]));
    return items;
  }

 private:
  struct Entry {
    double weight;
    uint64_t turn;
    size_t place;  // in items_: a heap moves its entries about, and items may be large
  };
  // The heap's front is what has to give way first: the lightest, of equal ones the latest.
  static bool Before(const Entry& a, const Entry& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.turn < b.turn;
  }

  size_t most_;
  uint64_t next_ = 0;
  std::vector<Entry> heap_;
  std::vector<T> items_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_METRICS_LARGEST_H_
