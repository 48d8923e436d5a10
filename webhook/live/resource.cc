#include "webhook/live/resource.h"

namespace muster::webhook {
namespace {

using Type = KeptField::Type;

constexpr char kKueue[] = "kueue.x-k8s.io";
constexpr char kTrainer[] = "trainer.kubeflow.org";

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
      {&kube::TypeOf("", "Namespace"), FollowedKind::kNamespace, {{"/metadata/labels", Type::kStringMap}}},
      {&kube::TypeOf(kKueue, "LocalQueue"), FollowedKind::kLocalQueue, {{"/spec/clusterQueue", Type::kString}}},
      {&kube::TypeOf(kKueue, "ClusterQueue"),
       FollowedKind::kClusterQueue,
       {{"/spec/admissionChecksStrategy/admissionChecks/*/name", Type::kString}}},
      {&kube::TypeOf(kKueue, "AdmissionCheck"),
       FollowedKind::kAdmissionCheck,
       {{"/spec/controllerName", Type::kString}}},
      {&kube::TypeOf(kKueue, "WorkloadPriorityClass"), FollowedKind::kWorkloadPriorityClass, {}},
      {&kube::TypeOf(kTrainer, "TrainingRuntime"), FollowedKind::kTrainingRuntime, OfTrainingRuntime()},
      {&kube::TypeOf(kTrainer, "ClusterTrainingRuntime"), FollowedKind::kClusterTrainingRuntime, OfTrainingRuntime()},
  };
  return *resources;
}

}  // namespace muster::webhook
