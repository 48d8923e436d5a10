// Names that are only ever added: each stays what and where it is for as long as anybody holds the list, so that
// decisions share one list instead of holding names.
//
// The names are in blocks, each twice as large as the one before: adding moves nothing. Add and [] are O(1).
// Thread-safety: compatible; besides, names that were there may be read while others are added.
#ifndef MUSTER_SCHEDULER_NAMES_H_
#define MUSTER_SCHEDULER_NAMES_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace muster::scheduler {

class NameList {
 public:
  // As the next id: 0, 1, 2 ...
  const std::string& Add(std::string name) {
    const Place at(size_++);
    if (blocks_[at.block] == nullptr) blocks_[at.block] = std::make_unique<std::string[]>(kFirst << at.block);
    return blocks_[at.block][at.index] = std::move(name);
  }
  // REQUIRES: it was added.
  const std::string& operator[](int32_t id) const {
    const Place at(id);
    return blocks_[at.block][at.index];
  }
  int32_t size() const { return size_; }

 private:
  static constexpr size_t kFirst = 16;  // names in the first block
  struct Place {
    explicit Place(int32_t id) {
      const size_t n = static_cast<size_t>(id) + kFirst;
      block = static_cast<size_t>(std::bit_width(n / kFirst)) - 1;
      index = n - (kFirst << block);
    }
    size_t block, index;
  };

  std::array<std::unique_ptr<std::string[]>, 28> blocks_;  // enough for every int32_t
  int32_t size_ = 0;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_NAMES_H_
