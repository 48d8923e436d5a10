// One look of the Job controller at one Job.
#ifndef MUSTER_KUBE_TESTING_JOB_SYNC_H_
#define MUSTER_KUBE_TESTING_JOB_SYNC_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "kube/testing/api_server.h"

namespace muster::kube::testing {

class JobSync {
 public:
  // REQUIRES: `job` is the version that is stored.
  JobSync(ApiServer* server, ObjectPtr job, absl::Time now);

  // Deletes and creates pods, counts those that are over, writes the status. Gives the time to look again, if there is
  // one that no change will announce.
  std::optional<absl::Time> Run();

 private:
  void Classify();
  void DecideEnd();
  void ManagePods();
  void CreatePods(int64_t count);
  void DeletePods(std::vector<ObjectPtr> pods, int64_t count);
  // Unless it says so already; returns whether it was written.
  bool WriteStatus();
  void CountAndRelease();
  absl::Time DeletedPodsCount() const;
  // When pods may be created again after some that failed.
  absl::Time NextCreation() const;

  void SetOrErase(const char* field, int64_t count);
  int64_t Counted(const char* field) const;
  std::set<int64_t> CompletedIndexes() const;
  void SetCondition(const char* type, const char* status, const std::string& reason, const std::string& message);
  const nlohmann::json* FindCondition(const char* type) const;
  bool Indexed() const { return job_->StringAt("/spec/completionMode") == "Indexed"; }

  ApiServer& server_;
  ObjectPtr job_;
  const absl::Time now_;
  nlohmann::json status_;
  std::vector<ObjectPtr> pods_, active_, succeeded_, failed_;  // of those over: not counted yet
  int64_t terminating_ = 0;
  std::string end_type_, end_reason_, end_message_;  // "Complete" or "Failed", once that is decided
  std::optional<absl::Time> again_;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_JOB_SYNC_H_
