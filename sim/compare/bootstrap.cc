#include "sim/compare/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/check.h"

namespace muster::sim {
namespace {

constexpr std::array<size_t, 3> kPercents = {50, 90, 99};
constexpr double kMaxDraws = 2e8;
constexpr int kMinResamples = 200;

// Mean, p50, p90, p99.
using Statistics = std::array<double, 4>;

// The values of one run, and the jobs in their order.
class Side {
 public:
  explicit Side(const std::vector<int64_t>& values) : order_(values.size()), sorted_(values.size()) {
    std::iota(order_.begin(), order_.end(), 0u);
    std::sort(order_.begin(), order_.end(), [&](uint32_t x, uint32_t y) { return values[x] < values[y]; });
    for (size_t i = 0; i < order_.size(); ++i) sorted_[i] = values[order_[i]];
  }

  // Of a sample that has job i `times[i]` times, as many in all as there are jobs.
  Statistics Of(const std::vector<uint16_t>& times) const {
    Statistics statistics = {};
    const size_t n = order_.size();
    double sum = 0;
    size_t seen = 0, next = 0;
    for (size_t i = 0; i < n; ++i) {
      const size_t t = times[order_[i]];
      if (t == 0) continue;
      seen += t;
      sum += static_cast<double>(sorted_[i]) * static_cast<double>(t);
      while (next < kPercents.size() && seen >= (n * kPercents[next] + 99) / 100) {
        statistics[++next] = static_cast<double>(sorted_[i]);
      }
    }
    statistics[0] = sum / static_cast<double>(n);
    return statistics;
  }

 private:
  std::vector<uint32_t> order_;
  std::vector<int64_t> sorted_;
};

// A whole number below n, the same on every machine (std::uniform_int_distribution is not).
uint64_t Below(uint64_t n, std::mt19937_64* random) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>((*random)()) * n) >> 64);
}

}  // namespace

PairedSpread BootstrapPaired(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                             const BootstrapOptions& options) {
  MUSTER_CHECK(a.size() == b.size(), "pairs have two sides");
  MUSTER_CHECK(options.level > 0 && options.level < 1 && options.resamples >= 1, "an interval has a level and draws");
  PairedSpread spread;
  spread.pairs = a.size();
  if (a.empty()) return spread;
  const size_t n = a.size();
  spread.resamples =
      std::min(options.resamples, std::max(kMinResamples, static_cast<int>(kMaxDraws / static_cast<double>(n))));
  const Side side_a(a), side_b(b);
  std::vector<uint16_t> times(n, 1);
  const Statistics of_a = side_a.Of(times), of_b = side_b.Of(times);
  std::array<std::vector<double>, 4> differences;
  const bool same = a == b;  // then every draw says 0
  std::mt19937_64 random(options.seed);
  for (int r = 0; r < spread.resamples && !same; ++r) {
    std::fill(times.begin(), times.end(), 0);
    for (size_t i = 0; i < n; ++i) ++times[Below(n, &random)];
    const Statistics draw_a = side_a.Of(times), draw_b = side_b.Of(times);
    for (size_t s = 0; s < differences.size(); ++s) differences[s].push_back(draw_b[s] - draw_a[s]);
  }
  Paired* const out[] = {&spread.mean, &spread.p50, &spread.p90, &spread.p99};
  for (size_t s = 0; s < differences.size(); ++s) {
    out[s]->a = of_a[s];
    out[s]->b = of_b[s];
    if (same) continue;
    std::sort(differences[s].begin(), differences[s].end());
    const double draws = static_cast<double>(spread.resamples), tail = (1 - options.level) / 2;
    const size_t low = static_cast<size_t>(std::floor(tail * draws));
    out[s]->difference = {differences[s][low], differences[s][differences[s].size() - 1 - low]};
  }
  return spread;
}

}  // namespace muster::sim
