#include "api/defaulting.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/codec.h"
#include "api/cross_validation.h"

namespace muster::api {
namespace {

using nlohmann::json;

json Defaulted(const char* text, const DefaultingOptions& options = {}) {
  Object object = *DecodeObject(json::parse(text));
  SetDefaults(object, options);
  const json once = Encode(object);
  SetDefaults(object, options);
  EXPECT_EQ(Encode(object), once) << "defaults are set once";
  return once;
}

TEST(DefaultingTest, ClusterQueue) {
  const json queue = Defaulted(R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ClusterQueue",
      "metadata": {"name": "q"}, "spec": {"preemption": {"withinClusterQueue": "LowerPriority"}, "fairSharing": {}}})");
  EXPECT_EQ(queue["metadata"]["finalizers"], json::parse(R"(["kueue.x-k8s.io/resource-in-use"])"));
  EXPECT_EQ(queue["spec"], json::parse(R"({"queueingStrategy": "BestEffortFIFO", "stopPolicy": "None",
      "flavorFungibility": {"whenCanBorrow": "MayStopSearch", "whenCanPreempt": "TryNextFlavor"},
      "preemption": {"withinClusterQueue": "LowerPriority", "reclaimWithinCohort": "Never",
                     "borrowWithinCohort": {"policy": "Never"}},
      "fairSharing": {"weight": "1"}})"))
      << "what is said stays, and a missing namespaceSelector stays missing";
}

TEST(DefaultingTest, Workload) {
  const char* text = R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload", "metadata": {"name": "w"},
      "spec": {"podSets": [{"minCount": 1, "template": {}}]}})";
  json workload = Defaulted(text, {.default_namespace = "default"});
  EXPECT_EQ(workload["metadata"]["namespace"], "default");
  EXPECT_EQ(workload["spec"]["active"], true);
  EXPECT_EQ(workload["spec"]["podSets"][0]["name"], "main");
  EXPECT_EQ(workload["spec"]["podSets"][0]["count"], 1);
  EXPECT_EQ(workload["spec"]["podSets"][0]["minCount"], 1);
  DefaultingOptions all_or_nothing;
  all_or_nothing.partial_admission = false;
  workload = Defaulted(text, all_or_nothing);
  EXPECT_FALSE(workload["spec"]["podSets"][0].contains("minCount")) << "Kueue drops it when the gate is off";
  EXPECT_FALSE(workload["metadata"].contains("namespace"));
}

TEST(DefaultingTest, ClusterScopedObjectsGetNoNamespace) {
  const json flavor =
      Defaulted(R"({"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ResourceFlavor", "metadata": {"name": "f"}})",
                {.webhook = false, .default_namespace = "default"});
  EXPECT_EQ(flavor["metadata"], json::parse(R"({"name": "f"})"));
}

}  // namespace
}  // namespace muster::api
