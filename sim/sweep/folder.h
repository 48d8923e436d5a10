// The folder of a sweep: what it is made of, the results of its points, and the tables of them.
//
//   sweep.json              what the sweep is made of; the same for all shards
//   points/p000012/         summary.json and jobs.csv of a point, as of any replay
//   results.csv, .json      a line per point: its values and all figures of its summary; once all points are there
//   index.html              the same to look at
#ifndef MUSTER_SIM_SWEEP_FOLDER_H_
#define MUSTER_SIM_SWEEP_FOLDER_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/sweep/plan.h"

namespace muster::sim {

using SweepIdentity = nlohmann::ordered_json;

// Takes a folder for a sweep. `identity`: {muster, binary, plan, points, parameters, trace, mapping, policy, options,
// variant...}. Errors: AlreadyExists if there is another sweep in it, with what differs; Unavailable if it cannot be
// written to.
absl::Status OpenSweepFolder(const std::string& dir, const SweepIdentity& identity);
// What is in sweep.json. Errors: NotFound, InvalidArgument.
absl::StatusOr<SweepIdentity> ReadSweepIdentity(const std::string& dir);

std::string PointFolder(const std::string& dir, int64_t point);
// Whether the point's results are there, whole, and made of `provenance`. O(size of its files).
bool HasPoint(const std::string& dir, int64_t point, const nlohmann::ordered_json& provenance);

// Takes away what a process left that was killed after its point was whole. REQUIRES: nobody writes to the point.
void CleanPoint(const std::string& dir, int64_t point);

// Writes the tables and the page. `values`: of each point, by parameter. Errors: what cannot be read or written.
absl::Status WriteSweepTables(const std::string& dir, const std::vector<std::string>& parameters,
                              const std::vector<std::vector<nlohmann::json>>& values);

// Puts shards together in `dir`. Errors: InvalidArgument if they are of different sweeps, with what differs; NotFound
// naming points that no shard has; FailedPrecondition for a point that two have differently or that was changed.
absl::Status MergeSweeps(const std::vector<std::string>& shards, const std::string& dir);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SWEEP_FOLDER_H_
