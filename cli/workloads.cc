#include "api/jobs/workloads.h"

#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/jobs/unknown_fields.h"
#include "api/load.h"
#include "api/problem.h"
#include "api/vocabulary.h"
#include "cli/commands.h"

namespace muster::cli {
namespace {

struct Loaded {
  std::vector<nlohmann::json> jobs;
  api::JobOptions options;
};

// Jobs, and the classes they may name. Other objects are left out.
absl::StatusOr<Loaded> Load(const std::vector<std::string>& paths) {
  api::LoadResult read = api::LoadPaths(paths);
  if (absl::Status s = read.status(); !s.ok()) return s;
  Loaded out;
  bool classes = false;
  for (api::Decoded& decoded : read.objects) {
    if (const auto* c = std::get_if<api::WorkloadPriorityClass>(&decoded.object)) {
      out.options.workload_priority_classes[c->metadata.name] = c->value;
      classes = true;
    } else if (const auto* c = std::get_if<api::PriorityClass>(&decoded.object)) {
      out.options.priority_classes[c->metadata.name] = c->value;
      if (c->global_default) out.options.default_priority_class = c->metadata.name;
      classes = true;
    } else if (api::IsJob(decoded.raw)) {
      out.jobs.push_back(std::move(decoded.raw));
    }
  }
  for (api::Unsupported& other : read.unsupported) {
    if (api::IsJob(other.raw)) out.jobs.push_back(std::move(other.raw));
  }
  // Without any class at hand, names of classes cannot be held against them.
  out.options.require_classes = classes;
  return out;
}

absl::Status PrintWorkloads(const std::vector<std::string>& paths) {
  absl::StatusOr<Loaded> loaded = Load(paths);
  if (!loaded.ok()) return loaded.status();
  if (loaded->jobs.empty()) return absl::NotFoundError("there is no job in what was named");
  std::vector<api::Problem> unknown;
  for (const nlohmann::json& job : loaded->jobs) {
    for (api::Problem& problem : api::UnknownJobFields(job)) {
      if (problem.severity == api::Severity::kWarning) std::cerr << "warning: " << api::ToString(problem) << "\n";
      unknown.push_back(std::move(problem));
    }
  }
  if (absl::Status s = api::ToStatus(unknown); !s.ok()) return s;
  std::map<std::string, std::vector<nlohmann::json>> groups;
  std::vector<api::JobWorkloads> all;
  for (nlohmann::json& job : loaded->jobs) {
    absl::StatusOr<int32_t> group = 0;
    if (job["kind"] == "Pod") group = api::PodGroupSize(job);
    if (!group.ok()) return group.status();
    if (*group > 0) {
      const std::string ns = job["metadata"].value("namespace", "default");
      groups[ns + "/" + job["metadata"]["labels"][api::kPodGroupNameLabel].get<std::string>()].push_back(
          std::move(job));
      continue;
    }
    absl::StatusOr<api::JobWorkloads> made = api::WorkloadsOf(job, loaded->options);
    if (!made.ok()) return made.status();
    all.push_back(*std::move(made));
  }
  for (const auto& [name, pods] : groups) {
    const int32_t size = *api::PodGroupSize(pods.front());
    if (size != static_cast<int32_t>(pods.size())) {
      return absl::InvalidArgumentError("pod group " + name + ": has " + std::to_string(pods.size()) + " pods of " +
                                        std::to_string(size) + "; Kueue waits for the others");
    }
    absl::StatusOr<api::JobWorkloads> made = api::WorkloadOfPodGroup(pods, loaded->options);
    if (!made.ok()) return made.status();
    all.push_back(*std::move(made));
  }
  bool first = true;
  for (const api::JobWorkloads& job : all) {
    if (job.queue_name.empty()) {
      std::cerr << "warning: " << job.kind->kind << "/" << job.ns << "/" << job.name << ": has no label "
                << api::kQueueNameLabel << ": Kueue leaves it alone\n";
    }
    for (const api::Workload& w : job.workloads) {
      if (!first) std::cout << "---\n";
      first = false;
      std::cout << api::ToYamlText({w, {}, nullptr, {}});
    }
  }
  return absl::OkStatus();
}

}  // namespace

void AddWorkloads(CLI::App* app, int* exit_code) {
  auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app->add_subcommand(
      "workloads", "Print the Kueue Workloads that jobs become: pod sets, counts, priorities, topology requests.");
  command
      ->add_option(
          "FILE", *paths,
          "Files or folders with jobs (YAML, JSON). WorkloadPriorityClasses and PriorityClasses among them give "
          "the priorities")
      ->required();
  command->callback([paths, exit_code] {
    if (absl::Status s = PrintWorkloads(*paths); !s.ok()) {
      std::cerr << "muster workloads: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
