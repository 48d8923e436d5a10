// A set of small numbers that knows its least one at once.
#ifndef MUSTER_SIM_PACKING_RANK_SET_H_
#define MUSTER_SIM_PACKING_RANK_SET_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::sim {

// Numbers 0 to size - 1. One bit each, and one for every 64 of them. Thread-safety: compatible.
class RankSet {
 public:
  explicit RankSet(int size) : bits_((size + 63) / 64), groups_((bits_.size() + 63) / 64) {}

  bool empty() const { return count_ == 0; }
  int count() const { return count_; }
  // O(1). REQUIRES: not in the set.
  void Insert(int n) {
    bits_[n / 64] |= Bit(n);
    groups_[n / 4096] |= Bit(n / 64);
    ++count_;
  }
  // O(1). REQUIRES: in the set.
  void Erase(int n) {
    bits_[n / 64] &= ~Bit(n);
    if (bits_[n / 64] == 0) groups_[n / 4096] &= ~Bit(n / 64);
    --count_;
  }
  // The least. O(size / 4096). REQUIRES: not empty.
  int Least() const {
    size_t group = 0;
    while (groups_[group] == 0) ++group;
    const size_t word = group * 64 + std::countr_zero(groups_[group]);
    return static_cast<int>(word * 64 + std::countr_zero(bits_[word]));
  }
  // The n-th, counted from 0. O(size / 64). REQUIRES: n < count().
  int Nth(int n) const {
    size_t word = 0;
    for (; std::popcount(bits_[word]) <= n; ++word) n -= std::popcount(bits_[word]);
    uint64_t bits = bits_[word];
    for (; n > 0; --n) bits &= bits - 1;
    return static_cast<int>(word * 64 + std::countr_zero(bits));
  }

 private:
  static uint64_t Bit(size_t n) { return uint64_t{1} << n % 64; }

  std::vector<uint64_t> bits_, groups_;
  int count_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_PACKING_RANK_SET_H_
