// The Job controller of a recording: what it did, when it did it.
//
// Problem: what a controller says depends on what it has seen, and those of a busy cluster see things late. A status that
// is worked out anew from the pods there are would be another.
#ifndef MUSTER_CONFORMANCE_FLOWS_RECORDED_JOBS_H_
#define MUSTER_CONFORMANCE_FLOWS_RECORDED_JOBS_H_

#include <cstddef>
#include <vector>

#include "conformance/flows/recording.h"
#include "kube/testing/api_server.h"
#include "kube/testing/controller.h"

namespace muster::conformance {

// Changes the status of Jobs, makes pods, from the templates that the Jobs have in the replay, and deletes them. Of a Job
// that is not there nothing is done. Thread-compatible.
class RecordedJobs : public kube::testing::Controller {
 public:
  // REQUIRES: the server outlives it.
  RecordedJobs(const Recording& recording, kube::testing::ApiServer* server);

  void Observe(const kube::WatchEvent&, absl::Time) override {}
  void Run(absl::Time now) override;
  absl::Time NextTime() const override;

 private:
  struct Deed {
    absl::Time time;
    kube::ObjectKey job;
    nlohmann::json status;  // a merge patch; null = something about a pod
    kube::ObjectPtr pod;    // as it was when it appeared
    bool deletes = false;
  };
  void Do(const Deed& deed, absl::Time now);
  void MakePod(const kube::Object& job, const kube::Object& recorded, absl::Time now);

  kube::testing::ApiServer& server_;
  std::vector<Deed> deeds_;  // in order of time
  size_t next_ = 0;
};

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_RECORDED_JOBS_H_
