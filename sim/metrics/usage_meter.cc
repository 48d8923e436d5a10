#include "sim/metrics/usage_meter.h"

#include <algorithm>
#include <utility>

namespace muster::sim {

void UsageMeter::SetTeams(std::vector<TeamQuota> teams, int64_t begin_s) {
  teams_.assign(teams.size(), Team());
  for (size_t i = 0; i < teams.size(); ++i) {
    teams_[i].last_s = teams_[i].quota_since_s = begin_s;
    SetQuota(static_cast<int>(i), teams[i], begin_s);
  }
}

void UsageMeter::SetQuota(int team, const TeamQuota& quota, int64_t now_s) {
  Team& t = teams_[team];
  Integrate(&t, now_s);
  t.capacity = CapacityOf(t);
  t.quota_since_s = now_s;
  t.nominal = 0;
  for (Flavor& flavor : t.flavors) flavor.nominal = 0;
  for (const FlavorQuota& q : quota) {
    t.flavors[FlavorOf(team, q.flavor)].nominal += q.nominal;
    t.nominal += q.nominal;
  }
}

int UsageMeter::FlavorOf(int team, const std::string& flavor) {
  std::vector<Flavor>& flavors = teams_[team].flavors;
  const auto it = std::find_if(flavors.begin(), flavors.end(), [&](const Flavor& f) { return f.name == flavor; });
  if (it != flavors.end()) return static_cast<int>(it - flavors.begin());
  flavors.push_back({flavor});
  return static_cast<int>(flavors.size()) - 1;
}

void UsageMeter::Integrate(Team* team, int64_t now_s) {
  const double dt = static_cast<double>(now_s - team->last_s);
  team->integral += team->used * dt;
  for (Flavor& flavor : team->flavors) {
    team->borrowed += std::max(0.0, flavor.used - flavor.nominal) * dt;
    flavor.integral += flavor.used * dt;
  }
  team->last_s = now_s;
}

void UsageMeter::Add(int team, const std::vector<FlavorUse>& uses, int sign, int64_t now_s) {
  Team& t = teams_[team];
  Integrate(&t, now_s);
  for (const FlavorUse& use : uses) {
    t.flavors[use.flavor].used += sign * use.amount;
    t.used += sign * use.amount;
  }
}

void UsageMeter::Waste(int team, double lost, double overhead) {
  teams_[team].lost += lost;
  teams_[team].overhead += overhead;
}

void UsageMeter::Queue(int team, int64_t change) {
  Team& t = teams_[team];
  t.queued += change;
  queued_ += change;
  if (!std::exchange(t.touched, true)) touched_.push_back(team);
}

void UsageMeter::SamplePeaks() {
  for (int i : touched_) {
    teams_[i].peak = std::max(teams_[i].peak, teams_[i].queued);
    teams_[i].touched = false;
  }
  touched_.clear();
  peak_ = std::max(peak_, queued_);
}

void UsageMeter::CloseAt(int64_t now_s) {
  for (Team& team : teams_) Integrate(&team, now_s);
}

void UsageMeter::Report(std::vector<TeamMetrics>* teams, TeamMetrics* total) const {
  double capacity = 0;
  for (size_t i = 0; i < teams_.size(); ++i) {
    TeamMetrics& m = (*teams)[i];
    m.nominal = teams_[i].nominal;
    for (const Flavor& flavor : teams_[i].flavors) {
      m.flavors.emplace_back(flavor.name, flavor.nominal);
      m.flavor_hours.push_back(flavor.integral / 3600);
    }
    m.amount_hours = teams_[i].integral / 3600;
    m.borrowed_hours = teams_[i].borrowed / 3600;
    m.lost_hours = teams_[i].lost / 3600;
    m.overhead_hours = teams_[i].overhead / 3600;
    m.capacity_hours = CapacityOf(teams_[i]) / 3600;
    m.peak_queue = teams_[i].peak;
    capacity += CapacityOf(teams_[i]);
    total->nominal += m.nominal;
    total->amount_hours += m.amount_hours;
    total->borrowed_hours += m.borrowed_hours;
    total->lost_hours += m.lost_hours;
    total->overhead_hours += m.overhead_hours;
  }
  total->capacity_hours = capacity / 3600;
  total->peak_queue = peak_;
}

}  // namespace muster::sim
