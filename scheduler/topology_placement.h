// Where the pods of one pod set are: lowest-level domains with the number of pods in each.
// Thread-safety: value type.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_PLACEMENT_H_
#define MUSTER_SCHEDULER_TOPOLOGY_PLACEMENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "scheduler/ids.h"

namespace muster::scheduler {

using DomainKey = int32_t;  // a lowest-level domain by its values; valid for the life of the engine

struct TopologyPlacement {
  struct Domain {
    DomainKey key = kNoId;
    int32_t count = 0;
    friend bool operator==(const Domain&, const Domain&) = default;
  };
  std::shared_ptr<const std::vector<std::string>> levels;  // of the values behind the keys
  std::vector<Domain> domains;                             // by level values

  int32_t Pods() const {
    int32_t n = 0;
    for (const Domain& d : domains) n += d.count;
    return n;
  }
  friend bool operator==(const TopologyPlacement& a, const TopologyPlacement& b) { return a.domains == b.domains; }
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_PLACEMENT_H_
