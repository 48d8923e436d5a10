// Levels over time (GPUs in use, jobs that wait) in a bounded number of buckets, however long the replay gets.
//
// The buckets are of one width, a whole number of seconds. When time goes beyond the last one, the width doubles and
// neighbours become one: what a bucket holds is the exact time integral of the level over it, so nothing is lost but
// detail. Sums are exact as long as they stay whole numbers below 2^53.
#ifndef MUSTER_SIM_METRICS_LEVEL_SERIES_H_
#define MUSTER_SIM_METRICS_LEVEL_SERIES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::sim {

// Several series over the same buckets. All levels are 0 at `begin_s`.
// Memory: 8 x series x max_buckets bytes. Thread-safety: compatible.
class LevelSeries {
 public:
  // REQUIRES: max_buckets is even and at least 2.
  LevelSeries(int64_t begin_s, size_t series, size_t max_buckets);

  // From `now_s` on the level of that series is `level`. Levels that are left in the second they began in leave no
  // trace. O(buckets since the last call for this series); amortised O(series) more when the width doubles.
  // REQUIRES: series < size(); now_s does not decrease, and is less than 2^50 after begin_s.
  void Set(size_t series, double level, int64_t now_s);
  // Integrates all series up to `now_s`. REQUIRES: as Set.
  void CloseAt(int64_t now_s);

  size_t size() const { return series_.size(); }
  double level(size_t series) const { return series_[series].level; }
  int64_t begin_s() const { return begin_s_; }
  int64_t width_s() const { return width_s_; }
  // Those that time has reached, as of CloseAt; the last may be cut short.
  size_t buckets() const;

  // The integral over a bucket, level x seconds; and over all of them. REQUIRES: closed; bucket < buckets().
  double Integral(size_t series, size_t bucket) const { return series_[series].integrals[bucket]; }
  double Total(size_t series) const;
  // The mean level over the part of the bucket that lies before the end.
  double Mean(size_t series, size_t bucket) const;

 private:
  struct Series {
    double level = 0;
    int64_t since_s = 0;
    std::vector<double> integrals;
  };
  void Integrate(Series* series, int64_t now_s);
  void DoubleWidth();

  int64_t begin_s_, end_s_, width_s_ = 1;
  size_t max_buckets_;
  std::vector<Series> series_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_METRICS_LEVEL_SERIES_H_
