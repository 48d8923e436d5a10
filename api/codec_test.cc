#include "api/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace muster::api {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// One object of every kind with (nearly) every field, in canonical form: what is read must be what is written.
constexpr const char* kObjects[] = {
    R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ResourceFlavor",
        "metadata": {"name": "f", "uid": "u", "resourceVersion": "5", "generation": 2,
                     "creationTimestamp": "2025-01-01T12:00:00Z", "deletionTimestamp": "2025-01-01T12:00:01.5Z",
                     "labels": {"a": "b"}, "annotations": {"c": ""}, "finalizers": ["x"],
                     "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "q",
                                          "controller": true, "blockOwnerDeletion": false}]},
        "spec": {"nodeLabels": {"zone": "a"}, "topologyName": "t",
                 "nodeTaints": [{"key": "k", "value": "v", "effect": "NoSchedule"}],
                 "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}]}})",
    R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ClusterQueue", "metadata": {"name": "q"},
        "spec": {"cohortName": "c", "queueingStrategy": "StrictFIFO", "stopPolicy": "Hold",
                 "namespaceSelector": {"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}],
                                       "matchLabels": {"a": "b"}},
                 "resourceGroups": [{"coveredResources": ["cpu", "memory"],
                    "flavors": [{"name": "f", "resources": [
                       {"name": "cpu", "nominalQuota": "10", "borrowingLimit": "0", "lendingLimit": "500m"},
                       {"name": "memory", "nominalQuota": "1536Mi"}]}]}],
                 "flavorFungibility": {"whenCanBorrow": "TryNextFlavor", "whenCanPreempt": "MayStopSearch",
                                       "preference": "PreemptionOverBorrowing"},
                 "preemption": {"reclaimWithinCohort": "Any", "withinClusterQueue": "LowerPriority",
                                "borrowWithinCohort": {"policy": "LowerPriority", "maxPriorityThreshold": -5}},
                 "admissionChecksStrategy": {"admissionChecks": [{"name": "c", "onFlavors": ["f"]}]},
                 "fairSharing": {"weight": "2"}, "admissionScope": {"admissionMode": "NoAdmissionFairSharing"},
                 "concurrentAdmissionPolicy": {"migration": {"mode": "TryPreferredFlavors",
                    "constraints": {"lastAcceptableFlavorName": "f"}}}}})",
    R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "LocalQueue", "metadata": {"name": "l", "namespace": "ns"},
        "spec": {"clusterQueue": "q", "stopPolicy": "None", "fairSharing": {"weight": "1500m"}}})",
    R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Cohort", "metadata": {"name": "c"},
        "spec": {"parentName": "root", "fairSharing": {}, "resourceGroups": [{"coveredResources": ["cpu"],
           "flavors": [{"name": "f", "resources": [{"name": "cpu", "nominalQuota": "0"}]}]}]}})",
    R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload", "metadata": {"name": "w", "namespace": "ns"},
        "spec": {"queueName": "l", "priority": 0, "active": false, "maximumExecutionTimeSeconds": 60,
                 "priorityClassRef": {"group": "scheduling.k8s.io", "kind": "PriorityClass", "name": "high"},
                 "preemptionGates": [{"name": "g"}],
                 "podSets": [{"name": "main", "count": 0, "minCount": 1,
                    "topologyRequest": {"required": "rack", "preferred": "rack", "unconstrained": false,
                       "podIndexLabel": "i", "subGroupIndexLabel": "j", "subGroupCount": 2, "podSetGroupName": "g",
                       "podSetSliceRequiredTopology": "host", "podSetSliceSize": 2,
                       "podsetSliceRequiredTopologyConstraints": [{"topology": "rack", "size": 4}]},
                    "template": {"metadata": {"labels": {"a": "b"}}, "spec": {
                       "initContainers": [{"name": "i", "restartPolicy": "Always"}],
                       "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}}],
                       "resources": {"requests": {"memory": "1Gi"}}, "nodeSelector": {"zone": "a"},
                       "affinity": {"nodeAffinity": {
                          "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                             {"matchExpressions": [{"key": "k", "operator": "Exists"}],
                              "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}]},
                          "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 3, "preference": {}}]}},
                       "tolerations": [{"operator": "Exists"}], "priorityClassName": "high", "priority": 7,
                       "runtimeClassName": "r", "overhead": {"cpu": "10m"}, "nodeName": "n", "restartPolicy": "Never",
                       "schedulingGates": [{"name": "s"}]}}}]},
        "status": {"conditions": [{"type": "QuotaReserved", "status": "True", "reason": "R", "message": "M",
                                   "lastTransitionTime": "2025-01-01T12:00:00Z", "observedGeneration": 1}],
                   "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "main", "flavors": {"cpu": "f"},
                      "resourceUsage": {"cpu": "3"}, "count": 3, "delayedTopologyRequest": "Ready",
                      "topologyAssignment": {"levels": ["host"], "slices": [{"domainCount": 2,
                         "valuesPerLevel": [{"individual": {"prefix": "h", "roots": ["1", "2"]}}],
                         "podCounts": {"individual": [1, 2]}}]}}]},
                   "requeueState": {"count": 2, "requeueAt": "2025-01-01T13:00:00Z"},
                   "reclaimablePods": [{"name": "main", "count": 1}],
                   "admissionChecks": [{"name": "c", "state": "Ready", "message": "",
                      "lastTransitionTime": "2025-01-01T12:00:00Z", "requeueAfterSeconds": 5, "retryCount": 0,
                      "podSetUpdates": [{"name": "main", "labels": {"a": "b"}, "annotations": {"c": "d"},
                         "nodeSelector": {"e": "f"}, "tolerations": [{"key": "k"}]}]}],
                   "unhealthyNodes": [{"name": "n"}], "accumulatedPastExecutionTimeSeconds": 9,
                   "schedulingStats": {"evictions": [{"reason": "Preempted", "underlyingCause": "", "count": 1}]},
                   "clusterName": "k", "nominatedClusterNames": ["k"]}})",
    R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "WorkloadPriorityClass", "metadata": {"name": "p"}, "value": 0,
        "description": "d"})",
    R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Topology", "metadata": {"name": "t"},
        "spec": {"levels": [{"nodeLabel": "rack"}, {"nodeLabel": "kubernetes.io/hostname"}]}})",
    R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "AdmissionCheck", "metadata": {"name": "a"},
        "spec": {"controllerName": "x"},
        "status": {"conditions": [{"type": "Active", "status": "True", "reason": "R", "message": ""}]}})",
    R"({"apiVersion": "config.kueue.x-k8s.io/v1beta2", "kind": "Configuration", "namespace": "kueue-system",
        "manageJobsWithoutQueueName": true, "managedJobsNamespaceSelector": {},
        "waitForPodsReady": {"timeout": "5m", "recoveryTimeout": "1h30m", "blockAdmission": false,
           "requeuingStrategy": {"timestamp": "Creation", "backoffLimitCount": 5, "backoffBaseSeconds": 1,
                                 "backoffMaxSeconds": 2}},
        "integrations": {"frameworks": ["batch/job"], "externalFrameworks": ["Foo.v1.x"], "labelKeysToCopy": ["a"]},
        "fairSharing": {"preemptionStrategies": ["LessThanInitialShare"]},
        "admissionFairSharing": {"usageHalfLifeTime": "24h", "usageSamplingInterval": "5m",
                                 "resourceWeights": {"cpu": 2.5}},
        "resources": {"excludeResourcePrefixes": ["x"], "quotaCheckStrategy": "IgnoreUndeclared",
           "transformations": [{"input": "a", "strategy": "Replace", "multiplyBy": "b", "outputs": {"c": "1500m"}}]},
        "featureGates": {"A": true, "B": false}})",
    R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}})",
    R"({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"},
        "spec": {"unschedulable": true, "taints": [{"key": "k", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "8"}, "capacity": {"cpu": "9"},
                   "conditions": [{"type": "Ready", "status": "True", "reason": "R", "message": "M"}]}})",
    R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "ns"},
        "spec": {"containers": []}, "status": {"phase": "Running"}})",
    R"({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "p"}, "value": -1,
        "globalDefault": true})",
    R"({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "ns"},
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "1"}, "default": {"cpu": "1"},
                             "defaultRequest": {"cpu": "1"}, "maxLimitRequestRatio": {"cpu": "2"}}]}})",
    R"({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "r"},
        "overhead": {"podFixed": {"cpu": "250m"}}})",
    R"({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "ns"},
        "spec": {"parallelism": 0, "completions": 3, "suspend": true, "template": {"spec": {"containers": []}}}})",
    R"({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "t", "namespace": "ns"},
        "template": {"spec": {"containers": []}}})",
};

// Parses a literal of this file, and puts its keys at `path` ("/spec/x") to `value`.
json With(const char* text, const std::string& path, const json& value) {
  json object = json::parse(text);
  object[json::json_pointer(path)] = value;
  return object;
}

std::vector<std::string> Messages(const json& document) {
  std::vector<std::string> lines;
  for (const Problem& problem : Decode(document).problems) lines.push_back(ToString(problem));
  return lines;
}

constexpr char kQueue[] = R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ClusterQueue",
    "metadata": {"name": "q"}, "spec": {}})";
constexpr char kJob[] = R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload",
    "metadata": {"name": "w", "namespace": "ns"}, "spec": {}})";

TEST(CodecTest, WritesWhatItReads) {
  EXPECT_EQ(std::size(kObjects), std::variant_size_v<Object>) << "every kind has its line";
  for (const char* text : kObjects) {
    const json document = json::parse(text);
    const DecodeResult result = Decode(document);
    EXPECT_THAT(result.problems, IsEmpty()) << ToString(result.problems.front());
    ASSERT_TRUE(result.decoded.has_value()) << text;
    EXPECT_EQ(Encode(result.decoded->object), document) << json::diff(document, Encode(result.decoded->object));
    EXPECT_EQ(Encode(result.decoded->object, result.decoded->raw), document);
    EXPECT_EQ(Kind(result.decoded->object), document["kind"].get<std::string>());
    EXPECT_EQ(ApiVersion(result.decoded->object), document["apiVersion"].get<std::string>());
  }
}

TEST(CodecTest, ReportsEveryMistakeWithItsPlace) {
  const struct {
    json document;
    const char* message;
    const char* why;
  } cases[] = {
      {With(kQueue, "/spec/cohortName", 5),
       "ClusterQueue/q: spec.cohortName: must be a string, not 5; put it in quotes", "a number where a word is due"},
      {With(kQueue, "/spec/fairSharing", json{{"weight", "1x"}}),
       "ClusterQueue/q: spec.fairSharing.weight: quantity \"1x\": unknown suffix \"x\"", "a bad quantity"},
      {With(kQueue, "/spec/fairSharing", json{{"weight", true}}),
       "spec.fairSharing.weight: must be a quantity, not true", "no quantity at all"},
      {With(kQueue, "/spec/resourceGroups", json::parse(R"([{"flavors": [{"resources": [{"name": "cpu"}]}]}])")),
       "spec.resourceGroups[0].flavors[0].resources[0].nominalQuota: Required value", "a required field"},
      {With(kQueue, "/spec/preemption", json::array()), "spec.preemption: must be an object, not a list",
       "wrong shape"},
      {With(kQueue, "/spec/resourceGroups", json::object()),
       "spec.resourceGroups: must be a list, not an object; write", "wrong shape the other way"},
      {With(kQueue, "/spec", "x"), "spec: must be an object, not \"x\"", "a group that is no object"},
      {With(kQueue, "/metadata/creationTimestamp", "yesterday"),
       "metadata.creationTimestamp: \"yesterday\" is not a time; write it like", "a bad time"},
      {With(kQueue, "/metadata/creationTimestamp", "infinite-future"), "is not a time",
       "Abseil's own words are no times"},
      {With(kQueue, "/metadata/labels", json{{"a.b/c", 1}}), "metadata.labels[a.b/c]: must be a string, not 1",
       "map keys are printed in brackets"},
      {With(kJob, "/spec/priority", 3000000000),
       "spec.priority: 3000000000 is out of range, use -2147483648 to 2147483647", "an int32 that overflows"},
      {With(kJob, "/spec/priority", UINT64_MAX), "spec.priority: 18446744073709551615 is out of range", "by far"},
      {With(kJob, "/spec/priority", 1.5), "spec.priority: must be an integer, not 1.5", "a fraction"},
      {With(kJob, "/spec/priority", "1"), "spec.priority: must be an integer, not \"1\"; write it without quotes",
       "a quoted number"},
      {With(kJob, "/spec/active", "yes"), "spec.active: must be true or false, not \"yes\"; write it without quotes",
       "a quoted boolean"},
      {With(kJob, "/spec/preemptionGates", json::parse("[1]")), "spec.preemptionGates[0]: must be an object, not 1",
       "an item of a list of names"},
      {json::parse("[]"), "must be a Kubernetes object", "no object"},
      {json::parse(R"({"apiVersion": "v1"})"), "kind: Required value", "no kind"},
      {json::parse(R"({"kind": "Node", "metadata": {"name": "n"}})"), "Node/n: apiVersion: Required value",
       "no version"},
      {json::parse(R"({"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1"})"), "value: Required value",
       "a required number"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Messages(c.document), ElementsAre(HasSubstr(c.message))) << c.why;
    EXPECT_FALSE(DecodeObject(c.document).ok()) << c.why;
  }
}

TEST(CodecTest, CollectsAllMistakes) {
  json document = With(kJob, "/spec/priority", "x");
  document["spec"]["queueName"] = 1;
  document["metadata"]["generation"] = "y";
  EXPECT_THAT(Messages(document),
              ElementsAre(HasSubstr("metadata.generation"), HasSubstr("spec.queueName"), HasSubstr("spec.priority")));
}

TEST(CodecTest, WarnsAboutUnknownFieldsAndKeepsThem) {
  json document = With(kQueue, "/spec/cohortname", "c");
  document["spec"]["resourceGroups"] = json::parse(
      R"([{"coveredResources": [], "flavors": [{"name": "a", "new": 1, "resources": []}, {"name": "b", "resources": []}]}])");
  document["status"] = {{"pendingWorkloads", 3}};
  DecodeResult result = Decode(document);
  ASSERT_TRUE(result.decoded.has_value());
  EXPECT_THAT(Messages(document),
              ElementsAre(HasSubstr("spec.resourceGroups[0].flavors[0].new: unknown field, ignored"),
                          HasSubstr("spec.cohortname: unknown field, ignored; is cohortName meant?")));
  EXPECT_THAT(result.decoded->warnings, SizeIs(2));
  EXPECT_EQ(Encode(result.decoded->object, result.decoded->raw), document);

  // What is kept follows its item, not its place.
  auto& queue = std::get<ClusterQueue>(result.decoded->object);
  std::swap(queue.resource_groups[0].flavors[0], queue.resource_groups[0].flavors[1]);
  const json written = Encode(result.decoded->object, result.decoded->raw);
  EXPECT_EQ(written["spec"]["resourceGroups"][0]["flavors"][1]["new"], 1);
  EXPECT_FALSE(written["spec"]["resourceGroups"][0]["flavors"][0].contains("new"));
}

TEST(CodecTest, WhatWasClearedIsNotWrittenBack) {
  DecodeResult result = Decode(With(kJob, "/spec/queueName", "l"));
  ASSERT_TRUE(result.decoded.has_value());
  std::get<Workload>(result.decoded->object).spec.queue_name.clear();
  EXPECT_FALSE(Encode(result.decoded->object, result.decoded->raw)["spec"].contains("queueName"));
}

TEST(CodecTest, NullIsAbsent) {
  DecodeResult result = Decode(With(kQueue, "/spec/namespaceSelector", nullptr));
  EXPECT_THAT(result.problems, IsEmpty());
  EXPECT_FALSE(std::get<ClusterQueue>(result.decoded->object).namespace_selector.has_value());
  result = Decode(With(kQueue, "/spec/namespaceSelector", json::object()));
  EXPECT_TRUE(std::get<ClusterQueue>(result.decoded->object).namespace_selector.has_value())
      << "an empty selector is not an absent one";
}

TEST(CodecTest, BareNumbersAreQuantities) {
  const json document = With(kQueue, "/spec/fairSharing", json{{"weight", 0.5}});
  EXPECT_EQ(std::get<ClusterQueue>(*DecodeObject(document)).fair_sharing->weight->ToString(), "500m");
}

TEST(CodecTest, FieldsOfPodsThatDoNotMatterAreNotUnknown) {
  const json document =
      json::parse(R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "managedFields": []},
      "spec": {"hostNetwork": true, "volumes": [], "affinity": {"podAffinity": {}},
               "containers": [{"name": "c", "image": "i", "env": [], "typo": 1}]},
      "status": {"podIP": "1.2.3.4"}})");
  EXPECT_THAT(Messages(document), ElementsAre(HasSubstr("spec.containers[0].typo: unknown field")));
}

TEST(CodecTest, OlderVersionsAreConverted) {
  const auto convert = [](const char* text) { return Encode(*DecodeObject(json::parse(text))); };
  json queue = convert(R"({"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "ClusterQueue", "metadata": {"name": "q"},
      "spec": {"cohort": "c", "admissionChecks": ["a", "b"],
               "flavorFungibility": {"whenCanBorrow": "Borrow", "whenCanPreempt": "Preempt"}}})");
  EXPECT_EQ(queue["apiVersion"], "kueue.x-k8s.io/v1beta2");
  EXPECT_EQ(queue["spec"], json::parse(R"({"cohortName": "c",
      "admissionChecksStrategy": {"admissionChecks": [{"name": "a"}, {"name": "b"}]},
      "flavorFungibility": {"whenCanBorrow": "MayStopSearch", "whenCanPreempt": "MayStopSearch"}})"));

  json workload = convert(R"({"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "Workload", "metadata": {"name": "w"},
      "spec": {"priorityClassName": "high", "priorityClassSource": "kueue.x-k8s.io/workloadpriorityclass"},
      "status": {"accumulatedPastExexcutionTimeSeconds": 7}})");
  EXPECT_EQ(workload["spec"]["priorityClassRef"],
            json::parse(R"({"group": "kueue.x-k8s.io", "kind": "WorkloadPriorityClass", "name": "high"})"));
  EXPECT_EQ(workload["status"]["accumulatedPastExecutionTimeSeconds"], 7);

  workload = convert(R"({"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "Workload", "metadata": {"name": "w"},
      "spec": {"priorityClassName": "high", "priorityClassSource": ""}})");
  EXPECT_FALSE(workload.contains("spec")) << "a name without a source refers to nothing";

  const json cohort = convert(R"({"apiVersion": "kueue.x-k8s.io/v1alpha1", "kind": "Cohort", "metadata": {"name": "c"},
      "spec": {"parent": "root"}})");
  EXPECT_EQ(cohort["spec"]["parentName"], "root");
}

TEST(CodecTest, UnsupportedKindsAndVersions) {
  EXPECT_EQ(DecodeObject(json::parse(R"({"apiVersion": "v1", "kind": "Secret"})")).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_THAT(Messages(json::parse(R"({"apiVersion": "kueue.x-k8s.io/v9", "kind": "ClusterQueue"})")),
              ElementsAre(HasSubstr(
                  "version kueue.x-k8s.io/v9 of ClusterQueue is not known here; use kueue.x-k8s.io/v1beta2")));
  const DecodeResult result =
      Decode(json::parse(R"({"apiVersion": "x/v1", "kind": "Node", "metadata": {"name": "n"}})"));
  EXPECT_FALSE(result.decoded.has_value()) << "the group tells kinds of one name apart";
  ASSERT_TRUE(result.unsupported.has_value());
  EXPECT_EQ(result.unsupported->name, "n");
}

TEST(CodecTest, WhatNobodyReadsIsAnErrorInKueuesGroupsAndAWarningElsewhere) {
  const struct {
    const char* document;
    Severity severity;
    const char* message;
  } kCases[] = {
      {R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ClusterQueu", "metadata": {"name": "q"}})",
       Severity::kError, "ClusterQueu/q: there is no kind ClusterQueu in kueue.x-k8s.io; is ClusterQueue meant?"},
      {R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Coffee"})", Severity::kError,
       "there is no kind Coffee in kueue.x-k8s.io"},
      {R"({"apiVersion": "config.kueue.x-k8s.io/v1beta2", "kind": "Configuratoin"})", Severity::kError,
       "there is no kind Configuratoin in config.kueue.x-k8s.io; is Configuration meant?"},
      {R"({"apiVersion": "kueue.x-k8s.io/v1beta3", "kind": "ClusterQueue"})", Severity::kError,
       "version kueue.x-k8s.io/v1beta3 of ClusterQueue is not known here; use kueue.x-k8s.io/v1beta2"},
      {R"({"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "MultiKueueConfig"})", Severity::kWarning,
       "kind MultiKueueConfig of kueue.x-k8s.io/v1beta1 is not used here, kept as it is"},
      {R"({"apiVersion": "kueue.x-k8.io/v1beta2", "kind": "ClusterQueue"})", Severity::kWarning,
       "is not used here, kept as it is; is kueue.x-k8s.io/v1beta2 meant?"},
      {R"({"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job"})", Severity::kWarning,
       "kind Job of batch.volcano.sh/v1alpha1 is not used here, kept as it is"},
      {R"({"apiVersion": "v2", "kind": "Node"})", Severity::kWarning, "version v2 of Node is not known here; use v1"},
  };
  for (const auto& c : kCases) {
    const DecodeResult result = Decode(json::parse(c.document));
    EXPECT_TRUE(result.unsupported.has_value()) << c.document;
    ASSERT_THAT(result.problems, testing::SizeIs(1)) << c.document;
    EXPECT_EQ(result.problems[0].severity, c.severity) << c.document;
    EXPECT_THAT(ToString(result.problems[0]), testing::EndsWith(c.message));
  }
}

TEST(CodecTest, UnknownFieldsSayWhatWasMeant) {
  EXPECT_THAT(
      Messages(json::parse(R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Cohort",
                  "metadata": {"name": "c"}, "spec": {"parentNam": "p", "fairsharing": {}, "colour": "red"}})")),
      testing::UnorderedElementsAre(HasSubstr("spec.parentNam: unknown field, ignored; is parentName meant?"),
                                    HasSubstr("spec.fairsharing: unknown field, ignored; is fairSharing meant?"),
                                    testing::EndsWith("spec.colour: unknown field, ignored")));
}

TEST(CodecTest, ConfigurationSaysWhatHasNoEffect) {
  const json document = json::parse(R"({"apiVersion": "config.kueue.x-k8s.io/v1beta1", "kind": "Configuration",
      "metrics": {}, "leaderElection": {}, "fairSharing": {"enable": true}, "unheardOf": 1})");
  EXPECT_THAT(Messages(document), ElementsAre(HasSubstr("has no effect here: metrics, leaderElection"),
                                              HasSubstr("unheardOf: unknown field")));
}

TEST(CodecTest, Parts) {
  const absl::StatusOr<PodSet> pod_set = DecodePart<PodSet>(json::parse(R"({"name": "a", "count": 2})"));
  ASSERT_TRUE(pod_set.ok());
  EXPECT_EQ(pod_set->count, 2);
  EXPECT_THAT(std::string(DecodePart<PodSet>(json::parse(R"({"count": "x"})"), "request.podSets").status().message()),
              HasSubstr("request.podSets.count: must be an integer"));
  EXPECT_EQ(EncodePart(Toleration{"k", "Exists", "", "", {}}), json::parse(R"({"key": "k", "operator": "Exists"})"));
}

}  // namespace
}  // namespace muster::api
