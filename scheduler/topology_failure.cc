#include "scheduler/topology_failure.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::scheduler {
namespace {

std::string Quoted(const std::string& s) { return absl::StrCat("\"", absl::CEscape(s), "\""); }

std::string Exclusions(const TopologyFailure& f) {
  std::vector<std::string> parts;
  const auto add = [&parts](absl::string_view what, int nodes) {
    if (nodes > 0) parts.push_back(absl::StrCat(what, ": ", nodes));
  };
  add("nodeSelector", f.node_selector);
  add("affinity", f.affinity);
  add("topologyDomain", f.topology_domain);
  for (const auto& [taint, nodes] : f.taints) add(absl::StrCat("taint ", Quoted(taint)), nodes);
  for (const auto& [resource, nodes] : f.resources) add(absl::StrCat("resource ", Quoted(resource)), nodes);
  if (parts.empty()) return "";
  std::sort(parts.begin(), parts.end());
  return absl::StrCat(". Total nodes: ", f.total_nodes, "; excluded: ", absl::StrJoin(parts, ", "));
}

}  // namespace

std::string ToString(const TopologyFailure& f) {
  switch (f.kind) {
    case TopologyFailure::Kind::kText:
      return f.text;
    case TopologyFailure::Kind::kLayersNotFit: {
      std::string out = absl::StrCat("topology ", Quoted(f.topology), " doesn't allow to fit");
      for (const TopologyFailure::Layer& l : f.layers) {
        absl::StrAppend(&out, "; ", l.fit, "/", l.needed, " slice(s) fit on level ", l.level);
      }
      return absl::StrCat(out, Exclusions(f));
    }
    case TopologyFailure::Kind::kNotFit:
      break;
  }
  const absl::string_view unit = f.in_slices ? "slice" : "pod";
  const std::string how_many = f.fit == 0 ? absl::StrCat(" doesn't allow to fit any of ", f.requested)
                                          : absl::StrCat(" allows to fit only ", f.fit, " out of ", f.requested);
  return absl::StrCat("topology ", Quoted(f.topology), how_many, " ", unit, "(s)", Exclusions(f));
}

}  // namespace muster::scheduler
