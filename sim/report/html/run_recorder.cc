#include "sim/report/html/run_recorder.h"

#include <algorithm>
#include <utility>

namespace muster::sim {

void RunRecorder::OnBegin(const ReplaySetting& setting) { histograms_.resize(setting.teams.size()); }

void RunRecorder::OnSubmit(const JobSubmit& event) {
  live_[event.job] = {
      .team = event.team, .amount = event.amount, .submit_s = event.now_s, .queued_s = event.now_s, .started = false};
}

void RunRecorder::OnStart(const RunStart& event) {
  Live& job = live_[event.job];
  if (std::exchange(job.started, true)) return;
  const int64_t wait_s = event.now_s - job.submit_s;
  histograms_[static_cast<size_t>(event.team)].Add(wait_s);
  if (wait_s > 0 && waits_.Wants(static_cast<double>(wait_s))) {
    waits_.Offer(static_cast<double>(wait_s), {.job = name_of_(event.job),
                                               .team = event.team,
                                               .amount = event.amount,
                                               .submit_s = job.submit_s,
                                               .wait_s = wait_s,
                                               .started = true});
  }
}

void RunRecorder::OnStop(const RunStop& event, const std::vector<int>& places) {
  Live& job = live_[event.job];
  const double weight = event.amount * static_cast<double>(event.now_s - event.started_s);
  ++run_count_;
  run_seconds_ += weight;
  if (runs_.Wants(weight)) {
    runs_.Offer(weight, {.job = name_of_(event.job),
                         .team = event.team,
                         .run = event.run,
                         .amount = event.amount,
                         .queued_s = job.queued_s,
                         .start_s = event.started_s,
                         .end_s = event.now_s,
                         .cause = event.cause,
                         .places = places});
  }
  if (IsLast(event.cause)) {
    live_.erase(event.job);
  } else {
    job.queued_s = event.now_s;
  }
}

void RunRecorder::OnEnd(int64_t now_s) {
  std::vector<size_t> waiting;
  for (const auto& [index, job] : live_) {
    if (!job.started) waiting.push_back(index);
  }
  std::sort(waiting.begin(), waiting.end());  // the map has no order of its own
  for (size_t index : waiting) {
    const Live& job = live_[index];
    const auto wait_s = static_cast<double>(now_s - job.submit_s);
    if (!waits_.Wants(wait_s)) continue;
    waits_.Offer(wait_s, {.job = name_of_(index),
                          .team = job.team,
                          .amount = job.amount,
                          .submit_s = job.submit_s,
                          .wait_s = now_s - job.submit_s,
                          .started = false});
  }
}

}  // namespace muster::sim
