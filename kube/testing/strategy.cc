#include "kube/testing/strategy.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "kube/testing/job_kind_defaults.h"
#include "kube/testing/json_path.h"
#include "kube/testing/pod_defaults.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

bool Is(const ResourceType& type, absl::string_view group, absl::string_view kind) {
  return type.group == group && type.kind == kind;
}

void SetJobDefaults(json* spec) {
  if (Get(*spec, {"completions"}) == nullptr && Get(*spec, {"parallelism"}) == nullptr) (*spec)["completions"] = 1;
  SetDefault(*spec, "parallelism", 1);
  SetDefault(*spec, "backoffLimit", 6);
  SetDefault(*spec, "completionMode", "NonIndexed");
  SetDefault(*spec, "suspend", false);
  SetDefault(*spec, "manualSelector", false);
  SetDefault(*spec, "podReplacementPolicy",
             Get(*spec, {"podFailurePolicy"}) == nullptr ? "TerminatingOrFailed" : "Failed");
}

void SetDeploymentDefaults(json* spec) {
  SetDefault(*spec, "replicas", 1);
  SetDefault(*spec, "revisionHistoryLimit", 10);
  SetDefault(*spec, "progressDeadlineSeconds", 600);
  json& strategy = ObjectAt(*spec, {"strategy"});
  SetDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] != "RollingUpdate") return;
  json& rolling = ObjectAt(strategy, {"rollingUpdate"});
  SetDefault(rolling, "maxUnavailable", "25%");
  SetDefault(rolling, "maxSurge", "25%");
}

void SetStatefulSetDefaults(json* spec) {
  SetDefault(*spec, "replicas", 1);
  SetDefault(*spec, "revisionHistoryLimit", 10);
  SetDefault(*spec, "podManagementPolicy", "OrderedReady");
  json& strategy = ObjectAt(*spec, {"updateStrategy"});
  SetDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] == "RollingUpdate") SetDefault(ObjectAt(strategy, {"rollingUpdate"}), "partition", 0);
  json& retention = ObjectAt(*spec, {"persistentVolumeClaimRetentionPolicy"});
  SetDefault(retention, "whenDeleted", "Retain");
  SetDefault(retention, "whenScaled", "Retain");
}

void SetClusterQueueDefaults(json* spec) {
  SetDefault(*spec, "queueingStrategy", "BestEffortFIFO");
  SetDefault(*spec, "stopPolicy", "None");
  json& fungibility = ObjectAt(*spec, {"flavorFungibility"});
  SetDefault(fungibility, "whenCanBorrow", "MayStopSearch");
  SetDefault(fungibility, "whenCanPreempt", "TryNextFlavor");
  json& preemption = ObjectAt(*spec, {"preemption"});
  SetDefault(preemption, "reclaimWithinCohort", "Never");
  SetDefault(preemption, "withinClusterQueue", "Never");
  SetDefault(ObjectAt(preemption, {"borrowWithinCohort"}), "policy", "Never");
  if (Get(*spec, {"fairSharing"}) != nullptr) SetDefault((*spec)["fairSharing"], "weight", "1");
}

void SetWorkloadDefaults(json* spec) {
  SetDefault(*spec, "active", true);
  const auto sets = spec->find("podSets");
  if (sets == spec->end() || !sets->is_array()) return;
  for (json& set : *sets) {
    if (!set.is_object()) continue;
    SetDefault(set, "name", "main");
    SetDefault(set, "count", 1);
  }
}

}  // namespace

bool CountsGenerations(const ResourceType& type) {
  static const auto& without = *new std::set<absl::string_view>{
      "Namespace", "Node",    "LimitRange",         "PodTemplate", "Secret",
      "ConfigMap", "Service", "ControllerRevision", "Event",       "Lease",
  };
  return without.count(type.kind) == 0;
}

void SetDefaults(const ResourceType& type, json* object) {
  DropEmptyMembers(&(*object)["metadata"], {"labels", "annotations", "finalizers", "ownerReferences"});
  if (type.group == "" && type.kind == "Pod") {
    SetPodSpecDefaults(true, &(*object)["spec"]);
  } else if (Is(type, "batch", "Job")) {
    SetJobDefaults(&ObjectAt(*object, {"spec"}));
    SetPodTemplateDefaults(&(*object)["spec"]["template"]);
  } else if (Is(type, "apps", "Deployment")) {
    SetDeploymentDefaults(&ObjectAt(*object, {"spec"}));
    SetPodTemplateDefaults(&(*object)["spec"]["template"]);
  } else if (Is(type, "apps", "ReplicaSet")) {
    SetDefault(ObjectAt(*object, {"spec"}), "replicas", 1);
    SetPodTemplateDefaults(&(*object)["spec"]["template"]);
  } else if (Is(type, "apps", "StatefulSet")) {
    SetStatefulSetDefaults(&ObjectAt(*object, {"spec"}));
    SetPodTemplateDefaults(&(*object)["spec"]["template"]);
  } else if (type.kind == "ClusterQueue") {
    SetClusterQueueDefaults(&ObjectAt(*object, {"spec"}));
  } else if (type.kind == "LocalQueue") {
    SetDefault(ObjectAt(*object, {"spec"}), "stopPolicy", "None");
  } else if (type.kind == "Workload") {
    SetWorkloadDefaults(&ObjectAt(*object, {"spec"}));
  } else {
    SetJobKindDefaults(type, object);
  }
}

void PrepareForCreate(const ResourceType& type, absl::Time now, json* object) {
  if (type.has_status) EraseMember(*object, "status");
  const std::string uid = GetString(*object, {"metadata", "uid"});
  const std::string name = GetString(*object, {"metadata", "name"});
  if (Is(type, "batch", "Job")) {
    (*object)["spec"]["selector"] = {{"matchLabels", {{"batch.kubernetes.io/controller-uid", uid}}}};
    json& labels = ObjectAt(*object, {"spec", "template", "metadata", "labels"});
    labels["batch.kubernetes.io/controller-uid"] = uid;
    labels["batch.kubernetes.io/job-name"] = name;
    labels["controller-uid"] = uid;
    labels["job-name"] = name;
    (*object)["status"] = json::object();
  } else if (type.kind == "Pod") {
    json& status = ObjectAt(*object, {"status"});
    status["phase"] = "Pending";
    if (const json* gates = Get(*object, {"spec", "schedulingGates"}); gates != nullptr && !gates->empty()) {
      status["conditions"] =
          json::array({json{{"type", "PodScheduled"},
                            {"status", "False"},
                            {"lastTransitionTime", TimeText(now)},
                            {"reason", "SchedulingGated"},
                            {"message", "Scheduling is blocked due to non-empty scheduling gates"}}});
    }
  } else if (Is(type, "apps", "StatefulSet")) {
    (*object)["status"] = {{"replicas", 0}, {"availableReplicas", 0}};
  } else if (Is(type, "apps", "ReplicaSet")) {
    (*object)["status"] = {{"replicas", 0}};
  } else if (Is(type, "apps", "Deployment")) {
    (*object)["status"] = json::object();
  }
}

void PrepareForUpdate(const ResourceType& type, const std::string& subresource, const json& old, json* fresh) {
  if (subresource == "status") {
    json status = fresh->contains("status") ? std::move((*fresh)["status"]) : json();
    *fresh = old;
    if (status.is_null()) {
      fresh->erase("status");
    } else {
      (*fresh)["status"] = std::move(status);
    }
    return;
  }
  (*fresh)["apiVersion"] = old["apiVersion"];
  (*fresh)["kind"] = old["kind"];
  if (type.has_status) {
    if (old.contains("status")) {
      (*fresh)["status"] = old["status"];
    } else {
      fresh->erase("status");
    }
  }
  json& metadata = ObjectAt(*fresh, {"metadata"});
  for (const char* key : {"name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp",
                          "deletionGracePeriodSeconds", "generateName", "resourceVersion", "managedFields"}) {
    const json* value = Get(old, {"metadata", key});
    if (value != nullptr) {
      metadata[key] = *value;
    } else {
      metadata.erase(key);
    }
  }
}

}  // namespace muster::kube::testing
