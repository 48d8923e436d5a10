// Numbers for things that last, such that no two have the same at a time; the lowest that is free.
#ifndef MUSTER_SIM_REPORT_EXPORTS_LANES_H_
#define MUSTER_SIM_REPORT_EXPORTS_LANES_H_

#include <cstddef>
#include <set>

namespace muster::sim {

// Thread-safety: compatible. O(log n) each.
class Lanes {
 public:
  size_t Take() {
    if (free_.empty()) return count_++;
    const size_t lane = *free_.begin();
    free_.erase(free_.begin());
    return lane;
  }
  void Give(size_t lane) { free_.insert(lane); }
  // How many were ever in use.
  size_t count() const { return count_; }

 private:
  std::set<size_t> free_;
  size_t count_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_EXPORTS_LANES_H_
