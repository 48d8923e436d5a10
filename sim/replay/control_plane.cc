#include "sim/replay/control_plane.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace muster::sim {
namespace {

constexpr int64_t kLongestSleepMs = 10;
constexpr int64_t kMostSeconds = 1000000;

}  // namespace

absl::Status ControlPlane::SetLatency(absl::string_view text) {
  int64_t seconds = 0;
  if (text == "none") {
    latency = Latency::kNone;
  } else if (text == "kueue") {
    latency = Latency::kKueue;
  } else if (absl::SimpleAtoi(text, &seconds) && seconds >= 0 && seconds <= kMostSeconds) {
    latency = seconds == 0 ? Latency::kNone : Latency::kFixed;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is neither none, kueue nor a whole number of seconds from 0 to ", kMostSeconds));
  }
  fixed_s = seconds;
  return absl::OkStatus();
}

SchedulerDay::SchedulerDay(const ControlPlane& settings) : settings_(settings), tokens_(settings.burst * 1000) {
  MUSTER_CHECK(settings.latency == ControlPlane::Latency::kKueue && settings.qps >= 1 && settings.burst >= 0);
  MUSTER_CHECK(settings.write_ms >= 0 && settings.cycle_ms >= 0);
}

void SchedulerDay::SetTime(int64_t now_s) {
  MUSTER_CHECK(now_s * 1000 >= now_ms_);
  if (now_s * 1000 == now_ms_) return;
  now_ms_ = now_s * 1000;
  if (free_ms_ >= now_ms_) return;
  free_ms_ = now_ms_;
  idle_ms_ = 0;  // it waits for a head, and is there at once when one comes
}

bool SchedulerDay::Free() const { return free_ms_ < now_ms_ + 1000; }

void SchedulerDay::Refill(int64_t at_ms) {
  if (at_ms <= refilled_ms_) return;
  const int64_t full = settings_.burst * 1000;
  // A thousandth of a request per millisecond and request per second. What is missing takes no longer than this.
  const int64_t missing_ms = (full - tokens_) / settings_.qps + 1;
  tokens_ =
      at_ms - refilled_ms_ >= missing_ms ? full : std::min(full, tokens_ + (at_ms - refilled_ms_) * settings_.qps);
  refilled_ms_ = at_ms;
}

void SchedulerDay::Request(int64_t requests) {
  Refill(std::max(now_ms_, free_ms_));
  tokens_ -= requests * 1000;
}

void SchedulerDay::CycleDone() {
  Request(admitted_ * kAdmitRequests + preempted_ * kPreemptRequests + written_ * kPendingRequests);
  int64_t ms = settings_.cycle_ms;
  ms += settings_.write_ms * (written_ + (preempted_ + kWritesAtOnce - 1) / kWritesAtOnce + (admitted_ > 0 ? 1 : 0));
  if (admitted_ > 0 || preempted_ > 0) {
    idle_ms_ = 0;
  } else {
    idle_ms_ = std::clamp<int64_t>(2 * idle_ms_, 1, kLongestSleepMs);
    ms += idle_ms_;
  }
  free_ms_ = std::max(now_ms_, free_ms_) + ms;
  // Requests that wait for their turn are not through yet.
  if (tokens_ < 0) free_ms_ = std::max(free_ms_, refilled_ms_ + (-tokens_ + settings_.qps - 1) / settings_.qps);
  admitted_ = preempted_ = written_ = 0;
}

}  // namespace muster::sim
