// Runs the pods of Jobs.
//
// Source of the rules: kube-controller-manager's job controller (1.36): suspension, parallelism, completion by count and
// by index, backoffLimit, activeDeadlineSeconds, pods that are counted before their finalizer goes, terminal conditions
// only when no pod is left terminating. Changes of pods are gathered for a second, changes of a Job's spec are looked at
// at once. Left out: podFailurePolicy, successPolicy, backoffLimitPerIndex, managedBy, events.
#ifndef MUSTER_KUBE_TESTING_JOB_CONTROLLER_H_
#define MUSTER_KUBE_TESTING_JOB_CONTROLLER_H_

#include <map>

#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"
#include "kube/work_queue.h"

namespace muster::kube::testing {

inline constexpr char kJobTracking[] = "batch.kubernetes.io/job-tracking";

class JobController : public Controller {
 public:
  explicit JobController(ApiServer* server) : server_(*server) {}

  void Observe(const WatchEvent& event, absl::Time now) override;
  void Run(absl::Time now) override;
  absl::Time NextTime() const override { return queue_.NextTime(); }

 private:
  void Sync(const ObjectKey& key, absl::Time now);

  ApiServer& server_;
  WorkQueue<ObjectKey> queue_;
  std::map<ObjectKey, int64_t> generations_;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_JOB_CONTROLLER_H_
