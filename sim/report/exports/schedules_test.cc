#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "sim/report/exports/batsim_jobs.h"
#include "sim/report/exports/swf_schedule.h"
#include "sim/report/exports/testing_replay.h"
#include "sim/trace/trace.h"

namespace muster::sim {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  return lines;
}

struct Replayed {
  SmallReplay replay;
  Telling told;
  SimulationResult result;
  std::string swf, batsim;
  std::map<size_t, ToldRunFact> last;  // run of each job
};

void ReplayOne(uint64_t seed, Replayed* out) {
  out->replay = MakeSmallReplay(seed);
  const std::string swf = TempFile("schedule.swf"), batsim = TempFile("jobs.csv.gz");
  auto swf_file = SwfSchedule::Open(swf, &out->replay.trace);
  auto batsim_file = BatsimJobs::Open(batsim, &out->replay.trace);
  ASSERT_TRUE(swf_file.ok() && batsim_file.ok());
  out->result = Replay(out->replay.trace, out->replay, {&*swf_file, &*batsim_file, &out->told});
  ASSERT_TRUE(swf_file->Close(out->result).ok());
  ASSERT_TRUE(batsim_file->Close().ok());
  out->swf = ReadBack(swf);
  out->batsim = ReadBack(batsim);
  for (const ToldRunFact& run : out->told.runs) out->last[run.stop.job] = run;
}

TEST(SwfScheduleTest, EveryJobThatWasSubmittedHasALineWithItsLastRun) {
  int64_t again = 0, failed = 0, open = 0, never = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Replayed r;
    ReplayOne(seed, &r);
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : Lines(r.swf)) {
      if (line[0] == ';') continue;
      rows.push_back(absl::StrSplit(line, ' '));
      ASSERT_EQ(rows.back().size(), 18u) << line;
    }
    // By submission, jobs of one second as in the trace.
    std::vector<std::pair<int64_t, size_t>> jobs;
    for (const auto& [job, submit] : r.told.submits) jobs.emplace_back(submit.now_s, job);
    std::sort(jobs.begin(), jobs.end());
    ASSERT_EQ(rows.size(), jobs.size()) << "seed " << seed;
    for (size_t n = 0; n < rows.size(); ++n) {
      const auto [submit_s, job] = jobs[n];
      const auto last = r.last.find(job);
      const bool ran = last != r.last.end();
      const ToldRunFact run = ran ? last->second : ToldRunFact();
      const bool waits = ran && run.ended && !IsLast(run.stop.cause);
      const bool ended = ran && run.ended && run.stop.cause == StopCause::kFinished;
      const bool gave_up = ran && run.ended && !ended && !waits;
      const std::string start = ran ? std::to_string(run.stop.started_s - submit_s) : "-1";
      const std::string length = ended ? std::to_string(run.stop.now_s - run.stop.started_s) : "-1";
      EXPECT_EQ(rows[n][0], std::to_string(n + 1));
      EXPECT_EQ(rows[n][1], std::to_string(submit_s - r.told.begin_s));
      EXPECT_EQ(rows[n][2], start) << "seed " << seed << ", job " << job;
      EXPECT_EQ(rows[n][3], length) << "seed " << seed << ", job " << job;
      EXPECT_EQ(rows[n][4], ran ? std::to_string(std::llround(run.stop.amount)) : "-1");
      EXPECT_EQ(rows[n][7], std::to_string(std::llround(r.told.submits.at(job).amount)));
      EXPECT_EQ(rows[n][10], ended ? "1" : gave_up ? "0" : "-1") << "seed " << seed << ", job " << job;
      EXPECT_EQ(rows[n][14], std::to_string(r.told.submits.at(job).team + 1));
      again += run.stop.run > 1 ? 1 : 0;
      failed += gave_up ? 1 : 0;
      open += waits || (ran && !run.ended) ? 1 : 0;
      never += ran ? 0 : 1;
    }
    if (HasFailure()) FAIL() << r.swf;
  }
  EXPECT_GT(again, 50);
  EXPECT_GT(failed, 20);
  EXPECT_GT(never, 50);
}

TEST(SwfScheduleTest, MusterReadsWhatItWrote) {
  Replayed r;
  ReplayOne(3, &r);
  absl::StatusOr<Trace> trace = ReadTrace(TempFile("schedule.swf"), Mapping::ForFormat(Format::kSwf), {});
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_GT(trace->jobs.size(), 0u);
  EXPECT_EQ(trace->about["UnixStartTime"], std::to_string(r.told.begin_s));
}

TEST(BatsimJobsTest, EveryJobThatEndedHasALine) {
  int64_t on_nodes = 0, states = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Replayed r;
    ReplayOne(seed, &r);
    std::vector<std::string> lines = Lines(r.batsim);
    const std::vector<std::string> header = absl::StrSplit(lines[0], ',');
    ASSERT_EQ(header.size(), 17u);
    size_t n = 1;
    for (const ToldRunFact& run : r.told.runs) {
      if (!run.ended || !IsLast(run.stop.cause)) continue;
      ASSERT_LT(n, lines.size());
      const std::vector<std::string> fields = absl::StrSplit(lines[n++], ',');
      ASSERT_EQ(fields.size(), header.size());
      std::map<std::string, std::string> row;
      for (size_t f = 0; f < fields.size(); ++f) row[header[f]] = fields[f];
      const auto number = [&](const std::string& column) {
        int64_t value = 0;
        EXPECT_TRUE(absl::SimpleAtoi(row[column], &value)) << column << " of " << lines[n - 1];
        return value;
      };
      EXPECT_EQ(row["job_id"], r.replay.trace.jobs[run.stop.job].id);
      EXPECT_EQ(row["workload_name"], r.told.teams[run.stop.team]);
      EXPECT_EQ(number("submission_time"), r.told.submits.at(run.stop.job).now_s - r.told.begin_s);
      EXPECT_EQ(number("requested_number_of_resources"), std::llround(r.told.submits.at(run.stop.job).amount));
      EXPECT_EQ(number("starting_time"), run.stop.started_s - r.told.begin_s);
      EXPECT_EQ(number("finish_time"), run.stop.now_s - r.told.begin_s);
      EXPECT_EQ(number("execution_time"), number("finish_time") - number("starting_time"));
      EXPECT_EQ(number("waiting_time"), number("starting_time") - number("submission_time"));
      EXPECT_EQ(number("turnaround_time"), number("finish_time") - number("submission_time"));
      EXPECT_EQ(number("success"), run.stop.cause == StopCause::kFinished ? 1 : 0);
      EXPECT_EQ(row["final_state"], run.stop.cause == StopCause::kFinished    ? "COMPLETED_SUCCESSFULLY"
                                    : run.stop.cause == StopCause::kTimeLimit ? "COMPLETED_WALLTIME_REACHED"
                                                                              : "COMPLETED_FAILED");
      states += run.stop.cause == StopCause::kFinished ? 0 : 1;
      // The hosts of these worlds are n0, n1, ...: numbered as they are called.
      std::map<std::string, int64_t> pods;
      for (const absl::string_view part : absl::StrSplit(row["allocated_resources"], ' ', absl::SkipEmpty())) {
        const std::vector<std::string> ends = absl::StrSplit(part, '-');
        for (int from = std::stoi(ends.front()); from <= std::stoi(ends.back()); ++from) {
          pods[absl::StrCat("n", from)] =
              run.pods.contains(absl::StrCat("n", from)) ? run.pods.at(absl::StrCat("n", from)) : 0;
        }
      }
      EXPECT_EQ(pods, run.pods) << row["allocated_resources"];
      on_nodes += pods.empty() ? 0 : 1;
    }
    EXPECT_EQ(n, lines.size());
    if (HasFailure()) FAIL() << "seed " << seed << "\n" << r.batsim;
  }
  EXPECT_GT(on_nodes, 100);
  EXPECT_GT(states, 20);
}

}  // namespace
}  // namespace muster::sim
