// A cluster on a virtual clock: objects and jobs come and go, the engine decides, and what Kueue's controllers and the
// kubelets would do about it is done at once: admitted jobs start, evicted ones stop and are queued again.
//
// Everything that happens at one instant happens together: first what is due (ends, timers), then what the caller
// changes, then Settle() lets the engine decide until nothing more comes of it.
#ifndef MUSTER_SIM_SCENARIO_WORLD_H_
#define MUSTER_SIM_SCENARIO_WORLD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/configuration.h"
#include "api/hyperpod/service.h"
#include "api/object.h"
#include "sim/replay/driver.h"
#include "sim/scenario/scenario.h"

namespace muster::sim {

// Something that happened, for whoever tells the story.
struct Happening {
  enum class Kind { kChange, kSubmitted, kRefused, kStarted, kWaiting, kEvicted, kFinished, kPods };
  Kind kind = Kind::kChange;
  absl::Time at;
  std::string job;     // "PyTorchJob/ns/name"; "" for what is not about a job
  std::string reason;  // kEvicted: of Preempted, else of Evicted; kWaiting: of QuotaReserved
  std::string by;      // kEvicted by preemption: the job it makes room for
  std::string text;    // the sentence
};

// One Workload of a job.
struct Member {
  api::Workload object;  // status as Kueue would have it
  scheduler::WorkloadId id = scheduler::kNoId;
  size_t job = 0;
  bool running = false;
  int32_t runs = 0;  // counts starts and stops: a timer of an earlier run is void
  absl::Time started;
  std::string told;  // what was last told about it waiting
};

struct ScenarioJob {
  std::string kind, ns, name;
  nlohmann::json manifest;
  bool governed = false;  // Kueue looks after it
  bool finished = false;
  bool gone = false;
  std::optional<absl::Duration> runs_for;
  std::vector<size_t> members;  // those that exist
  int64_t evictions = 0;

  std::string Id() const { return kind + "/" + ns + "/" + name; }
};

// Thread-safety: compatible.
class World {
 public:
  explicit World(absl::Time start);

  absl::Time now() const { return now_; }

  // The objects that are there from the beginning, in any order. Errors: InvalidArgument, one line per object that is
  // refused.
  absl::Status Load(const std::vector<Manifest>& objects);

  // Creates or replaces what the manifest describes. Errors: InvalidArgument or PermissionDenied as a cluster would
  // refuse it.
  absl::Status Apply(const Manifest& manifest, std::optional<absl::Duration> runs_for);
  // Removes a job, or an object by "Kind/name" or "Kind/namespace/name". Errors: NotFound.
  absl::Status Delete(const std::string& target);
  // Plays a SageMaker operation on the cluster policy or a compute quota. Errors: as of the API, its code first.
  absl::Status Call(const std::string& operation, const Manifest& request);
  absl::Status Finish(const std::string& job);
  absl::Status Scale(const std::string& job, int32_t replicas);
  absl::Status SetSchedulable(const std::string& node, bool schedulable);
  absl::Status SetReady(const std::string& node, bool ready);

  // Plays everything that is due until `t`, and stops there before anything is decided about that instant's own
  // changes. REQUIRES: t >= now().
  void AdvanceTo(absl::Time t);
  // Decides about what has changed. Jobs that would preempt each other for ever are reported as one that is evicted, with
  // the reason Driver::kLivelock.
  void Settle();

  // What happened since it was last asked.
  std::vector<Happening> TakeHappenings();

  // ---- Looking.
  // The job a reference means: "Kind/namespace/name", "namespace/name" or "name". Errors: NotFound, or InvalidArgument
  // when several are meant.
  absl::StatusOr<const ScenarioJob*> FindJob(const std::string& ref) const;
  const Member& member(size_t index) const { return members_[index]; }
  const std::vector<ScenarioJob>& jobs() const { return jobs_; }
  // The name of a ClusterQueue, given that or the team of a HyperPod cluster. Errors: NotFound.
  absl::StatusOr<std::string> FindQueue(const std::string& name) const;
  // Total and borrowed amount of every resource of every flavor, as Kueue counts them (api/resource_units.h).
  struct Usage {
    int64_t nominal = 0, total = 0, borrowed = 0;
  };
  std::map<std::string, std::map<std::string, Usage>> UsageOf(const std::string& cluster_queue);
  std::vector<std::string> ClusterQueues() const;
  const std::map<std::string, api::Object>& objects() const { return objects_; }
  // Pods of a workload that run, and of those the ones on nodes that are Ready.
  int64_t PodsOf(const Member& member) const;
  int64_t ReadyPodsOf(const Member& member) const;
  Driver& driver() { return driver_; }

 private:
  enum class TimerKind { kEnd, kPodsReadyTimeout, kBackoff };
  struct Timer {
    TimerKind kind;
    size_t member;
    int32_t run;
  };

  scheduler::Engine& engine() { return driver_.engine(); }
  absl::Status ApplyManifest(const Manifest& manifest);
  absl::Status ApplyObject(api::Object object);
  void ApplyToEngine(const api::Object& object);
  absl::Status DeleteObject(const std::string& id);
  // Kueue's manager starts anew with this configuration: a new engine that is told all that is there.
  absl::Status Configure(const api::Configuration& configuration);
  // Brings the Kueue objects to what the HyperPod policy means now.
  absl::Status Compile();
  // Reads what stands on its own: records, or requests to create them, into service_; a cluster's description into
  // `nodes`. Returns what to tell.
  absl::StatusOr<std::vector<std::string>> TakeRecords(const Manifest& object, std::vector<api::Node>* nodes);
  std::vector<api::Node> Nodes() const;
  absl::Status ApplyJob(const Manifest& manifest, std::optional<absl::Duration> runs_for);
  void AddMembers(size_t job, std::vector<api::Workload> workloads);
  void RemoveMember(size_t member);
  void RemoveJob(size_t job);
  absl::StatusOr<size_t> JobIndex(const std::string& ref) const;
  absl::StatusOr<api::Node*> FindNode(const std::string& name);
  void NodeChanged(const api::Node& node, const std::string& what);
  void CheckPods();
  // How long a job may miss pods. REQUIRES: wait_for_pods_ready_.
  absl::Duration RecoveryTimeout() const;

  void Decide();
  bool Carry(const scheduler::Decision& decision);
  scheduler::WorkloadId LeastImportant(absl::Span<const scheduler::WorkloadId> ids) const;
  void SetAside(scheduler::WorkloadId id, const LoopWatch::Loop& loop);
  void Start(size_t member, const scheduler::Decision& decision);
  void Stop(size_t member);
  void Evict(size_t member, const std::string& reason, const std::string& message);
  void Wait(size_t member, const scheduler::Decision& decision);
  void FinishMember(size_t member);
  void Fire(const Timer& timer);
  void Tell(Happening::Kind kind, const std::string& job, std::string text, std::string reason = "",
            std::string by = "");

  Driver driver_;
  hyperpod::PolicyService service_;
  std::map<std::string, nlohmann::json> compiled_;  // what service_ stands for, by ObjectId
  bool own_configuration_ = false;                  // the scenario has one, which stands before the compiled one
  std::optional<api::WaitForPodsReady> wait_for_pods_ready_;
  bool granular_reasons_ = true;
  absl::Time now_;
  std::map<std::string, api::Object> objects_;  // by ObjectId
  std::vector<ScenarioJob> jobs_;
  std::vector<Member> members_;
  std::map<scheduler::WorkloadId, size_t> member_of_;
  std::map<std::string, size_t> member_by_key_;  // "namespace/workload"
  std::multimap<absl::Time, Timer> timers_;
  std::vector<Happening> happenings_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_SCENARIO_WORLD_H_
