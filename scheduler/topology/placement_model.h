// Placement, naively: what Kueue's rules say, written down for trees that are small enough to be copied whole.
//
// Every list is built, every count is summed up anew, and where the rules choose among sets, all sets are looked at.
// Written from the description of the rules, for tests of the placer, with which it shares no code.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_PLACEMENT_MODEL_H_
#define MUSTER_SCHEDULER_TOPOLOGY_PLACEMENT_MODEL_H_

#include <map>
#include <string>
#include <vector>

namespace muster::scheduler::naive {

// What fits; of a domain that has been chosen: what it is given.
struct Room {
  int pods = 0, pods_with_leader = 0;
  int slices = 0, slices_with_leader = 0;
  int leaders = 0;
  int left = 0;  // of a host: beside the pods
  long affinity = 0;
};

struct Domain {
  std::string path;  // values joined by ","; siblings are in this order
  int level = 0;
  std::vector<Domain> children;
  int free = 0;       // of a host: units of the one resource
  long affinity = 0;  // of a host: the score of preferred node affinity
  Room room;
};

struct Request {
  bool required = false, unconstrained = false;
  int level = 0, slice_level = 0, slice_size = 1;
  std::vector<int> inner;  // by level: pods come in multiples of this; 0 = any number
  int count = 1;
  int leaders = 0;  // 0 or 1
  int worker_asks = 1, leader_asks = 1;
  bool mixed = true, balanced = false, by_affinity = false;  // gates
  bool tight = false, roomiest = false;                      // how hosts are packed
};

struct Answer {
  bool fits = false;
  int room = 0;  // if it does not: what would
  std::map<std::string, int> workers, leader;
  bool balanced = false;  // came about by balancing
  friend bool operator==(const Answer& a, const Answer& b) {
    return a.fits == b.fits && a.room == b.room && a.workers == b.workers && a.leader == b.leader;
  }
};

// REQUIRES: at least one host; every path has `levels` levels.
Answer Place(const std::vector<Domain>& roots, int levels, const Request& request);

}  // namespace muster::scheduler::naive

#endif  // MUSTER_SCHEDULER_TOPOLOGY_PLACEMENT_MODEL_H_
