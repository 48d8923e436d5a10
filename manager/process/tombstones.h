// What is gone, so that an answer that comes late does not bring it back.
//
// Problem: a write is answered with the object as it was then. The object may be gone by the time the answer is read, and
// the watch may have said so already: taken at its word, the answer would make it stay for ever.
#ifndef MUSTER_MANAGER_PROCESS_TOMBSTONES_H_
#define MUSTER_MANAGER_PROCESS_TOMBSTONES_H_

#include <cstdint>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "kube/object.h"

namespace muster::manager {

// Thread-compatible.
class Tombstones {
 public:
  // What is older than `kept` is forgotten: longer than any answer takes.
  explicit Tombstones(absl::Duration kept = absl::Minutes(5)) : kept_(kept) {}

  // It was gone at that version. O(1), but for what is forgotten.
  void Bury(const kube::ObjectKey& key, uint64_t version, absl::Time now);
  // Whether the object was gone at that version or later.
  bool IsBuried(const kube::ObjectKey& key, uint64_t version) const;

  size_t size() const { return gone_.size(); }

 private:
  const absl::Duration kept_;
  absl::flat_hash_map<kube::ObjectKey, uint64_t> gone_;
  std::deque<std::pair<absl::Time, std::pair<kube::ObjectKey, uint64_t>>> order_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_TOMBSTONES_H_
