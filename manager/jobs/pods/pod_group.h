// Pods that start together and end together. Internal to manager/jobs/pods.
//
// Problem: nobody makes the group; it is the pods that are there. Some fail and are replaced, there may be more than
// asked for, and the Workload, which all of them own, outlives each of them.
#ifndef MUSTER_MANAGER_JOBS_PODS_POD_GROUP_H_
#define MUSTER_MANAGER_JOBS_PODS_POD_GROUP_H_

#include <optional>
#include <string>
#include <vector>

#include "manager/jobs/pods/pods_job.h"

namespace muster::manager {

class PodGroup final : public PodsJob {
 public:
  // REQUIRES: all pods are of one group.
  PodGroup(const World& world, Pods pods, absl::Time now);

  bool IsActive() const override;
  std::optional<Outcome> Finished() const override;
  bool PodsReady() const override;
  std::optional<std::vector<api::ReclaimablePod>> Reclaimable() const override;
  absl::StatusOr<std::vector<nlohmann::json>> PodSets() const override;
  absl::StatusOr<Matching> FindMatching(Plan* plan) override;
  absl::StatusOr<bool> FitsWorkload(const ReadWorkload& workload) const override;
  absl::StatusOr<nlohmann::json> MakeWorkload(Plan* plan) const override;
  bool AdoptWorkload(const ReadWorkload& workload, Plan* plan) const override;
  absl::Status Stop(const ReadWorkload* workload, StopReason reason, absl::string_view message,
                    Plan* plan) const override;
  void Finalize(Plan* plan) const override { RemoveFinalizers(all_, plan); }
  bool UpdateConditions(const ReadWorkload& workload, absl::Time now, Plan* plan) const override;
  bool LeavesQueueAlone() const override { return IsServing(); }

 private:
  // Which pods of a group fit a Workload, and which are too many.
  struct Fit {
    Pods kept, excess, replaced;
    int64_t absent = 0;
  };

  const PodSetInfo* InfoOf(const kube::Object& pod, const std::vector<PodSetInfo>& infos) const override;
  bool IsServing() const;
  bool IsAdmittedFast() const;
  std::string WorkloadName() const;
  Fit FitPods(const ReadWorkload& workload) const;
  bool Fits(const ReadWorkload& workload, const std::vector<nlohmann::json>& pod_sets) const;
  // The pod sets of pods, one per role.
  absl::StatusOr<std::vector<nlohmann::json>> PodSetsOf(const Pods& pods) const;
  absl::Status Check(const Pods& active, Plan* plan) const;
  absl::Status CopyCommonLabels(const Pods& pods, nlohmann::json* workload) const;
  void RemoveExcess(const Pods& pods, Plan* plan) const;

  const Pods all_;
  int64_t absent_ = 0;  // pods that are to be there and are not
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_PODS_POD_GROUP_H_
