// The quota forest, built from what is declared: tree by tree, those that have changed.
#include <algorithm>
#include <tuple>
#include <utility>

#include "scheduler/declared/declared.h"
#include "scheduler/declared/slot.h"
#include "scheduler/requests/pod_requests.h"

namespace muster::scheduler {
namespace {

double WeightOf(const std::optional<api::FairSharing>& fs) {
  return fs.has_value() && fs->weight.has_value() ? fs->weight->ToDouble() : 1.0;
}

}  // namespace

quota::FrId Declared::InternFr(FlavorId f, ResourceId r) {
  if (const quota::FrId known = Fr(f, r); known >= 0) return known;
  const auto fr = static_cast<quota::FrId>(frs_.size());
  frs_.push_back({f, r});
  Slot(&frs_of_flavor_, f).emplace_back(r, fr);
  return fr;
}

std::vector<quota::QuotaSpec> Declared::QuotasOf(const std::vector<api::ResourceGroup>& groups) {
  std::vector<quota::QuotaSpec> out;
  for (const api::ResourceGroup& g : groups) {
    for (const api::FlavorQuotas& f : g.flavors) {
      const FlavorId flavor = flavors.Intern(f.name);
      for (const api::ResourceQuota& q : f.resources) {
        quota::QuotaSpec s;
        s.fr = InternFr(flavor, resources.Intern(q.name));
        s.nominal = AmountOf(q.name, q.nominal_quota);
        if (q.borrowing_limit.has_value()) s.borrowing_limit = AmountOf(q.name, *q.borrowing_limit);
        if (q.lending_limit.has_value()) s.lending_limit = AmountOf(q.name, *q.lending_limit);
        out.push_back(s);
      }
    }
  }
  for (const api::ResourceGroup& g : groups) {
    for (const api::FlavorQuotas& f : g.flavors) {
      for (const std::string& r : g.covered_resources) InternFr(flavors.Intern(f.name), resources.Intern(r));
    }
  }
  return out;
}

quota::NodeId& Declared::NodeAt(const Owner& owner) {
  std::vector<quota::NodeId>& nodes = owner.cq != kNoId ? node_of_cq_ : node_of_cohort_;
  const int32_t id = owner.cq != kNoId ? static_cast<int32_t>(owner.cq) : owner.cohort;
  if (id >= static_cast<int32_t>(nodes.size())) nodes.resize(id + 1, quota::kNoNode);
  return nodes[id];
}

bool Declared::RankResources() {
  if (num_frs_in_forest_ == frs_.size()) return false;
  std::vector<ResourceId> ranked = ranked_resources_;
  for (size_t fr = num_frs_in_forest_; fr < frs_.size(); ++fr) ranked.push_back(frs_[fr].resource);
  const auto before = [&](ResourceId a, ResourceId b) { return resources.Name(a) < resources.Name(b); };
  std::sort(ranked.begin(), ranked.end(), before);
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  const bool others = !std::equal(ranked_resources_.begin(), ranked_resources_.end(), ranked.begin());
  ranked_resources_ = std::move(ranked);
  std::vector<quota::ResId> rank(resources.size());
  for (size_t i = 0; i < ranked_resources_.size(); ++i) rank[ranked_resources_[i]] = static_cast<quota::ResId>(i);
  std::vector<quota::ResId> resource_of_fr;
  resource_of_fr.reserve(frs_.size());
  for (const FlavorResource& fr : frs_) resource_of_fr.push_back(rank[fr.resource]);
  forest_.SetResources(std::move(resource_of_fr));
  num_frs_in_forest_ = frs_.size();
  return others;
}

// Who is in the tree; a cohort that nobody declared and nobody is in does not exist.
void Declared::AddMembers(CohortTrees::TreeId tree, std::vector<Member>* members) {
  const CohortTrees::Everybody all = trees_.AllOf(tree);
  for (const int32_t cohort : all.cohorts) {
    const auto object = cohorts_.find(trees_.Name(cohort));
    if (object == cohorts_.end() && !trees_.HasMembers(cohort)) continue;
    Member& m = members->emplace_back();
    m.tree = tree;
    m.owner.cohort = cohort;
    m.spec.name = trees_.Name(cohort);
    m.spec.is_cohort = true;
    if (trees_.ParentOf(cohort) != kNoId) m.parent.cohort = trees_.ParentOf(cohort);
    if (object == cohorts_.end()) continue;
    m.groups = &object->second.resource_groups;
    m.spec.weight = WeightOf(object->second.fair_sharing);
  }
  for (const ClusterQueueId cq : all.queues) {
    Member& m = members->emplace_back();
    m.tree = tree;
    m.owner.cq = cq;
    m.spec.name = cluster_queues_[cq].name;
    if (trees_.CohortOf(cq) != kNoId) m.parent.cohort = trees_.CohortOf(cq);
    m.groups = &cluster_queues_[cq].object.resource_groups;
    m.spec.weight = WeightOf(cluster_queues_[cq].object.fair_sharing);
  }
}

Declared::Rebuilt Declared::RefreshForest() {
  std::vector<Member> members;
  do {
    members.clear();
    for (const CohortTrees::TreeId tree : stale_trees_) AddMembers(tree, &members);
    // Children are in the order of names, and pairs that are new get their ids in it, whatever the order of events was.
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
      return std::tie(b.spec.is_cohort, a.spec.name) < std::tie(a.spec.is_cohort, b.spec.name);
    });
    for (Member& m : members) {
      if (m.groups != nullptr) m.spec.quotas = QuotasOf(*m.groups);
    }
    if (!RankResources()) break;
    for (const auto& [tree, root] : root_of_tree_) MarkStale(tree);
  } while (true);

  std::vector<quota::NodeId> loose;
  struct Build {
    std::vector<quota::NodeId> ids;
    std::vector<quota::NodeSpec> specs;
  };
  absl::flat_hash_map<CohortTrees::TreeId, Build> builds;
  for (const CohortTrees::TreeId tree : stale_trees_) {
    const auto root = root_of_tree_.find(tree);
    if (root == root_of_tree_.end()) continue;
    const std::vector<quota::NodeId> nodes = forest_.RemoveTree(root->second);
    loose.insert(loose.end(), nodes.begin(), nodes.end());
    root_of_tree_.erase(root);
  }
  Rebuilt out;
  std::vector<int> index(forest_.num_nodes() + members.size());  // of nodes among the specs of their tree
  for (Member& m : members) {
    quota::NodeId& node = NodeAt(m.owner);
    if (node == quota::kNoNode) node = forest_.NewNode();
    Slot(&owners_, node) = m.owner;
    Build& build = builds[m.tree];
    index[node] = static_cast<int>(build.ids.size());
    build.ids.push_back(node);
    if (m.owner.cq != kNoId) out.queues.push_back(m.owner.cq);
  }
  for (Member& m : members) {
    if (m.parent.cohort != kNoId) m.spec.parent = index[NodeAt(m.parent)];
    builds[m.tree].specs.push_back(std::move(m.spec));
  }
  for (const auto& [tree, build] : builds) {
    forest_.BuildTree(build.ids, build.specs);
    root_of_tree_[tree] = forest_.root(build.ids[0]);
  }
  for (const quota::NodeId n : loose) {
    if (forest_.InTree(n)) continue;
    NodeAt(owners_[n]) = quota::kNoNode;
    if (owners_[n].cq != kNoId) out.lost.push_back(owners_[n].cq);
    owners_[n] = Owner();
    forest_.FreeNode(n);
  }
  stale_trees_.clear();
  return out;
}

quota::NodeId Declared::NodeOfCohort(absl::string_view name) const {
  const int32_t id = trees_.Find(name);
  return id == kNoId || id >= static_cast<int32_t>(node_of_cohort_.size()) ? quota::kNoNode : node_of_cohort_[id];
}

}  // namespace muster::scheduler
