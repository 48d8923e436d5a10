#include "sim/metrics/level_series.h"

#include <algorithm>

#include "base/check.h"

namespace muster::sim {

LevelSeries::LevelSeries(int64_t begin_s, size_t series, size_t max_buckets)
    : begin_s_(begin_s), end_s_(begin_s), max_buckets_(max_buckets), series_(series) {
  MUSTER_CHECK(max_buckets >= 2 && max_buckets % 2 == 0, "buckets are merged in pairs");
  for (Series& s : series_) {
    s.since_s = begin_s;
    s.integrals.assign(max_buckets, 0);
  }
}

void LevelSeries::DoubleWidth() {
  width_s_ *= 2;
  for (Series& s : series_) {
    for (size_t b = 0; b < max_buckets_ / 2; ++b) s.integrals[b] = s.integrals[2 * b] + s.integrals[2 * b + 1];
    std::fill(s.integrals.begin() + static_cast<ptrdiff_t>(max_buckets_ / 2), s.integrals.end(), 0.0);
  }
}

void LevelSeries::Integrate(Series* series, int64_t now_s) {
  MUSTER_CHECK(now_s >= series->since_s, "time does not run backwards");
  MUSTER_CHECK(now_s - begin_s_ < (int64_t{1} << 50), "the replay is shorter than 2^50 s");
  while (now_s - begin_s_ > width_s_ * static_cast<int64_t>(max_buckets_)) DoubleWidth();
  if (series->level != 0) {
    for (int64_t at = series->since_s - begin_s_; at < now_s - begin_s_;) {
      const int64_t bucket = at / width_s_, until = std::min((bucket + 1) * width_s_, now_s - begin_s_);
      series->integrals[static_cast<size_t>(bucket)] += series->level * static_cast<double>(until - at);
      at = until;
    }
  }
  series->since_s = now_s;
  end_s_ = std::max(end_s_, now_s);
}

void LevelSeries::Set(size_t series, double level, int64_t now_s) {
  MUSTER_CHECK(series < series_.size(), "the series is one of those there are");
  if (series_[series].level == level) return;  // what is held goes on
  Integrate(&series_[series], now_s);
  series_[series].level = level;
}

void LevelSeries::CloseAt(int64_t now_s) {
  for (Series& s : series_) Integrate(&s, now_s);
}

size_t LevelSeries::buckets() const { return static_cast<size_t>((end_s_ - begin_s_ + width_s_ - 1) / width_s_); }

double LevelSeries::Total(size_t series) const {
  double total = 0;
  for (double integral : series_[series].integrals) total += integral;
  return total;
}

double LevelSeries::Mean(size_t series, size_t bucket) const {
  const int64_t from = static_cast<int64_t>(bucket) * width_s_;
  const int64_t length = std::min(width_s_, end_s_ - begin_s_ - from);
  return length <= 0 ? 0 : Integral(series, bucket) / static_cast<double>(length);
}

}  // namespace muster::sim
