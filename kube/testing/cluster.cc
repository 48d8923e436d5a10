#include "kube/testing/cluster.h"

#include <algorithm>

#include "base/check.h"
#include "kube/testing/apps_controllers.h"
#include "kube/testing/garbage_collector.h"
#include "kube/testing/job_controller.h"
#include "kube/testing/kubelet.h"
#include "kube/testing/ttl_controller.h"

namespace muster::kube::testing {
namespace {

// More than any chain of reactions at one instant.
constexpr int kMostRounds = 1000;

}  // namespace

Cluster::Cluster(ApiServer* server) : server_(*server) {
  controllers_.push_back(std::make_unique<JobController>(server));
  controllers_.push_back(std::make_unique<AppsControllers>(server));
  controllers_.push_back(std::make_unique<Kubelet>(server));
  controllers_.push_back(std::make_unique<TtlController>(server));
  controllers_.push_back(std::make_unique<GarbageCollector>(server));
}

Cluster::~Cluster() = default;

void Cluster::Step(absl::Time now) {
  for (int round = 0; NextTime() <= now; ++round) {
    MUSTER_CHECK(round < kMostRounds);
    for (; cursor_ < server_.changes().size(); ++cursor_) {
      const WatchEvent event = server_.changes()[cursor_];  // the log may move while they write
      for (const auto& controller : controllers_) controller->Observe(event, now);
    }
    for (const auto& controller : controllers_) {
      if (controller->NextTime() <= now) controller->Run(now);
    }
  }
}

absl::Time Cluster::NextTime() const {
  if (cursor_ < server_.changes().size()) return absl::InfinitePast();
  absl::Time next = absl::InfiniteFuture();
  for (const auto& controller : controllers_) next = std::min(next, controller->NextTime());
  return next;
}

}  // namespace muster::kube::testing
