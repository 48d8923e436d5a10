// How long the controllers take: when the scheduler decides on what has happened, and how many cycles it gets done.
//
// A replay without latency decides in the second in which something happens. Two models take that away:
//
//   fixed   The scheduler looks so many seconds after something happened, at everything that has happened by then.
//   kueue   Kueue's own rhythm. One cycle takes the heads of all queues; the next begins when the API writes of the last
//           are through. Within a cycle preemptions are written eight at a time, the conditions of those that stay
//           pending one by one and only if they differ, admissions side by side; all controllers share one limit of
//           requests per second. After a cycle that changed nothing the scheduler sleeps 1, 2, 4, 8, then 10 ms. Who was
//           parked is looked at again up to a second after room was made (the engine's reactivation_batch).
//
// A replay's clock goes by seconds; the scheduler's day within one is kept here, in milliseconds. What it decides within
// a second happens in that second; what it does not get to is left for the next.
#ifndef MUSTER_SIM_REPLAY_CONTROL_PLANE_H_
#define MUSTER_SIM_REPLAY_CONTROL_PLANE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/replay/driver.h"

namespace muster::sim {

// Thread-safety: value type.
struct ControlPlane {
  enum class Latency : uint8_t { kNone, kFixed, kKueue };
  Latency latency = Latency::kNone;
  int64_t fixed_s = 0;  // of kFixed

  // Of kKueue. Kueue's defaults, and what one write took on a real API server (docs/simulator.md).
  int64_t write_ms = 14;            // one API write, from sending it to its answer
  int64_t cycle_ms = 1;             // deciding alone
  int64_t qps = 300;                // clientConnection.qps, of all controllers together
  int64_t burst = 500;              // clientConnection.burst
  int64_t requeue_batch_ms = 1000;  // from room being made until those that were parked are looked at again
  int64_t release_s = 1;  // from a preemption's write until the victim's job has stopped and its quota is free

  friend bool operator==(const ControlPlane&, const ControlPlane&) = default;

  // "none", "kueue" or a whole number of seconds. Errors: InvalidArgument.
  absl::Status SetLatency(absl::string_view text);
};

// The scheduler's working day under Latency::kKueue. Thread-safety: compatible.
class SchedulerDay : public Pace {
 public:
  // REQUIRES: settings.latency is kKueue, qps >= 1, burst >= 0, times >= 0.
  explicit SchedulerDay(const ControlPlane& settings);

  // It is this second now. Never goes back.
  void SetTime(int64_t now_s);

  // What other controllers write, in this second.
  void JobArrived() { Request(kArrivalRequests); }
  void JobStarted() { Request(kStartRequests); }
  void JobStopped() { Request(kStopRequests); }
  void JobEnded() { Request(kEndRequests); }
  // What the cycle that is being carried out writes.
  void Admitted() { ++admitted_; }
  void Preempted(int64_t victims) { preempted_ += victims; }
  void StatusWritten() { ++written_; }

  // Whether the next cycle begins within this second.
  bool Free() const override;
  // The cycle is over: what was told since the last one was its.
  void CycleDone() override;

  // The second in which the next cycle begins. O(1).
  int64_t FreeAt() const { return free_ms_ / 1000; }

  // API requests, events included, of a batch Job on Kueue without waitForPodsReady, as its audit log shows them.
  static constexpr int64_t kArrivalRequests = 2;  // the Workload and an event
  static constexpr int64_t kAdmitRequests = 3;    // its status and two events
  static constexpr int64_t kStartRequests = 2;    // the job and an event
  static constexpr int64_t kPendingRequests = 2;  // its status and an event
  static constexpr int64_t kPreemptRequests = 4;  // the victim's status and three events
  static constexpr int64_t kStopRequests = 5;     // the job three times, the Workload's status, an event
  static constexpr int64_t kEndRequests = 3;      // the Workload's status, its finalizer, an event
  static constexpr int64_t kWritesAtOnce = 8;     // preemptions

 private:
  void Request(int64_t requests);
  void Refill(int64_t at_ms);

  const ControlPlane settings_;
  int64_t now_ms_ = 0;   // the second that it is
  int64_t free_ms_ = 0;  // when the next cycle begins
  int64_t idle_ms_ = 0;  // how long it slept last
  int64_t admitted_ = 0, preempted_ = 0, written_ = 0;
  // Requests that may be sent at once, in thousandths; below 0, they wait.
  int64_t tokens_ = 0;
  int64_t refilled_ms_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_CONTROL_PLANE_H_
