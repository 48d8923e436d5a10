#include "sim/replay/testing_worlds.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "sim/trace/split_mix.h"

namespace muster::sim {
namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}
  SmallReplay Make();

 private:
  int64_t Below(int64_t n) { return static_cast<int64_t>(random_.Next() % static_cast<uint64_t>(n)); }
  bool OneIn(int64_t n) { return Below(n) == 0; }
  std::string OneOf(std::vector<std::string> of) { return of[Below(static_cast<int64_t>(of.size()))]; }
  api::ClusterQueue Queue(const std::string& name);
  void AddNodes(std::vector<api::Object>* objects);
  void AddJobs();
  void AddModel();
  void AddOutages();
  void AddNodeGroups();
  void AddChange();

  SplitMix64 random_;
  SmallReplay out_;
  std::vector<std::string> flavors_, queues_;
  bool topology_ = false, cohort_ = false;
};

api::ClusterQueue Maker::Queue(const std::string& name) {
  api::ClusterQueue cq;
  cq.metadata.name = name;
  if (cohort_) cq.cohort_name = "org";
  cq.queueing_strategy = OneOf({"StrictFIFO", "BestEffortFIFO"});
  cq.namespace_selector.emplace();
  api::ResourceGroup group;
  group.covered_resources = {"gpu"};
  for (const std::string& flavor : flavors_) {
    api::ResourceQuota quota{"gpu", api::Quantity::FromValue(Below(9)), {}, {}};
    if (cohort_ && OneIn(3)) quota.borrowing_limit = api::Quantity::FromValue(Below(5));
    if (cohort_ && OneIn(3)) quota.lending_limit = api::Quantity::FromValue(Below(quota.nominal_quota.ToDouble() + 1));
    group.flavors.push_back({flavor, {quota}});
  }
  cq.resource_groups = {group};
  if (!OneIn(4)) {
    cq.preemption.emplace();
    cq.preemption->within_cluster_queue = OneOf({"Never", "LowerPriority", "LowerOrNewerEqualPriority"});
    if (cohort_) cq.preemption->reclaim_within_cohort = OneOf({"Never", "LowerPriority", "Any"});
  }
  return cq;
}

void Maker::AddNodes(std::vector<api::Object>* objects) {
  api::Topology topology;
  topology.metadata.name = "racks";
  topology.levels = {"rack", api::kHostnameLabel};
  objects->push_back(topology);
  const int64_t nodes = 2 + Below(3);
  for (int64_t i = 0; i < nodes; ++i) {
    api::Node node;
    node.metadata.name = absl::StrCat("n", i);
    node.metadata.labels = {{"rack", absl::StrCat("r", i / 2)},
                            {"pool", i == 0 ? "first" : "rest"},
                            {api::kHostnameLabel, node.metadata.name}};
    node.allocatable = {{"gpu", api::Quantity::FromValue(8)}, {"pods", api::Quantity::FromValue(OneIn(3) ? 3 : 110)}};
    SetReady(true, &node);
    objects->push_back(node);
  }
}

void Maker::AddJobs() {
  const int64_t jobs = 3 + Below(22);
  int64_t at_s = 0;
  for (int64_t i = 0; i < jobs; ++i) {
    at_s += Below(15);
    JobShape shape;
    shape.queue = OneOf(queues_);
    shape.priority = static_cast<int32_t>(Below(3));
    PodGroup pods;
    pods.count = static_cast<int32_t>(1 + Below(4));
    pods.requests["gpu"] = api::Quantity::FromValue(1 + Below(3));
    if (pods.count > 1 && OneIn(3)) pods.min_count = static_cast<int32_t>(1 + Below(pods.count));
    shape.pods = {pods};
    Job job{.id = absl::StrCat("j", i), .submit_s = at_s, .duration_s = Below(60), .row = i + 2};
    if (OneIn(3)) {
      JobTerms terms;
      if (i > 0 && OneIn(2)) terms.after = {absl::StrCat("j", Below(i))};
      terms.think_s = Below(10);
      if (OneIn(2)) terms.deadline_s = at_s + Below(120);
      if (OneIn(2)) terms.own.checkpoint_interval_s = Below(20);
      if (OneIn(3)) terms.own.time_limit_s = 1 + Below(80);
      out_.trace.terms.push_back(std::move(terms));
      job.terms = static_cast<uint32_t>(out_.trace.terms.size());
    }
    out_.trace.Add(std::move(job), std::move(shape));
  }
}

void Maker::AddModel() {
  RunModel& model = out_.options.model;
  if (OneIn(3)) return;
  model.seed = random_.Next();
  model.checkpoint_when_preempted = OneIn(3);
  model.enforce_time_limit = OneIn(3);
  if (OneIn(3)) model.admission_s = Below(4);
  if (OneIn(3)) model.eviction_s = Below(6);
  if (OneIn(3)) {
    ControlPlane& plane = model.control_plane;
    plane.latency = OneIn(2) ? ControlPlane::Latency::kFixed : ControlPlane::Latency::kKueue;
    plane.fixed_s = 1 + Below(9);
    plane.cycle_ms = 1 + Below(400);
    plane.write_ms = Below(1000);
    plane.qps = 1 + Below(20);
    plane.burst = Below(30);
  }
  if (!OneIn(3)) model.all.checkpoint_interval_s = Below(20);
  if (!OneIn(3)) model.all.checkpoint_cost_s = Below(4);
  if (OneIn(2)) model.all.image_pull_s = Below(5);
  if (OneIn(2)) model.all.restart_delay_s = Below(5);
  if (OneIn(2)) model.all.pod_mtbf_s = 20 + Below(200);
  model.all.backoff_limit = static_cast<int32_t>(Below(4));
}

void Maker::AddOutages() {
  for (const api::Node& node : out_.policy.nodes) {
    for (int64_t n = Below(3); n > 0; --n) {
      Outage o;
      o.node = node.metadata.name;
      o.down_s = o.cordon_s = Below(250);
      o.up_s = o.down_s + Below(60);
      o.maintenance = OneIn(2);
      if (o.maintenance) o.cordon_s -= Below(std::min<int64_t>(o.down_s, 20) + 1);
      out_.outages.push_back(o);
    }
  }
  out_.options.node_steps = StepsOf(out_.outages);
}

void Maker::AddNodeGroups() {
  const int64_t nodes = static_cast<int64_t>(out_.policy.nodes.size()) - 1;
  NodeGroup group;
  group.name = "rest";
  group.match_labels = {{"pool", "rest"}};
  if (OneIn(2)) group.max = Below(nodes + 1);
  group.min = Below(group.max.value_or(nodes) + 1);
  group.provision_s = Below(40);
  if (!OneIn(4)) group.idle_s = Below(60);
  group.price_per_hour = 7;
  out_.options.model.node_groups.push_back(std::move(group));
}

void Maker::AddChange() {
  PolicyChange change;
  change.at_s = Below(200);
  change.name = "change";
  change.objects.push_back(Queue(queues_.front()));
  out_.options.policy_changes.push_back(std::move(change));
}

SmallReplay Maker::Make() {
  topology_ = OneIn(3);
  cohort_ = !OneIn(3);
  flavors_ = OneIn(2) ? std::vector<std::string>{"a"} : std::vector<std::string>{"a", "b"};
  if (topology_) flavors_ = {"a"};
  std::vector<api::Object> objects;
  for (const std::string& name : flavors_) {
    api::ResourceFlavor flavor;
    flavor.metadata.name = name;
    if (topology_) flavor.topology_name = "racks";
    objects.push_back(flavor);
  }
  if (topology_) AddNodes(&objects);
  for (int64_t i = 1 + Below(3); i > 0; --i) {
    queues_.push_back(absl::StrCat("q", i));
    objects.push_back(Queue(queues_.back()));
  }
  out_.policy = *MakePolicy(objects);
  out_.policy.options.strict_topology = true;
  AddJobs();
  AddModel();
  if (topology_) AddOutages();
  if (topology_ && OneIn(2)) AddNodeGroups();
  if (OneIn(4)) AddChange();
  out_.options.resource = "gpu";
  out_.options.resume_preempted = OneIn(4);
  return std::move(out_);
}

}  // namespace

SmallReplay MakeSmallReplay(uint64_t seed) { return Maker(seed).Make(); }

}  // namespace muster::sim
