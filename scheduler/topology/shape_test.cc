// Which nodes pods may use and how much they like them, and which shapes count as one.
#include "scheduler/topology/shape.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using Refusal = NodeFilter::Refusal;
constexpr ResourceId kGpu(0), kPods(1);

api::Node Node(api::StringMap labels, std::vector<api::Taint> taints = {}) {
  api::Node node;
  node.metadata.name = "n";
  node.metadata.labels = std::move(labels);
  node.taints = std::move(taints);
  return node;
}

api::Toleration Tolerate(const std::string& key) {
  api::Toleration t;
  t.key = key;
  t.op = "Exists";
  return t;
}

api::NodeSelectorTerm Term(const std::string& key, const std::string& value) { return {{{key, "In", {value}}}, {}}; }

api::NodeAffinity Require(std::vector<api::NodeSelectorTerm> terms) {
  api::NodeAffinity a;
  a.required = std::move(terms);
  return a;
}

TEST(NodeFilter, JudgesTaintsThenSelectorThenAffinity) {
  struct Case {
    const char* about;
    api::StringMap selector;
    std::optional<api::NodeAffinity> affinity;
    std::vector<api::Toleration> tolerations;
    api::Node node;
    Refusal refusal;
    const char* taint = "";
  };
  const api::Taint kBroken = {"broken", "yes", "NoSchedule"}, kDrained = {"drained", "", "NoExecute"},
                   kSlow = {"slow", "", "PreferNoSchedule"};
  const Case kCases[] = {
      {"nothing is asked, nothing is in the way", {}, {}, {}, Node({}), Refusal::kNone},
      {"a taint with a value", {}, {}, {}, Node({}, {kBroken}), Refusal::kTaint, "broken=yes:NoSchedule"},
      {"a taint without one", {}, {}, {}, Node({}, {kDrained}), Refusal::kTaint, "drained:NoExecute"},
      {"a taint that only advises", {}, {}, {}, Node({}, {kSlow}), Refusal::kNone},
      {"behind one that only advises",
       {},
       {},
       {},
       Node({}, {kSlow, kBroken}),
       Refusal::kTaint,
       "broken=yes:NoSchedule"},
      {"one is tolerated, the next is not",
       {},
       {},
       {Tolerate("broken")},
       Node({}, {kBroken, kDrained}),
       Refusal::kTaint,
       "drained:NoExecute"},
      {"each is tolerated by another toleration",
       {},
       {},
       {Tolerate("broken"), Tolerate("drained")},
       Node({}, {kBroken, kDrained}),
       Refusal::kNone},
      {"the label is missing", {{"zone", "a"}}, {}, {}, Node({}), Refusal::kNodeSelector},
      {"the label has another value", {{"zone", "a"}}, {}, {}, Node({{"zone", "b"}}), Refusal::kNodeSelector},
      {"one label of two fits",
       {{"disk", "ssd"}, {"zone", "a"}},
       {},
       {},
       Node({{"disk", "ssd"}}),
       Refusal::kNodeSelector},
      {"all labels fit", {{"disk", "ssd"}}, {}, {}, Node({{"disk", "ssd"}, {"zone", "b"}}), Refusal::kNone},
      {"no required term fits",
       {},
       Require({Term("zone", "a"), Term("zone", "b")}),
       {},
       Node({{"zone", "c"}}),
       Refusal::kAffinity},
      {"one of the terms is enough",
       {},
       Require({Term("zone", "a"), Term("zone", "b")}),
       {},
       Node({{"zone", "b"}}),
       Refusal::kNone},
      {"no terms at all fit nothing", {}, Require({}), {}, Node({}), Refusal::kAffinity},
      {"affinity that only prefers refuses nobody", {}, api::NodeAffinity(), {}, Node({}), Refusal::kNone},
      {"the taint is told before the selector",
       {{"zone", "a"}},
       {},
       {},
       Node({}, {kBroken}),
       Refusal::kTaint,
       "broken=yes:NoSchedule"},
      {"the selector before the affinity",
       {{"zone", "a"}},
       Require({Term("zone", "a")}),
       {},
       Node({}),
       Refusal::kNodeSelector},
      {"a term about the node's name",
       {},
       Require({{{}, {{"metadata.name", "In", {"n"}}}}}),
       {},
       Node({}),
       Refusal::kNone},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    for (const bool scored : {false, true}) {
      const NodeFilter filter(c.selector, c.affinity, c.tolerations, scored);
      const NodeFilter::Verdict verdict = filter.Judge(c.node);
      EXPECT_EQ(verdict.refusal, c.refusal);
      EXPECT_EQ(verdict.taint, c.taint);
      EXPECT_EQ(verdict.score, 0);
    }
  }
}

TEST(NodeFilter, ScoresAreTheWeightsOfTheTermsThatFit) {
  api::NodeAffinity affinity;
  affinity.preferred = {{10, Term("zone", "a")}, {3, Term("disk", "ssd")}};
  const NodeFilter scored({}, affinity, {}, true), unscored({}, affinity, {}, false);
  EXPECT_EQ(scored.Judge(Node({{"zone", "a"}, {"disk", "ssd"}})).score, 13);
  EXPECT_EQ(scored.Judge(Node({{"disk", "ssd"}})).score, 3);
  EXPECT_EQ(scored.Judge(Node({})).score, 0);
  EXPECT_EQ(unscored.Judge(Node({{"zone", "a"}})).score, 0);
  affinity.required = {Term("zone", "b")};
  EXPECT_EQ(NodeFilter({}, affinity, {}, true).Judge(Node({{"zone", "a"}})).score, 0) << "refused ones have none";
}

// Whatever can change a verdict changes the key.
TEST(NodeFilter, KeysTellApartWhatJudgesDifferently) {
  const auto toleration = [](const char* key, const char* op, const char* value, const char* effect) {
    api::Toleration t;
    t.key = key;
    t.op = op;
    t.value = value;
    t.effect = effect;
    return t;
  };
  api::NodeAffinity light, heavy, other, both = Require({Term("a", "1")});
  light.preferred = {{1, Term("a", "1")}};
  heavy.preferred = {{2, Term("a", "1")}};
  other.preferred = {{1, Term("a", "2")}};
  both.preferred = light.preferred;
  const std::vector<NodeFilter> filters = {
      {{}, {}, {}, true},
      {{{"a", "b"}}, {}, {}, true},
      {{{"a", "c"}}, {}, {}, true},
      {{{"ab", ""}}, {}, {}, true},
      {{{"a", "b"}, {"c", "d"}}, {}, {}, true},
      {{}, {}, {toleration("a", "", "", "")}, true},
      {{}, {}, {toleration("a", "Exists", "", "")}, true},
      {{}, {}, {toleration("a", "", "b", "")}, true},
      {{}, {}, {toleration("a", "", "", "NoExecute")}, true},
      {{}, {}, {toleration("a", "", "", ""), toleration("b", "", "", "")}, true},
      {{}, Require({}), {}, true},
      {{}, Require({Term("a", "1")}), {}, true},
      {{}, Require({Term("a", "2")}), {}, true},
      {{}, Require({Term("b", "1")}), {}, true},
      {{}, Require({{{{"a", "NotIn", {"1"}}}, {}}}), {}, true},
      {{}, Require({{{{"a", "In", {"1", "2"}}}, {}}}), {}, true},
      {{}, Require({{{}, {{"a", "In", {"1"}}}}}), {}, true},
      {{}, Require({Term("a", "1"), Term("b", "1")}), {}, true},
      {{}, Require({{{{"a", "In", {"1"}}, {"b", "In", {"1"}}}, {}}}), {}, true},
      {{}, light, {}, true},
      {{}, heavy, {}, true},
      {{}, other, {}, true},
      {{}, both, {}, true},
  };
  std::set<std::string> keys;
  for (const NodeFilter& f : filters) keys.insert(f.key());
  EXPECT_EQ(keys.size(), filters.size());
  // Wherever one text ends and the next begins.
  keys.clear();
  size_t all = 0;
  for (const char* key : {"", "a", "ab", "aEqual", "Equal"}) {
    for (const char* op : {"", "Equal", "Exists"}) {
      for (const char* value : {"", "a", "b", "NoExecute"}) {
        for (const char* effect : {"", "NoExecute", "NoSchedule"}) {
          keys.insert(NodeFilter({}, {}, {toleration(key, op, value, effect)}, true).key());
          ++all;
        }
      }
    }
    for (const char* value : {"", "b", "Equal"}) {
      keys.insert(NodeFilter({{key, value}}, {}, {}, true).key());
      ++all;
    }
  }
  EXPECT_EQ(keys.size(), all);
  // What is not looked at does not tell filters apart.
  EXPECT_EQ(NodeFilter({}, light, {}, false).key(), NodeFilter({}, heavy, {}, false).key());
  EXPECT_EQ(NodeFilter({}, both, {}, false).key(), NodeFilter({}, Require({Term("a", "1")}), {}, false).key());
}

TEST(PodShape, KeysTellApartWhatFitsDifferently) {
  PodShape plain;
  plain.requests = {{kGpu, 1}, {kPods, 1}};
  const std::function<void(PodShape*)> kChanges[] = {
      [](PodShape*) {},
      [](PodShape* s) { s->requests[0].amount = 11; },
      [](PodShape* s) { s->requests[0].resource = ResourceId(7); },
      [](PodShape* s) { s->requests.pop_back(); },
      [](PodShape* s) { s->leader.emplace(); },
      [](PodShape* s) {
        s->leader = {{kGpu, 1}};
      },
      [](PodShape* s) {
        s->leader = {{kGpu, 2}};
      },
      [](PodShape* s) { s->slice_size = 2; },
      [](PodShape* s) { s->slice_level = 2; },
      [](PodShape* s) {
        s->inner_size = {0, 2};
      },
      [](PodShape* s) {
        s->inner_size = {2, 0};
      },
      [](PodShape* s) { s->empty = true; },
      [](PodShape* s) {
        s->filter =
            std::make_shared<const NodeFilter>(api::StringMap(), std::nullopt, std::vector<api::Toleration>(), false);
      },
      [](PodShape* s) {
        s->filter = std::make_shared<const NodeFilter>(api::StringMap{{"zone", "a"}}, std::nullopt,
                                                       std::vector<api::Toleration>(), false);
      },
  };
  std::set<std::string> keys;
  for (const auto& change : kChanges) {
    PodShape shape = plain;
    change(&shape);
    keys.insert(shape.Key());
  }
  EXPECT_EQ(keys.size(), std::size(kChanges));
  PodShape leader_is_worker = plain;  // two lists are not one
  leader_is_worker.requests.clear();
  leader_is_worker.leader = plain.requests;
  EXPECT_NE(leader_is_worker.Key(), plain.Key());
}

TEST(PodShape, InnerSizesAreThoseOfTheirLevels) {
  PodShape shape;
  EXPECT_EQ(shape.InnerSize(0), 0);
  shape.inner_size = {0, 4};
  EXPECT_EQ(shape.InnerSize(0), 0);
  EXPECT_EQ(shape.InnerSize(1), 4);
  EXPECT_EQ(shape.InnerSize(2), 0) << "below the last there is no layer";
}

}  // namespace
}  // namespace muster::scheduler
