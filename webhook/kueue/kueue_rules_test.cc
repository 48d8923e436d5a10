// The rules of ClusterQueue, Cohort, ResourceFlavor and Workload, one row each: an object (and what it was before), and
// what is said about it. The rows come from Kueue's pkg/webhooks.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/testing/review_builder.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

struct Row {
  const char* about;
  const char* object;  // "K/" stands for "kueue.x-k8s.io/", "@M"… for the shorthands below
  const char* old;     // nullptr on CREATE
  const char* want;    // the message; "" = allowed
};

class KueueRulesTest : public testing::Test {
 protected:
  static std::string Spelled(const char* text) {
    return absl::StrReplaceAll(
        text,
        {{"K/", "kueue.x-k8s.io/"},
         // A quota of one cpu of flavor f, to be closed with "}]}]}]".
         {"@Q",
          R"("resourceGroups": [{"coveredResources": ["cpu"], "flavors": [{"name": "f", "resources": [{"name": "cpu")"},
         {"@R", R"({"type": "QuotaReserved", "status": "True", "reason": "R", "message": "",
                          "lastTransitionTime": "2026-01-01T00:00:00Z"})"},
         // What is wrong with a name that has a character too many.
         {"@N",
          "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
          "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
          "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"}});
  }

  template <size_t n>
  void Check(const char* kind, const Row (&rows)[n]) {
    const Router router(config_, &state_);
    for (const Row& row : rows) {
      SCOPED_TRACE(row.about);
      const json object = json::parse(Spelled(row.object));
      const std::string review = row.old == nullptr ? ReviewText("CREATE", object)
                                                    : ReviewText("UPDATE", object, json::parse(Spelled(row.old)));
      const HttpAnswer answer =
          router.Answer(absl::StrCat("/validate-kueue-x-k8s-io-v1beta2-", kind), "application/json", review);
      EXPECT_EQ(Gist(answer.body), *row.want == '\0' ? "allowed" : Spelled(row.want));
    }
  }

  WebhookConfig config_ = DefaultWebhookConfig();
  CachedClusterState state_;
};

TEST_F(KueueRulesTest, ConcurrentAdmission) {
  config_.gates.Set(Gate::kConcurrentAdmission, true);
  Check("clusterqueue",
        {
            {"those with a flavor are said once",
             R"({"spec": {@Q, "nominalQuota": 1}]}]}], "concurrentAdmissionPolicy":
                 {"migration": {"mode": "RetainFirstAdmission", "constraints": {"lastAcceptableFlavorName": "f"}}}}})",
             nullptr,
             "spec.concurrentAdmissionPolicy.migration.constraints: Forbidden: may only be set when migration.mode is "
             "\"TryPreferredFlavors\" (got \"RetainFirstAdmission\")"},
            {"who migrates may have none",
             R"({"spec": {@Q, "nominalQuota": 1}]}]}], "concurrentAdmissionPolicy":
                 {"migration": {"mode": "TryPreferredFlavors", "constraints": {}}}}})",
             nullptr, ""},
        });
}

TEST_F(KueueRulesTest, ClusterQueue) {
  Check("clusterqueue",
        {
            {"a limit without a cohort is said before what is wrong with the limit",
             R"({"spec": {@Q, "nominalQuota": 1, "borrowingLimit": -1, "lendingLimit": -1}]}]}]}})", nullptr,
             "[spec.resourceGroups[0].flavors[0].resources[0].borrowingLimit: Invalid value: \"-1\": must be nil when "
             "cohort is empty, spec.resourceGroups[0].flavors[0].resources[0].borrowingLimit: Invalid value: \"-1\": "
             "must be greater than or equal to 0, "
             "spec.resourceGroups[0].flavors[0].resources[0].lendingLimit: Invalid value: \"-1\": must be greater than "
             "or equal to 0, spec.resourceGroups[0].flavors[0].resources[0].lendingLimit: Invalid value: \"-1\": must "
             "be nil when cohort is empty]"},
            {"the name of a resource is shown as JSON",
             R"({"spec": {"resourceGroups": [{"coveredResources": ["a&b"]}]}})", nullptr,
             "spec.resourceGroups[0].coveredResources[0]: Invalid value: \"a\\u0026b\": @N"},
            {"the key of a label as Go quotes it",
             R"({"spec": {"namespaceSelector": {"matchLabels": {"a&\u0007": "v"}}}})", nullptr,
             "spec.namespaceSelector.matchLabels: Invalid value: \"a&\\a\": @N"},
            {"preemption is shown in the order of its fields",
             R"({"spec": {"preemption": {"withinClusterQueue": "Never", "reclaimWithinCohort": "Never",
                 "borrowWithinCohort": {"maxPriorityThreshold": 1, "policy": "LowerPriority"}}}})",
             nullptr,
             "spec.preemption: Invalid value: {\"reclaimWithinCohort\":\"Never\",\"borrowWithinCohort\":{\"policy\":"
             "\"LowerPriority\",\"maxPriorityThreshold\":1},\"withinClusterQueue\":\"Never\"}: "
             "reclaimWithinCohort=Never and borrowWithinCohort.Policy!=Never"},
            {"a preference needs both searches",
             R"({"spec": {"flavorFungibility": {"preference": "PreemptionOverBorrowing"}}})", nullptr,
             "spec.flavorFungibility.preference: Invalid value: \"PreemptionOverBorrowing\": preference "
             "\"PreemptionOverBorrowing\" requires both whenCanBorrow and whenCanPreempt to be TryNextFlavor"},
            {"checks on flavors come last",
             R"({"spec": {"fairSharing": {"weight": -1},
                 "admissionChecksStrategy": {"admissionChecks": [{"name": "a", "onFlavors": ["x"]}]}}})",
             nullptr,
             "[spec.fairSharing: Invalid value: \"-1\": must be greater than or equal to 0, "
             "spec.admissionChecksStrategy.admissionChecks[0].onFlavors[0]: Unsupported value: \"x\"]"},
        });
}

TEST_F(KueueRulesTest, ClusterQueueUpdates) {
  constexpr char kWrong[] =
      R"({"spec": {@Q, "nominalQuota": 1}]}]}],
          "admissionChecksStrategy": {"admissionChecks": [{"name": "a", "onFlavors": ["x", "y"]}]}}})";
  constexpr char kTurned[] =
      R"({"spec": {@Q, "nominalQuota": 2}]}]}],
          "admissionChecksStrategy": {"admissionChecks": [{"name": "a", "onFlavors": ["y", "x"]}]}}})";
  constexpr char kAnother[] =
      R"({"spec": {@Q, "nominalQuota": 1}]}]}],
          "admissionChecksStrategy": {"admissionChecks": [{"name": "a", "onFlavors": ["x"]}]}}})";
  constexpr char kOtherFlavors[] =
      R"({"spec": {"admissionChecksStrategy": {"admissionChecks": [{"name": "a", "onFlavors": ["x", "y"]}]}}})";
  Check(
      "clusterqueue",
      {
          {"what was wrong before may stay, in any order", kTurned, kWrong, ""},
          {"but not when it is changed", kAnother, kWrong,
           "spec.admissionChecksStrategy.admissionChecks[0].onFlavors[0]: Unsupported value: \"x\": supported values: "
           "\"f\""},
          {"nor when the flavors are", kWrong, kOtherFlavors,
           "[spec.admissionChecksStrategy.admissionChecks[0].onFlavors[0]: Unsupported value: \"x\": supported values: "
           "\"f\", spec.admissionChecksStrategy.admissionChecks[0].onFlavors[1]: Unsupported value: \"y\": supported "
           "values: \"f\"]"},
          {"a policy is shown in the order of its fields",
           R"({"spec": {"concurrentAdmissionPolicy": {"migration": {
                 "constraints": {"lastAcceptableFlavorName": "f"}, "mode": "TryPreferredFlavors"}}}})",
           R"({"spec": {}})",
           "spec.concurrentAdmissionPolicy: Invalid value: {\"migration\":{\"mode\":\"TryPreferredFlavors\","
           "\"constraints\":{\"lastAcceptableFlavorName\":\"f\"}}}: field is immutable"},
          {"one that is taken away as null", R"({"spec": {}})",
           R"({"spec": {"concurrentAdmissionPolicy": {"migration": {"mode": "TryPreferredFlavors"}}}})",
           "spec.concurrentAdmissionPolicy: Invalid value: null: field is immutable"},
      });
  config_.gates.Set(Gate::kRejectUpdatesToCQWithInvalidOnFlavors, true);
  Check("clusterqueue",
        {{"with the gate nothing is forgiven", kAnother, kAnother,
          "spec.admissionChecksStrategy.admissionChecks[0].onFlavors[0]: Unsupported value: \"x\": supported values: "
          "\"f\""}});
}

TEST_F(KueueRulesTest, WhatGoCannotRead) {
  Check(
      "clusterqueue",
      {
          {"a quantity with two points", R"({"spec": {@Q, "nominalQuota": "1..2"}]}]}]}})", nullptr,
           "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
          {"a large suffix without a number", R"({"spec": {@Q, "nominalQuota": "Pi"}]}]}]}})", nullptr,
           "unable to parse numeric part of quantity"},
          {"one in kibi spelled small", R"({"spec": {@Q, "nominalQuota": "1ki"}]}]}]}})", nullptr,
           "unable to parse quantity's suffix"},
          {"a list of another type is called by that type",
           R"({"spec": {"resourceGroups": [{"coveredResources": "cpu"}]}})", nullptr,
           "json: cannot unmarshal string into Go struct field ResourceGroup.spec.resourceGroups.coveredResources of "
           "type []v1.ResourceName"},
          {"a number too large",
           R"({"spec": {"preemption": {"borrowWithinCohort": {"maxPriorityThreshold": 3000000000}}}})", nullptr,
           "json: cannot unmarshal number 3000000000 into Go struct field "
           "BorrowWithinCohort.spec.preemption.borrowWithinCohort.maxPriorityThreshold of type int32"},
          {"a month too far", R"({"metadata": {"creationTimestamp": "2026-13-01T00:00:00Z"}})", nullptr,
           "parsing time \"2026-13-01T00:00:00Z\": month out of range"},
          {"another version of the kind", R"({"apiVersion": "K/v1beta1", "kind": "ClusterQueue"})", nullptr,
           "unable to decode K/v1beta1, Kind=ClusterQueue into *v1beta2.ClusterQueue"},
          {"a kind that does not exist", R"({"apiVersion": "K/v1beta2", "kind": "Queue"})", nullptr,
           "no kind \"Queue\" is registered for version \"K/v1beta2\" in scheme \"pkg/runtime/scheme.go:110\""},
          {"nothing is the zero value, in a list too",
           R"({"spec": {"resourceGroups": [{"coveredResources": [null], "flavors": [null]}], "fairSharing": {"weight": null}}})",
           nullptr,
           "[spec.resourceGroups[0].coveredResources[0]: Invalid value: \"\": name part must be non-empty, "
           "spec.resourceGroups[0].coveredResources[0]: Invalid value: \"\": @N]"},
      });
}

TEST_F(KueueRulesTest, CohortsAreNotCounted) {
  std::string flavors;
  for (int i = 0; i < 300; ++i) absl::StrAppend(&flavors, i == 0 ? "" : ",", R"({"name": "f)", i, R"("})");
  const std::string spec =
      absl::StrCat(R"({"spec": {"resourceGroups": [{"coveredResources": ["cpu"], "flavors": [)", flavors, "]}]}}");
  Check("cohort", {{"any number of flavors", spec.c_str(), nullptr, ""}});
  Check("clusterqueue", {{"but in a ClusterQueue", spec.c_str(), nullptr,
                          "spec.resourceGroups: Invalid value: 300: total number of flavors across all resourceGroups "
                          "must be ≤ 256, got 300"}});
}

TEST_F(KueueRulesTest, ResourceFlavor) {
  Check("resourceflavor",
        {{"a taint is shown whole", R"({"spec": {"nodeTaints": [{"key": "k", "effect": "X"},
                                 {"timeAdded": "2026-01-01T00:00:00Z", "effect": "X", "key": "k", "value": ""}]}})",
          nullptr,
          "spec.nodeTaints[1]: Duplicate value: {\"key\":\"k\",\"effect\":\"X\",\"timeAdded\":"
          "\"2026-01-01T00:00:00Z\"}: taints must be unique by key and effect pair"},
         {"a taint is shown as JSON", R"({"spec": {"nodeTaints": [{"key": "k", "effect": "NoSchedule"},
                                                                {"key": "k", "value": "v", "effect": "NoSchedule"}]}})",
          nullptr,
          "spec.nodeTaints[1]: Duplicate value: {\"key\":\"k\",\"value\":\"v\",\"effect\":\"NoSchedule\"}: taints must "
          "be unique by key and effect pair"},
         {"two slashes are no key", R"({"spec": {"tolerations": [{"key": "a/b/c", "operator": "Exists"}]}})", nullptr,
          "spec.tolerations[0].key: Invalid value: \"a/b/c\": a valid label key must consist of alphanumeric "
          "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
          "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an "
          "optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"}});
}

TEST_F(KueueRulesTest, WorkloadSpec) {
  Check(
      "workload",
      {
          {"resources come in the order of their names, requests before limits",
           R"({"spec": {"podSets": [{"name": "a", "count": 1, "template": {"spec": {"containers": [
                 {"name": "c", "resources": {"limits": {"cpu": -1}, "requests": {"pods": -1, "cpu": 1}}}]}}}]}})",
           nullptr,
           "[spec.podSets[0].template.spec.containers[0].resources.requests[pods]: Invalid value: \"pods\": the key "
           "is reserved for internal kueue use, "
           "spec.podSets[0].template.spec.containers[0].resources.requests[pods]: Invalid value: \"-1\": must be "
           "greater than or equal to 0, "
           "spec.podSets[0].template.spec.containers[0].resources.limits[cpu]: Invalid value: \"-1\": must be greater "
           "than or equal to 0]"},
          {"the reserved name is refused for the whole pod too",
           R"({"spec": {"podSets": [{"name": "a", "count": 1, "template": {"spec": {"resources": {
                 "limits": {"pods": 1}}}}}]}})",
           nullptr,
           "spec.podSets[0].template.spec.resources.limits[pods]: Invalid value: \"pods\": the key is reserved for "
           "internal kueue use"},
          {"every layer of slices has a size",
           R"({"spec": {"podSets": [{"name": "a", "count": 1, "topologyRequest": {
                 "podsetSliceRequiredTopologyConstraints": [{"topology": "rack", "size": 0}]}}]}})",
           nullptr,
           "spec.podSets[0].topologyRequest.podsetSliceRequiredTopologyConstraints[0].size: Invalid value: 0: must be "
           "greater than 0"},
      });
  config_.gates.Set(Gate::kPriorityBoost, true);
  Check("workload",
        {{"gates are named before the boost",
          R"({"metadata": {"annotations": {"K/priority-boost": "x", "K/admission-gated-by": "a"}}})", nullptr,
          "[metadata.annotations[K/admission-gated-by]: Invalid value: \"a\": must be a domain-prefixed path "
          "(such as \"acme.io/foo\"), metadata.annotations[K/priority-boost]: Invalid value: \"x\": must be "
          "a valid signed integer]"}});
}

TEST_F(KueueRulesTest, WorkloadStatus) {
  Check("workload",
        {
            {"usage is that of all pods alike, as far as their number is known",
             R"({"spec": {"podSets": [{"name": "a", "count": 3}]}, "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [
                   {"name": "a", "resourceUsage": {"cpu": 1}}, {"name": "z", "count": 3, "resourceUsage": {"cpu": "1"}}]}}})",
             nullptr,
             "[status.admission.podSetAssignments[1].name: Not found: \"z\", "
             "status.admission.podSetAssignments[1].resourceUsage[cpu]: Invalid value: \"1\": is not a multiple of "
             "000003]"},
            {"conditions are held against the rules of conditions",
             R"({"status": {"conditions": [{"type": "A", "status": "Maybe", "reason": "1"},
                                           {"type": "A", "status": "True", "reason": "",
                                            "lastTransitionTime": "2026-01-01T00:00:00Z"}]}})",
             nullptr,
             "[status.conditions[0].status: Unsupported value: \"Maybe\": supported values: \"False\", \"True\", "
             "\"Unknown\", status.conditions[0].lastTransitionTime: Required value: must be set, "
             "status.conditions[0].reason: Invalid value: \"1\": a condition reason must start with alphabetic "
             "character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an "
             "alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or "
             "'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'), "
             "status.conditions[1].type: Duplicate value: \"A\", status.conditions[1].reason: Required value: must be "
             "set]"},
            {"what can be reclaimed is of a pod set, which are named as in the spec",
             R"({"spec": {"podSets": [{"name": "b", "count": 1}, {"name": "a", "count": 1}]},
                 "status": {"reclaimablePods": [{"name": "z", "count": 1}]}})",
             nullptr, "status.reclaimablePods[z].name: Unsupported value: \"z\": supported values: \"b\", \"a\""},
            {"changes to pod sets: tolerations, annotations, node selector, labels",
             R"({"spec": {"podSets": [{"name": "b", "count": 1}, {"name": "a", "count": 1}]},
                 "status": {"admissionChecks": [{"name": "c", "podSetUpdates": [{"name": "z",
                   "labels": {"@l": ""}, "annotations": {"@A": ""}, "nodeSelector": {"@n": ""},
                   "tolerations": [{"key": "@t"}]}]}]}})",
             nullptr,
             "[status.admissionChecks[0].podSetUpdates[0].name: Unsupported value: \"z\": supported values: \"a\", "
             "\"b\", status.admissionChecks[0].podSetUpdates[0].tolerations[0].key: Invalid value: \"@t\": @N, "
             "status.admissionChecks[0].podSetUpdates[0].annotations: Invalid value: \"@A\": @N, "
             "status.admissionChecks[0].podSetUpdates[0].nodeSelector: Invalid value: \"@n\": @N, "
             "status.admissionChecks[0].podSetUpdates[0].labels: Invalid value: \"@l\": @N]"},
        });
}

TEST_F(KueueRulesTest, WorkloadUpdates) {
  constexpr char kThree[] = R"({"spec": {"podSets": [{"name": "a", "count": 3}]}, "status": {"conditions": [@R],
      "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]},
      "reclaimablePods": [{"name": "a", "count": 2}]}})";
  Check(
      "workload",
      {
          {"counts may shrink, of any job",
           R"({"spec": {"podSets": [{"name": "a", "count": 2}]}, "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]},
                 "reclaimablePods": [{"name": "a", "count": 2}]}})",
           kThree, ""},
          {"a shrunken pod set with another change is shown with its old count",
           R"({"spec": {"podSets": [{"count": 2, "minCount": 1, "name": "a"}]}, "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]},
                 "reclaimablePods": [{"name": "a", "count": 2}]}})",
           kThree,
           "spec.podSets.0: Invalid value: "
           "{\"name\":\"a\",\"template\":{\"metadata\":{},\"spec\":{\"containers\":null}},\"count\":3,"
           "\"minCount\":1}: field is immutable"},
          {"counts do not grow, not even of elastic jobs",
           R"({"metadata": {"annotations": {"K/elastic-job": "true"}}, "spec": {"podSets": [{"name": "a", "count": 4}]},
                 "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]},
                 "reclaimablePods": [{"name": "a", "count": 2}]}})",
           kThree,
           "spec.podSets.0: Invalid value: "
           "{\"name\":\"a\",\"template\":{\"metadata\":{},\"spec\":{\"containers\":null}},\"count\":4}: "
           "field is immutable"},
          {"an empty list is no list, and a quantity its value",
           R"({"spec": {"podSets": [{"name": "a", "count": 3, "template": {"spec": {"containers": [
                 {"name": "c", "args": [], "resources": {"requests": {"cpu": "1000m"}}}]}}}]}, "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]}}})",
           R"({"spec": {"podSets": [{"name": "a", "count": 3, "template": {"spec": {"containers": [
                 {"name": "c", "resources": {"requests": {"cpu": 1}, "limits": {}}}]}}}]}, "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]}}})",
           ""},
          {"of what can be reclaimed first what shrank, then what went",
           R"({"spec": {"podSets": [{"name": "a", "count": 3}, {"name": "b", "count": 3}]}, "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q"}, "reclaimablePods": [{"name": "b", "count": 1}]}})",
           R"({"spec": {"podSets": [{"name": "a", "count": 3}, {"name": "b", "count": 3}]}, "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q"},
                 "reclaimablePods": [{"name": "a", "count": 1}, {"name": "b", "count": 2}]}})",
           "[status.reclaimablePods[b].count: Invalid value: 1: cannot be less than 2, status.reclaimablePods[a]: "
           "Required value: cannot be removed]"},
          {"what went wrong with a reservation may still be cleared away", R"({"status": {"conditions": [@R]}})",
           R"({"metadata": {"finalizers": ["K/resource-in-use"]}, "status": {"conditions": [@R]}})", ""},
          {"the admission is shown in the order of its fields, as it would be",
           R"({"status": {"admission": {"podSetAssignments": [{"count": 1, "name": "a", "flavors": {"cpu": "f"},
                 "topologyAssignment": {"slices": [{"valuesPerLevel": [{"universal": "r"}], "podCounts": {"universal": 1},
                                                    "domainCount": 1}], "levels": ["rack"]}}], "clusterQueue": "r"}}})",
           R"({"status": {"admission": {"clusterQueue": "q", "podSetAssignments": [
                 {"name": "a", "count": 1, "flavors": {"cpu": "f"}}]}}})",
           "status.admission: Invalid value: "
           "{\"clusterQueue\":\"r\",\"podSetAssignments\":[{\"name\":\"a\",\"flavors\":"
           "{\"cpu\":\"f\"},\"count\":1,\"topologyAssignment\":{\"levels\":[\"rack\"],\"slices\":[{\"domainCount\":1,"
           "\"valuesPerLevel\":[{\"universal\":\"r\"}],\"podCounts\":{\"universal\":1}}]}}]}: field is immutable"},
          {"changes to pod sets stand while the check is ready, at the place it had",
           R"({"spec": {"podSets": [{"name": "a", "count": 1}]}, "status": {"admissionChecks": [
                 {"name": "c", "state": "Ready", "podSetUpdates": [{"nodeSelector": {"x": "y"}, "name": "a", "labels": {"b": "c"}}]}]}})",
           R"({"spec": {"podSets": [{"name": "a", "count": 1}]}, "status": {"admissionChecks": [
                 {"name": "d", "state": "Ready"}, {"name": "c", "state": "Ready", "podSetUpdates": [{"name": "a"}]}]}})",
           "status.admissionChecks[1].podSetUpdates: Invalid value: [{\"name\":\"a\",\"labels\":{\"b\":\"c\"},"
           "\"nodeSelector\":{\"x\":\"y\"}}]: field is immutable"},
          {"a cluster that was not nominated is named before gates",
           R"({"metadata": {"annotations": {"K/admission-gated-by": "a.b/c"}}, "status": {"clusterName": "w"}})",
           R"({"status": {"nominatedClusterNames": ["v"]}})",
           "[status.clusterName: Invalid value: \"w\": when setting clusterName it must be one of the "
           "nominatedClusterNames, metadata.annotations[K/admission-gated-by]: Forbidden: cannot add admission gate "
           "after creation]"},
          {"a slice that replaces another goes where that one is",
           R"({"metadata": {"annotations": {"K/workload-slice-replacement-for": "a/b"}}, "status": {"clusterName": "w"}})",
           R"({"status": {}})", ""},
          {"a gate without a name is new, and no name",
           R"({"metadata": {"annotations": {"K/admission-gated-by": "a.b/c,"}}})",
           R"({"metadata": {"annotations": {"K/admission-gated-by": "a.b/c"}}})",
           "[metadata.annotations[K/admission-gated-by]: Invalid value: \"a.b/c,\": cannot contain empty gate names, "
           "metadata.annotations[K/admission-gated-by]: Forbidden: can only remove gates, not add new ones]"},
      });
  config_.gates.Set(Gate::kElasticJobsViaWorkloadSlices, false);
  Check(
      "workload",
      {{"without elastic jobs counts are fixed",
        R"({"spec": {"podSets": [{"name": "a", "count": 2}]}, "status": {"conditions": [@R],
                          "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]},
                          "reclaimablePods": [{"name": "a", "count": 2}]}})",
        kThree,
        "spec.podSets.0: Invalid value: {\"name\":\"a\",\"template\":{\"metadata\":{},\"spec\":{\"containers\":null}},"
        "\"count\":2}: field is immutable"}});
  config_.gates.Set(Gate::kTopologyAwareScheduling, false);
  Check("workload", {{"and without topology so are places",
                      R"({"status": {"admission": {"clusterQueue": "q", "podSetAssignments": [
                          {"name": "a", "delayedTopologyRequest": "Ready"}]}}})",
                      R"({"status": {"admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a"}]}}})",
                      "status.admission: Invalid value: {\"clusterQueue\":\"q\",\"podSetAssignments\":[{\"name\":\"a\","
                      "\"delayedTopologyRequest\":\"Ready\"}]}: field is immutable"}});
}

TEST_F(KueueRulesTest, ElasticWorkloadsAreCountedAnew) {
  constexpr char kScaledDown[] =
      R"({"metadata": {"annotations": {"K/elastic-job": "true"}}, "spec": {"podSets": [{"name": "a", "count": 3}]},
          "status": {"conditions": [@R],
          "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 8}]},
          "reclaimablePods": [{"name": "a", "count": 4}]}})";
  Check(
      "workload",
      {
          {"a count from before the job was scaled down is left in peace", kScaledDown, kScaledDown, ""},
          {"a new one is not",
           R"({"metadata": {"annotations": {"K/elastic-job": "true"}}, "spec": {"podSets": [{"name": "a", "count": 3}]},
                 "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 8}]},
                 "reclaimablePods": [{"name": "a", "count": 5}]}})",
           kScaledDown, "status.reclaimablePods[a].count: Invalid value: 5: should be less or equal to 3"},
          {"it may shrink or go",
           R"({"metadata": {"annotations": {"K/elastic-job": "true"}}, "spec": {"podSets": [{"name": "a", "count": 3}]},
                 "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 8}]}}})",
           kScaledDown, ""},
          {"but not while the job is as large as it was admitted",
           R"({"metadata": {"annotations": {"K/elastic-job": "true"}}, "spec": {"podSets": [{"name": "a", "count": 3}]},
                 "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]}}})",
           R"({"metadata": {"annotations": {"K/elastic-job": "true"}}, "spec": {"podSets": [{"name": "a", "count": 3}]},
                 "status": {"conditions": [@R],
                 "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]},
                 "reclaimablePods": [{"name": "a", "count": 1}]}})",
           "status.reclaimablePods[a]: Required value: cannot be removed"},
      });
}

}  // namespace
}  // namespace muster::webhook
