// Values as somebody sees them who looks every so many seconds, as Prometheus does when it scrapes.
//
// All series are looked at in the same seconds: begin, begin + step, begin + 2 step, ... A look at second t sees what
// holds after all that happened up to t. What is kept is the looks at which a value was another than before: memory
// follows changes, not time, and there are kMaxChanges at most. Without a fixed step it starts at kFirstStep and doubles
// whenever there would be more than that, or more than kMaxLooks looks: then every other look is dropped.
#ifndef MUSTER_SIM_REPORT_EXPORTS_SAMPLED_SERIES_H_
#define MUSTER_SIM_REPORT_EXPORTS_SAMPLED_SERIES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"

namespace muster::sim {

// Thread-safety: compatible.
class SampledSeries {
 public:
  static constexpr int64_t kFirstStep = 60;
  static constexpr int64_t kMaxLooks = 7 * 24 * 60;
  static constexpr int64_t kMaxChanges = 1 << 24;

  struct Change {
    uint32_t look = 0;
    double value = 0;
  };

  // `step_s` 0: by itself. REQUIRES: step_s >= 0. The limits are there for tests.
  explicit SampledSeries(int64_t begin_s, int64_t step_s = 0, int64_t max_looks = kMaxLooks,
                         int64_t max_changes = kMaxChanges);

  // A series that nobody sees before the look that sees `value`; returns its number: 0, 1, 2, ...
  // REQUIRES: as Set.
  size_t Add(double value, int64_t now_s);
  // From `now_s` on, the value of that series. Amortised O(1). REQUIRES: series < size(); now_s does not decrease.
  void Set(size_t series, double value, int64_t now_s);
  // Nothing changes any more: the last look is the first that is not before `now_s`.
  void CloseAt(int64_t now_s);

  size_t size() const { return series_.size(); }
  double value(size_t series) const { return series_[series].value; }
  // ResourceExhausted if the step is fixed, and too small for what the limits allow. What was kept is void then.
  absl::Status status() const;

  // After CloseAt.
  int64_t step_s() const { return step_s_; }
  int64_t looks() const { return look_ + 1; }
  int64_t LookAt(int64_t look) const { return begin_s_ + look * step_s_; }
  // By look; the first is where the series begins. Not empty.
  const std::vector<Change>& changes(size_t series) const { return series_[series].changes; }

 private:
  struct Series {
    double value = 0;
    bool fresh = false;  // to be seen by the next look
    std::vector<Change> changes;
  };
  void MoveTo(int64_t now_s);
  void Look();
  void DoubleStep();
  int64_t FirstLookFrom(int64_t now_s) const { return (now_s - begin_s_ + step_s_ - 1) / step_s_; }

  int64_t begin_s_, step_s_;
  bool fixed_;
  int64_t max_looks_, max_changes_;
  int64_t look_ = 0;     // the next that has not been taken
  int64_t changes_ = 0;  // kept of all series
  bool full_ = false;
  std::vector<Series> series_;
  std::vector<size_t> fresh_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_EXPORTS_SAMPLED_SERIES_H_
