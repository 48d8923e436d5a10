#include "manager/provisioning/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kConfig[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ProvisioningRequestConfig
metadata: {name: conf}
spec: {provisioningClassName: class, parameters: {p: v}})";
constexpr char kCheck[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: AdmissionCheck
metadata: {name: check, resourceVersion: "3", generation: 2}
spec:
  controllerName: kueue.x-k8s.io/provisioning-request
  parameters: {apiGroup: kueue.x-k8s.io, kind: ProvisioningRequestConfig, name: conf})";
constexpr char kOther[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: AdmissionCheck
metadata: {name: other}
spec: {controllerName: example.com/x})";
constexpr char kRequest[] = R"(
apiVersion: autoscaling.x-k8s.io/v1
kind: ProvisioningRequest
metadata:
  name: job-a-wl-check-1
  namespace: g
  uid: r1
  ownerReferences: [{apiVersion: kueue.x-k8s.io/v1beta2, kind: Workload, name: job-a-wl, uid: wl-uid, controller: true}]
spec:
  provisioningClassName: class
  parameters: {p: v, ValidUntilSeconds: "0"}
  podSets: [{podTemplateRef: {name: ppt-job-a-wl-check-1-main}, count: 2}])";
constexpr char kTemplate[] = R"(
apiVersion: v1
kind: PodTemplate
metadata:
  name: ppt-job-a-wl-check-1-main
  namespace: g
  resourceVersion: "4"
  ownerReferences: [{apiVersion: kueue.x-k8s.io/v1beta2, kind: Workload, name: job-a-wl, uid: wl-uid, controller: true}]
template: {})";
constexpr char kPending[] =
    "{metadata: {annotations: {provreq.kueue.x-k8s.io/ValidUntilSeconds: '0', x/y: z}}, status: {admissionChecks: "
    "[{name: check, state: Pending, message: '', lastTransitionTime: '2026-01-01T00:00:00Z'}, {name: other, state: "
    "Pending, message: '', lastTransitionTime: '2026-01-01T00:00:00Z'}]}}";
constexpr char kReserved[] = "QuotaReserved !Admitted";
constexpr char kNone[] = "none";

std::string Words(const Plan& plan) {
  std::string words;
  for (const Step& step : plan.steps) {
    absl::StrAppend(&words, kube::Summary(step.request));
    if (step.request.verb == kube::Verb::kCreate) {
      absl::StrAppend(&words, " ", std::string(step.request.body["metadata"]["name"]));
    }
    absl::StrAppend(&words, "\n");
    for (const EventNote& event : step.events) absl::StrAppend(&words, "+ ", event.reason, ": ", event.message, "\n");
  }
  if (!plan.error.ok()) absl::StrAppend(&words, "error: ", std::string(plan.error.message()), "\n");
  return words;
}

struct Situation {
  const char* check = "{}";
  const char* config = "{}";  // or none
  const char* workload = kPending;
  const char* conditions = kReserved;
  const char* request = kNone;  // over kRequest, or none
  const char* request_says = "";
  bool pod_template = false;
};

std::unique_ptr<JobWorld> Make(const Situation& in) {
  auto world = std::make_unique<JobWorld>();
  world->Add(kCheck, in.check);
  world->Add(kOther);
  if (in.config != kNone) world->Add(kConfig, in.config);
  world->Add(kWorkload, in.workload, in.conditions);
  if (in.request != kNone) world->Add(kRequest, in.request, in.request_says);
  if (in.pod_template) world->Add(kTemplate);
  return world;
}

Plan Reconciled(const Situation& in) { return ReconcileProvisioning(Make(in)->get(), "g", "job-a-wl"); }

constexpr char kWrite[] = "PATCH workloads/status g/job-a-wl (apply kueue.x-k8s.io/provisioning-request, forced)\n";

TEST(Provisioning, WhatIsDoneForAWorkload) {
  constexpr char kReady[] =
      "{status: {admissionChecks: [{name: check, state: Ready, message: '', lastTransitionTime: "
      "'2026-01-01T00:00:00Z'}]}}";
  constexpr char kRetried[] =
      "{status: {admissionChecks: [{name: check, state: Pending, message: 'Retrying after failure: said of Failed', "
      "retryCount: 1, lastTransitionTime: '2026-01-01T00:00:00Z'}]}}";
  const struct {
    const char* why;
    Situation in;
    std::string want;
  } kCases[] = {
      {"it holds no quota", {.conditions = "!QuotaReserved"}, ""},
      {"it has no check of ours",
       {.workload = "{status: {admissionChecks: [{name: other, state: Pending, message: '', lastTransitionTime: "
                    "'2026-01-01T00:00:00Z'}]}}"},
       ""},
      {"a request is made, with a template",
       {},
       "POST podtemplates g/ ppt-job-a-wl-check-1-main\nPOST provisioningrequests g/ job-a-wl-check-1\n"
       "+ ProvisioningRequestCreated: Created ProvisioningRequest: \"job-a-wl-check-1\"\n"},
      {"the template is there already",
       {.pod_template = true},
       "POST provisioningrequests g/ job-a-wl-check-1\n"
       "+ ProvisioningRequestCreated: Created ProvisioningRequest: \"job-a-wl-check-1\"\n"},
      {"it waits", {.request = "{}"}, ""},
      {"the template becomes the request's",
       {.request = "{}", .pod_template = true},
       "PUT podtemplates g/ppt-job-a-wl-check-1-main\n"},
      {"there is room",
       {.request = "{}", .request_says = "Accepted Provisioned"},
       absl::StrCat(kWrite,
                    "+ AdmissionCheckUpdated: Admission check check updated state from Pending to Ready with "
                    "message: said of Provisioned\n")},
      {"it failed",
       {.request = "{}", .request_says = "Failed"},
       absl::StrCat(kWrite,
                    "+ AdmissionCheckUpdated: Admission check check updated state from Pending to Retry with "
                    "message: Retrying after failure: said of Failed\n")},
      {"it failed, and quota was given back since",
       {.workload = kRetried, .request = "{}", .request_says = "Failed"},
       "POST podtemplates g/ ppt-job-a-wl-check-2-main\nPOST provisioningrequests g/ job-a-wl-check-2\n"
       "+ ProvisioningRequestCreated: Created ProvisioningRequest: \"job-a-wl-check-2\"\n"},
      {"the one that failed was taken away",
       {.workload = kRetried},
       "POST podtemplates g/ ppt-job-a-wl-check-2-main\nPOST provisioningrequests g/ job-a-wl-check-2\n"
       "+ ProvisioningRequestCreated: Created ProvisioningRequest: \"job-a-wl-check-2\"\n"},
      {"there was room once", {.workload = kReady}, ""},
      {"another class since",
       {.config = "{spec: {provisioningClassName: new}}", .request = "{}", .pod_template = true},
       "DELETE provisioningrequests g/job-a-wl-check-1\nPOST provisioningrequests g/ job-a-wl-check-1\n"
       "+ ProvisioningRequestCreated: Created ProvisioningRequest: \"job-a-wl-check-1\"\n"},
      {"another parameter since",
       {.config = "{spec: {parameters: {p: w}}}", .request = "{}", .pod_template = true},
       "DELETE provisioningrequests g/job-a-wl-check-1\nPOST provisioningrequests g/ job-a-wl-check-1\n"
       "+ ProvisioningRequestCreated: Created ProvisioningRequest: \"job-a-wl-check-1\"\n"},
      {"a request of another check",
       {.request = "{metadata: {name: job-a-wl-gone-1}}", .pod_template = true},
       "DELETE provisioningrequests g/job-a-wl-gone-1\nPOST provisioningrequests g/ job-a-wl-check-1\n"
       "+ ProvisioningRequestCreated: Created ProvisioningRequest: \"job-a-wl-check-1\"\n"},
      {"nothing that is managed is used",
       {.config = "{spec: {managedResources: [nvidia.com/gpu]}}", .request = "{}"},
       absl::StrCat(kWrite,
                    "+ AdmissionCheckUpdated: Admission check check updated state from Pending to Ready with "
                    "message: the provisioning request is not needed\n"
                    "DELETE provisioningrequests g/job-a-wl-check-1\n")},
      {"the config is not there", {.config = kNone}, kWrite},
      {"the check's parameters are no config's",
       {.check = "{spec: {parameters: {kind: X}}}"},
       "error: wrong kind \"X\", expecting \"ProvisioningRequestConfig\": bad parameters reference\n"},
      {"finished",
       {.conditions = "QuotaReserved Admitted Finished", .request = "{}"},
       "DELETE provisioningrequests g/job-a-wl-check-1\n"},
      {"evicted",
       {.conditions = "QuotaReserved Evicted", .request = "{}"},
       "DELETE provisioningrequests g/job-a-wl-check-1\n"},
      {"the flavor is gone",
       {.workload = "{status: {admissionChecks: [{name: check, state: Pending, message: '', lastTransitionTime: "
                    "'2026-01-01T00:00:00Z'}], admission: {clusterQueue: cq, podSetAssignments: [{name: main, flavors: "
                    "{cpu: gone}, count: 2}]}}}"},
       "error: resourceflavors.kueue.x-k8s.io \"gone\" not found\n"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Words(Reconciled(c.in)), c.want) << c.why;
}

TEST(Provisioning, HowARequestLooks) {
  const Plan plan = Reconciled({});
  ASSERT_EQ(plan.steps.size(), 2u);
  const nlohmann::json& made = plan.steps[0].request.body;
  EXPECT_EQ(made["metadata"]["labels"], FromYaml("{kueue.x-k8s.io/managed: 'true'}"));
  EXPECT_EQ(made["metadata"]["ownerReferences"][0]["uid"], "wl-uid");
  EXPECT_EQ(made["template"]["spec"]["nodeSelector"], FromYaml("{zone: z}"));
  const nlohmann::json& request = plan.steps[1].request.body;
  EXPECT_EQ(request["apiVersion"], "autoscaling.x-k8s.io/v1");
  EXPECT_EQ(request["spec"], FromYaml("{provisioningClassName: class, parameters: {p: v, ValidUntilSeconds: '0'}, "
                                      "podSets: [{podTemplateRef: {name: ppt-job-a-wl-check-1-main}, count: 2}]}"));
  EXPECT_EQ(plan.steps[1].events[0].action, "Created");
  EXPECT_TRUE(plan.steps[0].exists_is_fine) << "made by an earlier pass, and not seen yet";
}

TEST(Provisioning, WhatIsSaidWhenARequestIsRefused) {
  const Plan plan = Reconciled({});
  ASSERT_EQ(plan.steps.size(), 2u);
  ASSERT_TRUE(plan.steps[1].refusal.has_value());
  const Refusal& refusal = *plan.steps[1].refusal;
  EXPECT_EQ(refusal.message, "Error creating ProvisioningRequest \"job-a-wl-check-1\": ");
  EXPECT_EQ(refusal.event.reason, "FailedCreate");
  EXPECT_TRUE(refusal.event.warning);
  EXPECT_EQ(refusal.message_at, "/status/admissionChecks/0/message");
  EXPECT_EQ(refusal.request.body["status"]["admissionChecks"].size(), 2u) << "the other check stays";
}

TEST(Provisioning, AllChecksAreWrittenTogether) {
  const Plan plan = Reconciled({.request = "{}", .request_says = "Provisioned"});
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(plan.steps[0].request.body["metadata"]["resourceVersion"], "9");
  const nlohmann::json& checks = plan.steps[0].request.body["status"]["admissionChecks"];
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[0]["state"], "Ready");
  EXPECT_EQ(checks[0]["podSetUpdates"][0]["annotations"]["autoscaling.x-k8s.io/consume-provisioning-request"],
            "job-a-wl-check-1");
  EXPECT_EQ(checks[0]["lastTransitionTime"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(checks[1]["state"], "Pending");
}

TEST(Provisioning, TheTemplateOfARequestIsOwnedByIt) {
  const Plan plan = Reconciled({.request = "{}", .pod_template = true});
  ASSERT_EQ(plan.steps.size(), 1u);
  const nlohmann::json& owners = plan.steps[0].request.body["metadata"]["ownerReferences"];
  ASSERT_EQ(owners.size(), 1u);
  EXPECT_EQ(owners[0]["uid"], "r1");
  EXPECT_EQ(owners[0]["kind"], "ProvisioningRequest");
}

TEST(Provisioning, RequestsOfEvictedOnesMayBeKept) {
  ManagerOptions options = JobWorld::AllFrameworks();
  ASSERT_TRUE(options.webhook.gates.Set("CleanupProvisioningRequestsOnEviction", false).ok());
  JobWorld world(options);
  world.Add(kCheck);
  world.Add(kConfig);
  world.Add(kRequest);
  world.Add(kWorkload, kPending, "QuotaReserved Evicted");
  EXPECT_EQ(Words(ReconcileProvisioning(world.get(), "g", "job-a-wl")), "");
}

TEST(Provisioning, WhetherACheckIsActive) {
  const struct {
    const char* why;
    Situation in;
    const char* want;
  } kCases[] = {
      {"its config is there", {}, "PUT admissionchecks/status check\nTrue Active: The admission check is active\n"},
      {"it is not",
       {.config = kNone},
       "PUT admissionchecks/status check\nFalse BadParametersRef: provisioningrequestconfigs.kueue.x-k8s.io \"conf\" "
       "not "
       "found\n"},
      {"it names none",
       {.check = "{spec: {parameters: null}}"},
       "PUT admissionchecks/status check\nFalse BadParametersRef: missing parameters reference\n"},
      {"said already",
       {.check = "{status: {conditions: [{type: Active, status: 'True', reason: x, message: y, "
                 "lastTransitionTime: '2026-01-01T00:00:00Z'}]}}"},
       ""},
      {"another controller's", {.check = "{spec: {controllerName: example.com/x}}"}, ""},
  };
  for (const auto& c : kCases) {
    const Plan plan = ReconcileProvisioningCheck(Make(c.in)->get(), "check", TestNow());
    std::string words = Words(plan);
    if (!plan.steps.empty()) {
      const nlohmann::json& condition = plan.steps[0].request.body["status"]["conditions"][0];
      EXPECT_EQ(condition["observedGeneration"], 2) << c.why;
      absl::StrAppend(&words, std::string(condition["status"]), " ", std::string(condition["reason"]), ": ",
                      std::string(condition["message"]), "\n");
    }
    EXPECT_EQ(words, c.want) << c.why;
  }
}

TEST(Provisioning, WhatIsLookedAtAgain) {
  const auto world = Make({.request = "{}"});
  const auto find = [&](const kube::ResourceType& type, const char* ns, const char* name) {
    return world->get().objects.Find(type, ns, name);
  };
  const kube::ObjectPtr workload = find(WorkloadType(), "g", "job-a-wl"),
                        check = find(AdmissionCheckType(), "", "check");
  const kube::ObjectPtr config = find(ProvisioningRequestConfigType(), "", "conf");
  const auto keys = [&](const kube::ObjectPtr& before, const kube::ObjectPtr& after) {
    std::vector<std::string> texts;
    for (const kube::ObjectKey& key : ProvisioningToLookAt(world->get(), before, after)) texts.push_back(key.Text());
    return texts;
  };
  EXPECT_THAT(keys(nullptr, workload), ElementsAre("Workload g/job-a-wl"));
  EXPECT_THAT(keys(find(ProvisioningRequestType(), "g", "job-a-wl-check-1"), nullptr),
              ElementsAre("Workload g/job-a-wl"));
  EXPECT_THAT(keys(check, check), ElementsAre("AdmissionCheck check", "Workload g/job-a-wl"));
  EXPECT_THAT(keys(nullptr, find(AdmissionCheckType(), "", "other")), ElementsAre());
  EXPECT_THAT(keys(nullptr, config), ElementsAre("AdmissionCheck check", "Workload g/job-a-wl"));
  EXPECT_THAT(keys(config, config), ElementsAre()) << "nothing that matters is new";
  JobWorld other;
  EXPECT_THAT(keys(config, other.Add(kConfig, "{spec: {parameters: {p: w}}}")),
              ElementsAre("AdmissionCheck check", "Workload g/job-a-wl"));
  EXPECT_THAT(keys(nullptr, other.Add(kWorkload)), ElementsAre()) << "no checks";
}

}  // namespace
}  // namespace muster::manager
