#include "manager/topology/tolerated.h"

#include <algorithm>

namespace muster::manager {
namespace {

bool Schedules(const api::Taint& taint) { return taint.effect == "NoSchedule" || taint.effect == "NoExecute"; }

Tolerance ToleranceOf(const api::Taint& taint, const std::vector<api::Toleration>& tolerations) {
  Tolerance least = Tolerance::kNever;
  for (const api::Toleration& toleration : tolerations) {
    if (!api::Tolerates(toleration, taint)) continue;
    if (!toleration.toleration_seconds.has_value()) return Tolerance::kAlways;
    least = Tolerance::kForAWhile;
  }
  return least;
}

}  // namespace

bool HasSchedulingTaint(const std::vector<api::Taint>& taints) {
  return std::any_of(taints.begin(), taints.end(), Schedules);
}

Tolerance ToleranceOf(const std::vector<api::Taint>& taints,
                      const std::vector<std::vector<api::Toleration>>& pod_sets) {
  Tolerance worst = Tolerance::kAlways;
  for (const api::Taint& taint : taints) {
    if (!Schedules(taint)) continue;
    for (const std::vector<api::Toleration>& tolerations : pod_sets) {
      worst = std::max(worst, ToleranceOf(taint, tolerations));
    }
  }
  return worst;
}

}  // namespace muster::manager
