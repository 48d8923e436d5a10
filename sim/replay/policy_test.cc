// What a replay runs under: objects sorted by kind, queues found by the names traces use, and what is said when they
// are not.
#include "sim/replay/policy.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace muster::sim {
namespace {

template <typename T>
T Named(const std::string& name, const std::string& ns = "") {
  T object;
  object.metadata.name = name;
  object.metadata.ns = ns;
  return object;
}

// A ClusterQueue with so much of each resource, of two flavors.
api::ClusterQueue Queue(const std::string& name,
                        std::vector<std::pair<std::string, std::string>> resources = {{"cpu", "1500m"}}) {
  auto queue = Named<api::ClusterQueue>(name);
  queue.namespace_selector = api::LabelSelector();
  api::ResourceGroup& group = queue.resource_groups.emplace_back();
  group.flavors = {{"f", {}}, {"g", {}}};
  for (const auto& [resource, amount] : resources) {
    group.covered_resources.push_back(resource);
    for (api::FlavorQuotas& flavor : group.flavors) {
      flavor.resources.emplace_back();
      flavor.resources.back().name = resource;
      flavor.resources.back().nominal_quota = *api::Quantity::Parse(amount);
    }
  }
  return queue;
}

api::LocalQueue Local(const std::string& ns, const std::string& name, const std::string& queue) {
  auto lq = Named<api::LocalQueue>(name, ns);
  lq.cluster_queue = queue;
  return lq;
}

ReplayPolicy Make(std::vector<api::Object> objects) {
  auto policy = MakePolicy(objects);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *policy;
}

TEST(MakePolicy, SortsObjectsByKind) {
  auto high = Named<api::WorkloadPriorityClass>("high");
  high.value = 7;
  auto high_pod = Named<api::PriorityClass>("high"), low_pod = Named<api::PriorityClass>("low");
  high_pod.value = 9;
  low_pod.value = 1;
  const ReplayPolicy p =
      Make({Named<api::ResourceFlavor>("f"), Named<api::Cohort>("c"), Queue("q"), Local("team", "lq", "q"),
            Local("", "bare", "q"), Named<api::AdmissionCheck>("check"), Named<api::Topology>("t"),
            Named<api::Namespace>("given"), Named<api::Node>("n"), Named<api::LimitRange>("l", "team"),
            Named<api::RuntimeClass>("r"), high, high_pod, low_pod, Named<api::Workload>("ignored", "team")});
  EXPECT_EQ(p.flavors.size(), 1u);
  EXPECT_EQ(p.cohorts.size(), 1u);
  EXPECT_EQ(p.cluster_queues.size(), 1u);
  EXPECT_EQ(p.checks.size(), 1u);
  EXPECT_EQ(p.topologies.size(), 1u);
  EXPECT_EQ(p.nodes.size(), 1u);
  EXPECT_EQ(p.limit_ranges.size(), 1u);
  EXPECT_EQ(p.runtime_classes.size(), 1u);
  EXPECT_EQ(p.priority_classes, (std::map<std::string, int32_t>{{"high", 7}, {"low", 1}}))
      << "of two classes of one name the workloads' own counts";
  ASSERT_EQ(p.local_queues.size(), 2u);
  EXPECT_EQ(p.local_queues[1].metadata.ns, "default");
  // Namespaces: those that are given, and those of LocalQueues; each labelled with its name.
  std::vector<std::string> names;
  for (const api::Namespace& ns : p.namespaces) {
    names.push_back(ns.metadata.name);
    EXPECT_EQ(ns.metadata.labels.at("kubernetes.io/metadata.name"), ns.metadata.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"given", "team", "default"}));
  EXPECT_EQ(p.options.reactivation_batch, absl::ZeroDuration());
}

TEST(MakePolicy, SaysWhatIsMissingOrTooMuch) {
  api::Configuration fair;
  fair.fair_sharing.emplace();
  EXPECT_TRUE(Make({Queue("q"), fair}).options.fair_sharing.has_value());
  EXPECT_FALSE(Make({Queue("q")}).options.fair_sharing.has_value());
  const std::vector<api::Object> none = {Named<api::ResourceFlavor>("f")}, two = {Queue("q"), fair, fair};
  EXPECT_NE(std::string(MakePolicy(none).status().message()).find("no ClusterQueue"), std::string::npos);
  EXPECT_NE(std::string(MakePolicy(two).status().message()).find("more than one Configuration"), std::string::npos);
}

TEST(ResolveQueue, FindsWhatTheTraceNames) {
  struct Case {
    const char* about;
    const char* queue;
    const char *ns, *local_queue, *cluster_queue;  // null: the error says so much
    const char* problem;
  };
  const Case kCases[] = {
      {"a LocalQueue by name", "one", "team", "one", "q", nullptr},
      {"with its namespace", "team/one", "team", "one", "q", nullptr},
      {"in another namespace it is not", "other/one", nullptr, nullptr, nullptr, "neither a LocalQueue nor"},
      {"one of two by its namespace", "b/two", "b", "two", "p", nullptr},
      {"which of two is not said", "two", nullptr, nullptr, nullptr, "is a LocalQueue in a and in b"},
      {"a ClusterQueue by its first LocalQueue", "q", "team", "one", "q", nullptr},
      {"a LocalQueue goes before a ClusterQueue of its name", "same", "team", "same", "q", nullptr},
      {"a ClusterQueue nobody points to", "lonely", "lonely", "lonely", "lonely", nullptr},
      {"nobody", "nobody", nullptr, nullptr, nullptr, "neither a LocalQueue nor"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    ReplayPolicy p = Make({Queue("q"), Queue("p"), Queue("lonely"), Queue("same"), Local("team", "one", "q"),
                           Local("a", "two", "q"), Local("b", "two", "p"), Local("team", "same", "q")});
    const size_t queues = p.local_queues.size(), namespaces = p.namespaces.size();
    const auto target = ResolveQueue(c.queue, &p);
    ASSERT_EQ(target.ok(), c.problem == nullptr) << target.status();
    if (!target.ok()) {
      EXPECT_NE(std::string(target.status().message()).find(c.problem), std::string::npos) << target.status();
      continue;
    }
    EXPECT_EQ(target->ns, c.ns);
    EXPECT_EQ(target->local_queue, c.local_queue);
    EXPECT_EQ(target->cluster_queue, c.cluster_queue);
    const bool made = std::string(c.queue) == "lonely";
    EXPECT_EQ(p.local_queues.size(), queues + made);
    EXPECT_EQ(p.namespaces.size(), namespaces + made);
    ASSERT_TRUE(ResolveQueue(c.queue, &p).ok()) << "what was made is found";
    EXPECT_EQ(p.local_queues.size(), queues + made);
  }
}

TEST(InactiveQueues, SaysWhy) {
  const auto with_check = [] {
    api::ClusterQueue queue = Queue("b");
    queue.admission_checks = {{"check", {}}};
    return queue;
  }();
  EXPECT_EQ(
      InactiveQueues(Make({Queue("a"), with_check, Named<api::ResourceFlavor>("f")})),
      (std::vector<std::string>{
          "ClusterQueue/a: Can't admit new workloads: references missing ResourceFlavor(s): g.",
          "ClusterQueue/b: Can't admit new workloads: references missing ResourceFlavor(s): g, references missing "
          "AdmissionCheck(s): check."}));
  auto inactive = Named<api::AdmissionCheck>("check");
  inactive.conditions = {{"Active", "False", "", "", absl::UnixEpoch(), {}}};
  EXPECT_EQ(InactiveQueues(Make(
                {Queue("a"), with_check, Named<api::ResourceFlavor>("f"), Named<api::ResourceFlavor>("g"), inactive})),
            std::vector<std::string>())
      << "a replay makes checks active";
}

TEST(CheckResource, NamesThoseThatAreCovered) {
  const ReplayPolicy p = Make({Queue("a", {{"memory", "1"}, {"cpu", "1"}}), Queue("b", {{"nvidia.com/gpu", "8"}})});
  EXPECT_TRUE(CheckResource(p, "cpu").ok());
  EXPECT_TRUE(CheckResource(p, "nvidia.com/gpu").ok());
  EXPECT_EQ(std::string(CheckResource(p, "gpu").message()),
            "no ClusterQueue covers the resource \"gpu\"; there is cpu, memory, nvidia.com/gpu");
}

TEST(NominalOf, AddsUpOverFlavorsInWholeUnits) {
  EXPECT_EQ(NominalOf(Queue("a", {{"cpu", "1500m"}, {"gpu", "8"}}).resource_groups, "cpu"), 3.0);
  EXPECT_EQ(NominalOf(Queue("a", {{"cpu", "1500m"}, {"gpu", "8"}}).resource_groups, "gpu"), 16.0);
  EXPECT_EQ(NominalOf(Queue("a").resource_groups, "gpu"), 0.0);
}

TEST(MainResource, IsTheFirstAcceleratorElseTheFirst) {
  struct Case {
    std::vector<std::pair<std::string, std::string>> first, second;
    const char* main;
  };
  const Case kCases[] = {
      {{{"cpu", "1"}}, {{"memory", "1"}}, "cpu"},
      {{{"cpu", "1"}}, {{"nvidia.com/gpu", "1"}}, "nvidia.com/gpu"},
      {{{"google.com/tpu", "1"}}, {{"nvidia.com/gpu", "1"}}, "google.com/tpu"},
      {{{"cpu", "1"}, {"huawei.com/npu", "1"}}, {}, "huawei.com/npu"},
      {{{"aws.amazon.com/neuron", "1"}, {"gpu", "1"}}, {}, "aws.amazon.com/neuron"},
      {{}, {}, ""},
  };
  for (const Case& c : kCases) EXPECT_EQ(MainResource(Make({Queue("a", c.first), Queue("b", c.second)})), c.main);
}

}  // namespace
}  // namespace muster::sim
