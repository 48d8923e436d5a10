#include "scheduler/flavors/flavor_match.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace muster::scheduler {
namespace {

bool ToleratedByAny(const std::vector<api::Toleration>& tolerations, const api::Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const api::Toleration& t) { return api::Tolerates(t, taint); });
}

// Go's %v of the Taint struct: key, value, effect and the (absent) time.
std::string PrintTaint(const api::Taint& t) { return absl::StrCat("{", t.key, " ", t.value, " ", t.effect, " <nil>}"); }

// nullopt: the terms say nothing about the flavor's labels, so they do not restrict it.
std::optional<bool> AffinityMatches(const std::vector<api::NodeSelectorTerm>& terms, const api::StringMap& labels) {
  bool any = false;
  for (const api::NodeSelectorTerm& term : terms) {
    bool restricted = false, matches = true;
    for (const api::Requirement& r : term.match_expressions) {
      if (labels.count(r.key) == 0) continue;
      restricted = true;
      matches = matches && api::Matches(r, labels);
    }
    // Terms are alternatives: one that is empty after the reduction lets everything through.
    if (!restricted) return std::nullopt;
    any = any || matches;
  }
  return any;
}

}  // namespace

std::optional<FlavorReason> MatchFlavor(const api::ResourceFlavor& flavor, const api::PodSpec& pod) {
  FlavorReason reason;
  for (const api::Taint& taint : flavor.node_taints) {
    if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") continue;
    if (ToleratedByAny(pod.tolerations, taint) || ToleratedByAny(flavor.tolerations, taint)) continue;
    reason.code = FlavorReason::Code::kUntoleratedTaint;
    reason.detail = PrintTaint(taint);
    return reason;
  }
  reason.code = FlavorReason::Code::kNodeAffinityMismatch;
  for (const auto& [key, value] : pod.node_selector) {
    const auto label = flavor.node_labels.find(key);
    if (label != flavor.node_labels.end() && label->second != value) return reason;
  }
  if (pod.node_affinity.has_value() && pod.node_affinity->required.has_value()) {
    const std::optional<bool> matches = AffinityMatches(*pod.node_affinity->required, flavor.node_labels);
    if (matches.has_value() && !*matches) return reason;
  }
  return std::nullopt;
}

}  // namespace muster::scheduler
