// What counts as a change of a node, what pods take off it, and who gets the place of a node that is gone.
#include "scheduler/topology/node_table.h"

#include <functional>
#include <string>
#include <vector>

#include "api/vocabulary.h"
#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using Change = NodeTable::Change;

api::Condition Condition(const std::string& type, const std::string& status) {
  api::Condition c;
  c.type = type;
  c.status = status;
  return c;
}

api::Node MakeNode(const std::string& name, int64_t gpus = 8) {
  api::Node node;
  node.metadata.name = name;
  node.metadata.labels = {{"zone", "a"}};
  node.taints = {{"t", "1", "NoSchedule"}, {"u", "", "NoExecute"}};
  node.allocatable["gpu"] = api::Quantity::FromValue(gpus);
  node.conditions = {Condition("Ready", "True"), Condition("DiskPressure", "False")};
  return node;
}

api::Pod MakePod(const std::string& name, const std::string& node, int64_t gpus) {
  api::Pod pod;
  pod.metadata.ns = "ns";
  pod.metadata.name = name;
  pod.spec.node_name = node;
  pod.spec.containers.resize(1);
  pod.spec.containers[0].resources.requests["gpu"] = api::Quantity::FromValue(gpus);
  return pod;
}

class NodeTableTest : public testing::Test {
 protected:
  NodeTableTest() : gpu_(resources_.Intern("gpu")), pods_(resources_.Intern("pods")), table_(&resources_) {}

  quota::Amount Used(NodeIndex node, ResourceId r) const {
    const std::vector<quota::Amount>& amounts = table_.at(node).other_pods;
    return r < static_cast<int>(amounts.size()) ? amounts[r] : 0;
  }

  ResourceNames resources_;
  const ResourceId gpu_, pods_;
  NodeTable table_;
};

TEST_F(NodeTableTest, TellsHeartbeatsRemarksAndChanges) {
  struct Case {
    const char* about;
    std::function<void(api::Node*)> change;
    Change expected;
    bool usable = true;
  };
  const Case kCases[] = {
      {"nothing", [](api::Node*) {}, Change::kNothing},
      {"the words of a condition", [](api::Node* n) { n->conditions[1].message = "all well"; }, Change::kNothing},
      {"the order of conditions", [](api::Node* n) { std::swap(n->conditions[0], n->conditions[1]); },
       Change::kNothing},
      {"a condition that nothing depends on", [](api::Node* n) { n->conditions[1].status = "True"; }, Change::kRemark},
      {"a condition more", [](api::Node* n) { n->conditions.push_back(Condition("PIDPressure", "False")); },
       Change::kRemark},
      {"a condition less", [](api::Node* n) { n->conditions.pop_back(); }, Change::kRemark},
      {"another condition in its place", [](api::Node* n) { n->conditions[1].type = "PIDPressure"; }, Change::kRemark},
      {"an annotation", [](api::Node* n) { n->metadata.annotations["a"] = "b"; }, Change::kRemark},
      {"readiness", [](api::Node* n) { n->conditions[0].status = "False"; }, Change::kNode, false},
      {"readiness unknown", [](api::Node* n) { n->conditions[0].status = "Unknown"; }, Change::kNode, false},
      {"no word of readiness", [](api::Node* n) { n->conditions.erase(n->conditions.begin()); }, Change::kNode, false},
      {"cordoned", [](api::Node* n) { n->unschedulable = true; }, Change::kNode, false},
      {"a label", [](api::Node* n) { n->metadata.labels["zone"] = "b"; }, Change::kNode},
      {"another key of a taint", [](api::Node* n) { n->taints[0].key = "x"; }, Change::kNode},
      {"another value of a taint", [](api::Node* n) { n->taints[0].value = "2"; }, Change::kNode},
      {"another effect of a taint", [](api::Node* n) { n->taints[0].effect = "NoExecute"; }, Change::kNode},
      {"a taint less", [](api::Node* n) { n->taints.pop_back(); }, Change::kNode},
      {"a taint more",
       [](api::Node* n) {
         n->taints.push_back({"v", "", "NoSchedule"});
       },
       Change::kNode},
      {"less to offer", [](api::Node* n) { n->allocatable["gpu"] = api::Quantity::FromValue(7); }, Change::kNode},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    NodeTable table(&resources_);
    const auto [first, created] = table.Set(MakeNode("n"));
    EXPECT_EQ(created, Change::kNode);
    EXPECT_TRUE(table.at(first).usable);
    api::Node changed = MakeNode("n");
    c.change(&changed);
    EXPECT_EQ(table.Set(changed), (std::pair<NodeIndex, Change>(first, c.expected)));
    EXPECT_EQ(table.at(first).usable, c.usable);
    EXPECT_EQ(table.Set(changed).second, Change::kNothing) << "it has been taken over";
    EXPECT_EQ(table.Set(MakeNode("n")).second, c.expected) << "and the way back is as long";
  }
}

// Not ready and cordoned at once: one of them ending does not make the node usable, but it is a change.
TEST_F(NodeTableTest, OneReasonOfTwoIsStillOne) {
  api::Node node = MakeNode("n");
  node.unschedulable = true;
  node.conditions[0].status = "False";
  const NodeIndex n = table_.Set(node).first;
  node.conditions[0].status = "True";
  EXPECT_EQ(table_.Set(node).second, Change::kRemark);
  EXPECT_FALSE(table_.at(n).usable);
  node.unschedulable = false;
  EXPECT_EQ(table_.Set(node).second, Change::kNode);
  EXPECT_TRUE(table_.at(n).usable);
}

TEST_F(NodeTableTest, WhatANodeOffersIsReplacedNotAddedUp) {
  api::Node node = MakeNode("n", 8);
  node.allocatable["nic"] = api::Quantity::FromValue(2);
  const NodeIndex n = table_.Set(node).first;
  const ResourceId nic = resources_.Find("nic");
  ASSERT_NE(nic, kNoId);
  EXPECT_EQ(table_.at(n).allocatable[gpu_], 8);
  EXPECT_EQ(table_.at(n).allocatable[nic], 2);
  table_.Set(MakeNode("n", 5));
  EXPECT_EQ(table_.at(n).allocatable[gpu_], 5);
  EXPECT_LE(table_.at(n).allocatable.size(), static_cast<size_t>(nic)) << "it has none any more";
}

TEST_F(NodeTableTest, PodsTakeWhatTheyRequest) {
  const NodeIndex n = table_.Set(MakeNode("n")).first, m = table_.Set(MakeNode("m")).first;
  NodeTable::PodChange change = table_.SetPod(MakePod("p", "n", 3));
  EXPECT_EQ(change.before, kNoId);
  EXPECT_EQ(change.after, n);
  EXPECT_FALSE(change.freed);
  EXPECT_EQ(Used(n, gpu_), 3);
  EXPECT_EQ(Used(n, pods_), 1);

  change = table_.SetPod(MakePod("p", "n", 3));  // the same again
  EXPECT_EQ(change.before, kNoId);
  EXPECT_EQ(change.after, kNoId);
  EXPECT_EQ(Used(n, gpu_), 3);

  change = table_.SetPod(MakePod("p", "n", 4));  // grown
  EXPECT_EQ(change.before, n);
  EXPECT_EQ(change.after, n);
  EXPECT_FALSE(change.freed);
  EXPECT_EQ(Used(n, gpu_), 4);

  change = table_.SetPod(MakePod("p", "n", 1));  // shrunk
  EXPECT_TRUE(change.freed);
  EXPECT_EQ(Used(n, gpu_), 1);
  EXPECT_EQ(Used(n, pods_), 1);

  change = table_.SetPod(MakePod("p", "m", 1));  // moved
  EXPECT_EQ(change.before, n);
  EXPECT_EQ(change.after, m);
  EXPECT_TRUE(change.freed);
  EXPECT_EQ(table_.at(n).num_pods, 0);
  EXPECT_TRUE(table_.at(n).other_pods.empty());
  EXPECT_EQ(Used(m, gpu_), 1);

  change = table_.RemovePod("ns/p");
  EXPECT_EQ(change.before, m);
  EXPECT_EQ(change.after, kNoId);
  EXPECT_TRUE(change.freed);
  EXPECT_EQ(table_.at(m).num_pods, 0);
  change = table_.RemovePod("ns/p");
  EXPECT_EQ(change.before, kNoId);
  EXPECT_FALSE(change.freed);
}

TEST_F(NodeTableTest, AResourceNoLongerRequestedFreesNothing) {
  table_.Set(MakeNode("n"));
  api::Pod pod = MakePod("p", "n", 1);
  pod.spec.containers[0].resources.requests["nic"] = api::Quantity::FromValue(1);
  table_.SetPod(pod);
  EXPECT_FALSE(table_.SetPod(MakePod("p", "n", 1)).freed) << "Kueue looks at what is requested before and after";
}

TEST_F(NodeTableTest, SomePodsUseNothing) {
  const NodeIndex n = table_.Set(MakeNode("n")).first;
  const std::pair<const char*, std::function<void(api::Pod*)>> kCases[] = {
      {"on no node yet", [](api::Pod* p) { p->spec.node_name.clear(); }},
      {"succeeded", [](api::Pod* p) { p->phase = "Succeeded"; }},
      {"failed", [](api::Pod* p) { p->phase = "Failed"; }},
      {"required", [](api::Pod* p) { p->metadata.annotations[api::kRequiredTopologyAnnotation] = "x"; }},
      {"preferred", [](api::Pod* p) { p->metadata.annotations[api::kPreferredTopologyAnnotation] = "x"; }},
      {"sliced", [](api::Pod* p) { p->metadata.annotations[api::kSliceRequiredTopologyAnnotation] = "x"; }},
      {"layered", [](api::Pod* p) { p->metadata.annotations[api::kSliceConstraintsAnnotation] = "x"; }},
      {"unconstrained", [](api::Pod* p) { p->metadata.annotations[api::kUnconstrainedTopologyAnnotation] = "x"; }},
  };
  for (const auto& [about, change] : kCases) {
    SCOPED_TRACE(about);
    api::Pod pod = MakePod("p", "n", 3);
    change(&pod);
    EXPECT_EQ(table_.SetPod(pod).after, kNoId);
    EXPECT_EQ(table_.at(n).num_pods, 0);
    // One that did and no longer does gives its part back.
    table_.SetPod(MakePod("p", "n", 3));
    const NodeTable::PodChange gone = table_.SetPod(pod);
    EXPECT_EQ(gone.before, n);
    EXPECT_TRUE(gone.freed);
    EXPECT_EQ(Used(n, gpu_), 0);
  }
  api::Pod running = MakePod("p", "n", 3);
  running.phase = "Running";
  table_.SetPod(running);
  EXPECT_EQ(Used(n, gpu_), 3);
}

TEST_F(NodeTableTest, APlaceIsGivenAwayOnceNothingIsKnownOfIt) {
  const NodeIndex n = table_.Set(MakeNode("n")).first;
  table_.SetPod(MakePod("p", "n", 3));
  table_.Forget(n);
  EXPECT_EQ(table_.Find("n"), n) << "it exists";
  table_.Remove(n);
  EXPECT_EQ(table_.Find("n"), kNoId);
  EXPECT_FALSE(table_.at(n).usable);
  table_.Forget(n);
  EXPECT_EQ(Used(n, gpu_), 3) << "its pods are still there";
  EXPECT_EQ(table_.Set(MakeNode("n")).first, n) << "and so is its place";
  EXPECT_EQ(Used(n, gpu_), 3);
  table_.Remove(n);
  table_.RemovePod("ns/p");
  table_.Forget(n);
  table_.Forget(n);  // twice is once
  EXPECT_EQ(table_.Set(MakeNode("m")).first, n) << "another node's now";
  EXPECT_EQ(table_.Set(MakeNode("n")).first, n + 1);
  EXPECT_EQ(table_.num_places(), 2);
  // A node that has nothing and can do nothing exists all the same, once it is there.
  const NodeIndex bare = table_.SetPod(MakePod("r", "bare", 1)).after;
  api::Node nothing;
  nothing.metadata.name = "bare";
  EXPECT_EQ(table_.Set(nothing), (std::pair<NodeIndex, Change>(bare, Change::kNode)));
  EXPECT_EQ(table_.Find("bare"), bare);
  // A pod may come before its node.
  const NodeIndex late = table_.SetPod(MakePod("q", "late", 2)).after;
  EXPECT_EQ(table_.Find("late"), kNoId);
  EXPECT_EQ(table_.Set(MakeNode("late")).first, late);
  EXPECT_EQ(Used(late, gpu_), 2);
}

}  // namespace
}  // namespace muster::scheduler
