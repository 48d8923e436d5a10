#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "manager/jobs/reconcile.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kElastic[] = "kueue.x-k8s.io/elastic-job: 'true'";

struct Slice {
  const char* name;
  int count;
  const char* conditions;
  const char* replaces = "";
};

JobWorld Make(const char* job, const std::vector<Slice>& slices) {
  ManagerOptions options = JobWorld::AllFrameworks();
  options.pods_ready.reset();
  JobWorld world(options);
  json change = FromYaml(job);
  change["metadata"]["annotations"]["kueue.x-k8s.io/elastic-job"] = "true";
  world.Add(kBatchJob, change.dump());
  int second = 0;
  for (const Slice& slice : slices) {
    std::string annotations = kElastic;
    if (std::string(slice.replaces) != "") {
      absl::StrAppend(&annotations, ", kueue.x-k8s.io/workload-slice-replacement-for: g/", slice.replaces,
                      ", kueue.x-k8s.io/workload-slice-name: first");
    }
    world.Add(kWorkload,
              absl::StrCat(
                  "{metadata: {name: ", slice.name, ", uid: ", slice.name, ", creationTimestamp: '2026-01-01T00:00:0",
                  second++, "Z', annotations: {", annotations, "}}, spec: {podSets: [{name: main, count: ", slice.count,
                  ", template: {spec: {containers: [{name: c, image: x, resources: {requests: {cpu: 1}}}]}}}]}}"),
              slice.conditions);
  }
  return world;
}

std::string Requests(const Plan& plan) {
  std::string text;
  for (const Step& step : plan.steps) {
    absl::StrAppend(&text, Summary(step.request), "\n");
    for (const EventNote& event : step.events) absl::StrAppend(&text, "+ ", event.reason, "\n");
  }
  if (!plan.error.ok()) absl::StrAppend(&text, "error: ", std::string(plan.error.message()), "\n");
  return text;
}

Plan Reconcile(const JobWorld& world) {
  return ReconcileJob(world.get(), *api::FindJobKind("batch", "Job"), "g", "a", TestNow());
}

TEST(Slices, AJobThatGrowsAndShrinks) {
  constexpr char kRuns[] = "{spec: {suspend: false}, status: {active: 2}}";
  constexpr char kGrew[] = "{spec: {suspend: false, parallelism: 3, completions: 3}, status: {active: 2}}";
  constexpr char kShrank[] = "{spec: {suspend: false, parallelism: 1}, status: {active: 2}}";
  const struct {
    const char* why;
    const char* job;
    std::vector<Slice> slices;
    const char* want;
  } kCases[] = {
      {"as large as its slice", kRuns, {{"a1", 2, "QuotaReserved Admitted"}}, ""},
      {"it runs though it is not admitted: its pods are gated", kRuns, {{"a1", 2, "!QuotaReserved"}}, ""},
      {"it grew: another slice",
       kGrew,
       {{"a1", 2, "QuotaReserved Admitted"}},
       "POST workloads g/\n+ CreatedWorkload\n"},
      {"it grew before it got quota: the same slice", kGrew, {{"a1", 2, "!QuotaReserved"}}, "PUT workloads g/a1\n"},
      {"it shrank: the same slice", kShrank, {{"a1", 2, "QuotaReserved Admitted"}}, "PUT workloads g/a1\n"},
      {"it waits for the larger one",
       kGrew,
       {{"a1", 2, "QuotaReserved Admitted"}, {"a2", 3, "!QuotaReserved", "a1"}},
       ""},
      {"it grew further: the one that waits grows too",
       kGrew,
       {{"a1", 1, "QuotaReserved Admitted"}, {"a2", 2, "!QuotaReserved", "a1"}},
       "PUT workloads g/a2\n"},
      {"the larger one is admitted: the first is done",
       kGrew,
       {{"a1", 2, "QuotaReserved Admitted"}, {"a2", 3, "QuotaReserved Admitted", "a1"}},
       "PATCH workloads/status g/a1 (apply kueue-admission, forced)\n"},
      {"one that is evicted and was replaced is done",
       kGrew,
       {{"a1", 2, "QuotaReserved Evicted"}, {"a2", 3, "!QuotaReserved", "a1"}},
       "PATCH workloads/status g/a1 (apply kueue-admission, forced)\n"},
  };
  for (const auto& c : kCases) {
    const JobWorld world = Make(c.job, c.slices);
    EXPECT_EQ(Requests(Reconcile(world)), c.want) << c.why;
  }
}

TEST(Slices, ANewOneNamesTheChain) {
  const Plan first = Reconcile(Make("{}", {}));
  ASSERT_EQ(first.steps.size(), 1u);
  const json& one = first.steps[0].request.body["metadata"];
  EXPECT_EQ(one["annotations"]["kueue.x-k8s.io/workload-slice-name"], one["name"]);
  EXPECT_FALSE(one["annotations"].contains("kueue.x-k8s.io/workload-slice-replacement-for"));

  const Plan next =
      Reconcile(Make("{metadata: {generation: 2}, spec: {suspend: false, parallelism: 3, completions: 3}}",
                     {{"a1", 2, "QuotaReserved Admitted", "a0"}}));
  ASSERT_EQ(next.steps.size(), 1u) << TextOf(next);
  const json& two = next.steps[0].request.body["metadata"];
  EXPECT_EQ(two["annotations"]["kueue.x-k8s.io/workload-slice-name"], "first");
  EXPECT_EQ(two["annotations"]["kueue.x-k8s.io/workload-slice-replacement-for"], "g/a1");
  EXPECT_NE(two["name"], one["name"]) << "by the generation of the job";
  EXPECT_THAT(std::string(two["name"]), testing::MatchesRegex("job-a-[0-9a-f]{5}"));
}

TEST(Slices, ReasonsOfThoseThatAreDone) {
  const Plan plan = Reconcile(Make(
      "{spec: {suspend: false}}",
      {{"a1", 2, "QuotaReserved Admitted"}, {"a2", 2, "!QuotaReserved"}, {"a3", 2, "QuotaReserved Admitted", "a1"}}));
  ASSERT_EQ(plan.steps.size(), 2u) << TextOf(plan);
  EXPECT_THAT(plan.steps[0].request.body.dump(), testing::HasSubstr("Replaced to accommodate a new workload slice"));
  EXPECT_THAT(plan.steps[1].request.body.dump(),
              testing::HasSubstr("The workload slice is out of sync with its parent job"));
}

}  // namespace
}  // namespace muster::manager
