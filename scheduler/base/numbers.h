// Values to numbers: equal values, equal numbers, as long as somebody keeps them. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_BASE_NUMBERS_H_
#define MUSTER_SCHEDULER_BASE_NUMBERS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace muster::scheduler {

template <typename Value>
class Numbers {
 public:
  int Of(Value value) {
    const auto [it, inserted] = numbers_.try_emplace(std::move(value), next_);
    if (!inserted) return it->second;
    if (free_.empty()) return next_++;
    it->second = free_.back();
    free_.pop_back();
    return it->second;
  }
  // Forgets all values but those with the numbers `used`; their numbers are given away again. O(values).
  void Keep(const absl::flat_hash_set<int>& used) {
    for (auto it = numbers_.begin(); it != numbers_.end();) {
      if (used.contains(it->second)) {
        ++it;
        continue;
      }
      free_.push_back(it->second);
      numbers_.erase(it++);
    }
  }
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const auto& [value, number] : numbers_) visit(value);
  }
  size_t size() const { return numbers_.size(); }

 private:
  absl::flat_hash_map<Value, int> numbers_;
  std::vector<int> free_;
  int next_ = 0;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_BASE_NUMBERS_H_
