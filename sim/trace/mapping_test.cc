// Mapping files: what every field sets, what stands in where nothing is said, and where mistakes are.
#include "sim/trace/mapping.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace muster::sim {
namespace {

// A mapping that says the least there is to say.
constexpr char kLeast[] = "columns: {submit: s, duration: d, queue: q, gpus: g}\n";

TEST(Mapping, EveryFieldSetsWhatItNames) {
  const auto m = Mapping::Parse(
      "format: jsonl\n"
      "columns:\n"
      "  id: c1\n  queue: c2\n  submit: c3\n  duration: c4\n  gpus: c5\n  pods: c6\n  priority: c7\n"
      "  priorityClass: c8\n  nodeSelector: c9\n  status: c10\n  manifest: c11\n"
      "requests: {cpu: c12, memory: c13}\n"
      "constantRequests: {disk: 1500m}\n"
      "resource: tpu\n"
      "gpusPerPod: 4\n"
      "queue: fallback\n"
      "queueMap: {a: team-a, b: team-b}\n"
      "priorityMap: {high: 100, low: -5}\n");
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_EQ(m->format, Format::kJsonl);
  EXPECT_EQ(m->id, "c1");
  EXPECT_EQ(m->queue_column, "c2");
  EXPECT_EQ(m->submit, "c3");
  EXPECT_EQ(m->duration, "c4");
  EXPECT_EQ(m->gpus, "c5");
  EXPECT_EQ(m->pods, "c6");
  EXPECT_EQ(m->priority, "c7");
  EXPECT_EQ(m->priority_class, "c8");
  EXPECT_EQ(m->node_selector, "c9");
  EXPECT_EQ(m->status, "c10");
  EXPECT_EQ(m->manifest, "c11");
  EXPECT_EQ(m->requests, (std::map<std::string, std::string>{{"cpu", "c12"}, {"memory", "c13"}}));
  EXPECT_EQ(m->constant_requests.at("disk").MilliValue(), 1500);
  EXPECT_EQ(m->resource, "tpu");
  EXPECT_EQ(m->gpus_per_pod, 4);
  EXPECT_EQ(m->queue, "fallback");
  EXPECT_EQ(m->queue_map, (std::map<std::string, std::string>{{"a", "team-a"}, {"b", "team-b"}}));
  EXPECT_EQ(m->priority_map, (std::map<std::string, int32_t>{{"high", 100}, {"low", -5}}));
  EXPECT_EQ(m->request_prefix, "");
}

TEST(Mapping, WhatIsNotSaidIsAsDocumented) {
  const auto m = Mapping::Parse(kLeast);
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_EQ(m->format, Format::kCsv);
  EXPECT_EQ(m->resource, "nvidia.com/gpu");
  EXPECT_EQ(m->gpus_per_pod, 8);
  EXPECT_EQ(m->queue, "");
  EXPECT_EQ(m->id, "");
}

TEST(Mapping, HasToSayWhenHowLongWhereAndHowMuch) {
  struct Case {
    const char* about;
    const char* yaml;
    const char* problem;  // null: none
  };
  const Case kCases[] = {
      {"the least", kLeast, nullptr},
      {"no submit", "columns: {duration: d, queue: q, gpus: g}", "columns.submit and columns.duration"},
      {"no duration", "columns: {submit: s, queue: q, gpus: g}", "columns.submit and columns.duration"},
      {"no queue", "columns: {submit: s, duration: d, gpus: g}", "columns.queue"},
      {"one queue for all", "columns: {submit: s, duration: d, gpus: g}\nqueue: x", nullptr},
      {"the queue is in the manifest", "columns: {submit: s, duration: d, manifest: m}", nullptr},
      {"nothing is asked for", "columns: {submit: s, duration: d, queue: q}", "columns.gpus"},
      {"a number of pods alone asks for nothing", "columns: {submit: s, duration: d, queue: q, pods: p}",
       "columns.gpus"},
      {"requests by column", "columns: {submit: s, duration: d, queue: q}\nrequests: {cpu: c}", nullptr},
      {"constant requests", "columns: {submit: s, duration: d, queue: q}\nconstantRequests: {cpu: 1}", nullptr},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    const auto m = Mapping::Parse(c.yaml);
    ASSERT_EQ(m.ok(), c.problem == nullptr) << m.status();
    if (c.problem != nullptr) {
      EXPECT_NE(std::string(m.status().message()).find(c.problem), std::string::npos) << m.status();
    }
  }
}

TEST(Mapping, MistakesNameTheLineAndTheField) {
  const std::pair<const char*, const char*> kCases[] = {
      {"format: xml", "line 2: format has to be csv, jsonl or swf"},
      {"format: [csv]", "line 2: format has to be a single value"},
      {"gpusPerPod: 0", "line 2: gpusPerPod has to be a whole number from 1 to 1000000"},
      {"gpusPerPod: 1000001", "line 2: gpusPerPod has to be"},
      {"gpusPerPod: many", "line 2: gpusPerPod has to be"},
      {"gpuPerPod: 1", "line 2: gpuPerPod is not known"},
      {"requests: cpu", "line 2: requests has to be a map"},
      {"requests: {cpu: [a]}", "line 2: an entry of requests has to be NAME: VALUE"},
      {"requests: {[a]: cpu}", "line 2: an entry of requests has to be NAME: VALUE"},
      {"priorityMap: {high: top}", "line 2: priorityMap.high has to be a whole number"},
      {"priorityMap: {high: 99999999999}", "line 2: priorityMap.high has to be a whole number"},
      {"constantRequests: {cpu: much}", "line 2: "},
      {"columns: {submitted: s}", "line 2: columns.submitted is not known"},
      {"columns: s", "line 2: columns has to be a map"},
      {"[a]: b", "line 2: a field name has to be text"},
      {"a: [", "mapping, line "},
  };
  for (const auto& [line, problem] : kCases) {
    const auto m = Mapping::Parse(std::string("queue: x\n") + line);
    ASSERT_FALSE(m.ok()) << line;
    EXPECT_NE(std::string(m.status().message()).find(problem), std::string::npos) << line << ": " << m.status();
  }
  EXPECT_FALSE(Mapping::Parse("7").ok());
  EXPECT_FALSE(Mapping::Parse("").ok());
  EXPECT_TRUE(Mapping::Parse(std::string(kLeast) + "gpusPerPod: 1").ok());
  EXPECT_TRUE(Mapping::Parse(std::string(kLeast) + "gpusPerPod: 1000000").ok());
}

TEST(Mapping, FollowsTheNameOfTheFile) {
  const std::pair<const char*, Format> kCases[] = {
      {"a.csv", Format::kCsv},        {"a.csv.gz", Format::kCsv}, {"a.jsonl", Format::kJsonl},
      {"a.jsonl.xz", Format::kJsonl}, {"a.swf", Format::kSwf},    {"a.swf.gz", Format::kSwf},
      {"a.txt", Format::kCsv},        {"jsonl", Format::kCsv},    {"a.swf.txt", Format::kCsv},
      {"a.swf.gz.xz", Format::kCsv},
  };
  for (const auto& [path, format] : kCases) {
    const Mapping m = Mapping::ForFile(path);
    EXPECT_EQ(m.format, format) << path;
    EXPECT_EQ(m.id, "job_id");
    EXPECT_EQ(m.submit, "submit_s");
    const bool swf = format == Format::kSwf;
    EXPECT_EQ(m.duration, swf ? "run_s" : "duration_s");
    EXPECT_EQ(m.pods, swf ? "procs_requested|procs_allocated" : "pods");
    EXPECT_EQ(m.queue, swf ? "default" : "");
    EXPECT_EQ(m.queue_column, swf ? "" : "queue");
    EXPECT_EQ(m.request_prefix, swf ? "" : "request.");
    EXPECT_EQ(m.constant_requests.size(), swf ? 1u : 0u);
    EXPECT_EQ(m.status, "status");
    EXPECT_EQ(m.manifest, swf ? "" : "manifest");
    EXPECT_EQ(m.priority_class, swf ? "" : "priority_class");
    EXPECT_EQ(m.node_selector, swf ? "" : "node_selector");
    EXPECT_EQ(m.priority, swf ? "" : "priority");
  }
}

}  // namespace
}  // namespace muster::sim
