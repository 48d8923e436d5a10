#include "sim/report/figures/preemption_meter.h"

namespace muster::sim {

void PreemptionMeter::OnStop(const RunStop& event) {
  if (event.cause != StopCause::kFinished) {
    int by_team = -1;
    if (event.by != RunStop::kNobody) {
      if (const auto by = team_of_.find(event.by); by != team_of_.end()) by_team = by->second;
    }
    StopKind& kind = kinds_[{by_team, event.team, event.cause}];
    kind.by_team = by_team;
    kind.of_team = event.team;
    kind.cause = event.cause;
    ++kind.count;
    kind.held += event.amount * static_cast<double>(event.now_s - event.started_s);
    kind.lost += event.amount * static_cast<double>(event.lost_s);
  }
  if (IsLast(event.cause)) team_of_.erase(event.job);
}

std::vector<StopKind> PreemptionMeter::kinds() const {
  std::vector<StopKind> kinds;
  kinds.reserve(kinds_.size());
  for (const auto& [key, kind] : kinds_) kinds.push_back(kind);
  return kinds;
}

}  // namespace muster::sim
