#include "manager/loop/triggers.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "manager/elastic/ungater.h"
#include "manager/jobs/look_at.h"
#include "manager/jobs/pods/reconcile_pods.h"
#include "manager/jobs/sets/sets.h"
#include "manager/provisioning/reconcile.h"
#include "manager/topology/look_at.h"

namespace muster::manager {
namespace {

using kube::ObjectKey;
using kube::ObjectPtr;
using nlohmann::json;

bool Differs(const ObjectPtr& before, const ObjectPtr& after, absl::string_view pointer) {
  const json* a = before->At(pointer);
  const json* b = after->At(pointer);
  return (a == nullptr) != (b == nullptr) || (a != nullptr && *a != *b);
}

Controller ControllerFor(LookAt::Reconciler reconciler) {
  switch (reconciler) {
    case LookAt::Reconciler::kStatefulSet:
      return Controller::kStatefulSet;
    case LookAt::Reconciler::kPodOfStatefulSet:
      return Controller::kPodOfStatefulSet;
    case LookAt::Reconciler::kLeaderWorkerSet:
      break;
  }
  return Controller::kLeaderWorkerSet;
}

class Collect {
 public:
  Collect(const World& world, const ObjectPtr& before, const ObjectPtr& after)
      : world_(world), before_(before), after_(after), any_(after != nullptr ? after_ : before_) {}

  std::vector<Trigger> Run() {
    const kube::ResourceType* type = any_->key().type;
    if (type == &WorkloadType()) Workload();
    if (type == &ClusterQueueType()) ClusterQueue();
    if (type == &LocalQueueType()) LocalQueue();
    if (type == &CohortType() && SpecChanged()) Add(Controller::kCohort, any_->key());
    if (type == &ResourceFlavorType()) Flavor();
    if (type == &AdmissionCheckType()) Check();
    if (type == &TopologyType()) Topology();
    if (type == &WorkloadPriorityClassType() && after_ != nullptr &&
        (before_ == nullptr || Differs(before_, after_, "/value"))) {
      Add(Controller::kPriorityClass, any_->key());
    }
    for (ObjectKey& key : JobsToLookAt(world_, *any_)) Add(Controller::kJob, std::move(key));
    for (ObjectKey& key : PodsToLookAt(world_, *any_)) Add(Controller::kPods, std::move(key));
    for (TopologyLook& look : TopologyToLookAt(world_, before_, after_)) {
      const bool node = look.key.type == &NodeType();
      Add(node ? Controller::kNode : Controller::kUngateByTopology, std::move(look.key), look.after);
    }
    for (ObjectKey& key : ProvisioningToLookAt(world_, before_, after_)) {
      const bool check = key.type == &AdmissionCheckType();
      Add(check ? Controller::kProvisioningCheck : Controller::kProvisioning, std::move(key));
    }
    for (ElasticLook& look : ElasticToLookAt(world_, before_, after_)) {
      Add(Controller::kUngateElastic, std::move(look.key), look.after);
    }
    for (LookAt& look : SetsToLookAt(world_, before_, after_)) {
      Add(ControllerFor(look.reconciler), std::move(look.key), look.after);
    }
    return std::move(triggers_);
  }

 private:
  bool IsNewOrGone() const { return before_ == nullptr || after_ == nullptr; }
  bool SpecChanged() const { return IsNewOrGone() || Differs(before_, after_, "/spec") || after_->deleting(); }
  void Add(Controller controller, ObjectKey key, absl::Duration after = absl::ZeroDuration()) {
    triggers_.push_back({{controller, std::move(key)}, after});
  }

  void Figures(const ObjectPtr& workload) {
    if (workload == nullptr) return;
    const std::string queue(workload->StringAt("/spec/queueName"));
    Add(Controller::kLocalQueue, {&LocalQueueType(), workload->ns(), queue}, kStatusBatch);
    std::string name(workload->StringAt("/status/admission/clusterQueue"));
    if (name.empty()) {
      const ObjectPtr local = world_.LocalQueue(workload->ns(), queue);
      if (local != nullptr) name = std::string(local->StringAt("/spec/clusterQueue"));
    }
    if (name.empty()) return;
    Add(Controller::kClusterQueue, {&ClusterQueueType(), "", name}, kStatusBatch);
    if (world_.options.fair_sharing()) Cohorts(name);
  }

  // Those above a ClusterQueue, but for the topmost.
  void Cohorts(const std::string& cluster_queue) {
    const ObjectPtr queue = world_.ClusterQueue(cluster_queue);
    if (queue == nullptr) return;
    std::string name(queue->StringAt("/spec/cohortName"));
    std::set<std::string> seen;
    while (!name.empty() && seen.insert(name).second) {
      const ObjectPtr cohort = world_.objects.Find(CohortType(), "", name);
      if (cohort == nullptr) return;
      const std::string parent(cohort->StringAt("/spec/parentName"));
      if (parent.empty()) return;
      Add(Controller::kCohort, cohort->key(), kStatusBatch);
      name = parent;
    }
  }

  void Workload() {
    Add(Controller::kWorkload, any_->key());
    Figures(before_);
    Figures(after_);
  }

  void WorkloadsOf(const std::string& ns, const std::string& queue) {
    for (ObjectKey& key : world_.objects.LookupKeys(kWorkloadsByQueue, absl::StrCat(ns, "/", queue))) {
      Add(Controller::kWorkload, std::move(key));
    }
  }

  void ClusterQueue() {
    Add(Controller::kClusterQueue, any_->key());
    const bool workloads = IsNewOrGone() || after_->deleting() || Differs(before_, after_, "/spec/stopPolicy") ||
                           Differs(before_, after_, "/spec/admissionChecksStrategy");
    const bool queues = IsNewOrGone() || Differs(before_, after_, "/status/conditions");
    for (const ObjectKey& key : world_.objects.LookupKeys(kLocalQueuesByClusterQueue, any_->name())) {
      if (queues) Add(Controller::kLocalQueue, key);
      if (workloads) WorkloadsOf(key.ns, key.name);
    }
    if (SpecChanged()) {
      // What it no longer names may go now; what it names may be new to others.
      for (const kube::ResourceType* type : {&ResourceFlavorType(), &AdmissionCheckType()}) {
        for (const ObjectPtr& object : world_.objects.List(*type)) {
          if (object->deleting()) Add(Controller::kReferenced, object->key());
        }
      }
      Cohorts(any_->name());
    }
  }

  void LocalQueue() {
    Add(Controller::kLocalQueue, any_->key());
    if (IsNewOrGone() || after_->deleting() || Differs(before_, after_, "/spec/stopPolicy")) {
      WorkloadsOf(any_->ns(), any_->name());
    }
  }

  void AllClusterQueues() {
    for (const ObjectPtr& queue : world_.objects.List(ClusterQueueType())) Add(Controller::kClusterQueue, queue->key());
  }

  void Flavor() {
    if (IsNewOrGone() || after_->deleting()) Add(Controller::kReferenced, any_->key());
    if (!IsNewOrGone()) return;
    AllClusterQueues();
    const absl::string_view topology = any_->StringAt("/spec/topologyName");
    if (after_ == nullptr && !topology.empty()) {
      Add(Controller::kReferenced, {&TopologyType(), "", std::string(topology)}, absl::Seconds(1));
    }
  }

  void Check() {
    if (IsNewOrGone() || after_->deleting()) Add(Controller::kReferenced, any_->key());
    if (IsNewOrGone() || Differs(before_, after_, "/status/conditions")) AllClusterQueues();
  }

  void Topology() {
    Add(Controller::kReferenced, any_->key());
    if (IsNewOrGone()) AllClusterQueues();
  }

  const World& world_;
  const ObjectPtr& before_;
  const ObjectPtr& after_;
  const ObjectPtr& any_;
  std::vector<Trigger> triggers_;
};

}  // namespace

std::vector<Trigger> TriggersOf(const World& world, const ObjectPtr& before, const ObjectPtr& after) {
  return Collect(world, before, after).Run();
}

}  // namespace muster::manager
