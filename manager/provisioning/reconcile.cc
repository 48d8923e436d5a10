#include "manager/provisioning/reconcile.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/names.h"
#include "manager/provisioning/check_state.h"
#include "manager/provisioning/config.h"
#include "manager/provisioning/names.h"
#include "manager/provisioning/pod_sets.h"
#include "manager/vocabulary.h"
#include "manager/workload/conditions.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kRecorder[] = "kueue-provisioning-request-controller";

// A check of this controller, as one pass sees it.
struct Check {
  std::string name;
  std::optional<ProvisioningConfig> config;  // nullopt: it is not active
  bool needed = false;
  kube::ObjectPtr request;  // the last one that still is what the config says; null for none
  int32_t attempt = 0;      // which one that is
};

// Whether the request has the class and all parameters of the config; it may have more.
bool FitsConfig(const kube::Object& request, const ProvisioningConfig& config) {
  if (request.StringAt("/spec/provisioningClassName") != config.class_name) return false;
  const json* parameters = request.At("/spec/parameters");
  for (const auto& [key, value] : config.parameters) {
    if (parameters == nullptr || !parameters->is_object()) return false;
    const auto it = parameters->find(key);
    if (it == parameters->end() || *it != value) return false;
  }
  return true;
}

// One pass over the checks of one Workload.
class Pass {
 public:
  Pass(const World& world, ReadWorkload workload)
      : world_(world), workload_(std::move(workload)), status_(workload_.typed->status) {}

  Plan Run() {
    const bool over = workload_.HasTrue(kFinished) || workload_.HasTrue(kEvicted);
    const bool reserved = workload_.HasTrue(kQuotaReserved) && status_.admission.has_value();
    if (!over && !reserved) return {};
    requests_ = world_.objects.Lookup(kProvisioningByWorkload,
                                      absl::StrCat(workload_.object->ns(), "/", workload_.object->name()));
    if (over) {
      const bool clean = workload_.HasTrue(kFinished) ||
                         world_.options.webhook.gates.IsOn(api::Gate::kCleanupProvisioningRequestsOnEviction);
      if (clean) DeleteOthers({});
      return std::move(plan_);
    }
    absl::Status status = ReadChecks();
    if (status.ok()) {
      SyncStates();
      std::set<std::string> kept;
      for (const Check& check : checks_) {
        if (check.request != nullptr) kept.insert(check.request->name());
      }
      DeleteOthers(kept);
      for (const Check& check : checks_) {
        if (status.ok()) status = Request(check);
      }
    }
    plan_.error = status;
    return std::move(plan_);
  }

 private:
  EventNote Event(bool warning, absl::string_view reason, absl::string_view message) const {
    return Note(*workload_.object, kRecorder, warning, reason, message);
  }

  absl::Status ReadChecks() {
    for (const api::AdmissionCheckState& state : status_.admission_checks) {
      const kube::ObjectPtr object = world_.objects.Find(AdmissionCheckType(), "", state.name);
      if (object == nullptr || !IsProvisioningCheck(*object)) continue;
      Check check;
      check.name = state.name;
      const absl::StatusOr<kube::ObjectPtr> config = FindProvisioningConfig(world_, *object);
      if (!config.ok() && !absl::IsNotFound(config.status())) return config.status();
      if (config.ok()) {
        check.config = ReadProvisioningConfig(**config);
        const absl::StatusOr<bool> needed = NeedsProvisioning(*workload_.typed, *check.config);
        if (!needed.ok()) return needed.status();
        check.needed = *needed;
        if (check.needed) FindRequest(&check);
      }
      checks_.push_back(std::move(check));
    }
    return absl::OkStatus();
  }

  void FindRequest(Check* check) const {
    for (const kube::ObjectPtr& request : requests_) {
      const std::optional<int32_t> attempt = AttemptOf(request->name(), workload_.object->name(), check->name);
      if (!attempt.has_value() || !FitsConfig(*request, *check->config)) continue;
      if (check->request != nullptr && *attempt <= check->attempt) continue;
      check->request = request;
      check->attempt = *attempt;
    }
  }

  api::AdmissionCheckState* StateOf(const std::string& name) {
    const auto it = std::find_if(status_.admission_checks.begin(), status_.admission_checks.end(),
                                 [&](const api::AdmissionCheckState& each) { return each.name == name; });
    return it == status_.admission_checks.end() ? nullptr : &*it;
  }

  // The states that follow from the requests there are, in one write. While a request is still to be made nothing is
  // said of the others either.
  void SyncStates() {
    api::WorkloadStatus after = status_;
    std::vector<EventNote> events;
    bool changed = false;
    for (const Check& check : checks_) {
      if (check.config.has_value() && check.needed && check.request == nullptr) return;
      const auto it = std::find_if(after.admission_checks.begin(), after.admission_checks.end(),
                                   [&](const api::AdmissionCheckState& each) { return each.name == check.name; });
      const std::string before = it->state;
      if (!check.config.has_value()) {
        changed |= SetInactive(&*it);
      } else if (!check.needed) {
        changed |= SetNotNeeded(&*it);
      } else {
        changed |= FollowRequest(*workload_.typed, *check.request, check.attempt, *check.config, &*it);
      }
      if (it->state == before) continue;
      // As in Kueue the time of the last change stays: when a retry is due counts from when the check began to wait.
      std::string message =
          absl::StrCat("Admission check ", check.name, " updated state from ", before, " to ", it->state);
      if (!it->message.empty()) absl::StrAppend(&message, " with message: ", it->message);
      events.push_back(Event(false, "AdmissionCheckUpdated", message));
    }
    if (!changed) return;
    status_ = std::move(after);
    Step step;
    step.request = WriteOfChecks();
    step.events = std::move(events);
    plan_.steps.push_back(std::move(step));
  }

  kube::Request WriteOfChecks() const {
    const json* raw = workload_.object->At("/status");
    json status = api::EncodePart(status_, raw == nullptr ? json() : *raw);
    return ApplyStatus(*workload_.object, api::kProvisioningController,
                       {{"admissionChecks", std::move(status["admissionChecks"])}});
  }

  void DeleteOthers(const std::set<std::string>& kept) {
    for (const kube::ObjectPtr& request : requests_) {
      if (kept.count(request->name()) > 0 || request->deleting()) continue;
      Step step;
      step.request.verb = kube::Verb::kDelete;
      step.request.key = request->key();
      step.gone_is_fine = true;
      plan_.steps.push_back(std::move(step));
    }
  }

  // Makes the request of a check that has none to wait for; otherwise sees to its templates.
  absl::Status Request(const Check& check) {
    if (!check.config.has_value() || !check.needed) return absl::OkStatus();
    const api::AdmissionCheckState& state = *StateOf(check.name);
    if (state.state == "Ready") {
      if (check.request != nullptr) OwnTemplates(*check.request);
      return absl::OkStatus();
    }
    if (check.request == nullptr) return Create(check, state.retry_count.value_or(0) + 1);
    // While the check says Retry, the Workload is about to lose its quota.
    if (IsOver(*check.request, workload_.HasTrue(kAdmitted)) && state.state == "Pending") {
      return Create(check, check.attempt + 1);
    }
    OwnTemplates(*check.request);
    return absl::OkStatus();
  }

  json Metadata(const std::string& name) const {
    return {{"name", name},
            {"namespace", workload_.object->ns()},
            {"labels", {{api::kManagedLabel, "true"}}},
            {"ownerReferences", json::array({OwnerReferenceTo(*workload_.object, /*controller=*/true)})}};
  }

  // Asks for an object to be made; if that is refused, the check and an event say why.
  void Post(const kube::ResourceType& type, const std::string& name, const Check& check, json body,
            std::vector<EventNote> events) {
    Step step;
    step.request.verb = kube::Verb::kCreate;
    step.request.key = {&type, workload_.object->ns(), ""};
    body["apiVersion"] = type.ApiVersion();
    body["kind"] = std::string(type.kind);
    step.request.body = std::move(body);
    step.events = std::move(events);
    // One that is not known here yet was made a moment ago.
    step.exists_is_fine = world_.objects.Find(type, workload_.object->ns(), name) == nullptr;
    Refusal refusal;
    refusal.message = absl::StrCat("Error creating ", type.kind, " \"", name, "\": ");
    refusal.event = Event(true, "FailedCreate", "");
    refusal.request = WriteOfChecks();
    for (size_t i = 0; i < status_.admission_checks.size(); ++i) {
      if (status_.admission_checks[i].name == check.name) {
        refusal.message_at = absl::StrCat("/status/admissionChecks/", i, "/message");
      }
    }
    step.refusal = std::move(refusal);
    plan_.steps.push_back(std::move(step));
  }

  absl::Status Create(const Check& check, int32_t attempt) {
    const std::string name = ProvisioningRequestName(workload_.object->name(), check.name, attempt);
    const absl::StatusOr<std::vector<ProvisionedPodSet>> pod_sets =
        ProvisionedPodSets(*workload_.object, *workload_.typed, *check.config);
    if (!pod_sets.ok()) return pod_sets.status();
    json list = json::array();
    for (const ProvisionedPodSet& each : *pod_sets) {
      const std::string template_name = PodTemplateName(name, workload_.typed->spec.pod_sets[each.pod_set].name);
      list.push_back({{"podTemplateRef", {{"name", template_name}}}, {"count", each.count}});
      if (world_.objects.Find(PodTemplateType(), workload_.object->ns(), template_name) != nullptr) continue;
      absl::StatusOr<json> pod_template =
          ProvisionedTemplate(world_, *workload_.object, *workload_.typed, each.pod_set);
      if (!pod_template.ok()) return pod_template.status();
      Post(PodTemplateType(), template_name, check,
           {{"metadata", Metadata(template_name)}, {"template", *std::move(pod_template)}}, {});
    }
    json spec = {{"provisioningClassName", check.config->class_name}, {"podSets", std::move(list)}};
    json parameters = Parameters(*check.config);
    if (!parameters.empty()) spec["parameters"] = std::move(parameters);
    EventNote created =
        Event(false, "ProvisioningRequestCreated", absl::StrCat("Created ProvisioningRequest: \"", name, "\""));
    created.action = "Created";
    Post(ProvisioningRequestType(), name, check, {{"metadata", Metadata(name)}, {"spec", std::move(spec)}},
         {std::move(created)});
    return absl::OkStatus();
  }

  // Those of the config, and what annotations of the Workload say over them.
  json Parameters(const ProvisioningConfig& config) const {
    json parameters = json::object();
    for (const auto& [key, value] : config.parameters) parameters[key] = value;
    const json* annotations = workload_.object->At("/metadata/annotations");
    if (annotations == nullptr || !annotations->is_object()) return parameters;
    for (const auto& [key, value] : annotations->items()) {
      if (!value.is_string() || !absl::StartsWith(key, kProvisioningAnnotationPrefix)) continue;
      parameters[key.substr(sizeof(kProvisioningAnnotationPrefix) - 1)] = value;
    }
    return parameters;
  }

  // Templates belong to the Workload until their request is there, so that none is left behind.
  void OwnTemplates(const kube::Object& request) {
    for (const json& each : ListAt(request.value(), "/spec/podSets")) {
      const kube::ObjectPtr pod_template =
          world_.objects.Find(PodTemplateType(), request.ns(), TextAt(each, "/podTemplateRef/name"));
      if (pod_template == nullptr) continue;
      const std::optional<kube::Owner> owner = ControllerOf(*pod_template);
      if (owner.has_value() && owner->uid == request.uid()) continue;
      json owners = json::array();
      for (const json& reference : ListAt(pod_template->value(), "/metadata/ownerReferences")) {
        if (TextAt(reference, "/uid") != workload_.object->uid()) owners.push_back(reference);
      }
      owners.push_back(OwnerReferenceTo(request, /*controller=*/true));
      json after = pod_template->value();
      after["metadata"]["ownerReferences"] = std::move(owners);
      Step step;
      step.request = Update(*pod_template, std::move(after));
      step.gone_is_fine = true;
      plan_.steps.push_back(std::move(step));
    }
  }

  const World& world_;
  const ReadWorkload workload_;
  api::WorkloadStatus status_;  // as it will be
  std::vector<kube::ObjectPtr> requests_;
  std::vector<Check> checks_;
  Plan plan_;
};

bool Differs(const kube::ObjectPtr& before, const kube::ObjectPtr& after, const char* pointer) {
  const json* a = before->At(pointer);
  const json* b = after->At(pointer);
  return (a == nullptr) != (b == nullptr) || (a != nullptr && *a != *b);
}

// Whether requests made by the config would be others now.
bool MattersToRequests(const kube::ObjectPtr& before, const kube::ObjectPtr& after) {
  return before == nullptr || after == nullptr || Differs(before, after, "/spec/provisioningClassName") ||
         Differs(before, after, "/spec/parameters") || Differs(before, after, "/spec/managedResources");
}

}  // namespace

Plan ReconcileProvisioning(const World& world, absl::string_view ns, absl::string_view name) {
  Plan plan;
  const kube::ObjectPtr object = world.Workload(ns, name);
  if (object == nullptr) return plan;
  absl::StatusOr<ReadWorkload> workload = Read(world, object);
  if (workload.ok()) return Pass(world, *std::move(workload)).Run();
  plan.error = workload.status();
  return plan;
}

Plan ReconcileProvisioningCheck(const World& world, absl::string_view name, absl::Time now) {
  Plan plan;
  const kube::ObjectPtr check = world.objects.Find(AdmissionCheckType(), "", name);
  if (check == nullptr || !IsProvisioningCheck(*check)) return plan;
  const absl::StatusOr<kube::ObjectPtr> config = FindProvisioningConfig(world, *check);
  const json* said = ConditionOf(check->value(), kActive);
  if (said != nullptr && TextAt(*said, "/status") == (config.ok() ? "True" : "False")) return plan;
  std::vector<api::Condition> conditions;
  for (const json& each : ListAt(check->value(), "/status/conditions")) {
    absl::StatusOr<api::Condition> read = api::DecodePart<api::Condition>(each);
    if (read.ok()) conditions.push_back(*std::move(read));
  }
  SetCondition(&conditions, kActive, config.ok(), config.ok() ? "Active" : "BadParametersRef",
               config.ok() ? "The admission check is active" : config.status().message(), check->generation(), now);
  json after = check->value();
  json& list = Member(after, "status")["conditions"] = json::array();
  for (const api::Condition& condition : conditions) list.push_back(api::EncodePart(condition));
  Step step;
  step.request = Update(*check, std::move(after));
  step.request.subresource = "status";
  step.gone_is_fine = true;
  plan.steps.push_back(std::move(step));
  return plan;
}

std::vector<kube::ObjectKey> ProvisioningToLookAt(const World& world, const kube::ObjectPtr& before,
                                                  const kube::ObjectPtr& after) {
  std::vector<kube::ObjectKey> keys;
  const kube::Object& any = after != nullptr ? *after : *before;
  const auto add_workloads_of = [&](const kube::Object& check) {
    for (kube::ObjectKey& key : world.objects.LookupKeys(kWorkloadsByCheck, check.name()))
      keys.push_back(std::move(key));
  };
  if (&any.type() == &WorkloadType()) {
    if (!ListAt(any.value(), "/status/admissionChecks").empty()) keys.push_back(any.key());
  } else if (&any.type() == &ProvisioningRequestType()) {
    const std::optional<kube::Owner> owner = ControllerOf(any);
    if (owner.has_value() && owner->kind == WorkloadType().kind) {
      keys.push_back({&WorkloadType(), any.ns(), owner->name});
    }
  } else if (&any.type() == &AdmissionCheckType()) {
    if (!IsProvisioningCheck(any)) return keys;
    keys.push_back(any.key());
    add_workloads_of(any);
  } else if (&any.type() == &ProvisioningRequestConfigType()) {
    if (!MattersToRequests(before, after)) return keys;
    for (const kube::ObjectPtr& check : ChecksWithConfig(world, any.name())) {
      keys.push_back(check->key());
      add_workloads_of(*check);
    }
  }
  return keys;
}

}  // namespace muster::manager
