// A pod on its own. Internal to manager/jobs/pods.
#ifndef MUSTER_MANAGER_JOBS_PODS_SINGLE_POD_H_
#define MUSTER_MANAGER_JOBS_PODS_SINGLE_POD_H_

#include <optional>
#include <vector>

#include "manager/jobs/pods/pods_job.h"

namespace muster::manager {

class SinglePod final : public PodsJob {
 public:
  SinglePod(const World& world, kube::ObjectPtr pod, absl::Time now) : PodsJob(world, {std::move(pod)}, now) {}

  // Its quota is given back when it is deleted, not when it has ended.
  bool IsActive() const override { return false; }
  std::optional<Outcome> Finished() const override;
  bool PodsReady() const override { return IsReady(object()); }
  std::optional<std::vector<api::ReclaimablePod>> Reclaimable() const override {
    return std::vector<api::ReclaimablePod>();
  }
  absl::StatusOr<std::vector<nlohmann::json>> PodSets() const override;
  void Finalize(Plan* plan) const override { RemoveFinalizers(pods(), plan); }

 private:
  const PodSetInfo* InfoOf(const kube::Object&, const std::vector<PodSetInfo>& infos) const override {
    return infos.size() == 1 ? &infos[0] : nullptr;
  }
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_PODS_SINGLE_POD_H_
