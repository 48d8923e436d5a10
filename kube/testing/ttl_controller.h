// Deletes Jobs a while after they finished, when they say so (spec.ttlSecondsAfterFinished).
#ifndef MUSTER_KUBE_TESTING_TTL_CONTROLLER_H_
#define MUSTER_KUBE_TESTING_TTL_CONTROLLER_H_

#include <map>

#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"

namespace muster::kube::testing {

class TtlController : public Controller {
 public:
  explicit TtlController(ApiServer* server) : server_(*server) {}

  void Observe(const WatchEvent& event, absl::Time now) override;
  void Run(absl::Time now) override;
  absl::Time NextTime() const override;

 private:
  ApiServer& server_;
  std::map<ObjectKey, absl::Time> due_;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_TTL_CONTROLLER_H_
