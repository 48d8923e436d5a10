// Holds what happened in a replay against what was recorded.
#ifndef MUSTER_CONFORMANCE_FLOWS_COMPARE_H_
#define MUSTER_CONFORMANCE_FLOWS_COMPARE_H_

#include <string>
#include <vector>

#include "conformance/flows/recording.h"
#include "conformance/flows/replay.h"

namespace muster::conformance {

struct Difference {
  std::string where;     // "Workload g/a", or "" for the flow as a whole
  std::string what;      // "condition Admitted", "figures at 3.2 s", "event Started", "writes"
  std::string recorded;  // JSON or text; "" = nothing
  std::string got;
};

struct Compared {
  std::vector<Difference> differences;  // by where and what
  int values = 0;                       // sequences, figures and events that were held against each other
};

// Per object and part (facets.h): the sequence of distinct values, without races (sequences.h). Figures of queues before every act that follows a
// second in which nothing happened. Events, of reporters that manage jobs, per object: as many as were recorded, or one
// more; warnings of the scheduler, which it repeats, at least one. Writes, unless `only_state`: the kinds there were of them, per object. Acts that were answered otherwise.
Compared Compare(const Recording& recording, const Outcome& outcome, bool only_state);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_COMPARE_H_
