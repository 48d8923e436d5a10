// TrainJob: its pods are those of the JobSet that its runtime describes, with the job's own patches over it.
#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "webhook/jobs/job_validation.h"
#include "webhook/jobs/job_validators.h"
#include "webhook/jobs/topology_validation.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kHint[] =
    ". Adjust either the \"TrainJob.spec.runtimePatches\" or the \"TrainingRuntime.Template\" annotations for the "
    "corresponding Job";
constexpr char kTrainerGroup[] = "trainer.kubeflow.org";
constexpr char kClusterRuntime[] = "ClusterTrainingRuntime";
constexpr char kNamespacedRuntime[] = "TrainingRuntime";
constexpr char kAncestorStep[] = "trainer.kubeflow.org/trainjob-ancestor-step";

const json* List(const json& value, absl::string_view pointer) {
  const json* list = api::At(value, pointer);
  return list != nullptr && list->is_array() ? list : nullptr;
}

void Merge(const json* from, json& into) {
  if (from != nullptr && from->is_object()) into.update(*from);
}

// Nodes of the step that trains: what the job says, else the runtime.
int64_t NumNodes(const json& job, const json& runtime) {
  for (const json* number : {api::At(job, "/spec/trainer/numNodes"), api::At(runtime, "/spec/mlPolicy/numNodes")}) {
    if (number != nullptr && number->is_number_integer()) return number->get<int64_t>();
  }
  return 1;
}

// The annotations of one replicated job's pods, after the patches that name it.
json AnnotationsOf(const json& replicated_job, const std::string& name, const json& job) {
  json annotations = json::object();
  Merge(api::At(replicated_job, "/template/spec/template/metadata/annotations"), annotations);
  if (const json* patches = List(job, "/spec/runtimePatches")) {
    for (const json& patch : *patches) {
      const json* jobs = List(patch, "/trainingRuntimeSpec/template/spec/replicatedJobs");
      if (jobs == nullptr) continue;
      for (const json& item : *jobs) {
        if (ValueOrEmpty(StringField(item, "name")) != name) continue;
        Merge(api::At(item, "/template/spec/template/metadata/annotations"), annotations);
      }
    }
  }
  return annotations;
}

}  // namespace

void ValidateTrainJob(const Env& env, const api::JobKind& kind, const json& job, const json* old, Validation& out) {
  if (old != nullptr) {
    CheckChangedJob(env, kind, job, *old, IsSuspended(kind, job), IsSuspended(kind, *old), out.errors);
  }
  CheckNewJob(env, kind, job, out.errors);
  static const json& nothing = *new json(json::object());
  const json* found = api::At(job, "/spec/runtimeRef");
  const json& reference = found == nullptr ? nothing : *found;
  const std::string& runtime_kind = ValueOrEmpty(StringField(reference, "kind"));
  const bool namespaced = runtime_kind == kNamespacedRuntime;
  const std::string& group = ValueOrEmpty(StringField(reference, "apiGroup"));
  if (group != kTrainerGroup || (!namespaced && runtime_kind != kClusterRuntime)) {
    const std::string dot = group.empty() ? "" : ".";
    out.failure = AdmissionResponse::Denied(absl::StrCat("unsupported runtime: ", runtime_kind, dot, group));
    return;
  }
  const json* metadata = Field(job, "metadata");
  const std::string& name = ValueOrEmpty(StringField(reference, "name"));
  const std::string& ns = metadata == nullptr ? name : ValueOrEmpty(StringField(*metadata, "namespace"));
  const std::shared_ptr<const json> runtime = env.state.TrainingRuntime(namespaced ? ns : "", name);
  if (runtime == nullptr) {
    out.failure = AdmissionResponse::Denied(absl::StrCat("runtime '", name, "' not found"));
    return;
  }
  const json* jobs = List(*runtime, "/spec/template/spec/replicatedJobs");
  if (jobs == nullptr) return;
  std::deque<json> annotations;
  std::vector<TopologySubject> subjects;
  for (const json& item : *jobs) {
    const std::string& job_name = ValueOrEmpty(StringField(item, "name"));
    annotations.push_back(AnnotationsOf(item, job_name, job));
    const json* step = api::At(item, "/template/metadata/labels");
    const bool trains = step != nullptr && ValueOrEmpty(StringField(*step, kAncestorStep)) == "trainer";
    const json* spec = api::At(item, "/template/spec");
    const int64_t pods = trains ? NumNodes(job, *runtime) : (spec == nullptr ? 1 : api::PodsOfJobSpec(*spec));
    subjects.push_back({job_name, absl::StrCat("job[", job_name, "].annotations"), &annotations.back(),
                        static_cast<int32_t>(std::clamp<int64_t>(pods, INT32_MIN, INT32_MAX))});
  }
  Validation topology;
  CheckTopology(env, subjects, {.parse_first = true}, topology);
  out.failure = std::move(topology.failure);
  for (api::Problem& problem : topology.errors.Take()) {
    problem.message += kHint;
    out.errors.Append(std::move(problem));
  }
}

}  // namespace muster::webhook
