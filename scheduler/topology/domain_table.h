// The lowest-level domains that anybody speaks of: which leaf stands for them in the tree of which flavor, and what
// admitted workloads use in them.
//
// A domain is known by its values, so what is used in it stays with it when its nodes go, come back, or turn up in
// another block. Entries that nobody holds (no placement, no leaf, no usage) are swept out when the table has doubled,
// and their keys are given out again: the table follows what exists, not what ever existed.
// Thread-safety: compatible; records may be dropped by any thread.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_DOMAIN_TABLE_H_
#define MUSTER_SCHEDULER_TOPOLOGY_DOMAIN_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "quota/amount.h"
#include "scheduler/base/resource_amount.h"
#include "scheduler/topology/node_table.h"
#include "scheduler/topology/tree.h"
#include "scheduler/topology_placement.h"

namespace muster::scheduler {

class DomainTable {
 public:
  // The domain in the tree of one flavor.
  struct Seat {
    FlavorId flavor = kNoId;
    LeafId leaf = kNoId;
    absl::InlinedVector<NodeIndex, 1> nodes;  // that make it up, by name; never empty
  };
  // What workloads that run on one flavor use.
  struct Use {
    FlavorId flavor = kNoId;
    std::vector<quota::Amount> amounts;  // by ResourceId; not all 0
  };

  // The record of the domain, made if it is new. O(length), and now and then O(entries) for a sweep.
  DomainRef Intern(absl::Span<const std::string> values);

  // The rest REQUIRES: somebody holds the key's record.
  const DomainRef& ref(DomainKey key) const { return entries_[key].ref; }
  absl::InlinedVector<Seat, 1>& seats(DomainKey key) { return entries_[key].seats; }
  Seat* FindSeat(DomainKey key, FlavorId flavor);  // null if there is none
  // Adds a seat without leaf and nodes, or returns the one that is there.
  Seat& SeatOf(DomainKey key, FlavorId flavor);
  void RemoveSeat(DomainKey key, FlavorId flavor);
  absl::Span<const Use> uses(DomainKey key) const { return entries_[key].uses; }
  void AddUse(DomainKey key, FlavorId flavor, absl::Span<const ResourceAmount> per_pod, int64_t count);

  // Keys are below this; those that stand for nothing have a null ref().
  DomainKey num_keys() const { return static_cast<DomainKey>(entries_.size()); }

 private:
  struct Entry {
    DomainRef ref;
    absl::InlinedVector<Seat, 1> seats;
    absl::InlinedVector<Use, 1> uses;
  };
  void Sweep();

  std::vector<Entry> entries_;                                // by DomainKey
  absl::flat_hash_map<std::string_view, DomainKey> by_name_;  // names are those of the records
  std::vector<DomainKey> free_;
  size_t sweep_at_ = 1024;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_DOMAIN_TABLE_H_
