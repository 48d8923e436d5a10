#include "kube/testing/job_kind_defaults.h"

#include "kube/testing/json_path.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

// The list at spec.KEY, or an empty one.
json& ListAt(json& object, const char* key) {
  static json none = json::array();
  const auto it = object.find(key);
  if (it == object.end() || !it->is_array()) {
    none = json::array();
    return none;
  }
  return *it;
}

void SetRayClusterDefaults(json* spec) {
  for (json& group : ListAt(*spec, "workerGroupSpecs")) {
    SetDefault(group, "numOfHosts", 1);
    SetDefault(group, "priority", 0);
  }
}

}  // namespace

void SetJobKindDefaults(const ResourceType& type, json* object) {
  if (type.kind == "JobSet") {
    for (json& job : ListAt(ObjectAt(*object, {"spec"}), "replicatedJobs")) {
      SetDefault(job, "groupName", "default");
      SetDefault(job, "replicas", 1);
    }
  } else if (type.kind == "MPIJob") {
    json& spec = ObjectAt(*object, {"spec"});
    SetDefault(spec, "launcherCreationPolicy", "AtStartup");
    SetDefault(spec, "mpiImplementation", "OpenMPI");
    SetDefault(spec, "runLauncherAsWorker", false);
    SetDefault(spec, "slotsPerWorker", 1);
    SetDefault(spec, "sshAuthMountPath", "/root/.ssh");
  } else if (type.kind == "RayJob") {
    json& spec = ObjectAt(*object, {"spec"});
    SetDefault(spec, "backoffLimit", 0);
    SetDefault(spec, "submissionMode", "K8sJobMode");
    SetDefault(spec, "ttlSecondsAfterFinished", 0);
    if (Get(spec, {"rayClusterSpec"}) != nullptr) SetRayClusterDefaults(&spec["rayClusterSpec"]);
  } else if (type.kind == "RayCluster") {
    SetRayClusterDefaults(&ObjectAt(*object, {"spec"}));
  } else if (type.kind == "LeaderWorkerSet") {
    json& spec = ObjectAt(*object, {"spec"});
    SetDefault(spec, "replicas", 1);
    SetDefault(spec, "startupPolicy", "LeaderCreated");
    SetDefault(ObjectAt(spec, {"leaderWorkerTemplate"}), "restartPolicy", "RecreateGroupOnPodRestart");
    json& rollout = ObjectAt(spec, {"rolloutStrategy"});
    SetDefault(rollout, "type", "RollingUpdate");
    SetDefault(ObjectAt(rollout, {"rollingUpdateConfiguration"}), "partition", 0);
  } else if (type.kind == "TrainJob") {
    json& spec = ObjectAt(*object, {"spec"});
    SetDefault(spec, "suspend", false);
    SetDefault(spec, "managedBy", "trainer.kubeflow.org/trainjob-controller");
    json& runtime = ObjectAt(spec, {"runtimeRef"});
    SetDefault(runtime, "apiGroup", "trainer.kubeflow.org");
    SetDefault(runtime, "kind", "ClusterTrainingRuntime");
  }
}

}  // namespace muster::kube::testing
