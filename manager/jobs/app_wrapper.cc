// AppWrappers.
#include <utility>

#include "absl/strings/str_cat.h"
#include "manager/jobs/kinds.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pod_defaults.h"
#include "manager/jobs/read.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kComponents[] = "/spec/components";

bool IsActive(const JobRef& job) { return HasTrueCondition(job.value(), "QuotaReserved"); }

std::optional<Outcome> Finished(const JobRef& job) {
  const absl::string_view phase = job.object.StringAt("/status/phase");
  if (phase == "Succeeded") return Outcome{"AppWrapper finished successfully", true};
  // Until then its resources are being taken away.
  if (phase == "Failed" && !HasTrueCondition(job.value(), "ResourcesDeployed")) {
    return Outcome{"AppWrapper failed", false};
  }
  return std::nullopt;
}

bool PodsReady(const JobRef& job) { return HasTrueCondition(job.value(), "PodsReady"); }

// How many pod sets each component has.
std::vector<size_t> Sizes(const JobRef& job) {
  std::vector<size_t> sizes;
  for (const json& component : ListAt(job.value(), kComponents)) {
    const json alone = {{"spec", {{"components", json::array({component})}}}};
    sizes.push_back(api::PodSetsOf(job.kind, alone).size());
  }
  return sizes;
}

absl::StatusOr<std::vector<json>> PodSets(const JobRef& job) {
  absl::StatusOr<std::vector<json>> pod_sets = PodSetsOfTemplates(job);
  if (!pod_sets.ok()) return pod_sets;
  for (json& pod_set : *pod_sets) {
    // Of a wrapped pod only what a template has.
    json& pod_template = pod_set["template"];
    json kept = {{"metadata", json::object()}, {"spec", pod_template.value("spec", json::object())}};
    for (const char* field : {"labels", "annotations"}) {
      const json* map = api::At(pod_template, absl::StrCat("/metadata/", field));
      if (map != nullptr && !map->empty()) kept["metadata"][field] = *map;
    }
    pod_template = std::move(kept);
    DefaultPodTemplate(&pod_template);
  }
  return pod_sets;
}

json InfoJson(const PodSetInfo& info) {
  json out = json::object();
  if (!info.annotations.empty()) out["annotations"] = info.annotations;
  if (!info.labels.empty()) out["labels"] = info.labels;
  if (!info.node_selector.empty()) out["nodeSelector"] = info.node_selector;
  if (!info.tolerations.empty()) out["tolerations"] = info.tolerations;
  if (!info.scheduling_gates.empty()) out["schedulingGates"] = info.scheduling_gates;
  return out;
}

absl::Status Run(const JobRef& job, Infos infos, json* after) {
  const std::vector<size_t> sizes = Sizes(job);
  size_t total = 0;
  for (const size_t size : sizes) total += size;
  if (total != infos.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("invalid podset infos: expecting ", total, " podsets, got ", infos.size()));
  }
  size_t next = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    json list = json::array();
    for (size_t k = 0; k < sizes[i]; ++k) list.push_back(InfoJson(infos[next++]));
    json& component = (*after)["spec"]["components"][i];
    if (!list.empty() && component.is_object()) component["podSetInfos"] = std::move(list);
  }
  // One that is not held back does not say so.
  (*after)["spec"].erase("suspend");
  return absl::OkStatus();
}

void Restore(const JobRef& job, Infos, json* after) {
  for (size_t i = 0; i < ListAt(job.value(), kComponents).size(); ++i) {
    json& component = (*after)["spec"]["components"][i];
    if (component.is_object()) component.erase("podSetInfos");
  }
}

}  // namespace

KindRules AppWrapperRules() {
  KindRules rules;
  rules.framework = "workload.codeflare.dev/appwrapper";
  rules.active = IsActive;
  rules.finished = Finished;
  rules.pods_ready = PodsReady;
  rules.pod_sets = PodSets;
  rules.run = Run;
  rules.restore = Restore;
  return rules;
}

}  // namespace muster::manager
