// Who lent to whom.
//
// Quota is lent flavor by flavor within a cohort tree. What a team uses of a flavor beyond its nominal quota is borrowed;
// what the others of its tree (and its cohorts with quota of their own) leave unused, as far as it may be lent, is where
// it comes from. Kueue borrows from the cohort, not from one lender: each is taken to lend in proportion to what it could
// lend at that time. Amounts are of the main resource.
#ifndef MUSTER_SIM_REPORT_FIGURES_LENDING_METER_H_
#define MUSTER_SIM_REPORT_FIGURES_LENDING_METER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/replay/observer.h"

namespace muster::sim {

struct Loan {
  int lender = -1;  // a team; -1: cohorts, out of quota of their own
  int borrower = 0;
  double amount_seconds = 0;
};

// Each start and stop costs O(teams of the tree), and while something is borrowed O(lenders x borrowers) more; trees of
// more than kMaxTeams teams are left out. Thread-safety: compatible.
class LendingMeter : public ReplayObserver {
 public:
  static constexpr size_t kMaxTeams = 64;

  void OnBegin(const ReplaySetting& setting) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnChange(const WorldChange& change) override;
  void OnEnd(int64_t now_s) override;

  // By lender and borrower. After OnEnd.
  std::vector<Loan> loans() const;
  int64_t trees_left_out() const { return left_out_; }

 private:
  // What a team has and uses of a flavor.
  struct Cell {
    int team = 0;
    double nominal = 0, lendable = 0, used = 0;
  };
  // All teams of a tree, of one flavor.
  struct Pool {
    double own = 0;  // quota of the cohorts themselves
    int64_t since_s = 0;
    std::vector<Cell> cells;
  };
  void Learn(const ReplaySetting& setting, int64_t now_s);
  void Settle(Pool* pool, int64_t now_s);
  Cell* Find(int team, const std::string& flavor, Pool** pool);
  void Change(int team, const std::string& flavor, double change, int64_t now_s);

  std::string resource_;
  const scheduler::Engine* engine_ = nullptr;
  bool alone_ = false;                                  // one team and no cohort's quota
  std::vector<int> tree_of_;                            // by team; -1 = has nobody to lend to or borrow from
  std::map<std::pair<int, std::string>, double> used_;  // by team, flavor
  std::map<std::pair<int, std::string>, Pool> pools_;   // by tree, flavor
  std::map<std::pair<int, int>, double> loans_;
  absl::flat_hash_map<size_t, std::vector<std::pair<std::string, double>>> runs_;  // by job: flavor, amount
  int64_t left_out_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_FIGURES_LENDING_METER_H_
