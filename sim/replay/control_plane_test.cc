#include "sim/replay/control_plane.h"

#include <gtest/gtest.h>

#include <string>

namespace muster::sim {
namespace {

using Latency = ControlPlane::Latency;

TEST(ControlPlaneTest, LatencyInWords) {
  const struct {
    const char* text;
    Latency latency;
    int64_t fixed_s;
  } kCases[] = {{"none", Latency::kNone, 0},
                {"0", Latency::kNone, 0},
                {"kueue", Latency::kKueue, 0},
                {"7", Latency::kFixed, 7},
                {"1000000", Latency::kFixed, 1000000}};
  for (const auto& c : kCases) {
    ControlPlane plane;
    plane.latency = Latency::kFixed;
    plane.fixed_s = 99;
    ASSERT_TRUE(plane.SetLatency(c.text).ok()) << c.text;
    EXPECT_EQ(plane.latency, c.latency) << c.text;
    EXPECT_EQ(plane.fixed_s, c.fixed_s) << c.text;
  }
  for (const char* text : {"", "Kueue", "-1", "1.5", "1000001", "3s"}) {
    ControlPlane plane;
    const absl::Status status = plane.SetLatency(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(std::string(status.message()).find("is neither none, kueue nor"), std::string::npos);
    EXPECT_EQ(plane, ControlPlane()) << "what is wrong changes nothing";
  }
}

ControlPlane Kueue() {
  ControlPlane plane;
  plane.latency = Latency::kKueue;
  plane.write_ms = 100;
  plane.cycle_ms = 10;
  plane.qps = 1000;
  plane.burst = 1000000;
  return plane;
}

// How many cycles like that fit into the second.
template <class Cycle>
int Cycles(SchedulerDay* day, Cycle cycle) {
  int n = 0;
  for (; day->Free() && n < 10000; ++n) {
    cycle();
    day->CycleDone();
  }
  return n;
}

TEST(SchedulerDayTest, ACycleTakesAsLongAsItsWrites) {
  const struct {
    const char* what;
    int64_t admitted, preempted, written;
    int cycles;  // that begin within a second
  } kCases[] = {
      {"an admission is one write, 110 ms", 1, 0, 0, 10},
      {"admissions are written side by side", 20, 0, 0, 10},
      {"eight victims are written together", 0, 8, 0, 10},
      {"the ninth is one more write, 210 ms", 0, 9, 0, 5},
      {"conditions are written one by one, 310 ms and a rest", 0, 0, 3, 4},
      {"all of it, 410 ms", 2, 3, 2, 3},
  };
  for (const auto& c : kCases) {
    SchedulerDay day(Kueue());
    day.SetTime(50);
    EXPECT_EQ(Cycles(&day,
                     [&] {
                       for (int64_t i = 0; i < c.admitted; ++i) day.Admitted();
                       day.Preempted(c.preempted);
                       for (int64_t i = 0; i < c.written; ++i) day.StatusWritten();
                     }),
              c.cycles)
        << c.what;
    EXPECT_EQ(day.FreeAt(), 51) << c.what;
  }
}

TEST(SchedulerDayTest, ItSleepsLongerAfterEachCycleInVain) {
  SchedulerDay day(Kueue());
  day.SetTime(1);
  // 10 + 1, + 2, + 4, + 8, then 10 + 10 ms: 11 + 12 + 14 + 18 = 55 ms, and 48 of 20 ms begin in the other 945.
  EXPECT_EQ(Cycles(&day, [] {}), 4 + 48);
}

TEST(SchedulerDayTest, WhatItDoesNotGetToIsLeftForTheNextSecond) {
  SchedulerDay day(Kueue());
  day.SetTime(0);
  for (int i = 0; i < 30; ++i) day.StatusWritten();
  day.CycleDone();  // 3,010 ms and 1 ms of sleep
  EXPECT_FALSE(day.Free());
  EXPECT_EQ(day.FreeAt(), 3);
  for (int64_t s : {1, 2}) {
    day.SetTime(s);
    EXPECT_FALSE(day.Free()) << s;
  }
  day.SetTime(3);
  EXPECT_TRUE(day.Free());
  EXPECT_EQ(Cycles(&day, [&] { day.Admitted(); }), 9) << "989 ms are left, 8 x 110 = 880";
}

TEST(SchedulerDayTest, RequestsBeyondTheLimitWait) {
  ControlPlane plane = Kueue();
  plane.write_ms = plane.cycle_ms = 0;
  plane.qps = 10;
  plane.burst = 30;
  SchedulerDay day(plane);
  day.SetTime(0);
  int admitted = 0;
  // Starting a job takes 5 requests: 30 at once and 10 a second are 6 jobs and 2 a second.
  for (int64_t s = 0; s < 100; ++s) {
    day.SetTime(s);
    admitted += Cycles(&day, [&] {
      day.JobStarted();
      day.Admitted();
    });
  }
  EXPECT_GE(admitted, 6 + 2 * 99);
  EXPECT_LE(admitted, 6 + 2 * 100 + 1);
  // After a rest the burst is there again, and no more.
  day.SetTime(1000000000);
  EXPECT_EQ(Cycles(&day,
                   [&] {
                     day.JobStarted();
                     day.Admitted();
                   }),
            6 + 2);
}

}  // namespace
}  // namespace muster::sim
