#include <openssl/evp.h>

#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/jobs/common.h"
#include "api/jobs/pod_set.h"
#include "api/jobs/workloads.h"
#include "api/vocabulary.h"

namespace muster::api {
namespace {

using nlohmann::json;

std::string AnnotationOf(const json& pod, const char* name) {
  const json* annotations = At(pod, "/metadata/annotations");
  if (annotations == nullptr || !annotations->is_object()) return "";
  const auto it = annotations->find(name);
  return it != annotations->end() && it->is_string() ? it->get<std::string>() : "";
}

// Pods of one role have the same text here: what a scheduler looks at, without names and images.
std::string RoleOf(const PodSpec& spec) {
  PodSpec shape = spec;
  shape.node_name.clear();
  shape.scheduling_gates.clear();
  for (std::vector<Container>* list : {&shape.init_containers, &shape.containers}) {
    for (Container& container : *list) container.name.clear();
  }
  const std::string text = EncodePart(shape).dump(-1, ' ', false, json::error_handler_t::replace);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size)).substr(0, 8);
}

}  // namespace

absl::StatusOr<int32_t> PodGroupSize(const json& pod) {
  absl::StatusOr<JobSource> job = SourceOf(pod);
  if (!job.ok()) return job.status();
  const std::string group = LabelOf(*job, kPodGroupNameLabel);
  const std::string total = AnnotationOf(pod, kPodGroupTotalCountAnnotation);
  if (group.empty() && total.empty()) return 0;
  if (group.empty() || total.empty()) {
    return AtJob(*job, absl::InvalidArgumentError(absl::StrCat("metadata: both the '", kPodGroupTotalCountAnnotation,
                                                               "' annotation and the '", kPodGroupNameLabel,
                                                               "' label should be set")));
  }
  int32_t count = 0;
  if (!absl::SimpleAtoi(total, &count) || count <= 0) {
    return AtJob(*job, absl::InvalidArgumentError(absl::StrCat("metadata.annotations: incorrect annotation value '",
                                                               kPodGroupTotalCountAnnotation, "=", total,
                                                               "': group total count should be greater than zero")));
  }
  return count;
}

absl::StatusOr<JobWorkloads> WorkloadOfPodGroup(absl::Span<const json> pods, const JobOptions& options) {
  absl::StatusOr<JobSource> first = SourceOf(pods.front());
  if (!first.ok()) return first.status();
  std::map<std::string, PodSet> by_role;
  for (const json& pod : pods) {
    absl::StatusOr<JobSource> job = SourceOf(pod);
    if (!job.ok()) return job.status();
    const std::vector<PodSetView> views = PodSetsOf(*job->kind, pod);
    if (views.empty()) return AtJob(*job, absl::InvalidArgumentError("is not a Pod"));
    absl::StatusOr<PodSet> set = PodSetOf(views.front(), *job->kind, pod);
    if (!set.ok()) return AtJob(*job, set.status());
    set->name = RoleOf(set->pod_template.spec);
    const auto [it, added] = by_role.try_emplace(set->name, *set);
    if (!added) it->second.count += set->count;
  }
  JobWorkload part;
  for (auto& [role, set] : by_role) {
    if (!set.topology_request.has_value()) set.topology_request.emplace();
    set.topology_request->pod_index_label = kPodGroupPodIndexLabel;
    part.pod_sets.push_back(std::move(set));
  }
  absl::StatusOr<Workload> w = MakeWorkload(*first, options, std::move(part));
  if (!w.ok()) return AtJob(*first, w.status());
  w->metadata.name = LabelOf(*first, kPodGroupNameLabel);
  JobWorkloads out;
  out.kind = first->kind;
  out.ns = first->ns;
  out.name = w->metadata.name;
  out.queue_name = LabelOf(*first, kQueueNameLabel);
  out.workloads.push_back(*std::move(w));
  return out;
}

}  // namespace muster::api
