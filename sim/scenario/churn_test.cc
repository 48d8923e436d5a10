// Clusters in which everything changes all the time: whatever comes, a world goes on, and its books balance.
//
// MUSTER_CHURN_WORLDS=10000 plays so many worlds, MUSTER_CHURN_FIRST is the seed of the first.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/scenario/world.h"

namespace muster::sim {
namespace {

using nlohmann::json;

int FromEnvironment(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

// Random objects of few names, so that they meet.
class Churn {
 public:
  explicit Churn(uint64_t seed) : random_(seed), world_(absl::FromUnixSeconds(1'800'000'000)) {}

  // One change, or some time. Refusals are as good as anything else: the world has to stand them.
  void Step() {
    if (Chance(4)) {
      world_.AdvanceTo(world_.now() + absl::Seconds(Pick({1, 30, 600, 7200})));
      world_.Settle();
      return;
    }
    const int changes = Chance(4) ? 1 + Below(6) : 1;
    for (int i = 0; i < changes; ++i) Change();
    world_.Settle();
  }

  // What queues are said to use is what the workloads hold that run in them, and a job runs if the engine says so.
  void CheckBooks() {
    Driver& driver = world_.driver();
    for (const std::string& queue : world_.ClusterQueues()) {
      const auto id = driver.engine().FindClusterQueue(queue);
      ASSERT_TRUE(id.has_value()) << queue;
      std::map<std::string, std::map<std::string, int64_t>> held;
      for (const scheduler::WorkloadId w : driver.engine().Reserving(*id)) {
        for (const scheduler::FlavorResourceAmount& a : driver.engine().ReservedUsage(w)) {
          held[a.flavor][a.resource] += a.amount;
        }
      }
      for (const auto& [flavor, resources] : world_.UsageOf(queue)) {
        for (const auto& [resource, usage] : resources) {
          EXPECT_EQ(usage.total, held[flavor][resource]) << queue << " " << flavor << " " << resource;
          EXPECT_GE(usage.total, 0);
        }
      }
    }
    for (const ScenarioJob& job : world_.jobs()) {
      for (const size_t index : job.members) {
        const Member& member = world_.member(index);
        if (member.id == scheduler::kNoId) continue;
        const bool reserved = driver.engine().Phase(member.id) == scheduler::WorkloadPhase::kReserved;
        // A job goes on running when its ClusterQueue is deleted; its quota is gone with it.
        const bool orphan =
            member.running && !driver.engine().FindClusterQueue(member.object.status.admission->cluster_queue);
        EXPECT_EQ(member.running && !orphan, reserved) << job.Id();
      }
    }
  }

 private:
  int Below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int one_in) { return Below(one_in) == 0; }
  template <typename T>
  T Pick(std::initializer_list<T> from) {
    return *(from.begin() + Below(static_cast<int>(from.size())));
  }
  std::string Name(const char* prefix, int n) { return absl::StrCat(prefix, Below(n)); }

  void Apply(json object, bool job = false) {
    std::optional<absl::Duration> runs_for;
    if (job && !Chance(3)) runs_for = absl::Seconds(Pick({1, 60, 3600}));
    (void)world_.Apply(Manifest{std::move(object), {}, ""}, runs_for);
  }

  static json Object(const char* version, const char* kind, const std::string& name) {
    return {{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", name}}}};
  }

  void Change() {
    switch (Below(16)) {
      case 0:
        return Apply(RandomQueue());
      case 1: {
        json lq = Object(kKueue, "LocalQueue", Name("lq", 4));
        lq["metadata"]["namespace"] = "d";
        lq["spec"] = {{"clusterQueue", Name("q", 4)}};
        if (Chance(6)) lq["spec"]["stopPolicy"] = Pick({"Hold", "HoldAndDrain"});
        return Apply(lq);
      }
      case 2: {
        json flavor = Object(kKueue, "ResourceFlavor", Name("f", 3));
        flavor["spec"] = {{"nodeLabels", {{"pool", flavor["metadata"]["name"]}}}};
        if (!Chance(3)) flavor["spec"]["topologyName"] = "t";
        return Apply(flavor);
      }
      case 3: {
        json cohort = Object(kKueue, "Cohort", Name("c", 3));
        if (Chance(2)) cohort["spec"] = {{"parentName", Name("c", 3)}};
        return Apply(cohort);
      }
      case 4:
      case 5:
        return Apply(RandomNode());
      case 6: {
        const std::string node = Name("n", 6);
        if (Chance(2)) return (void)world_.SetReady(node, Chance(2));
        return (void)world_.SetSchedulable(node, Chance(2));
      }
      case 7:
        return (void)world_.Delete(
            Pick({Name("Node/n", 6), Name("ClusterQueue/q", 4), Name("LocalQueue/d/lq", 4), Name("ResourceFlavor/f", 3),
                  Name("Cohort/c", 3), std::string("Topology/t"), std::string("Namespace/d"), Name("d/j", 12)}));
      case 8:
        return (void)world_.Finish(Name("j", 12));
      case 9: {
        json topology = Object(kKueue, "Topology", "t");
        topology["spec"]["levels"] = {{{"nodeLabel", "rack"}}, {{"nodeLabel", "kubernetes.io/hostname"}}};
        return Apply(topology);
      }
      case 10: {
        if (!Chance(4)) return Apply(Object("v1", "Namespace", "d"));
        json configuration = {{"apiVersion", "config.kueue.x-k8s.io/v1beta2"}, {"kind", "Configuration"}};
        if (Chance(2)) configuration["fairSharing"] = json::object();
        return Apply(configuration);
      }
      default:
        return Apply(RandomJob(), true);
    }
  }

  json RandomQueue() {
    json queue = Object(kKueue, "ClusterQueue", Name("q", 4));
    json& spec = queue["spec"];
    spec["namespaceSelector"] = json::object();
    spec["queueingStrategy"] = Pick({"StrictFIFO", "BestEffortFIFO"});
    if (!Chance(5)) spec["cohortName"] = Name("c", 3);
    json flavors = json::array();
    const int first = Below(3);
    const int count = 1 + Below(2);
    for (int f = 0; f < count; ++f) {
      json resources = json::array();
      for (const char* resource : {"cpu", "memory"}) {
        json quota = {{"name", resource}, {"nominalQuota", Pick({"0", "1", "4", "12", "100Gi", "1Ei"})}};
        if (spec.contains("cohortName")) {
          if (Chance(3)) quota["borrowingLimit"] = Pick({"0", "5", "5Gi"});
          if (Chance(3)) quota["lendingLimit"] = Pick({"0", "1"});
        }
        resources.push_back(std::move(quota));
      }
      flavors.push_back({{"name", absl::StrCat("f", (first + f) % 3)}, {"resources", std::move(resources)}});
    }
    spec["resourceGroups"] = {{{"coveredResources", {"cpu", "memory"}}, {"flavors", std::move(flavors)}}};
    if (!Chance(4)) {
      json& preemption = spec["preemption"];
      preemption["withinClusterQueue"] = Pick({"Never", "LowerPriority", "LowerOrNewerEqualPriority"});
      preemption["reclaimWithinCohort"] = Pick({"Never", "LowerPriority", "Any"});
      if (Chance(2) && preemption["reclaimWithinCohort"] != "Never") {
        preemption["borrowWithinCohort"] = {{"policy", "LowerPriority"}};
      }
    }
    if (Chance(3))
      spec["flavorFungibility"] = {{"whenCanBorrow", Pick({"MayStopSearch", "TryNextFlavor"})},
                                   {"whenCanPreempt", Pick({"MayStopSearch", "TryNextFlavor"})}};
    if (Chance(4)) spec["fairSharing"] = {{"weight", Pick({"0", "1", "2.5"})}};
    if (Chance(12)) spec["stopPolicy"] = Pick({"Hold", "HoldAndDrain"});
    return queue;
  }

  json RandomNode() {
    const std::string name = Name("n", 6);
    json node = Object("v1", "Node", name);
    node["metadata"]["labels"] = {{"rack", Name("r", 2)}, {"kubernetes.io/hostname", name}, {"pool", Name("f", 3)}};
    node["status"] = {{"allocatable", {{"cpu", Pick({"2", "4"})}, {"memory", "64Gi"}, {"pods", "10"}}},
                      {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}};
    return node;
  }

  json RandomTemplate() {
    json pod = {
        {"spec",
         {{"containers",
           {{{"name", "c"},
             {"image", "i"},
             {"resources", {{"requests", {{"cpu", Pick({"1", "500m"})}, {"memory", Pick({"0", "3Gi"})}}}}}}}}}}};
    if (Chance(2)) {
      const char* const how =
          Pick({"kueue.x-k8s.io/podset-required-topology", "kueue.x-k8s.io/podset-preferred-topology"});
      pod["metadata"]["annotations"][how] = Pick({"rack", "kubernetes.io/hostname"});
    }
    return pod;
  }

  json RandomJob() {
    const std::string name = Name("j", 12);
    const json labels = {{"kueue.x-k8s.io/queue-name", Name("lq", 4)},
                         {"kueue.x-k8s.io/priority-class", Pick({"lo", "hi"})}};
    if (Chance(3)) {
      json set = Object("jobset.x-k8s.io/v1alpha2", "JobSet", name);
      for (int r = 0; r < 1 + Below(3); ++r) {
        const json job = {{"parallelism", 1 + Below(2)}, {"completions", 2}, {"template", RandomTemplate()}};
        set["spec"]["replicatedJobs"].push_back(
            {{"name", absl::StrCat("r", r)}, {"replicas", 1 + Below(2)}, {"template", {{"spec", job}}}});
      }
      set["metadata"].update({{"namespace", "d"}, {"labels", labels}});
      return set;
    }
    json job = Object("batch/v1", "Job", name);
    job["metadata"].update({{"namespace", "d"}, {"labels", labels}});
    const int pods = 1 + Below(6);
    job["spec"] = {{"parallelism", pods}, {"completions", pods}, {"template", RandomTemplate()}};
    if (pods > 2 && Chance(2)) job["metadata"]["annotations"]["kueue.x-k8s.io/job-min-parallelism"] = "2";
    return job;
  }

  static constexpr char kKueue[] = "kueue.x-k8s.io/v1beta2";
  std::mt19937_64 random_;
  World world_;

 public:
  // A cluster in which something can happen from the start.
  void Begin() {
    for (const auto& [name, value] : {std::make_pair("lo", -10), std::make_pair("hi", 10)}) {
      json c = Object(kKueue, "WorkloadPriorityClass", name);
      c["value"] = value;
      Apply(c);
    }
    Apply(Object("v1", "Namespace", "d"));
    for (int i = 0; i < 40; ++i) Change();
    world_.Settle();
  }
};

TEST(ChurnTest, EveryWorldGoesOnAndItsBooksBalance) {
  const int first = FromEnvironment("MUSTER_CHURN_FIRST", 1);
  const int worlds = FromEnvironment("MUSTER_CHURN_WORLDS", 150);
  for (int seed = first; seed < first + worlds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Churn churn(seed);
    churn.Begin();
    for (int step = 0; step < 60; ++step) {
      churn.Step();
      churn.CheckBooks();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace muster::sim
