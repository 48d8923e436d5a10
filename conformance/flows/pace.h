// The world around the manager at the pace at which it was recorded.
//
// Problem: the clusters that were recorded had a lot to do. A job that was stopped before its pods had started, victims
// that left one after the other, a Job controller that was seconds behind: what a manager says follows from that, and
// would be something else in a world without delays.
#ifndef MUSTER_CONFORMANCE_FLOWS_PACE_H_
#define MUSTER_CONFORMANCE_FLOWS_PACE_H_

#include <map>
#include <string>

#include "conformance/flows/recording.h"
#include "kube/testing/pace.h"

namespace muster::conformance {

// Pods run, end and go when they were seen to, and objects without owners are collected when they were. What was not seen
// is done when it is due. Thread-compatible.
class RecordedPace : public kube::testing::Pace {
 public:
  explicit RecordedPace(const Recording& recording);

  absl::Time OfPod(const kube::Object& pod, PodEvent event, absl::Time due) const override;
  absl::Time Collects(const kube::Object& object, absl::Time due) const override;

 private:
  struct Pod {
    absl::Time runs = absl::InfiniteFuture(), ends = absl::InfiniteFuture(), goes = absl::InfiniteFuture();
  };
  std::map<std::string, Pod> pods_;              // by UID
  std::map<std::string, absl::Time> collected_;  // by UID
};

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_PACE_H_
