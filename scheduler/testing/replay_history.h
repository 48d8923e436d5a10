// A random history of one engine, and a fresh engine that is told what there is in the end.
//
// The history plays everybody around the engine: admins who change any object at any time, the API server that keeps
// the objects, jobs that come, run, stop and end, nodes that fail, move and come back. It carries out what the engine
// decides, and writes the status of workloads as Kueue's controllers do; whether the engine hears of a status that
// says what it knows already is left to chance.
//
// What is not of the world but of the past is the same in both when they are compared:
// - Waiting workloads are taken out and told again: whether one was parked, how far its scan had got, that it is in
//   front because it waits for its victims, and when it is tried again, are its own past.
// - Second passes that are due are due at once.
// - Defaults of namespaces and runtime classes count for a workload from its Apply on; all are applied after a change.
// - Generations and numbers of cycles are not looked at. Admission fair sharing, whose ledger is all past, is off.
#ifndef MUSTER_SCHEDULER_TESTING_REPLAY_HISTORY_H_
#define MUSTER_SCHEDULER_TESTING_REPLAY_HISTORY_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/engine.h"
#include "scheduler/testing/replay_objects.h"
#include "scheduler/testing/replay_portrait.h"

namespace muster::scheduler {

class ReplayHistory {
 public:
  explicit ReplayHistory(uint64_t seed);

  // One thing happens.
  void Step();
  // Compares with a fresh engine; "" if they agree, otherwise what differs. The history goes on as the probes left it.
  std::string Compare();

  // What happened, in words, and how often.
  const Lines& log() const { return log_; }
  const std::map<std::string, int>& seen() const { return seen_; }

 private:
  absl::Time Now() const { return absl::FromUnixSeconds(1700000000 + now_); }
  // To the engine, and while probing to the fresh one as well.
  void Tell(const std::function<void(Engine&)>& call);
  void Say(const std::string& what);

  // Objects.
  template <typename T>
  void Put(std::map<std::string, T>* known, const std::string& key, const T& object);
  void ChangeObject();
  void RemoveObject();
  void ChangeDefaults();

  // Workloads. A name is "ns/name".
  WorkloadId IdOf(Engine& engine, const std::string& key) const;
  std::optional<std::string> Some(const std::function<bool(const std::string&)>& wanted);
  bool Holds(const std::string& key) { return engine_->Phase(IdOf(*engine_, key)) == WorkloadPhase::kReserved; }
  bool Leaving(const std::string& key) { return Holds(key) && engine_->IsEvicted(IdOf(*engine_, key)); }
  void Submit();
  void Happen();
  void SetCondition(const std::string& key, const char* type, bool status, const std::string& reason);
  // The engine may hear of the status that was written.
  void Written(const std::string& key, bool must = false);
  void Evict(const std::string& key, const std::string& reason);
  void CompleteEviction(const std::string& key);
  void FailNode();
  void AnswerChecks(const std::string& key);

  // Deciding. Returns what was decided; differences between the engines are left in `difference_`.
  void Cycle();
  void CarryOut(const CycleResult& result);
  std::unique_ptr<Engine> Fresh();
  void ForgetThePast();
  void Differ(const std::string& what, const Lines& engine, const Lines& fresh);

  ReplayMaker make_;
  EngineOptions options_;
  ReplayObjects objects_;
  std::unique_ptr<Engine> engine_, fresh_;
  int64_t now_ = 0;
  int next_ = 0;
  Lines log_;
  std::map<std::string, int> seen_;
  std::string difference_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TESTING_REPLAY_HISTORY_H_
