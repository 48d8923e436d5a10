// Pods as a job: a single one, or a group. They are held back by a scheduling gate, started by taking it off, and stopped
// by deleting them.
#ifndef MUSTER_MANAGER_JOBS_PODS_PODS_JOB_H_
#define MUSTER_MANAGER_JOBS_PODS_PODS_JOB_H_

#include <optional>
#include <string>
#include <vector>

#include "manager/jobs/job.h"
#include "manager/jobs/pods/pod_state.h"

namespace muster::manager {

class PodsJob : public Job {
 public:
  // REQUIRES: there is at least one pod. The first stands for all of them.
  PodsJob(const World& world, Pods pods, absl::Time now);

  bool IsTopLevel() const override { return true; }
  bool IsSuspended() const override;
  absl::Status Start(const ReadWorkload& workload, const std::vector<PodSetInfo>& infos, Plan* plan) const override;
  absl::Status Stop(const ReadWorkload* workload, StopReason reason, absl::string_view message,
                    Plan* plan) const override;
  // Pods cannot be held back once they run.
  void Suspend(Plan*) const override {}
  void NoteEach(absl::string_view reason, absl::string_view message, Plan* plan) const override;

 protected:
  const Pods& pods() const { return pods_; }
  void set_pods(Pods pods) { pods_ = std::move(pods); }
  absl::Time now() const { return now_; }
  EventNote PodEvent(const kube::Object& pod, absl::string_view reason, absl::string_view message,
                     bool warning = false) const;
  // The info for a pod, null when there is none.
  virtual const PodSetInfo* InfoOf(const kube::Object& pod, const std::vector<PodSetInfo>& infos) const = 0;
  // Takes off the finalizers of those that have it.
  void RemoveFinalizers(const Pods& pods, Plan* plan) const;
  // The pod set of pods like this one, without template metadata. Errors: InvalidArgument naming the annotation.
  absl::StatusOr<nlohmann::json> PodSetOf(const kube::Object& pod, const std::string& name, int64_t count) const;

 private:
  Pods pods_;
  const absl::Time now_;
};

const api::JobKind& PodKind();

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_PODS_PODS_JOB_H_
