#include "kube/testing/cluster.h"

#include <algorithm>
#include <utility>

#include "kube/testing/apps_controllers.h"
#include "kube/testing/garbage_collector.h"
#include "kube/testing/job_controller.h"
#include "kube/testing/kubelet.h"
#include "kube/testing/ttl_controller.h"

namespace muster::kube::testing {

Cluster::Cluster(ApiServer* server, const Pace* pace, std::unique_ptr<Controller> jobs) : server_(*server) {
  if (pace == nullptr) pace = &at_once_;
  if (jobs == nullptr) jobs = std::make_unique<JobController>(server);
  controllers_.push_back(std::move(jobs));
  controllers_.push_back(std::make_unique<AppsControllers>(server));
  controllers_.push_back(std::make_unique<Kubelet>(server, pace));
  controllers_.push_back(std::make_unique<TtlController>(server));
  controllers_.push_back(std::make_unique<GarbageCollector>(server, pace));
}

Cluster::~Cluster() = default;

void Cluster::Step(absl::Time now) {
  for (; cursor_ < server_.changes().size(); ++cursor_) {
    const WatchEvent event = server_.changes()[cursor_];  // the log may move while they write
    for (const auto& controller : controllers_) controller->Observe(event, now);
  }
  for (const auto& controller : controllers_) {
    if (controller->NextTime() <= now) controller->Run(now);
  }
}

absl::Time Cluster::NextTime() const {
  if (cursor_ < server_.changes().size()) return absl::InfinitePast();
  absl::Time next = absl::InfiniteFuture();
  for (const auto& controller : controllers_) next = std::min(next, controller->NextTime());
  return next;
}

}  // namespace muster::kube::testing
