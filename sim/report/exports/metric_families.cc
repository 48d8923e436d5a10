#include "sim/report/exports/metric_families.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace muster::sim {
namespace {

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == std::floor(value) && std::abs(value) < 1e15) return absl::StrCat(static_cast<int64_t>(value));
  return absl::StrFormat("%.15g", value);
}

// Bounds are written as OpenMetrics wants them: "1.0".
std::string BoundText(double bound) {
  const std::string text = Number(bound);
  return bound == std::floor(bound) && !std::isinf(bound) ? text + ".0" : text;
}

// Follows the looks of a series.
class Cursor {
 public:
  explicit Cursor(const std::vector<SampledSeries::Change>& changes) : changes_(changes) {}
  // The value at a look. REQUIRES: looks do not decrease, and are not before the series' first.
  double At(int64_t look) {
    while (next_ < changes_.size() && changes_[next_].look <= look) value_ = changes_[next_++].value;
    return value_;
  }

 private:
  const std::vector<SampledSeries::Change>& changes_;
  size_t next_ = 0;
  double value_ = 0;
};

}  // namespace

std::string LabelsOf(const std::vector<std::pair<absl::string_view, absl::string_view>>& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    absl::StrAppend(&text, text.empty() ? "" : ",", name, "=\"",
                    absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
  }
  return text;
}

MetricFamilies::MetricFamilies(std::vector<MetricFamily> families, int64_t begin_s, int64_t step_s)
    : families_(std::move(families)), metrics_(families_.size()), series_(begin_s, step_s) {}

// The first series of a metric; it begins with nothing counted.
size_t MetricFamilies::SeriesOf(size_t family, const std::string& labels, int64_t now_s) {
  const auto [known, added] = metrics_[family].try_emplace(labels);
  if (added) {
    const MetricFamily& f = families_[family];
    const size_t count = f.type == MetricFamily::Type::kHistogram ? f.bounds.size() + 2 : 1;
    for (size_t i = 0; i < count; ++i) known->second.push_back(series_.Add(0, now_s));
  }
  return known->second.front();
}

void MetricFamilies::Set(size_t family, const std::string& labels, double value, int64_t now_s) {
  series_.Set(SeriesOf(family, labels, now_s), value, now_s);
}

void MetricFamilies::Add(size_t family, const std::string& labels, double value, int64_t now_s) {
  const size_t series = SeriesOf(family, labels, now_s);
  series_.Set(series, series_.value(series) + value, now_s);
}

void MetricFamilies::Observe(size_t family, const std::string& labels, double value, int64_t now_s) {
  const size_t first = SeriesOf(family, labels, now_s);
  const std::vector<double>& bounds = families_[family].bounds;
  const size_t bucket = first + (std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
  const size_t sum = first + bounds.size() + 1;
  series_.Set(bucket, series_.value(bucket) + 1, now_s);
  series_.Set(sum, series_.value(sum) + value, now_s);
}

void MetricFamilies::WriteSimple(const MetricFamily& family, const std::string& labels, size_t series,
                                 std::ostream* out) const {
  const std::string head =
      absl::StrCat(family.name, family.type == MetricFamily::Type::kCounter ? "_total{" : "{", labels, "} ");
  Cursor cursor(series_.changes(series));
  for (int64_t look = series_.changes(series).front().look; look < series_.looks(); ++look) {
    *out << head << Number(cursor.At(look)) << ' ' << series_.LookAt(look) << '\n';
  }
}

void MetricFamilies::WriteHistogram(const MetricFamily& family, const std::string& labels,
                                    const std::vector<size_t>& series, std::ostream* out) const {
  std::vector<Cursor> cursors;
  std::vector<std::string> heads;
  for (size_t i = 0; i < series.size(); ++i) {
    cursors.emplace_back(series_.changes(series[i]));
    const std::string bound = i < family.bounds.size() ? BoundText(family.bounds[i]) : "+Inf";
    heads.push_back(absl::StrCat(family.name, "_bucket{", labels, labels.empty() ? "" : ",", "le=\"", bound, "\"} "));
  }
  const std::string braces = absl::StrCat("{", labels, "} ");
  std::string lines;
  for (int64_t look = series_.changes(series.front()).front().look; look < series_.looks(); ++look) {
    const std::string end = absl::StrCat(" ", series_.LookAt(look), "\n");
    lines.clear();
    double count = 0;
    for (size_t i = 0; i + 1 < series.size(); ++i) {
      count += cursors[i].At(look);
      absl::StrAppend(&lines, heads[i], Number(count), end);
    }
    absl::StrAppend(&lines, family.name, "_count", braces, Number(count), end);
    absl::StrAppend(&lines, family.name, "_sum", braces, Number(cursors.back().At(look)), end);
    out->write(lines.data(), static_cast<std::streamsize>(lines.size()));
  }
}

void MetricFamilies::Write(std::ostream* out) const {
  static constexpr const char* kTypes[] = {"gauge", "counter", "histogram"};
  for (size_t f = 0; f < families_.size(); ++f) {
    if (metrics_[f].empty()) continue;
    const MetricFamily& family = families_[f];
    *out << "# HELP " << family.name << ' ' << family.help << "\n# TYPE " << family.name << ' '
         << kTypes[static_cast<int>(family.type)] << '\n';
    for (const auto& [labels, series] : metrics_[f]) {
      if (family.type == MetricFamily::Type::kHistogram) {
        WriteHistogram(family, labels, series, out);
      } else {
        WriteSimple(family, labels, series.front(), out);
      }
    }
  }
  *out << "# EOF\n";
}

}  // namespace muster::sim
