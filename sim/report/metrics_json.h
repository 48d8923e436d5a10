// Figures as they stand in summary.json.
#ifndef MUSTER_SIM_REPORT_METRICS_JSON_H_
#define MUSTER_SIM_REPORT_METRICS_JSON_H_

#include <nlohmann/json.hpp>

#include "sim/metrics/metrics.h"

namespace muster::sim {

// Rounded to three decimals: more is not in the input (seconds, whole units).
double ThreeDecimals(double value);

// {mean, p50, p90, p99, max}.
nlohmann::ordered_json JsonOf(const Spread& spread);

// All of a team but its quota by flavor.
nlohmann::ordered_json JsonOf(const TeamMetrics& team);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_METRICS_JSON_H_
