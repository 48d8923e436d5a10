#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/jobs/pod_set.h"
#include "manager/jobs/kind_rules.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/jobs/same_pods.h"

namespace muster::manager {

using nlohmann::json;

json* Reach(json* job, absl::string_view pointer) {
  json* at = job;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const absl::string_view key = pointer.substr(0, std::min(pointer.find('/'), pointer.size()));
    pointer.remove_prefix(key.size());
    if (at->is_null()) *at = json::object();
    if (at->is_object()) {
      at = &(*at)[std::string(key)];
      continue;
    }
    size_t index = 0;
    if (!at->is_array() || !absl::SimpleAtoi(key, &index) || index >= at->size()) return nullptr;
    at = &(*at)[index];
  }
  if (at->is_null()) *at = json::object();
  return at;
}

namespace {

// What Kueue's types cannot leave out.
void FillLikeGo(json* pod_template) {
  Member(*pod_template, "metadata");
  for (const char* list : {"containers", "initContainers"}) {
    json* containers = api::At(*pod_template, absl::StrCat("/spec/", list)) == nullptr
                           ? nullptr
                           : Reach(pod_template, absl::StrCat("/spec/", list));
    if (containers == nullptr || !containers->is_array()) continue;
    for (json& container : *containers) {
      if (container.is_object()) Member(container, "resources");
    }
  }
}

}  // namespace

absl::StatusOr<json> MakePodSet(const World& world, const api::JobKind& kind, const std::string& name, int64_t count,
                                const json& pod_template) {
  if (!pod_template.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat("pod set \"", name, "\": its pod template is not an object"));
  }
  json pod_set = {{"name", name}, {"count", count}, {"template", pod_template}};
  DropRepeatedVariables(&pod_set["template"]);
  FillLikeGo(&pod_set["template"]);
  if (!world.options.webhook.gates[api::Gate::kTopologyAwareScheduling]) return pod_set;
  const PodSetInfo info = InfoOfPodSet(pod_set);
  absl::StatusOr<std::optional<api::TopologyRequest>> request = api::TopologyRequestOf(info.annotations, kind);
  if (!request.ok()) return request.status();
  if (request->has_value()) pod_set["topologyRequest"] = api::EncodePart(**request);
  return pod_set;
}

absl::StatusOr<std::vector<json>> PodSetsOfTemplates(const JobRef& job) {
  std::vector<json> pod_sets;
  for (const api::PodSetView& view : api::PodSetsOf(job.kind, job.value())) {
    const json none = json::object();
    absl::StatusOr<json> made = MakePodSet(job.world, job.kind, view.name, view.count,
                                           view.pod_template == nullptr ? none : *view.pod_template);
    if (!made.ok()) return made.status();
    pod_sets.push_back(*std::move(made));
  }
  return pod_sets;
}

absl::Status RunTemplates(const JobRef& job, Infos infos, json* after) {
  SetSuspended(job.kind, false, after);
  const std::vector<std::string> pointers = api::TemplatePointersOf(job.kind, job.value());
  if (pointers.size() != infos.size()) return WrongNumberOfPodSets(pointers.size(), infos.size());
  for (size_t i = 0; i < infos.size(); ++i) {
    json* pod_template = Reach(after, pointers[i]);
    if (pod_template == nullptr) return absl::InvalidArgumentError(absl::StrCat(pointers[i], ": not a pod template"));
    if (absl::Status status = MergeIntoTemplate(infos[i], pod_template); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void RestoreTemplates(const JobRef& job, Infos infos, json* after) {
  const std::vector<std::string> pointers = api::TemplatePointersOf(job.kind, job.value());
  if (pointers.size() != infos.size()) return;
  for (size_t i = 0; i < infos.size(); ++i) {
    if (json* pod_template = Reach(after, pointers[i])) RestoreTemplate(infos[i], pod_template);
  }
}

void SetSuspended(const api::JobKind& kind, bool suspended, json* after) {
  if (kind.suspend.empty()) return;
  const size_t slash = kind.suspend.rfind('/');
  json* parent = Reach(after, kind.suspend.substr(0, slash));
  if (parent != nullptr && parent->is_object()) (*parent)[std::string(kind.suspend.substr(slash + 1))] = suspended;
}

bool IsSuspendedBySpec(const JobRef& job) { return BoolAt(job.value(), job.kind.suspend); }

}  // namespace muster::manager
