// A control loop of the simulated cluster.
#ifndef MUSTER_KUBE_TESTING_CONTROLLER_H_
#define MUSTER_KUBE_TESTING_CONTROLLER_H_

#include "absl/time/time.h"
#include "kube/watch_event.h"

namespace muster::kube::testing {

class Controller {
 public:
  virtual ~Controller() = default;

  // Every change of every object, in order.
  virtual void Observe(const WatchEvent& event, absl::Time now) = 0;
  // Does what is due.
  virtual void Run(absl::Time now) = 0;
  // When something is due next; InfiniteFuture = only after the next change.
  virtual absl::Time NextTime() const = 0;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_CONTROLLER_H_
