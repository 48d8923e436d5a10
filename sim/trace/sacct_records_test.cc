// What sacct prints, in the shapes its manual describes: which rows are jobs, and what they ask for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "sim/trace/trace.h"
#include "sim/trace/write_trace.h"

namespace muster::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::StatusOr<Trace> Read(const std::string& text, const char* zone = nullptr) {
  std::istringstream in(text);
  ReadTraceOptions options;
  options.keep_record = true;
  if (zone != nullptr) absl::LoadTimeZone(zone, &options.read.zone.emplace());
  return ReadTrace(&in, "t", Mapping::ForFormat(Format::kSacct), options);
}

// "id pods gpus" of every job, in the order of the trace.
std::vector<std::string> Jobs(const Trace& trace) {
  std::vector<std::string> out;
  for (const Job& job : trace.jobs) {
    std::string& text = out.emplace_back(job.id);
    for (const PodGroup& group : trace.ShapeOf(job).pods) {
      const auto gpus = group.requests.find("nvidia.com/gpu");
      absl::StrAppend(&text, " ", group.count, "x", gpus == group.requests.end() ? 0 : gpus->second.Value());
    }
  }
  return out;
}

std::vector<std::string> Remarks(const Trace& trace) {
  std::vector<std::string> out;
  for (const Remark& r : trace.remarks) {
    out.push_back(absl::StrCat(r.left_out ? "out " : "", r.count, " ", r.text.substr(0, 30)));
  }
  return out;
}

constexpr char kHeader[] = "JobID|State|Account|Submit|Start|End|ElapsedRaw|AllocTRES\n";

TEST(SacctTest, AJobIsARowInAnyOrderOfColumns) {
  const auto trace = Read(
      "Elapsed|AllocTRES|JobID|State|Timelimit|Submit|Start|User|Group|Partition|Account|QOS|ReqTRES\n"
      "1-00:00:10|billing=16,cpu=16,gres/gpu:a100=8,gres/gpu=8,mem=128G,node=2|77|COMPLETED|2-00:00:00|"
      "2026-03-01T10:00:00|2026-03-01T10:05:00|ann|staff|gpu|physics|normal|cpu=2\n",
      "UTC");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 1u);
  const Job& job = trace->jobs[0];
  const JobShape& shape = trace->ShapeOf(job);
  EXPECT_EQ(job.submit_s, 1772359200);
  EXPECT_EQ(job.duration_s, 86410);
  EXPECT_EQ(shape.queue, "physics");
  EXPECT_EQ(shape.status, "COMPLETED");
  ASSERT_EQ(shape.pods.size(), 1u);
  EXPECT_EQ(shape.pods[0].count, 2) << "a pod a node";
  EXPECT_EQ(shape.pods[0].requests.at("cpu").Value(), 8);
  EXPECT_EQ(shape.pods[0].requests.at("nvidia.com/gpu").Value(), 4);
  EXPECT_EQ(shape.pods[0].requests.at("memory").Value(), int64_t{64} << 30);
  const JobTerms* terms = trace->TermsOf(job);
  ASSERT_NE(terms, nullptr);
  EXPECT_EQ(terms->estimate_s, 172800);
  EXPECT_EQ(terms->own.time_limit_s, 172800);
  EXPECT_EQ(terms->start_s, 1772359500);
  EXPECT_EQ(terms->user, "ann");
  EXPECT_THAT(trace->remarks, IsEmpty());
}

TEST(SacctTest, WhatIsNoJobOrNeverRanIsLeftOutAndCounted) {
  const auto trace = Read(absl::StrCat(
      kHeader, "1|COMPLETED|a|2026-01-01T00:00:00Z|2026-01-01T00:00:01Z|2026-01-01T00:00:11Z|10|cpu=1,node=1\n",
      "1.batch|COMPLETED|a|2026-01-01T00:00:00Z|2026-01-01T00:00:01Z|2026-01-01T00:00:11Z|10|cpu=1\n",
      "1.extern|COMPLETED|a|2026-01-01T00:00:00Z|2026-01-01T00:00:01Z|2026-01-01T00:00:11Z|10|cpu=1\n",
      "1.0|COMPLETED|a|2026-01-01T00:00:00Z|2026-01-01T00:00:01Z|2026-01-01T00:00:11Z|10|cpu=1\n",
      "2|CANCELLED by 1000|a|2026-01-01T00:00:00Z|None|2026-01-01T00:00:11Z|0|\n",
      "3_[1-5%2]|PENDING|a|2026-01-01T00:00:00Z|Unknown|Unknown|0|\n",
      "4_1|RUNNING|a|2026-01-01T00:00:00Z|2026-01-01T00:00:05Z|Unknown|95|cpu=1,node=1\n",
      "4_2|TIMEOUT|a|2026-01-01T00:00:00Z|2026-01-01T00:00:05Z|2026-01-01T00:01:05Z|60|cpu=1,node=1\n",
      "5|CANCELLED by 7|a|2026-01-01T00:00:00Z|2026-01-01T00:00:05Z|2026-01-01T00:01:05Z|60|cpu=1,node=1\n",
      "6|NODE_FAIL|a|2026-01-01T00:00:00Z|2026-01-01T00:00:05Z|2026-01-01T00:01:05Z|60|cpu=1,node=1\n",
      "7|FAILED|a|2026-01-01T00:00:00Z|2026-01-01T00:00:05Z|2026-01-01T00:00:05Z|0|cpu=1,node=1\n"));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->bad_rows, 0);
  EXPECT_THAT(Jobs(*trace), ElementsAre("1 1x0", "4_1 1x0", "4_2 1x0", "5 1x0", "6 1x0", "7 1x0"));
  EXPECT_EQ(trace->jobs[1].duration_s, 95) << "as far as it ran";
  EXPECT_THAT(Remarks(*trace),
              ElementsAre("out 3 steps of jobs (.batch, .extern", "out 1 jobs cancelled before they sta",
                          "out 1 jobs still waiting (of an arra", "1 jobs still running, which coun",
                          "1 jobs cut short (PREEMPTED, NOD"));
}

TEST(SacctTest, RunsThatWereQueuedAgainAreOneJobSubmittedAtFirst) {
  const auto trace = Read(absl::StrCat(kHeader, "1|PREEMPTED|a|100|110|120|10|cpu=1,gres/gpu=1,node=1\n",
                                       "1|COMPLETED|a|120|200|500|300|cpu=1,gres/gpu=2,node=1\n",
                                       "2|COMPLETED|a|130|200|300|100|cpu=1,gres/gpu=3,node=1\n"));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_THAT(Jobs(*trace), ElementsAre("1 1x2", "2 1x3"));
  EXPECT_EQ(trace->jobs[0].submit_s, 100);
  EXPECT_EQ(trace->jobs[0].duration_s, 300);
}

TEST(SacctTest, ComponentsOfAHeterogeneousJobStartTogether) {
  const std::string first = "1+0|COMPLETED|a|100|110|210|100|cpu=2,gres/gpu=4,node=2\n";
  const std::string second = "1+1|COMPLETED|a|100|110|260|150|cpu=8,node=1\n";
  for (const std::string& rows : {first + second, first + second + first + second, first + first + second + second}) {
    const auto trace = Read(kHeader + rows + "2|COMPLETED|a|130|200|300|100|cpu=1,gres/gpu=3,node=1\n");
    ASSERT_TRUE(trace.ok()) << trace.status();
    EXPECT_THAT(Jobs(*trace), ElementsAre("1 2x2 1x0", "2 1x3")) << rows;
    EXPECT_EQ(trace->jobs[0].duration_s, 150);
  }
}

TEST(SacctTest, WhatDoesNotDivideGoesToTheFirstNodes) {
  const auto trace = Read(absl::StrCat(kHeader, "1|COMPLETED|a|100|110|210|100|cpu=3,gres/gpu=8,node=3\n"));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_THAT(Jobs(*trace), ElementsAre("1 2x3 1x2"));
}

TEST(SacctTest, OldFormsOfMemoryAndWhatStandsInForTres) {
  struct Case {
    const char* sentence;
    const char* columns;
    const char* values;
    int64_t cpus, memory;  // of a pod
    int32_t pods;
  };
  const Case kCases[] = {
      {"of a node", "AllocTRES|ReqMem", "cpu=8,node=2|4Gn", 4, int64_t{4} << 30, 2},
      {"of a processor", "AllocTRES|ReqMem", "cpu=8,node=2|4Gc", 4, int64_t{16} << 30, 2},
      {"of the job", "AllocTRES|ReqMem", "cpu=8,node=2|4G", 4, int64_t{2} << 30, 2},
      {"TRES before ReqMem", "AllocTRES|ReqMem", "cpu=8,mem=1G,node=1|4G", 8, int64_t{1} << 30, 1},
      {"what was asked for, if nothing was given", "AllocTRES|ReqTRES", "|cpu=4,mem=2G,node=1", 4, int64_t{2} << 30, 1},
      {"columns of their own", "AllocCPUS|AllocNodes|ReqMem", "6|3|3000M", 2, int64_t{1000} << 20, 3},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.sentence);
    const auto trace = Read(absl::StrCat("JobID|State|Account|Submit|Start|ElapsedRaw|", c.columns,
                                         "\n1|COMPLETED|a|100|110|100|", c.values, "\n"));
    ASSERT_TRUE(trace.ok()) << trace.status();
    ASSERT_EQ(trace->jobs.size(), 1u) << FormatProblem(*trace, trace->problems[0]);
    const PodGroup& pods = trace->ShapeOf(trace->jobs[0]).pods[0];
    EXPECT_EQ(pods.count, c.pods);
    EXPECT_EQ(pods.requests.at("cpu").Value(), c.cpus);
    EXPECT_EQ(pods.requests.at("memory").Value(), c.memory);
  }
}

TEST(SacctTest, ParsableEndsEveryLineWithADelimiter) {
  const auto trace = Read("JobID|State|Account|Submit|Start|ElapsedRaw|AllocTRES|\n1|COMPLETED|a|1|2|3|cpu=1|\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_THAT(Jobs(*trace), ElementsAre("1 1x0"));
}

TEST(SacctTest, WithoutAStateWhatStartedRan) {
  const auto trace = Read("JobID|Account|Submit|Start|ElapsedRaw|AllocTRES\n1|a|1|2|3|cpu=1\n2|a|1|Unknown|0|cpu=1\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_THAT(Jobs(*trace), ElementsAre("1 1x0"));
  EXPECT_THAT(Remarks(*trace), ElementsAre("out 1 jobs without a start"));
}

TEST(SacctTest, TimesWithoutAZoneAreSaidToBeUtcUnlessAZoneIsGiven) {
  const std::string text = absl::StrCat(
      kHeader, "1|COMPLETED|a|2026-07-01T12:00:00|2026-07-01T12:00:00|2026-07-01T13:00:00|3600|cpu=1,node=1\n");
  const auto utc = Read(text);
  const auto berlin = Read(text, "Europe/Berlin");
  ASSERT_TRUE(utc.ok() && berlin.ok());
  EXPECT_EQ(utc->jobs[0].submit_s - berlin->jobs[0].submit_s, 7200);
  EXPECT_THAT(Remarks(*utc), ElementsAre("1 times without a zone, read as "));
  EXPECT_THAT(Remarks(*berlin), IsEmpty());
}

TEST(SacctTest, BrokenRowsSayWhy) {
  struct Case {
    const char* row;
    const char* reason;
  };
  const Case kCases[] = {
      {"1|COMPLETED|a|soon|110|210|100|cpu=1", "Submit: \"soon\" is no time"},
      {"1|COMPLETED|a||110|210|100|cpu=1", "Submit: no value"},
      {"1|COMPLETED|a|100|110|210|long|cpu=1", "ElapsedRaw: \"long\" is no number of seconds"},
      {"1|COMPLETED|a|100|110|210|-5|cpu=1", "ElapsedRaw"},
      {"1|COMPLETED|a|100|110|100||cpu=1", "End: before Start"},
      {"1|RUNNING|a|100|110|Unknown||cpu=1", "the job has no end yet"},
      {"1|COMPLETED|a|100|110|210|100|cpu=many", "AllocTRES: cpu: \"many\" is no amount"},
      {"1|COMPLETED|a|100|110|210|100|", "neither AllocTRES nor ReqTRES"},
      {"1|COMPLETED|a|b|100|110|210|100|cpu=1", "the row has 9 fields, the header has 8"},
      {"|COMPLETED|a|100|110|210|100|cpu=1", "JobID is empty"},
      {"1|COMPLETED||100|110|210|100|cpu=1", "the queue is empty"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.row);
    const auto trace = Read(absl::StrCat(kHeader, c.row, "\n9|COMPLETED|a|100|110|210|100|cpu=1\n"));
    ASSERT_TRUE(trace.ok()) << trace.status();
    ASSERT_EQ(trace->bad_rows, 1);
    EXPECT_EQ(trace->problems[0].row, 2);
    EXPECT_THAT(trace->problems[0].reason, HasSubstr(c.reason));
    EXPECT_THAT(Jobs(*trace), ElementsAre("9 1x0"));
  }
}

TEST(SacctTest, AHeaderThatCannotDoIsAnErrorThatSaysWhatToPrint) {
  for (const auto& [text, reason] :
       {std::pair<std::string, std::string>{"JobID    JobName  State\n------ ---- ----\n", "fixed width"},
        {"JobID|State|Start|ElapsedRaw|AllocTRES\n", "no column Submit"},
        {"JobID|State|Submit|ElapsedRaw|AllocTRES\n", "no column Start"},
        {"JobID|State|Submit|Start|AllocTRES\n", "no column ElapsedRaw"},
        {"JobID|State|Submit|Start|ElapsedRaw\n", "no column AllocTRES"},
        {"JobID|State|State|Submit|Start|ElapsedRaw|AllocTRES\n", "\"State\" twice"},
        {"", "no header"}}) {
    const auto trace = Read(text);
    ASSERT_EQ(trace.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(trace.status().message()), HasSubstr(reason));
  }
}

}  // namespace
}  // namespace muster::sim
