#include "api/jobs/workloads.h"

#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/jobs/common.h"
#include "api/jobs/pod_set.h"
#include "api/jobs/serving.h"
#include "api/vocabulary.h"

namespace muster::api {
namespace {

using nlohmann::json;

constexpr size_t kMaxWorkloadName = 253;
// A Deployment becomes that many objects.
constexpr int64_t kMaxReplicas = 100'000;

std::string Known(const std::map<std::string, int32_t>& classes) {
  std::vector<std::string> names;
  for (const auto& [name, value] : classes) names.push_back(name);
  return names.empty() ? "there are none" : absl::StrCat("there are ", absl::StrJoin(names, ", "));
}

// A Deployment and a LeaderWorkerSet ask for each pod or group on its own.
std::vector<JobWorkload> Spread(const std::vector<PodSet>& pod_sets, int64_t replicas) {
  std::vector<JobWorkload> out;
  for (int64_t i = 0; i < replicas; ++i) out.push_back({absl::StrCat(i), pod_sets});
  return out;
}

absl::StatusOr<std::vector<PodSet>> PodSetsFromTable(const JobSource& job) {
  std::vector<PodSet> out;
  for (const PodSetView& view : PodSetsOf(*job.kind, *job.manifest)) {
    absl::StatusOr<PodSet> set = PodSetOf(view, *job.kind, *job.manifest);
    if (!set.ok()) return set.status();
    out.push_back(*std::move(set));
  }
  if (out.empty()) {
    std::vector<std::string> where;
    for (const PodSetRule& rule : job.kind->pod_sets) where.emplace_back(rule.path);
    return absl::InvalidArgumentError(absl::StrCat("spec: has no pods; expected at ", absl::StrJoin(where, ", ")));
  }
  return out;
}

absl::StatusOr<std::vector<JobWorkload>> Split(const JobSource& job) {
  if (IsServingKind(*job.kind)) {
    absl::StatusOr<std::vector<PodSet>> sets = ServingPodSets(job);
    if (!sets.ok()) return sets.status();
    return Spread(*sets, ReplicasOf(job, "/spec/replicas"));
  }
  if (job.kind->Has(kRuntimePods)) {
    return absl::UnimplementedError(
        "spec.runtimeRef: the pods are those of a training runtime, which is another "
        "object; give the JobSet that comes of it");
  }
  absl::StatusOr<std::vector<PodSet>> sets = PodSetsFromTable(job);
  if (!sets.ok()) return sets.status();
  if (job.kind->kind == "Deployment") {
    for (PodSet& set : *sets) set.count = 1;
    return Spread(*sets, ReplicasOf(job, "/spec/replicas"));
  }
  if (job.kind->kind == "LeaderWorkerSet") {
    if (sets->size() == 1) sets->front().name = "main";
    return Spread(*sets, ReplicasOf(job, "/spec/replicas"));
  }
  if (job.kind->kind == "StatefulSet" && sets->front().count == 0) return std::vector<JobWorkload>();
  return std::vector<JobWorkload>{{"", *std::move(sets)}};
}

absl::Status SetPriority(const JobSource& job, const JobOptions& options, const std::string& job_class, Workload* w) {
  if (const std::string name = LabelOf(job, kPriorityClassLabel); !name.empty()) {
    const auto it = options.workload_priority_classes.find(name);
    if (it == options.workload_priority_classes.end() && options.require_classes) {
      return absl::InvalidArgumentError(absl::StrCat("metadata.labels[", kPriorityClassLabel,
                                                     "]: Workload priority class '", name, "' is not found; ",
                                                     Known(options.workload_priority_classes)));
    }
    w->spec.priority = it == options.workload_priority_classes.end() ? 0 : it->second;
    w->spec.priority_class_ref = PriorityClassRef{"kueue.x-k8s.io", "WorkloadPriorityClass", name};
    return absl::OkStatus();
  }
  std::string name = job_class;
  if (name.empty() && !w->spec.pod_sets.empty()) name = w->spec.pod_sets[0].pod_template.spec.priority_class_name;
  if (name.empty()) name = options.default_priority_class;
  if (name.empty()) {
    w->spec.priority = 0;
    return absl::OkStatus();
  }
  const auto it = options.priority_classes.find(name);
  if (it == options.priority_classes.end() && options.require_classes) {
    return absl::InvalidArgumentError(
        absl::StrCat("PriorityClass '", name, "' is not found; ", Known(options.priority_classes)));
  }
  w->spec.priority = it == options.priority_classes.end() ? 0 : it->second;
  w->spec.priority_class_ref = PriorityClassRef{"scheduling.k8s.io", "PriorityClass", name};
  return absl::OkStatus();
}

std::string HashOf(const JobKind& kind, const std::string& name, const std::string& uid, const std::string& extra) {
  std::string text = absl::StrCat(kind.kind, "\n", kind.group, "\n", name, "\n", uid);
  if (!extra.empty()) absl::StrAppend(&text, "\n", extra);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size)).substr(0, 5);
}

std::string NameWithHash(std::string prefix, const std::string& hash) {
  prefix.resize(std::min(prefix.size(), kMaxWorkloadName - hash.size() - 1));
  return absl::StrCat(prefix, "-", hash);
}

}  // namespace

int64_t ReplicasOf(const JobSource& job, absl::string_view pointer) {
  const json* replicas = At(*job.manifest, pointer);
  if (replicas == nullptr || !replicas->is_number_integer()) return 1;
  return std::clamp<int64_t>(replicas->get<int64_t>(), 0, kMaxReplicas);
}

std::string LabelOf(const JobSource& job, const char* label) {
  const json* labels = At(*job.manifest, "/metadata/labels");
  if (labels == nullptr || !labels->is_object()) return "";
  const auto it = labels->find(label);
  return it != labels->end() && it->is_string() ? it->get<std::string>() : "";
}

absl::Status AtJob(const JobSource& job, const absl::Status& status) {
  if (status.ok()) return status;
  const std::string where = absl::StrCat(job.kind->kind, "/", job.ns, "/", job.name, ": ");
  return absl::Status(status.code(), absl::StrCat(where, std::string(status.message())));
}

absl::StatusOr<JobSource> SourceOf(const json& manifest) {
  JobSource job;
  job.manifest = &manifest;
  const json* kind = manifest.is_object() ? At(manifest, "/kind") : nullptr;
  const json* version = manifest.is_object() ? At(manifest, "/apiVersion") : nullptr;
  if (kind == nullptr || !kind->is_string() || version == nullptr || !version->is_string()) {
    return absl::InvalidArgumentError("must be a Kubernetes object with apiVersion and kind");
  }
  const std::vector<std::string> parts = absl::StrSplit(version->get<std::string>(), '/');
  const std::string group = parts.size() == 2 ? parts[0] : "";
  job.kind = FindJobKind(group, kind->get<std::string>());
  if (job.kind == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(kind->get<std::string>(), " of ", version->get<std::string>(),
                                                   " is not a kind of job that is known here"));
  }
  const auto text = [&](const char* pointer) {
    const json* value = At(manifest, pointer);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
  };
  job.name = text("/metadata/name");
  if (job.name.empty()) job.name = text("/metadata/generateName");
  job.ns = text("/metadata/namespace");
  if (job.ns.empty()) job.ns = "default";
  job.uid = text("/metadata/uid");
  if (job.name.empty()) return absl::InvalidArgumentError(absl::StrCat(job.kind->kind, ": metadata.name: is needed"));
  return job;
}

absl::StatusOr<Workload> MakeWorkload(const JobSource& job, const JobOptions& options, JobWorkload part) {
  Workload w;
  w.metadata.ns = job.ns;
  w.metadata.name = WorkloadName(*job.kind, job.name, job.uid, part.extra);
  if (!job.uid.empty()) w.metadata.labels[kJobUidLabel] = job.uid;
  OwnerReference& owner = w.metadata.owner_references.emplace_back();
  owner.api_version = absl::StrCat(job.kind->group, job.kind->group.empty() ? "" : "/", job.kind->version);
  owner.kind = std::string(job.kind->kind);
  owner.name = job.name;
  owner.uid = job.uid;
  owner.controller = true;
  owner.block_owner_deletion = true;
  w.spec.queue_name = LabelOf(job, kQueueNameLabel);
  w.spec.pod_sets = std::move(part.pod_sets);
  if (const std::string seconds = LabelOf(job, kMaxExecTimeLabel); !seconds.empty()) {
    int32_t value = 0;
    if (!absl::SimpleAtoi(seconds, &value) || value <= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("metadata.labels[", kMaxExecTimeLabel, "]: \"", seconds, "\" should be greater than 0"));
    }
    w.spec.maximum_execution_time_seconds = value;
  }
  // The training operator's kinds may name one for the job as a whole.
  const json* whole = At(*job.manifest, "/spec/runPolicy/schedulingPolicy/priorityClass");
  const std::string job_class = whole != nullptr && whole->is_string() ? whole->get<std::string>() : "";
  if (absl::Status s = SetPriority(job, options, job_class, &w); !s.ok()) return s;
  return w;
}

bool IsJob(const json& manifest) {
  if (!manifest.is_object()) return false;
  const json* kind = At(manifest, "/kind");
  const json* version = At(manifest, "/apiVersion");
  if (kind == nullptr || !kind->is_string() || version == nullptr || !version->is_string()) return false;
  const std::vector<std::string> parts = absl::StrSplit(version->get<std::string>(), '/');
  return FindJobKind(parts.size() == 2 ? parts[0] : "", kind->get<std::string>()) != nullptr;
}

absl::StatusOr<JobWorkloads> WorkloadsOf(const json& manifest, const JobOptions& options) {
  absl::StatusOr<JobSource> job = SourceOf(manifest);
  if (!job.ok()) return job.status();
  absl::StatusOr<std::vector<JobWorkload>> parts = Split(*job);
  if (!parts.ok()) return AtJob(*job, parts.status());
  JobWorkloads out;
  out.kind = job->kind;
  out.ns = job->ns;
  out.name = job->name;
  out.queue_name = LabelOf(*job, kQueueNameLabel);
  for (JobWorkload& part : *parts) {
    absl::StatusOr<Workload> w = MakeWorkload(*job, options, std::move(part));
    if (!w.ok()) return AtJob(*job, w.status());
    out.workloads.push_back(*std::move(w));
  }
  return out;
}

std::string WorkloadName(const JobKind& kind, const std::string& name, const std::string& uid,
                         const std::string& extra) {
  // Endpoints and Deployments ask for a pod at a time, and the Workload is that pod's.
  const bool of_pods = kind.kind == "Deployment" || IsServingKind(kind);
  return NameWithHash(
      absl::StrCat(of_pods ? "pod" : absl::AsciiStrToLower(kind.kind), "-", name, extra.empty() ? "" : "-", extra),
      HashOf(kind, name, uid, extra));
}

std::string SliceWorkloadName(const JobKind& kind, const std::string& name, const std::string& uid,
                              const std::string& extra) {
  return NameWithHash(absl::StrCat(absl::AsciiStrToLower(kind.kind), "-", name), HashOf(kind, name, uid, extra));
}

}  // namespace muster::api
