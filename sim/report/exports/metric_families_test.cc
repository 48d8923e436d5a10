#include "sim/report/exports/metric_families.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace muster::sim {
namespace {

using Type = MetricFamily::Type;

TEST(MetricFamiliesTest, WritesEachFamilyInOnePieceByLabelsAndTime) {
  MetricFamilies metrics({{"jobs", Type::kGauge, "Jobs."},
                          {"unused", Type::kGauge, "Nobody's."},
                          {"starts", Type::kCounter, "Starts."},
                          {"wait_seconds", Type::kHistogram, "Waits.", {1, 2.5}}},
                         1000, 60);
  metrics.Set(0, "queue=\"b\"", 3, 1000);
  metrics.Set(0, "queue=\"a\"", 0.5, 1000);
  metrics.Add(2, "queue=\"a\"", 1, 1001);
  metrics.Observe(3, "queue=\"a\"", 2.5, 1001);  // a bound belongs to its bucket
  metrics.Observe(3, "queue=\"a\"", 7, 1030);
  metrics.Set(0, "queue=\"b\"", std::numeric_limits<double>::infinity(), 1061);
  metrics.Add(2, "queue=\"a\"", 1, 1061);
  metrics.Observe(3, "queue=\"a\"", 0, 1061);
  metrics.CloseAt(1070);
  std::ostringstream text;
  metrics.Write(&text);
  EXPECT_EQ(text.str(), R"(# HELP jobs Jobs.
# TYPE jobs gauge
jobs{queue="a"} 0.5 1000
jobs{queue="a"} 0.5 1060
jobs{queue="a"} 0.5 1120
jobs{queue="b"} 3 1000
jobs{queue="b"} 3 1060
jobs{queue="b"} +Inf 1120
# HELP starts Starts.
# TYPE starts counter
starts_total{queue="a"} 1 1060
starts_total{queue="a"} 2 1120
# HELP wait_seconds Waits.
# TYPE wait_seconds histogram
wait_seconds_bucket{queue="a",le="1.0"} 0 1060
wait_seconds_bucket{queue="a",le="2.5"} 1 1060
wait_seconds_bucket{queue="a",le="+Inf"} 2 1060
wait_seconds_count{queue="a"} 2 1060
wait_seconds_sum{queue="a"} 9.5 1060
wait_seconds_bucket{queue="a",le="1.0"} 1 1120
wait_seconds_bucket{queue="a",le="2.5"} 2 1120
wait_seconds_bucket{queue="a",le="+Inf"} 3 1120
wait_seconds_count{queue="a"} 3 1120
wait_seconds_sum{queue="a"} 9.5 1120
# EOF
)");
}

TEST(MetricFamiliesTest, LabelsEscapeWhatWouldEndThem) {
  EXPECT_EQ(LabelsOf({{"a", "x\"y\\z\nw"}, {"b", ""}}), R"(a="x\"y\\z\nw",b="")");
}

}  // namespace
}  // namespace muster::sim
