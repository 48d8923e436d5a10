#include "manager/metrics/transitions.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace muster::manager {
namespace {

using nlohmann::json;
using Kind = Transition::Kind;

const absl::Time kNow = *kube::ParseTime("2026-01-01T00:10:00Z");

// "QuotaReserved=True Reason 5": since minute 5.
json Condition(const std::string& type, bool status, const std::string& reason, int minute) {
  return {{"type", type},
          {"status", status ? "True" : "False"},
          {"reason", reason},
          {"lastTransitionTime", absl::StrCat("2026-01-01T00:0", minute, ":00Z")}};
}

kube::ObjectPtr Workload(json status, const std::string& uid = "u") {
  return *kube::Object::Parse({{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                               {"kind", "Workload"},
                               {"metadata",
                                {{"name", "w"},
                                 {"namespace", "ns"},
                                 {"uid", uid},
                                 {"resourceVersion", "1"},
                                 {"creationTimestamp", "2026-01-01T00:01:00Z"}}},
                               {"spec", {{"queueName", "q"}, {"priorityClassRef", {{"name", "high"}}}}},
                               {"status", std::move(status)}});
}

const json kAdmission = {{"clusterQueue", "cq"}};

json Status(std::vector<json> conditions, bool admitted, json evictions = json::array()) {
  json status = {{"conditions", std::move(conditions)}};
  if (admitted) status["admission"] = kAdmission;
  if (!evictions.empty()) status["schedulingStats"] = {{"evictions", std::move(evictions)}};
  return status;
}

TEST(Transitions, ReservationAndAdmissionInOneWrite) {
  const auto all = TransitionsOf(
      Workload(Status({Condition("QuotaReserved", false, "WaitingForQuota", 2)}, false)),
      Workload(Status(
          {Condition("QuotaReserved", true, "QuotaReserved", 9), Condition("Admitted", true, "Admitted", 9)}, true)),
      kNow);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].kind, Kind::kQuotaReserved);
  EXPECT_EQ(all[0].cluster_queue, "cq");
  EXPECT_EQ(all[0].ns, "ns");
  EXPECT_EQ(all[0].local_queue, "q");
  EXPECT_EQ(all[0].priority_class, "high");
  EXPECT_EQ(all[0].waited, absl::Minutes(9));
  EXPECT_EQ(all[1].kind, Kind::kAdmitted);
  EXPECT_EQ(all[1].since_before, absl::ZeroDuration());
}

TEST(Transitions, WaitingBeginsAnewWhenItIsQueuedAgain) {
  const json requeued = Condition("Requeued", true, "Preempted", 6);
  const auto all = TransitionsOf(
      Workload(Status({Condition("QuotaReserved", true, "QuotaReserved", 7), requeued}, true)),
      Workload(Status(
          {Condition("QuotaReserved", true, "QuotaReserved", 7), requeued, Condition("Admitted", true, "Admitted", 9)},
          true)),
      kNow);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].waited, absl::Minutes(4));
  EXPECT_EQ(all[0].since_before, absl::Minutes(2)) << "the checks took it";
}

TEST(Transitions, ReadyOnceItWasStarted) {
  const json admitted = Condition("Admitted", true, "Admitted", 4);
  const auto with = [&](bool ready, const std::string& reason) {
    return Workload(Status({admitted, Condition("PodsReady", ready, reason, ready ? 7 : 4)}, true));
  };
  const auto all = TransitionsOf(with(false, "WaitForStart"), with(true, "Started"), kNow);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].kind, Kind::kReady);
  EXPECT_EQ(all[0].since_before, absl::Minutes(3));
  EXPECT_TRUE(TransitionsOf(with(false, "WaitForRecovery"), with(true, "Recovered"), kNow).empty());
}

TEST(Transitions, EvictionsSayWhyAndWhetherItIsTheFirst) {
  const json held = Condition("QuotaReserved", true, "QuotaReserved", 2),
             ready = Condition("PodsReady", true, "Started", 3);
  const auto evicted = [&](const std::string& reason, json counts, bool preempted) {
    std::vector<json> conditions = {held, Condition("Evicted", true, reason, 8)};
    if (preempted) conditions.push_back(Condition("Preempted", true, "InCohortReclamation", 8));
    return Workload(Status(std::move(conditions), true, std::move(counts)));
  };
  const auto count = [](const std::string& reason, const std::string& cause, int n) {
    return json{{"reason", reason}, {"underlyingCause", cause}, {"count", n}};
  };
  const auto before = [&](json counts) { return Workload(Status({held, ready}, true, std::move(counts))); };
  struct Case {
    const char* about;
    kube::ObjectPtr before, after;
    const char* reason;
    const char* cause;
    bool once, preempted;
  };
  const std::vector<Case> cases = {
      {"preempted for the first time", before({}), evicted("Preempted", json::array({count("Preempted", "", 1)}), true),
       "Preempted", "", true, true},
      {"and again", before(json::array({count("Preempted", "", 1)})),
       evicted("Preempted", json::array({count("Preempted", "", 2)}), true), "Preempted", "", false, true},
      {"deactivated with a cause", before(json::array({count("Preempted", "", 1)})),
       evicted("DeactivatedDueToRequeuingLimitExceeded",
               json::array({count("Preempted", "", 1), count("Deactivated", "RequeuingLimitExceeded", 1)}), false),
       "Deactivated", "RequeuingLimitExceeded", true, false},
      {"by somebody who does not count", before({}), evicted("DeactivatedDueToX", {}, false), "Deactivated", "X", false,
       false},
  };
  for (const Case& c : cases) {
    const auto all = TransitionsOf(c.before, c.after, kNow);
    ASSERT_EQ(all.size(), 1u) << c.about;
    EXPECT_EQ(all[0].kind, Kind::kEvicted);
    EXPECT_EQ(all[0].cluster_queue, "cq");
    EXPECT_EQ(all[0].reason, c.reason) << c.about;
    EXPECT_EQ(all[0].cause, c.cause) << c.about;
    EXPECT_EQ(all[0].once, c.once) << c.about;
    EXPECT_EQ(all[0].preempted, c.preempted) << c.about;
    EXPECT_EQ(all[0].since_before, absl::Minutes(5)) << c.about;
  }
}

TEST(Transitions, WhoHeldNothingIsNotCountedAsEvicted) {
  EXPECT_TRUE(TransitionsOf(Workload(Status({}, false)),
                            Workload(Status({Condition("Evicted", true, "Deactivated", 5)}, false)), kNow)
                  .empty());
}

TEST(Transitions, TheEndIsInTheQueueThatHadIt) {
  const auto all = TransitionsOf(Workload(Status({}, true)),
                                 Workload(Status({Condition("Finished", true, "Succeeded", 9)}, false)), kNow);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].kind, Kind::kFinished);
  EXPECT_EQ(all[0].cluster_queue, "cq");
}

TEST(Transitions, WhatWasSoBeforeIsNoNews) {
  const auto admitted = Workload(Status({Condition("Admitted", true, "Admitted", 4)}, true));
  EXPECT_TRUE(TransitionsOf(nullptr, admitted, kNow).empty());
  EXPECT_TRUE(TransitionsOf(admitted, nullptr, kNow).empty());
  EXPECT_TRUE(TransitionsOf(admitted, admitted, kNow).empty());
  EXPECT_TRUE(TransitionsOf(Workload(Status({}, false), "other"), admitted, kNow).empty()) << "another object";
}

TEST(Transitions, WhatIsNoStatusDoesNoHarm) {
  for (const char* text :
       {R"({"conditions": 7})", R"({"conditions": [7, {"type": 5}, {"type": "Admitted", "status": 1}]})",
        R"({"conditions": [{"type": "Admitted", "status": "True", "lastTransitionTime": "x"}]})",
        R"({"schedulingStats": {"evictions": [1, {"count": "x"}]}})"}) {
    (void)TransitionsOf(Workload(json::object()), Workload(json::parse(text)), kNow);
    (void)TransitionsOf(Workload(json::parse(text)), Workload(json::object()), kNow);
  }
}

}  // namespace
}  // namespace muster::manager
