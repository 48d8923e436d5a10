// Objects, nodes and time of a World. Jobs are in world_jobs.cc, decisions in world_decide.cc.
#include "sim/scenario/world.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/codec.h"
#include "api/defaulting.h"
#include "api/feature_gates.h"
#include "api/hyperpod/cluster.h"
#include "api/hyperpod/compile.h"
#include "api/hyperpod/read.h"
#include "api/jobs/workloads.h"
#include "api/validation.h"
#include "api/vocabulary.h"
#include "quota/amount.h"
#include "scheduler/configuration.h"

namespace muster::sim {

using nlohmann::json;

namespace {

// Kinds that a cluster has, and that decide nothing here.
bool IsIgnored(const std::string& api_version, const std::string& kind) {
  static constexpr absl::string_view kIgnored[] = {
      "Service",          "ConfigMap", "Secret",     "ServiceAccount", "PersistentVolumeClaim",
      "PersistentVolume", "Role",      "RoleBinding"};
  if (api_version != "v1" && !absl::StartsWith(api_version, "rbac.")) return false;
  return std::find(std::begin(kIgnored), std::end(kIgnored), kind) != std::end(kIgnored);
}

api::Condition* ReadyCondition(api::Node* node) {
  for (api::Condition& c : node->conditions) {
    if (c.type == "Ready") return &c;
  }
  api::Condition& c = node->conditions.emplace_back();
  c.type = "Ready";
  return &c;
}

// There is no burst of events to wait for: what happens at one instant is known when it is decided about.
scheduler::EngineOptions AtOnce(scheduler::EngineOptions options) {
  options.reactivation_batch = absl::ZeroDuration();
  return options;
}

}  // namespace

World::World(absl::Time start) : driver_(AtOnce(scheduler::EngineOptions::Default())), now_(start) {
  wait_for_pods_ready_.emplace();  // Kueue's default: on, 30 minutes
}

absl::Status World::Configure(const api::Configuration& configuration) {
  absl::StatusOr<scheduler::EngineOptions> options = scheduler::EngineOptionsFrom(configuration);
  if (!options.ok()) return options.status();
  const api::GatesOf<api::GateReader::kSimulator> gates = options->gates;
  granular_reasons_ = gates[api::Gate::kUnadmittedWorkloadsObservability];
  wait_for_pods_ready_ = configuration.wait_for_pods_ready;
  if (!wait_for_pods_ready_.has_value()) wait_for_pods_ready_.emplace();
  if (!wait_for_pods_ready_->enable.value_or(true) || gates[api::Gate::kDisableWaitForPodsReady]) {
    wait_for_pods_ready_.reset();
  }
  driver_ = Driver(AtOnce(*std::move(options)));
  for (const auto& [id, object] : objects_) ApplyToEngine(object);
  member_of_.clear();
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    if (member.id == scheduler::kNoId) continue;
    member.id = engine().Apply(member.object, now_);
    member_of_[member.id] = i;
  }
  return absl::OkStatus();
}

absl::Status World::Load(const std::vector<Manifest>& objects) {
  std::vector<std::string> problems;
  const auto note = [&](const Manifest& manifest, const absl::Status& status) {
    if (status.ok()) return;
    const std::string source = api::ToString(manifest.source);
    problems.push_back(absl::StrCat(source, source.empty() ? "" : ": ", manifest.path,
                                    manifest.path.empty() ? "" : ": ", std::string(status.message())));
  };
  // First the nodes and the policy: what the policy means depends on the nodes.
  std::vector<const Manifest*> rest;
  for (const Manifest& manifest : objects) {
    if (!hyperpod::LooksLikeHyperPod(manifest.value)) {
      rest.push_back(&manifest);
      continue;
    }
    std::vector<api::Node> nodes;
    note(manifest, TakeRecords(manifest, &nodes).status());
    for (api::Node& node : nodes) note(manifest, ApplyObject(std::move(node)));
  }
  for (const Manifest* manifest : rest) {
    const bool is_node = manifest->value.is_object() && manifest->value.value("kind", json()) == "Node";
    if (is_node) note(*manifest, Apply(*manifest, std::nullopt));
  }
  if (problems.empty()) {
    if (absl::Status s = Compile(); !s.ok()) problems.emplace_back(s.message());
  }
  for (const Manifest* manifest : rest) {
    const bool is_node = manifest->value.is_object() && manifest->value.value("kind", json()) == "Node";
    if (!is_node) note(*manifest, Apply(*manifest, std::nullopt));
  }
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> World::TakeRecords(const Manifest& object, std::vector<api::Node>* nodes) {
  hyperpod::ReadResult read;
  hyperpod::ReadDocument(object.value, object.source, &read);
  if (absl::Status s = read.status(); !s.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("ValidationException: ", std::string(s.message())));
  }
  std::vector<std::string> told;
  const auto add = [&](auto& records) {
    for (auto& record : records) {
      absl::StatusOr<hyperpod::PolicyAnswer> answer = service_.Add(std::move(record));
      if (!answer.ok()) return answer.status();
      told.push_back(std::move(answer->text));
    }
    return absl::OkStatus();
  };
  if (absl::Status s = add(read.documents.policies); !s.ok()) return s;
  if (absl::Status s = add(read.documents.quotas); !s.ok()) return s;
  for (const hyperpod::Cluster& cluster : read.documents.clusters) {
    for (api::Node& node : hyperpod::MakeNodes(cluster)) nodes->push_back(std::move(node));
  }
  return told;
}

std::vector<api::Node> World::Nodes() const {
  std::vector<api::Node> nodes;
  for (const auto& [id, object] : objects_) {
    if (const auto* node = std::get_if<api::Node>(&object)) nodes.push_back(*node);
  }
  return nodes;
}

absl::Status World::Compile() {
  if (service_.empty() && compiled_.empty()) return absl::OkStatus();
  std::vector<api::Object> objects;
  if (!service_.empty()) {
    absl::StatusOr<std::vector<api::Object>> compiled =
        hyperpod::Compile(service_.policies(), service_.quotas(), hyperpod::CapacityOf(Nodes()));
    if (!compiled.ok()) return compiled.status();
    objects = *std::move(compiled);
  }
  std::map<std::string, json> now;
  for (api::Object& object : objects) {
    const std::string id = api::ObjectId(object);
    json written = api::Encode(object);
    const auto before = compiled_.find(id);
    const bool same = before != compiled_.end() && before->second == written;
    now[id] = std::move(written);
    if (same || (own_configuration_ && std::holds_alternative<api::Configuration>(object))) continue;
    if (absl::Status s = ApplyObject(std::move(object)); !s.ok()) return s;
  }
  for (const auto& [id, written] : compiled_) {
    if (now.contains(id) || !objects_.contains(id)) continue;
    // A team's namespace stays when its quota goes.
    if (absl::StartsWith(id, "Namespace/")) continue;
    if (absl::Status s = DeleteObject(id); !s.ok()) return s;
  }
  compiled_ = std::move(now);
  return absl::OkStatus();
}

absl::Status World::Call(const std::string& operation, const Manifest& request) {
  hyperpod::PolicyService before = service_;
  absl::StatusOr<hyperpod::PolicyAnswer> answer = service_.Call(operation, request.value, request.source);
  if (!answer.ok()) return answer.status();
  Tell(Happening::Kind::kChange, "", answer->text);
  absl::Status status = Compile();
  if (!status.ok()) service_ = std::move(before);
  return status;
}

void World::Tell(Happening::Kind kind, const std::string& job, std::string text, std::string reason, std::string by) {
  happenings_.push_back({kind, now_, job, std::move(reason), std::move(by), std::move(text)});
}

std::vector<Happening> World::TakeHappenings() { return std::exchange(happenings_, {}); }

absl::Status World::Apply(const Manifest& manifest, std::optional<absl::Duration> runs_for) {
  if (api::IsJob(manifest.value)) return ApplyJob(manifest, runs_for);
  if (runs_for.has_value()) return absl::InvalidArgumentError("runsFor: only a job runs");
  return ApplyManifest(manifest);
}

absl::Status World::ApplyManifest(const Manifest& manifest) {
  if (hyperpod::LooksLikeHyperPod(manifest.value)) {
    hyperpod::PolicyService before = service_;
    std::vector<api::Node> nodes;
    absl::StatusOr<std::vector<std::string>> told = TakeRecords(manifest, &nodes);
    absl::Status status = told.status();
    if (status.ok()) {
      for (std::string& text : *told) Tell(Happening::Kind::kChange, "", std::move(text));
      for (api::Node& node : nodes) {
        if (status.ok()) status = ApplyObject(std::move(node));
      }
    }
    if (status.ok()) status = Compile();
    if (!status.ok()) service_ = std::move(before);
    return status;
  }
  if (manifest.value.is_object()) {
    const auto text = [&](const char* key) {
      const auto it = manifest.value.find(key);
      return it != manifest.value.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    if (IsIgnored(text("apiVersion"), text("kind"))) return absl::OkStatus();
  }
  api::DecodeResult read = api::Decode(manifest.value);
  if (absl::Status s = api::ToStatus(read.problems); !s.ok()) return s;
  if (!read.decoded.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("kind ", read.unsupported->kind, " of ", read.unsupported->api_version, " is not known here"));
  }
  api::Object object = std::move(read.decoded->object);
  api::DefaultingOptions defaulting;
  defaulting.default_namespace = "default";
  api::SetDefaults(object, defaulting);
  if (absl::Status s = api::ToStatus(api::Validate(object)); !s.ok()) return s;
  if (std::holds_alternative<api::Configuration>(object)) own_configuration_ = true;
  const bool node = std::holds_alternative<api::Node>(object);
  if (absl::Status s = ApplyObject(std::move(object)); !s.ok()) return s;
  return node ? Compile() : absl::OkStatus();
}

void World::ApplyToEngine(const api::Object& object) {
  scheduler::Engine& e = engine();
  if (const auto* o = std::get_if<api::ResourceFlavor>(&object)) {
    e.Apply(*o, now_);
  } else if (const auto* o = std::get_if<api::Cohort>(&object)) {
    e.Apply(*o, now_);
  } else if (const auto* o = std::get_if<api::ClusterQueue>(&object)) {
    e.Apply(*o, now_);
  } else if (const auto* o = std::get_if<api::LocalQueue>(&object)) {
    e.Apply(*o, now_);
  } else if (const auto* o = std::get_if<api::AdmissionCheck>(&object)) {
    // There is nothing to check with: all pass at once.
    api::AdmissionCheck active = *o;
    active.conditions = {api::Condition{"Active", "True", "Active", "", now_, {}}};
    e.Apply(active, now_);
  } else if (const auto* o = std::get_if<api::Topology>(&object)) {
    e.Apply(*o, now_);
  } else if (const auto* o = std::get_if<api::Node>(&object)) {
    e.Apply(*o, now_);
  } else if (const auto* o = std::get_if<api::Namespace>(&object)) {
    // Kubernetes labels every namespace with its name.
    api::Namespace labelled = *o;
    labelled.metadata.labels[api::kNamespaceNameLabel] = o->metadata.name;
    e.Apply(labelled, now_);
  } else if (const auto* o = std::get_if<api::LimitRange>(&object)) {
    e.Apply(*o, now_);
  } else if (const auto* o = std::get_if<api::RuntimeClass>(&object)) {
    e.Apply(*o, now_);
  }
}

absl::Status World::ApplyObject(api::Object object) {
  if (const auto* configuration = std::get_if<api::Configuration>(&object)) return Configure(*configuration);
  if (std::holds_alternative<api::Workload>(object)) {
    return absl::InvalidArgumentError("a Workload is made by Kueue; give the job it is made of");
  }
  if (std::holds_alternative<api::PodTemplate>(object)) {
    return absl::InvalidArgumentError("a PodTemplate does nothing here");
  }
  const std::string id = api::ObjectId(object);
  const bool existed = objects_.contains(id);
  ApplyToEngine(object);
  const bool node = std::holds_alternative<api::Node>(object);
  objects_[id] = std::move(object);
  Tell(Happening::Kind::kChange, "", absl::StrCat(id, existed ? " changed" : " created"));
  if (node) CheckPods();
  return absl::OkStatus();
}

absl::Status World::Delete(const std::string& target) {
  const auto it = objects_.find(target);
  if (it == objects_.end()) {
    absl::StatusOr<size_t> job = JobIndex(target);
    if (!job.ok()) return job.status();
    const std::string id = jobs_[*job].Id();
    RemoveJob(*job);
    Tell(Happening::Kind::kChange, "", absl::StrCat(id, " deleted"));
    return absl::OkStatus();
  }
  const bool node = std::holds_alternative<api::Node>(it->second);
  if (absl::Status s = DeleteObject(target); !s.ok()) return s;
  return node ? Compile() : absl::OkStatus();
}

absl::Status World::DeleteObject(const std::string& target) {
  const auto it = objects_.find(target);
  scheduler::Engine& e = engine();
  const api::ObjectMeta& meta = api::Metadata(it->second);
  const std::string name = meta.name, ns = meta.ns;
  if (std::holds_alternative<api::ResourceFlavor>(it->second)) e.DeleteResourceFlavor(name, now_);
  if (std::holds_alternative<api::Cohort>(it->second)) e.DeleteCohort(name);
  if (std::holds_alternative<api::ClusterQueue>(it->second)) e.DeleteClusterQueue(name);
  if (std::holds_alternative<api::LocalQueue>(it->second)) e.DeleteLocalQueue(ns, name, now_);
  if (std::holds_alternative<api::AdmissionCheck>(it->second)) e.DeleteAdmissionCheck(name, now_);
  if (std::holds_alternative<api::Topology>(it->second)) e.DeleteTopology(name);
  if (std::holds_alternative<api::Namespace>(it->second)) e.DeleteNamespace(name);
  if (std::holds_alternative<api::LimitRange>(it->second)) e.DeleteLimitRange(ns, name);
  if (std::holds_alternative<api::RuntimeClass>(it->second)) e.DeleteRuntimeClass(name);
  const bool node = std::holds_alternative<api::Node>(it->second);
  if (node) e.DeleteNode(name, now_);
  objects_.erase(it);
  Tell(Happening::Kind::kChange, "", absl::StrCat(target, " deleted"));
  if (node) CheckPods();
  return absl::OkStatus();
}

absl::StatusOr<api::Node*> World::FindNode(const std::string& name) {
  const auto it = objects_.find(absl::StartsWith(name, "Node/") ? name : absl::StrCat("Node/", name));
  if (it != objects_.end()) return &std::get<api::Node>(it->second);
  std::vector<std::string> known;
  for (const auto& [id, object] : objects_) {
    if (std::holds_alternative<api::Node>(object)) known.push_back(api::Metadata(object).name);
  }
  return absl::NotFoundError(absl::StrCat("there is no node \"", name, "\"; there are ", absl::StrJoin(known, ", ")));
}

void World::NodeChanged(const api::Node& node, const std::string& what) {
  engine().Apply(node, now_);
  Tell(Happening::Kind::kChange, "", absl::StrCat("Node ", node.metadata.name, " ", what));
  CheckPods();
  // What is idle besides the quotas depends on the nodes that take pods. The policy compiled before, so it does now.
  if (absl::Status s = Compile(); !s.ok()) Tell(Happening::Kind::kChange, "", std::string(s.message()));
}

absl::Status World::SetSchedulable(const std::string& name, bool schedulable) {
  absl::StatusOr<api::Node*> node = FindNode(name);
  if (!node.ok()) return node.status();
  (*node)->unschedulable = !schedulable;
  NodeChanged(**node, schedulable ? "takes pods again" : "is cordoned: it takes no new pods");
  return absl::OkStatus();
}

absl::Status World::SetReady(const std::string& name, bool ready) {
  absl::StatusOr<api::Node*> node = FindNode(name);
  if (!node.ok()) return node.status();
  api::Condition* condition = ReadyCondition(*node);
  condition->status = ready ? "True" : "False";
  condition->last_transition_time = now_;
  NodeChanged(**node, ready ? "is Ready again" : "is not Ready");
  return absl::OkStatus();
}

void World::AdvanceTo(absl::Time t) {
  for (;;) {
    absl::Time next = driver_.NextTimer(now_);
    if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
    if (next > t) break;
    now_ = std::max(now_, next);
    if (!timers_.empty() && timers_.begin()->first <= now_) driver_.Disturbed(now_);
    while (!timers_.empty() && timers_.begin()->first <= now_) {
      const Timer timer = timers_.begin()->second;
      timers_.erase(timers_.begin());
      Fire(timer);
    }
    // What is due at t itself is decided about together with what the caller does then.
    if (now_ < t) Decide();
    if (now_ >= t) break;
  }
  now_ = t;
}

absl::StatusOr<std::string> World::FindQueue(const std::string& name) const {
  if (objects_.contains(absl::StrCat("ClusterQueue/", name))) return name;
  const std::string of_team = absl::StrCat("hyperpod-ns-", name, "-clusterqueue");
  if (objects_.contains(absl::StrCat("ClusterQueue/", of_team))) return of_team;
  return absl::NotFoundError(
      absl::StrCat("there is no ClusterQueue \"", name, "\"; there are ", absl::StrJoin(ClusterQueues(), ", ")));
}

std::vector<std::string> World::ClusterQueues() const {
  std::vector<std::string> out;
  for (const auto& [id, object] : objects_) {
    if (std::holds_alternative<api::ClusterQueue>(object)) out.push_back(api::Metadata(object).name);
  }
  return out;
}

std::map<std::string, std::map<std::string, World::Usage>> World::UsageOf(const std::string& cluster_queue) {
  std::map<std::string, std::map<std::string, Usage>> out;
  const std::optional<scheduler::ClusterQueueId> id = engine().FindClusterQueue(cluster_queue);
  if (!id.has_value()) return out;
  const quota::Forest& forest = engine().forest();
  const quota::NodeId node = engine().NodeOfClusterQueue(*id);
  if (node == quota::kNoNode) return out;
  const auto pairs = engine().flavor_resources();
  for (const quota::FrId fr : forest.frs(node)) {
    Usage& usage = out[engine().FlavorName(pairs[fr].flavor)][engine().ResourceName(pairs[fr].resource)];
    usage.nominal = forest.nominal(node, fr);
    usage.total = forest.usage(node, fr);
    usage.borrowed = std::max<int64_t>(0, quota::Sub(usage.total, usage.nominal));
  }
  return out;
}

}  // namespace muster::sim
