// What the parts of api/jobs share. Internal to api/jobs.
#ifndef MUSTER_API_JOBS_COMMON_H_
#define MUSTER_API_JOBS_COMMON_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/jobs/workloads.h"

namespace muster::api {

// A job as it was written, and who it is.
struct JobSource {
  const JobKind* kind = nullptr;
  const nlohmann::json* manifest = nullptr;
  std::string ns, name, uid;
};

// One Workload of a job, before it has a name and a priority.
struct JobWorkload {
  std::string extra;  // tells it from the job's others
  std::vector<PodSet> pod_sets;
};

// Errors: InvalidArgument for what is no object, of no known kind, or nameless.
absl::StatusOr<JobSource> SourceOf(const nlohmann::json& manifest);
// The value of a label of the job, "" if it has none.
std::string LabelOf(const JobSource& job, const char* label);
// The number at the pointer, 1 when absent, bounded.
int64_t ReplicasOf(const JobSource& job, absl::string_view pointer);
// The same error, with the job's kind and name before it.
absl::Status AtJob(const JobSource& job, const absl::Status& status);
absl::StatusOr<Workload> MakeWorkload(const JobSource& job, const JobOptions& options, JobWorkload part);

}  // namespace muster::api

#endif  // MUSTER_API_JOBS_COMMON_H_
