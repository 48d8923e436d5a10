#include "sim/replay/arrivals.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace muster::sim {

absl::Status Arrivals::Link() {
  const std::vector<Job>& jobs = trace_->jobs;
  // Only the names that somebody waits for.
  absl::flat_hash_map<std::string, size_t> named;
  for (const Job& job : jobs) {
    if (const JobTerms* terms = trace_->TermsOf(job)) {
      for (const std::string& name : terms->after) named.try_emplace(name, jobs.size());
    }
  }
  if (named.empty()) return absl::OkStatus();
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (const auto it = named.find(jobs[i].id); it != named.end()) it->second = i;
  }
  for (size_t i = 0; i < jobs.size(); ++i) {
    const JobTerms* terms = trace_->TermsOf(jobs[i]);
    if (terms == nullptr || terms->after.empty()) continue;
    std::vector<size_t> others;
    for (const std::string& name : terms->after) {
      const size_t other = named.at(name);
      if (other == jobs.size()) {
        return absl::InvalidArgumentError(absl::StrCat(trace_->source, ":", jobs[i].row, ": waits for job \"", name,
                                                       "\", which is not in the trace"));
      }
      others.push_back(other);
    }
    std::sort(others.begin(), others.end());
    others.erase(std::unique(others.begin(), others.end()), others.end());
    waiting_[i].others = others.size();
    for (const size_t other : others) waits_for_[other].push_back(i);
  }
  // Take away whoever waits for nobody that is left, until nobody is left or they wait for each other.
  absl::flat_hash_map<size_t, size_t> left;
  std::vector<size_t> free;
  for (const auto& [job, waiting] : waiting_) left[job] = waiting.others;
  for (const auto& [job, others] : waits_for_) {
    if (!waiting_.contains(job)) free.push_back(job);
  }
  while (!free.empty()) {
    const size_t job = free.back();
    free.pop_back();
    const auto others = waits_for_.find(job);
    if (others == waits_for_.end()) continue;
    for (const size_t other : others->second) {
      if (--left[other] > 0) continue;
      left.erase(other);
      free.push_back(other);
    }
  }
  if (left.empty()) return absl::OkStatus();
  size_t first = jobs.size();
  for (const auto& [job, others] : left) first = std::min(first, job);
  return absl::InvalidArgumentError(absl::StrCat(trace_->source, ":", jobs[first].row, ": job ", jobs[first].id,
                                                 " waits for jobs that wait, in a circle, for each other"));
}

void Arrivals::SkipWaiting() {
  if (waiting_.empty()) return;
  while (next_ < trace_->jobs.size() && waiting_.contains(next_)) ++next_;
}

std::optional<int64_t> Arrivals::NextAt() {
  SkipWaiting();
  std::optional<int64_t> at_s;
  if (next_ < trace_->jobs.size()) at_s = trace_->jobs[next_].submit_s;
  if (!late_.empty()) at_s = std::min(at_s.value_or(late_.top().first), late_.top().first);
  return at_s;
}

std::optional<size_t> Arrivals::Take(int64_t now_s) {
  SkipWaiting();
  const bool has_next = next_ < trace_->jobs.size() && trace_->jobs[next_].submit_s <= now_s;
  const bool has_late = !late_.empty() && late_.top().first <= now_s;
  if (!has_next && !has_late) return std::nullopt;
  ++taken_;
  if (!has_late || (has_next && Late(trace_->jobs[next_].submit_s, next_) < late_.top())) return next_++;
  const auto [at_s, job] = late_.top();
  late_.pop();
  waiting_[job].at_s = at_s;
  return job;
}

void Arrivals::Ended(size_t job, int64_t now_s) {
  const auto others = waits_for_.find(job);
  if (others == waits_for_.end()) return;
  for (const size_t other : others->second) {
    if (--waiting_[other].others > 0) continue;
    const Job& row = trace_->jobs[other];
    late_.push({std::max(row.submit_s, now_s + trace_->TermsOf(row)->think_s), other});
  }
}

int64_t Arrivals::SubmittedAt(size_t job) const {
  const auto it = waiting_.find(job);
  return it == waiting_.end() || it->second.at_s < 0 ? trace_->jobs[job].submit_s : it->second.at_s;
}

bool Arrivals::IsHeldBack(size_t job) const {
  const auto it = waiting_.find(job);
  return it != waiting_.end() && it->second.at_s < 0;
}

}  // namespace muster::sim
