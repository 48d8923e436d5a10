// The jobs of a World: made, scaled, finished, deleted; and how their pods do.
#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "api/jobs/workloads.h"
#include "api/validation.h"
#include "api/vocabulary.h"
#include "sim/scenario/conditions.h"
#include "sim/scenario/words.h"
#include "sim/scenario/world.h"

namespace muster::sim {

using nlohmann::json;

namespace {

bool Has(const api::StringMap& labels, const std::string& key, absl::string_view value) {
  const auto it = labels.find(key);
  return it != labels.end() && it->second == value;
}

// The admission policy of HyperPod task governance: in a team's namespace every job says which queue it is for.
absl::Status CheckGovernance(const std::map<std::string, api::Object>& objects, const api::JobWorkloads& job) {
  const auto it = objects.find(absl::StrCat("Namespace/", job.ns));
  if (it == objects.end()) return absl::OkStatus();
  const api::StringMap& labels = api::Metadata(it->second).labels;
  if (!Has(labels, api::kActivateQuotaLabel, "Enabled")) return absl::OkStatus();
  if (!Has(labels, api::kManagedQueueLabel, "true")) return absl::OkStatus();
  if (!job.queue_name.empty()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "ValidatingAdmissionPolicy 'hyperpod-task-governance-admission-policy' denied request: The label "
      "'kueue.x-k8s.io/queue-name' is either missing or does not have a value set.");
}

api::JobOptions OptionsFrom(const std::map<std::string, api::Object>& objects) {
  api::JobOptions options;
  for (const auto& [id, object] : objects) {
    if (const auto* c = std::get_if<api::WorkloadPriorityClass>(&object)) {
      options.workload_priority_classes[c->metadata.name] = c->value;
    } else if (const auto* c = std::get_if<api::PriorityClass>(&object)) {
      options.priority_classes[c->metadata.name] = c->value;
      if (c->global_default) options.default_priority_class = c->metadata.name;
    }
  }
  return options;
}

}  // namespace

absl::StatusOr<size_t> World::JobIndex(const std::string& ref) const {
  std::vector<size_t> found;
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const ScenarioJob& job = jobs_[i];
    if (job.gone) continue;
    if (ref == job.Id() || ref == absl::StrCat(job.ns, "/", job.name) || ref == job.name) found.push_back(i);
  }
  if (found.size() == 1) return found[0];
  std::vector<std::string> names;
  if (found.empty()) {
    for (const ScenarioJob& job : jobs_) {
      if (!job.gone) names.push_back(job.Id());
    }
    return absl::NotFoundError(absl::StrCat("there is no job \"", ref, "\"; ",
                                            names.empty() ? "there are none" : "there are ",
                                            absl::StrJoin(names, ", ")));
  }
  for (size_t i : found) names.push_back(jobs_[i].Id());
  return absl::InvalidArgumentError(absl::StrCat("\"", ref, "\" may be ", absl::StrJoin(names, " or "), ": say which"));
}

absl::StatusOr<const ScenarioJob*> World::FindJob(const std::string& ref) const {
  absl::StatusOr<size_t> index = JobIndex(ref);
  if (!index.ok()) return index.status();
  return &jobs_[*index];
}

absl::Status World::ApplyJob(const Manifest& manifest, std::optional<absl::Duration> runs_for) {
  const api::JobOptions options = OptionsFrom(objects_);
  json named = manifest.value;
  // Kubernetes gives every object a UID. These sort in the order of submission, which is what ties end with.
  if (named.contains("metadata") && named["metadata"].is_object()) {
    named["metadata"]["uid"] = absl::StrFormat("%08d", jobs_.size() + 1);
  }
  absl::StatusOr<int32_t> group_size = 0;
  if (named.value("kind", json()) == "Pod") group_size = api::PodGroupSize(named);
  if (!group_size.ok()) return group_size.status();
  absl::StatusOr<api::JobWorkloads> made = api::WorkloadsOf(named, options);
  if (!made.ok()) return made.status();
  if (absl::Status s = CheckGovernance(objects_, *made); !s.ok()) return s;
  std::vector<size_t> group;
  const std::string group_name =
      *group_size > 0 ? named["metadata"]["labels"][api::kPodGroupNameLabel].get<std::string>() : "";
  if (*group_size > 0) {
    // A group is one Workload, made when its last pod is there.
    for (size_t i = 0; i < jobs_.size(); ++i) {
      const ScenarioJob& other = jobs_[i];
      if (other.gone || other.kind != "PodGroup" || other.ns != made->ns || other.name != group_name) continue;
      group.push_back(i);
    }
  }
  for (const api::Workload& w : made->workloads) {
    if (absl::Status s = api::ToStatus(api::Validate(w)); !s.ok()) return s;
  }

  if (*group_size > 0) {
    if (group.empty()) {
      ScenarioJob& job = jobs_.emplace_back();
      job.kind = "PodGroup";
      job.ns = made->ns;
      job.name = group_name;
      job.governed = !made->queue_name.empty();
      job.runs_for = runs_for;
      job.manifest = json::array();
      group.push_back(jobs_.size() - 1);
    }
    ScenarioJob& job = jobs_[group[0]];
    job.manifest.push_back(std::move(named));
    const int32_t have = static_cast<int32_t>(job.manifest.size());
    Tell(Happening::Kind::kSubmitted, job.Id(),
         absl::StrCat(job.Id(), ": pod ", made->name, ", ", have, " of ", *group_size));
    if (have != *group_size) return absl::OkStatus();
    const std::vector<json> pods = job.manifest.get<std::vector<json>>();
    absl::StatusOr<api::JobWorkloads> whole = api::WorkloadOfPodGroup(pods, options);
    if (!whole.ok()) return whole.status();
    if (job.governed) AddMembers(group[0], std::move(whole->workloads));
    return absl::OkStatus();
  }

  // The same job again replaces the one before.
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const ScenarioJob& job = jobs_[i];
    if (!job.gone && job.kind == made->kind->kind && job.ns == made->ns && job.name == made->name) RemoveJob(i);
  }
  ScenarioJob& job = jobs_.emplace_back();
  job.kind = std::string(made->kind->kind);
  job.ns = made->ns;
  job.name = made->name;
  job.manifest = std::move(named);
  job.governed = !made->queue_name.empty();
  job.runs_for = runs_for;
  Tell(Happening::Kind::kSubmitted, job.Id(), DescribeJob(job.Id(), *made));
  if (job.governed) AddMembers(jobs_.size() - 1, std::move(made->workloads));
  return absl::OkStatus();
}

void World::AddMembers(size_t job, std::vector<api::Workload> workloads) {
  for (api::Workload& w : workloads) {
    w.metadata.uid = absl::StrFormat("%08d", members_.size() + 1);
    w.metadata.creation_timestamp = now_;
    const size_t index = members_.size();
    Member& member = members_.emplace_back();
    member.job = job;
    member.object = std::move(w);
    member.id = engine().Apply(member.object, now_);
    member_of_[member.id] = index;
    jobs_[job].members.push_back(index);
    const std::string queue =
        absl::StrCat("LocalQueue/", member.object.metadata.ns, "/", member.object.spec.queue_name);
    const auto lq = objects_.find(queue);
    if (lq == objects_.end()) {
      const std::string message = absl::StrCat("LocalQueue ", member.object.spec.queue_name, " doesn't exist");
      WritePending(&member.object, granular_reasons_ ? "Misconfigured" : "Inadmissible", message, now_);
      Tell(Happening::Kind::kWaiting, jobs_[job].Id(), absl::StrCat(jobs_[job].Id(), " waits: ", message),
           "Misconfigured");
    }
  }
}

void World::RemoveMember(size_t index) {
  Member& member = members_[index];
  if (member.id != scheduler::kNoId) {
    engine().DeleteWorkload(member.id, now_);
    member_of_.erase(member.id);
  }
  member.id = scheduler::kNoId;
  member.running = false;
  ++member.runs;
}

void World::RemoveJob(size_t index) {
  ScenarioJob& job = jobs_[index];
  for (size_t member : job.members) RemoveMember(member);
  job.members.clear();
  job.gone = true;
}

void World::FinishMember(size_t index) {
  Member& member = members_[index];
  WriteFinished(&member.object, now_);
  if (member.id != scheduler::kNoId) {
    engine().Finish(member.id, now_);
  }
  member.running = false;
  ++member.runs;
}

absl::Status World::Finish(const std::string& ref) {
  absl::StatusOr<size_t> index = JobIndex(ref);
  if (!index.ok()) return index.status();
  ScenarioJob& job = jobs_[*index];
  for (size_t member : job.members) {
    if (!members_[member].running) {
      return absl::FailedPreconditionError(absl::StrCat(job.Id(), " does not run, so it cannot finish"));
    }
  }
  for (size_t member : job.members) FinishMember(member);
  job.finished = true;
  Tell(Happening::Kind::kFinished, job.Id(), absl::StrCat(job.Id(), " finished"));
  return absl::OkStatus();
}

absl::Status World::Scale(const std::string& ref, int32_t replicas) {
  absl::StatusOr<size_t> index = JobIndex(ref);
  if (!index.ok()) return index.status();
  ScenarioJob& job = jobs_[*index];
  json manifest = job.manifest;
  if (!manifest.is_object() || !manifest["spec"].is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(job.Id(), " has no replicas to change"));
  }
  manifest["spec"]["replicas"] = replicas;
  absl::StatusOr<api::JobWorkloads> made = api::WorkloadsOf(manifest, OptionsFrom(objects_));
  if (!made.ok()) return made.status();
  const bool one_each = job.kind == "Deployment" || job.kind == "LeaderWorkerSet" ||
                        made->kind->group == "inference.sagemaker.aws.amazon.com";
  if (!one_each) {
    return absl::InvalidArgumentError(
        absl::StrCat(job.Id(), " cannot be scaled: it is one Workload; delete it and apply it anew"));
  }
  Tell(Happening::Kind::kChange, "", absl::StrCat(job.Id(), " scaled from ", job.members.size(), " to ", replicas));
  job.manifest = std::move(manifest);
  if (!job.governed) return absl::OkStatus();
  // Pods that wait go first, then the youngest, as a ReplicaSet does it.
  while (job.members.size() > made->workloads.size()) {
    auto victim = std::prev(job.members.end());
    for (auto it = job.members.begin(); it != job.members.end(); ++it) {
      if (!members_[*it].running && members_[*victim].running) victim = it;
      if (members_[*it].running == members_[*victim].running) victim = it;
    }
    RemoveMember(*victim);
    job.members.erase(victim);
  }
  if (job.members.size() < made->workloads.size()) {
    std::set<std::string> names;
    for (size_t member : job.members) names.insert(members_[member].object.metadata.name);
    std::vector<api::Workload> more;
    for (api::Workload& w : made->workloads) {
      if (job.members.size() + more.size() == made->workloads.size()) break;
      if (!names.contains(w.metadata.name)) more.push_back(std::move(w));
    }
    AddMembers(*index, std::move(more));
  }
  return absl::OkStatus();
}

int64_t World::PodsOf(const Member& member) const {
  int64_t pods = 0;
  if (!member.running || !member.object.status.admission.has_value()) return 0;
  for (const api::PodSetAssignment& set : member.object.status.admission->pod_set_assignments) {
    pods += set.count.value_or(0);
  }
  return pods;
}

int64_t World::ReadyPodsOf(const Member& member) const {
  int64_t pods = PodsOf(member);
  if (pods == 0) return 0;
  for (const api::PodSetAssignment& set : member.object.status.admission->pod_set_assignments) {
    if (!set.topology_assignment.has_value() || set.topology_assignment->levels.empty() ||
        set.topology_assignment->levels.back() != api::kHostnameLabel) {
      continue;
    }
    for (const api::TopologyDomainAssignment& domain : set.topology_assignment->domains) {
      bool ready = false;
      for (const auto& [id, object] : objects_) {
        const auto* node = std::get_if<api::Node>(&object);
        if (node == nullptr || !Has(node->metadata.labels, api::kHostnameLabel, domain.values.back())) continue;
        ready = api::IsConditionTrue(node->conditions, "Ready");
      }
      if (!ready) pods -= domain.count;
    }
  }
  return pods;
}

absl::Duration World::RecoveryTimeout() const {
  const absl::Duration timeout = wait_for_pods_ready_->timeout.value_or(absl::Minutes(30));
  return wait_for_pods_ready_->recovery_timeout.value_or(timeout);
}

void World::CheckPods() {
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    if (!member.running) continue;
    const int64_t all = PodsOf(member), ready = ReadyPodsOf(member);
    const bool was_ready = !api::IsConditionFalse(member.object.status.conditions, "PodsReady");
    if ((ready == all) == was_ready) continue;
    const std::string& id = jobs_[member.job].Id();
    WritePodsReady(&member.object, ready == all, ready == all ? "Recovered" : "WaitForRecovery", now_);
    Tell(Happening::Kind::kPods, id,
         ready == all ? absl::StrCat(id, ": all ", all, " pods run again")
                      : absl::StrCat(id, ": ", all - ready, " of ", all, " pods do not run; it keeps its quota"));
    if (ready == all || !wait_for_pods_ready_.has_value()) continue;
    if (RecoveryTimeout() > absl::ZeroDuration()) {
      timers_.insert({now_ + RecoveryTimeout(), {TimerKind::kPodsReadyTimeout, i, member.runs}});
    }
  }
}

}  // namespace muster::sim
