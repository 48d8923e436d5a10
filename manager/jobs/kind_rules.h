// What kinds of jobs differ in, as a table of functions beside api::JobKind: when a job is suspended, active, finished or
// ready, and what starting and stopping it changes.
//
// Problem: Kueue has a controller per kind. Most of each is the same: a boolean that holds the job back, pod templates at
// known places. That part follows from api::JobKind; a row here says the rest.
//
//   const KindRules* rules = FindKindRules(*kind);
//   if (rules->active(ref)) ...
//
// Adding a kind means adding a row to kind_rules.cc.
//
// Source of the rules: Kueue, pkg/controller/jobs.
#ifndef MUSTER_MANAGER_JOBS_KIND_RULES_H_
#define MUSTER_MANAGER_JOBS_KIND_RULES_H_

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/job_kinds.h"
#include "manager/jobs/job.h"

namespace muster::manager {

// A job as the rules see it.
struct JobRef {
  const World& world;
  const api::JobKind& kind;
  const kube::Object& object;

  const nlohmann::json& value() const { return object.value(); }
};

using Infos = absl::Span<const PodSetInfo>;

struct KindRules {
  absl::string_view framework;  // of the kind

  bool (*active)(const JobRef&) = nullptr;
  std::optional<Outcome> (*finished)(const JobRef&) = nullptr;
  bool (*pods_ready)(const JobRef&) = nullptr;

  // What may be left out (nullptr): the kind then does as the comment says.

  // The boolean at JobKind::suspend.
  bool (*suspended)(const JobRef&) = nullptr;
  // Never.
  bool (*on_hold)(const JobRef&) = nullptr;
  // Whether it is not looked at at all. Never.
  bool (*skip)(const JobRef&) = nullptr;
  // Does not say.
  std::vector<api::ReclaimablePod> (*reclaimable)(const JobRef&) = nullptr;
  // Of the pods.
  std::string (*priority_class)(const JobRef&) = nullptr;
  // PodSetsOfTemplates.
  absl::StatusOr<std::vector<nlohmann::json>> (*pod_sets)(const JobRef&) = nullptr;
  // Sets JobKind::suspend to false and puts the infos into the templates, in order.
  absl::Status (*run)(const JobRef&, Infos, nlohmann::json* job) = nullptr;
  // Puts the templates back, in order; nothing when their number is another.
  void (*restore)(const JobRef&, Infos, nlohmann::json* job) = nullptr;
  // Unless it is suspended, one write: suspended and restored. `infos`: empty when there is no Workload.
  absl::Status (*stop)(const JobRef&, Infos, const EventNote& stopped, Plan*) = nullptr;
  // Started in one write.
  absl::Status (*start)(const JobRef&, Infos, const EventNote& started, Plan*) = nullptr;
  // What tells one size of an elastic job from another. Its generation.
  std::string (*slice_extra)(const JobRef&) = nullptr;
  // Annotations that an elastic job is to have. None.
  std::map<std::string, std::string> (*own_annotations)(const JobRef&) = nullptr;
};

// The rules of a kind; nullptr for kinds that are reconciled in another way (pods) or not at all.
const KindRules* FindKindRules(const api::JobKind& kind);

// The parts that most kinds share.
absl::StatusOr<std::vector<nlohmann::json>> PodSetsOfTemplates(const JobRef& job);
absl::Status RunTemplates(const JobRef& job, Infos infos, nlohmann::json* after);
void RestoreTemplates(const JobRef& job, Infos infos, nlohmann::json* after);
// Sets the boolean at JobKind::suspend.
void SetSuspended(const api::JobKind& kind, bool suspended, nlohmann::json* after);
bool IsSuspendedBySpec(const JobRef& job);
// What is at a JSON pointer in a job that is being changed, made if it is missing; null where something else is in the way.
nlohmann::json* Reach(nlohmann::json* job, absl::string_view pointer);

// One pod set of a Workload's spec. The topology request is what the template's annotations ask for, with the label that
// numbers pods of that kind. Errors: InvalidArgument naming the annotation.
absl::StatusOr<nlohmann::json> MakePodSet(const World& world, const api::JobKind& kind, const std::string& name,
                                          int64_t count, const nlohmann::json& pod_template);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_KIND_RULES_H_
