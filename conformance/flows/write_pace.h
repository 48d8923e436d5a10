// When the writes of a manager take effect: when those that were recorded did.
//
// Problem: the recorded manager, and the API server it wrote to, were slow at times; users went on meanwhile. What is said
// of a job that was deleted before it could start depends on how long starting took.
#ifndef MUSTER_CONFORMANCE_FLOWS_WRITE_PACE_H_
#define MUSTER_CONFORMANCE_FLOWS_WRITE_PACE_H_

#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "absl/time/time.h"
#include "conformance/flows/recording.h"
#include "kube/request.h"

namespace muster::conformance {

// Pairs writes with recorded ones of the same object, verb, subresource, field manager and meaning, in order: which
// conditions a status has, what a patch changes. Those that changed nothing, or were refused, have no pace; neither have
// statuses of queues, which are about times themselves. Thread-compatible.
class WritePace {
 public:
  explicit WritePace(const Recording& recording);

  // When a write that is ready at `now` takes effect; it uses up the recorded one. `now` when there is none left, or the
  // recorded manager was faster.
  absl::Time When(const kube::Request& request, absl::Time now);
  // It was refused: when it is tried again, it takes effect at once.
  void Refused(const kube::Request& request) { again_.insert(KindOf(request)); }

 private:
  using Kind = std::tuple<kube::ObjectKey, kube::Verb, std::string, std::string, std::string>;
  static Kind KindOf(const kube::Request& request);
  std::map<Kind, std::deque<absl::Time>> recorded_;
  std::set<Kind> again_;
};

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_WRITE_PACE_H_
