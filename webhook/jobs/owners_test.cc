// What answers make of the objects that a request refers to: owners, and the Workload of a StatefulSet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/testing/review_builder.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Looking up anything fails, if told to.
class FailingState : public CachedClusterState {
 public:
  absl::StatusOr<std::shared_ptr<const json>> Lookup(const ObjectRef& ref) const override {
    return fails.ok() ? CachedClusterState::Lookup(ref) : fails;
  }
  absl::Status fails;
};

json Reference(const std::string& api_version, const std::string& kind, const std::string& name) {
  return json::array(
      {{{"apiVersion", api_version}, {"kind", kind}, {"name", name}, {"uid", "uid-" + name}, {"controller", true}}});
}

json Object(const std::string& api_version, const std::string& kind, const std::string& name) {
  return {{"apiVersion", api_version},
          {"kind", kind},
          {"metadata", {{"name", name}, {"namespace", "a"}, {"uid", "uid-" + name}}}};
}

class OwnersTest : public testing::Test {
 protected:
  OwnersTest() {
    config_.frameworks = {"batch/job", "pod", "statefulset"};
    Add({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "a"}}}});
  }

  void Add(const json& object) { ASSERT_TRUE(state_.Upsert(object).ok()); }

  std::string Answer(const std::string& path, const json& object, const json& old = nullptr) {
    const Router router(config_, &state_);
    return router.Answer(path, "application/json", ReviewText(old.is_null() ? "CREATE" : "UPDATE", object, old)).body;
  }
  // "left alone", "managed", or the message.
  std::string AskForPod(const json& references) {
    json pod = {{"metadata", {{"namespace", "a"}, {"ownerReferences", references}}}, {"spec", json::object()}};
    pod["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "q";
    const std::string gist = Gist(Answer("/mutate--v1-pod", pod));
    if (gist == "allowed") return "left alone";
    return gist.front() == '[' ? "managed" : gist;
  }
  json AnswerOf(const std::string& path, const json& object, const json& old = nullptr) {
    return json::parse(Answer(path, object, old)).at("response");
  }

  WebhookConfig config_ = DefaultWebhookConfig();
  FailingState state_;
};

TEST_F(OwnersTest, AnOwnerThatIsGoneIsNotFound) {
  EXPECT_EQ(AskForPod(Reference("batch/v1", "Job", "j")), R"(Job.batch "j" not found)");
  // Whether jobs of its kind are managed or not, and whatever they hold.
  EXPECT_EQ(AskForPod(Reference("kubeflow.org/v1", "PyTorchJob", "t")), R"(PyTorchJob.kubeflow.org "t" not found)");
  // What Kueue does not know is not looked for.
  EXPECT_EQ(AskForPod(Reference("example.com/v1", "Boss", "b")), "managed");
  EXPECT_EQ(AskForPod(Reference("batch/v2", "Job", "j")), "managed");
  // Also where every job is managed, whatever it holds.
  config_.manage_jobs_without_queue_name = true;
  EXPECT_EQ(AskForPod(Reference("batch/v1", "Job", "j")), R"(Job.batch "j" not found)");
  Add(Object("batch/v1", "Job", "j"));
  EXPECT_EQ(AskForPod(Reference("batch/v1", "Job", "j")), "left alone");
}

TEST_F(OwnersTest, AnotherObjectOfThatNameIsNoOwner) {
  json job = Object("batch/v1", "Job", "j");
  job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "q";
  Add(job);
  EXPECT_EQ(AskForPod(Reference("batch/v1", "Job", "j")), "left alone");
  job["metadata"]["uid"] = "another";
  Add(job);
  EXPECT_EQ(AskForPod(Reference("batch/v1", "Job", "j")), "managed");
}

TEST_F(OwnersTest, OnlyAnEnabledKindManages) {
  json job = Object("kubeflow.org/v1", "PyTorchJob", "t");
  job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "q";
  Add(job);
  EXPECT_EQ(AskForPod(Reference("kubeflow.org/v1", "PyTorchJob", "t")), "managed");
  // But one that is not leads to its own owner.
  job["metadata"]["ownerReferences"] = Reference("batch/v1", "Job", "j");
  Add(job);
  json above = Object("batch/v1", "Job", "j");
  Add(above);
  EXPECT_EQ(AskForPod(Reference("kubeflow.org/v1", "PyTorchJob", "t")), "managed");
  above["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "q";
  Add(above);
  EXPECT_EQ(AskForPod(Reference("kubeflow.org/v1", "PyTorchJob", "t")), "left alone");
}

TEST_F(OwnersTest, TenOwnersAreEnough) {
  for (int i = 1; i <= 12; ++i) {
    json job = Object("batch/v1", "Job", absl::StrCat("j", i));
    if (i > 1) job["metadata"]["ownerReferences"] = Reference("batch/v1", "Job", absl::StrCat("j", i - 1));
    Add(job);
  }
  EXPECT_EQ(AskForPod(Reference("batch/v1", "Job", "j10")), "managed");
  EXPECT_EQ(AskForPod(Reference("batch/v1", "Job", "j11")), "managed owner chain limit reached");
  EXPECT_EQ(AskForPod(Reference("batch/v1", "Job", "j12")), "managed owner chain limit reached");
}

TEST_F(OwnersTest, AFailureIsPassedOnAndNothingIsAllowed) {
  const json pod = {{"metadata", {{"namespace", "a"}, {"ownerReferences", Reference("batch/v1", "Job", "j")}}}};
  state_.fails = absl::DeadlineExceededError("GET /apis/batch/v1 from 10.0.0.1:443: timed out");
  json answer = AnswerOf("/mutate--v1-pod", pod);
  EXPECT_EQ(answer["allowed"], false);
  EXPECT_EQ(answer["status"]["code"], 403);
  EXPECT_THAT(answer["status"]["message"].get<std::string>(),
              HasSubstr("the owner Job/j: the API server did not answer in time"));
  // Users are not told where the API server is.
  state_.fails = absl::UnavailableError("GET /apis/batch/v1 from 10.0.0.1:443: no answer (Connection refused)");
  EXPECT_EQ(AnswerOf("/mutate--v1-pod", pod)["status"]["message"],
            "cannot read the owner Job/j: the API server did not answer");
  for (const ApiError& error : {ApiError{403, "Forbidden"}, ApiError{500, "InternalError"}, ApiError{503, ""}}) {
    state_.fails = absl::UnavailableError("no");
    SetApiError(error, &state_.fails);
    answer = AnswerOf("/mutate--v1-pod", pod);
    EXPECT_EQ(answer["allowed"], false);
    EXPECT_EQ(answer["status"]["code"], error.code);
    EXPECT_EQ(answer["status"].value("reason", ""), error.reason);
  }
}

class OldWorkloadTest : public OwnersTest {
 protected:
  OldWorkloadTest() {
    now_ = Object("apps/v1", "StatefulSet", "d-12272-16");
    now_["metadata"]["uid"] = "c6fff4a7-7a1a-40b1-a7b1-f6a71c8445e8";
    now_["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "q";
    now_["spec"]["replicas"] = 3;
  }
  std::string ScaleUp() {
    json old = now_;
    old["spec"]["replicas"] = 0;
    return Gist(Answer("/validate-apps-v1-statefulset", now_, old));
  }
  void AddWorkload(const std::string& name, const json& conditions = json::array()) {
    json workload = Object("kueue.x-k8s.io/v1beta2", "Workload", name);
    workload["status"]["conditions"] = conditions;
    Add(workload);
  }
  const std::string refused_ = "spec.replicas: Forbidden: workload from previous scale-down is still being deleted";
  json now_;
};

TEST_F(OldWorkloadTest, IsWaitedFor) {
  EXPECT_EQ(ScaleUp(), "allowed");
  AddWorkload("statefulset-d-12272-16-6e2f5");  // the name that Kueue gave it
  EXPECT_EQ(ScaleUp(), refused_);
  // Pods that are still there come first.
  now_["status"]["replicas"] = 1;
  EXPECT_EQ(ScaleUp(), "spec.replicas: Forbidden: scaling down is still in progress");
}

TEST_F(OldWorkloadTest, MayBeOnHold) {
  json condition = {{"type", "QuotaReserved"}, {"status", "False"}, {"reason", "OnHold"}};
  AddWorkload("statefulset-d-12272-16-6e2f5", json::array({{{"type", "Evicted"}, {"status", "True"}}, condition}));
  EXPECT_EQ(ScaleUp(), "allowed");
  condition["reason"] = "Pending";
  AddWorkload("statefulset-d-12272-16-6e2f5", json::array({condition}));
  EXPECT_EQ(ScaleUp(), refused_);
}

TEST_F(OldWorkloadTest, IsNamedAsInOlderVersionsOrOnTheManagerCluster) {
  AddWorkload("statefulset-d-12272-16-33365");
  EXPECT_EQ(ScaleUp(), refused_);
  state_.Remove({"kueue.x-k8s.io", "v1beta2", "Workload", "a", "statefulset-d-12272-16-33365"});
  AddWorkload("statefulset-d-12272-16-6e2f5");
  now_["metadata"]["labels"]["kueue.x-k8s.io/multikueue-origin"] = "m";
  now_["metadata"]["annotations"]["kueue.x-k8s.io/multikueue-origin-uid"] = now_["metadata"]["uid"];
  now_["metadata"]["uid"] = "of-the-worker";
  EXPECT_EQ(ScaleUp(), refused_);
}

TEST_F(OldWorkloadTest, AFailureIsPassedOn) {
  state_.fails = absl::PermissionDeniedError("who are you");
  SetApiError({403, "Forbidden"}, &state_.fails);
  EXPECT_THAT(ScaleUp(), HasSubstr("cannot read the Workload statefulset-d-12272-16-6e2f5: who are you"));
}

TEST_F(OldWorkloadTest, DoesNotConcernWhatKueueDoesNotManage) {
  AddWorkload("statefulset-d-12272-16-6e2f5");
  now_["metadata"]["labels"].erase("kueue.x-k8s.io/queue-name");
  EXPECT_EQ(ScaleUp(), "allowed");
}

}  // namespace
}  // namespace muster::webhook
