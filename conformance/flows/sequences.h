// The values that parts of objects had, one after the other.
#ifndef MUSTER_CONFORMANCE_FLOWS_SEQUENCES_H_
#define MUSTER_CONFORMANCE_FLOWS_SEQUENCES_H_

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "conformance/flows/recording.h"

namespace muster::conformance {

struct Value {
  absl::Time since;
  nlohmann::json value;  // null = absent
};

// By object ("Workload g/a") and part (facets.h). Of a part that has the same value twice in a row the first is kept. An
// object that was deleted ends with the part "deleted" being "gone", and goes on if there is another of its name.
using Sequences = std::map<std::pair<std::string, std::string>, std::vector<Value>>;

Sequences SequencesOf(const std::vector<Sighting>& seen);

// Takes out what is seen or not depending on which of two who write independently of each other was faster:
//   * What the reconciler of Workloads says of one that is in line again, until a cycle says something of it.
//   * What a workload is told because one that asks for the same was looked at in vain: its reconciler may have looked
//     before that, and does not look again.
//   * That its ClusterQueue does not exist, told to one whose queue comes or goes: reconciler and queues learn of that each
//     for itself.
//   * What an old copy of a status took back, until it was said again: that it may be queued again after a stop. The
//     scheduler writes what it read, without asking for a version.
//   * Of a Workload that was evicted, why its pods are not ready, and whether they are ready again or for the first time:
//     that goes by whether its quota was given back, and given again, before its reconciler looked.
//   * What a workload says while it waits for those it preempted, after the first time: it goes by who of them left first.
//   * Of a Workload whose job is gone: that it is over, on its way out, and held no more; the garbage collector deletes
//     it meanwhile.
//   * What a LocalQueue says of its ClusterQueue before it has seen that that is active.
// The last value of a part stays, but for the second and, once the Workload is gone, for the last but one.
void DropRaces(Sequences* sequences);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_SEQUENCES_H_
