#include "manager/topology/node_health.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/pod_set_info.h"
#include "manager/jobs/pods/pod_state.h"
#include "manager/names.h"
#include "manager/topology/tolerated.h"
#include "manager/vocabulary.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;
using Pods = std::vector<kube::ObjectPtr>;
using PodsByWorkload = std::map<std::string, Pods>;  // by "namespace/name"

// How long a node is not ready before that counts, unless pods that end say more.
constexpr absl::Duration kNodeFailureDelay = absl::Seconds(30);
constexpr char kTerminatedMessage[] = "Pod terminated by Kueue NodeController due to node taint";

struct Subject {
  kube::ObjectPtr object;
  std::shared_ptr<const api::Workload> typed;

  bool HasTrue(absl::string_view type) const { return api::IsConditionTrue(typed->status.conditions, type); }
  bool IsMarked(const std::string& node) const {
    const std::vector<std::string>& nodes = typed->status.unhealthy_nodes;
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  }
};

bool HasPodsOn(const api::PodSetAssignment& assignment, const std::string& node) {
  const std::optional<api::TopologyAssignment>& topology = assignment.topology_assignment;
  if (!topology.has_value() || topology->levels.empty() || topology->levels.back() != api::kHostnameLabel) return false;
  return std::any_of(topology->domains.begin(), topology->domains.end(),
                     [&](const api::TopologyDomainAssignment& domain) {
                       return domain.count > 0 && !domain.values.empty() && domain.values.back() == node;
                     });
}

// One pass over one node.
class Pass {
 public:
  Pass(const World& world, absl::string_view name, absl::Time now) : world_(world), name_(name), now_(now) {}

  Plan Run() {
    if (absl::Status status = ReadNode(); !status.ok()) return Failed(status);
    const bool not_ready = ready_ != nullptr && ready_->status != "True";
    const absl::Duration wait = not_ready ? ready_->last_transition_time + kNodeFailureDelay - now_ : absl::Duration();
    if (not_ready && wait > absl::ZeroDuration() && !IsOn(api::Gate::kTASReplaceNodeOnPodTermination)) {
      plan_.look_again = wait;
      return std::move(plan_);
    }
    for (const kube::ObjectKey& key : world_.objects.LookupKeys(kWorkloadsByNode, name_)) workloads_.insert(key);
    if (ready_ == nullptr) {
      for (const kube::ObjectKey& key : workloads_) {
        if (absl::Status status = Leave(key); !status.ok()) return Failed(status);
      }
      return std::move(plan_);
    }
    const bool is_late =
        not_ready && wait <= absl::ZeroDuration() && IsOn(api::Gate::kTASReplaceNodeDueToNotReadyOverFixedTime);
    const PodsByWorkload waiting = PodsThatSelect();
    for (const kube::ObjectKey& key : StrayWorkloads(waiting)) workloads_.insert(key);
    std::vector<Step> failures;
    for (const kube::ObjectKey& key : workloads_) {
      const auto pods = waiting.find(absl::StrCat(key.ns, "/", key.name));
      const absl::Status status = Look(key, pods == waiting.end() ? Pods() : pods->second, is_late, &failures);
      if (!status.ok()) return Failed(status);
    }
    std::move(failures.begin(), failures.end(), std::back_inserter(plan_.steps));
    return std::move(plan_);
  }

 private:
  bool IsOn(api::Gate gate) const { return world_.options.webhook.gates.IsOn(gate); }

  Plan Failed(const absl::Status& status) {
    Plan plan;
    plan.error = status;
    return plan;
  }

  absl::Status ReadNode() {
    const kube::ObjectPtr object = world_.objects.Find(NodeType(), "", name_);
    if (object == nullptr) return absl::OkStatus();
    absl::StatusOr<api::Object> read = api::DecodeObject(object->value());
    if (!read.ok()) return read.status();
    node_ = std::get<api::Node>(*std::move(read));
    ready_ = api::FindCondition(node_.conditions, "Ready");
    return absl::OkStatus();
  }

  // nullopt when it is gone meanwhile.
  absl::StatusOr<std::optional<Subject>> Find(const kube::ObjectKey& key) const {
    Subject subject;
    subject.object = world_.objects.Find(key);
    if (subject.object == nullptr) return std::nullopt;
    absl::StatusOr<std::shared_ptr<const api::Workload>> typed = world_.Typed(subject.object);
    if (!typed.ok()) return typed.status();
    subject.typed = *std::move(typed);
    return subject;
  }

  // Topology-aware pods whose node selector names this node.
  PodsByWorkload PodsThatSelect() const {
    PodsByWorkload pods;
    for (kube::ObjectPtr& pod : world_.objects.Lookup(kPodsBySelectedNode, name_)) {
      if (!pod->HasAnnotation(kWorkloadAnnotation)) continue;
      pods[absl::StrCat(pod->ns(), "/", pod->annotation(kWorkloadAnnotation))].push_back(std::move(pod));
    }
    return pods;
  }

  // Workloads that no longer have this node, of pods that came late.
  std::vector<kube::ObjectKey> StrayWorkloads(const PodsByWorkload& waiting) const {
    std::vector<kube::ObjectKey> keys;
    for (const auto& [workload, pods] : waiting) {
      const kube::ObjectKey key{&WorkloadType(), pods[0]->ns(), std::string(pods[0]->annotation(kWorkloadAnnotation))};
      const absl::StatusOr<std::optional<Subject>> subject = Find(key);
      if (!subject.ok() || !subject->has_value()) continue;
      if (!(*subject)->HasTrue(kFinished) && !(*subject)->HasTrue(kEvicted)) keys.push_back(key);
    }
    return keys;
  }

  // Decides about one Workload on a node that is there. Pods that wait in vain are added to `failures`.
  absl::Status Look(const kube::ObjectKey& key, const Pods& waiting, bool is_late, std::vector<Step>* failures) {
    const absl::StatusOr<std::optional<Subject>> found = Find(key);
    if (!found.ok() || !found->has_value()) return found.status();
    const Subject& subject = **found;
    const absl::StatusOr<Health> health = HealthOf(subject);
    if (!health.ok()) return health.status();
    const bool leaves = health->leaves || (is_late && HasNode(subject));
    if (leaves) {
      if (absl::Status status = Leave(key); !status.ok()) return status;
    } else if (subject.IsMarked(name_)) {
      Stay(subject);
    }
    const bool evicted = leaves && (subject.HasTrue(kEvicted) || MustGo(subject));
    if (evicted || !health->waits_in_vain) return absl::OkStatus();
    for (const kube::ObjectPtr& pod : waiting) {
      if (!pod->StringAt("/spec/nodeName").empty() || pod->StringAt("/status/phase") != "Pending" ||
          HasGate(*pod, api::kTopologySchedulingGate)) {
        continue;
      }
      failures->push_back(Fail(*pod));
    }
    return absl::OkStatus();
  }

  struct Health {
    bool leaves = false;         // the node is not for it any more, and none of its pods are left there
    bool waits_in_vain = false;  // pods that are not there yet will never be
  };

  absl::StatusOr<Health> HealthOf(const Subject& subject) const {
    const bool on_pods = IsOn(api::Gate::kTASReplaceNodeOnPodTermination);
    if (!HasNode(subject)) return Health{false, true};
    if (ready_->status != "True") {
      if (!on_pods) return Health{true, false};
      return Health{!HasLivePods(subject), true};
    }
    if (!IsOn(api::Gate::kTASReplaceNodeOnNodeTaints) || !HasSchedulingTaint(node_.taints)) return Health{};
    const absl::StatusOr<std::vector<std::vector<api::Toleration>>> tolerations = TolerationsOf(subject);
    if (!tolerations.ok()) return tolerations.status();
    switch (ToleranceOf(node_.taints, *tolerations)) {
      case Tolerance::kAlways:
        return Health{};
      case Tolerance::kForAWhile:
        return Health{!HasLivePods(subject), true};
      case Tolerance::kNever:
        break;
    }
    if (!on_pods) return Health{true, false};
    return Health{!HasLivePods(subject), true};
  }

  bool HasNode(const Subject& subject) const {
    const std::optional<api::Admission>& admission = subject.typed->status.admission;
    return admission.has_value() &&
           std::any_of(admission->pod_set_assignments.begin(), admission->pod_set_assignments.end(),
                       [&](const api::PodSetAssignment& each) { return HasPodsOn(each, name_); });
  }

  // Whether pods of it run on the node that are not on their way out.
  bool HasLivePods(const Subject& subject) const {
    const Pods pods =
        world_.objects.Lookup(kPodsByWorkload, absl::StrCat(subject.object->ns(), "/", SliceName(*subject.object)));
    return std::any_of(pods.begin(), pods.end(), [&](const kube::ObjectPtr& pod) {
      return pod->StringAt("/spec/nodeName") == name_ && !pod->deleting() && !IsTerminated(*pod);
    });
  }

  // Of each pod set on the node: what its pods tolerate, with what flavors and checks add.
  absl::StatusOr<std::vector<std::vector<api::Toleration>>> TolerationsOf(const Subject& subject) const {
    const absl::StatusOr<std::vector<PodSetInfo>> infos = InfosOfAdmission(world_, *subject.object, *subject.typed);
    if (!infos.ok()) return infos.status();
    std::vector<std::vector<api::Toleration>> tolerations;
    const std::vector<api::PodSetAssignment>& assignments = subject.typed->status.admission->pod_set_assignments;
    for (size_t i = 0; i < assignments.size() && i < infos->size(); ++i) {
      if (!HasPodsOn(assignments[i], name_)) continue;
      std::vector<api::Toleration> all = subject.typed->spec.pod_sets[i].pod_template.spec.tolerations;
      for (const json& each : (*infos)[i].tolerations) {
        absl::StatusOr<api::Toleration> toleration = api::DecodePart<api::Toleration>(each, "tolerations");
        if (!toleration.ok()) return toleration.status();
        all.push_back(*std::move(toleration));
      }
      tolerations.push_back(std::move(all));
    }
    return tolerations;
  }

  // Whether it is to leave another node already.
  bool MustGo(const Subject& subject) const {
    return !subject.typed->status.unhealthy_nodes.empty() && !subject.IsMarked(name_);
  }

  absl::Status Leave(const kube::ObjectKey& key) {
    const absl::StatusOr<std::optional<Subject>> found = Find(key);
    if (!found.ok() || !found->has_value()) return found.status();
    const Subject& subject = **found;
    if (subject.HasTrue(kEvicted) || subject.IsMarked(name_)) return absl::OkStatus();
    StatusDraft draft(*subject.object, subject.typed->status);
    std::vector<std::string> nodes = subject.typed->status.unhealthy_nodes;
    nodes.push_back(name_);
    if (MustGo(subject)) {
      const std::string message =
          absl::StrCat("Workload eviction triggered due to multiple TAS assigned node failures, including: ",
                       absl::StrJoin(nodes, ", "));
      plan_.steps.push_back(Evict(std::move(draft), {.reason = kReasonNodeFailures, .cause = "", .message = message},
                                  Strictness::kStrict, kTopologyRecorder, now_));
      return absl::OkStatus();
    }
    draft.Change().unhealthy_nodes = std::move(nodes);
    Write(draft);
    return absl::OkStatus();
  }

  void Stay(const Subject& subject) {
    StatusDraft draft(*subject.object, subject.typed->status);
    std::erase(draft.Change().unhealthy_nodes, name_);
    Write(draft);
  }

  void Write(const StatusDraft& draft) {
    Step& step = plan_.steps.emplace_back();
    step.request = draft.Apply(Strictness::kStrict);
  }

  Step Fail(const kube::Object& pod) const {
    json after = pod.value();
    json& status = Member(after, "status");
    status["phase"] = "Failed";
    json& conditions = status["conditions"];
    if (!conditions.is_array()) conditions = json::array();
    conditions.push_back({{"type", "TerminatedByKueue"},
                          {"status", "True"},
                          {"reason", "UnschedulableOnAssignedNode"},
                          {"message", kTerminatedMessage},
                          {"lastTransitionTime", kube::TimeText(now_)}});
    Step step;
    step.request = *MergePatch(pod, after, PatchMode::kStrict, "status");
    step.gone_is_fine = true;
    EventNote note = Note(pod, kTopologyRecorder, /*warning=*/false, "PodTerminatedByKueue", kTerminatedMessage);
    note.action = "PodTerminated";
    step.events.push_back(std::move(note));
    return step;
  }

  const World& world_;
  const std::string name_;
  const absl::Time now_;
  api::Node node_;
  const api::Condition* ready_ = nullptr;  // of node_; null when there is no node, or it says nothing
  std::set<kube::ObjectKey> workloads_;
  Plan plan_;
};

}  // namespace

Plan ReconcileNode(const World& world, absl::string_view name, absl::Time now) { return Pass(world, name, now).Run(); }

}  // namespace muster::manager
