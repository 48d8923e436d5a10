#include "quota/cohort_graph.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"
#include "boost/graph/adjacency_list.hpp"
#include "boost/graph/strong_components.hpp"

namespace muster::quota {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

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
  Graph graph(n);
  for (int v = 0; v < n; ++v) {
    if (g.parent[v] >= 0) boost::add_edge(v, g.parent[v], graph);
  }
  std::vector<int> component(n);
  if (n > 0) boost::strong_components(graph, component.data());
  std::vector<int> size(n, 0);
  for (int c : component) ++size[c];
  std::vector<std::vector<std::string>> cycles;
  std::vector<bool> reported(n, false);
  for (int v = 0; v < n; ++v) {
    const int c = component[v];
    if (reported[c] || (size[c] < 2 && g.parent[v] != v)) continue;
    reported[c] = true;
    // Each vertex has one parent at most, so a strong component with a cycle is that cycle.
    std::vector<std::string> cycle;
    int at = v;
    do {
      cycle.push_back(g.names[at]);
      at = g.parent[at];
    } while (at != v);
    cycles.push_back(std::move(cycle));
  }
  return cycles;
}

std::vector<std::string> CohortsLeadingToCycle(absl::Span<const CohortEdge> edges) {
  const ParentGraph g = BuildGraph(edges);
  const int n = static_cast<int>(g.names.size());
  std::vector<std::string> out;
  for (int v = 0; v < n; ++v) {
    int at = v;
    int steps = 0;
    while (at >= 0 && steps <= n) {
      at = g.parent[at];
      ++steps;
    }
    if (at >= 0) out.push_back(g.names[v]);
  }
  return out;
}

std::string FormatCycle(absl::Span<const std::string> cycle) {
  MUSTER_CHECK(!cycle.empty());
  return absl::StrCat(absl::StrJoin(cycle, " -> "), " -> ", cycle.front());
}

}  // namespace muster::quota
