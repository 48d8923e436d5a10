// Names to dense ids, in order of first mention. Ids never change. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_BASE_INTERNER_H_
#define MUSTER_SCHEDULER_BASE_INTERNER_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

class Interner {
 public:
  int32_t Intern(absl::string_view name);
  int32_t Find(absl::string_view name) const;  // kNoId if unknown
  const std::string& Name(int32_t id) const { return names_[id]; }
  int size() const { return static_cast<int>(names_.size()); }
  // Whether a comes before b in the order in which Kueue walks the resources of a request: by the FNV-1a-64 hash of the
  // name, then by name. It decides which of several lacking resources is reported, and where scanning stops. O(1).
  bool HashedBefore(int32_t a, int32_t b) const {
    return hashes_[a] != hashes_[b] ? hashes_[a] < hashes_[b] : names_[a] < names_[b];
  }

 private:
  std::deque<std::string> names_;  // a deque, so that the keys of ids_ stay where they are
  absl::flat_hash_map<std::string_view, int32_t> ids_;
  std::vector<uint64_t> hashes_;  // FNV-1a-64 of the names
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_BASE_INTERNER_H_
