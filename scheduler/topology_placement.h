// Where the pods of one pod set are: lowest-level domains with the number of pods in each.
// Thread-safety: value types; what they point to is immutable.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_PLACEMENT_H_
#define MUSTER_SCHEDULER_TOPOLOGY_PLACEMENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "scheduler/ids.h"

namespace muster::scheduler {

using DomainKey = int32_t;

// A lowest-level domain, in whichever topologies it is. The record stays as it is for as long as somebody holds it,
// also when its nodes, or the engine, are gone.
struct TopologyDomain {
  // Of this domain and no other while anybody holds the record; given to another one afterwards.
  DomainKey key = kNoId;
  std::vector<std::string> values;  // of its levels, or the host name alone
  std::string name;                 // the values joined by ","
};
using DomainRef = std::shared_ptr<const TopologyDomain>;

struct TopologyPlacement {
  struct Domain {
    DomainRef domain;  // never null
    int32_t count = 0;

    DomainKey key() const { return domain->key; }
    friend bool operator==(const Domain& a, const Domain& b) {
      return a.count == b.count && (a.domain == b.domain || a.domain->values == b.domain->values);
    }
  };
  std::shared_ptr<const std::vector<std::string>> levels;  // of the domains' values
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
