#include "sim/report/exports/kueue_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "sim/report/exports/testing_replay.h"

namespace muster::sim {
namespace {

// Samples by name and labels, by second.
using Samples = std::map<std::string, std::map<int64_t, double>>;

// The text, held to what OpenMetrics says of its form: families in one piece, a type before their samples, the samples
// of a metric together and by time, # EOF at the end and only there.
Samples Parse(const std::string& text) {
  Samples samples;
  std::map<std::string, std::string> types;
  std::string family, metric;
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_EQ(lines.back(), "") << "ends with a line feed";
  lines.pop_back();
  EXPECT_EQ(lines.back(), "# EOF");
  lines.pop_back();
  for (const std::string& line : lines) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    if (words[0] == "#") {
      if (words[1] == "TYPE") {
        EXPECT_TRUE(types.emplace(words[2], words[3]).second) << "a family twice: " << line;
        family = words[2];
      } else {
        EXPECT_EQ(words[1], "HELP") << line;
      }
      continue;
    }
    const size_t brace = line.find('{'), end = line.rfind("} ");
    if (brace == std::string::npos || end == std::string::npos) {
      ADD_FAILURE() << line;
      continue;
    }
    const std::string name = line.substr(0, brace);
    const std::string suffix = types[family] == "counter"     ? "_total"
                               : types[family] == "histogram" ? name.substr(std::min(family.size(), name.size()))
                                                              : "";
    EXPECT_EQ(name, family + suffix) << line;
    const std::vector<std::string> ends = absl::StrSplit(line.substr(end + 2), ' ');
    EXPECT_EQ(ends.size(), 2u) << line;
    double value = std::nan("");
    int64_t at_s = 0;
    EXPECT_TRUE(ends[0] == "NaN" || absl::SimpleAtod(ends[0], &value)) << line;
    EXPECT_TRUE(absl::SimpleAtoi(ends[1], &at_s)) << line;
    auto& of = samples[line.substr(0, end + 1)];
    EXPECT_TRUE(of.empty() || at_s > of.rbegin()->first) << line;
    of[at_s] = value;
  }
  return samples;
}

std::string Key(const std::string& name, const std::string& labels) {
  return absl::StrCat(name, "{", labels, ",replica_role=\"standalone\"}");
}

double At(const Samples& samples, const std::string& key, int64_t at_s) {
  const auto metric = samples.find(key);
  if (metric == samples.end()) return 0;
  const auto value = metric->second.find(at_s);
  return value == metric->second.end() ? 0 : value->second;
}

TEST(KueueMetricsTest, EverySampleIsWhatCountingSays) {
  int64_t preempted = 0, inadmissible = 0;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    const SmallReplay replay = MakeSmallReplay(seed);
    const std::string path = TempFile("metrics.om");
    auto metrics = KueueMetrics::Open(path, &replay.trace, 7);
    ASSERT_TRUE(metrics.ok());
    Telling told;
    Replay(replay.trace, replay, {&*metrics, &told});
    ASSERT_TRUE(metrics->Close().ok());
    const std::string text = ReadBack(path);
    const Samples samples = Parse(text);
    for (size_t t = 0; t < told.teams.size(); ++t) {
      const std::string queue = absl::StrCat("cluster_queue=\"", told.teams[t], "\"");
      for (int64_t at_s = told.begin_s;; at_s += 7) {
        int64_t waiting = 0, starts = 0, running = 0, evicted = 0, finished = 0;
        double used = 0, wait_sum = 0, short_waits = 0;
        std::map<size_t, int64_t> queued_s;
        std::map<std::string, int64_t> preemptions;
        for (const auto& [job, submit] : told.submits) {
          if (submit.team != static_cast<int>(t) || submit.now_s > at_s) continue;
          ++waiting;
          queued_s[job] = submit.now_s;
        }
        for (const ToldRunFact& run : told.runs) {
          const RunStop& stop = run.stop;
          const bool stopped = run.ended && stop.now_s <= at_s;
          if (stop.by != RunStop::kNobody && stopped && told.submits.at(stop.by).team == static_cast<int>(t)) {
            ++preemptions[std::string(ToString(stop.cause))];
          }
          if (stop.team != static_cast<int>(t) || stop.started_s > at_s) continue;
          ++starts;
          const int64_t wait_s = stop.started_s - queued_s[stop.job];
          wait_sum += static_cast<double>(wait_s);
          short_waits += wait_s <= 10 ? 1 : 0;
          queued_s[stop.job] = stop.now_s;
          if (!stopped) {
            --waiting;
            ++running;
            used += stop.amount;
            continue;
          }
          waiting -= IsLast(stop.cause) ? 1 : 0;
          finished += IsLast(stop.cause) ? 1 : 0;
          evicted +=
              stop.cause == StopCause::kFinished || stop.cause == StopCause::kFailed || stop.cause == StopCause::kGaveUp
                  ? 0
                  : 1;
        }
        const auto sum = [&](const std::string& prefix) {
          double total = 0;
          for (auto m = samples.lower_bound(prefix); m != samples.end() && absl::StartsWith(m->first, prefix); ++m) {
            if (absl::StrContains(m->first, queue)) total += At(samples, m->first, at_s);
          }
          return total;
        };
        const std::string one = queue + ",priority_class=\"\"";
        ASSERT_EQ(sum("kueue_pending_workloads{"), waiting) << "seed " << seed << " at " << at_s;
        ASSERT_EQ(At(samples, Key("kueue_admitted_active_workloads", queue), at_s), running);
        ASSERT_EQ(At(samples, Key("kueue_reserving_active_workloads", queue), at_s), running);
        ASSERT_EQ(sum("kueue_cluster_queue_resource_usage{"), used) << "seed " << seed << " at " << at_s;
        ASSERT_EQ(sum("kueue_cluster_queue_resource_reservation{"), used);
        ASSERT_EQ(At(samples, Key("kueue_admitted_workloads_total", one), at_s), starts);
        ASSERT_EQ(At(samples, Key("kueue_quota_reserved_workloads_total", one), at_s), starts);
        ASSERT_EQ(At(samples, Key("kueue_quota_reserved_wait_time_seconds_sum", one), at_s), wait_sum);
        ASSERT_EQ(At(samples, Key("kueue_quota_reserved_wait_time_seconds_count", one), at_s), starts);
        ASSERT_EQ(At(samples,
                     absl::StrCat("kueue_admission_wait_time_seconds_bucket{", one,
                                  ",replica_role=\"standalone\",le=\"10.0\"}"),
                     at_s),
                  short_waits);
        ASSERT_EQ(sum("kueue_evicted_workloads_total{"), evicted) << "seed " << seed << " at " << at_s;
        ASSERT_EQ(At(samples, Key("kueue_finished_workloads_total", one), at_s), finished);
        for (const auto& [cause, count] : preemptions) {
          const std::string key = absl::StrCat("preempting_", queue, ",reason=\"", cause, "\"");
          ASSERT_EQ(At(samples, Key("kueue_preempted_workloads_total", key), at_s), count) << key;
          preempted += count;
        }
        inadmissible +=
            static_cast<int64_t>(At(samples, Key("kueue_pending_workloads", queue + ",status=\"inadmissible\""), at_s));
        if (at_s >= told.end_s) break;
      }
    }
    if (HasFailure()) FAIL() << "seed " << seed << "\n" << text;
  }
  EXPECT_GT(preempted, 100);
  EXPECT_GT(inadmissible, 100);
}

}  // namespace
}  // namespace muster::sim
