#include "sim/report/report.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace muster::sim {
namespace {

// Quotas of 8 gpus for each of the queues "a" and "b,c".
ReplayPolicy Policy() {
  std::vector<api::Object> objects;
  for (const char* name : {"a", "b,c"}) {
    api::ClusterQueue queue;
    queue.metadata.name = name;
    queue.queueing_strategy = "StrictFIFO";
    queue.namespace_selector.emplace();
    queue.resource_groups = {{{"gpu"}, {{"f", {{"gpu", api::Quantity::FromValue(8), {}, {}}}}}}};
    objects.push_back(queue);
  }
  api::ResourceFlavor flavor;
  flavor.metadata.name = "f";
  objects.push_back(flavor);
  return *MakePolicy(objects);
}

Trace Jobs() {
  Trace trace;
  trace.source = "folder/jobs.csv";
  const auto add = [&trace](const std::string& id, int64_t submit_s, const std::string& queue, int64_t gpus) {
    JobShape shape;
    shape.queue = queue;
    shape.pods = SplitIntoPods(gpus, 8, "gpu");
    trace.Add({.id = id, .submit_s = submit_s, .duration_s = 10}, std::move(shape));
  };
  add("first", 0, "a", 8);
  add("say \"hi\"", 3, "b,c", 8);
  add("waits", 4, "a", 1);
  add("too large", 5, "a", 9);
  return trace;
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(ReportTest, TheSameReplayGivesTheSameReport) {
  const Trace trace = Jobs();
  EXPECT_EQ(FormatSummary(trace, *Simulate(trace, Policy(), {}, {})),
            FormatSummary(trace, *Simulate(trace, Policy(), {}, {})));
}

TEST(ReportTest, TheTableWritesBytesInBinaryUnitsAndAllElseInFull) {
  struct Case {
    std::string resource;
    double nominal, hours;
    std::string nominal_text, hours_text;
  };
  const Case cases[] = {
      {"nvidia.com/gpu", 2816, 1924378.2, " 2816 ", " 1924378 "},             // a month of a large cluster
      {"memory", 8.0 * (1 << 30), 3.0 * (1 << 30), " 8Gi ", " 3Gi "},         // Kueue's own unit
      {"example.com/gpu-memory", 1536.0 * (1 << 20), 12, " 1.5Gi ", " 12 "},  // what a transformation makes
      {"hugepages-2Mi", 2.0 * (1 << 20), 0.6, " 2Mi ", " 1 "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.resource);
    Metrics metrics;
    metrics.resource = c.resource;
    metrics.total.nominal = c.nominal;
    metrics.total.amount_hours = c.hours;
    const std::string table = FormatTable(metrics);
    EXPECT_NE(table.find(c.nominal_text), std::string::npos) << table;
    EXPECT_NE(table.find(c.hours_text), std::string::npos) << table;
  }
}

TEST(ReportTest, JobsCsvHasARowPerJobAndNothingWhereNothingHappened) {
  const std::string dir = ::testing::TempDir() + "/report";
  const Trace trace = Jobs();
  ASSERT_TRUE(WriteReport(dir, trace, *Simulate(trace, Policy(), {}, {})).ok());
  EXPECT_EQ(Read(dir + "/jobs.csv"),
            "job_id,queue,cluster_queue,submit_s,first_start_s,finish_s,wait_s,duration_s,amount,preemptions\n"
            "first,a,a,0,0,10,0,10,8,0\n"
            "\"say \"\"hi\"\"\",\"b,c\",\"b,c\",3,3,13,0,10,8,0\n"
            "waits,a,a,4,10,20,6,10,1,0\n"
            "too large,a,a,5,,,,10,9,0\n");
}

TEST(ReportTest, DecisionsAreOneJsonObjectALine) {
  const std::string dir = ::testing::TempDir() + "/decisions";
  const Trace trace = Jobs();
  absl::StatusOr<DecisionLog> log = DecisionLog::Open(dir, &trace);
  ASSERT_TRUE(log.ok()) << log.status();
  SimulationHooks hooks;
  hooks.observers.push_back(&*log);
  ASSERT_TRUE(Simulate(trace, Policy(), {}, hooks).ok());
  ASSERT_TRUE(log->Close().ok());
  const std::string text = Read(dir + "/decisions.jsonl");
  EXPECT_EQ(text.substr(0, text.find('\n')),
            R"({"t":0,"cycle":1,"job":"first","queue":"a","outcome":"admit","borrows":false,)"
            R"("flavors":[{"pods":1,"gpu":"f"}]})");
  EXPECT_NE(text.find(R"("job":"say \"hi\"","queue":"b,c")"), std::string::npos) << text;
}

}  // namespace
}  // namespace muster::sim
