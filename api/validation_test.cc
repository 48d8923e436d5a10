#include "api/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace muster::api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// An object of Kueue with the spec (and, after "status:", the status) given as JSON.
Decoded Read(const std::string& kind, const json& spec, const json& status = nullptr,
             const json& annotations = nullptr) {
  json document = {{"apiVersion", "kueue.x-k8s.io/v1beta2"}, {"kind", kind}, {"metadata", {{"name", "x"}}}};
  if (!spec.is_null()) document["spec"] = spec;
  if (!status.is_null()) document["status"] = status;
  if (!annotations.is_null()) document["metadata"]["annotations"] = annotations;
  DecodeResult result = Decode(std::move(document));
  EXPECT_THAT(result.problems, IsEmpty()) << ToString(result.problems.front());
  return *std::move(result.decoded);
}

std::vector<std::string> Lines(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) lines.push_back(ToFieldError(problem));
  return lines;
}

struct Case {
  const char* kind;
  const char* spec;
  std::vector<std::string> errors;
  const char* why;
};

// Holds every case's errors, in order, against the beginnings or pieces that are expected.
void ExpectErrors(const std::vector<Case>& cases, const ValidationOptions& options = {}) {
  for (const Case& c : cases) {
    const Decoded object = Read(c.kind, json::parse(c.spec));
    std::vector<testing::Matcher<std::string>> expected;
    for (const std::string& error : c.errors) expected.push_back(HasSubstr(error));
    EXPECT_THAT(Lines(Validate(object.object, options)), testing::ElementsAreArray(expected))
        << c.kind << ": " << c.why;
  }
}

// Resource groups with one flavor "f" for the resources given, each as {"nominalQuota": …}.
std::string Groups(const std::string& covered, const std::string& resources) {
  return absl::StrCat(R"("resourceGroups": [{"coveredResources": [)", covered, R"(], "flavors": [{"name": "f",
      "resources": [)",
                      resources, "]}]}]");
}
std::string Cpu(const std::string& more) {
  return Groups("\"cpu\"", absl::StrCat(R"({"name": "cpu", "nominalQuota": "10")", more, "}"));
}

TEST(ValidationTest, ClusterQueueQuota) {
  const std::string borrow = absl::StrCat("{", Cpu(R"(, "borrowingLimit": "1")"), "}");
  const std::string borrow_cohort = absl::StrCat(R"({"cohortName": "c", )", Cpu(R"(, "borrowingLimit": "-1")"), "}");
  const std::string lend = absl::StrCat("{", Cpu(R"(, "lendingLimit": "11")"), "}");
  const std::string order = absl::StrCat(
      "{", Groups(R"("cpu", "memory")", R"({"name": "memory", "nominalQuota": 1}, {"name": "cpu", "nominalQuota": 1})"),
      "}");
  const std::string missing =
      absl::StrCat("{", Groups(R"("cpu", "memory")", R"({"name": "cpu", "nominalQuota": 1})"), "}");
  const std::string prefix = "spec.resourceGroups[0].flavors[0].resources[0]";
  ExpectErrors({
      {"ClusterQueue", "{}", {}, "an empty queue is fine"},
      {"ClusterQueue",
       borrow.c_str(),
       {prefix + ".borrowingLimit: Invalid value: \"1\": must be nil when cohort is empty"},
       "nobody to borrow from"},
      {"ClusterQueue",
       borrow_cohort.c_str(),
       {prefix + ".borrowingLimit: Invalid value: \"-1\": must be greater than or equal to 0"},
       "less than nothing"},
      {"ClusterQueue",
       lend.c_str(),
       {prefix + ".lendingLimit: Invalid value: \"11\": must be nil when cohort is empty",
        prefix + ".lendingLimit: Invalid value: \"11\": must be less than or equal to the nominalQuota"},
       "both are said"},
      {"ClusterQueue",
       order.c_str(),
       {prefix + ".name: Invalid value: \"memory\": must match the name in coveredResources",
        "resources[1].name: Invalid value: \"cpu\": must match"},
       "the order matters"},
      {"ClusterQueue",
       missing.c_str(),
       {"spec.resourceGroups[0]: Invalid value: flavors must have the same number of"},
       "a resource without quota"},
      {"ClusterQueue",
       R"({"resourceGroups": [{"coveredResources": [], "flavors": []}]})",
       {"spec.resourceGroups[0].coveredResources: Invalid value: 0: spec.resourceGroups[0].coveredResources in body "
        "should have at least 1 items",
        "spec.resourceGroups[0].flavors: Invalid value: 0"},
       "an empty group"},
      {"Cohort",
       borrow.c_str(),
       {prefix + ".borrowingLimit: Invalid value: \"1\": must be nil when parent is empty"},
       "a root has nobody to borrow from"},
  });
}

TEST(ValidationTest, ClusterQueueDuplicatesAndSizes) {
  const json flavor = {{"name", "f"}, {"resources", {{{"name", "cpu"}, {"nominalQuota", 1}}}}};
  const json group = {{"coveredResources", {"cpu"}}, {"flavors", {flavor}}};
  EXPECT_THAT(Lines(Validate(Read("ClusterQueue", {{"resourceGroups", {group, group}}}).object)),
              ElementsAre("spec.resourceGroups[1].coveredResources[0]: Duplicate value: \"cpu\"",
                          "spec.resourceGroups[1].flavors[0].name: Duplicate value: \"f\""));

  json groups = json::array();
  for (int g = 0; g < 5; ++g) {
    json flavors = json::array();
    for (int f = 0; f < 60; ++f) {
      flavors.push_back({{"name", absl::StrCat("f", g, "-", f)},
                         {"resources", {{{"name", absl::StrCat("r", g)}, {"nominalQuota", 1}}}}});
    }
    groups.push_back({{"coveredResources", {absl::StrCat("r", g)}}, {"flavors", flavors}});
  }
  EXPECT_THAT(Lines(Validate(Read("ClusterQueue", {{"resourceGroups", groups}}).object)),
              ElementsAre("spec.resourceGroups: Invalid value: 300: total number of flavors across all resourceGroups "
                          "must be ≤ 256, got 300"));
}

TEST(ValidationTest, ClusterQueuePolicies) {
  ExpectErrors({
      {"ClusterQueue",
       R"({"cohortName": "@"})",
       {"spec.cohortName: Invalid value: \"@\": spec.cohortName in body should"},
       "no name for an object"},
      {"ClusterQueue",
       R"({"queueingStrategy": "LIFO"})",
       {"spec.queueingStrategy: Unsupported value: \"LIFO\": supported values: \"StrictFIFO\", \"BestEffortFIFO\""},
       "an unknown word"},
      {"ClusterQueue", R"({"stopPolicy": "X"})", {"spec.stopPolicy: Unsupported value"}, "an unknown word"},
      {"ClusterQueue",
       R"({"preemption": {"borrowWithinCohort": {"policy": "LowerPriority"}}})",
       {"spec.preemption: Invalid value: reclaimWithinCohort=Never and borrowWithinCohort.Policy!=Never"},
       "borrowing while preempting needs reclaiming; not set means Never"},
      {"ClusterQueue",
       R"({"preemption": {"reclaimWithinCohort": "Any", "borrowWithinCohort": {"policy": "LowerPriority"}}})",
       {},
       "with reclaiming it is fine"},
      {"ClusterQueue",
       R"({"flavorFungibility": {"preference": "PreemptionOverBorrowing"}})",
       {"spec.flavorFungibility.preference: Invalid value: \"PreemptionOverBorrowing\": preference "
        "\"PreemptionOverBorrowing\" requires both whenCanBorrow and"},
       "a preference between two searches needs both"},
      {"ClusterQueue",
       R"({"flavorFungibility": {"preference": "PreemptionOverBorrowing", "whenCanBorrow": "TryNextFlavor"}})",
       {},
       "whenCanPreempt is TryNextFlavor by default"},
      {"ClusterQueue",
       R"({"fairSharing": {"weight": "-1"}})",
       {"spec.fairSharing: Invalid value: \"-1\": must be greater than or equal to 0"},
       "a negative weight"},
      {"ClusterQueue",
       R"({"fairSharing": {"weight": "1n"}})",
       {"spec.fairSharing: Invalid value: \"1n\": When not 0, weight must be > 10e-9"},
       "a weight too small to divide by"},
      {"ClusterQueue", R"({"fairSharing": {"weight": "0"}})", {}, "no weight at all"},
      {"ClusterQueue",
       R"({"admissionChecksStrategy": {"admissionChecks": [{"name": "a", "onFlavors": ["f"]}]}})",
       {"spec.admissionChecksStrategy.admissionChecks[0].onFlavors[0]: Unsupported value: \"f\""},
       "a check on a flavor the queue has not"},
      {"ClusterQueue",
       R"({"namespaceSelector": {"matchLabels": {"@": "a b"}, "matchExpressions": [
            {"key": "k", "operator": "In"}, {"key": "k", "operator": "Exists", "values": ["v"]},
            {"key": "k", "operator": "Gt"}]}})",
       {"spec.namespaceSelector.matchLabels: Invalid value: \"@\"",
        "spec.namespaceSelector.matchLabels: Invalid value: \"a b\"",
        "spec.namespaceSelector.matchExpressions[0].values: Required value: must be specified when",
        "spec.namespaceSelector.matchExpressions[1].values: Forbidden: may not be specified when",
        "spec.namespaceSelector.matchExpressions[2].operator: Invalid value: \"Gt\": not a valid selector operator"},
       "selectors"},
  });
  ValidationOptions concurrent;
  concurrent.gates.Set(Gate::kConcurrentAdmission, true);
  ExpectErrors(
      {{"ClusterQueue",
        R"({"queueingStrategy": "StrictFIFO", "concurrentAdmissionPolicy": {"migration": {"mode": "RetainFirstAdmission",
            "constraints": {"lastAcceptableFlavorName": "f"}}}})",
        {"spec.resourceGroups: Invalid value: 0: must have exactly one ResourceGroup when",
         "spec.concurrentAdmissionPolicy.migration.constraints: Forbidden: may only be set when migration.mode is "
         "\"TryPreferredFlavors\" (got \"RetainFirstAdmission\")",
         "spec.queueingStrategy: Invalid value: \"StrictFIFO\": StrictFIFO queueing strategy cannot be used when"},
        "only with the gate on"}},
      concurrent);
}

TEST(ValidationTest, SmallKinds) {
  ExpectErrors({
      {"ResourceFlavor",
       R"({"nodeLabels": {"@": "x"}, "nodeTaints": [{"key": "k", "effect": "NoSchedule"},
          {"key": "k", "effect": "NoSchedule"}, {"key": "k", "effect": "Never"}]})",
       {"spec.nodeTaints[2].effect: Invalid value: \"Never\": supported taint effect values: 'NoSchedule',",
        "spec.nodeLabels: Invalid value: \"@\": name part must consist",
        "spec.nodeTaints[1]: Duplicate value: {\"key\":\"k\",\"effect\":\"NoSchedule\"}: taints must be unique"},
       "labels and taints"},
      {"ResourceFlavor",
       R"({"tolerations": [{"operator": "Equal"}, {"key": "k", "operator": "Exists", "value": "v"},
          {"key": "k", "operator": "Gt"}, {"key": "k", "tolerationSeconds": 5}]})",
       {"spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when 'key' is empty",
        "spec.tolerations[1].value: Invalid value: \"v\": a value must be empty when 'operator' is 'Exists'",
        "spec.tolerations[2].operator: Invalid value: \"Gt\": supported toleration values: 'Equal'(default), 'Exists'",
        "spec.tolerations[3].effect: Invalid value: \"\": effect must be 'NoExecute' when 'tolerationSeconds' is set"},
       "tolerations"},
      {"ResourceFlavor",
       R"({"topologyName": "t"})",
       {"spec: Invalid value: at least one nodeLabel is required when"},
       "a topology is of some nodes"},
      {"Topology",
       R"({"levels": []})",
       {"spec.levels: Invalid value: 0: spec.levels in body should have at least 1"},
       "no levels"},
      {"Topology",
       R"({"levels": [{"nodeLabel": "kubernetes.io/hostname"}, {"nodeLabel": "rack"}]})",
       {"spec.levels: Invalid value: the kubernetes.io/hostname label can only be used at the lowest level of "
        "topology"},
       "a host cannot hold racks"},
      {"Topology",
       R"({"levels": [{"nodeLabel": "rack"}, {"nodeLabel": "rack"}]})",
       {"spec.levels: Invalid value: must be unique"},
       "a level twice"},
      {"LocalQueue",
       R"({"clusterQueue": "Bad"})",
       {"spec.clusterQueue: Invalid value: \"Bad\""},
       "no name for an object"},
      {"AdmissionCheck", "{}", {"spec.controllerName: Required value"}, "nobody to check"},
  });
}

TEST(ValidationTest, Workload) {
  ExpectErrors({
      {"Workload",
       R"({"podSets": [{"name": "a", "count": -1}, {"name": "a"}, {"name": "B", "minCount": 2}]})",
       {"spec.podSets[0].count: Invalid value: -1: spec.podSets[0].count in body should be greater than or equal to 0",
        "spec.podSets[1]: Duplicate value: {\"name\":\"a\"}",
        "spec.podSets[2].name: Invalid value: \"B\": spec.podSets[2].name in body should match",
        "spec.podSets[2]: Invalid value: minCount should be positive and less or equal to count"},
       "pod sets"},
      {"Workload",
       R"({"podSets": [{"name": "a", "minCount": 1}, {"name": "b", "minCount": 1}]})",
       {"spec.podSets: Invalid value: 2: at most one podSet can use minCount"},
       "partial admission of two pod sets"},
      {"Workload",
       R"({"podSets": [{"name": "a", "template": {"metadata": {"labels": {"@": ""}}, "spec": {
          "containers": [{"name": "c", "resources": {"requests": {"cpu": "-1", "pods": 1}}}],
          "resources": {"limits": {"memory": "-1Gi"}}}}}]})",
       {"spec.podSets[0].template.metadata.labels: Invalid value: \"@\"",
        "spec.podSets[0].template.spec.containers[0].resources.requests[cpu]: Invalid value: \"-1\": must be greater",
        "spec.podSets[0].template.spec.containers[0].resources.requests[pods]: Invalid value: \"pods\": the key is "
        "reserved for internal kueue use",
        "spec.podSets[0].template.spec.resources.limits[memory]: Invalid value: \"-1Gi\""},
       "templates"},
      {"Workload",
       R"({"podSets": [{"name": "a", "topologyRequest": {"podSetSliceRequiredTopology": "rack"}},
          {"name": "b", "topologyRequest": {"podSetSliceSize": 2}}]})",
       {"spec.podSets[0].topologyRequest.podSetSliceSize: Required value: must be set when podSetSliceRequiredTopology",
        "spec.podSets[1].topologyRequest.podSetSliceSize: Forbidden: may not be set when podSetSliceRequiredTopology"},
       "slices come with a size, and sizes with slices"},
      {"Workload",
       R"({"priorityClassRef": {"group": "kueue.x-k8s.io", "kind": "PriorityClass", "name": "p"}})",
       {"spec.priorityClassRef: Invalid value: only the WorkloadPriorityClass kind is allowed for the kueue.x-k8s.io",
        "spec: Invalid value: priority should not be nil when priorityClassRef is set"},
       "priority classes"},
      {"Workload",
       R"({"queueName": "@", "maximumExecutionTimeSeconds": 0})",
       {"spec.queueName: Invalid value: \"@\"", "spec.maximumExecutionTimeSeconds: Invalid value: 0"},
       "bounds"},
  });
}

TEST(ValidationTest, WorkloadStatusAndAnnotations) {
  const json reserved = {{"type", "QuotaReserved"}, {"status", "True"}, {"reason", "R"}, {"message", ""}};
  const json spec = json::parse(R"({"podSets": [{"name": "a", "count": 2}]})");
  EXPECT_THAT(Lines(Validate(Read("Workload", spec, {{"conditions", {reserved}}}).object)),
              ElementsAre("status.admission: Required value: must be set while the QuotaReserved condition is true"));
  EXPECT_THAT(
      Lines(
          Validate(Read("Workload", spec,
                        {{"conditions", {reserved}},
                         {"admission", json::parse(R"({"clusterQueue": "q", "podSetAssignments": [
                               {"name": "a", "count": 2, "resourceUsage": {"cpu": "1001m", "memory": "4"}}]})")},
                         {"reclaimablePods", json::parse(R"([{"name": "a", "count": 3}, {"name": "z", "count": 1}])")}})
                       .object)),
      ElementsAre(
          "status.admission.podSetAssignments[0].resourceUsage[cpu]: Invalid value: \"1001m\": is not a multiple "
          "of 000002",
          "status.reclaimablePods[a].count: Invalid value: 3: should be less or equal to 2",
          "status.reclaimablePods[z].name: Unsupported value: \"z\": supported values: \"a\""));

  const auto gated = [&](const char* gates) {
    const json annotations = {{"kueue.x-k8s.io/admission-gated-by", gates}};
    return Lines(Validate(Read("Workload", spec, nullptr, annotations).object));
  };
  EXPECT_THAT(gated("example.com/a,example.com/b"), IsEmpty());
  EXPECT_THAT(gated("example.com/a,"), ElementsAre(HasSubstr("cannot contain empty gate names")));
  EXPECT_THAT(gated("example.com/a,example.com/a"), ElementsAre(HasSubstr("duplicate gate name: example.com/a")));
  EXPECT_THAT(gated("a"), ElementsAre(HasSubstr("must be a domain-prefixed path (such as \"acme.io/foo\")")));

  const json elastic = {{"kueue.x-k8s.io/elastic-job", "true"}};
  EXPECT_THAT(
      Lines(Validate(
          Read("Workload", json::parse(R"({"podSets": [{"name": "a", "minCount": 1}]})"), nullptr, elastic).object)),
      ElementsAre("spec.podSets: Invalid value: 1: partial admission and elastic job cannot be used together"));
}

TEST(ValidationTest, NamesOfObjects) {
  EXPECT_THAT(Lines(Validate(Object(ClusterQueue()))),
              ElementsAre("metadata.name: Required value: name or generateName is required"));
  ClusterQueue queue;
  queue.metadata.name = "Bad_Name";
  EXPECT_THAT(Lines(Validate(Object(queue))),
              ElementsAre(HasSubstr("metadata.name: Invalid value: \"Bad_Name\": a lower")));
  ValidationOptions webhook;
  webhook.rules = ValidationOptions::Rules::kWebhook;
  EXPECT_THAT(Validate(Object(queue), webhook), IsEmpty()) << "the schema has its own guard";
}

TEST(ValidationTest, UpdatesOfQuotaObjects) {
  EXPECT_THAT(
      Lines(ValidateUpdate(Read("LocalQueue", {{"clusterQueue", "b"}}), Read("LocalQueue", {{"clusterQueue", "a"}}))),
      ElementsAre("spec.clusterQueue: Invalid value: \"b\": field is immutable"));
  const json labels = {{"a", "b"}};
  EXPECT_THAT(Lines(ValidateUpdate(Read("ResourceFlavor", {{"nodeLabels", labels}, {"topologyName", "t"}}),
                                   Read("ResourceFlavor", {{"nodeLabels", labels}}))),
              IsEmpty())
      << "a topology may be added";
  EXPECT_THAT(Lines(ValidateUpdate(Read("ResourceFlavor", {{"nodeLabels", labels}}),
                                   Read("ResourceFlavor", {{"nodeLabels", labels}, {"topologyName", "t"}}))),
              ElementsAre("spec: Invalid value: topologyName is immutable when topologyName is set"));
  const json wrong =
      json::parse(R"({"admissionChecksStrategy": {"admissionChecks": [{"name": "a", "onFlavors": ["f"]}]}})");
  EXPECT_THAT(ValidateUpdate(Read("ClusterQueue", wrong), Read("ClusterQueue", wrong)), IsEmpty())
      << "what was wrong before may stay";
  const json policy = json::parse(R"({"concurrentAdmissionPolicy": {"migration": {"mode": "TryPreferredFlavors"}}})");
  EXPECT_THAT(Lines(ValidateUpdate(Read("ClusterQueue", policy), Read("ClusterQueue", json::object()))),
              ElementsAre(HasSubstr("spec.concurrentAdmissionPolicy: Invalid value: {\"migration\":")));
}

TEST(ValidationTest, UpdatesOfWorkloads) {
  const auto workload = [](const char* image, int count, const char* queue, int reclaimable) {
    json spec = json::parse(R"({"podSets": [{"name": "a", "template": {"spec": {"containers": [{"name": "c"}]}}}]})");
    spec["queueName"] = queue;
    spec["podSets"][0]["count"] = count;
    spec["podSets"][0]["template"]["spec"]["containers"][0]["image"] = image;
    json status =
        json::parse(R"({"conditions": [{"type": "QuotaReserved", "status": "True", "reason": "R", "message": ""}],
        "admission": {"clusterQueue": "q", "podSetAssignments": [{"name": "a", "count": 3}]}})");
    if (reclaimable > 0) status["reclaimablePods"] = {{{"name", "a"}, {"count", reclaimable}}};
    return Read("Workload", spec, status);
  };
  const Decoded before = workload("i", 3, "l", 2);
  EXPECT_THAT(ValidateUpdate(before, before), IsEmpty());
  EXPECT_THAT(Lines(ValidateUpdate(workload("j", 3, "l", 2), before)),
              ElementsAre(HasSubstr("spec.podSets.0: Invalid value: {\"count\":3,")))
      << "fields without a meaning here are immutable too";
  EXPECT_THAT(Lines(ValidateUpdate(workload("i", 4, "l", 2), before)),
              ElementsAre(HasSubstr("spec.podSets.0: Invalid value: {\"count\":4,")));
  EXPECT_THAT(
      Lines(ValidateUpdate(workload("i", 3, "m", 2), before)),
      ElementsAre("spec.queueName: Invalid value: \"m\": queueName is immutable while workload quota reserved"));
  EXPECT_THAT(Lines(ValidateUpdate(workload("i", 3, "l", 1), before)),
              ElementsAre("status.reclaimablePods[a].count: Invalid value: 1: cannot be less than 2"));
  EXPECT_THAT(Lines(ValidateUpdate(workload("i", 3, "l", 0), before)),
              ElementsAre("status.reclaimablePods[a]: Required value: cannot be removed"));
  Decoded moved = before;
  std::get<Workload>(moved.object).status.admission->cluster_queue = "r";
  EXPECT_THAT(Lines(ValidateUpdate(moved, before)), ElementsAre(HasSubstr("status.admission: Invalid value: ")));
  Decoded placed = before;
  std::get<Workload>(placed.object).status.admission->pod_set_assignments[0].topology_assignment.emplace();
  EXPECT_THAT(ValidateUpdate(placed, before), IsEmpty()) << "topology may be assigned later";
  Decoded gated = before;
  std::get<Workload>(gated.object).metadata.annotations["kueue.x-k8s.io/admission-gated-by"] = "a.b/c";
  EXPECT_THAT(Lines(ValidateUpdate(gated, before)), ElementsAre(HasSubstr("cannot add admission gate after creation")));
}

}  // namespace
}  // namespace muster::api
