#include "api/jobs/pod_set.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/vocabulary.h"

namespace muster::api {
namespace {

using nlohmann::json;

// The label that numbers the pods of a pod set; "" if the kind has none.
absl::string_view PodIndexLabel(const JobKind& kind) {
  if (kind.group == "batch" || kind.group == "jobset.x-k8s.io") return kJobCompletionIndexLabel;
  if (kind.group == "kubeflow.org") return kReplicaIndexLabel;
  if (kind.group == "leaderworkerset.x-k8s.io") return kWorkerIndexLabel;
  if (kind.kind == "StatefulSet") return kPodIndexLabel;
  return "";
}

const std::string* Find(const StringMap& map, const char* key) {
  const auto it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

absl::Status Bad(const char* annotation, const std::string& value, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("metadata.annotations[", annotation, "]: \"", value, "\" ", what));
}

absl::Status ReadConstraints(const std::string& text, std::vector<SliceConstraint>* out) {
  const json list = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array()) return Bad(kSliceConstraintsAnnotation, text, "must be a valid JSON array");
  for (const json& item : list) {
    const json* topology = At(item, "/topology");
    const json* size = At(item, "/size");
    if (topology == nullptr || !topology->is_string() || size == nullptr || !size->is_number_integer()) {
      return Bad(kSliceConstraintsAnnotation, text, "must have topology and size in every entry");
    }
    out->push_back({topology->get<std::string>(), size->get<int32_t>()});
  }
  return absl::OkStatus();
}

// The container that Ray adds to a head which scales its own workers (KubeRay's default resources).
void AddRayAutoscaler(const PodSetView& view, const json& job, PodSpec* spec) {
  if (view.name != "head") return;
  for (absl::string_view at : {"/spec", "/spec/rayClusterSpec", "/spec/rayClusterConfig"}) {
    const json* cluster = At(job, at);
    if (cluster == nullptr || At(*cluster, "/headGroupSpec") == nullptr) continue;
    const json* on = At(*cluster, "/enableInTreeAutoscaling");
    if (on == nullptr || !on->is_boolean() || !on->get<bool>()) return;
    Container autoscaler;
    autoscaler.name = "autoscaler";
    autoscaler.resources.requests["cpu"] = *Quantity::Parse("500m");
    autoscaler.resources.requests["memory"] = *Quantity::Parse("512Mi");
    if (const json* said = At(*cluster, "/autoscalerOptions/resources")) {
      absl::StatusOr<Container> read = DecodePart<Container>(json{{"name", "autoscaler"}, {"resources", *said}});
      if (read.ok()) autoscaler = *std::move(read);
    }
    spec->containers.push_back(std::move(autoscaler));
    return;
  }
}

}  // namespace

absl::StatusOr<std::optional<TopologyRequest>> TopologyRequestOf(const StringMap& annotations, const JobKind& kind) {
  TopologyRequest request;
  bool asked = false;
  if (const std::string* v = Find(annotations, kRequiredTopologyAnnotation)) request.required = *v, asked = true;
  if (const std::string* v = Find(annotations, kPreferredTopologyAnnotation)) request.preferred = *v, asked = true;
  if (request.required.has_value() && request.preferred.has_value()) {
    return Bad(kPreferredTopologyAnnotation, *request.preferred,
               absl::StrCat("must not be set together with ", kRequiredTopologyAnnotation));
  }
  if (const std::string* v = Find(annotations, kUnconstrainedTopologyAnnotation)) {
    if (*v != "true" && *v != "false") return Bad(kUnconstrainedTopologyAnnotation, *v, "must be a boolean value");
    request.unconstrained = *v == "true";
    asked = true;
  }
  if (const std::string* v = Find(annotations, kPodSetGroupNameAnnotation); v != nullptr && asked)
    request.pod_set_group_name = *v;
  if (const std::string* v = Find(annotations, kSliceRequiredTopologyAnnotation)) {
    request.pod_set_slice_required_topology = *v;
    asked = true;
  }
  if (const std::string* v = Find(annotations, kSliceSizeAnnotation)) {
    int32_t size = 0;
    if (!absl::SimpleAtoi(*v, &size)) return Bad(kSliceSizeAnnotation, *v, "must be a numeric value");
    if (size < 1) return Bad(kSliceSizeAnnotation, *v, "must be greater than or equal to 1");
    request.pod_set_slice_size = size;
    asked = true;
  }
  if (const std::string* v = Find(annotations, kSliceConstraintsAnnotation)) {
    if (absl::Status s = ReadConstraints(*v, &request.pod_set_slice_constraints); !s.ok()) return s;
    asked = true;
  }
  if (const absl::string_view label = PodIndexLabel(kind); !label.empty()) {
    request.pod_index_label = std::string(label);
    asked = true;
  }
  if (!asked) return std::optional<TopologyRequest>();
  return std::optional<TopologyRequest>(std::move(request));
}

absl::StatusOr<PodSet> PodSetOf(const PodSetView& view, const JobKind& kind, const json& job) {
  PodSet set;
  set.name = view.name;
  set.count = std::max(view.count, 0);
  const std::string path = view.TemplatePath();
  const std::string shown = path.empty() ? "" : absl::StrCat(path, ".");
  if (view.pod_template == nullptr) {
    if (kind.kind != "RayJob" || view.name != "submitter") {
      return absl::UnimplementedError(absl::StrCat(shown.empty() ? "spec" : path, ": pod set \"", view.name,
                                                   "\" has no pod template in the object"));
    }
    set.pod_template = DefaultRaySubmitter();
  } else if (kind.kind == "Pod") {
    // A pod is its own template; the rest of its metadata is its own.
    absl::StatusOr<PodSpec> spec = DecodePart<PodSpec>(job.value("spec", json::object()), "spec");
    if (!spec.ok()) return spec.status();
    set.pod_template.spec = *std::move(spec);
    for (const char* field : {"labels", "annotations"}) {
      const json* map = At(job, absl::StrCat("/metadata/", field));
      if (map == nullptr || !map->is_object()) continue;
      StringMap& out =
          std::string(field) == "labels" ? set.pod_template.metadata.labels : set.pod_template.metadata.annotations;
      for (const auto& [key, value] : map->items()) {
        if (value.is_string()) out[key] = value.get<std::string>();
      }
    }
  } else {
    absl::StatusOr<PodTemplateSpec> read = DecodePart<PodTemplateSpec>(*view.pod_template, path);
    if (!read.ok()) return read.status();
    set.pod_template = *std::move(read);
  }
  if (kind.group == "ray.io") AddRayAutoscaler(view, job, &set.pod_template.spec);
  absl::StatusOr<std::optional<TopologyRequest>> request =
      TopologyRequestOf(set.pod_template.metadata.annotations, kind);
  if (!request.ok()) return absl::InvalidArgumentError(absl::StrCat(shown, std::string(request.status().message())));
  set.topology_request = *std::move(request);
  if (kind.kind == "JobSet" && set.topology_request.has_value()) {
    set.topology_request->sub_group_index_label = kJobIndexLabel;
    const json* at = At(job, absl::StrCat("/spec/replicatedJobs/", view.index, "/replicas"));
    set.topology_request->sub_group_count = at != nullptr && at->is_number_integer() ? at->get<int32_t>() : 1;
  }
  if (kind.kind == "Job") {
    const json* annotations = At(job, "/metadata/annotations");
    const auto min = annotations == nullptr ? json::const_iterator() : annotations->find(kJobMinParallelismAnnotation);
    if (annotations != nullptr && annotations->is_object() && min != annotations->end() && min->is_string()) {
      int32_t count = 0;
      if (!absl::SimpleAtoi(min->get<std::string>(), &count) || count < 1 || count >= set.count) {
        return absl::InvalidArgumentError(absl::StrCat("metadata.annotations[", kJobMinParallelismAnnotation,
                                                       "]: should be between 0 and ", set.count - 1));
      }
      set.min_count = count;
    }
  }
  return set;
}

PodTemplateSpec DefaultRaySubmitter() {
  PodTemplateSpec pod;
  Container container;
  container.name = "ray-job-submitter";
  container.resources.requests["cpu"] = *Quantity::Parse("500m");
  container.resources.requests["memory"] = *Quantity::Parse("200Mi");
  container.resources.limits["cpu"] = *Quantity::Parse("1");
  container.resources.limits["memory"] = *Quantity::Parse("1Gi");
  pod.spec.containers.push_back(std::move(container));
  pod.spec.restart_policy = "Never";
  return pod;
}

}  // namespace muster::api
