#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sim/report/report.h"
#include "sim/report/run_log.h"

namespace muster::sim {
namespace {

api::ClusterQueue Queue() {
  api::ClusterQueue cq;
  cq.metadata.name = "q";
  cq.queueing_strategy = "StrictFIFO";
  cq.namespace_selector.emplace();
  cq.resource_groups = {
      {{"gpu", "pods"},
       {{"f", {{"gpu", api::Quantity::FromValue(8), {}, {}}, {"pods", api::Quantity::FromValue(9), {}, {}}}}}}};
  return cq;
}

Trace Jobs() {
  Trace trace;
  for (int64_t i = 0; i < 4; ++i) {
    JobShape shape;
    shape.queue = "q";
    shape.pods = {{2, {{"gpu", api::Quantity::FromValue(4)}}}};
    trace.Add({.id = "job \"" + std::to_string(i) + "\", first", .submit_s = i, .duration_s = 10}, std::move(shape));
  }
  return trace;
}

std::string Read(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Parses, and fails for a key that comes twice in one object.
void ParseStrictly(const std::string& line) {
  std::vector<std::set<std::string>> keys;
  const auto json = nlohmann::json::parse(line, [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::object_start) keys.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end) keys.pop_back();
    if (event == nlohmann::json::parse_event_t::key) {
      EXPECT_TRUE(keys.back().insert(value.get<std::string>()).second) << line;
    }
    return true;
  });
  EXPECT_TRUE(json.is_object()) << line;
}

TEST(LogsTest, DecisionsNameEveryJobAndHaveNoKeyTwice) {
  const std::string dir = testing::TempDir() + "/logs";
  const Trace trace = Jobs();
  api::ResourceFlavor flavor;
  flavor.metadata.name = "f";
  auto decisions = DecisionLog::Open(dir, &trace);
  auto runs = RunLog::Open(dir, &trace);
  ASSERT_TRUE(decisions.ok() && runs.ok());
  SimulationHooks hooks;
  hooks.observers = {&*decisions, &*runs};
  const auto result =
      Simulate(trace, *MakePolicy(std::vector<api::Object>{flavor, Queue()}), {.resource = "gpu"}, hooks);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(decisions->Close().ok() && runs->Close().ok());
  std::istringstream lines(Read(dir + "/decisions.jsonl"));
  std::set<std::string> named;
  std::string behind;
  for (std::string line; std::getline(lines, line);) {
    ParseStrictly(line);
    const auto json = nlohmann::json::parse(line);
    named.insert(json["job"].get<std::string>());
    if (json["outcome"] == "admit") {
      EXPECT_EQ(json["flavors"][0], (nlohmann::json{{"pods", 2}, {"gpu", "f"}, {"pods_flavor", "f"}}));
    }
    if (json.contains("behind"))
      behind += json["job"].get<std::string>() + " behind " + json["behind"].get<std::string>() + "; ";
  }
  EXPECT_EQ(named.size(), 4u);
  EXPECT_EQ(behind, "job \"2\", first behind job \"1\", first; job \"3\", first behind job \"1\", first; ");
  EXPECT_EQ(Read(dir + "/runs.csv"),
            "job_id,run,start_s,stop_s,cause,by,amount,flavors,hosts,lost_s,overhead_s\n"
            "\"job \"\"0\"\", first\",1,0,10,Finished,,8,f:8,,0,0\n"
            "\"job \"\"1\"\", first\",1,10,20,Finished,,8,f:8,,0,0\n"
            "\"job \"\"2\"\", first\",1,20,30,Finished,,8,f:8,,0,0\n"
            "\"job \"\"3\"\", first\",1,30,40,Finished,,8,f:8,,0,0\n");
}

}  // namespace
}  // namespace muster::sim
