#include "sim/replay/run_model.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sim/trace/split_mix.h"

namespace muster::sim {
namespace {

void Lay(const OwnTerms& over, RunTerms* terms) {
  terms->checkpoint_interval_s = over.checkpoint_interval_s.value_or(terms->checkpoint_interval_s);
  terms->checkpoint_cost_s = over.checkpoint_cost_s.value_or(terms->checkpoint_cost_s);
  terms->image_pull_s = over.image_pull_s.value_or(terms->image_pull_s);
  terms->restart_delay_s = over.restart_delay_s.value_or(terms->restart_delay_s);
  terms->pod_mtbf_s = over.pod_mtbf_s.value_or(terms->pod_mtbf_s);
  terms->backoff_limit = static_cast<int32_t>(over.backoff_limit.value_or(terms->backoff_limit));
  terms->time_limit_s = over.time_limit_s.value_or(terms->time_limit_s);
}

// Seconds until the first of so many pods fails: exponential, rounded up, so that a run never fails as it starts.
int64_t FirstFailure(uint64_t seed, int64_t pod_mtbf_s, int64_t pods) {
  const double mean = static_cast<double>(pod_mtbf_s) / static_cast<double>(pods);
  return static_cast<int64_t>(std::ceil(std::min(1e15, -std::log(SplitMix64(seed).Unit()) * mean)));
}

// Who ends a run knows before.
bool IsAnnounced(StopCause cause) {
  return IsPreemption(cause) || cause == StopCause::kLivelock || cause == StopCause::kMaintenance;
}

}  // namespace

int64_t RunModel::EvictionSeconds() const {
  return eviction_s.value_or(control_plane.latency == ControlPlane::Latency::kKueue ? control_plane.release_s : 0);
}

RunTerms RunModel::TermsOf(const std::string& priority_class, const OwnTerms& own) const {
  RunTerms terms = all;
  if (const auto it = classes.find(priority_class); it != classes.end()) Lay(it->second, &terms);
  Lay(own, &terms);
  return terms;
}

RunCourse::RunCourse(const RunModel& model, const RunTerms& terms, const RunHistory& history, absl::string_view job,
                     int64_t duration_s, int64_t declared, int64_t pods)
    : start_s_(history.nodes_s + model.admission_s + terms.image_pull_s +
               (history.run > 1 ? terms.restart_delay_s : 0)),
      interval_s_(terms.checkpoint_interval_s),
      cost_s_(terms.checkpoint_cost_s),
      pods_(pods),
      graceful_(model.checkpoint_when_preempted) {
  MUSTER_CHECK(pods >= 1 && pods <= declared);
  const int64_t left = duration_s * declared - history.done;
  MUSTER_CHECK(left >= 0);
  const int64_t work_s = (left + pods - 1) / pods;
  const int64_t checkpoints = interval_s_ > 0 && work_s > 0 ? (work_s - 1) / interval_s_ : 0;
  length_s_ = start_s_ + work_s + checkpoints * cost_s_;
  const auto ends = [this](int64_t at_s, StopCause cause) {
    if (at_s >= length_s_) return;
    length_s_ = at_s;
    cause_ = cause;
  };
  if (terms.pod_mtbf_s > 0) {
    const uint64_t seed = SeedFor(model.seed, {job.data(), job.size()}, static_cast<uint64_t>(history.run));
    ends(FirstFailure(seed, terms.pod_mtbf_s, pods),
         history.failures >= terms.backoff_limit ? StopCause::kGaveUp : StopCause::kFailed);
  }
  if (model.enforce_time_limit && terms.time_limit_s > 0) {
    ends(std::max<int64_t>(0, terms.time_limit_s - history.ran_s), StopCause::kTimeLimit);
  }
}

RunCourse::Split RunCourse::At(int64_t elapsed_s, StopCause cause) const {
  MUSTER_CHECK(elapsed_s >= 0 && elapsed_s <= length_s_);
  Split split;
  const int64_t since_s = std::max<int64_t>(0, elapsed_s - start_s_);
  int64_t written = 0, rest_s = since_s;  // checkpoints, and the time after the last
  if (interval_s_ > 0) {
    written = since_s / (interval_s_ + cost_s_);
    rest_s = since_s % (interval_s_ + cost_s_);
  }
  const int64_t after_s = interval_s_ > 0 ? std::min(rest_s, interval_s_) : rest_s;  // work since then
  split.kept_s = written * interval_s_;
  if (cause == StopCause::kFinished || (graceful_ && IsAnnounced(cause))) {
    split.kept_s += after_s;
  } else {
    split.lost_s = after_s;
  }
  split.overhead_s = elapsed_s - split.kept_s - split.lost_s;
  return split;
}

}  // namespace muster::sim
