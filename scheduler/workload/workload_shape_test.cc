#include "scheduler/workload/workload_shape.h"

#include "gtest/gtest.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

class ShapeTableTest : public ::testing::Test {
 protected:
  Declared declared_;
  EngineOptions options_;
  ShapeTable table_{&declared_, &options_};
};

TEST_F(ShapeTableTest, EqualPodSetsShareOneShapeWhateverElseDiffers) {
  const auto a = table_.Get(MakeWorkload("a", "q", 2, 4, /*created=*/1, /*priority=*/0));
  const auto b = table_.Get(MakeWorkload("b", "other", 2, 4, /*created=*/9, /*priority=*/5));
  EXPECT_EQ(a, b);
  ASSERT_EQ(a->pod_sets.size(), 1u);
  ASSERT_EQ(a->pod_sets[0].per_pod.size(), 1u);
  EXPECT_EQ(a->pod_sets[0].per_pod[0].amount, 4);
}

// The pods of every Job are labelled with its name.
TEST_F(ShapeTableTest, TheMetadataOfPodsTellsNothing) {
  const api::Workload base = MakeWorkload("a", "q", 2, 4);
  const auto shape = table_.Get(base);
  api::Workload labelled = base;
  labelled.spec.pod_sets[0].pod_template.metadata.labels["batch.kubernetes.io/job-name"] = "a";
  labelled.spec.pod_sets[0].pod_template.metadata.annotations["a"] = "b";
  EXPECT_EQ(table_.Get(labelled), shape);
  // Also the other way round: what is kept is without it.
  ShapeTable another(&declared_, &options_);
  const auto kept = another.Get(labelled);
  EXPECT_EQ(another.Get(base), kept);
}

// Whatever else is changed about a pod set makes another shape.
TEST_F(ShapeTableTest, EveryFieldTells) {
  const api::Workload base = MakeWorkload("a", "q", 2, 4);
  const auto shape = table_.Get(base);
  using Change = void (*)(api::PodSet*);
  const Change changes[] = {
      [](api::PodSet* p) { p->name = "other"; },
      [](api::PodSet* p) { p->count = 3; },
      [](api::PodSet* p) { p->min_count = 1; },
      [](api::PodSet* p) { p->pod_template.spec.node_selector["a"] = "b"; },
      [](api::PodSet* p) {
        p->pod_template.spec.tolerations.push_back({"k", "Exists", "", "", {}});
      },
      [](api::PodSet* p) { p->pod_template.spec.overhead["cpu"] = api::Quantity::FromValue(1); },
      [](api::PodSet* p) { p->pod_template.spec.runtime_class_name = "kata"; },
      [](api::PodSet* p) { p->pod_template.spec.init_containers.emplace_back(); },
      [](api::PodSet* p) { p->pod_template.spec.containers[0].resources.limits["cpu"] = api::Quantity::FromValue(9); },
      [](api::PodSet* p) { p->pod_template.spec.node_affinity.emplace().required.emplace().emplace_back(); },
      [](api::PodSet* p) { p->pod_template.spec.resources.emplace(); },
      [](api::PodSet* p) { p->pod_template.spec.priority = 3; },
      [](api::PodSet* p) { p->pod_template.spec.scheduling_gates = {"gate"}; },
      [](api::PodSet* p) { p->topology_request.emplace().required = "rack"; },
      [](api::PodSet* p) {
        p->topology_request.emplace().pod_set_slice_constraints = {{"rack", 2}};
      },
  };
  for (const Change change : changes) {
    api::Workload w = base;
    change(&w.spec.pod_sets[0]);
    EXPECT_NE(table_.Get(w), shape) << "change " << &change - changes;
  }
  EXPECT_EQ(table_.Get(base), shape);
}

TEST_F(ShapeTableTest, TheWayAQuantityIsWrittenTells) {
  api::Workload a = MakeWorkload("a", "q", 1, 1), b = a;
  const auto requests = [](api::Workload& w) -> api::ResourceList& {
    return w.spec.pod_sets[0].pod_template.spec.containers[0].resources.requests;
  };
  requests(a)["memory"] = *api::Quantity::Parse("1Gi");
  requests(b)["memory"] = *api::Quantity::Parse("1073741824");
  EXPECT_NE(table_.Get(a)->equivalence, table_.Get(b)->equivalence);

  // Wherever in a pod set it is.
  using Place = api::ResourceList& (*)(api::PodSpec&);
  const Place places[] = {
      [](api::PodSpec& s) -> api::ResourceList& { return s.containers[0].resources.requests; },
      [](api::PodSpec& s) -> api::ResourceList& { return s.containers[0].resources.limits; },
      [](api::PodSpec& s) -> api::ResourceList& { return s.init_containers[0].resources.requests; },
      [](api::PodSpec& s) -> api::ResourceList& { return s.resources->limits; },
      [](api::PodSpec& s) -> api::ResourceList& { return s.overhead; },
  };
  for (const Place place : places) {
    std::vector<api::PodSet> one = a.spec.pod_sets;
    one[0].pod_template.spec.init_containers.emplace_back();
    one[0].pod_template.spec.resources.emplace();
    std::vector<api::PodSet> other = one;
    place(one[0].pod_template.spec)["memory"] = *api::Quantity::Parse("2Gi");
    place(other[0].pod_template.spec)["memory"] = *api::Quantity::Parse("2147483648");
    EXPECT_TRUE(one == other) << "the same amount";
    EXPECT_FALSE(SamePodSets(one, other)) << "written differently, place " << &place - places;
    EXPECT_TRUE(SamePodSets(other, other));
  }
}

// What Kueue's equivalence hash covers. The number of pods is told apart elsewhere: of some, only a part is left.
TEST_F(ShapeTableTest, WhatTheHashCoversMakesAnotherEquivalence) {
  const api::Workload base = MakeWorkload("a", "q", 2, 4);
  const int equivalence = table_.Get(base)->equivalence;
  using Change = void (*)(api::PodSet*);
  const auto differs = [&](Change change) {
    api::Workload w = base;
    change(&w.spec.pod_sets[0]);
    return table_.Get(w)->equivalence != equivalence;
  };
  const Change covered[] = {
      [](api::PodSet* p) { p->name = "other"; },
      [](api::PodSet* p) { p->min_count = 2; },
      [](api::PodSet* p) { p->pod_template.spec.node_selector["a"] = "b"; },
      [](api::PodSet* p) {
        p->pod_template.spec.tolerations.push_back({"k", "Exists", "", "", {}});
      },
      [](api::PodSet* p) { p->pod_template.spec.overhead["cpu"] = api::Quantity::FromValue(0); },
      [](api::PodSet* p) { p->pod_template.spec.runtime_class_name = "kata"; },
      [](api::PodSet* p) { p->pod_template.spec.priority = 0; },
      [](api::PodSet* p) { p->pod_template.spec.init_containers.emplace_back(); },
      [](api::PodSet* p) { p->pod_template.spec.containers.emplace_back(); },
      [](api::PodSet* p) { p->pod_template.spec.node_affinity.emplace().required.emplace().emplace_back(); },
      [](api::PodSet* p) { p->pod_template.spec.node_affinity.emplace().preferred.emplace_back().weight = 1; },
      [](api::PodSet* p) { p->pod_template.spec.resources.emplace(); },
      [](api::PodSet* p) { p->topology_request.emplace(); },
      [](api::PodSet* p) { p->topology_request.emplace().unconstrained = false; },
  };
  for (const Change& change : covered) EXPECT_TRUE(differs(change)) << "change " << &change - covered;
  const Change not_covered[] = {
      [](api::PodSet* p) { p->count = 3; },
      [](api::PodSet* p) { p->pod_template.metadata.labels["a"] = "b"; },
      [](api::PodSet* p) { p->pod_template.spec.containers[0].name = "other"; },
      [](api::PodSet* p) { p->pod_template.spec.restart_policy = "Never"; },
      [](api::PodSet* p) {
        p->pod_template.spec.containers[0].resources.limits["nvidia.com/gpu"] = api::Quantity::FromValue(9);
      },
  };
  for (const Change& change : not_covered) EXPECT_FALSE(differs(change)) << "change " << &change - not_covered;
  api::Workload a = base, b = base;
  a.spec.pod_sets[0].topology_request.emplace();
  b.spec.pod_sets[0].topology_request.emplace().unconstrained = false;
  EXPECT_NE(table_.Get(a)->equivalence, table_.Get(b)->equivalence);
}

TEST_F(ShapeTableTest, DefaultsOfTheNamespaceCount) {
  const api::Workload w = MakeWorkload("a", "q", 1, 1);
  const auto before = table_.Get(w);
  api::LimitRange range;
  range.metadata.ns = "ns";
  range.metadata.name = "defaults";
  range.limits.emplace_back().type = "Container";
  range.limits[0].default_request["cpu"] = api::Quantity::FromValue(2);
  declared_.Apply(range);
  table_.DefaultsChanged();
  const auto after = table_.Get(w);
  EXPECT_EQ(before->pod_sets[0].per_pod.size(), 1u);
  EXPECT_EQ(after->pod_sets[0].per_pod.size(), 2u);
  api::Workload elsewhere = w;
  elsewhere.metadata.ns = "elsewhere";
  EXPECT_EQ(table_.Get(elsewhere)->pod_sets[0].per_pod.size(), 1u);
}

TEST_F(ShapeTableTest, ChecksThatChangePodsMakeAShapeOfItsOwn) {
  api::Workload w = MakeWorkload("a", "q", 1, 1);
  const auto shared = table_.Get(w);
  api::AdmissionCheckState& check = w.status.admission_checks.emplace_back();
  check.state = "Ready";
  check.pod_set_updates.push_back({"main", {}, {}, {{"zone", "b"}}, {}});
  const auto own = table_.Get(w);
  EXPECT_NE(own, shared);
  ASSERT_NE(own->pod_sets[0].topology_spec, nullptr);
  EXPECT_EQ(own->pod_sets[0].topology_spec->node_selector.at("zone"), "b");
  EXPECT_EQ(shared->pod_sets[0].topology_spec, nullptr);
}

}  // namespace
}  // namespace muster::scheduler
