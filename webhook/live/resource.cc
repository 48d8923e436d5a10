#include "webhook/live/resource.h"

#include "absl/strings/str_cat.h"

namespace muster::webhook {
namespace {

using Type = KeptField::Type;

std::vector<KeptField> OfTrainingRuntime() {
  return {{"/spec/mlPolicy/numNodes", Type::kInteger},
          {"/spec/template/spec/replicatedJobs/*/name", Type::kString},
          {"/spec/template/spec/replicatedJobs/*/template/metadata/labels", Type::kStringMap},
          {"/spec/template/spec/replicatedJobs/*/template/spec/parallelism", Type::kInteger},
          {"/spec/template/spec/replicatedJobs/*/template/spec/completions", Type::kInteger},
          {"/spec/template/spec/replicatedJobs/*/template/spec/template/metadata/annotations", Type::kStringMap}};
}

}  // namespace

const std::vector<Resource>& FollowedResources() {
  static const auto* const resources = new std::vector<Resource>{
      {"", "v1", "namespaces", "Namespace", false, FollowedKind::kNamespace, {{"/metadata/labels", Type::kStringMap}}},
      {"kueue.x-k8s.io",
       "v1beta2",
       "localqueues",
       "LocalQueue",
       true,
       FollowedKind::kLocalQueue,
       {{"/spec/clusterQueue", Type::kString}}},
      {"kueue.x-k8s.io",
       "v1beta2",
       "clusterqueues",
       "ClusterQueue",
       false,
       FollowedKind::kClusterQueue,
       {{"/spec/admissionChecksStrategy/admissionChecks/*/name", Type::kString}}},
      {"kueue.x-k8s.io",
       "v1beta2",
       "admissionchecks",
       "AdmissionCheck",
       false,
       FollowedKind::kAdmissionCheck,
       {{"/spec/controllerName", Type::kString}}},
      {"kueue.x-k8s.io",
       "v1beta2",
       "workloadpriorityclasses",
       "WorkloadPriorityClass",
       false,
       FollowedKind::kWorkloadPriorityClass,
       {}},
      {"trainer.kubeflow.org", "v1alpha1", "trainingruntimes", "TrainingRuntime", true, FollowedKind::kTrainingRuntime,
       OfTrainingRuntime()},
      {"trainer.kubeflow.org", "v1alpha1", "clustertrainingruntimes", "ClusterTrainingRuntime", false,
       FollowedKind::kClusterTrainingRuntime, OfTrainingRuntime()},
  };
  return *resources;
}

std::string ResourceName(const Resource& resource) {
  return resource.group.empty() ? resource.plural : absl::StrCat(resource.plural, ".", resource.group);
}

std::string ApiVersion(const Resource& resource) {
  return resource.group.empty() ? resource.version : absl::StrCat(resource.group, "/", resource.version);
}

std::string GroupPath(absl::string_view group, absl::string_view version) {
  return group.empty() ? absl::StrCat("/api/", version) : absl::StrCat("/apis/", group, "/", version);
}

std::string CollectionPath(const Resource& resource) {
  return absl::StrCat(GroupPath(resource.group, resource.version), "/", resource.plural);
}

}  // namespace muster::webhook
