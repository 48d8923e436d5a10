// JobSets.
#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/jobs/kinds.h"
#include "manager/jobs/read.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kReplicatedJobs[] = "/spec/replicatedJobs";
constexpr char kStatuses[] = "/status/replicatedJobsStatus";

bool IsActive(const JobRef& job) {
  for (const json& each : ListAt(job.value(), kStatuses)) {
    if (IntAt(each, "/active") > 0) return true;
  }
  return false;
}

std::optional<Outcome> Finished(const JobRef& job) {
  for (const bool success : {true, false}) {
    const json* condition = ConditionOf(job.value(), success ? "Completed" : "Failed");
    if (condition != nullptr && TextAt(*condition, "/status") == "True") {
      return Outcome{TextAt(*condition, "/message"), success};
    }
  }
  return std::nullopt;
}

// Counts Jobs, not pods.
bool PodsReady(const JobRef& job) {
  int64_t wanted = 0, ready = 0;
  for (const json& each : ListAt(job.value(), kReplicatedJobs)) wanted += IntAt(each, "/replicas", 1);
  for (const json& each : ListAt(job.value(), kStatuses)) ready += IntAt(each, "/ready") + IntAt(each, "/succeeded");
  return wanted == ready;
}

std::vector<api::ReclaimablePod> Reclaimable(const JobRef& job) {
  std::vector<api::ReclaimablePod> pods;
  for (const json& each : ListAt(job.value(), kReplicatedJobs)) {
    const std::string name = TextAt(each, "/name");
    const json* spec = api::At(each, "/template/spec");
    const int64_t per_job = spec == nullptr ? 1 : api::PodsOfJobSpec(*spec);
    for (const json& status : ListAt(job.value(), kStatuses)) {
      const int64_t succeeded = IntAt(status, "/succeeded");
      if (TextAt(status, "/name") != name || succeeded <= 0 || succeeded > IntAt(each, "/replicas", 1)) continue;
      pods.push_back({name, static_cast<int32_t>(succeeded * per_job)});
      break;
    }
  }
  return pods;
}

absl::StatusOr<std::vector<json>> PodSets(const JobRef& job) {
  absl::StatusOr<std::vector<json>> pod_sets = PodSetsOfTemplates(job);
  if (!pod_sets.ok()) return pod_sets;
  const json& jobs = ListAt(job.value(), kReplicatedJobs);
  for (size_t i = 0; i < pod_sets->size() && i < jobs.size(); ++i) {
    const auto request = (*pod_sets)[i].find("topologyRequest");
    if (request == (*pod_sets)[i].end()) continue;
    (*request)["subGroupIndexLabel"] = api::kJobIndexLabel;
    (*request)["subGroupCount"] = IntAt(jobs[i], "/replicas", 1);
  }
  return pod_sets;
}

}  // namespace

KindRules JobSetRules() {
  KindRules rules;
  rules.framework = "jobset.x-k8s.io/jobset";
  rules.active = IsActive;
  rules.finished = Finished;
  rules.pods_ready = PodsReady;
  rules.reclaimable = Reclaimable;
  rules.pod_sets = PodSets;
  return rules;
}

}  // namespace muster::manager
