#include "sim/trace/manifests.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/jobs/workloads.h"
#include "api/load.h"
#include "api/vocabulary.h"
#include "sim/trace/requests_of.h"

namespace muster::sim {
namespace {

constexpr uintmax_t kMaxManifestBytes = 4 << 20;  // more than an API server takes

// What one file says.
struct Manifest {
  std::string queue;  // "namespace/name", "" = none
  std::string priority_class;
  std::shared_ptr<const api::Workload> workload;
  std::vector<PodGroup> pods;
};

// The file that a row names, if it lies below the folder of the trace: a trace may come from anybody, and says nothing
// about other files of this machine. Links are followed before that is asked.
absl::StatusOr<std::string> Confined(const std::filesystem::path& folder, const std::string& name) {
  std::error_code error;
  const std::filesystem::path root = std::filesystem::canonical(folder.empty() ? "." : folder, error);
  if (error) return absl::NotFoundError(absl::StrCat(folder.string(), ": ", error.message()));
  const std::filesystem::path path = std::filesystem::canonical(root / name, error);
  if (error) return absl::NotFoundError(absl::StrCat(name, ": ", error.message()));
  const auto [differs, rest] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  if (differs != root.end()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": lies outside of the folder of the trace; move it there"));
  }
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is not a file"));
  }
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kMaxManifestBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": has ", size, " bytes; a manifest has at most ", kMaxManifestBytes));
  }
  return (folder / name).string();
}

absl::StatusOr<Manifest> ReadManifest(const std::filesystem::path& folder, const std::string& name) {
  absl::StatusOr<std::string> confined = Confined(folder, name);
  if (!confined.ok()) return confined.status();
  const std::string& path = *confined;
  api::LoadResult loaded = api::LoadPaths({path});
  if (absl::Status s = loaded.status(); !s.ok()) return s;
  std::vector<nlohmann::json> jobs;
  for (api::Decoded& d : loaded.objects) {
    if (api::IsJob(d.raw)) jobs.push_back(std::move(d.raw));
  }
  for (api::Unsupported& other : loaded.unsupported) {
    if (api::IsJob(other.raw)) jobs.push_back(std::move(other.raw));
  }
  if (jobs.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": holds ", jobs.size(), " jobs; a row runs one"));
  }
  api::JobOptions options;
  options.require_classes = false;  // the policy has them; it is asked when the replay begins
  absl::StatusOr<api::JobWorkloads> job = api::WorkloadsOf(jobs.front(), options);
  if (!job.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::string(job.status().message())));
  if (job->workloads.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the ", std::string(job->kind->kind), " becomes ",
                                                   job->workloads.size(),
                                                   " Workloads, each of which may start on its own; give a row and a "
                                                   "manifest with one replica for each"));
  }
  Manifest out;
  if (!job->queue_name.empty()) out.queue = absl::StrCat(job->ns, "/", job->queue_name);
  const api::Workload& w = job->workloads.front();
  if (w.spec.priority_class_ref.has_value()) out.priority_class = w.spec.priority_class_ref->name;
  for (const api::PodSet& set : w.spec.pod_sets) {
    out.pods.push_back({set.count, RequestsOf(set.pod_template.spec)});
  }
  out.workload = std::make_shared<const api::Workload>(w);
  return out;
}

}  // namespace

absl::Status ReadManifests(Trace* trace) {
  std::map<std::string, absl::StatusOr<Manifest>> files;
  std::set<std::string> problems;
  const std::filesystem::path folder = std::filesystem::path(trace->source).parent_path();
  for (JobShape& shape : trace->shapes) {
    if (shape.manifest.empty()) continue;
    auto it = files.find(shape.manifest);
    if (it == files.end()) {
      it = files.emplace(shape.manifest, ReadManifest(folder, shape.manifest)).first;
      if (!it->second.ok()) problems.emplace(it->second.status().message());
    }
    if (!it->second.ok()) continue;
    const Manifest& manifest = *it->second;
    shape.workload = manifest.workload;
    shape.pods = manifest.pods;
    if (shape.priority_class.empty()) shape.priority_class = manifest.priority_class;
    if (shape.queue.empty()) shape.queue = manifest.queue;
    if (shape.queue.empty()) {
      problems.insert(absl::StrCat(shape.manifest, ": neither the row nor the manifest (label ", api::kQueueNameLabel,
                                   ") names a queue"));
    }
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

}  // namespace muster::sim
