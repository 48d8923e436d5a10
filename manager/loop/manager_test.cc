#include "manager/loop/manager.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// Writes about ProvisioningRequests and their Workload, and events. All are answered as they should be but the making of
// a ProvisioningRequest, which is forbidden.
std::vector<std::string> WrittenAt(Manager* manager, absl::Time now) {
  std::vector<std::string> written;
  for (std::vector<Outgoing> batch = manager->Work(now); !batch.empty(); batch = manager->Work(now)) {
    for (const Outgoing& outgoing : batch) {
      const json& body = outgoing.request.body;
      if (outgoing.is_event) {
        const std::string reason = body.value("reason", "");
        if (reason == "FailedCreate") written.push_back(absl::StrCat("event ", body.value("note", "")));
        continue;
      }
      const std::string kind(outgoing.request.key.type->kind);
      if (kind == "ProvisioningRequest" && outgoing.request.verb == kube::Verb::kCreate) {
        written.push_back("create");
        manager->Answer(outgoing.id, {.code = 403, .reason = "Forbidden", .message = "no quota", .object = {}}, now);
        continue;
      }
      if (outgoing.request.field_manager == "kueue.x-k8s.io/provisioning-request") {
        written.push_back(absl::StrCat("check ", body["status"]["admissionChecks"][0]["message"].get<std::string>()));
      }
      manager->Answer(outgoing.id, {.code = 200, .reason = "", .message = "", .object = {}}, now);
    }
  }
  return written;
}

TEST(Manager, WhatWasRefusedIsSaidAndTriedAgain) {
  JobWorld world;
  Manager manager(JobWorld::AllFrameworks());
  const absl::Time now = TestNow();
  for (const kube::ObjectPtr& object : {
           world.Add(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: rf}
)"),
           world.Add(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ProvisioningRequestConfig
metadata: {name: conf}
spec: {provisioningClassName: class}
)"),
           world.Add(R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: AdmissionCheck
metadata: {name: check, resourceVersion: "3"}
spec:
  controllerName: kueue.x-k8s.io/provisioning-request
  parameters: {apiGroup: kueue.x-k8s.io, kind: ProvisioningRequestConfig, name: conf}
)"),
           world.Add(kWorkload,
                     "{status: {admissionChecks: [{name: check, state: Pending, message: '', lastTransitionTime: "
                     "'2026-01-01T00:00:00Z'}]}}",
                     "QuotaReserved !Admitted"),
       }) {
    manager.Observe(object, now);
  }
  const std::string said = "Error creating ProvisioningRequest \"job-a-wl-check-1\": no quota";
  const std::vector<std::string> want = {"create", absl::StrCat("event ", said), absl::StrCat("check ", said)};
  EXPECT_EQ(WrittenAt(&manager, now), want);
  EXPECT_EQ(WrittenAt(&manager, now), std::vector<std::string>()) << "not again at once";
  ASSERT_LT(manager.NextTime(), now + absl::Minutes(1));
  std::vector<std::string> later;
  for (absl::Time at = manager.NextTime(); later.empty() && at < now + absl::Minutes(1); at = manager.NextTime()) {
    later = WrittenAt(&manager, at);
  }
  ASSERT_FALSE(later.empty());
  EXPECT_EQ(later[0], "create");
}

}  // namespace
}  // namespace muster::manager
