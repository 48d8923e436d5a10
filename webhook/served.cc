#include "webhook/served.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "api/job_kinds.h"
#include "webhook/go/go_types.h"
#include "webhook/jobs/job_handlers.h"
#include "webhook/kueue/kueue_handlers.h"

namespace muster::webhook {
namespace {

constexpr char kKueueGroup[] = "kueue.x-k8s.io";
constexpr char kSpark[] = "sparkoperator.k8s.io/sparkapplication";

// The names of Kueue's own kinds, in the shape that handlers take, in the order of AllKueueHandlers. Static storage.
const std::vector<api::JobKind>& KueueKinds() {
  static const auto& kinds = *new std::vector<api::JobKind>([] {
    std::vector<api::JobKind> all;
    for (const KueueHandlers& row : AllKueueHandlers()) {
      all.push_back(
          {.framework = "", .group = kKueueGroup, .version = "v1beta2", .kind = row.kind, .resource = row.resource});
    }
    return all;
  }());
  return kinds;
}

// "/mutate-batch-v1-job", as controller-runtime makes paths.
std::string PathOf(absl::string_view verb, const api::JobKind& kind) {
  return absl::StrCat("/", verb, "-", absl::StrReplaceAll(kind.group, {{".", "-"}}), "-", kind.version, "-",
                      absl::AsciiStrToLower(kind.kind));
}

Served MakeServed(Route::Type type, const api::JobKind& kind, std::vector<std::string> operations) {
  const bool mutates = type == Route::Type::kMutate;
  Served served;
  Route& route = served.route;
  route.type = type;
  route.path = PathOf(mutates ? "mutate" : "validate", kind);
  route.name = absl::StrCat(mutates ? "m" : "v", absl::AsciiStrToLower(kind.kind), ".kb.io");
  route.group = std::string(kind.group);
  route.version = std::string(kind.version);
  route.resources = {std::string(kind.resource)};
  route.operations = std::move(operations);
  route.framework = std::string(kind.framework);
  route.beyond_kueue = kind.Has(api::kBeyondKueue);
  served.handler.kind = &kind;
  served.handler.type = &GoTypeOf(kind.group, kind.kind);
  served.handler.mutates = mutates;
  return served;
}

void AddKueueKinds(std::vector<Served>* all) {
  for (size_t i = 0; i < AllKueueHandlers().size(); ++i) {
    const KueueHandlers& row = AllKueueHandlers()[i];
    const api::JobKind& kind = KueueKinds()[i];
    if (row.mutate != nullptr) {
      all->push_back(MakeServed(Route::Type::kMutate, kind, {"CREATE"}));
      all->back().handler.mutate = row.mutate;
    }
    all->push_back(MakeServed(Route::Type::kValidate, kind, {"CREATE", "UPDATE"}));
    all->back().handler.validate = row.validate;
    if (row.validates_status) all->back().route.resources.push_back(absl::StrCat(row.resource, "/status"));
  }
}

bool IsEnabled(const WebhookConfig& config, absl::string_view framework) {
  return config.frameworks.count(std::string(framework)) > 0 &&
         (framework != kSpark || config.gates[Gate::kSparkApplicationIntegration]);
}

void AddJobs(const WebhookConfig& config, std::vector<Served>* all) {
  for (const JobHandlers& row : AllJobHandlers()) {
    const api::JobKind& kind = *api::FindJobKindByFramework(row.framework);
    const bool enabled = IsEnabled(config, row.framework);
    if (!enabled && kind.Has(api::kBeyondKueue)) continue;
    std::vector<std::string> mutated = {"CREATE"};
    if (row.mutates_updates) mutated.push_back("UPDATE");
    Served mutate = MakeServed(Route::Type::kMutate, kind, std::move(mutated));
    Served validate = MakeServed(Route::Type::kValidate, kind, {"CREATE", "UPDATE"});
    mutate.route.enabled = validate.route.enabled = enabled;
    if (enabled) {
      mutate.handler.mutate = row.mutate;
      validate.handler.validate = row.validate;
      if (config.gates[Gate::kRequireQueueLabelOnPodTemplates])
        validate.handler.also_on_create = &CheckQueueLabelOnTemplates;
    }
    all->push_back(std::move(mutate));
    all->push_back(std::move(validate));
  }
}

}  // namespace

std::vector<Served> AllServed(const WebhookConfig& config) {
  std::vector<Served> all;
  AddKueueKinds(&all);
  AddJobs(config, &all);
  Served convert;
  convert.route.type = Route::Type::kConvert;
  convert.route.path = "/convert";
  convert.route.group = kKueueGroup;
  convert.route.resources = {"clusterqueues",      "cohorts",           "localqueues",
                             "multikueueclusters", "multikueueconfigs", "workloads"};
  all.push_back(std::move(convert));
  return all;
}

}  // namespace muster::webhook
