#include "manager/jobs/training_runtime.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/jobs/strategic_merge.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kTrainerGroup[] = "trainer.kubeflow.org";
constexpr char kClusterRuntime[] = "ClusterTrainingRuntime";
constexpr char kNamespacedRuntime[] = "TrainingRuntime";

// What a replicated job of the runtime is for, in a label of its template.
constexpr char kAncestor[] = "trainer.kubeflow.org/trainjob-ancestor-step";
constexpr char kTrainer[] = "trainer";
constexpr char kDatasetInitializer[] = "dataset-initializer";
constexpr char kModelInitializer[] = "model-initializer";
// The replicated job, and the container, that trains.
constexpr char kNode[] = "node";

constexpr char kStorageUri[] = "STORAGE_URI";
constexpr char kPodGroup[] = "scheduling.x-k8s.io/pod-group";

std::string AncestorOf(const json& replicated) {
  const json& none = json::object();
  const json* labels = api::At(replicated, "/template/metadata/labels");
  const json& all = labels != nullptr && labels->is_object() ? *labels : none;
  const auto it = all.find(kAncestor);
  return it != all.end() && it->is_string() ? it->get<std::string>() : "";
}

bool Has(const json& value, absl::string_view pointer) {
  const json* found = api::At(value, pointer);
  return found != nullptr && !found->is_null();
}

absl::StatusOr<json> RuntimeSpec(const World& world, const kube::Object& job) {
  const std::string group(job.StringAt("/spec/runtimeRef/apiGroup"));
  const std::string kind(job.StringAt("/spec/runtimeRef/kind"));
  const std::string name(job.StringAt("/spec/runtimeRef/name"));
  if (group != kTrainerGroup || (kind != kClusterRuntime && kind != kNamespacedRuntime)) {
    return absl::InvalidArgumentError(absl::StrCat("unsupported runtime: ", kind, ".", group));
  }
  const kube::ObjectPtr runtime =
      world.objects.Find(kube::TypeOf(group, kind), kind == kNamespacedRuntime ? job.ns() : "", name);
  if (runtime == nullptr) return absl::NotFoundError(absl::StrCat("runtime '", name, "' not found"));
  const json* spec = runtime->At("/spec");
  return spec != nullptr && spec->is_object() ? *spec : json::object();
}

// Those that users, controllers and webhooks have laid over the runtime. Replicated jobs stay in the runtime's order.
absl::Status LayPatchesOver(const json& job, json* job_set_spec) {
  const json before = ListAt(*job_set_spec, "/replicatedJobs");
  for (const json& patch : ListAt(job, "/spec/runtimePatches")) {
    const json* spec = api::At(patch, "/trainingRuntimeSpec/template/spec");
    if (spec == nullptr || !spec->is_object()) continue;
    if (absl::Status status = StrategicMerge(*spec, job_set_spec); !status.ok()) return status;
  }
  if (!Has(*job_set_spec, "/replicatedJobs")) return absl::OkStatus();
  json& after = (*job_set_spec)["replicatedJobs"];
  if (!after.is_array()) return absl::InvalidArgumentError("replicatedJobs: must be a list");
  const auto place = [&](const json& replicated) {
    for (size_t i = 0; i < before.size(); ++i) {
      if (TextAt(before[i], "/name") == TextAt(replicated, "/name")) return i;
    }
    return size_t{0};
  };
  std::stable_sort(after.begin(), after.end(), [&](const json& a, const json& b) { return place(a) < place(b); });
  return absl::OkStatus();
}

// The containers of a replicated job with that name.
template <class Change>
void ChangeContainers(json* replicated, const char* name, const Change& change) {
  if (!Has(*replicated, "/template/spec/template/spec/containers")) return;
  for (json& container : (*replicated)["template"]["spec"]["template"]["spec"]["containers"]) {
    if (container.is_object() && TextAt(container, "/name") == name) change(&container);
  }
}

void SetVariable(const json& variable, json* container) {
  json& all = (*container)["env"];
  if (!all.is_array()) all = json::array();
  for (json& each : all) {
    if (TextAt(each, "/name") != TextAt(variable, "/name")) continue;
    each = variable;
    return;
  }
  all.push_back(variable);
}

void SetVariables(const json& from, json* container) {
  for (const json& variable : ListAt(from, "/env")) {
    if (variable.is_object()) SetVariable(variable, container);
  }
}

// Pods of a replicated job, which all of its replicas have.
int64_t PodsOf(const json& job, const json& runtime, const json& replicated) {
  const json* policy = api::At(runtime, "/mlPolicy");
  const bool has_policy = policy != nullptr && policy->is_object();
  const bool trains = AncestorOf(replicated) == kTrainer;
  int64_t count = IntAt(replicated, "/template/spec/parallelism", 1);
  if (trains && has_policy) count = IntAt(*policy, "/numNodes", 1);
  count = std::max<int64_t>(count, 1);
  if (!Has(job, "/spec/trainer/numNodes")) return count;
  const int64_t nodes = IntAt(job, "/spec/trainer/numNodes", 1);
  if (has_policy && Has(*policy, "/mpi") && TextAt(replicated, "/name") == kNode) {
    // One of them may be the launcher's.
    count = BoolAt(*policy, "/mpi/runLauncherAsNode") ? std::max<int64_t>(nodes - 1, 1) : nodes;
  }
  const bool mpi_alone = has_policy && Has(*policy, "/mpi") && !Has(*policy, "/torch") && !Has(*policy, "/jax") &&
                         !Has(*policy, "/xgboost");
  if (trains && !mpi_alone) count = nodes;
  return count;
}

// What one node gets, laid over what its container asks for.
absl::Status SetResources(const json& job, const json& runtime, json* replicated) {
  const json* resources = api::At(job, "/spec/trainer/resourcesPerNode");
  if (resources == nullptr || !resources->is_object() || !Has(runtime, "/mlPolicy")) return absl::OkStatus();
  const bool node_beside_launcher =
      BoolAt(runtime, "/mlPolicy/mpi/runLauncherAsNode") && TextAt(*replicated, "/name") == kNode;
  if (AncestorOf(*replicated) != kTrainer && !node_beside_launcher) return absl::OkStatus();
  absl::Status status;
  ChangeContainers(replicated, kNode, [&](json* container) {
    status.Update(StrategicMerge(*resources, &Member(*container, "resources")));
  });
  return status;
}

void SetTrainer(const json& job, const json& runtime, json* replicated) {
  const bool trains = AncestorOf(*replicated) == kTrainer;
  const json* trainer = api::At(job, "/spec/trainer");
  if (trains) (*replicated)["replicas"] = 1;
  if (trainer == nullptr || !trainer->is_object()) return;
  const bool node_beside_launcher =
      BoolAt(runtime, "/mlPolicy/mpi/runLauncherAsNode") && TextAt(*replicated, "/name") == kNode;
  if (!trains && !node_beside_launcher) return;
  ChangeContainers(replicated, kNode, [&](json* container) {
    for (const char* field : {"image", "command", "args"}) {
      const auto it = trainer->find(field);
      if (trains && it != trainer->end() && !it->is_null()) (*container)[field] = *it;
    }
    SetVariables(*trainer, container);
  });
}

void SetInitializer(const json& job, const char* ancestor, const char* pointer, json* replicated) {
  if (AncestorOf(*replicated) != ancestor) return;
  (*replicated)["replicas"] = 1;
  const json* initializer = api::At(job, pointer);
  if (initializer == nullptr || !initializer->is_object()) return;
  ChangeContainers(replicated, ancestor, [&](json* container) {
    if (Has(*initializer, "/storageUri")) {
      SetVariable({{"name", kStorageUri}, {"value", TextAt(*initializer, "/storageUri")}}, container);
    }
    SetVariables(*initializer, container);
    if (!Has(*initializer, "/secretRef")) return;
    json& from = (*container)["envFrom"];
    if (!from.is_array()) from = json::array();
    from.push_back({{"secretRef", {{"name", TextAt(*initializer, "/secretRef/name")}}}});
  });
}

// Commands that the trainer writes anew each time it looks at the job.
absl::Status CommandIsTheJobs(const kube::Object& job, const json& runtime) {
  const json& command = ListAt(job.value(), "/spec/trainer/command");
  const bool torchtune = Has(runtime, "/mlPolicy/torch") && command == json::array({"tune", "run"});
  if (!torchtune && !Has(runtime, "/mlPolicy/flux")) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("TrainJob ", job.ns(), "/", job.name(), ": runs ", torchtune ? "torchtune" : "Flux",
                   ", whose command is not known here; use a runtime that names the command"));
}

}  // namespace

absl::StatusOr<kube::ObjectPtr> JobSetOfTrainJob(const World& world, const kube::Object& train_job) {
  const absl::StatusOr<json> runtime = RuntimeSpec(world, train_job);
  if (!runtime.ok()) return runtime.status();
  if (absl::Status status = CommandIsTheJobs(train_job, *runtime); !status.ok()) return status;
  const json& job = train_job.value();
  const json* found = api::At(*runtime, "/template/spec");
  json spec = found != nullptr && found->is_object() ? *found : json::object();
  absl::Status status = LayPatchesOver(job, &spec);
  if (!status.ok()) return status;
  if (Has(spec, "/replicatedJobs")) {
    for (json& replicated : spec["replicatedJobs"]) {
      if (!replicated.is_object()) return absl::InvalidArgumentError("replicatedJobs: an item is not an object");
      const int64_t pods = PodsOf(job, *runtime, replicated);
      json& one = Member(Member(replicated, "template"), "spec");
      one["parallelism"] = pods;
      one["completions"] = pods;
      if (absl::Status set = SetResources(job, *runtime, &replicated); !set.ok()) return set;
      SetInitializer(job, kDatasetInitializer, "/spec/initializer/dataset", &replicated);
      SetInitializer(job, kModelInitializer, "/spec/initializer/model", &replicated);
      SetTrainer(job, *runtime, &replicated);
      if (Has(*runtime, "/podGroupPolicy/coscheduling")) {
        SetMetadata(Member(Member(Member(replicated, "template"), "spec"), "template"), "labels", kPodGroup,
                    train_job.name());
      }
    }
  }
  const kube::ResourceType& job_set = kube::TypeOf("jobset.x-k8s.io", "JobSet");
  return kube::Object::Parse({{"apiVersion", job_set.ApiVersion()},
                              {"kind", std::string(job_set.kind)},
                              {"metadata", {{"name", train_job.name()}, {"namespace", train_job.ns()}}},
                              {"spec", std::move(spec)}});
}

}  // namespace muster::manager
