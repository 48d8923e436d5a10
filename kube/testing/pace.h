// When the world around a manager does what it does: at once, unless somebody knows better.
#ifndef MUSTER_KUBE_TESTING_PACE_H_
#define MUSTER_KUBE_TESTING_PACE_H_

#include "absl/time/time.h"
#include "kube/object.h"

namespace muster::kube::testing {

class Pace {
 public:
  enum class PodEvent {
    kRuns,  // it is bound, runs, and is ready
    kEnds,  // it succeeds or fails
    kGoes,  // it was deleted, and is gone
  };

  virtual ~Pace() = default;

  // When that becomes of a pod which left alone would be so at `due`. InfiniteFuture: it never is.
  virtual absl::Time OfPod(const Object& /*pod*/, PodEvent /*event*/, absl::Time due) const { return due; }
  // When the garbage collector deletes an object whose owners are gone.
  virtual absl::Time Collects(const Object& /*object*/, absl::Time due) const { return due; }
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_PACE_H_
