#include "quota/cohort_graph.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"

namespace muster::quota {
namespace {

// Vertices in name order, so that everything derived from vertex numbers is in name order too.
struct ParentGraph {
  std::vector<std::string> names;
  std::vector<int> parent;  // -1 = none
};

ParentGraph BuildGraph(absl::Span<const CohortEdge> edges) {
  std::map<std::string, int> ids;
  for (const CohortEdge& e : edges) {
    ids.emplace(e.name, 0);
    if (!e.parent.empty()) ids.emplace(e.parent, 0);
  }
  ParentGraph out;
  for (auto& [name, id] : ids) {
    id = static_cast<int>(out.names.size());
    out.names.push_back(name);
  }
  out.parent.assign(out.names.size(), -1);
  for (const CohortEdge& e : edges) {
    if (e.parent.empty()) continue;
    out.parent[ids[e.name]] = ids[e.parent];
  }
  return out;
}

}  // namespace

std::vector<std::vector<std::string>> FindCohortCycles(absl::Span<const CohortEdge> edges) {
  const ParentGraph g = BuildGraph(edges);
  const int n = static_cast<int>(g.names.size());
  // Each vertex has one parent at most: a walk upwards ends at a root, where an earlier walk was, or on itself.
  std::vector<int> walk_of(n, -1);
  std::vector<std::vector<std::string>> cycles;
  for (int start = 0; start < n; ++start) {
    int at = start;
    for (; at >= 0 && walk_of[at] < 0; at = g.parent[at]) walk_of[at] = start;
    if (at < 0 || walk_of[at] != start) continue;
    std::vector<std::string> cycle;
    int smallest = at;
    for (int v = g.parent[at]; v != at; v = g.parent[v]) smallest = std::min(smallest, v);
    int v = smallest;
    do {
      cycle.push_back(g.names[v]);
      v = g.parent[v];
    } while (v != smallest);
    cycles.push_back(std::move(cycle));
  }
  std::sort(cycles.begin(), cycles.end());
  return cycles;
}

std::string FormatCycle(absl::Span<const std::string> cycle) {
  MUSTER_CHECK(!cycle.empty());
  return absl::StrCat(absl::StrJoin(cycle, " -> "), " -> ", cycle.front());
}

}  // namespace muster::quota
