#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "conformance/flows/compare.h"
#include "conformance/flows/facets.h"
#include "conformance/flows/identities.h"
#include "conformance/flows/known_differences.h"
#include "conformance/flows/recorded_writer.h"
#include "conformance/flows/recording.h"
#include "conformance/flows/replay.h"
#include "conformance/flows/sequences.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1795750187);

kube::ObjectPtr Workload(const std::string& name, const json& status) {
  return *kube::Object::Parse({{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                               {"kind", "Workload"},
                               {"metadata", {{"name", name}, {"namespace", "g"}, {"uid", "uid-of-" + name}}},
                               {"status", status}});
}

json Conditions(const char* status, const char* message) {
  const json condition = {{"type", "Admitted"}, {"status", status}, {"reason", "R"}, {"message", message}};
  return {{"conditions", json::array({condition})}};
}

Sighting Seen(double seconds, kube::ObjectPtr object, kube::WatchEvent::Type type = kube::WatchEvent::Type::kModified) {
  return {kStart + absl::Seconds(seconds), {type, std::move(object)}};
}

TEST(CompareTest, HoldsSequencesOfValuesAgainstEachOther) {
  Recording recording;
  recording.end = kStart;
  recording.seen = {Seen(0, Workload("a", Conditions("False", "x"))), Seen(1, Workload("a", Conditions("False", "x"))),
                    Seen(2, Workload("a", Conditions("True", "y")))};
  Outcome outcome;
  outcome.seen = {Seen(5, Workload("a", Conditions("False", "x"))), Seen(6, Workload("a", Conditions("True", "y")))};
  EXPECT_THAT(Compare(recording, outcome, true).differences, IsEmpty()) << "when something was seen does not matter";
  outcome.seen.pop_back();
  const Compared compared = Compare(recording, outcome, true);
  ASSERT_THAT(compared.differences, SizeIs(1));
  EXPECT_EQ(compared.differences[0].where, "Workload g/a");
  EXPECT_EQ(compared.differences[0].what, "condition Admitted");
}

json Says(const char* type, const char* status, const char* reason, const char* message = "m") {
  const json condition = {{"type", type}, {"status", status}, {"reason", reason}, {"message", message}};
  return {{"conditions", json::array({condition})}};
}

// The reasons that a part has left once races are dropped.
std::vector<std::string> Reasons(const std::vector<Sighting>& seen, const char* where, const char* what) {
  Sequences sequences = SequencesOf(seen);
  DropRaces(&sequences);
  std::vector<std::string> reasons;
  for (const Value& each : sequences[{where, what}]) {
    reasons.push_back(each.value.is_object() ? each.value.value("reason", "") : each.value.dump());
  }
  return reasons;
}

TEST(RacesTest, WhatACycleMayOvertakeDoesNotCount) {
  constexpr char kInLine[] = "Workload is pending evaluation in the scheduling queue";
  std::vector<Sighting> seen = {
      Seen(0, Workload("a", Says("QuotaReserved", "False", "Suspended"))),
      Seen(1, Workload("a", Says("QuotaReserved", "False", "PendingEvaluation", kInLine))),
      Seen(2, Workload("a", Says("QuotaReserved", "True", "QuotaReserved"))),
      Seen(3, Workload("a", Says("QuotaReserved", "False", "PendingEvaluation", "Preempted"))),
      Seen(4, Workload("a", Says("QuotaReserved", "False", "WaitingForPreemptedWorkloads", "2 more"))),
      Seen(5, Workload("a", Says("QuotaReserved", "False", "WaitingForPreemptedWorkloads", "1 more"))),
      Seen(6, Workload("a", Says("QuotaReserved", "True", "QuotaReserved"))),
      Seen(7, Workload("a", Says("QuotaReserved", "False", "PendingEvaluation", kInLine))),
      Seen(8, Workload("a", Says("QuotaReserved", "False", "WaitingForQuota", "Bypassed scheduling evaluation")))};
  EXPECT_THAT(Reasons(seen, "Workload g/a", "condition QuotaReserved"),
              ElementsAre("Suspended", "QuotaReserved", "PendingEvaluation", "WaitingForPreemptedWorkloads",
                          "QuotaReserved", "PendingEvaluation"))
      << "the last one stays";
}

kube::ObjectPtr Queue(const char* kind, json status, json spec = json::object()) {
  json object = {{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                 {"kind", kind},
                 {"metadata", {{"name", "q"}, {"uid", kind}}},
                 {"spec", std::move(spec)},
                 {"status", std::move(status)}};
  if (std::string(kind) == "LocalQueue") object["metadata"]["namespace"] = "g";
  return *kube::Object::Parse(std::move(object));
}

TEST(RacesTest, ALocalQueueMayFollowItsClusterQueueLate) {
  const json spec = {{"clusterQueue", "q"}};
  const auto local = [&](double at, const char* status, const char* reason) {
    return Seen(at, Queue("LocalQueue", Says("Active", status, reason), spec));
  };
  const auto queue = [](double at, const char* status, const char* reason) {
    return Seen(at, Queue("ClusterQueue", Says("Active", status, reason)));
  };
  EXPECT_THAT(
      Reasons({queue(1, "True", "Ready"), local(1.1, "False", "ClusterQueueIsInactive"), local(1.2, "True", "Ready"),
               queue(5, "False", "Stopped"), local(5.1, "False", "ClusterQueueIsInactive"), queue(6, "True", "Ready"),
               local(6.1, "True", "Ready")},
              "LocalQueue g/q", "condition Active"),
      ElementsAre("Ready", "ClusterQueueIsInactive", "Ready"));
  EXPECT_THAT(Reasons({local(1, "False", "ClusterQueueDoesNotExist"), queue(2, "True", "Ready"),
                       local(2.1, "False", "ClusterQueueIsInactive"), local(2.2, "True", "Ready")},
                      "LocalQueue g/q", "condition Active"),
              ElementsAre("ClusterQueueDoesNotExist", "Ready"));
}

TEST(CompareTest, WaitingTimesDoNotMatter) {
  EXPECT_EQ(NormalizedText("Quota reserved, wait time since queued was 12s; x"),
            "Quota reserved, wait time since queued was Ns; x");
}

TEST(CompareTest, OneEventMoreIsFineAndOneLessIsNot) {
  const Said said = {"Job g/j", "Normal", "Started", "Admitted", "batch/job-kueue-controller"};
  Recording recording;
  recording.said = {said};
  Outcome outcome;
  EXPECT_THAT(Compare(recording, outcome, true).differences, SizeIs(1));
  outcome.said = {said, said};
  EXPECT_THAT(Compare(recording, outcome, true).differences, IsEmpty());
  outcome.said.push_back(said);
  EXPECT_THAT(Compare(recording, outcome, true).differences, SizeIs(1));
}

TEST(CompareTest, WritesHaveTheSameForms) {
  Written apply;
  apply.request.verb = kube::Verb::kApply;
  apply.request.key = Workload("a", json::object())->key();
  apply.request.subresource = "status";
  apply.request.field_manager = "kueue-admission";
  apply.request.force = true;
  apply.response.code = 200;
  Recording recording;
  recording.writes = {apply};
  Outcome outcome;
  outcome.writes = {apply, apply};
  EXPECT_THAT(Compare(recording, outcome, false).differences, IsEmpty());
  outcome.writes[0].request.field_manager = "other";
  const Compared compared = Compare(recording, outcome, false);
  ASSERT_THAT(compared.differences, SizeIs(1));
  EXPECT_EQ(compared.differences[0].got, "PATCH workloads/status (apply other, forced)");
}

TEST(KnownDifferencesTest, NeedAReason) {
  const auto known = ParseKnownDifferences("# why\nflow | Workload g/ | condition | lost races\n", "file");
  ASSERT_TRUE(known.ok());
  const Difference difference = {"Workload g/a", "condition Admitted", "", ""};
  EXPECT_NE(FindKnown(*known, "flow", difference), nullptr);
  EXPECT_EQ(FindKnown(*known, "other", difference), nullptr);
  EXPECT_EQ(FindKnown(*known, "flow", {"Job g/a", "condition", "", ""}), nullptr);
  const auto missing = ParseKnownDifferences("flow | * | *\n", "file");
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("file:1:"));
}

TEST(IdentitiesTest, TheNthObjectGetsWhatTheNthHad) {
  Recording recording;
  recording.seen = {Seen(0, Workload("a", {}), kube::WatchEvent::Type::kAdded)};
  RecordedIdentities identities(recording);
  const kube::ObjectKey key = Workload("a", {})->key();
  EXPECT_EQ(identities.Uid(key), "uid-of-a");
  EXPECT_NE(identities.Uid(key), "uid-of-a");
}

// A flow of its own making, on disk.
class FlowTest : public ::testing::Test {
 protected:
  FlowTest() {
    fs::create_directories(folder_);
    Write(folder_.parent_path() / "config-base.yaml",
          "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nintegrations:\n  frameworks: [batch/job]\n");
    Write(folder_ / "meta.json", R"({"config": "base", "start": 1795750187.5})");
    Write(
        folder_ / "watch.jsonl",
        R"({"t":0,"act":"POST","path":"/api/v1/namespaces","ct":"application/json","body":{"metadata":{"name":"g"}},"code":201}
{"t":1,"act":"POST","path":"/apis/batch/v1/namespaces/g/jobs","ct":"application/json","body":{"metadata":{"name":"j","labels":{"kueue.x-k8s.io/queue-name":"q"}},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x"}]}}}},"code":201}
{"t":2.5,"note":"== cleanup"}
{"t":3,"act":"DELETE","path":"/apis/batch/v1/namespaces/g/jobs/j","ct":"application/json","body":null,"code":200}
)");
    Write(
        folder_ / "writes.jsonl",
        R"({"t":1.5,"verb":"patch","uri":"/apis/batch/v1/namespaces/g/jobs/j","code":200,"body":{"metadata":{"resourceVersion":"77"},"spec":{"suspend":false}}}
)");
  }
  static void Write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

  const fs::path folder_ = fs::path(::testing::TempDir()) / "flows" / "made-up";
};

TEST_F(FlowTest, IsReadUpToTheCleanup) {
  const absl::StatusOr<Recording> recording = ReadRecording(folder_.string());
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_EQ(recording->name, "made-up");
  EXPECT_THAT(recording->acts, SizeIs(2));
  EXPECT_THAT(recording->writes, SizeIs(1));
  EXPECT_EQ(recording->end, recording->start + absl::Seconds(2.5));
  Write(folder_ / "watch.jsonl", "{\"t\":0}\nnonsense\n");
  EXPECT_THAT(std::string(ReadRecording(folder_.string()).status().message()), HasSubstr("watch.jsonl:2:"));
}

TEST_F(FlowTest, IsReplayedOnAVirtualClock) {
  const absl::StatusOr<Recording> recording = ReadRecording(folder_.string());
  ASSERT_TRUE(recording.ok());
  RecordedWriter writer(&*recording);
  const absl::StatusOr<Outcome> outcome = Replay(*recording, &writer, true);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_THAT(writer.refusals(), IsEmpty());
  EXPECT_THAT(outcome->surprises, IsEmpty());
  std::vector<bool> suspended;
  absl::Time resumed;
  for (const Sighting& sighting : outcome->seen) {
    const kube::Object& object = *sighting.event.object;
    if (object.type().kind != "Job") continue;
    const bool now = object.BoolAt("/spec/suspend");
    if (suspended.empty() || suspended.back() != now) suspended.push_back(now);
    if (!now && resumed == absl::Time()) resumed = sighting.time;
  }
  // By the webhook, until the write that was recorded.
  EXPECT_THAT(suspended, ElementsAre(true, false));
  EXPECT_EQ(resumed, recording->start + absl::Seconds(1.5));
}

}  // namespace
}  // namespace muster::conformance
