// The rules of jobs, one row each: an object (and what it was before), and what is said about it.
// One file, because it is one table, kind by kind.
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
  const char* path;    // after "/validate-"
  const char* object;  // "K/" stands for "kueue.x-k8s.io/"
  const char* old;     // nullptr on CREATE
  const char* want;    // the message; "" = allowed
};

class RulesTest : public testing::Test {
 protected:
  RulesTest() {
    for (const api::JobKind& kind : api::JobKinds()) config_.frameworks.insert(std::string(kind.framework));
    config_.gates.Set(Gate::kSparkApplicationIntegration, true);
    Add({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "a"}}}});
    Add({{"apiVersion", "trainer.kubeflow.org/v1alpha1"},
         {"kind", "ClusterTrainingRuntime"},
         {"metadata", {{"name", "torch"}}},
         {"spec",
          {{"mlPolicy", {{"numNodes", 2}}},
           {"template",
            {{"spec",
              {{"replicatedJobs",
                json::array(
                    {{{"name", "node"},
                      {"template",
                       {{"metadata",
                         {{"labels", {{"trainer.kubeflow.org/trainjob-ancestor-step", "trainer"}}}}}}}}})}}}}}}}});
  }

  void Add(const json& object) { ASSERT_TRUE(state_.Upsert(object).ok()); }

  static std::string Kueue(const char* text) { return absl::StrReplaceAll(text, {{"K/", "kueue.x-k8s.io/"}}); }

  static json Read(const char* text) {
    json object = json::parse(Kueue(text));
    object["metadata"]["namespace"] = "a";
    return object;
  }

  void Check(const Row* begin, const Row* end) {
    const Router router(config_, &state_);
    for (const Row* row = begin; row != end; ++row) {
      SCOPED_TRACE(row->about);
      const std::string review = row->old == nullptr ? ReviewText("CREATE", Read(row->object))
                                                     : ReviewText("UPDATE", Read(row->object), Read(row->old));
      const HttpAnswer answer = router.Answer(absl::StrCat("/validate-", row->path), "application/json", review);
      EXPECT_EQ(Gist(answer.body), *row->want == '\0' ? "allowed" : Kueue(row->want));
    }
  }
  template <size_t n>
  void Check(const Row (&rows)[n]) {
    Check(rows, rows + n);
  }

  WebhookConfig config_ = DefaultWebhookConfig();
  CachedClusterState state_;
};

constexpr char kJob[] = "batch-v1-job";
constexpr char kRayCluster[] = "ray-io-v1-raycluster";
constexpr char kRayJob[] = "ray-io-v1-rayjob";
constexpr char kLws[] = "leaderworkerset-x-k8s-io-v1-leaderworkerset";
constexpr char kSts[] = "apps-v1-statefulset";
constexpr char kJobSet[] = "jobset-x-k8s-io-v1alpha2-jobset";

TEST_F(RulesTest, Common) {
  Check({
      {"an empty queue name is no name", "apps-v1-deployment", R"({"metadata": {"labels": {"K/queue-name": ""}}})",
       nullptr,
       "metadata.labels[K/queue-name]: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case "
       "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
       "'example.com', regex used for validation is "
       "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"},
      {"an execution time is a positive number", kJob, R"({"metadata": {"labels": {"K/max-exec-time-seconds": "0"}}})",
       nullptr, "metadata.labels[K/max-exec-time-seconds]: Invalid value: 0: should be greater than 0"},
      {"a JAXJob may not name a prebuilt workload", "kubeflow-org-v1-jaxjob",
       R"({"metadata": {"labels": {"K/prebuilt-workload-name": "w"}}})", nullptr,
       "metadata.labels[K/prebuilt-workload-name]: Forbidden: Is not supported for \"kubeflow.org/v1, Kind=JAXJob\""},
      {"a JobSet cannot be elastic", kJobSet, R"({"metadata": {"annotations": {"K/elastic-job": "true"}}})", nullptr,
       "metadata.annotations[K/elastic-job]: Forbidden: elastic job is not supported for \"jobset.x-k8s.io/v1alpha2, "
       "Kind=JobSet\""},
      {"gates are domain-prefixed", kJob, R"({"metadata": {"annotations": {"K/admission-gated-by": "a"}}})", nullptr,
       "metadata.annotations[K/admission-gated-by]: Invalid value: \"a\": must be a domain-prefixed path (such as "
       "\"acme.io/foo\")"},
      {"gates are given on creation", kJob,
       R"({"spec": {"suspend": true}, "metadata": {"annotations": {"K/admission-gated-by": "b.c/a"}}})",
       R"({"spec": {"suspend": true}})",
       "metadata.annotations[K/admission-gated-by]: Forbidden: cannot add admission gate after creation"},
      {"and then only go", kJob,
       R"({"spec": {"suspend": true}, "metadata": {"annotations": {"K/admission-gated-by": "b.c/a"}}})",
       R"({"spec": {"suspend": true}, "metadata": {"annotations": {"K/admission-gated-by": "b.c/a,b.c/d"}}})", ""},
      {"a priority class is not added to what runs", kJobSet, R"({"metadata": {"labels": {"K/priority-class": "p"}}})",
       R"({"spec": {}})",
       "metadata.labels[K/priority-class]: Invalid value: \"p\": WorkloadPriorityClass cannot be added to a "
       "non-suspended workload"},
      {"nor ever taken away", kJobSet, R"({"spec": {"suspend": true}})",
       R"({"spec": {"suspend": true}, "metadata": {"labels": {"K/priority-class": "p"}}})",
       "metadata.labels[K/priority-class]: Invalid value: \"\": WorkloadPriorityClass cannot be removed from a "
       "workload"},
      {"a job that is being stopped still runs", kJob,
       R"({"spec": {"suspend": true}, "metadata": {"labels": {"K/queue-name": "p"}, "annotations": {"K/stopping": "true"}}})",
       R"({"spec": {"suspend": true}, "metadata": {"labels": {"K/queue-name": "q"}}})",
       "metadata.labels[K/queue-name]: Invalid value: \"p\": field is immutable"},
      {"of other kinds the field says whether they run", kJobSet,
       R"({"spec": {"suspend": true}, "metadata": {"labels": {"K/queue-name": "p"}, "annotations": {"K/stopping": "true"}}})",
       R"({"spec": {"suspend": true}, "metadata": {"labels": {"K/queue-name": "q"}}})", ""},
      {"an annotation names a prebuilt workload before the label does", kJob,
       R"({"metadata": {"labels": {"K/prebuilt-workload-name": "Bad"}, "annotations": {"K/prebuilt-workload-name": "w"}}})",
       nullptr, ""},
      {"but an empty one names none", "kubeflow-org-v1-jaxjob",
       R"({"metadata": {"annotations": {"K/prebuilt-workload-name": ""}}})", nullptr, ""},
      {"it is not changed while the job runs", kJob,
       R"({"metadata": {"annotations": {"K/prebuilt-workload-name": "w"}}})",
       R"({"metadata": {"labels": {"K/prebuilt-workload-name": "v"}}})",
       "metadata.annotations[K/prebuilt-workload-name]: Invalid value: \"w\": field is immutable"},
      {"unless it was elastic", kJob,
       R"({"metadata": {"annotations": {"K/elastic-job": "true"}, "labels": {"K/prebuilt-workload-name": "w"}}})",
       R"({"metadata": {"annotations": {"K/elastic-job": "true"}, "labels": {"K/prebuilt-workload-name": "v"}}})", ""},
      {"a TrainJob is checked in full when it changes", "trainer-kubeflow-org-v1alpha1-trainjob",
       R"({"spec": {"suspend": true, "runtimeRef": {"name": "torch", "apiGroup": "trainer.kubeflow.org", "kind": "ClusterTrainingRuntime"}}, "metadata": {"labels": {"K/max-exec-time-seconds": "0"}}})",
       R"({"spec": {"suspend": true, "runtimeRef": {"name": "torch", "apiGroup": "trainer.kubeflow.org", "kind": "ClusterTrainingRuntime"}}})",
       "metadata.labels[K/max-exec-time-seconds]: Invalid value: 0: should be greater than 0"},
      {"the name of a prebuilt workload is checked while it may change", "kubeflow-org-v1-tfjob",
       R"({"spec": {"runPolicy": {"suspend": true}}, "metadata": {"labels": {"K/prebuilt-workload-name": "w"}}})",
       R"({"spec": {"runPolicy": {"suspend": true}}})", ""},
  });
}

TEST_F(RulesTest, Jobs) {
  Check({
      {"less than all pods may be enough, but not none", kJob,
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "3"}}, "spec": {"parallelism": 3}})", nullptr,
       "metadata.annotations[K/job-min-parallelism]: Invalid value: 3: should be between 0 and 2"},
      {"as many completions as pods", kJob,
       R"({"metadata": {"annotations": {"K/job-completions-equal-parallelism": "true"}},
           "spec": {"completionMode": "Indexed", "parallelism": 3, "completions": 4}})",
       nullptr,
       "spec.completions: Invalid value: 4: should be equal to parallelism when K/job-completions-equal-parallelism "
       "annotation is true"},
      {"what is not written is null", kJob,
       R"({"metadata": {"annotations": {"K/job-completions-equal-parallelism": "true"}},
           "spec": {"completionMode": "Indexed", "parallelism": 3}})",
       nullptr,
       "spec.completions: Invalid value: null: should be equal to parallelism when K/job-completions-equal-parallelism "
       "annotation is true"},
      {"whether completions follow is settled once the job runs", kJob,
       R"({"metadata": {"annotations": {"K/job-completions-equal-parallelism": "false"}}, "spec": {"completionMode": "Indexed"}})",
       R"({"metadata": {"annotations": {"K/job-completions-equal-parallelism": "1"}}, "spec": {"completionMode": "Indexed"}})",
       "metadata.annotations[K/job-completions-equal-parallelism]: Forbidden: field is immutable while the job is not "
       "suspended"},
      {"however it is written", kJob,
       R"({"metadata": {"annotations": {"K/job-completions-equal-parallelism": "false"}}, "spec": {}})",
       R"({"spec": {}})", ""},
      {"partial admission fixes the parallelism of what runs", kJob,
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "1"}}, "spec": {"parallelism": 3}})",
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "1"}}, "spec": {"parallelism": 2}})",
       "spec.parallelism: Forbidden: cannot change when partial admission is enabled and the job is not suspended"},
      {"nor of what is being stopped", kJob,
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "1"}}, "spec": {"parallelism": 3, "suspend": true}})",
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "1", "K/stopping": "true"}},
           "spec": {"parallelism": 2, "suspend": true}})",
       ""},
      {"but not of what is about to start", kJob,
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "1"}}, "spec": {"parallelism": 3}})",
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "1"}}, "spec": {"parallelism": 2, "suspend": true}})",
       ""},
      {"Kueue starts a job with the least that is enough", kJob,
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "2"}}, "spec": {"parallelism": 2}})",
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "2"}}, "spec": {"parallelism": 3, "suspend": true}})",
       ""},
      {"but nobody says so afterwards", kJob,
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "2"}}, "spec": {"parallelism": 2, "suspend": true}})",
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "1"}}, "spec": {"parallelism": 2, "suspend": true}})",
       "metadata.annotations[K/job-min-parallelism]: Invalid value: 2: should be between 0 and 1"},
      {"Kueue breaks down where the API server sees to a number of pods", kJob,
       R"({"metadata": {"annotations": {"K/job-min-parallelism": "2"}}, "spec": {}})", nullptr,
       "panic: runtime error: invalid memory address or nil pointer dereference [recovered]"},
      {"of a change topology comes last", kJob,
       R"({"metadata": {"labels": {"K/queue-name": "p"}}, "spec": {"parallelism": 1, "template": {"metadata": {
           "annotations": {"K/podset-slice-size": "2"}}}}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"parallelism": 1}})",
       "[metadata.labels[K/queue-name]: Invalid value: \"p\": field is immutable, "
       "spec.template.metadata.annotations[K/podset-slice-size]: Forbidden: may not be set when "
       "'K/podset-slice-required-topology' is not specified]"},
      {"the errors of an MPIJob come by field", "kubeflow-org-v2beta1-mpijob",
       R"({"metadata": {"labels": {"K/queue-name": "Q", "K/max-exec-time-seconds": "x"}}})", nullptr,
       "[metadata.labels[K/max-exec-time-seconds]: Invalid value: \"x\": strconv.Atoi: parsing \"x\": invalid syntax, "
       "metadata.labels[K/queue-name]: Invalid value: \"Q\": a lowercase RFC 1123 subdomain must consist of lower case "
       "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
       "'example.com', regex used for validation is "
       "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]"},
      {"a TrainJob needs its runtime", "trainer-kubeflow-org-v1alpha1-trainjob",
       R"({"spec": {"runtimeRef": {"name": "nope", "apiGroup": "trainer.kubeflow.org", "kind": "TrainingRuntime"}}})",
       nullptr, "runtime 'nope' not found"},
      {"of a kind that there is, before anything else is said", "trainer-kubeflow-org-v1alpha1-trainjob",
       R"({"metadata": {"labels": {"K/queue-name": "Bad"}}, "spec": {"runtimeRef": {"name": "torch", "kind": "Other"}}})",
       nullptr, "unsupported runtime: Other"},
      {"and of a group", "trainer-kubeflow-org-v1alpha1-trainjob",
       R"({"spec": {"runtimeRef": {"apiGroup": "trainer.kubeflow.org"}}})", nullptr,
       "unsupported runtime: .trainer.kubeflow.org"},
      {"no runtime is none either", "trainer-kubeflow-org-v1alpha1-trainjob", R"({"spec": {}})", nullptr,
       "unsupported runtime: "},
      {"and is held against the pods of it", "trainer-kubeflow-org-v1alpha1-trainjob",
       R"({"spec": {"runtimeRef": {"name": "torch", "apiGroup": "trainer.kubeflow.org", "kind": "ClusterTrainingRuntime"}, "runtimePatches": [{"trainingRuntimeSpec": {"template": {"spec":
           {"replicatedJobs": [{"name": "node", "template": {"spec": {"template": {"metadata": {"annotations": {
             "K/podset-slice-required-topology": "rack", "K/podset-slice-size": "3"}}}}}}]}}}}]}})",
       nullptr,
       "job[node].annotations[K/podset-slice-size]: Invalid value: \"3\": must not be greater than pod set count 2. "
       "Adjust either the \"TrainJob.spec.runtimePatches\" or the \"TrainingRuntime.Template\" annotations for the "
       "corresponding Job"},
  });
}

TEST_F(RulesTest, Topology) {
  Check({
      {"one kind of request", kJob,
       R"({"spec": {"template": {"metadata": {"annotations": {"K/podset-required-topology": "rack",
                                                             "K/podset-preferred-topology": "rack"}}}}})",
       nullptr,
       "spec.template.metadata.annotations: Invalid value: must not contain more than one topology annotation: "
       "[\"K/podset-required-topology\", \"K/podset-preferred-topology\", \"K/podset-unconstrained-topology\"]"},
      {"a slice has a size", kJob,
       R"({"spec": {"template": {"metadata": {"annotations": {"K/podset-slice-required-topology": "rack"}}}}})",
       nullptr,
       "spec.template.metadata.annotations[K/podset-slice-size]: Required value: must be set when "
       "'K/podset-slice-required-topology' is specified"},
      {"an elastic job has no fixed place, and nothing else is said of it", kJob,
       R"({"metadata": {"annotations": {"K/elastic-job": "true"}},
           "spec": {"parallelism": 1, "template": {"metadata": {"annotations": {
             "K/podset-required-topology": "rack", "K/podset-slice-required-topology": "rack",
             "K/podset-slice-size": "2"}}}}})",
       nullptr,
       "spec.template.metadata.annotations.K/podset-required-topology: Forbidden: required topology is not supported "
       "with elastic jobs"},
      {"unless its annotations are wrong in themselves", kJob,
       R"({"metadata": {"annotations": {"K/elastic-job": "true"}},
           "spec": {"template": {"metadata": {"annotations": {"K/podset-required-topology": "rack",
                                                             "K/podset-preferred-topology": "rack"}}}}})",
       nullptr,
       "spec.template.metadata.annotations: Invalid value: must not contain more than one topology annotation: "
       "[\"K/podset-required-topology\", \"K/podset-preferred-topology\", \"K/podset-unconstrained-topology\"]"},
      {"a count below zero is shown as it is", "kubeflow-org-v1-pytorchjob",
       R"({"spec": {"pytorchReplicaSpecs": {"Worker": {"replicas": -1, "template": {"metadata": {"annotations": {
           "K/podset-slice-required-topology": "rack", "K/podset-slice-size": "1"}}}}}}})",
       nullptr,
       "spec.pytorchReplicaSpecs[Worker].template.metadata.annotations[K/podset-slice-size]: Invalid value: \"1\": "
       "must not be greater than pod set count -1"},
      {"layers take the place of a slice, which is then not parsed", kJobSet,
       R"({"spec": {"replicatedJobs": [{"name": "w", "replicas": 1, "template": {"spec": {"template": {"metadata": {
           "annotations": {"K/podset-slice-size": "x", "K/podset-slice-required-topology-constraints":
             "[{\"topology\": \"rack\", \"size\": 1}]"}}}}}}]}})",
       nullptr,
       "[spec.replicatedJobs[0].template.spec.template.metadata.annotations[K/podset-slice-size]: Invalid value: "
       "\"x\": must be a numeric value, "
       "spec.replicatedJobs[0].template.spec.template.metadata.annotations[K/podset-slice-size]: Forbidden: may not be "
       "set when 'K/podset-slice-required-topology' is not specified, "
       "spec.replicatedJobs[0].template.spec.template.metadata.annotations[K/podset-slice-required-topology-"
       "constraints]: Forbidden: may not be set when 'K/podset-slice-size' is specified]"},
      {"of two requests in a group the required one counts", kJobSet,
       R"({"spec": {"replicatedJobs": [
           {"name": "a", "replicas": 1, "template": {"spec": {"template": {"metadata": {"annotations": {
             "K/podset-group-name": "g", "K/podset-required-topology": "rack"}}}}}},
           {"name": "b", "replicas": 1, "template": {"spec": {"template": {"metadata": {"annotations": {
             "K/podset-group-name": "g", "K/podset-required-topology": "rack", "K/podset-preferred-topology": "host"}}}}}}]}})",
       nullptr,
       "spec.replicatedJobs[1].template.spec.template.metadata.annotations: Invalid value: must not contain more than "
       "one topology annotation: [\"K/podset-required-topology\", \"K/podset-preferred-topology\", "
       "\"K/podset-unconstrained-topology\"]"},
      {"a group of what asks for no place in common is none", kLws,
       R"({"spec": {"leaderWorkerTemplate": {"workerTemplate": {"metadata": {"annotations": {
           "K/podset-group-name": "g", "K/podset-unconstrained-topology": "true"}}}}}})",
       nullptr,
       "spec.leaderWorkerTemplate.workerTemplate.metadata.annotations[K/podset-group-name]: Forbidden: may not be set "
       "when neither 'K/podset-preferred-topology' nor 'K/podset-required-topology' is specified"},
      {"layers divide each other", kJob,
       R"({"spec": {"parallelism": 8, "completions": 8, "template": {"metadata": {"annotations": {
           "K/podset-slice-required-topology-constraints":
             "[{\"topology\": \"block\", \"size\": 4}, {\"topology\": \"rack\", \"size\": 3}]"}}}}})",
       nullptr,
       "spec.template.metadata.annotations[K/podset-slice-required-topology-constraints][1].size: Invalid value: 3: "
       "must evenly divide the parent layer size 4"},
      {"two pod sets make a group", kJobSet,
       R"({"spec": {"replicatedJobs": [{"name": "w", "replicas": 1, "template": {"spec": {"template": {"metadata": {
           "annotations": {"K/podset-group-name": "g", "K/podset-required-topology": "rack"}}}}}}]}})",
       nullptr,
       "spec.replicatedJobs[0].template.spec.template.metadata.annotations[K/podset-group-name]: Invalid value: \"g\": "
       "can only define groups of exactly 2 pod sets, got: 1 pod set(s)"},
      {"a name alone is no group", kJobSet,
       R"({"spec": {"replicatedJobs": [{"name": "w", "template": {"spec": {"template": {"metadata": {
           "annotations": {"K/podset-group-name": "g"}}}}}}]}})",
       nullptr,
       "spec.replicatedJobs[0].template.spec.template.metadata.annotations[K/podset-group-name]: Forbidden: may not be "
       "set when neither 'K/podset-preferred-topology' nor 'K/podset-required-topology' is specified"},
      {"a JobSet is refused in the parser's words", kJobSet,
       R"({"spec": {"replicatedJobs": [{"name": "w", "template": {"spec": {"template": {"metadata": {
           "annotations": {"K/podset-unconstrained-topology": "maybe"}}}}}}]}})",
       nullptr, "strconv.ParseBool: parsing \"maybe\": invalid syntax"},
      {"a Job in the field's", kJob,
       R"({"spec": {"template": {"metadata": {"annotations": {"K/podset-unconstrained-topology": "maybe"}}}}})",
       nullptr,
       "spec.template.metadata.annotations[K/podset-unconstrained-topology]: Invalid value: \"maybe\": must be a "
       "boolean value"},
      {"groups of a LeaderWorkerSet agree", kLws,
       R"({"spec": {"leaderWorkerTemplate": {"size": 3,
           "leaderTemplate": {"metadata": {"annotations": {"K/podset-group-name": "g", "K/podset-required-topology": "rack"}}},
           "workerTemplate": {"metadata": {"annotations": {"K/podset-group-name": "g", "K/podset-required-topology": "rack"}}}}}})",
       nullptr, ""},
  });
  config_.gates.Set(Gate::kTASMultiLayerTopology, false);
  Check(
      {{"layers need their gate", kJob,
        R"({"spec": {"template": {"metadata": {"annotations": {"K/podset-slice-required-topology-constraints": "[]"}}}}})",
        nullptr,
        "spec.template.metadata.annotations[K/podset-slice-required-topology-constraints]: Forbidden: the "
        "TASMultiLayerTopology feature gate must be enabled to use this annotation"}});
  config_.gates.Set(Gate::kTopologyAwareScheduling, false);
  Check({{"without topology nothing is said of it", kJob,
          R"({"spec": {"template": {"metadata": {"annotations": {"K/podset-slice-size": "x"}}}}})", nullptr, ""}});
}

TEST_F(RulesTest, RayAndSpark) {
  Check({
      {"autoscaling wants an elastic job", kRayCluster,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"enableInTreeAutoscaling": true}})", nullptr,
       "spec.enableInTreeAutoscaling: Invalid value: true: a kueue-managed RayCluster can use autoscaling only as an "
       "elastic job: enable the ElasticJobsViaWorkloadSlices feature gate and set the \"K/elastic-job\": \"true\" "
       "annotation"},
      {"an elastic job is gated", kRayCluster,
       R"({"metadata": {"labels": {"K/queue-name": "q"}, "annotations": {"K/elastic-job": "true"}},
           "spec": {"headGroupSpec": {"template": {}}}})",
       nullptr,
       "spec.headGroupSpec.template.spec.schedulingGates: Invalid value: null: an elastic job must have the "
       "ElasticJobSchedulingGate"},
      {"no group is called head", kRayCluster,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"workerGroupSpecs": [{"groupName": "head"}]}})",
       nullptr, "spec.workerGroupSpecs[0].groupName: Forbidden: \"head\" is reserved for the head group"},
      {"without a queue there is nothing to say", kRayCluster, R"({"spec": {"enableInTreeAutoscaling": true}})",
       nullptr, ""},
      {"an update of what was never managed neither", kRayCluster,
       R"({"metadata": {"labels": {"K/max-exec-time-seconds": "x"}}})", R"({"metadata": {}})", ""},
      {"but one that leaves management is an update", kRayCluster, R"({"metadata": {}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}})",
       "metadata.labels[K/queue-name]: Invalid value: \"\": field is immutable"},
      {"a job has a cluster of its own", kRayJob,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"clusterSelector": {"a": "b"}, "rayClusterSpec": {}}})",
       nullptr,
       "spec.clusterSelector: Invalid value: {\"a\":\"b\"}: a kueue managed job should not use an existing cluster"},
      {"and takes it away with it", kRayJob,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"submissionMode": "HTTPMode", "rayClusterSpec": {}}})",
       nullptr,
       "spec.shutdownAfterJobFinishes: Invalid value: false: a kueue managed job should delete the cluster after "
       "finishing"},
      {"nor is SparkApplication elastic", "sparkoperator-k8s-io-v1beta2-sparkapplication",
       R"({"metadata": {"labels": {"K/queue-name": "q"}, "annotations": {"K/elastic-job": "true"}},
           "spec": {"mode": "cluster", "dynamicAllocation": {"enabled": true}}})",
       nullptr,
       "metadata.annotations[K/elastic-job]: Forbidden: elastic job is not supported for "
       "\"sparkoperator.k8s.io/v1beta2, Kind=SparkApplication\""},
      {"the head is looked at before the groups, and these before the workers", kRayCluster,
       R"({"spec": {"headGroupSpec": {"template": {"metadata": {"annotations": {"K/podset-required-topology": "@"}}}},
                    "workerGroupSpecs": [{"groupName": "w", "template": {"metadata": {"annotations": {
                      "K/podset-group-name": "7", "K/podset-preferred-topology": "rack"}}}}]}})",
       nullptr,
       "[spec.headGroupSpec.template.metadata.annotations[K/podset-required-topology]: Invalid value: \"@\": name part "
       "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
       "character "
       "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
       "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), "
       "spec.workerGroupSpecs[0].template.metadata.annotations[K/podset-group-name]: Invalid value: \"7\": can only "
       "define groups of exactly 2 pod sets, got: 1 pod set(s), "
       "spec.workerGroupSpecs[0].template.metadata.annotations[K/podset-group-name]: Invalid value: \"7\": must not be "
       "a number]"},
      {"what cannot be parsed of a RayJob is an error of its field", kRayJob,
       R"({"spec": {"submissionMode": "HTTPMode", "rayClusterSpec": {"workerGroupSpecs": [{"groupName": "w",
           "template": {"metadata": {"annotations": {"K/podset-unconstrained-topology": "maybe"}}}}]}}})",
       nullptr,
       "spec.rayClusterSpec.workerGroupSpecs[0].template.metadata.annotations[K/podset-unconstrained-topology]: "
       "Invalid "
       "value: \"maybe\": must be a boolean value"},
      {"of a RayCluster only at the head", kRayCluster,
       R"({"spec": {"workerGroupSpecs": [{"groupName": "w",
           "template": {"metadata": {"annotations": {"K/podset-unconstrained-topology": "maybe"}}}}]}})",
       nullptr, "strconv.ParseBool: parsing \"maybe\": invalid syntax"},
      {"a group that is called as the head is as large as the head", "ray-io-v1-rayservice",
       R"({"spec": {"rayClusterConfig": {"workerGroupSpecs": [{"groupName": "Head", "replicas": 3,
           "template": {"metadata": {"annotations": {"K/podset-slice-required-topology": "rack",
                                                     "K/podset-slice-size": "2"}}}}]}}})",
       nullptr,
       "spec.rayClusterSpec.workerGroupSpecs[0].template.metadata.annotations[K/podset-slice-size]: Invalid value: "
       "\"2\": must not be greater than pod set count 1"},
      {"Kueue breaks down where the submitter would get the image of a head without containers", kRayJob,
       R"({"spec": {"rayClusterSpec": {}}})", nullptr,
       "panic: runtime error: index out of range [0] with length 0 [recovered]"},
      {"Spark runs in the cluster", "sparkoperator-k8s-io-v1beta2-sparkapplication",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"mode": "client"}})", nullptr,
       "spec.mode: Invalid value: \"client\": only Cluster mode is supported for a kueue managed job"},
  });
  config_.gates.Set(Gate::kValidateRayAndSparkJobUpdates, false);
  Check({{"the gate off, leaving management is not looked at", kRayCluster, R"({"metadata": {}})",
          R"({"metadata": {"labels": {"K/queue-name": "q"}}})", ""}});
}

TEST_F(RulesTest, Pods) {
  Check({
      {"a group has a size", "-v1-pod", R"({"metadata": {"labels": {"K/pod-group-name": "g"}}})", nullptr,
       "metadata.annotations[K/pod-group-total-count]: Required value: both the 'K/pod-group-total-count' annotation "
       "and the 'K/pod-group-name' label should be set"},
      {"and a size a group", "-v1-pod", R"({"metadata": {"annotations": {"K/pod-group-total-count": "1"}}})", nullptr,
       "metadata.labels[K/pod-group-name]: Required value: both the 'K/pod-group-total-count' annotation and the "
       "'K/pod-group-name' label should be set"},
      {"an annotation names the group before the label does", "-v1-pod",
       R"({"metadata": {"labels": {"K/pod-group-name": "Bad"}, "annotations": {"K/pod-group-name": "g"}}})", nullptr,
       "metadata.annotations[K/pod-group-total-count]: Required value: both the 'K/pod-group-total-count' annotation "
       "and the 'K/pod-group-name' annotation should be set"},
      {"an empty one does not", "-v1-pod",
       R"({"metadata": {"labels": {"K/pod-group-name": "g"},
                        "annotations": {"K/pod-group-name": "", "K/pod-group-total-count": "0"}}})",
       nullptr,
       "metadata.annotations[K/pod-group-total-count]: Invalid value: \"0\": incorrect annotation value "
       "'K/pod-group-total-count=0': group total count should be greater than zero"},
      {"the group moves from the label to the annotation", "-v1-pod",
       R"({"metadata": {"annotations": {"K/pod-group-name": "g", "K/pod-group-total-count": "1"}}})",
       R"({"metadata": {"labels": {"K/pod-group-name": "g"}, "annotations": {"K/pod-group-total-count": "1"}}})", ""},
      {"but stays what it is", "-v1-pod",
       R"({"metadata": {"annotations": {"K/pod-group-name": "h", "K/pod-group-total-count": "1"}}})",
       R"({"metadata": {"labels": {"K/pod-group-name": "g"}, "annotations": {"K/pod-group-total-count": "1"}}})",
       "metadata.annotations[K/pod-group-name]: Invalid value: \"h\": field is immutable"},
      {"managed is true or not there", "-v1-pod", R"({"metadata": {"labels": {"K/managed": "no"}}})", nullptr,
       "metadata.labels[K/managed]: Forbidden: managed label value can only be 'true'"},
      {"a prebuilt workload is the group's", "-v1-pod",
       R"({"metadata": {"labels": {"K/pod-group-name": "g", "K/prebuilt-workload-name": "w"},
                        "annotations": {"K/pod-group-total-count": "1"}}})",
       nullptr,
       "metadata.labels[K/prebuilt-workload-name]: Invalid value: \"w\": prebuilt workload and pod group should be "
       "equal"},
      {"what gave up does not try again", "-v1-pod",
       R"({"metadata": {"labels": {"K/pod-group-name": "g"}, "annotations": {"K/pod-group-total-count": "1"}}})",
       R"({"metadata": {"labels": {"K/pod-group-name": "g"},
                        "annotations": {"K/pod-group-total-count": "1", "K/retriable-in-group": "false"}}})",
       "metadata.annotations[K/retriable-in-group]: Forbidden: unretriable pod group can't be converted to retriable"},
      {"a pod stays in its group", "-v1-pod", R"({"metadata": {}})",
       R"({"metadata": {"labels": {"K/pod-group-name": "g"}, "annotations": {"K/pod-group-total-count": "1"}}})",
       "metadata.labels[K/pod-group-name]: Invalid value: \"\": field is immutable"},
  });
}

TEST_F(RulesTest, NamesInAnnotationsNeedTheirGate) {
  config_.gates.Set(Gate::kWorkloadIdentifierAnnotations, false);
  const std::string name(64, 'w');
  const std::string annotated =
      absl::StrCat(R"({"metadata": {"annotations": {"K/prebuilt-workload-name": ")", name, R"("}}})");
  Check({
      {"the group is the label's", "-v1-pod",
       R"({"metadata": {"annotations": {"K/pod-group-name": "g", "K/pod-group-total-count": "1"}}})", nullptr,
       "metadata.labels[K/pod-group-name]: Required value: both the 'K/pod-group-total-count' annotation and the "
       "'K/pod-group-name' label should be set"},
      {"and so is the workload", "kubeflow-org-v1-jaxjob",
       R"({"metadata": {"annotations": {"K/prebuilt-workload-name": "w"}}})", nullptr, ""},
      {"unless its name is too long for one", "kubeflow-org-v1-jaxjob", annotated.c_str(), nullptr,
       "metadata.annotations[K/prebuilt-workload-name]: Forbidden: Is not supported for \"kubeflow.org/v1, "
       "Kind=JAXJob\""},
  });
}

TEST_F(RulesTest, Serving) {
  Check({
      {"the queue may change until something is ready", "apps-v1-deployment",
       R"({"metadata": {"labels": {"K/queue-name": "p"}}})", R"({"metadata": {"labels": {"K/queue-name": "q"}}})", ""},
      {"and not after", "apps-v1-deployment", R"({"metadata": {"labels": {"K/queue-name": "p"}}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "status": {"readyReplicas": 1}})",
       "metadata.labels[K/queue-name]: Invalid value: \"p\": field is immutable"},
      {"a StatefulSet scales to zero", kSts,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 0}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 2}})", ""},
      {"and from zero, once nothing is left", kSts,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 2}, "status": {"replicas": 1}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 0}})",
       "spec.replicas: Forbidden: scaling down is still in progress"},
      {"and nowhere else", kSts, R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 3}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 2}})",
       "spec.replicas: Invalid value: 3: field is immutable"},
      {"without a queue it scales as it likes", kSts, R"({"spec": {"replicas": 3}})", R"({"spec": {"replicas": 2}})",
       ""},
      {"its pod spec is fixed, ready or not, and named first", kSts,
       R"({"metadata": {"labels": {"K/queue-name": "q"}},
           "spec": {"replicas": 3, "template": {"spec": {"nodeSelector": {"a": "b"}}}}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 2}})",
       "[spec.template.spec.nodeSelector: Invalid value: {\"a\":\"b\"}: field is immutable, spec.replicas: Invalid "
       "value: 3: field is immutable]"},
      {"what belongs to another kind is that kind's to check", kSts,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 3, "template": {"metadata": {
           "annotations": {"K/pod-suspending-parent": "leaderworkerset.x-k8s.io/leaderworkerset"}}}}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"replicas": 2}})", ""},
      {"nothing and an empty map are the same, and shown as what they are", kSts,
       R"({"metadata": {"labels": {"K/queue-name": "q"}},
           "spec": {"template": {"spec": {"nodeSelector": {}, "containers": [{"resources": {"requests": {}}}]}}}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}},
           "spec": {"template": {"spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}]}}}})",
       "spec.template.spec.containers[0].resources.requests: Invalid value: {}: field is immutable"},
      {"a Deployment cannot be elastic", "apps-v1-deployment",
       R"({"metadata": {"annotations": {"K/elastic-job": "true"}}})", nullptr,
       "metadata.annotations[K/elastic-job]: Forbidden: elastic job is not supported for \"apps/v1, "
       "Kind=Deployment\""},
      {"nor become it, and its gates are checked", "apps-v1-deployment",
       R"({"metadata": {"annotations": {"K/elastic-job": "true", "K/admission-gated-by": "bad"}}})",
       R"({"metadata": {"annotations": {"K/admission-gated-by": "bad"}}})",
       "[metadata.annotations[K/elastic-job]: Forbidden: elastic job is not supported for \"apps/v1, "
       "Kind=Deployment\", metadata.annotations[K/admission-gated-by]: Invalid value: \"bad\": must be a "
       "domain-prefixed path (such as \"acme.io/foo\")]"},
      {"gates of a Deployment are given on creation", "apps-v1-deployment",
       R"({"metadata": {"annotations": {"K/admission-gated-by": "b.c/a"}}})", R"({"metadata": {}})",
       "metadata.annotations[K/admission-gated-by]: Forbidden: cannot add admission gate after creation"},
      {"a LeaderWorkerSet cannot be elastic either, and has some replicas or none", kLws,
       R"({"metadata": {"annotations": {"K/elastic-job": "true"}}, "spec": {"replicas": -1}})", nullptr,
       "[spec.replicas: Invalid value: -1: invalid LeaderWorkerSet replicas: must be >= 0, got -1, "
       "metadata.annotations[K/elastic-job]: Forbidden: elastic job is not supported for "
       "\"leaderworkerset.x-k8s.io/v1, Kind=LeaderWorkerSet\"]"},
      {"workers without a template have an empty one", kLws,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"leaderWorkerTemplate": {}}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"leaderWorkerTemplate": {"workerTemplate": {"spec": {
           "containers": [{"image": "a"}]}}}}})",
       "spec.leaderWorkerTemplate.workerTemplate.spec.containers: Invalid value: null: field is immutable"},
      {"the size of a group is fixed", kLws,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"leaderWorkerTemplate": {"size": 4, "workerTemplate": {}}}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"leaderWorkerTemplate": {"size": 3, "workerTemplate": {}}}})",
       "spec.leaderWorkerTemplate.size: Invalid value: 4: field is immutable"},
      {"and so is what its pods ask for", kLws,
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"leaderWorkerTemplate": {"workerTemplate": {"spec": {
           "containers": [{"image": "b", "resources": {"requests": {"cpu": "2"}}}]}}}}})",
       R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"leaderWorkerTemplate": {"workerTemplate": {"spec": {
           "containers": [{"image": "a", "resources": {"requests": {"cpu": "1"}}}]}}}}})",
       "spec.leaderWorkerTemplate.workerTemplate.spec.containers[0].resources.requests: Invalid value: "
       "{\"cpu\":\"2\"}: "
       "field is immutable"},
  });
}

TEST_F(RulesTest, TheRoleHashIsKueues) {
  // The hash that Kueue gives a pod with one container of 100m CPU and the two tolerations of every pod.
  const Router router(config_, &state_);
  const json pod = Read(R"({"metadata": {"labels": {"K/queue-name": "q"}}, "spec": {"priority": 0,
      "containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "100m"}}}],
      "tolerations": [
        {"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300},
        {"effect": "NoExecute", "key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 300}]}})");
  EXPECT_THAT(Gist(router.Answer("/mutate--v1-pod", "application/json", ReviewText("CREATE", pod)).body),
              testing::HasSubstr(R"("kueue.x-k8s.io/role-hash":"5949e52e")"));
}

TEST_F(RulesTest, AWarningGoesWithAnAnswer) {
  const Router router(config_, &state_);
  json pod = Read(R"({"metadata": {"labels": {"K/managed": "true"}}})");
  pod["metadata"]["ownerReferences"] =
      json::array({{{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"name", "j"}, {"controller", true}}});
  EXPECT_THAT(router.Answer("/validate--v1-pod", "application/json", ReviewText("CREATE", pod)).body,
              testing::HasSubstr(R"("warnings":["pod owner is managed by kueue, label 'kueue.x-k8s.io/managed=true')"));
}

}  // namespace
}  // namespace muster::webhook
