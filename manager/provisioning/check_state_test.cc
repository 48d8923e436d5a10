#include "manager/provisioning/check_state.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

constexpr char kRequest[] = R"(
apiVersion: autoscaling.x-k8s.io/v1
kind: ProvisioningRequest
metadata: {name: job-a-wl-check-1, namespace: g}
spec: {provisioningClassName: class, podSets: [{podTemplateRef: {name: ppt-job-a-wl-check-1-main}, count: 2}]})";

api::AdmissionCheckState In(const char* state, const char* message = "") {
  api::AdmissionCheckState check;
  check.name = "check";
  check.state = state;
  check.message = message;
  return check;
}

// "Retry after 60: message", "=" in front when nothing was new.
std::string Words(bool changed, const api::AdmissionCheckState& check) {
  return absl::StrCat(
      changed ? "" : "= ", check.state,
      check.requeue_after_seconds.has_value() ? absl::StrCat(" after ", *check.requeue_after_seconds) : "", ": ",
      check.message);
}

std::string Follow(const char* conditions, const char* workload, const api::AdmissionCheckState& before,
                   int32_t attempt = 1) {
  JobWorld world;
  const kube::ObjectPtr object = world.Add(kWorkload, "{}", workload);
  const auto typed = *world.get().Typed(object);
  api::AdmissionCheckState check = before;
  const bool changed =
      FollowRequest(*typed, *world.Add(kRequest, "{}", conditions), attempt, ProvisioningConfig(), &check);
  return Words(changed, check);
}

TEST(CheckState, FollowsItsRequest) {
  const api::AdmissionCheckState pending = In("Pending", "old");
  api::AdmissionCheckState retried = pending, twice = pending, ready = pending;
  retried.retry_count = 1;
  twice.retry_count = 2;
  ready.state = "Ready";
  constexpr char kReserved[] = "QuotaReserved !Admitted";
  constexpr char kAdmittedToo[] = "QuotaReserved Admitted";
  const struct {
    const char* why;
    const char* request;
    const char* workload;
    const api::AdmissionCheckState& before;
    int attempt;
    const char* want;
  } kCases[] = {
      {"nothing is known", "", kReserved, pending, 1, "Pending: "},
      {"accepted, and no time is known", "Accepted", kReserved, pending, 1, "= Pending: old"},
      {"accepted, and a time is known", "Accepted !Provisioned", kReserved, pending, 1, "Pending: said of Provisioned"},
      {"provisioned", "Accepted Provisioned", kReserved, pending, 1, "Ready: said of Provisioned"},
      {"provisioned, as before", "Accepted Provisioned", kReserved, ready, 1, "= Ready: old"},
      {"failed", "Accepted Failed", kReserved, pending, 1, "Retry after 60: Retrying after failure: said of Failed"},
      {"failed again", "Failed", kReserved, retried, 2, "Retry after 120: Retrying after failure: said of Failed"},
      {"the one that failed was retried", "Failed", kReserved, retried, 1,
       "Pending: Retrying after failure: said of Failed"},
      {"failed for the last time", "Failed", kReserved, twice, 4, "Rejected: said of Failed"},
      {"failed, whatever else", "Failed Provisioned CapacityRevoked", kReserved, pending, 4,
       "Rejected: said of Failed"},
      {"the booking expired", "Provisioned BookingExpired", kReserved, pending, 1,
       "Retry after 60: Retrying after booking expired: said of BookingExpired"},
      {"for the last time", "BookingExpired", kReserved, pending, 4, "Rejected: said of BookingExpired"},
      {"it is used by then", "Provisioned BookingExpired", kAdmittedToo, ready, 1, "= Ready: old"},
      {"the capacity is revoked", "Provisioned BookingExpired CapacityRevoked", kAdmittedToo, ready, 1,
       "Rejected: said of CapacityRevoked"},
      {"when all is over", "Provisioned CapacityRevoked", "QuotaReserved Admitted Finished", ready, 1, "= Ready: old"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Follow(c.request, c.workload, c.before, c.attempt), c.want) << c.why;
}

TEST(CheckState, RetriesWaitLongerAndLongerUpToALimit) {
  api::AdmissionCheckState check = In("Pending");
  check.retry_count = 2;
  EXPECT_EQ(Follow("Failed", "QuotaReserved", check, 3), "Retry after 240: Retrying after failure: said of Failed");
  ProvisioningConfig config;
  config.backoff_limit = 100;
  check.retry_count = 60;
  JobWorld world;
  const auto workload = *world.get().Typed(world.Add(kWorkload, "{}", "QuotaReserved"));
  EXPECT_TRUE(FollowRequest(*workload, *world.Add(kRequest, "{}", "Failed"), 61, config, &check));
  EXPECT_EQ(check.requeue_after_seconds, 1800);
  EXPECT_FALSE(FollowRequest(*workload, *world.Add(kRequest, "{}", "Failed"), 61, config, &check)) << "said already";
}

TEST(CheckState, WhatPodsGetOnceThereIsRoom) {
  JobWorld world;
  const auto workload = *world.get().Typed(world.Add(kWorkload, "{}", "QuotaReserved"));
  const kube::ObjectPtr request =
      world.Add(kRequest, "{status: {provisioningClassDetails: {Pool: p1}}}", "Provisioned");
  ProvisioningConfig config;
  config.node_selector = {{"pool", "Pool"}, {"other", "Unknown"}};
  api::AdmissionCheckState check = In("Pending");
  ASSERT_TRUE(FollowRequest(*workload, *request, 1, config, &check));
  ASSERT_EQ(check.pod_set_updates.size(), 1u);
  const api::PodSetUpdate& update = check.pod_set_updates[0];
  EXPECT_EQ(update.name, "main");
  EXPECT_EQ(update.annotations,
            (api::StringMap{{"autoscaling.x-k8s.io/consume-provisioning-request", "job-a-wl-check-1"},
                            {"autoscaling.x-k8s.io/provisioning-class-name", "class"}}));
  EXPECT_EQ(update.node_selector, (api::StringMap{{"pool", "p1"}}));
}

TEST(CheckState, WithoutConfigOrNeed) {
  api::AdmissionCheckState check = In("Ready");
  const bool inactive = SetInactive(&check);
  EXPECT_EQ(Words(inactive, check), "Pending: the check is not active");
  EXPECT_FALSE(SetInactive(&check));
  check.pod_set_updates.emplace_back().name = "main";
  const bool unneeded = SetNotNeeded(&check);
  EXPECT_EQ(Words(unneeded, check), "Ready: the provisioning request is not needed");
  EXPECT_TRUE(check.pod_set_updates.empty());
  EXPECT_FALSE(SetNotNeeded(&check));
}

TEST(CheckState, WhenARequestIsOver) {
  JobWorld world;
  const auto is_over = [&](const char* conditions, bool admitted) {
    return IsOver(*world.Add(kRequest, "{}", conditions), admitted);
  };
  EXPECT_FALSE(is_over("Provisioned", false));
  EXPECT_TRUE(is_over("Failed", true));
  EXPECT_TRUE(is_over("Provisioned BookingExpired", false));
  EXPECT_FALSE(is_over("Provisioned BookingExpired", true));
}

}  // namespace
}  // namespace muster::manager
