#include "webhook/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "api/job_kinds.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/testing/review_builder.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    for (const api::JobKind& kind : api::JobKinds()) config_.frameworks.insert(std::string(kind.framework));
    config_.gates.Set(Gate::kSparkApplicationIntegration, true);
    for (const char* name : {"a", "with-default"}) {
      Add({{"apiVersion", "v1"},
           {"kind", "Namespace"},
           {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}}});
    }
    Add({{"apiVersion", "kueue.x-k8s.io/v1beta2"},
         {"kind", "LocalQueue"},
         {"metadata", {{"name", "default"}, {"namespace", "with-default"}}}});
    Add({{"apiVersion", "trainer.kubeflow.org/v1alpha1"},
         {"kind", "ClusterTrainingRuntime"},
         {"metadata", {{"name", "torch"}}},
         {"spec", {{"template", {{"spec", {{"replicatedJobs", json::array({{{"name", "node"}}})}}}}}}}});
  }

  void Add(const json& object) { ASSERT_TRUE(state_.Upsert(object).ok()); }

  std::string Ask(const std::string& path, const std::string& operation, const json& object,
                  const json& old = nullptr) {
    const Router router(config_, &state_);
    const HttpAnswer answer = router.Answer(path, "application/json", ReviewText(operation, object, old));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.uid, "0a1b");
    return Gist(answer.body);
  }
  std::string Raw(const std::string& path, const std::string& content_type, const std::string& body) {
    return Router(config_, &state_).Answer(path, content_type, body).body;
  }

  WebhookConfig config_ = DefaultWebhookConfig();
  CachedClusterState state_;
};

json Named(const char* text, const std::string& queue, const std::string& ns = "a") {
  json object = json::parse(text);
  object["metadata"]["namespace"] = ns;
  if (!queue.empty()) object["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = queue;
  return object;
}

// One row per kind: a smallest object, and where it is held back.
struct KindRow {
  const char* path;  // after "/mutate-" and "/validate-"
  const char* object;
  const char* want;  // part of the patch
};
const KindRow kKinds[] = {
    {"batch-v1-job", R"({"spec": {"template": {}}})", R"({"op":"add","path":"/spec/suspend","value":true})"},
    {"jobset-x-k8s-io-v1alpha2-jobset", R"({"spec": {"replicatedJobs": []}})",
     R"({"op":"add","path":"/spec/suspend","value":true})"},
    {"kubeflow-org-v1-tfjob", R"({"spec": {"runPolicy": {}}})",
     R"({"op":"add","path":"/spec/runPolicy/suspend","value":true})"},
    {"kubeflow-org-v1-pytorchjob", R"({"spec": {"runPolicy": {}}})",
     R"({"op":"add","path":"/spec/runPolicy/suspend","value":true})"},
    {"kubeflow-org-v1-xgboostjob", R"({"spec": {"runPolicy": {}}})",
     R"({"op":"add","path":"/spec/runPolicy/suspend","value":true})"},
    {"kubeflow-org-v1-paddlejob", R"({"spec": {"runPolicy": {}}})",
     R"({"op":"add","path":"/spec/runPolicy/suspend","value":true})"},
    {"kubeflow-org-v1-jaxjob", R"({"spec": {"runPolicy": {}}})",
     R"({"op":"add","path":"/spec/runPolicy/suspend","value":true})"},
    {"kubeflow-org-v2beta1-mpijob", R"({"spec": {}})",
     R"({"op":"add","path":"/spec/runPolicy","value":{"suspend":true}})"},
    {"ray-io-v1-raycluster", R"({"spec": {"headGroupSpec": {"template": {}}}})",
     R"({"op":"add","path":"/spec/suspend","value":true})"},
    {"ray-io-v1-rayjob",
     R"({"spec": {"shutdownAfterJobFinishes": true, "submissionMode": "HTTPMode",
                  "rayClusterSpec": {"headGroupSpec": {"template": {}}}}})",
     R"({"op":"add","path":"/spec/suspend","value":true})"},
    {"ray-io-v1-rayservice", R"({"spec": {"rayClusterConfig": {"headGroupSpec": {"template": {}}}}})",
     R"({"op":"add","path":"/spec/rayClusterConfig/suspend","value":true})"},
    {"sparkoperator-k8s-io-v1beta2-sparkapplication", R"({"spec": {"mode": "cluster"}})",
     R"({"op":"add","path":"/spec/suspend","value":true})"},
    {"trainer-kubeflow-org-v1alpha1-trainjob",
     R"({"spec": {"runtimeRef": {"name": "torch", "apiGroup": "trainer.kubeflow.org", "kind": "ClusterTrainingRuntime"}}})",
     R"({"op":"add","path":"/spec/suspend","value":true})"},
    {"workload-codeflare-dev-v1beta2-appwrapper", R"({"spec": {"components": []}})",
     R"({"op":"add","path":"/spec/suspend","value":true})"},
    {"-v1-pod", R"({"spec": {"containers": []}})",
     R"({"op":"add","path":"/spec/schedulingGates","value":[{"name":"kueue.x-k8s.io/admission"}]})"},
    {"apps-v1-deployment", R"({"spec": {"template": {"metadata": {"labels": {}}}}})",
     R"({"op":"add","path":"/spec/template/metadata/labels/kueue.x-k8s.io~1queue-name","value":"q"})"},
    {"apps-v1-statefulset", R"({"spec": {"template": {"metadata": {"annotations": {}}}}})",
     R"({"op":"add","path":"/spec/template/metadata/annotations/kueue.x-k8s.io~1pod-suspending-parent","value":"statefulset"})"},
    {"leaderworkerset-x-k8s-io-v1-leaderworkerset",
     R"({"spec": {"leaderWorkerTemplate": {"size": 2, "workerTemplate": {"metadata": {"annotations": {}}}}}})",
     R"({"op":"add","path":"/spec/leaderWorkerTemplate/workerTemplate/metadata/annotations/kueue.x-k8s.io~1pod-group-serving","value":"true"})"},
    {"sagemaker-amazonaws-com-v1-hyperpodpytorchjob", R"({"spec": {"replicaSpecs": []}})",
     R"({"op":"add","path":"/spec/runPolicy","value":{"suspend":true}})"},
};

TEST_F(RouterTest, EveryKindIsHeldBackWithAQueueAndLeftAloneWithout) {
  for (const KindRow& row : kKinds) {
    SCOPED_TRACE(row.path);
    const std::string path = absl::StrCat("/mutate-", row.path);
    EXPECT_THAT(Ask(path, "CREATE", Named(row.object, "q")), HasSubstr(row.want));
    const std::string without = Ask(path, "CREATE", Named(row.object, ""));
    // A TrainJob gets its manager whatever its queue.
    if (std::string(row.path).find("trainjob") == std::string::npos) {
      EXPECT_EQ(without, "allowed");
    }
  }
}

TEST_F(RouterTest, EveryKindRefusesAQueueThatIsNoName) {
  for (const KindRow& row : kKinds) {
    SCOPED_TRACE(row.path);
    const std::string path = absl::StrCat("/validate-", row.path);
    EXPECT_EQ(Ask(path, "CREATE", Named(row.object, "q")), "allowed");
    EXPECT_THAT(Ask(path, "CREATE", Named(row.object, "Bad_q")),
                HasSubstr("metadata.labels[kueue.x-k8s.io/queue-name]: Invalid value: \"Bad_q\""));
    EXPECT_THAT(Ask(path, "CREATE", Named(row.object, "q", "a"), nullptr), HasSubstr("allowed"));
  }
}

TEST_F(RouterTest, EveryKindInTheTableOfJobsIsTested) {
  std::set<std::string> tested;
  for (const KindRow& row : kKinds) tested.insert(absl::StrCat("/mutate-", row.path));
  const Router router(config_, &state_);
  for (const Route& route : router.Routes()) {
    // The inference kinds have no pods and are not held back.
    if (route.type != Route::Type::kMutate || route.framework.empty() ||
        route.group == "inference.sagemaker.aws.amazon.com") {
      continue;
    }
    EXPECT_EQ(tested.count(route.path), 1u) << route.path;
  }
}

TEST_F(RouterTest, WhatIsNotConfiguredIsAllowedAsItIs) {
  config_.frameworks = {"batch/job"};
  EXPECT_EQ(Ask("/mutate-ray-io-v1-raycluster", "CREATE", Named(R"({"spec": {}})", "Bad_q")), "allowed");
  EXPECT_EQ(Ask("/validate-ray-io-v1-raycluster", "CREATE", Named(R"({"spec": {}})", "Bad_q")), "allowed");
  // Kinds that Kueue does not know are not even served.
  EXPECT_EQ(Router(config_, &state_)
                .Answer("/mutate-sagemaker-amazonaws-com-v1-hyperpodpytorchjob", "application/json", "{}")
                .status,
            404);
}

TEST_F(RouterTest, TheDefaultQueueIsForJobsThatNameNone) {
  const char* job = R"({"spec": {"suspend": false, "template": {}}})";
  EXPECT_EQ(
      Ask("/mutate-batch-v1-job", "CREATE", Named(job, "", "with-default")),
      R"([{"op":"add","path":"/metadata/labels","value":{"kueue.x-k8s.io/queue-name":"default"}},)"
      R"({"op":"replace","path":"/spec/suspend","value":true},)"
      R"({"op":"add","path":"/spec/template/metadata","value":{}},{"op":"add","path":"/spec/template/spec","value":{"containers":null}},)"
      R"({"op":"add","path":"/status","value":{}}])");
  json owned = Named(job, "", "with-default");
  owned["metadata"]["ownerReferences"] = json::array(
      {{{"apiVersion", "jobset.x-k8s.io/v1alpha2"}, {"kind", "JobSet"}, {"name", "s"}, {"controller", true}}});
  Add({{"apiVersion", "jobset.x-k8s.io/v1alpha2"},
       {"kind", "JobSet"},
       {"metadata", {{"name", "s"}, {"namespace", "with-default"}}}});
  EXPECT_EQ(Ask("/mutate-batch-v1-job", "CREATE", owned), "allowed");
}

json OwnedPod(const char* uid) {
  json pod = Named(R"({"spec": {"containers": []}})", "q");
  pod["metadata"]["ownerReferences"] =
      json::array({{{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"name", "j"}, {"uid", uid}, {"controller", true}}});
  return pod;
}

// Everything is in memory, and of some kinds it is not known yet whether that is all.
class StateWithout : public CachedClusterState {
 public:
  std::set<FollowedKind> unknown;
  bool Knows(FollowedKind kind) const override { return !unknown.contains(kind); }
};

TEST_F(RouterTest, WhatIsNotKnownYetIsNotAnswered) {
  constexpr char kJob[] =
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"a"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}})";
  constexpr char kWithQueue[] =
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"a","labels":{"kueue.x-k8s.io/queue-name":"q"}},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}})";
  constexpr char kTrainJob[] =
      R"({"apiVersion":"trainer.kubeflow.org/v1alpha1","kind":"TrainJob","metadata":{"name":"t","namespace":"a"},"spec":{"runtimeRef":{"apiGroup":"trainer.kubeflow.org","kind":"ClusterTrainingRuntime","name":"torch"}}})";
  constexpr char kFlavor[] =
      R"({"apiVersion":"kueue.x-k8s.io/v1beta2","kind":"ResourceFlavor","metadata":{"name":"f"},"spec":{}})";
  const struct {
    const char* about;
    const char* path;
    const char* object;
    FollowedKind unknown;
    const char* missing;  // "" = it is answered
  } cases[] = {
      {"a job that names no queue may get the default one", "/mutate-batch-v1-job", kJob, FollowedKind::kLocalQueue,
       "LocalQueue"},
      {"one that names its queue depends on what its checks are", "/mutate-batch-v1-job", kWithQueue,
       FollowedKind::kAdmissionCheck, "AdmissionCheck"},
      {"the rules of a job with a queue look at nothing", "/validate-batch-v1-job", kWithQueue,
       FollowedKind::kLocalQueue, ""},
      {"training runtimes are for TrainJobs", "/validate-trainer-kubeflow-org-v1alpha1-trainjob", kTrainJob,
       FollowedKind::kClusterTrainingRuntime, "ClusterTrainingRuntime"},
      {"and for nothing else", "/mutate-batch-v1-job", kJob, FollowedKind::kClusterTrainingRuntime, ""},
      {"Kueue's own objects are checked by themselves", "/validate-kueue-x-k8s-io-v1beta2-resourceflavor", kFlavor,
       FollowedKind::kLocalQueue, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.about);
    StateWithout state;
    state.unknown = {c.unknown};
    const HttpAnswer answer =
        Router(config_, &state).Answer(c.path, "application/json", ReviewText("CREATE", json::parse(c.object)));
    EXPECT_EQ(answer.uid, "0a1b");
    if (*c.missing == '\0') {
      EXPECT_EQ(answer.status, 200);
    } else {
      EXPECT_EQ(answer.status, 503);
      EXPECT_EQ(answer.code, 503);
      EXPECT_FALSE(answer.allowed);
      EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("depends on (", c.missing, ")")));
    }
  }
}

TEST_F(RouterTest, ThePodsOfAManagedJobAreLeftAlone) {
  Add({{"apiVersion", "batch/v1"},
       {"kind", "Job"},
       {"metadata",
        {{"name", "j"}, {"namespace", "a"}, {"uid", "u1"}, {"labels", {{"kueue.x-k8s.io/queue-name", "q"}}}}}});
  EXPECT_EQ(Ask("/mutate--v1-pod", "CREATE", OwnedPod("u1")), "allowed");
}

// Whoever must not wait gets the same answer, or none.
TEST_F(RouterTest, WhatNeedsNoLookupIsAnsweredAtOnce) {
  const Router router(config_, &state_);
  const json job = Named(R"({"spec": {"template": {}}})", "q");
  json owned = job;
  owned["metadata"]["ownerReferences"] = json::array(
      {{{"apiVersion", "jobset.x-k8s.io/v1alpha2"}, {"kind", "JobSet"}, {"name", "s"}, {"controller", true}}});
  for (const char* path : {"/mutate-batch-v1-job", "/validate-batch-v1-job", "/convert", "/nowhere"}) {
    const std::string review = ReviewText("CREATE", job, nullptr);
    const std::optional<HttpAnswer> now = router.AnswerNow(path, "application/json", review);
    ASSERT_TRUE(now.has_value()) << path;
    EXPECT_EQ(now->body, router.Answer(path, "application/json", review).body);
  }
  const std::string review = ReviewText("CREATE", owned, nullptr);
  EXPECT_FALSE(router.AnswerNow("/mutate-batch-v1-job", "application/json", review).has_value());
  EXPECT_EQ(router.Answer("/mutate-batch-v1-job", "application/json", review).code, 404);
}

// An answer that takes too long is none: what it would say may be half of it.
TEST_F(RouterTest, AnAnswerHasSoMuchProcessorTime) {
  const Router router(config_, &state_, absl::ZeroDuration());
  const std::string review = ReviewText("CREATE", Named(R"({"spec": {"template": {}}})", "q"), nullptr);
  for (const char* path : {"/mutate-batch-v1-job", "/validate-batch-v1-job", "/convert"}) {
    const HttpAnswer answer = router.Answer(path, "application/json", review);
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_FALSE(answer.allowed);
    EXPECT_THAT(answer.body, HasSubstr("takes more than 0 of processor time"));
    EXPECT_FALSE(router.AnswerNow(path, "application/json", review).has_value());
  }
}

TEST_F(RouterTest, OwnersThatOwnEachOtherAreRefused) {
  const auto job = [](const char* name, const char* owner) {
    return json{{"apiVersion", "batch/v1"},
                {"kind", "Job"},
                {"metadata",
                 {{"name", name},
                  {"namespace", "a"},
                  {"uid", std::string("uid-") + name},
                  {"ownerReferences", json::array({{{"apiVersion", "batch/v1"},
                                                    {"kind", "Job"},
                                                    {"name", owner},
                                                    {"uid", std::string("uid-") + owner},
                                                    {"controller", true}}})}}}};
  };
  Add(job("j", "k"));
  Add(job("k", "j"));
  EXPECT_EQ(Ask("/mutate--v1-pod", "CREATE", OwnedPod("uid-j")), "cyclic ownership");
}

TEST_F(RouterTest, AQueueLabelMissingOnAPodTemplateIsRefusedWithTheFix) {
  json job = Named(R"({"spec": {"headGroupSpec": {"template": {"metadata": {"labels": {}}}},
                               "workerGroupSpecs": [{"groupName": "g", "template": {}}]}})",
                   "q");
  EXPECT_EQ(Ask("/validate-ray-io-v1-raycluster", "CREATE", job), "allowed");
  config_.gates.Set(Gate::kRequireQueueLabelOnPodTemplates, true);
  job["spec"]["headGroupSpec"]["template"]["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "q";
  EXPECT_EQ(Ask("/validate-ray-io-v1-raycluster", "CREATE", job),
            "spec.workerGroupSpecs[0].template.metadata.labels[kueue.x-k8s.io/queue-name]: Required value: the pods of "
            "\"g\" would be refused and the job would hold quota without ever running; add the label "
            "kueue.x-k8s.io/queue-name: q to this pod template as well as to the RayCluster");
  job["metadata"]["labels"].clear();
  EXPECT_EQ(Ask("/validate-ray-io-v1-raycluster", "CREATE", job), "allowed");
}

TEST_F(RouterTest, AChangeOfTheQueueWaitsUntilTheJobIsHeldBack) {
  const char* running = R"({"spec": {"suspend": false, "template": {}}})";
  const char* held = R"({"spec": {"suspend": true, "template": {}}})";
  EXPECT_THAT(Ask("/validate-batch-v1-job", "UPDATE", Named(running, "p"), Named(running, "q")),
              HasSubstr("field is immutable"));
  EXPECT_EQ(Ask("/validate-batch-v1-job", "UPDATE", Named(held, "p"), Named(running, "q")), "allowed");
}

// What real clients never send, and what Kueue's server says to it.
TEST_F(RouterTest, RequestsThatAreNoReviewsAreRefusedInKueuesWords) {
  const std::string path = "/mutate-batch-v1-job";
  const auto refused = [](const std::string& message) {
    return absl::StrCat(R"({"response":{"uid":"","allowed":false,"status":{"metadata":{},"message":")", message,
                        R"(","code":400}}})", "\n");
  };
  const std::string v1 = R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",)";
  const auto refused_v1 = [&](const std::string& message) {
    return absl::StrReplaceAll(refused(message), {{"{\"response\"", v1 + "\"response\""}});
  };
  EXPECT_EQ(Raw(path, "application/json", ""), refused("request body is empty"));
  EXPECT_EQ(Raw(path, "", "{}"), refused("contentType=, expected application/json"));
  EXPECT_EQ(Raw(path, "application/json; charset=utf-8", "{}"),
            refused("contentType=application/json; charset=utf-8, expected application/json"));
  EXPECT_EQ(Raw(path, "application/json", "{nope"),
            refused("couldn't get version/kind; json parse error: invalid character 'n' looking for beginning of "
                    "object key string"));
  EXPECT_THAT(Raw(path, "application/json", "[]"),
              HasSubstr(R"(cannot unmarshal array into Go value of type struct { APIVersion string \"json:)"));
  EXPECT_EQ(Raw(path, "application/json", "{}"), refused_v1("there is no content to decode"));
  EXPECT_EQ(Raw(path, "application/json", R"({"kind":5,"request":{"uid":"u"}})"),
            refused("couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field "
                    ".kind of type string"));
  EXPECT_EQ(Raw(path, "application/json", R"({"request":{"dryRun":"no"}})"),
            refused_v1("json: cannot unmarshal string into Go struct field AdmissionRequest.request.dryRun of type "
                       "bool"));
  EXPECT_EQ(
      Raw(path, "application/json", R"({"apiVersion":"admission.k8s.io/v1beta1","kind":"Foo","request":{"uid":"u"}})"),
      R"({"kind":"Foo","apiVersion":"admission.k8s.io/v1beta1","response":{"uid":"u","allowed":false,)"
      R"("status":{"metadata":{},"message":"there is no content to decode","code":400}}})"
      "\n");
  EXPECT_EQ(Router(config_, &state_).Answer("/nothing", "application/json", "{}").body, "404 page not found\n");
  EXPECT_EQ(Router::TooLarge().body,
            R"({"response":{"uid":"","allowed":false,"status":{"metadata":{},"message":"request entity is too large; )"
            R"(limit is 7340032 bytes","code":413}}})"
            "\n");
}

TEST_F(RouterTest, ObjectsThatDoNotFitTheirTypeAreRefusedInGosWords) {
  const struct {
    const char* object;
    const char* want;
  } kCases[] = {
      {R"({"spec": {"parallelism": "x"}})",
       "json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32"},
      {R"({"spec": {"parallelism": 3000000000}})",
       "json: cannot unmarshal number 3000000000 into Go struct field JobSpec.spec.parallelism of type int32"},
      {R"({"spec": []})", "json: cannot unmarshal array into Go struct field Job.spec of type v1.JobSpec"},
      {R"({"metadata": {"labels": {"a": 1}}})",
       "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"},
      {R"({"metadata": {"creationTimestamp": "nope"}})",
       R"(parsing time "nope" as "2006-01-02T15:04:05Z07:00": cannot parse "nope" as "2006")"},
      {R"({"spec": {"template": {"spec": {"containers": [{"resources": {"requests": {"cpu": "1x"}}}]}}}})",
       "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
      {R"({"kind": "Pod", "apiVersion": "v1"})", "unable to decode /v1, Kind=Pod into *v1.Job"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Ask("/mutate-batch-v1-job", "CREATE", json::parse(c.object)), c.want);
}

TEST_F(RouterTest, OperationsAreThoseOfAdmission) {
  const json job = Named(R"({"spec": {"template": {}}})", "Bad_q");
  EXPECT_EQ(Ask("/mutate-batch-v1-job", "DELETE", job), "allowed");
  EXPECT_EQ(Ask("/validate-batch-v1-job", "DELETE", nullptr, job), "allowed");
  EXPECT_EQ(Ask("/validate-batch-v1-job", "CONNECT", nullptr), "allowed");
  EXPECT_EQ(Ask("/validate-batch-v1-job", "BOGUS", job), "unknown operation \"BOGUS\"");
  EXPECT_EQ(Ask("/validate-batch-v1-job", "UPDATE", job), "there is no content to decode");
}

TEST_F(RouterTest, AChangedObjectIsWrittenAsGoWritesIt) {
  json job = Named(R"({"spec": {"suspend": false, "template": {"metadata": {}, "spec": {"containers": [
      {"resources": {"requests": {"cpu": "0.1000", "memory": 1024}, "limits": {"cpu": "1"}}}]}}}, "status": {}})",
                   "q");
  EXPECT_EQ(Ask("/mutate-batch-v1-job", "CREATE", job),
            R"([{"op":"replace","path":"/spec/suspend","value":true},)"
            R"({"op":"replace","path":"/spec/template/spec/containers/0/resources/requests/cpu","value":"100m"},)"
            R"({"op":"replace","path":"/spec/template/spec/containers/0/resources/requests/memory","value":"1024"}])");
  // Nothing else is touched for its spelling alone.
  job["spec"]["suspend"] = true;
  EXPECT_EQ(Ask("/mutate-batch-v1-job", "CREATE", job), "allowed");
}

TEST_F(RouterTest, ConversionGoesBothWaysAndLosesNothingThatBothVersionsHave) {
  const json queue = {{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                      {"kind", "ClusterQueue"},
                      {"metadata", {{"name", "q"}}},
                      {"spec", {{"cohortName", "c"}, {"namespaceSelector", json::object()}}},
                      {"status", {{"admittedWorkloads", 1}, {"pendingWorkloads", 0}, {"reservingWorkloads", 2}}}};
  const json workload = json::parse(R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload",
      "metadata": {"name": "w"},
      "spec": {"podSets": [{"name": "main", "count": 0, "template": {"metadata": {}, "spec": {"containers": null}}}],
               "priorityClassRef": {"group": "scheduling.k8s.io", "kind": "PriorityClass", "name": "p"}},
      "status": {"accumulatedPastExecutionTimeSeconds": 3, "admission": {"clusterQueue": "q", "podSetAssignments": [
        {"name": "main", "topologyAssignment": {"levels": ["rack", "host"], "slices": [
           {"domainCount": 2, "valuesPerLevel": [{"universal": "r"}, {"individual": {"prefix": "h", "roots": ["1", "2"]}}],
            "podCounts": {"universal": 4}}]}}]}}})");
  const auto convert = [&](const json& object, const char* version) {
    const json review = {{"apiVersion", "apiextensions.k8s.io/v1"},
                         {"kind", "ConversionReview"},
                         {"request", {{"uid", "c"}, {"desiredAPIVersion", version}, {"objects", {object}}}}};
    return json::parse(Raw("/convert", "application/json", review.dump())).at("response");
  };
  for (const json& object : {queue, workload}) {
    const json old = convert(object, "kueue.x-k8s.io/v1beta1");
    ASSERT_EQ(old["result"]["status"], "Success") << old;
    EXPECT_EQ(convert(old["convertedObjects"][0], "kueue.x-k8s.io/v1beta2")["convertedObjects"][0], object);
  }
  const json old_workload = convert(workload, "kueue.x-k8s.io/v1beta1")["convertedObjects"][0];
  EXPECT_EQ(old_workload["spec"]["priorityClassSource"], "scheduling.k8s.io/priorityclass");
  EXPECT_EQ(old_workload["status"]["admission"]["podSetAssignments"][0]["topologyAssignment"]["domains"],
            json::parse(R"([{"count": 4, "values": ["r", "h1"]}, {"count": 4, "values": ["r", "h2"]}])"));
  EXPECT_EQ(convert(queue, "kueue.x-k8s.io/v1beta2")["result"]["message"],
            "conversion is not allowed between same type *v1beta2.ClusterQueue");
  EXPECT_THAT(std::string(convert({{"apiVersion", "kueue.x-k8s.io/v1beta1"}, {"kind", "Foo"}},
                                  "kueue.x-k8s.io/v1beta2")["result"]["message"]),
              HasSubstr("no kind \"Foo\" is registered"));
  EXPECT_EQ(Router(config_, &state_).Answer("/convert", "application/json", "{").status, 400);
}

}  // namespace
}  // namespace muster::webhook
