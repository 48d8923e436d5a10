// What is in a trace: how much, of what, when, and what is odd about it.
#ifndef MUSTER_SIM_TRACE_INSPECT_H_
#define MUSTER_SIM_TRACE_INSPECT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/trace/trace.h"

namespace muster::sim {

// By nearest rank; all 0 if there is nothing to measure.
struct Spread {
  int64_t count = 0, min = 0, p50 = 0, p90 = 0, p99 = 0, max = 0;
  double mean = 0;
};
Spread SpreadOf(std::vector<int64_t> values);

struct QueueSummary {
  std::string name;
  int64_t jobs = 0;
  double hours = 0;  // of the resource
};

struct SizeSummary {
  double amount = 0;  // of the resource, of a whole job
  int64_t jobs = 0;
  double hours = 0;
};

struct ResourceSummary {
  std::string name;
  int64_t jobs = 0;    // that ask for it
  double largest = 0;  // of one job
  double hours = 0;
  double capacity = 0;  // 0 = not known
};

// What would be used if every job started when it was submitted.
struct LoadPoint {
  int64_t begin_s = 0, end_s = 0;
  int64_t submitted = 0;
  double mean = 0, peak = 0;  // of the resource
};

// Thread-safety: value type.
struct Inspection {
  std::string source, format, resource;  // resource: what amounts and hours are of
  std::map<std::string, std::string> about;
  int64_t jobs = 0, shapes = 0, users = 0, bad_rows = 0;
  int64_t first_submit_s = 0, last_submit_s = 0, last_end_s = 0;  // last_end_s: as of LoadPoint
  Spread duration, pods, recorded_wait;                           // recorded_wait: of jobs whose start is known
  std::vector<ResourceSummary> resources;                         // by name
  std::vector<QueueSummary> queues;                               // most hours first
  std::vector<SizeSummary> sizes;                                 // smallest first
  std::map<std::string, int64_t> statuses;
  std::vector<LoadPoint> load;
  std::vector<std::string> oddities, missing;  // sentences
  std::vector<Remark> remarks;
};

struct InspectOptions {
  std::string resource;                    // "" = the first that looks like an accelerator, or else the first
  std::map<std::string, double> capacity;  // of resources, by name; empty = not known
  int points = 24;                         // of the load
};

// O(n log n) in jobs. The trace should have been read with keep_record. REQUIRES: points >= 1.
Inspection Inspect(const Trace& trace, const InspectOptions& options);

// For people, and as JSON with three decimals, ending in a newline.
std::string InspectionText(const Inspection& inspection);
std::string InspectionJson(const Inspection& inspection);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_INSPECT_H_
