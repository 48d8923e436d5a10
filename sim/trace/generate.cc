#include "sim/trace/generate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/trace/split_mix.h"

namespace muster::sim {
namespace {

struct Size {
  int64_t gpus;
  double weight;
};
constexpr Size kSizes[] = {{1, 95462}, {2, 2469}, {4, 5227}, {8, 5353}, {16, 775}, {24, 34}, {32, 194}};

constexpr double kMedianDuration = 1196;
constexpr double kSigma = 2.45;

// Arrivals relative to the busiest hour and day. Hour 0 is midnight, day 0 a Monday.
constexpr double kHour[24] = {0.45, 0.38, 0.32, 0.28, 0.26, 0.26, 0.30, 0.38, 0.52, 0.70, 0.84, 0.92,
                              0.94, 0.96, 1.00, 1.00, 0.98, 0.94, 0.86, 0.80, 0.76, 0.72, 0.64, 0.54};
constexpr double kDay[7] = {0.95, 1.0, 1.0, 0.98, 0.9, 0.55, 0.5};

// Marsaglia's polar method would draw a varying number of values; Box-Muller draws two, always.
double Normal(SplitMix64* random) {
  const double u = random->Unit(), v = random->Unit();
  return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v);
}

int64_t Duration(const GenerateOptions& o, SplitMix64* random) {
  const double seconds = kMedianDuration * std::exp(kSigma * Normal(random));
  return std::clamp(static_cast<int64_t>(std::min(seconds, 1e12)), int64_t{1}, o.max_duration_s);
}

// Mean of the duration cut at max: by quadrature over the normal quantiles' density.
double MeanDuration(const GenerateOptions& o) {
  double sum = 0, weight = 0;
  for (int i = -6000; i <= 6000; ++i) {
    const double z = i / 1000.0;
    const double density = std::exp(-z * z / 2);
    sum += density * std::min(static_cast<double>(o.max_duration_s), kMedianDuration * std::exp(kSigma * z));
    weight += density;
  }
  return sum / weight;
}

absl::Status Check(const GenerateOptions& o) {
  if (o.days < 1 || o.days > 3660) return absl::InvalidArgumentError("--days has to be in 1..3660");
  if (o.teams < 1 || o.teams > 26) return absl::InvalidArgumentError("--teams has to be in 1..26");
  if (o.gpus < 1) return absl::InvalidArgumentError("--gpus has to be at least 1");
  if (o.jobs < 0 || o.jobs > 50000000) return absl::InvalidArgumentError("--jobs has to be in 0..50000000");
  if (!(o.load > 0 && o.load <= 100)) return absl::InvalidArgumentError("--load has to be above 0, at most 100");
  if (o.max_duration_s < 1) return absl::InvalidArgumentError("--max-duration has to be at least 1");
  for (const char c : o.resource) {
    // What a Kubernetes resource name is made of; a comma would break the header of the file.
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && !absl::StrContains("-._/", c)) {
      return absl::InvalidArgumentError("--resource has to be a resource name such as nvidia.com/gpu");
    }
  }
  if (o.resource.empty()) return absl::InvalidArgumentError("--resource must not be empty");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> GenerateTrace(const GenerateOptions& o) {
  if (absl::Status s = Check(o); !s.ok()) return s;
  double weights = 0, gpus = 0;
  for (const Size& size : kSizes) {
    if (size.gpus > o.gpus) continue;
    weights += size.weight;
    gpus += size.weight * static_cast<double>(size.gpus);
  }
  const double gpu_seconds_per_job = gpus / weights * MeanDuration(o);
  const double jobs =
      o.jobs > 0 ? static_cast<double>(o.jobs)
                 : o.load * static_cast<double>(o.gpus) * static_cast<double>(o.days) * 86400 / gpu_seconds_per_job;
  if (jobs > 5e7) return absl::InvalidArgumentError("more than 50,000,000 jobs; lower --load, --gpus or --days");
  double profile = 0;  // summed over the hours of the trace
  for (int64_t h = 0; h < o.days * 24; ++h) profile += kHour[h % 24] * kDay[h / 24 % 7];
  const double peak_per_second = jobs / profile / 3600;

  std::vector<double> team_edge(o.teams);
  double share = 0;
  for (int64_t t = 0; t < o.teams; ++t) team_edge[t] = share += 1.0 / static_cast<double>(t + 1);

  SplitMix64 random(o.seed);
  std::string csv = absl::StrCat("job_id,queue,submit_s,duration_s,pods,request.", o.resource, "\n");
  double t = 0;
  int64_t id = 0;
  for (;;) {
    // Thinning (Lewis and Shedler 1979): draw at the highest rate, keep in proportion to the rate of the moment.
    t += -std::log(random.Unit()) / peak_per_second;
    if (t >= static_cast<double>(o.days) * 86400) break;
    const int64_t hour = static_cast<int64_t>(t / 3600);
    if (random.Unit() > kHour[hour % 24] * kDay[hour / 24 % 7]) continue;
    const double team_draw = random.Unit() * share;
    const int64_t team = std::lower_bound(team_edge.begin(), team_edge.end() - 1, team_draw) - team_edge.begin();
    double draw = random.Unit() * weights;
    int64_t size = 1;
    for (const Size& s : kSizes) {
      if (s.gpus > o.gpus) continue;
      size = s.gpus;
      if ((draw -= s.weight) <= 0) break;
    }
    absl::StrAppend(&csv, ++id, ",team-", std::string(1, static_cast<char>('a' + team)), ",", static_cast<int64_t>(t),
                    ",", Duration(o, &random), ",", (size + 7) / 8, ",", std::min<int64_t>(size, 8), "\n");
  }
  return csv;
}

}  // namespace muster::sim
