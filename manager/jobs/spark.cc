// SparkApplications.
//
// Problem: what pods a SparkApplication asks for is spelt in Spark's own fields; the Spark operator's webhook turns those
// into pods only when they are made. Quota needs to know before.
//
// Source of the rules: Kueue, pkg/controller/jobs/sparkapplication.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/quantity.h"
#include "manager/jobs/kinds.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"

namespace muster::manager {
namespace {

using nlohmann::json;

struct Role {
  absl::string_view name;       // of the pod set
  absl::string_view at;         // in the object
  absl::string_view container;  // as the operator calls it
};
constexpr Role kRoles[] = {{"driver", "/spec/driver", "spark-kubernetes-driver"},
                           {"executor", "/spec/executor", "spark-kubernetes-executor"}};

std::string State(const JobRef& job) { return std::string(job.object.StringAt("/status/applicationState/state")); }

bool IsActive(const JobRef& job) { return State(job) == "RUNNING"; }

std::optional<Outcome> Finished(const JobRef& job) {
  const std::string state = State(job);
  if (state != "COMPLETED" && state != "FAILED" && state != "SUBMISSION_FAILED") return std::nullopt;
  return Outcome{std::string(job.object.StringAt("/status/applicationState/errorMessage")), state == "COMPLETED"};
}

// The application runs as soon as its driver does; its executors may still wait.
bool PodsReady(const JobRef& job) {
  if (!IsActive(job)) return false;
  int64_t ready = 0;
  if (const json* states = job.object.At("/status/executorState"); states != nullptr && states->is_object()) {
    for (const json& state : *states) ready += state == "RUNNING" || state == "COMPLETED";
  }
  return ready >= job.object.IntAt("/spec/executor/instances");
}

// "512m", "2gb" as the JVM spells memory, as a quantity.
std::string MemoryText(const std::string& text) {
  static constexpr std::pair<absl::string_view, absl::string_view> kUnits[] = {
      {"kb", "Ki"}, {"mb", "Mi"}, {"gb", "Gi"}, {"tb", "Ti"}, {"pb", "Pi"},
      {"k", "Ki"},  {"m", "Mi"},  {"g", "Gi"},  {"t", "Ti"},  {"p", "Pi"}};
  for (const auto& [java, quantity] : kUnits) {
    if (absl::EndsWith(absl::AsciiStrToLower(text), java)) {
      return absl::StrCat(text.substr(0, text.size() - java.size()), quantity);
    }
  }
  return text;
}

absl::Status SetAmount(const json& role, const char* field, bool memory, const char* list, const char* resource,
                       json* container) {
  const std::string said = TextAt(role, absl::StrCat("/", field));
  if (said.empty()) return absl::OkStatus();
  const absl::StatusOr<api::Quantity> amount = api::Quantity::Parse(memory ? MemoryText(said) : said);
  if (!amount.ok()) return absl::InvalidArgumentError(absl::StrCat(field, ": ", amount.status().message()));
  Member(Member(*container, "resources"), list)[resource] = amount->ToString();
  return absl::OkStatus();
}

void AddContainers(const json& role, const char* field, json* containers) {
  for (const json& each : ListAt(role, absl::StrCat("/", field))) {
    const bool known = std::any_of(containers->begin(), containers->end(), [&](const json& has) {
      return TextAt(has, "/name") == TextAt(each, "/name") && TextAt(has, "/image") == TextAt(each, "/image");
    });
    if (!known) containers->push_back(each);
  }
}

// Volumes that the role mounts. What Spark itself makes for scratch space is left out.
void AddVolumes(const json& all, const json& role, json* spec) {
  for (const json& mount : ListAt(role, "/volumeMounts")) {
    const std::string name = TextAt(mount, "/name");
    if (absl::StartsWith(name, "spark-local-dir-")) continue;
    const auto it =
        std::find_if(all.begin(), all.end(), [&](const json& volume) { return TextAt(volume, "/name") == name; });
    if (it == all.end()) continue;
    json& volumes = (*spec)["volumes"];
    if (std::find(volumes.begin(), volumes.end(), *it) == volumes.end()) volumes.push_back(*it);
    (*spec)["containers"][0]["volumeMounts"].push_back(mount);
  }
}

absl::StatusOr<json> TemplateOf(const JobRef& job, const Role& rule) {
  const json none = json::object();
  const json* found = job.object.At(rule.at);
  const json& role = found == nullptr ? none : *found;
  json container = {{"name", std::string(rule.container)}};
  absl::Status status = SetAmount(role, "coreRequest", false, "requests", "cpu", &container);
  status.Update(SetAmount(role, "coreLimit", false, "limits", "cpu", &container));
  status.Update(SetAmount(role, "memory", true, "requests", "memory", &container));
  status.Update(SetAmount(role, "memoryLimit", true, "limits", "memory", &container));
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("spec.", rule.name, ".", std::string(status.message())));
  }
  if (const std::string gpu = TextAt(role, "/gpu/name"); !gpu.empty() && IntAt(role, "/gpu/quantity") > 0) {
    Member(Member(container, "resources"), "limits")[gpu] = absl::StrCat(IntAt(role, "/gpu/quantity"));
  }
  json spec = {{"containers", json::array({std::move(container)})}};
  AddVolumes(ListAt(job.value(), "/spec/volumes"), role, &spec);
  AddContainers(role, "sidecars", &spec["containers"]);
  if (!ListAt(role, "/initContainers").empty()) {
    spec["initContainers"] = json::array();
    AddContainers(role, "initContainers", &spec["initContainers"]);
  }
  for (const char* field : {"priorityClassName", "nodeSelector", "affinity", "tolerations"}) {
    const json* value = api::At(role, absl::StrCat("/", field));
    if (value != nullptr && !value->empty()) spec[field] = *value;
  }
  json metadata = json::object();
  if (const json* base = api::At(role, "/template/metadata"); base != nullptr && base->is_object()) metadata = *base;
  for (const char* field : {"labels", "annotations"}) {
    const json* own = api::At(role, absl::StrCat("/", field));
    if (own != nullptr && own->is_object() && !own->empty()) Member(metadata, field).update(*own);
  }
  return json{{"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
}

absl::StatusOr<std::vector<json>> PodSets(const JobRef& job) {
  std::vector<json> pod_sets;
  for (const Role& rule : kRoles) {
    absl::StatusOr<json> pod_template = TemplateOf(job, rule);
    if (!pod_template.ok()) return pod_template.status();
    const int64_t count = rule.name == "driver" ? 1 : job.object.IntAt("/spec/executor/instances");
    absl::StatusOr<json> made = MakePodSet(job.world, job.kind, std::string(rule.name), count, *pod_template);
    if (!made.ok()) return made.status();
    pod_sets.push_back(*std::move(made));
  }
  return pod_sets;
}

// The fields of a role that pods get, as a pod template.
json AsTemplate(const json& role) {
  json out = {{"metadata", json::object()}, {"spec", json::object()}};
  for (const char* field : {"labels", "annotations"}) {
    if (const json* value = api::At(role, absl::StrCat("/", field))) out["metadata"][field] = *value;
  }
  for (const char* field : {"nodeSelector", "tolerations"}) {
    if (const json* value = api::At(role, absl::StrCat("/", field))) out["spec"][field] = *value;
  }
  const json* gates = api::At(role, "/template/spec/schedulingGates");
  if (gates != nullptr) out["spec"]["schedulingGates"] = *gates;
  return out;
}

// The reverse.
void FromTemplate(const json& pod_template, const Role& rule, json* role) {
  const auto set = [&](json& to, const char* part, const char* field) {
    const json* value = api::At(pod_template, absl::StrCat("/", part, "/", field));
    if (value != nullptr && !value->empty()) {
      to[field] = *value;
    } else {
      to.erase(field);
    }
  };
  set(*role, "metadata", "labels");
  set(*role, "metadata", "annotations");
  set(*role, "spec", "nodeSelector");
  set(*role, "spec", "tolerations");
  json& own = (*role)["template"];
  if (!own.is_object()) {
    own = {{"spec", {{"containers", json::array({{{"name", std::string(rule.container)}}})}}}};
  }
  set(Member(own, "spec"), "spec", "schedulingGates");
}

absl::Status Run(const JobRef& job, Infos infos, json* after) {
  if (infos.size() != 2) return WrongNumberOfPodSets(2, infos.size());
  SetSuspended(job.kind, false, after);
  const json* everywhere = job.object.At("/spec/nodeSelector");
  for (size_t i = 0; i < infos.size(); ++i) {
    json* role = Reach(after, kRoles[i].at);
    if (role == nullptr || !role->is_object()) {
      return absl::InvalidArgumentError(absl::StrCat("spec.", kRoles[i].name, ": not an object"));
    }
    json pod_template = AsTemplate(*role);
    if (everywhere != nullptr) pod_template["spec"]["nodeSelector"] = *everywhere;
    if (absl::Status status = MergeIntoTemplate(infos[i], &pod_template); !status.ok()) return status;
    FromTemplate(pod_template, kRoles[i], role);
  }
  // A selector for all of them may not stand beside those of each.
  if (everywhere != nullptr) (*after)["spec"].erase("nodeSelector");
  return absl::OkStatus();
}

void Restore(const JobRef&, Infos infos, json* after) {
  if (infos.size() != 2) return;
  for (size_t i = 0; i < infos.size(); ++i) {
    json* role = Reach(after, kRoles[i].at);
    if (role == nullptr || !role->is_object()) continue;
    json pod_template = AsTemplate(*role);
    RestoreTemplate(infos[i], &pod_template);
    FromTemplate(pod_template, kRoles[i], role);
  }
  json* executor = Reach(after, "/spec/executor");
  if (executor != nullptr && executor->is_object()) (*executor)["instances"] = infos[1].count;
  (*after)["spec"].erase("nodeSelector");
}

}  // namespace

KindRules SparkRules() {
  KindRules rules;
  rules.framework = "sparkoperator.k8s.io/sparkapplication";
  rules.active = IsActive;
  rules.finished = Finished;
  rules.pods_ready = PodsReady;
  rules.pod_sets = PodSets;
  rules.run = Run;
  rules.restore = Restore;
  return rules;
}

}  // namespace muster::manager
