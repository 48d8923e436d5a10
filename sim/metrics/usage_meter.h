// Follows what teams hold and how many of their jobs wait while a replay runs.
#ifndef MUSTER_SIM_METRICS_USAGE_METER_H_
#define MUSTER_SIM_METRICS_USAGE_METER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/metrics/metrics.h"

namespace muster::sim {

// Quota of the main resource in one flavor.
struct FlavorQuota {
  std::string flavor;
  double nominal = 0;
};
using TeamQuota = std::vector<FlavorQuota>;

// An amount of the main resource in one flavor of a team.
struct FlavorUse {
  int flavor = 0;  // FlavorOf
  double amount = 0;
};

// Every call is O(flavors of a team) unless it says otherwise. Times must not decrease. Thread-safety: compatible.
class UsageMeter {
 public:
  // Time counts from `begin_s`.
  void SetTeams(std::vector<TeamQuota> teams, int64_t begin_s);
  // The quota of a team changes. REQUIRES of all that follow: team < the number of teams.
  void SetQuota(int team, const TeamQuota& quota, int64_t now_s);
  // The index of a flavor in that team; one without quota gets one.
  int FlavorOf(int team, const std::string& flavor);
  // A run takes these amounts, or gives them back (sign -1).
  void Add(int team, const std::vector<FlavorUse>& uses, int sign, int64_t now_s);
  // Of what a run held that ends early: amount-seconds.
  void Waste(int team, double lost, double overhead);
  void Queue(int team, int64_t change);
  // To be called after deciding at an instant: what is queued now counts for the peak.
  void SamplePeaks();
  // Integrates up to `now_s`. O(teams).
  void CloseAt(int64_t now_s);
  // Fills nominal, flavors, flavor_hours, amount_hours, borrowed_hours, lost_hours, overhead_hours, capacity_hours and
  // peak_queue of teams (in the order of SetTeams) and, but for flavors, of the total. O(teams).
  void Report(std::vector<TeamMetrics>* teams, TeamMetrics* total) const;

 private:
  struct Flavor {
    std::string name;
    double nominal = 0, used = 0, integral = 0;
  };
  struct Team {
    std::vector<Flavor> flavors;
    double nominal = 0, used = 0;
    double integral = 0, borrowed = 0, lost = 0, overhead = 0;
    double capacity = 0;        // up to the last change of quotas
    int64_t quota_since_s = 0;  // and when that was
    int64_t last_s = 0, queued = 0, peak = 0;
    bool touched = false;
  };
  static void Integrate(Team* team, int64_t now_s);
  static double CapacityOf(const Team& team) {
    return team.capacity + team.nominal * static_cast<double>(team.last_s - team.quota_since_s);
  }
  std::vector<Team> teams_;
  std::vector<int> touched_;
  int64_t queued_ = 0, peak_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_METRICS_USAGE_METER_H_
