#include "sim/trace/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace muster::sim {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

Trace Read(const std::string& text) {
  std::istringstream in(text);
  ReadTraceOptions options;
  options.keep_record = true;
  return *ReadTrace(&in, "t", Mapping::ForFormat(Format::kCsv), options);
}

constexpr char kTrace[] =
    "job_id,queue,submit_s,duration_s,pods,request.cpu,request.nvidia.com/gpu,start_s,user,estimate_s,after,status,"
    "time_limit_s\n"
    "a,red,0,100,2,1,4,10,ann,50,,ok,50\n"
    "b,blue,50,100,1,2,1,50,bob,200,lost,ok,60\n"
    "c,red,100,0,1,2,,,ann,,,failed,\n";

TEST(InspectTest, CountsWhatIsThere) {
  InspectOptions options;
  options.capacity = {{"nvidia.com/gpu", 8}};
  options.points = 3;
  const Inspection in = Inspect(Read(kTrace), options);
  EXPECT_EQ(in.resource, "nvidia.com/gpu");
  EXPECT_EQ(in.jobs, 3);
  EXPECT_EQ(in.users, 2);
  EXPECT_EQ(in.first_submit_s, 0);
  EXPECT_EQ(in.last_submit_s, 100);
  EXPECT_EQ(in.last_end_s, 150);
  EXPECT_EQ(in.duration.p50, 100);
  EXPECT_EQ(in.recorded_wait.count, 2);
  EXPECT_EQ(in.recorded_wait.max, 10);
  ASSERT_EQ(in.resources.size(), 2u);
  EXPECT_EQ(in.resources[0].name, "cpu");
  EXPECT_EQ(in.resources[1].jobs, 2);
  EXPECT_EQ(in.resources[1].largest, 8);
  EXPECT_DOUBLE_EQ(in.resources[1].hours, (8 * 100 + 100) / 3600.0);
  ASSERT_EQ(in.queues.size(), 2u);
  EXPECT_EQ(in.queues[0].name, "red");
  EXPECT_EQ(in.queues[0].jobs, 2);
  EXPECT_EQ(in.sizes.size(), 3u);
  EXPECT_EQ(in.statuses.at("ok"), 2);
  EXPECT_THAT(in.oddities, Contains(HasSubstr("1 job of 0 seconds")));
  EXPECT_THAT(in.oddities, Contains(HasSubstr("1 job that ran longer than their estimate")));
  EXPECT_THAT(in.oddities, Contains(HasSubstr("1 job that ran longer than their time limit"))) << "a is counted once";
  EXPECT_THAT(in.oddities, Contains(HasSubstr("1 references (after)")));
  EXPECT_THAT(in.missing, Contains(HasSubstr("priorities")));
  EXPECT_THAT(in.missing, Not(Contains(HasSubstr("users"))));
}

// The load, second by second, without any cleverness.
TEST(InspectTest, LoadIsThatOfEveryJobRunningAtOnce) {
  std::string text = "queue,submit_s,duration_s,request.nvidia.com/gpu\n";
  std::vector<double> level(400);
  uint32_t seed = 7;
  for (int i = 0; i < 60; ++i) {
    const auto next = [&seed](uint32_t n) { return (seed = seed * 1664525u + 1013904223u) / 65536 % n; };
    const int submit = i == 0 ? 0 : static_cast<int>(next(200));
    const int duration = static_cast<int>(next(100)), gpus = 1 + static_cast<int>(next(8));
    text += "q," + std::to_string(submit) + "," + std::to_string(duration) + "," + std::to_string(gpus) + "\n";
    for (int t = submit; t < submit + duration; ++t) level[t] += gpus;
  }
  InspectOptions options;
  options.points = 7;
  const Inspection in = Inspect(Read(text), options);
  ASSERT_EQ(in.load.size(), 7u);
  int64_t at = 0, jobs = 0;
  for (const LoadPoint& point : in.load) {
    EXPECT_EQ(point.begin_s, at);
    double sum = 0, peak = 0;
    for (; at < point.end_s; ++at) {
      sum += level[at];
      peak = std::max(peak, level[at]);
    }
    EXPECT_NEAR(point.mean, sum / static_cast<double>(point.end_s - point.begin_s), 1e-9);
    EXPECT_EQ(point.peak, peak);
    jobs += point.submitted;
  }
  EXPECT_EQ(at, in.last_end_s);
  EXPECT_EQ(jobs, 60);
}

TEST(InspectTest, TextAndJsonSayTheSame) {
  InspectOptions options;
  options.capacity = {{"nvidia.com/gpu", 4}};
  Inspection in = Inspect(Read(kTrace), options);
  in.format = "CSV";
  const std::string text = InspectionText(in);
  for (const char* part :
       {"t: 3 jobs, read as CSV", "Submitted from 0 s to 100 s", "recorded wait in s", "red", "of capacity",
        "Statuses: failed 1, ok 2", "the largest job asks for more nvidia.com/gpu than there is"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  const nlohmann::json json = nlohmann::json::parse(InspectionJson(in));
  EXPECT_EQ(json["jobs"], 3);
  EXPECT_EQ(json["resources"][0]["capacity"], nullptr);
  EXPECT_EQ(json["resources"][1]["capacity"], 4);
  EXPECT_EQ(json["queues"][0]["name"], "red");
  EXPECT_EQ(json["load"].size(), 24u);
}

TEST(InspectTest, NothingAndNothingOfTheResource) {
  EXPECT_THAT(InspectionText(Inspect(Trace(), {})), HasSubstr("0 jobs"));
  InspectOptions gpus;
  gpus.resource = "gpu";
  const Inspection in = Inspect(Read("queue,submit_s,duration_s,request.cpu\nq,5,0,1\n"), gpus);
  EXPECT_EQ(in.load.size(), 1u);
  EXPECT_EQ(in.queues[0].hours, 0);
  EXPECT_THAT(InspectionText(in), HasSubstr("1 job,"));
}

}  // namespace
}  // namespace muster::sim
