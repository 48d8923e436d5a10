// Handles for what the engine knows. Names are interned once, at the edge; the core works on these. Each is a dense
// index of its own kind: tables by id are plain vectors. Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_IDS_H_
#define MUSTER_SCHEDULER_IDS_H_

#include <compare>
#include <cstdint>
#include <utility>

#include "base/strong_id.h"

namespace muster::scheduler {

inline constexpr base::NoId kNoId;

// Valid until the ClusterQueue is deleted. Some time after that the id may be another's.
using ClusterQueueId = base::StrongId<struct ClusterQueueTag>;
// Valid for the life of the engine.
using FlavorId = base::StrongId<struct FlavorTag>;
using ResourceId = base::StrongId<struct ResourceTag>;

// Valid until the workload is deleted. The index is then used again; the generation, which tells whose the index is,
// is not: the engine refuses an id of a workload that is gone, and one of another engine, by name and number.
class WorkloadId {
 public:
  constexpr WorkloadId() = default;    // none
  constexpr WorkloadId(base::NoId) {}  // NOLINT: none, in words
  constexpr WorkloadId(int32_t index, uint32_t generation) : index_(index), generation_(generation) {}

  constexpr operator int32_t() const { return index_; }  // NOLINT: an index
  constexpr uint32_t generation() const { return generation_; }

  friend constexpr bool operator==(WorkloadId, WorkloadId) = default;
  friend constexpr auto operator<=>(WorkloadId, WorkloadId) = default;
  template <typename H>
  friend H AbslHashValue(H h, WorkloadId id) {
    return H::combine(std::move(h), static_cast<uint64_t>(id.generation_) << 32 | static_cast<uint32_t>(id.index_));
  }

 private:
  int32_t index_ = -1;
  uint32_t generation_ = 0;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_IDS_H_
