// What the reconciler asks of a job, whatever it is made of: one object with a pod template or several (object_job.h), or
// pods (pods/).
//
// Nothing is written here: what is to be written is added to a Plan.
#ifndef MUSTER_MANAGER_JOBS_JOB_H_
#define MUSTER_MANAGER_JOBS_JOB_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/job_kinds.h"
#include "api/kueue.h"
#include "kube/object.h"
#include "manager/jobs/pod_set_info.h"
#include "manager/plan.h"
#include "manager/world.h"

namespace muster::manager {

// How a job ended.
struct Outcome {
  std::string message;
  bool success = true;
};

// Why a job is stopped.
enum class StopReason { kWorkloadDeleted, kWorkloadEvicted, kNoMatchingWorkload, kNotAdmitted };

// A Workload that was read: as it is, and in the structs of api/.
struct ReadWorkload {
  kube::ObjectPtr object;
  std::shared_ptr<const api::Workload> typed;

  bool HasTrue(absl::string_view type) const { return api::IsConditionTrue(typed->status.conditions, type); }
};

// The Workloads of a job: the one that fits it, and those that do not.
struct Matching {
  std::optional<ReadWorkload> match;
  std::vector<ReadWorkload> others;
};

class Job {
 public:
  Job(const World& world, const api::JobKind& kind, kube::ObjectPtr object)
      : world_(world), kind_(kind), object_(std::move(object)) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  const World& world() const { return world_; }
  const api::JobKind& kind() const { return kind_; }
  // Whose labels count and whom events are about. Of a group: one of its pods.
  const kube::Object& object() const { return *object_; }
  const kube::ObjectPtr& object_ptr() const { return object_; }
  // Who says events: "batch/job-kueue-controller".
  std::string recorder() const;
  EventNote Event(absl::string_view reason, absl::string_view message, bool warning = false) const;

  // Whether it belongs to no other job, whatever its owners are.
  virtual bool IsTopLevel() const { return false; }
  virtual bool IsSuspended() const = 0;
  // Whether it has pods that use quota.
  virtual bool IsActive() const = 0;
  virtual bool IsOnHold() const { return false; }
  virtual std::optional<Outcome> Finished() const = 0;
  virtual bool PodsReady() const = 0;
  // Pods whose quota it gives back while it runs; nullopt when the kind does not say.
  virtual std::optional<std::vector<api::ReclaimablePod>> Reclaimable() const { return std::nullopt; }
  // The PriorityClass that the kind has a field for; nullopt when it has none.
  virtual std::optional<std::string> PriorityClass() const { return std::nullopt; }

  // Its pod sets as a Workload's spec has them, templates as they are in the job. Errors: InvalidArgument, NotFound.
  virtual absl::StatusOr<std::vector<nlohmann::json>> PodSets() const = 0;
  // Its Workloads; what has to be written before they count goes into `plan`. Errors: as PodSets; Cancelled for what is
  // not to be tried again until something changes.
  virtual absl::StatusOr<Matching> FindMatching(Plan* plan);
  // Whether it asks for what the Workload says. Errors: as PodSets.
  virtual absl::StatusOr<bool> FitsWorkload(const ReadWorkload& workload) const;
  // A new Workload, without priority. What has to be written first goes into `plan`. Errors: as FindMatching.
  virtual absl::StatusOr<nlohmann::json> MakeWorkload(Plan* plan) const;
  // What tells the Workload of one size of an elastic job from that of another.
  virtual std::string SliceExtra() const;
  // Annotations that an elastic job is to have; asks for them to be written. Returns whether it had to.
  virtual bool WriteOwnAnnotations(Plan*) const { return false; }
  // Makes it an owner of a Workload that was made beforehand. Returns whether that has to be written first.
  virtual bool AdoptWorkload(const ReadWorkload& workload, Plan* plan) const;

  // Lets its pods run. Errors: FailedPrecondition when no retry helps.
  virtual absl::Status Start(const ReadWorkload& workload, const std::vector<PodSetInfo>& infos, Plan* plan) const = 0;
  // Stops its pods, unless they are; puts templates back to those of the Workload, if one is given.
  virtual absl::Status Stop(const ReadWorkload* workload, StopReason reason, absl::string_view message,
                            Plan* plan) const = 0;
  // Suspends it and no more: a child of a job that is not admitted.
  virtual void Suspend(Plan* plan) const = 0;
  // Once it is finished or deleted.
  virtual void Finalize(Plan*) const {}
  // A condition of the Workload that only this kind has; returns whether that has to be written first.
  virtual bool UpdateConditions(const ReadWorkload&, absl::Time, Plan*) const { return false; }
  // What is said about each object it is made of.
  virtual void NoteEach(absl::string_view reason, absl::string_view message, Plan* plan) const {
    plan->events.push_back(Event(reason, message));
  }
  // Whether a change of its queue is for others to follow.
  virtual bool LeavesQueueAlone() const { return false; }

 private:
  const World& world_;
  const api::JobKind& kind_;
  const kube::ObjectPtr object_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_JOB_H_
