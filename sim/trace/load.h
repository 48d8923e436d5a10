// Making more, less or another load of a trace.
#ifndef MUSTER_SIM_TRACE_LOAD_H_
#define MUSTER_SIM_TRACE_LOAD_H_

#include <cstdint>

#include "absl/status/status.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Done in this order, whichever are asked for.
struct LoadShape {
  double thin = 1;  // keeps each job with this probability, drawn from `seed` and its id; whoever waits for one that
                    // is left out does not
  uint64_t seed = 1;
  int64_t repeat = 1;   // plays the trace so many times, one after the other; jobs of the n-th time are called ID#n.
                        // Traces of a day or longer are repeated after whole days, so that hours stay hours
  double scale = 1;     // jobs arrive so many times as fast: times between arrivals are divided by it
  int64_t shift_s = 0;  // everything happens so much later
};

// Errors: InvalidArgument for numbers that make no sense or a trace that gets too long. O(jobs).
absl::Status ShapeLoad(const LoadShape& load, Trace* trace);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_LOAD_H_
