// Where two runs parted: the first decisions that differ, from their decisions.jsonl.
#ifndef MUSTER_SIM_COMPARE_DECISIONS_H_
#define MUSTER_SIM_COMPARE_DECISIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace muster::sim {

// One line of decisions.jsonl, as far as it is told to people.
struct DecisionLine {
  int64_t t_s = 0;
  std::string job;    // that was decided about
  std::string words;  // "is let in", "has to wait: ...", "makes a, b go: ..."
  friend bool operator==(const DecisionLine&, const DecisionLine&) = default;
};

// The first place where they differ; nothing on a side whose decisions had come to an end.
struct Parting {
  std::optional<DecisionLine> a, b;
};

struct Partings {
  std::optional<Parting> first;           // of all decisions; nothing if they are the same
  std::map<std::string, Parting> of_job;  // of those asked for that differ
};

// Compares two files, and what they say about each of `jobs`: decisions about a job and those that made it go. The
// number of the cycle does not count; of a job that waits in both, neither do when it was looked at and for what it
// waits. O(size of the files); memory: of `jobs` alone, the first 1,000 lines of each.
// Errors: NotFound, InvalidArgument and DataLoss naming the file and the line.
absl::StatusOr<Partings> FindPartings(const std::string& a, const std::string& b, const std::vector<std::string>& jobs);

}  // namespace muster::sim

#endif  // MUSTER_SIM_COMPARE_DECISIONS_H_
