// The Standard Workload Format: all 18 fields, the header, and rows that never were jobs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "sim/trace/trace.h"

namespace muster::sim {
namespace {

using ::testing::ElementsAre;

absl::StatusOr<Trace> Read(const std::string& text, const std::string& mapping = "") {
  std::istringstream in(text);
  ReadTraceOptions options;
  options.keep_record = true;
  return ReadTrace(
      &in, "t", mapping.empty() ? Mapping::ForFormat(Format::kSwf) : *Mapping::Parse(mapping, Format::kSwf), options);
}

//                       id sub wait run alloc cpu mem req time mem st u g app q part prec think
constexpr char kJob[] = "1 10 5 100 4 -1 -1 8 600 -1 1 3 2 -1 1 -1 -1 -1\n";

TEST(SwfTest, EveryFieldThatAReplayKnowsIsRead) {
  const auto trace = Read(std::string("; MaxProcs: 128\n;  UnixStartTime: 1000 \n; a remark without a value\n;\n") +
                          kJob + "2 20 -1 50 4 -1 -1 -1 -1 -1 0 3 2 -1 1 -1 1 30\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->about, (std::map<std::string, std::string>{{"MaxProcs", "128"}, {"UnixStartTime", "1000"}}));
  ASSERT_EQ(trace->jobs.size(), 2u);
  EXPECT_EQ(trace->ShapeOf(trace->jobs[0]).pods[0].count, 8) << "as requested";
  EXPECT_EQ(trace->ShapeOf(trace->jobs[1]).pods[0].count, 4) << "as given, if no request is known";
  const JobTerms* first = trace->TermsOf(trace->jobs[0]);
  const JobTerms* second = trace->TermsOf(trace->jobs[1]);
  ASSERT_TRUE(first != nullptr && second != nullptr);
  EXPECT_EQ(first->estimate_s, 600);
  EXPECT_EQ(first->own.time_limit_s, 600);
  EXPECT_EQ(first->start_s, 15);
  EXPECT_EQ(first->user, "3");
  EXPECT_EQ(first->group, "2");
  EXPECT_TRUE(first->after.empty());
  EXPECT_EQ(second->estimate_s, std::nullopt);
  EXPECT_EQ(second->own.time_limit_s, std::nullopt);
  EXPECT_EQ(second->start_s, std::nullopt);
  EXPECT_THAT(second->after, ElementsAre("1"));
  EXPECT_EQ(second->think_s, 30);
}

TEST(SwfTest, WhatNeverRanIsLeftOutWithItsReason) {
  const auto trace = Read(std::string(kJob) +
                          "2 20 -1 0 -1 -1 -1 -1 -1 -1 5 3 2 -1 1 -1 -1 -1\n"
                          "3 20 -1 -1 0 -1 -1 8 -1 -1 5 3 2 -1 1 -1 -1 -1\n"
                          "4 20 -1 0 -1 -1 -1 -1 -1 -1 0 3 2 -1 1 -1 -1 -1\n"
                          "5 20 1 7 4 -1 -1 4 -1 -1 3 3 2 -1 1 -1 -1 -1\n"
                          "6 20 1 0 4 -1 -1 4 -1 -1 1 3 2 -1 1 -1 -1 -1\n"
                          "7 20 1 -1 4 -1 -1 4 -1 -1 1 3 2 -1 1 -1 -1 -1\n"
                          "8 20 1 -1 4 -1 -1 4 -1 -1 1 3 2 -1 1 -1 -1 -1\n");
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 2u) << "a job of 0 seconds that had processors is one";
  ASSERT_EQ(trace->remarks.size(), 3u);
  EXPECT_EQ(trace->remarks[0].count, 2) << trace->remarks[0].text;
  EXPECT_EQ(trace->remarks[1].count, 1) << trace->remarks[1].text;
  EXPECT_EQ(trace->remarks[2].count, 1) << trace->remarks[2].text;
  EXPECT_EQ(trace->bad_rows, 2) << "no run time, and nothing says why";
  ASSERT_EQ(trace->problems.size(), 1u) << "one reason, one line";
  EXPECT_EQ(FormatProblem(*trace, trace->problems[0]), "t:7: column run_s: no value (and 1 more rows)");
}

TEST(SwfTest, RowsCanBeChosenByStatus) {
  const std::string rows = std::string(kJob) +
                           "2 20 1 7 4 -1 -1 4 -1 -1 0 3 2 -1 1 -1 -1 -1\n"
                           "3 20 1 7 4 -1 -1 4 -1 -1 5 3 2 -1 1 -1 -1 -1\n";
  const auto only = Read(rows, "onlyStatus: [1, 0]\n");
  ASSERT_TRUE(only.ok()) << only.status();
  EXPECT_EQ(only->jobs.size(), 2u);
  EXPECT_EQ(only->remarks.at(0).count, 1);
  EXPECT_EQ(Read(rows, "skipStatus: [0]\n")->jobs.size(), 2u);
}

TEST(SwfTest, AMappingChangesOnlyWhatItSays) {
  const auto good = Read(kJob,
                         "columns: {queue: user, pods: procs_allocated}\nqueueMap: {\"3\": team}\n"
                         "constantRequests: {gpu: 2}\n");
  ASSERT_TRUE(good.ok()) << good.status();
  const JobShape& shape = good->ShapeOf(good->jobs.at(0));
  EXPECT_EQ(shape.queue, "team");
  EXPECT_EQ(shape.pods[0].count, 4);
  EXPECT_EQ(shape.pods[0].requests.size(), 1u);
  EXPECT_EQ(shape.pods[0].requests.at("gpu").Value(), 2);
}

}  // namespace
}  // namespace muster::sim
