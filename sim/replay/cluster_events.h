// What happens to the cluster during a replay: nodes fail and come back, are taken down for maintenance; policies change.
//
// A node that is cordoned takes no more pods; one that is down has none: jobs with a pod on it stop as a whole, because a
// gang that misses a pod cannot go on, and go back to their queues.
#ifndef MUSTER_SIM_REPLAY_CLUSTER_EVENTS_H_
#define MUSTER_SIM_REPLAY_CLUSTER_EVENTS_H_

#include <cstdint>
#include <istream>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/core.h"

namespace muster::sim {

// One time that a node is not there. Times are whole seconds on the trace's clock.
struct Outage {
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  std::string node;
  int64_t down_s = 0;
  int64_t up_s = kNever;     // when it is back
  int64_t cordon_s = 0;      // from when on it takes no more pods; at most down_s
  bool maintenance = false;  // on purpose, otherwise a failure
  friend bool operator==(const Outage&, const Outage&) = default;
};

// A row that stands for several outages.
struct OutageWindow {
  Outage outage;        // the first; `node` may be LABEL=VALUE, every node with that label, or *, every node
  int64_t every_s = 0;  // from one to the next; 0 = it comes once
  int64_t until_s = Outage::kNever;  // no later one begins after this
  int64_t row = 0;                   // line in the file
  friend bool operator==(const OutageWindow&, const OutageWindow&) = default;
};

struct Outages {
  std::vector<Outage> outages;        // by time, then node
  bool lanl = false;                  // the file is of LANL's form
  std::vector<OutageWindow> windows;  // in the order of the file
};
// Reads a CSV file with the columns node, down, up and, if they are there, kind (failure or maintenance; failure if
// empty), cordon (maintenance: from when on the node takes no more pods), every (from one to the next: whole seconds, or
// 90m, 12h, 7d) and until (no later one begins after this). Times are whole seconds or RFC 3339; an empty `up` means
// that the node never comes back. Another column is an error.
// The failure data that Los Alamos National Laboratory published (LA-UR-05-7318) is read as it is: node 17 of system 20
// is called 20-17, times are taken as UTC.
// Errors: NotFound for a file that cannot be opened, InvalidArgument naming row and column.
absl::StatusOr<Outages> ReadOutages(const std::string& path);
absl::StatusOr<Outages> ReadOutages(std::istream* in, absl::string_view source);

// The outages that windows stand for: those that end after `begin_s`, of rows that repeat without end up to one that
// begins at `horizon_s`. Errors: InvalidArgument, beginning with the row, for a label that no node has and for more than
// kMaxOutages. O(outages).
inline constexpr int64_t kMaxOutages = 10000000;
absl::StatusOr<std::vector<Outage>> SpreadWindows(absl::Span<const OutageWindow> windows,
                                                  absl::Span<const api::Node> nodes, int64_t begin_s,
                                                  int64_t horizon_s);

// Outages of nodes that fail independently, at any time up to `until_s`: time between failures and time to repair are
// exponential with these means, for each node from a seed of its own, so that more nodes change nothing about the others.
// O(outages log outages). REQUIRES: mtbf_s >= 1, mttr_s >= 1, at most kMaxOutages are to be expected.
std::vector<Outage> DrawOutages(absl::Span<const std::string> nodes, int64_t begin_s, int64_t until_s, int64_t mtbf_s,
                                int64_t mttr_s, uint64_t seed);

// A node is down while any of its outages has it down, and cordoned while any has it cordoned.
struct NodeStep {
  enum class State : uint8_t { kUp, kCordoned, kDown };
  int64_t at_s = 0;
  std::string node;
  State state = State::kUp;
  bool maintenance = false;  // of kDown: every outage that has it down is on purpose
  friend bool operator==(const NodeStep&, const NodeStep&) = default;
};
// What to do when, by time, then node: outages of a node that overlap are one. O(n log n).
std::vector<NodeStep> StepsOf(std::vector<Outage> outages);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_CLUSTER_EVENTS_H_
