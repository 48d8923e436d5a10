// Conversion between v1beta1 and v1beta2, one row each: an object and what becomes of it, byte for byte as Go writes it
// (but for the order of keys). The rows come from Kueue's types and conversion functions.
#include "webhook/conversion.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "webhook/base/processor_budget.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

struct Row {
  const char* about;
  const char* kind;
  const char* from;  // the object without apiVersion, kind and metadata
  const char* want;
};

json Answer(const json& objects, const std::string& version) {
  const json review = {{"apiVersion", "apiextensions.k8s.io/v1"},
                       {"kind", "ConversionReview"},
                       {"request", {{"uid", "u"}, {"desiredAPIVersion", version}, {"objects", objects}}}};
  return json::parse(AnswerConversion(review.dump(), ProcessorBudget(absl::Hours(1))).body).at("response");
}

json Object(const char* kind, const std::string& version, const char* rest) {
  json object = json::parse(rest);
  object["apiVersion"] = absl::StrCat("kueue.x-k8s.io/", version);
  object["kind"] = kind;
  object["metadata"] = {{"name", "x"}};
  return object;
}

template <size_t n>
void Check(const std::string& from, const std::string& to, const Row (&rows)[n]) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.about);
    const json answer = Answer(json::array({Object(row.kind, from, row.from)}), absl::StrCat("kueue.x-k8s.io/", to));
    EXPECT_EQ(answer["result"]["status"], "Success") << answer;
    ASSERT_EQ(answer["convertedObjects"].size(), 1U);
    EXPECT_EQ(answer["convertedObjects"][0], Object(row.kind, to, row.want));
  }
}

// What is small before may be large after: answers have a limit all the same.
TEST(Conversion, MoreThanAnAnswerHoldsIsAFailure) {
  std::string objects;
  while (objects.size() < 6'000'000) {
    absl::StrAppend(&objects, objects.empty() ? "" : ",",
                    R"({"apiVersion":"kueue.x-k8s.io/v1beta1","kind":"LocalQueue"})");
  }
  const std::string body =
      absl::StrCat(R"({"request":{"uid":"u","desiredAPIVersion":"kueue.x-k8s.io/v1beta2","objects":[)", objects, "]}}");
  const HttpAnswer answer = AnswerConversion(body, ProcessorBudget(absl::Hours(1)));
  EXPECT_FALSE(answer.allowed);
  EXPECT_EQ(answer.code, 413);
  const json response = json::parse(answer.body).at("response");
  EXPECT_EQ(response["uid"], "u");
  EXPECT_TRUE(response["convertedObjects"].is_null());
  EXPECT_EQ(response["result"]["message"],
            "the converted objects are larger than 8388608 bytes; ask for fewer at a time");
}

TEST(Conversion, ListsKeepTheirOrder) {
  json objects = json::array();
  for (int i = 0; i < 3; ++i) {
    objects.push_back(Object("LocalQueue", "v1beta1", "{}"));
    objects.back()["metadata"]["name"] = absl::StrCat("q", i);
  }
  const json answer = Answer(objects, "kueue.x-k8s.io/v1beta2");
  ASSERT_EQ(answer["convertedObjects"].size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answer["convertedObjects"][i]["metadata"]["name"], absl::StrCat("q", i));
  EXPECT_TRUE(Answer(json::array(), "kueue.x-k8s.io/v1beta2")["convertedObjects"].is_null());
}

TEST(Conversion, Up) {
  Check(
      "v1beta1", "v1beta2",
      {
          {"a cohort has a name now", "ClusterQueue", R"({"spec": {"cohort": "c"}})",
           R"({"spec": {"cohortName": "c"},
               "status": {"pendingWorkloads": 0, "reservingWorkloads": 0, "admittedWorkloads": 0}})"},
          {"to borrow and to preempt both stop the search", "ClusterQueue",
           R"({"spec": {"flavorFungibility": {"whenCanBorrow": "Borrow", "whenCanPreempt": "Preempt"}}})",
           R"({"spec": {"flavorFungibility": {"whenCanBorrow": "MayStopSearch", "whenCanPreempt": "MayStopSearch"}},
               "status": {"pendingWorkloads": 0, "reservingWorkloads": 0, "admittedWorkloads": 0}})"},
          {"a list of checks is a strategy for all flavors, whatever strategy there was", "ClusterQueue",
           R"({"spec": {"admissionChecks": ["a", "b"],
                        "admissionChecksStrategy": {"admissionChecks": [{"name": "c", "onFlavors": ["f"]}]}}})",
           R"({"spec": {"admissionChecksStrategy": {"admissionChecks": [{"name": "a"}, {"name": "b"}]}},
               "status": {"pendingWorkloads": 0, "reservingWorkloads": 0, "admittedWorkloads": 0}})"},
          {"an empty one is nothing", "ClusterQueue", R"({"spec": {"admissionChecks": []}})",
           R"({"spec": {}, "status": {"pendingWorkloads": 0, "reservingWorkloads": 0, "admittedWorkloads": 0}})"},
          {"what v1beta2 has no place for is lost", "ClusterQueue",
           R"({"spec": {}, "status": {"pendingWorkloads": 1, "flavorsUsage": null,
               "pendingWorkloadsStatus": {"lastChangeTime": null},
               "fairSharing": {"weightedShare": 3, "admissionFairSharingStatus": {"lastUpdate": null}}}})",
           R"({"spec": {}, "status": {"pendingWorkloads": 1, "reservingWorkloads": 0, "admittedWorkloads": 0,
               "fairSharing": {"weightedShare": 3}}})"},
          {"a LocalQueue's usage is spelled as a ClusterQueue's, its flavors are gone", "LocalQueue",
           R"({"spec": {"clusterQueue": "q"}, "status": {"flavors": [{"name": "f"}], "flavorUsage": [
               {"name": "f", "resources": [{"name": "cpu", "total": 1}]}], "admittedWorkloads": 1}})",
           R"({"spec": {"clusterQueue": "q"}, "status": {"flavorsUsage": [
               {"name": "f", "resources": [{"name": "cpu", "total": "1"}]}],
               "pendingWorkloads": 0, "reservingWorkloads": 0, "admittedWorkloads": 1}})"},
          {"a cluster has one source", "MultiKueueCluster",
           R"({"spec": {"kubeConfig": {"location": "secret", "locationType": "Secret"}}})",
           R"({"spec": {"clusterSource": {"kubeConfig": {"location": "secret", "locationType": "Secret"}}}, "status": {}})"},
          {"a Cohort is the same", "Cohort", R"({"spec": {"parentName": "p", "resourceGroups": []}})",
           R"({"spec": {"parentName": "p"}, "status": {}})"},
          {"a priority class is referred to", "Workload",
           R"({"spec": {"podSets": [], "priority": 0, "priorityClassName": "p",
                        "priorityClassSource": "kueue.x-k8s.io/workloadpriorityclass"}})",
           R"({"spec": {"podSets": [], "priority": 0, "priorityClassRef": {
                "group": "kueue.x-k8s.io", "kind": "WorkloadPriorityClass", "name": "p"}}, "status": {}})"},
          {"even without a name", "Workload",
           R"({"spec": {"podSets": [], "priorityClassSource": "scheduling.k8s.io/priorityclass"}})",
           R"({"spec": {"podSets": [], "priorityClassRef": {"group": "scheduling.k8s.io", "kind": "PriorityClass"}},
               "status": {}})"},
          {"but not without a source", "Workload",
           R"({"spec": {"podSets": [], "priorityClassName": "p", "priorityClassSource": ""}})",
           R"({"spec": {"podSets": []}, "status": {}})"},
          {"domains are packed", "Workload",
           R"({"spec": {"podSets": []}, "status": {"admission": {"clusterQueue": "q", "podSetAssignments": [
               {"name": "main", "topologyAssignment": {"levels": ["rack"], "domains": [{"values": ["r"], "count": 2}]}}]}}})",
           R"({"spec": {"podSets": []}, "status": {"admission": {"clusterQueue": "q", "podSetAssignments": [
               {"name": "main", "topologyAssignment": {"levels": ["rack"], "slices": [{"domainCount": 1,
                "valuesPerLevel": [{"universal": "r"}], "podCounts": {"universal": 2}}]}}]}}})"},
          {"pods are written as Go writes them: no empty values, canonical quantities, structs that are always there",
           "Workload",
           R"({"spec": {"podSets": [{"name": "a", "count": 0, "template": {"spec": {"hostNetwork": false, "hostname": "",
               "nodeSelector": {}, "tolerations": [{"key": "k", "operator": "Exists", "value": ""}], "containers": [
               {"name": "c", "args": [], "env": [{"name": "E", "value": ""}],
                "resources": {"requests": {"cpu": "0.10"}, "limits": {}}}]}}}]}})",
           R"({"spec": {"podSets": [{"name": "a", "count": 0, "template": {"metadata": {}, "spec": {
               "tolerations": [{"key": "k", "operator": "Exists"}], "containers": [
               {"name": "c", "env": [{"name": "E"}], "resources": {"requests": {"cpu": "100m"}}}]}}}]}, "status": {}})"},
      });
}

TEST(Conversion, Down) {
  Check(
      "v1beta2", "v1beta1",
      {
          {"what v1beta1 has no place for is lost; its lists are always there", "ClusterQueue",
           R"({"spec": {"cohortName": "c", "concurrentAdmissionPolicy": {"migration": {"mode": "TryPreferredFlavors"}}},
                 "status": {"admittedWorkloads": 1}})",
           R"({"spec": {"cohort": "c"}, "status": {"pendingWorkloads": 0, "reservingWorkloads": 0,
                 "admittedWorkloads": 1, "flavorsReservation": null, "flavorsUsage": null,
                 "pendingWorkloadsStatus": null}})"},
          {"quantities are canonical, and there", "ClusterQueue",
           R"({"spec": {"fairSharing": {"weight": "0.5"}}, "status": {"flavorsUsage": [
                 {"name": "f", "resources": [{"name": "cpu", "total": 1000}]}]}})",
           R"({"spec": {"fairSharing": {"weight": "500m"}}, "status": {"pendingWorkloads": 0, "reservingWorkloads": 0,
                 "admittedWorkloads": 0, "flavorsReservation": null, "pendingWorkloadsStatus": null, "flavorsUsage": [
                 {"name": "f", "resources": [{"name": "cpu", "total": "1k", "borrowed": "0"}]}]}})"},
          {"the usage of a LocalQueue, and what it consumed", "LocalQueue",
           R"({"spec": {}, "status": {"flavorsUsage": [{"name": "f"}], "fairSharing": {"admissionFairSharingStatus": {
                 "consumedResources": {"cpu": "1"}, "lastUpdate": "2026-01-01T01:00:00.5+01:00"}}}})",
           R"({"spec": {}, "status": {"flavorUsage": [{"name": "f"}], "flavorsReservation": null,
                 "pendingWorkloads": 0, "reservingWorkloads": 0, "admittedWorkloads": 0, "fairSharing": {
                 "weightedShare": 0, "admissionFairSharingStatus": {
                 "consumedResources": {"cpu": "1"}, "lastUpdate": "2026-01-01T00:00:00Z"}}}})"},
          {"a class of the wrong kind cannot be said", "Workload",
           R"({"spec": {"podSets": [], "priorityClassRef": {
                 "group": "kueue.x-k8s.io", "kind": "PriorityClass", "name": "p"}}})",
           R"({"spec": {"podSets": []}, "status": {}})"},
          {"layers of slices are lost, other wishes are not", "Workload",
           R"({"spec": {"podSets": [{"name": "a", "count": 1, "template": {}, "topologyRequest": {"required": "rack",
                 "podsetSliceRequiredTopologyConstraints": [{"topology": "host", "size": 2}]}}],
                 "preemptionGates": [{"name": "a.b/c"}]}})",
           R"({"spec": {"podSets": [{"name": "a", "count": 1, "template": {"metadata": {}, "spec": {"containers": null}},
                 "topologyRequest": {"required": "rack"}}], "preemptionGates": [{"name": "a.b/c"}]}, "status": {}})"},
          {"times have a place even when they are not known", "Workload",
           R"({"spec": {"podSets": []}, "status": {"accumulatedPastExecutionTimeSeconds": 0,
                 "requeueState": {"count": 1, "requeueAt": "2026-01-01T00:00:00Z"},
                 "admissionChecks": [{"name": "c", "state": "Pending", "retryCount": 0}],
                 "unhealthyNodes": [{"name": "n"}], "nominatedClusterNames": []}})",
           R"({"spec": {"podSets": []}, "status": {"accumulatedPastExexcutionTimeSeconds": 0,
                 "requeueState": {"count": 1, "requeueAt": "2026-01-01T00:00:00Z"},
                 "admissionChecks": [{"name": "c", "state": "Pending", "retryCount": 0, "message": "",
                                      "lastTransitionTime": null}],
                 "unhealthyNodes": [{"name": "n"}]}})"},
      });
}

TEST(Conversion, Refusals) {
  const json queue = Object("ClusterQueue", "v1beta1", "{}");
  const struct {
    const char* about;
    json objects;
    const char* version;
    const char* want;
  } kRows[] = {
      {"a kind that is not converted",
       {Object("Foo", "v1beta1", "{}")},
       "kueue.x-k8s.io/v1beta2",
       "no kind \"Foo\" is registered for version \"kueue.x-k8s.io/v1beta1\" in scheme \"pkg/runtime/scheme.go:110\""},
      {"a version that does not exist",
       {queue},
       "kueue.x-k8s.io/v3",
       "no kind \"ClusterQueue\" is registered for version \"kueue.x-k8s.io/v3\" in scheme "
       "\"pkg/runtime/scheme.go:110\""},
      {"the version it has",
       {queue},
       "kueue.x-k8s.io/v1beta1",
       "conversion is not allowed between same type *v1beta1.ClusterQueue"},
      {"no kind",
       {json{{"apiVersion", "v1"}}},
       "kueue.x-k8s.io/v1beta2",
       "Object 'Kind' is missing in '{\"apiVersion\":\"v1\"}'"},
      {"no version",
       {json{{"kind", "Job"}}},
       "kueue.x-k8s.io/v1beta2",
       "Object 'apiVersion' is missing in '{\"kind\":\"Job\"}'"},
      {"nothing", {json()}, "kueue.x-k8s.io/v1beta2", "Object 'Kind' is missing in 'null'"},
      {"a kind that is no word",
       {json{{"kind", 5}}},
       "kueue.x-k8s.io/v1beta2",
       "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type "
       "string"},
      {"one of several is enough",
       {queue, Object("ClusterQueue", "v1beta2", "{}")},
       "kueue.x-k8s.io/v1beta2",
       "conversion is not allowed between same type *v1beta2.ClusterQueue"},
      {"what Go cannot read",
       {Object("LocalQueue", "v1beta1", R"({"status": {"pendingWorkloads": "x"}})")},
       "kueue.x-k8s.io/v1beta2",
       "json: cannot unmarshal string into Go struct field LocalQueueStatus.status.pendingWorkloads of type int32"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.about);
    const json answer = Answer(row.objects, row.version);
    EXPECT_EQ(answer["result"]["status"], "Failure");
    EXPECT_EQ(answer["result"]["message"], row.want);
    EXPECT_TRUE(answer["convertedObjects"].is_null());
  }
}

}  // namespace
}  // namespace muster::webhook
