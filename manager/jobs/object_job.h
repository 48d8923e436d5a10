// A job that is one object, by the rules of its kind.
#ifndef MUSTER_MANAGER_JOBS_OBJECT_JOB_H_
#define MUSTER_MANAGER_JOBS_OBJECT_JOB_H_

#include <optional>
#include <string>
#include <vector>

#include "manager/jobs/job.h"
#include "manager/jobs/kind_rules.h"

namespace muster::manager {

class ObjectJob final : public Job {
 public:
  // REQUIRES: `rules` are those of the kind.
  ObjectJob(const World& world, const api::JobKind& kind, const KindRules& rules, kube::ObjectPtr object)
      : Job(world, kind, std::move(object)), rules_(rules) {}

  bool IsSuspended() const override;
  bool IsActive() const override { return rules_.active(ref()); }
  bool IsOnHold() const override { return rules_.on_hold != nullptr && rules_.on_hold(ref()); }
  std::optional<Outcome> Finished() const override { return rules_.finished(ref()); }
  bool PodsReady() const override { return rules_.pods_ready(ref()); }
  std::optional<std::vector<api::ReclaimablePod>> Reclaimable() const override;
  std::optional<std::string> PriorityClass() const override;
  absl::StatusOr<std::vector<nlohmann::json>> PodSets() const override;
  std::string SliceExtra() const override;
  bool WriteOwnAnnotations(Plan* plan) const override;
  absl::Status Start(const ReadWorkload& workload, const std::vector<PodSetInfo>& infos, Plan* plan) const override;
  absl::Status Stop(const ReadWorkload* workload, StopReason reason, absl::string_view message,
                    Plan* plan) const override;
  void Suspend(Plan* plan) const override;

 private:
  JobRef ref() const { return {world(), kind(), object()}; }
  void Patch(const nlohmann::json& after, EventNote event, Plan* plan) const;

  const KindRules& rules_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_OBJECT_JOB_H_
