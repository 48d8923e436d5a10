#include "scheduler/topology/assigner.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"

namespace muster::scheduler {
namespace {

using Domain = TopologyPlacement::Domain;

class Assigner {
 public:
  Assigner(TopologyInventory& cache, const EngineOptions& options, const ResourceNames& resources,
           const TopologyQuestion& q)
      : cache_(cache), options_(options), resources_(resources), q_(q) {}

  TopologyAnswer Run();

 private:
  using Group = std::vector<const TopologyPodSet*>;

  const FeatureGates& gates() const { return options_.gates; }
  TopologyTree& TreeOf(const TopologyPodSet& p) { return *cache_.tree(p.flavor); }
  // Returns whether the flavor is done for.
  bool PlaceGroup(const Group& group);
  bool PlaceElastic(const TopologyPodSet& workers, const TopologyPodSet* leader, bool* failed);
  std::optional<TopologyFailure> Place(const TopologyPodSet& workers, const TopologyPodSet* leader, int32_t count,
                                       DomainId within, TopologyPlacement* for_workers, TopologyPlacement* for_leader);
  std::optional<TopologyFailure> Replace(const TopologyPodSet& pod_set, TopologyPlacement* placement);
  DomainId ReplacementDomain(const TopologyPodSet& pod_set, const std::vector<Domain>& rest, int32_t lost);
  DomainId IncompleteSlice(const TopologyPodSet& pod_set, const std::vector<Domain>& rest, int32_t lost, int32_t size,
                           const std::string& label);
  bool IsStale(const TopologyPodSet& pod_set, const TopologyPlacement& placement);
  std::vector<Domain> Merge(const TopologyPodSet& pod_set, const std::vector<Domain>& a, const std::vector<Domain>& b);
  void Assume(const TopologyPodSet& pod_set, const std::vector<Domain>& domains);
  TopologyPlacement ToPlacement(FlavorId flavor, const std::vector<PlacedPods>& pods);
  void Answer(const TopologyPodSet& pod_set, std::optional<TopologyPlacement> placement,
              std::optional<TopologyFailure> failure) {
    answer_.pod_sets.push_back({pod_set.index, std::move(placement), std::move(failure)});
  }

  TopologyInventory& cache_;
  const EngineOptions& options_;
  const ResourceNames& resources_;
  const TopologyQuestion& q_;
  std::vector<FlavorId> flavors_;
  bool last_group_ = false;
  bool first_group_ = true;  // of its flavor
  TopologyAnswer answer_;
};

TopologyPlacement Assigner::ToPlacement(FlavorId flavor, const std::vector<PlacedPods>& pods) {
  const TopologyTree& tree = *cache_.tree(flavor);
  TopologyPlacement out;
  out.levels = std::make_shared<const std::vector<std::string>>(
      tree.lowest_is_host() ? std::vector<std::string>{tree.levels().back()} : tree.levels());
  out.domains.reserve(pods.size());
  for (const PlacedPods& p : pods) out.domains.push_back({cache_.DomainOf(flavor, p.leaf), p.count});
  return out;
}

// What earlier pod sets take, later ones do not get: on hosts, in no other flavor of the workload either.
void Assigner::Assume(const TopologyPodSet& pod_set, const std::vector<Domain>& domains) {
  if (last_group_) return;  // nobody comes after
  const bool shared = gates()[Gate::kTASHandleOverlappingFlavors] && TreeOf(pod_set).lowest_is_host();
  for (const FlavorId flavor : flavors_) {
    if (flavor != pod_set.flavor && !(shared && cache_.tree(flavor)->lowest_is_host())) continue;
    for (const Domain& d : domains) {
      const LeafId leaf = cache_.LeafOf(flavor, d.key());
      if (leaf != kNoId) cache_.tree(flavor)->AddAssumed(leaf, pod_set.per_pod, d.count);
    }
  }
}

std::optional<TopologyFailure> Assigner::Place(const TopologyPodSet& workers, const TopologyPodSet* leader,
                                               int32_t count, DomainId within, TopologyPlacement* for_workers,
                                               TopologyPlacement* for_leader) {
  TopologyTree& tree = TreeOf(workers);
  TopologyFailure failure;
  const std::optional<TopologyPlan> plan =
      PlanTopology(tree, workers.request, workers.implied, gates()[Gate::kTASMultiLayerTopology], &failure);
  if (!plan.has_value()) return failure;
  PlacerOptions placing;
  placing.mixed_profile = gates()[Gate::kTASProfileMixed];
  placing.balanced = gates()[Gate::kTASBalancedPlacement];
  placing.respect_affinity = gates()[Gate::kTASRespectNodeAffinityPreferred];
  const NodePacking packing = cache_.packing(workers.flavor);
  placing.roomiest = packing == NodePacking::kConsolidate && !first_group_ && leader == nullptr && within == kNoId;
  PodShape shape;
  shape.requests = workers.per_pod;
  if (leader != nullptr) shape.leader = leader->per_pod;
  shape.slice_size = plan->slice_size;
  shape.slice_level = plan->slice_level;
  shape.inner_size = plan->inner_size;
  shape.empty = q_.simulate_empty;
  shape.tight = packing != NodePacking::kKueue;
  if (tree.lowest_is_host()) {
    std::vector<api::Toleration> tolerations = workers.spec->tolerations;
    const auto& more = cache_.tolerations(workers.flavor);
    tolerations.insert(tolerations.end(), more.begin(), more.end());
    shape.filter = std::make_shared<const NodeFilter>(workers.spec->node_selector, workers.spec->node_affinity,
                                                      std::move(tolerations), placing.respect_affinity);
  }
  const int32_t leaders = leader != nullptr ? 1 : 0;
  Placement placed;
  std::optional<TopologyFailure> failed;
  if (within == kNoId) {
    failed = PlacePods(cache_.CountsFor(workers.flavor, shape), *plan, count, leaders, placing, resources_, &placed);
  } else {
    TopologyCounts counts(tree, std::move(shape), within);
    counts.Sync();
    failed = PlacePods(counts, *plan, count, leaders, placing, resources_, &placed);
  }
  if (failed.has_value()) return failed;
  *for_workers = ToPlacement(workers.flavor, placed.workers);
  if (leader != nullptr) *for_leader = ToPlacement(workers.flavor, placed.leader);
  return std::nullopt;
}

bool Assigner::IsStale(const TopologyPodSet& pod_set, const TopologyPlacement& placement) {
  return std::any_of(placement.domains.begin(), placement.domains.end(),
                     [&](const Domain& d) { return cache_.LeafOf(pod_set.flavor, d.key()) == kNoId; });
}

// By level values; the same domain once. REQUIRES: all are in the tree.
std::vector<Domain> Assigner::Merge(const TopologyPodSet& pod_set, const std::vector<Domain>& a,
                                    const std::vector<Domain>& b) {
  const TopologyTree& tree = TreeOf(pod_set);
  std::map<int64_t, Domain> by_rank;
  for (const auto* list : {&a, &b}) {
    for (const Domain& d : *list) {
      Domain& sum = by_rank[tree.domain(tree.DomainOf(cache_.LeafOf(pod_set.flavor, d.key()))).rank];
      sum.domain = d.domain;
      sum.count += d.count;
    }
  }
  std::vector<Domain> out;
  for (const auto& [rank, d] : by_rank) out.push_back(d);
  return out;
}

// The domain in which `lost` pods complete a slice of `size`; the first by name where there are several.
DomainId Assigner::IncompleteSlice(const TopologyPodSet& pod_set, const std::vector<Domain>& rest, int32_t lost,
                                   int32_t size, const std::string& label) {
  const TopologyTree& tree = TreeOf(pod_set);
  const int level = tree.LevelIndex(label);
  if (level < 0) return kNoId;
  std::map<std::pair<int64_t, DomainId>, int32_t> pods;
  for (const Domain& d : rest) {
    const DomainId id = tree.AncestorAt(tree.DomainOf(cache_.LeafOf(pod_set.flavor, d.key())), level);
    pods[{tree.domain(id).rank, id}] += d.count;
  }
  for (const auto& [domain, count] : pods) {
    if ((count + lost) % size == 0) return domain.second;
  }
  return kNoId;
}

DomainId Assigner::ReplacementDomain(const TopologyPodSet& pod_set, const std::vector<Domain>& rest, int32_t lost) {
  const TopologyTree& tree = TreeOf(pod_set);
  TopologyFailure ignored;
  const auto plan = PlanTopology(tree, pod_set.request, pod_set.implied, /*multi_layer=*/false, &ignored);
  if (!plan.has_value() || rest.empty()) return kNoId;
  if (AsksForSlices(pod_set.request) && lost % plan->slice_size != 0) {
    const std::vector<api::SliceConstraint> layers = SliceLayers(*pod_set.request);
    for (size_t i = layers.size(); layers.size() > 1 && i-- > 0;) {
      if (layers[i].size > 0 && lost % layers[i].size != 0) {
        return IncompleteSlice(pod_set, rest, lost, layers[i].size, layers[i].topology);
      }
    }
    return IncompleteSlice(pod_set, rest, lost, plan->slice_size, tree.levels()[plan->slice_level]);
  }
  if (!plan->required) return kNoId;
  return tree.AncestorAt(tree.DomainOf(cache_.LeafOf(pod_set.flavor, rest[0].key())), plan->level);
}

std::optional<TopologyFailure> Assigner::Replace(const TopologyPodSet& pod_set, TopologyPlacement* placement) {
  const std::string& node = q_.unhealthy_nodes[0];
  TopologyPlacement rest = *pod_set.existing;
  int32_t lost = 0;
  rest.domains.clear();
  for (const Domain& d : pod_set.existing->domains) {
    if (d.domain->values.back() == node) {
      lost = d.count;
    } else {
      rest.domains.push_back(d);
    }
  }
  for (const Domain& d : rest.domains) {
    if (cache_.LeafOf(pod_set.flavor, d.key()) != kNoId) continue;
    return TopologyText(absl::StrCat(
        "Cannot replace the node, because the existing topologyAssignment is invalid, as it contains the stale domain ",
        d.domain->values[0]));
  }
  const DomainId within = ReplacementDomain(pod_set, rest.domains, lost);
  TopologyPodSet part = pod_set;
  api::TopologyRequest changed;
  if (AsksForSlices(pod_set.request) && within != kNoId) {
    const std::vector<api::SliceConstraint> layers = SliceLayers(*pod_set.request);
    if (layers[0].size > 0 && lost % layers[0].size != 0) {
      // What is lost is no whole slice: it goes in the largest units that fit into it evenly.
      changed = *pod_set.request;
      changed.pod_set_slice_constraints.clear();
      changed.pod_set_slice_required_topology.reset();
      for (size_t i = layers.size(); i-- > 0;) {
        if (layers[i].size <= 0 || lost % layers[i].size != 0) continue;
        changed.pod_set_slice_required_topology = layers[i].topology;
        changed.pod_set_slice_size = layers[i].size;
        break;
      }
      part.request = &changed;
    }
  }
  TopologyPlacement more;
  if (auto failure = Place(part, nullptr, lost, within, &more, nullptr)) return failure;
  if (more.domains.empty()) {
    return TopologyText(absl::StrCat("cannot find replacement assignment for unhealthy node: ", node));
  }
  Assume(pod_set, more.domains);
  placement->levels = more.levels;
  placement->domains = Merge(pod_set, more.domains, rest.domains);
  return std::nullopt;
}

// Keeps what the slice it replaces has: places only what is new, or drops from the end. Returns whether it applies.
bool Assigner::PlaceElastic(const TopologyPodSet& workers, const TopologyPodSet* leader, bool* failed) {
  if (!gates()[Gate::kElasticJobsViaWorkloadSlicesWithTAS] || workers.previous == nullptr) return false;
  if (IsStale(workers, *workers.previous)) return false;
  const TopologyPlacement* leader_previous = leader != nullptr ? leader->previous : nullptr;
  if (leader_previous != nullptr && IsStale(*leader, *leader_previous)) return false;
  const int32_t before = workers.previous->Pods();
  TopologyPlacement now = *workers.previous;
  if (workers.count <= before) {
    int32_t left = workers.count;
    std::vector<Domain> kept;
    for (const Domain& d : now.domains) {
      if (left <= 0) break;
      kept.push_back({d.domain, std::min(d.count, left)});
      left -= d.count;
    }
    now.domains = std::move(kept);
    Assume(workers, now.domains);
    if (leader != nullptr && leader_previous != nullptr) {
      Assume(*leader, leader_previous->domains);
      Answer(*leader, *leader_previous, std::nullopt);
    }
    Answer(workers, std::move(now), std::nullopt);
    return true;
  }
  Assume(workers, now.domains);
  if (leader_previous != nullptr) Assume(*leader, leader_previous->domains);
  TopologyPlacement more, for_leader;
  std::optional<TopologyFailure> failure =
      Place(workers, leader_previous == nullptr ? leader : nullptr, workers.count - before, kNoId, &more, &for_leader);
  if (failure.has_value()) {
    *failed = true;
    Answer(workers, std::nullopt, std::move(failure));
    return true;
  }
  now.domains = Merge(workers, more.domains, now.domains);
  Assume(workers, more.domains);
  Answer(workers, std::move(now), std::nullopt);
  if (leader != nullptr) {
    if (leader_previous == nullptr) Assume(*leader, for_leader.domains);
    Answer(*leader, leader_previous != nullptr ? *leader_previous : std::move(for_leader), std::nullopt);
  }
  return true;
}

bool Assigner::PlaceGroup(const Group& group) {
  if (!q_.unhealthy_nodes.empty()) {
    for (const TopologyPodSet* p : group) {
      if (p->existing == nullptr) continue;
      if (q_.keep_on_node_failure && gates()[Gate::kSkipReassignmentForPodOwnedWorkloads]) {
        Answer(*p, *p->existing, std::nullopt);
        continue;
      }
      TopologyPlacement placement;
      if (auto failure = Replace(*p, &placement)) {
        Answer(*p, std::nullopt, std::move(failure));
        return true;
      }
      Answer(*p, std::move(placement), std::nullopt);
    }
    return false;
  }
  // The smaller of two is the leader.
  const TopologyPodSet* workers = group[0];
  const TopologyPodSet* leader = group.size() > 1 ? group[1] : nullptr;
  if (leader != nullptr && leader->count > workers->count) std::swap(workers, leader);
  bool failed = false;
  if (PlaceElastic(*workers, leader, &failed)) return failed;
  TopologyPlacement for_workers, for_leader;
  if (auto failure = Place(*workers, leader, workers->count, kNoId, &for_workers, &for_leader)) {
    for (const TopologyPodSet* p : group) Answer(*p, std::nullopt, failure);
    return true;
  }
  for (const TopologyPodSet* p : group) {
    const TopologyPlacement& placement = p == leader ? for_leader : for_workers;
    Assume(*p, placement.domains);
    Answer(*p, placement, std::nullopt);
  }
  return false;
}

TopologyAnswer Assigner::Run() {
  // Flavors by name, groups by their first member.
  std::map<std::string, std::vector<Group>> by_flavor;
  for (const TopologyPodSet& p : q_.pod_sets) {
    std::vector<Group>& groups = by_flavor[cache_.FlavorName(p.flavor)];
    if (std::find(flavors_.begin(), flavors_.end(), p.flavor) == flavors_.end()) flavors_.push_back(p.flavor);
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const Group& g) { return p.group.has_value() && g[0]->group == p.group; });
    if (same == groups.end()) {
      groups.push_back({&p});
    } else {
      same->push_back(&p);
    }
  }
  size_t left = 0;
  for (const auto& [flavor, groups] : by_flavor) left += groups.size();
  const TopologyTrial trial(cache_);
  for (const auto& [flavor, groups] : by_flavor) {
    size_t in_flavor = groups.size();
    for (const Group& group : groups) {
      // An elastic workload's new pods must see its old ones; a group of several is one step.
      last_group_ = left == 1 && group.size() == 1 && group[0]->previous == nullptr;
      first_group_ = &group == &groups.front();
      --left;
      --in_flavor;
      if (PlaceGroup(group)) break;
    }
    left -= in_flavor;
  }
  return std::move(answer_);
}

}  // namespace

bool OwnedBySinglePod(const api::ObjectMeta& workload) {
  const auto& owners = workload.owner_references;
  if (owners.size() != 1 || owners[0].kind != "Pod" || owners[0].api_version != "v1") return false;
  const auto group = workload.annotations.find(api::kGroupWorkloadAnnotation);
  return group == workload.annotations.end() || group->second != "true";
}

TopologyAnswer FindTopologyAssignments(TopologyInventory& cache, const EngineOptions& options,
                                       const ResourceNames& resources, const TopologyQuestion& question) {
  return Assigner(cache, options, resources, question).Run();
}

}  // namespace muster::scheduler
