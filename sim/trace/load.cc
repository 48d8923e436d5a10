#include "sim/trace/load.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "sim/trace/split_mix.h"

namespace muster::sim {
namespace {

constexpr int64_t kMaxSeconds = int64_t{1} << 40;
constexpr int64_t kMaxJobs = 100000000;
constexpr int64_t kDay = 86400;

void Thin(double keep, uint64_t seed, Trace* trace) {
  absl::flat_hash_set<std::string> gone;
  bool waits = false;
  for (const JobTerms& terms : trace->terms) waits |= !terms.after.empty();
  std::erase_if(trace->jobs, [&](const Job& job) {
    if (SplitMix64(SeedFor(seed, {job.id.data(), job.id.size()})).Unit() <= keep) return false;
    if (waits) gone.insert(job.id);
    return true;
  });
  for (JobTerms& terms : trace->terms) {
    std::erase_if(terms.after, [&](const std::string& name) { return gone.contains(name); });
  }
}

void Repeat(int64_t times, Trace* trace) {
  const size_t jobs = trace->jobs.size(), terms = trace->terms.size();
  if (jobs == 0) return;
  int64_t period_s = trace->jobs.back().submit_s - trace->jobs.front().submit_s + 1;
  if (period_s >= kDay) period_s = (period_s + kDay - 1) / kDay * kDay;
  for (int64_t n = 1; n < times; ++n) {
    const std::string suffix = absl::StrCat("#", n + 1);
    for (size_t i = 0; i < terms; ++i) {
      JobTerms copy = trace->terms[i];
      for (std::string& name : copy.after) name += suffix;
      if (copy.deadline_s.has_value()) *copy.deadline_s += n * period_s;
      if (copy.start_s.has_value()) *copy.start_s += n * period_s;
      trace->terms.push_back(std::move(copy));
    }
    for (size_t i = 0; i < jobs; ++i) {
      Job copy = trace->jobs[i];
      copy.id += suffix;
      copy.submit_s += n * period_s;
      if (copy.terms != 0) copy.terms += static_cast<uint32_t>(n * terms);
      trace->jobs.push_back(std::move(copy));
    }
  }
}

void Scale(double factor, Trace* trace) {
  const int64_t first_s = trace->jobs.empty() ? 0 : trace->jobs.front().submit_s;
  const auto at = [&](int64_t t) {
    return first_s + static_cast<int64_t>(std::llround(static_cast<double>(t - first_s) / factor));
  };
  for (Job& job : trace->jobs) job.submit_s = at(job.submit_s);
}

void Shift(int64_t by_s, Trace* trace) {
  for (Job& job : trace->jobs) job.submit_s += by_s;
  for (JobTerms& terms : trace->terms) {
    if (terms.deadline_s.has_value()) *terms.deadline_s += by_s;
    if (terms.start_s.has_value()) *terms.start_s += by_s;
  }
}

}  // namespace

absl::Status ShapeLoad(const LoadShape& load, Trace* trace) {
  if (!(load.thin > 0 && load.thin <= 1)) return absl::InvalidArgumentError("--thin has to be above 0 and at most 1");
  if (!(load.scale >= 1e-6 && load.scale <= 1e6)) {
    return absl::InvalidArgumentError("--scale-load has to be from 0.000001 to 1000000");
  }
  if (load.repeat < 1 || load.repeat > kMaxJobs / std::max<int64_t>(1, static_cast<int64_t>(trace->jobs.size()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("--repeat has to be at least 1, and the trace at most ", kMaxJobs, " jobs"));
  }
  for (const JobTerms& terms : trace->terms) {
    if (load.scale != 1 && terms.deadline_s.has_value()) {
      return absl::InvalidArgumentError("--scale-load moves submissions, but not deadlines; take the deadlines out");
    }
  }
  if (load.thin < 1) Thin(load.thin, load.seed, trace);
  if (load.repeat > 1) Repeat(load.repeat, trace);
  if (load.scale != 1) Scale(load.scale, trace);
  if (load.shift_s != 0) Shift(load.shift_s, trace);
  if (trace->jobs.empty()) return absl::OkStatus();
  if (trace->jobs.front().submit_s < 0 || trace->jobs.back().submit_s > kMaxSeconds) {
    return absl::InvalidArgumentError(absl::StrCat("submissions would be from ", trace->jobs.front().submit_s, " to ",
                                                   trace->jobs.back().submit_s, " s; they have to lie between 0 and ",
                                                   kMaxSeconds));
  }
  return absl::OkStatus();
}

}  // namespace muster::sim
