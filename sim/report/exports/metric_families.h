// Metrics by family and labels, sampled over virtual time and written as OpenMetrics text with timestamps.
//
// As a client library of Prometheus does it: a family has a name, a type and a help text; each set of labels in it is a
// metric. What makes it different is that the text has every sample of every metric, so that
// `promtool tsdb create-blocks-from openmetrics` makes a database of it.
#ifndef MUSTER_SIM_REPORT_EXPORTS_METRIC_FAMILIES_H_
#define MUSTER_SIM_REPORT_EXPORTS_METRIC_FAMILIES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/report/exports/sampled_series.h"

namespace muster::sim {

struct MetricFamily {
  enum class Type : uint8_t { kGauge, kCounter, kHistogram };
  std::string name;  // of a counter without _total
  Type type = Type::kGauge;
  std::string help;
  std::vector<double> bounds = {};  // of a histogram, ascending; +Inf is added
};

// Thread-safety: compatible.
class MetricFamilies {
 public:
  // Families are known by their place in `families`. SampledSeries says what `step_s` means.
  MetricFamilies(std::vector<MetricFamily> families, int64_t begin_s, int64_t step_s);

  // `labels` as they stand between the braces (LabelsOf). O(log metrics). Times do not decrease.
  void Set(size_t family, const std::string& labels, double value, int64_t now_s);      // of a gauge
  void Add(size_t family, const std::string& labels, double value, int64_t now_s);      // to a counter or a gauge
  void Observe(size_t family, const std::string& labels, double value, int64_t now_s);  // of a histogram
  void CloseAt(int64_t now_s) { series_.CloseAt(now_s); }

  absl::Status status() const { return series_.status(); }
  int64_t step_s() const { return series_.step_s(); }
  // Families in the order they were given, metrics by labels, samples by time; ends with # EOF. REQUIRES: closed.
  // O(metrics x looks), with memory for a line.
  void Write(std::ostream* out) const;

 private:
  // The series of a metric: one, or of a histogram one for each bucket (observations in it alone) and their sum.
  using Metrics = std::map<std::string, std::vector<size_t>>;
  size_t SeriesOf(size_t family, const std::string& labels, int64_t now_s);
  void WriteSimple(const MetricFamily& family, const std::string& labels, size_t series, std::ostream* out) const;
  void WriteHistogram(const MetricFamily& family, const std::string& labels, const std::vector<size_t>& series,
                      std::ostream* out) const;

  std::vector<MetricFamily> families_;
  std::vector<Metrics> metrics_;  // by family
  SampledSeries series_;
};

// {{"queue", "a"}, {"reason", "b"}} -> queue="a",reason="b", with what may not stand in a value escaped.
std::string LabelsOf(const std::vector<std::pair<absl::string_view, absl::string_view>>& labels);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_EXPORTS_METRIC_FAMILIES_H_
