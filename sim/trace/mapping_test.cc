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
      "  priorityClass: c8\n  nodeSelector: c9\n  status: c10\n  manifest: c11\n  minPods: d1\n  topology: d2\n"
      "  estimate: d3\n  deadline: d4\n  after: d5\n  think: d6\n  checkpoint: d7\n  timeLimit: e1\n  checkpointCost: "
      "e2\n  restartDelay: e3\n"
      "  imagePull: e4\n  podMTBF: e5\n  backoffLimit: e6\n  tolerations: e7\n  start: d8\n  user: d9\n  group: "
      "d10|d11\n"
      "requests: {cpu: c12, memory: c13}\n"
      "constantRequests: {disk: 1500m}\n"
      "resource: tpu\n"
      "gpusPerPod: 4\n"
      "queue: fallback\n"
      "topology: preferred=block\n"
      "ignoreRequests: [memory]\n"
      "onlyStatus: [ok]\n"
      "skipStatus: [bad, worse]\n"
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
  EXPECT_EQ(m->min_pods, "d1");
  EXPECT_EQ(m->topology_column, "d2");
  EXPECT_EQ(m->estimate, "d3");
  EXPECT_EQ(m->deadline, "d4");
  EXPECT_EQ(m->after, "d5");
  EXPECT_EQ(m->think, "d6");
  EXPECT_EQ(m->checkpoint, "d7");
  EXPECT_EQ(m->time_limit, "e1");
  EXPECT_EQ(m->checkpoint_cost, "e2");
  EXPECT_EQ(m->restart_delay, "e3");
  EXPECT_EQ(m->image_pull, "e4");
  EXPECT_EQ(m->pod_mtbf, "e5");
  EXPECT_EQ(m->backoff_limit, "e6");
  EXPECT_EQ(m->tolerations, "e7");
  EXPECT_EQ(m->start, "d8");
  EXPECT_EQ(m->user, "d9");
  EXPECT_EQ(m->group, "d10|d11");
  EXPECT_EQ(m->topology, "preferred=block");
  EXPECT_EQ(m->ignored_requests, (std::set<std::string>{"memory"}));
  EXPECT_EQ(m->only_status, (std::set<std::string>{"ok"}));
  EXPECT_EQ(m->skip_status, (std::set<std::string>{"bad", "worse"}));
  EXPECT_EQ(m->named.size(), 31u) << "every column, each of several by itself";
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
      {"format: xml", "line 2: format \"xml\" is not known; there are csv, jsonl, swf, sacct, kueue, philly or openb"},
      {"format: [csv]", "line 2: format has to be a single value"},
      {"gpusPerPod: 0", "line 2: gpusPerPod has to be a whole number from 1 to 1000000"},
      {"gpusPerPod: 1000001", "line 2: gpusPerPod has to be"},
      {"gpusPerPod: many", "line 2: gpusPerPod has to be"},
      {"gpuPerPod: 1", "line 2: gpuPerPod is not known; is gpusPerPod meant?"},
      {"colums: {id: i}", "line 2: colums is not known; is columns meant?"},
      {"colour: red", "line 2: colour is not known; there are format, columns"},
      {"columns: {prio: p}", "line 2: columns.prio is not known; is priority meant?"},
      {"columns: {id: a, id: b}", "line 2: columns.id comes twice"},
      {"queue: y", "line 2: queue comes twice"},
      {"topology: rack", "line 2: a topology is required=LEVEL"},
      {"topology: required=", "line 2: a topology is required=LEVEL"},
      {"order: longest-first", "line 2: order has to be submit or shortest-first"},
      {"onlyStatus: ok", "line 2: onlyStatus has to be a list"},
      {"skipStatus: [[a]]", "line 2: an entry of skipStatus has to be text"},
      {"constantRequests: {cpu: -1}", "line 2: constantRequests.cpu is negative"},
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
      {"a.csv", Format::kCsv},        {"a.csv.gz", Format::kCsv},  {"a.jsonl", Format::kJsonl},
      {"a.jsonl.xz", Format::kJsonl}, {"a.swf", Format::kSwf},     {"a.swf.gz", Format::kSwf},
      {"a.txt", Format::kCsv},        {"jsonl", Format::kCsv},     {"a.swf.txt", Format::kCsv},
      {"a.swf.gz.xz", Format::kCsv},  {"a.swf.zst", Format::kSwf},
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

TEST(Mapping, StartsFromWhatTheFormatMeans) {
  const auto sacct = Mapping::Parse("format: sacct\nqueueMap: {\"*\": all}\n");
  ASSERT_TRUE(sacct.ok()) << sacct.status();
  EXPECT_EQ(sacct->queue_column, "account|partition|qos");
  EXPECT_EQ(sacct->request_prefix, "request.");
  EXPECT_TRUE(sacct->named.empty()) << "the format's own columns need not be there";
  const auto otherwise = Mapping::Parse("columns: {queue: Partition}\n", Format::kSacct);
  ASSERT_TRUE(otherwise.ok()) << otherwise.status();
  EXPECT_EQ(otherwise->queue_column, "Partition");
  EXPECT_EQ(otherwise->duration, "duration_s");
  const auto swf = Mapping::Parse("columns: {gpus: procs_requested}\n", Format::kSwf);
  ASSERT_TRUE(swf.ok()) << swf.status();
  EXPECT_EQ(swf->pods, "") << "who says how pods are counted says all of it";
  EXPECT_TRUE(swf->constant_requests.empty());
}

TEST(Mapping, ShortestFirstIsTheNegativeOfTheDuration) {
  EXPECT_EQ(Mapping::Parse(std::string(kLeast) + "order: shortest-first")->priority, "-d");
  EXPECT_EQ(Mapping::Parse(std::string(kLeast) + "order: submit")->priority, "");
  EXPECT_EQ(Mapping::Parse("order: shortest-first", Format::kPhilly)->priority, "-duration");
  const auto both =
      Mapping::Parse("columns: {submit: s, duration: d, queue: q, gpus: g, priority: p}\norder: shortest-first");
  EXPECT_NE(std::string(both.status().message()).find("leave out one"), std::string::npos);
}

}  // namespace
}  // namespace muster::sim
