#include "webhook/handlers.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "webhook/go_types.h"
#include "webhook/job_defaults.h"
#include "webhook/job_validators.h"
#include "webhook/kueue_handlers.h"

namespace muster::webhook {
namespace {

struct JobRow {
  absl::string_view framework;
  MutateFn mutate;
  ValidateFn validate;
  bool mutate_updates = false;
};

// What is set and checked, per framework.
constexpr JobRow kJobRows[] = {
    {"batch/job", &DefaultElasticJob, &ValidateBatchJob},
    {"jobset.x-k8s.io/jobset", &DefaultJob, &ValidateJobSet},
    {"kubeflow.org/tfjob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/pytorchjob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/xgboostjob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/paddlejob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/jaxjob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/mpijob", &DefaultMpiJob, &ValidateMpiJob},
    {"ray.io/raycluster", &DefaultElasticJob, &ValidateRay},
    {"ray.io/rayjob", &DefaultJob, &ValidateRay},
    {"ray.io/rayservice", &DefaultElasticJob, &ValidateRay},
    {"sparkoperator.k8s.io/sparkapplication", &DefaultJob, &ValidateSpark},
    {"trainer.kubeflow.org/trainjob", &DefaultTrainJob, &ValidateTrainJob},
    {"workload.codeflare.dev/appwrapper", &DefaultJob, &ValidatePlainJob},
    {"pod", &DefaultPod, &ValidatePod},
    {"deployment", &DefaultDeployment, &ValidateDeployment, /*mutate_updates=*/true},
    {"statefulset", &DefaultStatefulSet, &ValidateStatefulSet, /*mutate_updates=*/true},
    {"leaderworkerset.x-k8s.io/leaderworkerset", &DefaultLeaderWorkerSet, &ValidateLeaderWorkerSet,
     /*mutate_updates=*/true},
    {"sagemaker.amazonaws.com/hyperpodpytorchjob", &DefaultJob, &ValidateTrainingJob},
    {"inference.sagemaker.aws.amazon.com/inferenceendpointconfig", &DefaultJob, &ValidatePlainJob},
    {"inference.sagemaker.aws.amazon.com/jumpstartmodel", &DefaultJob, &ValidatePlainJob},
};

struct KueueRow {
  absl::string_view kind;
  absl::string_view resource;
  MutateFn mutate;  // nullptr: no mutating path
  ValidateFn validate;
  bool validates_status = false;
};

constexpr KueueRow kKueueRows[] = {
    {"ClusterQueue", "clusterqueues", &DefaultFinalizer, &ValidateKueueObject},
    {"Cohort", "cohorts", nullptr, &ValidateKueueObject},
    {"ResourceFlavor", "resourceflavors", &DefaultFinalizer, &ValidateKueueObject},
    {"Workload", "workloads", &DefaultWorkload, &ValidateKueueObject, /*validates_status=*/true},
};

// The names of Kueue's own kinds, in the shape that handlers take. Static storage.
const api::JobKind& NamesOf(const KueueRow& row) {
  static const auto& names = *new std::vector<api::JobKind>([] {
    std::vector<api::JobKind> all;
    for (const KueueRow& r : kKueueRows) {
      all.push_back(
          {.framework = "", .group = "kueue.x-k8s.io", .version = "v1beta2", .kind = r.kind, .resource = r.resource});
    }
    return all;
  }());
  return names[static_cast<size_t>(&row - kKueueRows)];
}

// "/mutate-batch-v1-job", as controller-runtime makes paths.
std::string PathOf(absl::string_view verb, const api::JobKind& kind) {
  return absl::StrCat("/", verb, "-", absl::StrReplaceAll(kind.group, {{".", "-"}}), "-", kind.version, "-",
                      absl::AsciiStrToLower(kind.kind));
}

Route MakeRoute(Route::Type type, const api::JobKind& kind, std::vector<std::string> operations) {
  const bool mutate = type == Route::Type::kMutate;
  Route route;
  route.type = type;
  route.path = PathOf(mutate ? "mutate" : "validate", kind);
  route.name = absl::StrCat(mutate ? "m" : "v", absl::AsciiStrToLower(kind.kind), ".kb.io");
  route.group = std::string(kind.group);
  route.version = std::string(kind.version);
  route.resources = {std::string(kind.resource)};
  route.operations = std::move(operations);
  route.framework = std::string(kind.framework);
  route.beyond_kueue = kind.Has(api::kBeyondKueue);
  return route;
}

}  // namespace

std::vector<Handler> MakeHandlers(const WebhookConfig& config) {
  std::vector<Handler> handlers;
  const auto add = [&](Route route, const api::JobKind& kind, MutateFn mutate, ValidateFn validate) {
    if (!route.enabled) mutate = nullptr, validate = nullptr;
    handlers.push_back({std::move(route), &kind, &GoTypeOf(kind.group, kind.kind), mutate, validate});
  };
  for (const KueueRow& row : kKueueRows) {
    const api::JobKind& kind = NamesOf(row);
    if (row.mutate != nullptr) {
      add(MakeRoute(Route::Type::kMutate, kind, {"CREATE"}), kind, row.mutate, nullptr);
    }
    Route route = MakeRoute(Route::Type::kValidate, kind, {"CREATE", "UPDATE"});
    if (row.validates_status) route.resources.push_back(absl::StrCat(row.resource, "/status"));
    add(std::move(route), kind, nullptr, row.validate);
  }
  for (const JobRow& row : kJobRows) {
    const api::JobKind& kind = *api::FindJobKindByFramework(row.framework);
    const bool enabled =
        config.frameworks.count(std::string(row.framework)) > 0 &&
        (row.framework != "sparkoperator.k8s.io/sparkapplication" || config.gates[Gate::kSparkApplicationIntegration]);
    if (!enabled && kind.Has(api::kBeyondKueue)) continue;
    std::vector<std::string> mutated = {"CREATE"};
    if (row.mutate_updates) mutated.push_back("UPDATE");
    Route mutate = MakeRoute(Route::Type::kMutate, kind, std::move(mutated));
    Route validate = MakeRoute(Route::Type::kValidate, kind, {"CREATE", "UPDATE"});
    mutate.enabled = validate.enabled = enabled;
    add(std::move(mutate), kind, row.mutate, nullptr);
    add(std::move(validate), kind, nullptr, row.validate);
  }
  Handler convert;
  convert.route.type = Route::Type::kConvert;
  convert.route.path = "/convert";
  convert.route.group = "kueue.x-k8s.io";
  convert.route.resources = {"clusterqueues",      "cohorts",           "localqueues",
                             "multikueueclusters", "multikueueconfigs", "workloads"};
  handlers.push_back(std::move(convert));
  return handlers;
}

}  // namespace muster::webhook
