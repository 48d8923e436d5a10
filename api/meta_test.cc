#include "api/meta.h"

#include <gtest/gtest.h>

#include "api/core.h"

namespace muster::api {
namespace {

TEST(SelectorTest, Requirements) {
  const StringMap labels = {{"zone", "a"}, {"size", "10"}, {"empty", ""}};
  const struct {
    Requirement requirement;
    bool matches;
    const char* why;
  } cases[] = {
      {{"zone", "In", {"b", "a"}}, true, "one of the values"},
      {{"zone", "In", {"b"}}, false, "another value"},
      {{"rack", "In", {"a"}}, false, "In needs the label"},
      {{"empty", "In", {""}}, true, "an empty value is a value"},
      {{"zone", "NotIn", {"b"}}, true, "another value"},
      {{"zone", "NotIn", {"a"}}, false, "the value"},
      {{"rack", "NotIn", {"a"}}, true, "NotIn matches where the label is absent"},
      {{"zone", "Exists", {}}, true, "the label is there"},
      {{"rack", "Exists", {}}, false, "it is not"},
      {{"rack", "DoesNotExist", {}}, true, "it is not"},
      {{"zone", "DoesNotExist", {}}, false, "the label is there"},
      {{"size", "Gt", {"9"}}, true, "10 > 9, as numbers"},
      {{"size", "Gt", {"10"}}, false, "Gt is strict"},
      {{"size", "Lt", {"11"}}, true, "10 < 11"},
      {{"size", "Lt", {"10"}}, false, "Lt is strict"},
      {{"zone", "Gt", {"1"}}, false, "a label that is no number"},
      {{"size", "Gt", {"x"}}, false, "a bound that is no number"},
      {{"size", "Gt", {"1", "2"}}, false, "two bounds"},
      {{"rack", "Lt", {"1"}}, false, "Lt needs the label"},
      {{"zone", "Near", {"a"}}, false, "an unknown operator matches nothing"},
      {{"zone", "", {"a"}}, false, "and so does none"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Matches(c.requirement, labels), c.matches)
        << c.requirement.key << " " << c.requirement.op << ": " << c.why;
  }
}

TEST(SelectorTest, LabelSelectorNeedsAll) {
  const StringMap labels = {{"team", "red"}};
  EXPECT_TRUE(Matches(LabelSelector(), labels)) << "an empty selector matches everything";
  EXPECT_TRUE(Matches(LabelSelector(), {}));
  EXPECT_TRUE(Matches(LabelSelector{{{"team", "red"}}, {{"x", "DoesNotExist", {}}}}, labels));
  EXPECT_FALSE(Matches(LabelSelector{{{"team", "blue"}}, {}}, labels));
  EXPECT_FALSE(Matches(LabelSelector{{{"team", "red"}}, {{"x", "Exists", {}}}}, labels));
  EXPECT_FALSE(Matches(LabelSelector{{{"x", ""}}, {}}, labels)) << "an absent label is not an empty one";
}

TEST(SelectorTest, NodeSelectorTerm) {
  const StringMap labels = {{"zone", "a"}};
  EXPECT_FALSE(Matches(NodeSelectorTerm(), labels, "n1")) << "an empty term matches nothing";
  EXPECT_TRUE(Matches(NodeSelectorTerm{{{"zone", "In", {"a"}}}, {}}, labels, "n1"));
  EXPECT_TRUE(Matches(NodeSelectorTerm{{}, {{"metadata.name", "In", {"n1"}}}}, labels, "n1"));
  EXPECT_FALSE(Matches(NodeSelectorTerm{{}, {{"metadata.name", "NotIn", {"n1"}}}}, labels, "n1"));
  EXPECT_FALSE(Matches(NodeSelectorTerm{{}, {{"metadata.name", "In", {"n1", "n2"}}}}, labels, "n1"))
      << "fields take one value";
  EXPECT_FALSE(Matches(NodeSelectorTerm{{}, {{"metadata.uid", "In", {"n1"}}}}, labels, "n1")) << "an unknown field";
  EXPECT_FALSE(Matches(NodeSelectorTerm{{{"zone", "In", {"a"}}}, {{"metadata.name", "In", {"n2"}}}}, labels, "n1"))
      << "labels and fields must both match";
}

TEST(TolerationTest, Tolerates) {
  const Taint taint{"gpu", "a100", "NoSchedule"};
  const struct {
    Toleration toleration;
    bool tolerates;
    const char* why;
  } cases[] = {
      {{"gpu", "Equal", "a100", "NoSchedule", {}}, true, "everything is equal"},
      {{"gpu", "", "a100", "NoSchedule", {}}, true, "no operator means Equal"},
      {{"gpu", "Equal", "h100", "NoSchedule", {}}, false, "another value"},
      {{"gpu", "Exists", "", "NoSchedule", {}}, true, "any value"},
      {{"gpu", "Exists", "", "", {}}, true, "any effect"},
      {{"gpu", "Exists", "", "NoExecute", {}}, false, "another effect"},
      {{"cpu", "Exists", "", "", {}}, false, "another key"},
      {{"", "Exists", "", "", {}}, true, "an empty key with Exists is every taint"},
      {{"", "Exists", "", "PreferNoSchedule", {}}, false, "but only of the effect named"},
      {{"", "Equal", "a100", "", {}}, true, "an empty key is every key"},
      {{"gpu", "Gt", "a100", "", {}}, false, "an unknown operator tolerates nothing"},
  };
  for (const auto& c : cases) EXPECT_EQ(Tolerates(c.toleration, taint), c.tolerates) << c.why;
}

TEST(MetaTest, ObjectKey) {
  ObjectMeta meta;
  meta.name = "a";
  EXPECT_EQ(ObjectKey(meta), "/a");
  meta.ns = "ns";
  EXPECT_EQ(ObjectKey(meta), "ns/a");
}

}  // namespace
}  // namespace muster::api
