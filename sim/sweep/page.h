// The results of a sweep to look at: one HTML file that is complete in itself (sim/report/html/page.h).
#ifndef MUSTER_SIM_SWEEP_PAGE_H_
#define MUSTER_SIM_SWEEP_PAGE_H_

#include <string>

#include "absl/status/status.h"

namespace muster::sim {

// `json`: {resource, parameters, figures, points: [{point, values, figures}]} as results.json has it. Errors:
// Unavailable naming the file.
absl::Status WriteSweepPage(const std::string& path, const std::string& json);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SWEEP_PAGE_H_
