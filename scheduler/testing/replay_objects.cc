#include "scheduler/testing/replay_objects.h"

#include "absl/strings/str_cat.h"

namespace muster::scheduler {
namespace {

constexpr char kGpu[] = "nvidia.com/gpu", kHost[] = "kubernetes.io/hostname";

api::Quantity Amount(int64_t n) { return api::Quantity::FromValue(n); }

api::Condition Is(const char* type, bool status) {
  api::Condition c;
  c.type = type;
  c.status = status ? "True" : "False";
  return c;
}

}  // namespace

// Flavors select one pool of nodes, or all.
api::StringMap ReplayMaker::Pool() {
  if (Chance(3)) return {};
  return {{"pool", Name("p", 2)}};
}

api::Namespace ReplayMaker::Namespace(const std::string& name) {
  api::Namespace ns;
  ns.metadata.name = name;
  ns.metadata.labels = {{"team", Chance(4) ? "b" : "a"}};
  return ns;
}

api::LimitRange ReplayMaker::LimitRange(const std::string& ns) {
  api::LimitRange range;
  range.metadata.ns = ns;
  range.metadata.name = "limits";
  api::LimitRangeItem item;
  item.type = "Container";
  if (Chance(2)) item.default_request["cpu"] = Amount(1 + Pick(2));
  if (Chance(3)) item.max[kGpu] = Amount(1 + Pick(2));
  range.limits = {item};
  return range;
}

api::RuntimeClass ReplayMaker::RuntimeClass() {
  api::RuntimeClass c;
  c.metadata.name = "sandbox";
  c.overhead_pod_fixed["cpu"] = Amount(Pick(3));
  return c;
}

api::ResourceFlavor ReplayMaker::Flavor(const std::string& name) {
  api::ResourceFlavor f;
  f.metadata.name = name;
  f.node_labels = Pool();
  if (name != "f0" && !Chance(4)) f.topology_name = Name("t", 2);
  if (Chance(10)) f.node_taints = {{"spot", "yes", "NoSchedule"}};
  if (Chance(3)) f.tolerations = {{"spot", "Exists", "", "", std::nullopt}};
  return f;
}

api::Topology ReplayMaker::Topology(const std::string& name) {
  api::Topology t;
  t.metadata.name = name;
  constexpr int kSets = 4;
  const std::vector<std::string> sets[kSets] = {
      {"block", "rack", kHost}, {"block", kHost}, {"block", "rack"}, {"rack", kHost}};
  t.levels = sets[name == "t0" && !Chance(4) ? 0 : Pick(kSets)];
  return t;
}

api::AdmissionCheck ReplayMaker::Check(const std::string& name) {
  api::AdmissionCheck c;
  c.metadata.name = name;
  c.controller_name = name == "c0" ? "example.com/check" : "kueue.x-k8s.io/provisioning-request";
  c.conditions = {Is("Active", !Chance(10))};
  return c;
}

std::vector<api::ResourceGroup> ReplayMaker::Groups(bool limits) {
  api::ResourceGroup group;
  group.covered_resources = {kGpu, "cpu"};
  const int first = Pick(3);
  for (int i = 0; i < 1 + Pick(2); ++i) {
    api::FlavorQuotas flavor;
    flavor.name = absl::StrCat("f", (first + i) % 3);
    for (const std::string& resource : group.covered_resources) {
      api::ResourceQuota q;
      q.name = resource;
      const int nominal = Chance(6) ? 0 : 2 + Pick(6);
      q.nominal_quota = Amount(nominal);
      if (limits && Chance(3)) q.borrowing_limit = Amount(Pick(4));
      if (limits && Chance(3)) q.lending_limit = Amount(Pick(nominal + 1));
      flavor.resources.push_back(q);
    }
    group.flavors.push_back(flavor);
  }
  return {group};
}

api::Cohort ReplayMaker::Cohort(const std::string& name) {
  api::Cohort c;
  c.metadata.name = name;
  // "mid" below "root"; now and then the other way round as well, which is a circle.
  if (name == "mid" || Chance(20)) c.parent_name = name == "mid" ? "root" : "mid";
  if (Chance(2)) c.resource_groups = Groups(name == "mid");
  if (Chance(4)) c.fair_sharing = api::FairSharing{Amount(Pick(3))};
  return c;
}

api::ClusterQueue ReplayMaker::ClusterQueue(const std::string& name) {
  constexpr const char* kCohorts[] = {"", "root", "mid", "mid", "other"};
  constexpr const char* kReclaim[] = {"Never", "LowerPriority", "Any"};
  constexpr const char* kWithin[] = {"Never", "LowerPriority", "LowerOrNewerEqualPriority"};
  api::ClusterQueue cq;
  cq.metadata.name = name;
  cq.cohort_name = kCohorts[Pick(5)];
  cq.namespace_selector = api::LabelSelector();
  if (Chance(8)) cq.namespace_selector->match_labels = {{"team", "a"}};
  cq.resource_groups = Groups(!cq.cohort_name.empty());
  cq.queueing_strategy = Chance(3) ? "StrictFIFO" : "BestEffortFIFO";
  cq.stop_policy = Chance(20) ? "Hold" : "None";
  cq.flavor_fungibility = api::FlavorFungibility{Chance(2) ? "TryNextFlavor" : "MayStopSearch",
                                                 Chance(2) ? "TryNextFlavor" : "MayStopSearch", ""};
  cq.preemption = api::ClusterQueuePreemption{kReclaim[Pick(3)], {}, kWithin[Pick(3)]};
  if (cq.preemption->reclaim_within_cohort != "Never" && Chance(2)) {
    cq.preemption->borrow_within_cohort = {"LowerPriority", std::nullopt};
  }
  if (Chance(3)) cq.fair_sharing = api::FairSharing{Amount(Pick(3))};
  if (Chance(5)) cq.admission_checks = {{Name("c", 2), {}}};
  return cq;
}

api::LocalQueue ReplayMaker::LocalQueue(const std::string& ns, const std::string& name) {
  api::LocalQueue lq;
  lq.metadata.ns = ns;
  lq.metadata.name = name;
  lq.cluster_queue = Name("q", 4);
  if (Chance(15)) lq.stop_policy = Chance(2) ? "Hold" : "HoldAndDrain";
  return lq;
}

api::Node ReplayMaker::Node(const std::string& name) {
  api::Node node;
  node.metadata.name = name;
  node.metadata.labels = {{"block", Name("b", 2)}, {"rack", Name("r", 2)}, {"pool", Name("p", 2)}};
  // Now and then two nodes claim one host name, or one has none.
  if (!Chance(12)) node.metadata.labels[kHost] = Chance(10) ? "n0" : name;
  node.allocatable[kGpu] = Amount(2 + Pick(6));
  node.allocatable["cpu"] = Amount(4 + Pick(4));
  node.allocatable["pods"] = Amount(Chance(5) ? 1 : 110);
  node.unschedulable = Chance(8);
  if (Chance(8)) node.taints = {{"spot", "yes", "NoSchedule"}};
  node.conditions = {Is("Ready", !Chance(8)), Is("MemoryPressure", Chance(4))};
  return node;
}

api::Pod ReplayMaker::Pod(const std::string& name) {
  constexpr const char* kPhases[] = {"Running", "Running", "Running", "Succeeded", "Failed", "Pending"};
  api::Pod pod;
  pod.metadata.ns = "x";
  pod.metadata.name = name;
  pod.phase = kPhases[Pick(6)];
  if (!Chance(6)) pod.spec.node_name = Name("n", 6);
  if (Chance(8)) pod.metadata.annotations["kueue.x-k8s.io/podset-required-topology"] = "rack";
  pod.spec.containers.resize(1);
  pod.spec.containers[0].resources.requests[kGpu] = Amount(Pick(3));
  return pod;
}

api::Workload ReplayMaker::Workload(const std::string& name, absl::Time created) {
  constexpr const char* kLevels[] = {"block", "rack", kHost};
  api::Workload w;
  w.metadata.ns = Chance(3) ? "y" : "x";
  w.metadata.name = w.metadata.uid = name;
  w.metadata.creation_timestamp = created;
  w.spec.queue_name = Name("l", 3);
  w.spec.priority = Pick(4);
  if (Chance(12)) w.spec.active = false;
  for (int p = 0; p <= (Chance(3) ? 1 : 0); ++p) {
    api::PodSet pods;
    pods.name = absl::StrCat("p", p);
    pods.count = 1 + Pick(3);
    if (p == 0 && Chance(5)) pods.min_count = 1;
    api::PodSpec& spec = pods.pod_template.spec;
    spec.containers.resize(1);
    spec.containers[0].resources.requests[kGpu] = Amount(1 + Pick(2));
    if (Chance(3)) spec.containers[0].resources.requests["cpu"] = Amount(Pick(3));
    if (Chance(6)) spec.runtime_class_name = "sandbox";
    if (Chance(6)) spec.node_selector = {{"pool", Name("p", 2)}};
    if (Chance(4)) spec.tolerations = {{"spot", "Exists", "", "", std::nullopt}};
    const int topology = Pick(8);
    if (topology > 1) pods.topology_request.emplace();
    if (topology == 2) pods.topology_request->required = kLevels[Pick(3)];
    if (topology == 3) pods.topology_request->preferred = kLevels[Pick(3)];
    if (topology == 4) pods.topology_request->unconstrained = true;
    if (topology == 5) {
      pods.count = 2 + 2 * Pick(2);
      pods.min_count.reset();
      pods.topology_request->required = "block";
      pods.topology_request->pod_set_slice_required_topology = kLevels[1 + Pick(2)];
      pods.topology_request->pod_set_slice_size = 2;
    }
    w.spec.pod_sets.push_back(pods);
  }
  return w;
}

}  // namespace muster::scheduler
