// The engine over time, told what happens to a small world.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scheduler/testing/small_history.h"
#include "scheduler/testing/small_world_engine.h"

namespace muster::scheduler::small {
namespace {

absl::Time At(long seconds) { return absl::FromUnixSeconds(1700000000 + seconds); }

class EngineRun : public Running {
 public:
  explicit EngineRun(const World& world) : w_(world), engine_(MakeEngine(world)) {}

  void Submit(const Job& job, long now) override { engine_.Apply(WorkloadOf(w_, job), At(now)); }
  void Finish(const std::string& job, long now) override { engine_.Finish(Find(job), At(now)); }
  void Delete(const std::string& job, long now) override { engine_.DeleteWorkload(Find(job), At(now)); }
  void SetPriority(const std::string& job, int priority, long now) override {
    engine_.SetPriority(Find(job), priority, At(now));
  }
  void SetNominal(int queue, int pair, long nominal, long now) override {
    w_.nodes[queue].quota[pair].nominal = nominal;
    engine_.Apply(ClusterQueueOf(w_, w_.nodes[queue]), At(now));
  }
  void SetStopped(int queue, bool stopped, long now) override {
    w_.nodes[queue].stopped = stopped;
    engine_.Apply(ClusterQueueOf(w_, w_.nodes[queue]), At(now));
  }
  void SetCheckActive(bool active, long now) override {
    api::AdmissionCheck check;
    check.metadata.name = "check";
    check.conditions = {{"Active", active ? "True" : "False", "", "", At(0), {}}};
    engine_.Apply(check, At(now));
  }
  void Drain(const std::string& job, long now) override { engine_.Evict(Find(job), "ClusterQueueStopped", At(now)); }
  void Release(const std::string& job, long now) override { engine_.CompleteEviction(Find(job), At(now)); }
  void LetBack(const std::string& job, long now) override { engine_.SetRequeued(Find(job), At(now)); }
  void Flush(long now) override { engine_.Advance(At(now)); }

  std::vector<Verdict> Cycle(long now) override {
    const CycleResult result = engine_.RunCycle(At(now));
    for (const Decision& d : result.entries) engine_.StatusWritten(d.workload);
    return VerdictsOf(engine_, result);
  }

  Sight Look() override {
    Sight sight;
    std::vector<std::string> holders;
    for (const ClusterQueueId q : engine_.ClusterQueues()) {
      const auto names = [this](const std::vector<WorkloadId>& ids) {
        std::vector<std::string> out;
        for (const WorkloadId id : ids) out.push_back(engine_.WorkloadKey(id).substr(3));
        return out;
      };
      sight.queues.push_back(absl::StrCat(engine_.ClusterQueueName(q), ": ",
                                          absl::StrJoin(names(engine_.PendingInOrder(q)), " "), " | ",
                                          absl::StrJoin(names(engine_.Inadmissible(q)), " ")));
      for (const WorkloadId id : engine_.Reserving(q)) {
        holders.push_back(engine_.WorkloadKey(id).substr(3) + (engine_.IsEvicted(id) ? "(evicted)" : ""));
      }
    }
    std::sort(holders.begin(), holders.end());
    sight.holders = absl::StrJoin(holders, " ");
    sight.usage = UsageOf(engine_, w_);
    sight.has_heads = engine_.HasPendingHeads();
    return sight;
  }

 private:
  WorkloadId Find(const std::string& job) const { return *engine_.FindWorkload("ns", job); }

  World w_;
  Engine engine_;
};

}  // namespace

std::unique_ptr<Running> RunEngine(const World& world) { return std::make_unique<EngineRun>(world); }

}  // namespace muster::scheduler::small
