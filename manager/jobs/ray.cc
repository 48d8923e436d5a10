// RayClusters, RayJobs and RayServices.
//
// Problem: what KubeRay adds to pods by itself (the autoscaler, what cleans Redis up, the submitter of a RayJob) uses
// quota too, and is not in the job.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/quantity.h"
#include "manager/jobs/kinds.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kGenerationAnnotation[] = "kueue.x-k8s.io/raycluster-generation";
constexpr char kHead[] = "head";
constexpr char kSubmitter[] = "submitter";
constexpr char kSubmitterTemplate[] = "/spec/submitterPodTemplate";

// The RayClusterSpec of a job.
absl::string_view ClusterPointer(const JobRef& job) {
  if (job.kind.kind == "RayJob") return "/spec/rayClusterSpec";
  return job.kind.kind == "RayService" ? "/spec/rayClusterConfig" : "/spec";
}

const json& ClusterSpec(const JobRef& job) {
  static const json& none = *new json(json::object());
  const json* spec = job.object.At(ClusterPointer(job));
  return spec == nullptr ? none : *spec;
}

// The RayCluster that runs for a job; "" when there is none yet.
std::string ClusterName(const JobRef& job) {
  return std::string(job.object.StringAt(job.kind.kind == "RayJob" ? "/status/rayClusterName"
                                                                   : "/status/activeServiceStatus/rayClusterName"));
}

bool IsFaultTolerant(const JobRef& job) {
  return absl::AsciiStrToLower(job.object.annotation("ray.io/ft-enabled")) == "true" ||
         api::At(ClusterSpec(job), "/gcsFaultToleranceOptions") != nullptr;
}

json SubmitterResources() {
  return {{"limits", {{"cpu", "1"}, {"memory", "1Gi"}}}, {"requests", {{"cpu", "500m"}, {"memory", "200Mi"}}}};
}

json DefaultSubmitter(const JobRef& job) {
  json container = {{"name", "ray-job-submitter"}, {"resources", SubmitterResources()}};
  const std::string image = TextAt(ClusterSpec(job), "/headGroupSpec/template/spec/containers/0/image");
  if (!image.empty()) container["image"] = image;
  return {{"metadata", json::object()},
          {"spec", {{"containers", json::array({std::move(container)})}, {"restartPolicy", "Never"}}}};
}

void AtLeast(json& requests, const char* resource, const char* amount) {
  json& has = requests[resource];
  const absl::StatusOr<api::Quantity> now = api::Quantity::Parse(has.is_string() ? has.get<std::string>()
                                                                 : has.is_null() ? "0"
                                                                                 : has.dump());
  if (!now.ok() || *now < *api::Quantity::Parse(amount)) has = amount;
}

void AddToHead(const JobRef& job, json* pod_template) {
  json& containers = Member(*pod_template, "spec")["containers"];
  if (!containers.is_array()) containers = json::array();
  if (IsFaultTolerant(job) && !containers.empty() && containers[0].is_object()) {
    json& requests = Member(Member(containers[0], "resources"), "requests");
    AtLeast(requests, "cpu", "200m");
    AtLeast(requests, "memory", "256Mi");
  }
  if (BoolAt(ClusterSpec(job), "/enableInTreeAutoscaling")) {
    const json* said = api::At(ClusterSpec(job), "/autoscalerOptions/resources");
    const json amounts = {{"cpu", "500m"}, {"memory", "512Mi"}};
    containers.push_back({{"name", "autoscaler"},
                          {"resources", said != nullptr ? *said : json{{"limits", amounts}, {"requests", amounts}}}});
  }
  if (job.object.StringAt("/spec/submissionMode") == "SidecarMode" && job.kind.kind == "RayJob") {
    containers.push_back({{"name", "ray-job-submitter"}, {"resources", SubmitterResources()}});
  }
}

// Workers as the autoscaler has set them. Errors: FailedPrecondition is kept for what no retry mends.
absl::Status FollowAutoscaler(const JobRef& job, std::vector<json>* pod_sets) {
  if (!IsElastic(job.world, job.object) || !BoolAt(ClusterSpec(job), "/enableInTreeAutoscaling") ||
      job.kind.kind == "RayCluster") {
    return absl::OkStatus();
  }
  const kube::ObjectPtr cluster =
      job.world.objects.Find(kube::TypeOf("ray.io", "RayCluster"), job.object.ns(), ClusterName(job));
  if (cluster == nullptr) return absl::OkStatus();
  for (const json& group : ListAt(cluster->value(), "/spec/workerGroupSpecs")) {
    const std::string name = TextAt(group, "/groupName");
    const auto it = std::find_if(pod_sets->begin(), pod_sets->end(),
                                 [&](const json& each) { return TextAt(each, "/name") == name; });
    if (it == pod_sets->end()) {
      return absl::NotFoundError(absl::StrCat("PodSet name mismatch: RayCluster ", cluster->name(),
                                              " has worker group ", name, " which is not found in Ray object ",
                                              job.object.name(), " spec"));
    }
    if (api::At(group, "/replicas") == nullptr) continue;
    (*it)["count"] = IntAt(group, "/replicas") * std::max<int64_t>(IntAt(group, "/numOfHosts", 1), 1);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<json>> PodSets(const JobRef& job) {
  std::vector<json> pod_sets;
  for (const api::PodSetView& view : api::PodSetsOf(job.kind, job.value())) {
    json pod_template = view.pod_template != nullptr ? *view.pod_template : json::object();
    if (view.name == kSubmitter && view.pod_template == nullptr) pod_template = DefaultSubmitter(job);
    absl::StatusOr<json> made = MakePodSet(job.world, job.kind, view.name, view.count, pod_template);
    if (!made.ok()) return made.status();
    if (view.name == kHead) AddToHead(job, &(*made)["template"]);
    pod_sets.push_back(*std::move(made));
  }
  if (absl::Status status = FollowAutoscaler(job, &pod_sets); !status.ok()) return status;
  return pod_sets;
}

// Where the templates of the pod sets are, in order.
std::vector<std::string> Pointers(const JobRef& job) {
  const std::string cluster(ClusterPointer(job));
  std::vector<std::string> pointers = {cluster + "/headGroupSpec/template"};
  for (size_t i = 0; i < ListAt(ClusterSpec(job), "/workerGroupSpecs").size(); ++i) {
    pointers.push_back(absl::StrCat(cluster, "/workerGroupSpecs/", i, "/template"));
  }
  const std::string mode(job.object.StringAt("/spec/submissionMode"));
  if (job.kind.kind == "RayJob" && (mode.empty() || mode == "K8sJobMode")) pointers.push_back(kSubmitterTemplate);
  return pointers;
}

absl::Status Run(const JobRef& job, Infos infos, json* after) {
  const std::vector<std::string> pointers = Pointers(job);
  if (infos.size() != pointers.size()) return WrongNumberOfPodSets(pointers.size(), infos.size());
  SetSuspended(job.kind, false, after);
  // A RayJob that is not held back does not say so.
  if (job.kind.kind == "RayJob") (*after)["spec"].erase("suspend");
  for (size_t i = 0; i < pointers.size(); ++i) {
    const bool made = pointers[i] == kSubmitterTemplate && job.object.At(kSubmitterTemplate) == nullptr;
    if (made) (*after)["spec"]["submitterPodTemplate"] = DefaultSubmitter(job);
    json* pod_template = Reach(after, pointers[i]);
    if (pod_template == nullptr) return absl::InvalidArgumentError(absl::StrCat(pointers[i], ": not a pod template"));
    if (absl::Status status = MergeIntoTemplate(infos[i], pod_template); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void Restore(const JobRef& job, Infos infos, json* after) {
  const std::vector<std::string> pointers = Pointers(job);
  if (infos.size() != pointers.size()) return;
  for (size_t i = 0; i < pointers.size(); ++i) {
    if (job.object.At(pointers[i]) == nullptr) continue;
    if (json* pod_template = Reach(after, pointers[i])) RestoreTemplate(infos[i], pod_template);
  }
}

std::string SliceExtra(const JobRef& job) {
  const absl::string_view cluster = job.object.annotation(kGenerationAnnotation);
  return absl::StrCat(job.object.generation(), cluster.empty() ? "" : "_", cluster);
}

// The size of an elastic job is that of its RayCluster, whose generation goes into the name of its Workload.
std::map<std::string, std::string> OwnAnnotations(const JobRef& job) {
  const kube::ObjectPtr cluster =
      job.world.objects.Find(kube::TypeOf("ray.io", "RayCluster"), job.object.ns(), ClusterName(job));
  return {{kGenerationAnnotation, cluster == nullptr ? "" : absl::StrCat(cluster->generation())}};
}

std::optional<Outcome> Never(const JobRef&) { return std::nullopt; }

bool IsClusterReady(const JobRef& job) { return job.object.StringAt("/status/state") == "ready"; }
bool IsServiceReady(const JobRef& job) { return HasTrueCondition(job.value(), "Ready"); }
bool IsJobReady(const JobRef& job) { return job.object.StringAt("/status/rayClusterStatus/state") == "ready"; }

std::string Deployment(const JobRef& job) { return std::string(job.object.StringAt("/status/jobDeploymentStatus")); }

bool IsJobActive(const JobRef& job) { return Deployment(job) != "Suspended" && !Deployment(job).empty(); }
bool IsJobOnHold(const JobRef& job) { return Deployment(job) == "ValidationFailed"; }

std::optional<Outcome> JobFinished(const JobRef& job) {
  if (Deployment(job) != "Complete" && Deployment(job) != "Failed") return std::nullopt;
  return Outcome{std::string(job.object.StringAt("/status/message")),
                 job.object.StringAt("/status/jobStatus") == "SUCCEEDED"};
}

// A RayJob on a cluster that is there already needs no quota of its own.
bool UsesOtherCluster(const JobRef& job) {
  const json* selector = job.object.At("/spec/clusterSelector");
  return selector != nullptr && selector->is_object() && !selector->empty();
}

// The quota stays until Redis is cleaned up, which takes a pod.
bool CleansUp(const JobRef& job) { return job.object.deleting() && IsFaultTolerant(job); }

KindRules Common(absl::string_view framework) {
  KindRules rules;
  rules.framework = framework;
  rules.pod_sets = PodSets;
  rules.run = Run;
  rules.restore = Restore;
  rules.slice_extra = SliceExtra;
  return rules;
}

}  // namespace

std::vector<KindRules> RayRules() {
  KindRules cluster = Common("ray.io/raycluster");
  cluster.active = IsClusterReady;
  cluster.finished = Never;
  cluster.pods_ready = IsClusterReady;
  cluster.slice_extra = nullptr;
  KindRules job = Common("ray.io/rayjob");
  job.active = IsJobActive;
  job.finished = JobFinished;
  job.pods_ready = IsJobReady;
  job.on_hold = IsJobOnHold;
  job.skip = UsesOtherCluster;
  job.own_annotations = OwnAnnotations;
  KindRules service = Common("ray.io/rayservice");
  service.active = IsServiceReady;
  service.finished = Never;
  service.pods_ready = IsServiceReady;
  service.skip = CleansUp;
  service.own_annotations = OwnAnnotations;
  return {std::move(cluster), std::move(job), std::move(service)};
}

}  // namespace muster::manager
