#include "sim/topology/topology_map.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/resource_units.h"
#include "scheduler/topology/names.h"

namespace muster::sim {
namespace {

using scheduler::DomainId;
using scheduler::TopologyTree;

struct Sums {
  int hosts = 0;
  int pods_marked = 0;
  std::vector<quota::Amount> free, total;
};

class Map {
 public:
  Map(const TopologyTree& tree, const scheduler::ResourceNames& resources, const TopologyMapOptions& options)
      : tree_(tree), options_(options), sums_(tree.num_domains()) {
    for (const std::string& r : options.resources) ids_.push_back(resources.Find(r));
    for (int level = tree.num_levels() - 1; level >= 0; --level) {
      for (const DomainId id : tree.AtLevel(level)) AddUp(id);
    }
    for (const DomainId id : tree.AtLevel(0)) Include(&all_, sums_[id]);
  }

  int depth() const { return options_.depth > 0 ? std::min(options_.depth, tree_.num_levels()) : tree_.num_levels(); }
  const Sums& of(DomainId id) const { return sums_[id]; }
  const Sums& all() const { return all_; }
  // Without usable hosts a domain is not there.
  bool shown(DomainId id) const { return sums_[id].hosts > 0 && tree_.domain(id).level < depth(); }

  std::string Amounts(const Sums& s, absl::string_view between) const {
    std::string out;
    for (size_t i = 0; i < ids_.size(); ++i) {
      if (s.total.empty()) continue;
      absl::StrAppend(&out, between, options_.resources[i], " ", api::FormatAmount(options_.resources[i], s.free[i]),
                      " free of ", api::FormatAmount(options_.resources[i], s.total[i]));
    }
    return out;
  }

 private:
  void AddUp(DomainId id) {
    const TopologyTree::Domain& d = tree_.domain(id);
    Sums& s = sums_[id];
    for (const DomainId child : d.children) Include(&s, sums_[child]);
    if (d.leaf == scheduler::kNoId) return;
    if (const auto it = options_.marked.find(tree_.LeafName(d.leaf)); it != options_.marked.end()) {
      s.pods_marked = it->second;
    }
    if (!tree_.present(d.leaf)) return;
    Sums leaf;
    leaf.hosts = 1;
    for (const scheduler::ResourceId r : ids_) {
      leaf.free.push_back(r == scheduler::kNoId ? 0 : tree_.Remaining(d.leaf, r, /*empty=*/false));
      leaf.total.push_back(r == scheduler::kNoId ? 0 : tree_.free(d.leaf, r));
    }
    Include(&s, leaf);
  }
  static void Include(Sums* to, const Sums& s) {
    to->hosts += s.hosts;
    to->pods_marked += s.pods_marked;
    if (s.total.empty()) return;
    to->free.resize(s.free.size(), 0);
    to->total.resize(s.total.size(), 0);
    for (size_t i = 0; i < s.total.size(); ++i) {
      to->free[i] = quota::Add(to->free[i], s.free[i]);
      to->total[i] = quota::Add(to->total[i], s.total[i]);
    }
  }

  const TopologyTree& tree_;
  const TopologyMapOptions& options_;
  std::vector<scheduler::ResourceId> ids_;
  std::vector<Sums> sums_;
  Sums all_;
};

std::string Hosts(int n) { return absl::StrCat(n, n == 1 ? " host" : " hosts"); }
std::string Pods(int n) { return absl::StrCat(n, n == 1 ? " pod" : " pods"); }

void Walk(const TopologyTree& tree, const Map& map, DomainId id, std::string* out) {
  if (!map.shown(id)) return;
  const TopologyTree::Domain& d = tree.domain(id);
  const Sums& s = map.of(id);
  absl::StrAppend(out, std::string(2 * (d.level + 1), ' '), scheduler::LevelName(tree.levels()[d.level]), " ", d.value);
  if (!d.children.empty()) absl::StrAppend(out, "  ", Hosts(s.hosts));
  absl::StrAppend(out, map.Amounts(s, "  "));
  if (s.pods_marked > 0) absl::StrAppend(out, "  <- ", Pods(s.pods_marked));
  absl::StrAppend(out, "\n");
  for (const DomainId child : d.children) Walk(tree, map, child, out);
}

std::string Quoted(absl::string_view s) { return absl::StrCat("\"", absl::CEscape(s), "\""); }

}  // namespace

std::string TopologyText(const TopologyTree& tree, const scheduler::ResourceNames& resources,
                         const TopologyMapOptions& options) {
  const Map map(tree, resources, options);
  std::string out =
      absl::StrCat("topology ", tree.name(), "  ", Hosts(map.all().hosts), map.Amounts(map.all(), "  "), "\n");
  for (const DomainId id : tree.AtLevel(0)) Walk(tree, map, id, &out);
  return out;
}

std::string TopologyDot(const TopologyTree& tree, const scheduler::ResourceNames& resources,
                        const TopologyMapOptions& options) {
  const Map map(tree, resources, options);
  std::string out = absl::StrCat("digraph ", Quoted(tree.name()), " {\n  rankdir=LR;\n  node [shape=box];\n");
  for (int level = 0; level < map.depth(); ++level) {
    for (const DomainId id : tree.AtLevel(level)) {
      if (!map.shown(id)) continue;
      const TopologyTree::Domain& d = tree.domain(id);
      const Sums& s = map.of(id);
      // Graphviz breaks lines at \n within a label.
      std::string label = absl::StrCat(scheduler::LevelName(tree.levels()[level]), " ", absl::CEscape(d.value));
      if (!d.children.empty()) absl::StrAppend(&label, "\\n", Hosts(s.hosts));
      absl::StrAppend(&label, map.Amounts(s, "\\n"));
      if (s.pods_marked > 0) absl::StrAppend(&label, "\\n", Pods(s.pods_marked));
      absl::StrAppend(&out, "  d", id, " [label=\"", label, "\"", s.pods_marked > 0 ? ", style=filled" : "", "];\n");
      if (d.parent != scheduler::kNoId) absl::StrAppend(&out, "  d", d.parent, " -> d", id, ";\n");
    }
  }
  return out + "}\n";
}

}  // namespace muster::sim
