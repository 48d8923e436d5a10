// A comparison to look at: one HTML file that is complete in itself (sim/report/html/page.h).
#ifndef MUSTER_SIM_COMPARE_PAGE_H_
#define MUSTER_SIM_COMPARE_PAGE_H_

#include <string>

#include "absl/status/status.h"

namespace muster::sim {

// `json`: what ComparisonsAsJson wrote. Errors: Unavailable naming the file.
absl::Status WriteComparisonPage(const std::string& path, const std::string& json);

}  // namespace muster::sim

#endif  // MUSTER_SIM_COMPARE_PAGE_H_
