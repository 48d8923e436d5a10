#include "manager/core/queue_reconcilers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/vocabulary.h"
#include "manager/core/finalizers.h"
#include "manager/core/local_queue_usage.h"
#include "manager/core/pending_reason.h"
#include "manager/core/queue_figures.h"
#include "manager/names.h"
#include "manager/workload/conditions.h"
#include "quota/forest.h"

namespace muster::manager {
namespace {

using nlohmann::json;

struct ActiveCondition {
  bool active = false;
  std::string reason, message;
};

// The object's conditions with this one.
json Conditions(const kube::Object& object, const ActiveCondition& active, absl::Time now) {
  std::vector<api::Condition> conditions;
  if (const json* said = object.At("/status/conditions"); said != nullptr && said->is_array()) {
    for (const json& each : *said) {
      absl::StatusOr<api::Condition> read = api::DecodePart<api::Condition>(each);
      if (read.ok()) conditions.push_back(*std::move(read));
    }
  }
  SetCondition(&conditions, kActive, active.active, active.reason, active.message, object.generation(), now);
  json out = json::array();
  for (const api::Condition& condition : conditions) out.push_back(api::EncodePart(condition));
  return out;
}

// A PUT of the status, unless it says the same already.
Plan WriteStatus(const kube::Object& object, json status) {
  Plan plan;
  const json* old = object.At("/status");
  if (old != nullptr ? *old == status : status.empty()) return plan;
  Step step;
  step.request.verb = kube::Verb::kUpdate;
  step.request.key = object.key();
  step.request.subresource = "status";
  step.request.body = object.value();
  step.request.body["status"] = std::move(status);
  step.gone_is_fine = true;
  plan.steps.push_back(std::move(step));
  return plan;
}

double ShareOf(const Context& context, quota::NodeId node) {
  const quota::Forest& forest = context.engine.forest();
  if (node == quota::kNoNode || !forest.InTree(node)) return 0;
  return forest.DominantResourceShare(node).Weighted();
}

}  // namespace

Plan ReconcileClusterQueue(const Context& context, absl::string_view name) {
  const kube::ObjectPtr queue = context.world.ClusterQueue(name);
  if (queue == nullptr) return {};
  const std::optional<scheduler::ClusterQueueId> id = context.engine.FindClusterQueue(name);
  const bool in_use = id.has_value() && !context.engine.Reserving(*id).empty();
  if (std::optional<Plan> plan = KeepWhileUsed(*queue, in_use); plan.has_value()) return *std::move(plan);
  const QueueFigures figures = FiguresOfClusterQueue(context, name);
  const scheduler::ClusterQueueStatus engine_status = context.engine.StatusOf(name);
  ActiveCondition active{engine_status.active, engine_status.reason, engine_status.message};
  if (queue->deleting()) active = {false, "Terminating", "Can't admit new workloads; clusterQueue is terminating"};
  const json* old = queue->At("/status");
  json status = old != nullptr ? *old : json::object();
  status["conditions"] = Conditions(*queue, active, context.now);
  status["flavorsReservation"] = FlavorAmounts(*queue, figures.reservation, /*borrowed=*/true);
  status["flavorsUsage"] = FlavorAmounts(*queue, figures.usage, /*borrowed=*/true);
  status["pendingWorkloads"] = figures.pending;
  status["reservingWorkloads"] = figures.reserving;
  status["admittedWorkloads"] = figures.admitted;
  status.erase("fairSharing");
  if (context.world.options.fair_sharing()) {
    const quota::NodeId node = id.has_value() ? context.engine.NodeOfClusterQueue(*id) : quota::kNoNode;
    status["fairSharing"] = {{"weightedShare", WeightedShareOf(ShareOf(context, node))}};
  }
  return WriteStatus(*queue, std::move(status));
}

Plan ReconcileLocalQueue(const Context& context, absl::string_view ns, absl::string_view name) {
  const kube::ObjectPtr queue = context.world.LocalQueue(ns, name);
  if (queue == nullptr) return {};
  const std::string cluster_queue_name(queue->StringAt("/spec/clusterQueue"));
  const kube::ObjectPtr cluster_queue = context.world.ClusterQueue(cluster_queue_name);
  QueueFigures figures = FiguresOfLocalQueue(context, ns, name, cluster_queue_name);
  ActiveCondition active{true, "Ready", "Can submit new workloads to localQueue"};
  if (IsStopped(*queue)) {
    active = {false, "Stopped", "LocalQueue is stopped"};
    figures.pending = 0;
  } else if (cluster_queue == nullptr) {
    active = {false, "ClusterQueueDoesNotExist", "Can't submit new workloads to clusterQueue"};
  } else {
    bool up = false;
    if (const json* conditions = cluster_queue->At("/status/conditions"); conditions != nullptr) {
      for (const json& each : *conditions) {
        absl::StatusOr<api::Condition> read = api::DecodePart<api::Condition>(each);
        up |= read.ok() && read->type == kActive && read->status == "True";
      }
    }
    if (!up) active = {false, "ClusterQueueIsInactive", "Can't submit new workloads to clusterQueue"};
  }
  const json* old = queue->At("/status");
  json status = old != nullptr ? *old : json::object();
  status["conditions"] = Conditions(*queue, active, context.now);
  status["pendingWorkloads"] = figures.pending;
  status["reservingWorkloads"] = figures.reserving;
  status["admittedWorkloads"] = figures.admitted;
  status.erase("flavorsReservation");
  status.erase("flavorsUsage");
  if (cluster_queue != nullptr) {
    status["flavorsReservation"] = FlavorAmounts(*cluster_queue, figures.reservation, /*borrowed=*/false);
    status["flavorsUsage"] = FlavorAmounts(*cluster_queue, figures.usage, /*borrowed=*/false);
  }
  std::optional<absl::Duration> look_again;
  if (active.active) look_again = ShowUsage(context, *queue, &status);
  Plan plan = WriteStatus(*queue, std::move(status));
  plan.look_again = look_again;
  return plan;
}

Plan ReconcileCohort(const Context& context, absl::string_view name) {
  const kube::ObjectPtr cohort = context.world.objects.Find(CohortType(), "", name);
  if (cohort == nullptr) return {};
  const json* old = cohort->At("/status");
  json status = old != nullptr ? *old : json::object();
  status.erase("fairSharing");
  if (context.world.options.fair_sharing()) {
    status["fairSharing"] = {{"weightedShare", WeightedShareOf(ShareOf(context, context.engine.NodeOfCohort(name)))}};
  }
  return WriteStatus(*cohort, std::move(status));
}

}  // namespace muster::manager
