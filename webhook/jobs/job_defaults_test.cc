// What is set on jobs and pods, one row each: an object, and what becomes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "api/job_kinds.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/testing/review_builder.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

struct Row {
  const char* about;
  const char* path;    // after "/mutate-"
  const char* object;  // "K/" stands for "kueue.x-k8s.io/"
  const char* at;      // JSON pointer, with "K~1"
  const char* want;    // what is there afterwards, as JSON; "" = nothing
};

class DefaultsTest : public testing::Test {
 protected:
  DefaultsTest() {
    for (const api::JobKind& kind : api::JobKinds()) config_.frameworks.insert(std::string(kind.framework));
    Add(R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})");
    Add(R"({"apiVersion": "K/v1beta2", "kind": "LocalQueue", "metadata": {"name": "default", "namespace": "a"}})");
    Add(R"({"apiVersion": "K/v1beta2", "kind": "WorkloadPriorityClass", "metadata": {"name": "default"}})");
    Add(R"({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "a", "uid": "u"}})");
  }

  static std::string Kueue(const char* text) {
    return absl::StrReplaceAll(text, {{"K/", "kueue.x-k8s.io/"}, {"K~1", "kueue.x-k8s.io~1"}});
  }
  void Add(const char* object) { ASSERT_TRUE(state_.Upsert(json::parse(Kueue(object))).ok()); }

  std::string Answer(const char* path, const json& object) {
    const Router router(config_, &state_);
    return Gist(router.Answer(absl::StrCat("/mutate-", path), "application/json", ReviewText("CREATE", object)).body);
  }

  template <size_t n>
  void Check(const Row (&rows)[n]) {
    for (const Row& row : rows) {
      SCOPED_TRACE(row.about);
      json object = json::parse(Kueue(row.object));
      object["metadata"]["namespace"] = "a";
      const std::string gist = Answer(row.path, object);
      if (gist.front() == '[') object = object.patch(json::parse(gist));
      // Whatever is set stays set: the API server may ask again, and so may Kueue.
      EXPECT_EQ(Answer(row.path, object), "allowed") << gist;
      const json::json_pointer at(Kueue(row.at));
      EXPECT_EQ(object.contains(at) ? object[at].dump() : "", row.want) << gist;
    }
  }

  WebhookConfig config_ = DefaultWebhookConfig();
  CachedClusterState state_;
};

constexpr char kMpi[] = "kubeflow-org-v2beta1-mpijob";
constexpr char kWorkerOffset[] = "/spec/mpiReplicaSpecs/Worker/template/metadata/annotations/K~1pod-index-offset";

TEST_F(DefaultsTest, QueueAndPriorityClass) {
  Check({
      {"a job without a queue gets the default", "batch-v1-job", "{}", "/metadata/labels/K~1queue-name",
       R"("default")"},
      {"and so does one with an empty name", "batch-v1-job", R"({"metadata": {"labels": {"K/queue-name": ""}}})",
       "/metadata/labels/K~1queue-name", R"("default")"},
      {"as with the priority class", "batch-v1-job", R"({"metadata": {"labels": {"K/priority-class": ""}}})",
       "/metadata/labels/K~1priority-class", R"("default")"},
      {"a pod gets the default class", "-v1-pod", R"({"metadata": {"labels": {"K/queue-name": "q"}}})",
       "/metadata/labels/K~1priority-class", R"("default")"},
      {"the pod of a job gets the queue", "-v1-pod",
       R"({"metadata": {"ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u",
                                             "controller": true}]}})",
       "/metadata/labels/K~1queue-name", R"("default")"},
      {"but not the class", "-v1-pod",
       R"({"metadata": {"ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u",
                                             "controller": true}]}})",
       "/metadata/labels/K~1priority-class", ""},
  });
}

TEST_F(DefaultsTest, AQueueWhoseNamespaceIsNotKnownYet) {
  Add(R"({"apiVersion": "K/v1beta2", "kind": "LocalQueue", "metadata": {"name": "default", "namespace": "new"}})");
  for (const char* path : {"batch-v1-job", "apps-v1-deployment", "-v1-pod"}) {
    EXPECT_EQ(Answer(path, {{"metadata", {{"namespace", "new"}}}}), R"(Namespace "new" not found)") << path;
  }
}

TEST_F(DefaultsTest, ATemplateThatIsNotWrittenIsThereAllTheSame) {
  constexpr char kElastic[] =
      R"({"metadata": {"labels": {"K/queue-name": "q"}, "annotations": {"K/elastic-job": "true"}},
                                  "spec": {"workerGroupSpecs": [{"groupName": "w"}]}})";
  constexpr char kGates[] = R"([{"name":"kueue.x-k8s.io/elastic-job"}])";
  constexpr char kQueued[] = R"({"metadata": {"labels": {"K/queue-name": "q"}}})";
  Check({
      {"of a Job", "batch-v1-job", kElastic, "/spec/template/spec/schedulingGates", kGates},
      {"of the head of a RayCluster", "ray-io-v1-raycluster", kElastic,
       "/spec/headGroupSpec/template/spec/schedulingGates", kGates},
      {"and of its workers", "ray-io-v1-raycluster", kElastic, "/spec/workerGroupSpecs/0/template/spec/schedulingGates",
       kGates},
      {"of a RayService", "ray-io-v1-rayservice", kElastic,
       "/spec/rayClusterConfig/headGroupSpec/template/spec/schedulingGates", kGates},
      {"of the workers of a LeaderWorkerSet", "leaderworkerset-x-k8s-io-v1-leaderworkerset", kQueued,
       "/spec/leaderWorkerTemplate/workerTemplate/metadata/annotations/K~1pod-group-serving", R"("true")"},
      {"but not of the leader, which there need not be", "leaderworkerset-x-k8s-io-v1-leaderworkerset", kQueued,
       "/spec/leaderWorkerTemplate/leaderTemplate", ""},
      {"with containers that are null, as Go writes it", "apps-v1-deployment", kQueued,
       "/spec/template/spec/containers", "null"},
      {"a rollout has its numbers", "leaderworkerset-x-k8s-io-v1-leaderworkerset",
       R"({"metadata": {"labels": {"K/queue-name": "q"}},
           "spec": {"rolloutStrategy": {"type": "RollingUpdate", "rollingUpdateConfiguration": {"maxUnavailable": 2}}}})",
       "/spec/rolloutStrategy/rollingUpdateConfiguration", R"({"maxSurge":0,"maxUnavailable":2})"},
      {"a StatefulSet that is part of another kind keeps its mark", "apps-v1-statefulset",
       R"({"metadata": {"labels": {"K/queue-name": "q"}},
           "spec": {"template": {"metadata": {"annotations": {"K/pod-suspending-parent": "x"}}}}})",
       "/spec/template/metadata/annotations/K~1pod-suspending-parent", R"("x")"},
  });
}

TEST_F(DefaultsTest, ALauncherThatWorksCountsAsTheFirstWorker) {
  Check({
      {"so the others come after it", kMpi,
       R"({"spec": {"runLauncherAsWorker": true, "mpiReplicaSpecs": {"Launcher": {}, "Worker": {}}}})", kWorkerOffset,
       R"("1")"},
      {"not without a launcher", kMpi, R"({"spec": {"runLauncherAsWorker": true, "mpiReplicaSpecs": {"Worker": {}}}})",
       kWorkerOffset, ""},
      {"not when the launcher is in a group", kMpi,
       R"({"spec": {"runLauncherAsWorker": true, "mpiReplicaSpecs": {
             "Launcher": {"template": {"metadata": {"annotations": {"K/podset-group-name": "g"}}}}, "Worker": {}}}})",
       kWorkerOffset, ""},
      {"whatever the workers say", kMpi,
       R"({"spec": {"runLauncherAsWorker": true, "mpiReplicaSpecs": {"Launcher": {},
             "Worker": {"template": {"metadata": {"annotations": {"K/podset-group-name": "g"}}}}}}})",
       kWorkerOffset, R"("1")"},
  });
}

}  // namespace
}  // namespace muster::webhook
