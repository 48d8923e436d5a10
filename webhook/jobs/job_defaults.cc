#include "webhook/jobs/job_defaults.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "webhook/jobs/owners.h"
#include "webhook/jobs/role_hash.h"
#include "webhook/patch/json_access.h"
#include "webhook/patch/object_patch.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

std::string LabelPointer(absl::string_view key) { return absl::StrCat("/metadata/labels/", PointerToken(key)); }
std::string AnnotationPointer(absl::string_view key) {
  return absl::StrCat("/metadata/annotations/", PointerToken(key));
}

std::string NamespaceOf(const json& object) {
  const json* metadata = Field(object, "metadata");
  return metadata == nullptr ? "" : ValueOrEmpty(StringField(*metadata, "namespace"));
}

bool HasGate(const json& pod_template, absl::string_view gate) {
  const json* gates = api::At(pod_template, "/spec/schedulingGates");
  return gates != nullptr && gates->is_array() && std::any_of(gates->begin(), gates->end(), [&](const json& item) {
           const std::string* name = StringField(item, "name");
           return name != nullptr && absl::string_view(*name) == gate;
         });
}

// `pointer` leads to a pod or pod template, or to where one is made.
void AddGate(absl::string_view pointer, absl::string_view gate, ObjectPatch& patch) {
  const json* pod = api::At(patch.object(), pointer);
  if (pod != nullptr && HasGate(*pod, gate)) return;
  patch.Append(absl::StrCat(pointer, "/spec/schedulingGates"), json{{"name", std::string(gate)}});
}

// Pods of the template belong to a parent that Kueue holds back by them.
void MarkTemplate(const std::string& at, const json& parent, absl::string_view framework, ObjectPatch& patch) {
  patch.Set(absl::StrCat(at, AnnotationPointer(api::kPodSuspendingParentAnnotation)), std::string(framework));
  for (const char* label : {api::kQueueNameLabel, api::kPriorityClassLabel}) {
    const std::string value = ValueOrEmpty(Label(parent, label));
    if (!value.empty()) patch.Set(absl::StrCat(at, LabelPointer(label)), value);
  }
}

}  // namespace

bool IsElastic(const Env& env, const json& job) {
  return env.config.gates[Gate::kElasticJobsViaWorkloadSlices] &&
         ValueOrEmpty(Annotation(job, api::kElasticJobAnnotation)) == "true";
}

bool BelongsToOther(const api::JobKind& kind, const json& stateful_set) {
  const json* pod_template = api::At(stateful_set, "/spec/template");
  const std::string* parent =
      pod_template == nullptr ? nullptr : Annotation(*pod_template, api::kPodSuspendingParentAnnotation);
  return !ValueOrEmpty(parent).empty() && absl::string_view(*parent) != kind.framework;
}

Failure DefaultQueue(const Env& env, bool check_owner, ObjectPatch& patch) {
  const json& object = patch.object();
  if (!ValueOrEmpty(Label(object, api::kQueueNameLabel)).empty()) return std::nullopt;
  const std::string ns = NamespaceOf(object);
  if (!env.state.HasLocalQueue(ns, api::kDefaultName)) return std::nullopt;
  if (check_owner && IsOwnerManaged(env, object)) return std::nullopt;
  // A queue may be known before its namespace is.
  if (env.state.NamespaceLabels(ns) == nullptr) return AdmissionResponse::NotFound({ns, "", "Namespace"});
  if (IsNamespaceManaged(env, ns)) patch.Set(LabelPointer(api::kQueueNameLabel), api::kDefaultName);
  return std::nullopt;
}

void DefaultPriorityClass(const Env& env, ObjectPatch& patch) {
  if (!env.config.gates[Gate::kWorkloadPriorityClassDefaulting]) return;
  const json& object = patch.object();
  if (!ValueOrEmpty(Label(object, api::kPriorityClassLabel)).empty() ||
      !env.state.HasWorkloadPriorityClass(api::kDefaultName))
    return;
  if (IsOwnerManaged(env, object)) return;
  patch.Set(LabelPointer(api::kPriorityClassLabel), api::kDefaultName);
}

Failure DefaultJob(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  const json& object = patch.object();
  if (Failure failure = DefaultQueue(env, /*check_owner=*/true, patch)) return failure;
  DefaultPriorityClass(env, patch);
  bool suspend = false;
  if (Failure failure = ShouldBeSuspended(env, object, &suspend)) return failure;
  if (suspend && !kind.suspend.empty()) patch.Set(kind.suspend, true);
  if (kind.managed_by.empty() || !env.config.gates[Gate::kMultiKueue]) return std::nullopt;
  const json* manager = api::At(object, kind.managed_by);
  const std::string& queue = ValueOrEmpty(Label(object, api::kQueueNameLabel));
  const bool own = manager == nullptr ||
                   (manager->is_string() && manager->get_ref<const std::string&>() == StdView(kind.own_controller));
  if (own && !queue.empty() && env.state.UsesMultiKueue(NamespaceOf(object), queue)) {
    patch.Set(kind.managed_by, api::kMultiKueueController);
  }
  return std::nullopt;
}

Failure DefaultElasticJob(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  if (Failure failure = DefaultJob(env, kind, patch)) return failure;
  if (!IsElastic(env, patch.object())) return std::nullopt;
  for (const std::string& pointer : api::TemplatePointersOf(kind, patch.object()))
    AddGate(pointer, api::kElasticJobAnnotation, patch);
  return std::nullopt;
}

Failure DefaultMpiJob(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  if (Failure failure = DefaultJob(env, kind, patch)) return failure;
  if (!env.config.gates[Gate::kTopologyAwareScheduling]) return std::nullopt;
  const json* as_worker = api::At(patch.object(), "/spec/runLauncherAsWorker");
  const json* launcher = api::At(patch.object(), "/spec/mpiReplicaSpecs/Launcher");
  const json* worker = api::At(patch.object(), "/spec/mpiReplicaSpecs/Worker");
  const auto is_there = [](const json* role) { return role != nullptr && role->is_object(); };
  if (as_worker == nullptr || *as_worker != true || !is_there(launcher) || !is_there(worker)) return std::nullopt;
  // A launcher that is in a group with the workers counts them itself.
  const json* launcher_template = Field(*launcher, "template");
  if (launcher_template != nullptr && Annotation(*launcher_template, api::kPodSetGroupNameAnnotation) != nullptr)
    return std::nullopt;
  patch.Set(absl::StrCat("/spec/mpiReplicaSpecs/Worker/template", AnnotationPointer(api::kPodIndexOffsetAnnotation)),
            "1");
  return std::nullopt;
}

Failure DefaultTrainJob(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  if (Failure failure = DefaultJob(env, kind, patch)) return failure;
  constexpr char kPatches[] = "/spec/runtimePatches";
  const json* patches = api::At(patch.object(), kPatches);
  if (patches != nullptr && patches->is_array()) {
    for (const json& item : *patches) {
      if (ValueOrEmpty(StringField(item, "manager")) == api::kKueueManager) return std::nullopt;
    }
  }
  patch.Append(kPatches,
               {{"manager", api::kKueueManager}, {"trainingRuntimeSpec", {{"template", {{"spec", json::object()}}}}}});
  return std::nullopt;
}

Failure DefaultDeployment(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  if (Failure failure = DefaultQueue(env, /*check_owner=*/true, patch)) return failure;
  DefaultPriorityClass(env, patch);
  bool suspend = false;
  if (Failure failure = ShouldBeSuspended(env, patch.object(), &suspend)) return failure;
  if (!suspend) return std::nullopt;
  constexpr char kTemplate[] = "/spec/template";
  patch.Set(absl::StrCat(kTemplate, LabelPointer(api::kManagedLabel)), "true");
  MarkTemplate(kTemplate, patch.object(), kind.framework, patch);
  return std::nullopt;
}

Failure DefaultStatefulSet(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  if (Failure failure = DefaultQueue(env, /*check_owner=*/true, patch)) return failure;
  DefaultPriorityClass(env, patch);
  bool suspend = false;
  if (Failure failure = ShouldBeSuspended(env, patch.object(), &suspend)) return failure;
  if (suspend && !BelongsToOther(kind, patch.object())) {
    patch.Set(absl::StrCat("/spec/template", AnnotationPointer(api::kPodSuspendingParentAnnotation)),
              std::string(kind.framework));
  }
  return std::nullopt;
}

Failure DefaultLeaderWorkerSet(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  if (Failure failure = DefaultQueue(env, /*check_owner=*/true, patch)) return failure;
  DefaultPriorityClass(env, patch);
  bool suspend = false;
  if (Failure failure = ShouldBeSuspended(env, patch.object(), &suspend)) return failure;
  if (!suspend) return std::nullopt;
  for (const std::string& at : api::TemplatePointersOf(kind, patch.object())) {
    MarkTemplate(at, patch.object(), kind.framework, patch);
    patch.Set(absl::StrCat(at, AnnotationPointer(api::kPodGroupServingAnnotation)), "true");
  }
  const json* group = api::At(patch.object(), "/spec/leaderWorkerTemplate");
  if (group == nullptr || !env.config.gates[Gate::kTopologyAwareScheduling]) return std::nullopt;
  const json* worker = Field(*group, "workerTemplate");
  if (Field(*group, "leaderTemplate") != nullptr && worker != nullptr &&
      Annotation(*worker, api::kPodSetGroupNameAnnotation) == nullptr) {
    patch.Set(
        absl::StrCat("/spec/leaderWorkerTemplate/workerTemplate", AnnotationPointer(api::kPodIndexOffsetAnnotation)),
        "1");
  }
  return std::nullopt;
}

Failure DefaultPod(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  (void)kind;
  const json& pod = patch.object();
  const bool by_parent = Annotation(pod, api::kPodSuspendingParentAnnotation) != nullptr;
  if (!by_parent) {
    const std::string ns = NamespaceOf(pod);
    if (env.state.NamespaceLabels(ns) == nullptr) return AdmissionResponse::NotFound({ns, "", "Namespace"});
    if (!IsNamespaceManaged(env, ns)) return std::nullopt;
    bool managed = false;
    if (Failure failure = FindManagedAncestor(env, pod, &managed)) return failure;
    if (managed) return std::nullopt;
    if (Failure failure = DefaultQueue(env, /*check_owner=*/false, patch)) return failure;
    if (ValueOrEmpty(Label(pod, api::kQueueNameLabel)).empty() && !env.config.manage_jobs_without_queue_name) {
      return std::nullopt;
    }
    DefaultPriorityClass(env, patch);
    patch.Set(LabelPointer(api::kManagedLabel), "true");
    const json* finalizers = api::At(pod, "/metadata/finalizers");
    if (finalizers == nullptr || !finalizers->is_array() ||
        std::find(finalizers->begin(), finalizers->end(), api::kManagedLabel) == finalizers->end()) {
      patch.Append("/metadata/finalizers", api::kManagedLabel);
    }
  }
  AddGate("", api::kAdmissionSchedulingGate, patch);
  if (env.config.gates[Gate::kTopologyAwareScheduling]) {
    if (const std::string* label = Annotation(pod, api::kPodGroupPodIndexLabelAnnotation)) {
      const std::string index = ValueOrEmpty(Label(pod, *label));
      patch.Set(LabelPointer(api::kPodGroupPodIndexLabel), index);
    }
    AddGate("", api::kTopologySchedulingGate, patch);
  }
  // A pod of a group keeps the role it was given by whoever made the group.
  if (Annotation(pod, api::kRoleHashAnnotation) == nullptr)
    patch.Set(AnnotationPointer(api::kRoleHashAnnotation), RoleHash(pod));
  return std::nullopt;
}

}  // namespace muster::webhook
