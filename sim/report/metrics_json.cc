#include "sim/report/metrics_json.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_format.h"

namespace muster::sim {

using Json = nlohmann::ordered_json;

double ThreeDecimals(double value) { return std::strtod(absl::StrFormat("%.3f", value).c_str(), nullptr); }

nlohmann::ordered_json JsonOf(const Spread& spread) {
  return {{"mean", ThreeDecimals(spread.mean)},
          {"p50", spread.p50},
          {"p90", spread.p90},
          {"p99", spread.p99},
          {"max", spread.max}};
}

nlohmann::ordered_json JsonOf(const TeamMetrics& m) {
  Json stops = Json::object();
  for (const auto& [cause, count] : m.stops) stops[cause] = count;
  return {{"name", m.name},
          {"nominal", ThreeDecimals(m.nominal)},
          {"jobs", m.jobs},
          {"started", m.started},
          {"finished", m.finished},
          {"never_admitted", m.never_admitted},
          {"failed", m.failed},
          {"preemptions", m.preemptions},
          {"stops", std::move(stops)},
          {"wait_s", JsonOf(m.wait)},
          {"wait_so_far_s", JsonOf(m.wait_so_far)},
          {"jct_mean_s", ThreeDecimals(m.jct_mean_s)},
          {"bounded_slowdown_mean", ThreeDecimals(m.slowdown_mean)},
          {"resource_hours", ThreeDecimals(m.amount_hours)},
          {"borrowed_hours", ThreeDecimals(m.borrowed_hours)},
          {"lost_hours", ThreeDecimals(m.lost_hours)},
          {"overhead_hours", ThreeDecimals(m.overhead_hours)},
          {"capacity_hours", ThreeDecimals(m.capacity_hours)},
          {"utilisation", ThreeDecimals(m.utilisation)},
          {"deadlines", {{"set", m.deadlines}, {"missed", m.missed_deadlines}}},
          {"peak_queue", m.peak_queue}};
}

}  // namespace muster::sim
