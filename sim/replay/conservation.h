// Holds a replay against the laws that no policy may break. An observer: it believes nothing that it can work out.
//
// At every instant, after deciding:
//   * A job runs at most once at a time, never before it was submitted, never after it ended; its runs are numbered 1, 2,
//     3 ...
//   * A gang is whole: of every pod set as many pods run as the job declares, or, where it declares a minimum, at least
//     so many; a placement has a place for each of them.
//   * What the engine's books say a ClusterQueue uses is what its runs hold, and what they say of a cohort follows from
//     its members. Where nothing rewrites requests, a run holds its pods' requests, no more and no less.
//   * A start takes no ClusterQueue beyond its borrowing limit and no cohort tree beyond its quota. (Usage may stand above
//     a quota that was lowered; then it may not grow.)
//   * No host holds more than it has, and none that is down holds anything. Kueue itself over-commits nodes
//     (ReplayPolicy::options.strict_topology); then that is counted, not refused.
//   * Nothing runs on a node of a node group before it was launched, and none goes away under pods.
//   * Of every run: work that counts + work lost + overhead = its length; of every job that finished, the work that
//     counts is its duration.
//   * Over all: quota x time = work that counts + lost + overhead + what is still running + idle.
#ifndef MUSTER_SIM_REPLAY_CONSERVATION_H_
#define MUSTER_SIM_REPLAY_CONSERVATION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sim/replay/observer.h"
#include "sim/trace/trace.h"

namespace muster::sim {

// Where the resource-seconds of the main resource went.
struct Balance {
  double capacity = 0;  // nominal quota of all ClusterQueues and cohorts x time
  double useful = 0;    // work of ended runs that counts
  double lost = 0;      // work that had to be done again, or was never finished
  double overhead = 0;  // held without working: starting, pulling images, writing checkpoints
  double open = 0;      // of runs that had not ended when the replay did
  double idle = 0;      // nobody held it
};

// Each event costs what it touches: pod sets, their places, and the ClusterQueues' pairs with the cohorts above them.
// Thread-safety: compatible.
class ConservationCheck : public ReplayObserver {
 public:
  // `trace` is the one that is replayed, and must outlive the check.
  explicit ConservationCheck(const Trace* trace);
  ~ConservationCheck() override;

  void OnBegin(const ReplaySetting& setting) override;
  void OnSubmit(const JobSubmit& event) override;
  void OnStart(const RunStart& event) override;
  void OnStop(const RunStop& event) override;
  void OnChange(const WorldChange& change) override;
  void OnInstant(int64_t now_s) override;
  void OnEnd(int64_t now_s) override;

  // Internal naming the law, the job or queue, the instant and the numbers: the first violation. Ends the replay.
  absl::Status status() const override;

  const Balance& balance() const;
  int64_t runs() const;
  int64_t instants() const;
  // How many times a host held more than it has at the end of an instant, and the first of them in words.
  int64_t overcommitted() const;
  const std::string& first_overcommitted() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_CONSERVATION_H_
