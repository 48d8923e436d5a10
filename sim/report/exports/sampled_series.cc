#include "sim/report/exports/sampled_series.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace muster::sim {

SampledSeries::SampledSeries(int64_t begin_s, int64_t step_s, int64_t max_looks, int64_t max_changes)
    : begin_s_(begin_s),
      step_s_(step_s == 0 ? kFirstStep : step_s),
      fixed_(step_s != 0),
      max_looks_(step_s == 0 ? max_looks : std::numeric_limits<uint32_t>::max()),
      max_changes_(max_changes) {
  MUSTER_CHECK(step_s >= 0, "a step is a number of seconds");
}

size_t SampledSeries::Add(double value, int64_t now_s) {
  MoveTo(now_s);
  series_.push_back({value, true, {}});
  fresh_.push_back(series_.size() - 1);
  return series_.size() - 1;
}

void SampledSeries::Set(size_t series, double value, int64_t now_s) {
  MoveTo(now_s);
  Series& s = series_[series];
  s.value = value;
  if (s.fresh) return;
  s.fresh = true;
  fresh_.push_back(series);
}

// What changes at `now_s` is seen by the first look from then on; those before see what is.
void SampledSeries::MoveTo(int64_t now_s) {
  if (now_s <= begin_s_ + look_ * step_s_) return;
  Look();
  look_ = FirstLookFrom(now_s);
  while (look_ >= max_looks_ && !full_) {
    if (fixed_) {
      full_ = true;
      return;
    }
    DoubleStep();
    look_ = FirstLookFrom(now_s);
  }
}

void SampledSeries::Look() {
  for (const size_t i : fresh_) {
    Series& s = series_[i];
    s.fresh = false;
    if (full_) continue;
    if (!s.changes.empty() && s.changes.back().look == look_) {
      s.changes.back().value = s.value;
    } else if (s.changes.empty() || s.changes.back().value != s.value) {
      s.changes.push_back({static_cast<uint32_t>(look_), s.value});
      ++changes_;
    }
  }
  fresh_.clear();
  while (changes_ > max_changes_ && !full_) {
    if (fixed_ || look_ == 0) {
      full_ = true;
    } else {
      DoubleStep();
      look_ = (look_ + 1) / 2;
    }
  }
}

void SampledSeries::DoubleStep() {
  step_s_ *= 2;
  changes_ = 0;
  for (Series& s : series_) {
    size_t kept = 0;
    for (size_t i = 0; i < s.changes.size(); ++i) {
      const Change change = {(s.changes[i].look + 1) / 2, s.changes[i].value};
      // Of two that one look sees, the later.
      if (kept > 0 && s.changes[kept - 1].look == change.look) --kept;
      s.changes[kept++] = change;
    }
    s.changes.resize(kept);
    changes_ += static_cast<int64_t>(kept);
  }
}

void SampledSeries::CloseAt(int64_t now_s) {
  MoveTo(now_s);
  Look();
}

absl::Status SampledSeries::status() const {
  if (!full_) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("a sample every ", step_s_,
                                                   " s is too much for so long a replay: more than ", max_changes_,
                                                   " of them differ from the one before; take a larger step, or none"));
}

}  // namespace muster::sim
