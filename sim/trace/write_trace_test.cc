// What is written and read again is the same trace.
#include "sim/trace/write_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Trace> Read(const std::string& text, Format format) {
  std::istringstream in(text);
  ReadTraceOptions options;
  options.keep_record = true;
  return ReadTrace(&in, "t", Mapping::ForFormat(format), options);
}

void ExpectSame(const Trace& a, const Trace& b) {
  ASSERT_EQ(a.jobs.size(), b.jobs.size());
  for (size_t i = 0; i < a.jobs.size(); ++i) {
    const Job &x = a.jobs[i], &y = b.jobs[i];
    SCOPED_TRACE(x.id);
    EXPECT_EQ(x.id, y.id);
    EXPECT_EQ(x.submit_s, y.submit_s);
    EXPECT_EQ(x.duration_s, y.duration_s);
    const JobShape &s = a.ShapeOf(x), &t = b.ShapeOf(y);
    EXPECT_EQ(s.queue, t.queue);
    EXPECT_EQ(s.priority, t.priority);
    EXPECT_EQ(s.priority_class, t.priority_class);
    EXPECT_EQ(s.node_selector, t.node_selector);
    EXPECT_EQ(s.tolerations, t.tolerations);
    EXPECT_EQ(s.topology, t.topology);
    EXPECT_EQ(s.status, t.status);
    EXPECT_EQ(s.manifest, t.manifest);
    ASSERT_EQ(s.pods.size(), t.pods.size());
    for (size_t g = 0; g < s.pods.size(); ++g) {
      EXPECT_EQ(s.pods[g].count, t.pods[g].count);
      EXPECT_EQ(s.pods[g].min_count, t.pods[g].min_count);
      EXPECT_EQ(s.pods[g].requests, t.pods[g].requests);
    }
    const JobTerms none, *p = a.TermsOf(x), *q = b.TermsOf(y);
    const JobTerms &u = p == nullptr ? none : *p, &v = q == nullptr ? none : *q;
    EXPECT_EQ(u.own, v.own);
    EXPECT_EQ(u.estimate_s, v.estimate_s);
    EXPECT_EQ(u.after, v.after);
    EXPECT_EQ(u.think_s, v.think_s);
    EXPECT_EQ(u.deadline_s, v.deadline_s);
    EXPECT_EQ(u.start_s, v.start_s);
    EXPECT_EQ(u.user, v.user);
    EXPECT_EQ(u.group, v.group);
  }
}

void ExpectRoundTrip(const Trace& trace) {
  std::ostringstream out;
  ASSERT_TRUE(WriteTrace(trace, &out).ok());
  const auto again = Read(out.str(), Format::kCsv);
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << out.str();
  ASSERT_EQ(again->bad_rows, 0) << FormatProblem(*again, again->problems[0]) << "\n" << out.str();
  ExpectSame(trace, *again);
}

TEST(WriteTraceTest, ColumnsAreThoseThatSaySomething) {
  const auto trace =
      Read("{\"queue\":\"q\",\"submit_s\":1,\"duration_s\":2,\"request.gpu\":1,\"user\":\"a,b\"}\n", Format::kJsonl);
  ASSERT_TRUE(trace.ok()) << trace.status();
  std::ostringstream out;
  ASSERT_TRUE(WriteTrace(*trace, &out).ok());
  EXPECT_EQ(out.str(), "job_id,queue,submit_s,duration_s,pods,request.gpu,user\nrow-1,q,1,2,1,1,\"a,b\"\n");
}

TEST(WriteTraceTest, WhatOtherFormatsSayIsCarriedThrough) {
  const auto swf = Read(
      "; MaxProcs: 9\n1 10 5 100 4 -1 -1 8 600 -1 1 3 2 -1 1 -1 -1 -1\n"
      "2 20 -1 50 4 -1 -1 -1 -1 -1 0 3 2 -1 1 -1 1 30\n",
      Format::kSwf);
  ASSERT_TRUE(swf.ok()) << swf.status();
  ExpectRoundTrip(*swf);
  const auto sacct = Read(
      "JobID|State|Account|Submit|Start|ElapsedRaw|AllocTRES|User\n"
      "1|FAILED|a|1|2|3|cpu=7,mem=10G,gres/gpu=8,node=3|u\n2+0|COMPLETED|a|1|2|3|cpu=7,node=1|u\n"
      "2+1|COMPLETED|a|1|2|3|gres/gpu=2,node=1|u\n",
      Format::kSacct);
  ASSERT_TRUE(sacct.ok()) << sacct.status();
  ExpectRoundTrip(*sacct);
  const auto own = Read("job_id,submit_s,duration_s,manifest\na,0,10,dir/train.yaml\n", Format::kCsv);
  ASSERT_TRUE(own.ok()) << own.status();
  ExpectRoundTrip(*own);
}

// Made-up traces that use everything there is.
TEST(WriteTraceTest, AnyTraceComesBack) {
  std::mt19937 random(1);
  const auto below = [&random](int n) { return static_cast<int>(random() % n); };
  const char* const kTexts[] = {"", "a", "with space", "comma, \"quote\"", "line\nbreak", "umläut", "=1+2"};
  const auto text = [&] { return std::string(kTexts[below(7)]); };
  for (int round = 0; round < 50; ++round) {
    Trace trace;
    for (int i = 0; i < 20; ++i) {
      Job job;
      JobShape shape;
      job.id = absl::StrCat("j", i, text());
      job.submit_s = i / 2;
      job.duration_s = below(1000);
      shape.queue = absl::StrCat("q", below(3));
      shape.priority = below(5) - 2;
      shape.priority_class = text();
      shape.status = text();
      if (below(2) == 0) shape.node_selector = {{"zone", "x|y"}, {"disk", "ssd"}};
      if (below(2) == 0) shape.topology = below(2) == 0 ? "required=rack" : "unconstrained";
      if (below(2) == 0) shape.tolerations = {{"a.io/b", "Equal", "c", "NoSchedule", {}}, {"", "Exists", "", "", {}}};
      for (int g = 1 + below(3); g > 0; --g) {
        PodGroup& group = shape.pods.emplace_back();
        group.count = 2 + below(5);
        group.min_count = below(2) * (1 + below(group.count - 1));
        if (below(2) == 0) group.requests["cpu"] = api::Quantity::FromMilli(1 + below(5000));
        if (below(2) == 0) group.requests["memory"] = *api::Quantity::Parse(absl::StrCat(1 + below(9), "Gi"));
        group.requests["nvidia.com/gpu"] = *api::Quantity::Parse(below(9) == 0 ? "1e3" : absl::StrCat(1 + below(8)));
      }
      if (below(2) == 0) {
        JobTerms terms;
        terms.estimate_s = below(2000);
        terms.own.time_limit_s = below(2000);
        if (below(2) == 0) terms.own.checkpoint_cost_s = below(2000);
        if (below(2) == 0) terms.own.image_pull_s = below(2000);
        if (below(2) == 0) terms.own.restart_delay_s = below(2000);
        if (below(2) == 0) terms.own.pod_mtbf_s = below(2000);
        if (below(2) == 0) terms.own.backoff_limit = below(10);
        terms.own.checkpoint_interval_s = below(2000);
        if (below(2) == 0) terms.after = {"j1", "j2"};
        terms.think_s = below(3);
        terms.deadline_s = below(2000);
        terms.start_s = below(2000);
        terms.user = text();
        terms.group = text();
        trace.terms.push_back(terms);
        job.terms = static_cast<uint32_t>(trace.terms.size());
      }
      trace.Add(job, shape);
    }
    ExpectRoundTrip(trace);
    if (HasFailure()) return;
  }
}

TEST(WriteTraceTest, WhatCsvCannotCarryIsAnError) {
  for (const std::string& text : {std::string("a\rb"), std::string("a\0b", 3), std::string(70000, 'x')}) {
    Trace trace;
    trace.source = "t";
    JobShape shape;
    shape.queue = "q";
    Job job;
    job.id = text;
    job.row = 7;
    trace.Add(job, shape);
    std::ostringstream out;
    const absl::Status status = WriteTrace(trace, &out);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("t:7: "));
  }
}

}  // namespace
}  // namespace muster::sim
