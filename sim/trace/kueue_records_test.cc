// Workloads as kubectl prints them, whole lists and single objects, in both versions of the API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sim/trace/trace.h"
#include "sim/trace/write_trace.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Trace> Read(const std::string& text) {
  std::istringstream in(text);
  ReadTraceOptions options;
  options.keep_record = true;
  return ReadTrace(&in, "t", Mapping::ForFormat(Format::kKueue), options);
}

std::string Condition(const char* type, const char* status, const char* time) {
  return absl::StrCat(R"({"type":")", type, R"(","status":")", status,
                      R"(","reason":"R","message":"","lastTransitionTime":")", time, R"("})");
}

std::string Workload(const std::string& name, const std::string& conditions, const char* version = "v1beta2",
                     const char* more_spec = "") {
  return absl::StrCat(
      R"({"apiVersion":"kueue.x-k8s.io/)", version, R"(","kind":"Workload","metadata":{"name":")", name,
      R"(","namespace":"team","creationTimestamp":"2026-01-01T00:00:00Z","uid":"u-)", name,
      R"("},"spec":{"queueName":"lq","priority":7,)", more_spec,
      R"("podSets":[{"name":"main","count":2,"template":{"spec":{"containers":[{"name":"c","resources":)",
      R"({"requests":{"cpu":"1500m","nvidia.com/gpu":"4"}}}]}}}]},"status":{"conditions":[)", conditions, "]}}");
}

std::string List(const std::vector<std::string>& items) {
  std::string text = "{\n \"apiVersion\": \"v1\",\n \"items\": [";
  for (size_t i = 0; i < items.size(); ++i) absl::StrAppend(&text, i == 0 ? "" : ",", "\n", items[i]);
  return text + "\n ],\n \"kind\": \"List\",\n \"metadata\": {\"resourceVersion\": \"\"}\n}\n";
}

const std::string& Done() {
  static const auto& done = *new std::string(Condition("QuotaReserved", "True", "2026-01-01T00:00:30Z") + "," +
                                             Condition("Admitted", "True", "2026-01-01T00:01:00Z") + "," +
                                             Condition("Finished", "True", "2026-01-01T01:01:00Z"));
  return done;
}

TEST(KueueTest, AWorkloadIsAJobFromItsAdmissionToItsEnd) {
  for (const char* version : {"v1beta1", "v1beta2"}) {
    const auto trace = Read(List({Workload("a", Done(), version)}));
    ASSERT_TRUE(trace.ok()) << trace.status();
    ASSERT_EQ(trace->jobs.size(), 1u) << version;
    const Job& job = trace->jobs[0];
    const JobShape& shape = trace->ShapeOf(job);
    EXPECT_EQ(job.id, "team/a");
    EXPECT_EQ(job.row, 4);
    EXPECT_EQ(job.submit_s, 1767225600);
    EXPECT_EQ(job.duration_s, 3600);
    EXPECT_EQ(trace->TermsOf(job)->start_s, job.submit_s + 60);
    EXPECT_EQ(shape.queue, "team/lq");
    EXPECT_EQ(shape.priority, 7);
    ASSERT_EQ(shape.pods.size(), 1u);
    EXPECT_EQ(shape.pods[0].count, 2);
    EXPECT_EQ(shape.pods[0].requests.at("nvidia.com/gpu").Value(), 4);
    EXPECT_EQ(shape.pods[0].requests.at("cpu").MilliValue(), 1500);
  }
}

TEST(KueueTest, WhatWaitsIsLeftOutWhatRunsCountsUntilTheLastTimeInTheFile) {
  const auto trace = Read(List({Workload("running", Condition("Admitted", "True", "2026-01-01T00:30:00Z")),
                                Workload("waits", Condition("QuotaReserved", "False", "2026-01-01T00:00:30Z")),
                                Workload("failed", Condition("Finished", "True", "2026-01-01T00:00:30Z")),
                                Workload("again", Condition("Admitted", "True", "2026-01-01T00:02:00Z") + "," +
                                                      Condition("Evicted", "False", "2026-01-01T00:02:00Z") + "," +
                                                      Condition("Finished", "True", "2026-01-01T00:03:00Z")),
                                R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[]}})",
                                Workload("done", Done())}));
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 3u);
  EXPECT_EQ(trace->bad_rows, 0);
  EXPECT_EQ(trace->jobs[2].id, "team/running");
  EXPECT_EQ(trace->jobs[2].duration_s, 31 * 60) << "until 01:01";
  int64_t left_out = 0;
  for (const Remark& remark : trace->remarks) left_out += remark.left_out ? remark.count : 0;
  EXPECT_EQ(left_out, 3);
  EXPECT_EQ(trace->remarks.size(), 5u);
}

TEST(KueueTest, ObjectsWithoutAListAndListsOfAKind) {
  EXPECT_EQ(Read(Workload("a", Done()))->jobs.size(), 1u);
  EXPECT_EQ(Read(Workload("a", Done()) + "\n" + Workload("b", Done()))->jobs.size(), 2u);
  EXPECT_EQ(Read("[" + Workload("a", Done()) + "," + Workload("b", Done()) + "]")->jobs.size(), 2u);
  const std::string item =
      absl::StrReplaceAll(Workload("a", Done()), {{R"("apiVersion":"kueue.x-k8s.io/v1beta2","kind":"Workload",)", ""}});
  const auto typed =
      Read(R"({"kind":"WorkloadList","apiVersion":"kueue.x-k8s.io/v1beta2","metadata":{"continue":"abc"},)"
           R"("items":[)" +
           item + "]}");
  ASSERT_TRUE(typed.ok()) << typed.status();
  EXPECT_EQ(typed->jobs.size(), 1u);
  ASSERT_EQ(typed->remarks.size(), 1u);
  EXPECT_THAT(typed->remarks[0].text, HasSubstr("this file is not all there is"));
  EXPECT_TRUE(Read(List({}))->jobs.empty());
}

TEST(KueueTest, PodSetsStayApart) {
  const std::string two = absl::StrReplaceAll(
      Workload("a", Done()),
      {{R"("podSets":[)",
        R"("maximumExecutionTimeSeconds":900,"podSets":[{"name":"leader","count":1,"template":{"spec":{"containers":[{"name":"c",)"
        R"("resources":{"limits":{"cpu":"2"}}}]}},"topologyRequest":{"required":"rack"}},)"},
       {R"("name":"main",)", R"("name":"main","minCount":1,"topologyRequest":{"required":"rack"},)"}});
  const auto trace = Read(List({two}));
  ASSERT_TRUE(trace.ok()) << trace.status();
  ASSERT_EQ(trace->jobs.size(), 1u) << FormatProblem(*trace, trace->problems[0]);
  const JobShape& shape = trace->ShapeOf(trace->jobs[0]);
  ASSERT_EQ(shape.pods.size(), 2u);
  EXPECT_EQ(shape.pods[0].requests.at("cpu").Value(), 2);
  EXPECT_FALSE(shape.pods[0].requests.contains("nvidia.com/gpu"));
  EXPECT_EQ(shape.pods[1].count, 2);
  EXPECT_EQ(shape.pods[1].min_count, 1);
  EXPECT_EQ(shape.pods[0].min_count, 0);
  EXPECT_EQ(shape.topology, "required=rack");
  EXPECT_EQ(trace->TermsOf(trace->jobs[0])->own.time_limit_s, 900);
}

TEST(KueueTest, TolerationsAreKeptOrCounted) {
  const auto with = [](const char* of_pods) {
    return absl::StrReplaceAll(
        Workload("a", Done()),
        {{R"("spec":{"containers")", absl::StrCat(R"("spec":{"tolerations":)", of_pods, R"(,"containers")")}});
  };
  const auto kept = Read(List({with(R"([{"key":"spot","operator":"Exists","effect":"NoSchedule"},)"
                                    R"({"key":"team","value":"a"}])")}));
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_EQ(kept->jobs.size(), 1u);
  const std::vector<api::Toleration> expected = {{"spot", "Exists", "", "NoSchedule", {}},
                                                 {"team", "Equal", "a", "", {}}};
  EXPECT_EQ(kept->ShapeOf(kept->jobs[0]).tolerations, expected);
  EXPECT_TRUE(kept->remarks.empty());
  const auto greater = Read(List({with(R"([{"key":"level","operator":"Gt","value":"5"}])")}));
  ASSERT_TRUE(greater.ok()) << greater.status();
  ASSERT_EQ(greater->remarks.size(), 1u);
  EXPECT_THAT(greater->remarks[0].text, HasSubstr("has no words for"));
  const std::string two = absl::StrReplaceAll(
      with(R"([{"key":"spot","operator":"Exists"}])"),
      {{R"("podSets":[)", R"("podSets":[{"name":"leader","count":1,"template":{"spec":{"containers":[{"name":"c",)"
                          R"("resources":{"requests":{"cpu":"2"}}}]}}},)"}});
  const auto differ = Read(List({two}));
  ASSERT_TRUE(differ.ok()) << differ.status();
  EXPECT_TRUE(differ->ShapeOf(differ->jobs.at(0)).tolerations.empty());
  ASSERT_EQ(differ->remarks.size(), 1u);
  EXPECT_THAT(differ->remarks[0].text, HasSubstr("different tolerations, which are left aside"));
}

TEST(KueueTest, BrokenInput) {
  const std::string list = List({Workload("a", Done()), Workload("b", Done())});
  for (size_t cut : {list.size() - 3, list.size() / 2, size_t{30}}) {
    EXPECT_EQ(Read(list.substr(0, cut)).status().code(), absl::StatusCode::kDataLoss) << cut;
  }
  EXPECT_EQ(Read(list + "and more").status().code(), absl::StatusCode::kDataLoss);
  const std::string text = absl::StrReplaceAll(Workload("b", Done()), {{R"("count":2)", R"("count":"two")"}});
  const auto wrong = Read(List({Workload("a", Done()), text, R"({"no": "kind"})", "{\"kind\": oops}"}));
  ASSERT_TRUE(wrong.ok()) << wrong.status();
  EXPECT_EQ(wrong->jobs.size(), 1u);
  EXPECT_EQ(wrong->bad_rows + static_cast<int64_t>(wrong->remarks.size()), 3);
  const std::string swapped = Condition("Admitted", "True", "2026-01-01T01:01:00Z") + "," +
                              Condition("Finished", "True", "2026-01-01T00:01:00Z");
  EXPECT_THAT(Read(List({Workload("a", swapped)}))->problems.at(0).reason, HasSubstr("Finished before Admitted"));
}

}  // namespace
}  // namespace muster::sim
