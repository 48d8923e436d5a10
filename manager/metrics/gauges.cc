#include "manager/metrics/gauges.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/resource_units.h"
#include "manager/metrics/transitions.h"
#include "manager/names.h"
#include "quota/forest.h"

namespace muster::manager {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;
using nlohmann::json;
using prometheus::MetricFamily;

// One family; values in the order in which they are set.
class Gauge {
 public:
  Gauge(const char* name, const char* help, const GaugeOptions& options) : role_(options.role) {
    family_.name = name;
    family_.help = help;
    family_.type = prometheus::MetricType::Gauge;
  }
  void Set(const Labels& labels, double value) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    for (const auto& [name, text] : labels) metric.label.push_back({name, text});
    metric.label.push_back({"replica_role", role_});
    metric.gauge.value = value;
  }
  MetricFamily Take() { return std::move(family_); }

 private:
  const std::string role_;
  MetricFamily family_;
};

using FlavorResource = std::pair<std::string, std::string>;

struct Figures {
  int64_t active = 0, inadmissible = 0, reserving = 0, admitted = 0, finished = 0;
  std::map<FlavorResource, int64_t> reservation, usage;
};

double ValueOf(const std::string& resource, int64_t amount) { return api::QuantityOf(resource, amount).ToDouble(); }

class Collector {
 public:
  Collector(const World& world, const scheduler::Engine& engine, const GaugeOptions& options)
      : world_(world), engine_(engine), options_(options) {}

  std::vector<MetricFamily> Run() {
    Count();
    ClusterQueues();
    if (options_.local_queues) LocalQueues();
    if (options_.resources) Resources();
    return std::move(families_);
  }

 private:
  Figures* LocalQueueOf(const std::string& key) {
    const size_t slash = key.find('/');
    const kube::ObjectPtr workload = world_.Workload(key.substr(0, slash), key.substr(slash + 1));
    if (workload == nullptr) return nullptr;
    return &by_local_queue_[{workload->ns(), std::string(workload->StringAt("/spec/queueName"))}];
  }
  bool IsAdmitted(const std::string& key) const {
    const size_t slash = key.find('/');
    const kube::ObjectPtr workload = world_.Workload(key.substr(0, slash), key.substr(slash + 1));
    return workload != nullptr && ConditionOf(*workload, kAdmitted).is_true();
  }

  void Count() {
    for (const scheduler::ClusterQueueId id : engine_.ClusterQueues()) {
      const std::string& name = engine_.ClusterQueueName(id);
      Figures& figures = by_cluster_queue_[name];
      const bool up = engine_.StatusOf(name).active;
      const auto pending = [&](const std::vector<scheduler::WorkloadId>& waiting, bool active) {
        for (const scheduler::WorkloadId workload : waiting) {
          Figures* const local = LocalQueueOf(engine_.WorkloadKey(workload));
          for (Figures* each : {&figures, local}) {
            if (each != nullptr) ++(active ? each->active : each->inadmissible);
          }
        }
      };
      // Of a queue that is not active nobody can be let in.
      pending(engine_.PendingInOrder(id), up);
      pending(engine_.Inadmissible(id), false);
      for (const scheduler::WorkloadId workload : engine_.Reserving(id)) {
        const std::string& key = engine_.WorkloadKey(workload);
        const bool admitted = IsAdmitted(key);
        Figures* const local = LocalQueueOf(key);
        for (Figures* each : {&figures, local}) {
          if (each == nullptr) continue;
          ++each->reserving;
          each->admitted += admitted ? 1 : 0;
          for (const scheduler::FlavorResourceAmount& used : engine_.ReservedUsage(workload)) {
            each->reservation[{used.flavor, used.resource}] += used.amount;
            if (admitted) each->usage[{used.flavor, used.resource}] += used.amount;
          }
        }
      }
    }
    for (const kube::ObjectPtr& workload : world_.objects.List(WorkloadType())) {
      if (!ConditionOf(*workload, kFinished).is_true()) continue;
      const std::string queue(workload->StringAt("/spec/queueName"));
      ++by_local_queue_[{workload->ns(), queue}].finished;
      std::string cluster_queue(workload->StringAt("/status/admission/clusterQueue"));
      if (cluster_queue.empty()) {
        const kube::ObjectPtr local = world_.LocalQueue(workload->ns(), queue);
        if (local != nullptr) cluster_queue = std::string(local->StringAt("/spec/clusterQueue"));
      }
      if (by_cluster_queue_.contains(cluster_queue)) ++by_cluster_queue_[cluster_queue].finished;
    }
  }

  Gauge Make(const char* name, const char* help) const { return {name, help, options_}; }

  void ClusterQueues() {
    Gauge pending = Make("kueue_pending_workloads",
                         "Workloads that wait: active in the queue, inadmissible until something changes.");
    Gauge reserving = Make("kueue_reserving_active_workloads", "Workloads that hold quota.");
    Gauge admitted = Make("kueue_admitted_active_workloads", "Workloads that are admitted and have not ended.");
    Gauge finished = Make("kueue_finished_workloads", "Workloads that have ended and are still there.");
    Gauge status = Make("kueue_cluster_queue_status", "1 for the status that the ClusterQueue has.");
    for (const kube::ObjectPtr& queue : world_.objects.List(ClusterQueueType())) {
      const Figures& figures = by_cluster_queue_[queue->name()];
      const std::pair<std::string, std::string> label = {"cluster_queue", queue->name()};
      pending.Set({label, {"status", "active"}}, double(figures.active));
      pending.Set({label, {"status", "inadmissible"}}, double(figures.inadmissible));
      reserving.Set({label}, double(figures.reserving));
      admitted.Set({label}, double(figures.admitted));
      finished.Set({label}, double(figures.finished));
      const std::string now = queue->deleting()                        ? "terminating"
                              : engine_.StatusOf(queue->name()).active ? "active"
                                                                       : "pending";
      for (const char* each : {"pending", "active", "terminating"})
        status.Set({label, {"status", each}}, now == each ? 1 : 0);
    }
    for (Gauge* each : {&pending, &reserving, &admitted, &finished, &status}) families_.push_back(each->Take());
  }

  void LocalQueues() {
    Gauge pending = Make("kueue_local_queue_pending_workloads", "Workloads of the LocalQueue that wait.");
    Gauge reserving =
        Make("kueue_local_queue_reserving_active_workloads", "Workloads of the LocalQueue that hold quota.");
    Gauge admitted = Make("kueue_local_queue_admitted_active_workloads",
                          "Workloads of the LocalQueue that are admitted and have not ended.");
    Gauge finished = Make("kueue_local_queue_finished_workloads",
                          "Workloads of the LocalQueue that have ended and are still there.");
    Gauge status = Make("kueue_local_queue_status", "1 for the status of condition Active that the LocalQueue has.");
    Gauge reservation = Make("kueue_local_queue_resource_reservation", "Quota that is reserved.");
    Gauge usage = Make("kueue_local_queue_resource_usage", "Quota that admitted workloads use.");
    for (const kube::ObjectPtr& queue : world_.objects.List(LocalQueueType())) {
      const Figures& figures = by_local_queue_[{queue->ns(), queue->name()}];
      const Labels labels = {{"name", queue->name()}, {"namespace", queue->ns()}};
      const auto with = [&](std::pair<std::string, std::string> label) {
        Labels all = labels;
        all.push_back(std::move(label));
        return all;
      };
      pending.Set(with({"status", "active"}), double(figures.active));
      pending.Set(with({"status", "inadmissible"}), double(figures.inadmissible));
      reserving.Set(labels, double(figures.reserving));
      admitted.Set(labels, double(figures.admitted));
      finished.Set(labels, double(figures.finished));
      std::string active = ConditionOf(*queue, kActive).status;
      if (active.empty()) active = "Unknown";
      for (const char* each : {"True", "False", "Unknown"}) status.Set(with({"active", each}), active == each ? 1 : 0);
      Amounts(labels, figures.reservation, &reservation);
      Amounts(labels, figures.usage, &usage);
    }
    for (Gauge* each : {&pending, &reserving, &admitted, &finished, &status, &reservation, &usage}) {
      families_.push_back(each->Take());
    }
  }

  static void Amounts(const Labels& labels, const std::map<FlavorResource, int64_t>& amounts, Gauge* gauge) {
    for (const auto& [what, amount] : amounts) {
      Labels all = labels;
      all.emplace_back("flavor", what.first);
      all.emplace_back("resource", what.second);
      gauge->Set(all, ValueOf(what.second, amount));
    }
  }

  double ShareOf(quota::NodeId node) const {
    const quota::Forest& forest = engine_.forest();
    if (node == quota::kNoNode || !forest.InTree(node)) return 0;
    const double share = forest.DominantResourceShare(node).Weighted();
    return std::isinf(share) ? std::numeric_limits<double>::quiet_NaN() : share;
  }

  void Resources() {
    Gauge reservation = Make("kueue_cluster_queue_resource_reservation", "Quota that is reserved.");
    Gauge usage = Make("kueue_cluster_queue_resource_usage", "Quota that admitted workloads use.");
    Gauge nominal = Make("kueue_cluster_queue_nominal_quota", "Nominal quota.");
    Gauge borrowing = Make("kueue_cluster_queue_borrowing_limit", "The most that may be borrowed.");
    Gauge lending = Make("kueue_cluster_queue_lending_limit", "The most that may be lent.");
    Gauge share = Make("kueue_cluster_queue_weighted_share",
                       "Thousandths of what the cohort could lend that are borrowed, by weight; NaN: weight 0.");
    for (const kube::ObjectPtr& queue : world_.objects.List(ClusterQueueType())) {
      const std::string cohort(queue->StringAt("/spec/cohortName"));
      const Labels labels = {{"cohort", cohort}, {"cluster_queue", queue->name()}};
      Amounts(labels, by_cluster_queue_[queue->name()].reservation, &reservation);
      Amounts(labels, by_cluster_queue_[queue->name()].usage, &usage);
      const json* groups = queue->At("/spec/resourceGroups");
      if (groups != nullptr && groups->is_array()) {
        for (const json& each : *groups) Quotas(each, labels, &nominal, &borrowing, &lending);
      }
      if (!world_.options.fair_sharing()) continue;
      const std::optional<scheduler::ClusterQueueId> id = engine_.FindClusterQueue(queue->name());
      share.Set({{"cluster_queue", queue->name()}, {"cohort", cohort}},
                ShareOf(id.has_value() ? engine_.NodeOfClusterQueue(*id) : quota::kNoNode));
    }
    for (Gauge* each : {&reservation, &usage, &nominal, &borrowing, &lending}) families_.push_back(each->Take());
    if (!world_.options.fair_sharing()) return;
    families_.push_back(share.Take());
    Gauge of_cohorts = Make("kueue_cohort_weighted_share", "The same of the cohort within the one above it.");
    for (const std::string& cohort : engine_.Cohorts()) {
      of_cohorts.Set({{"cohort", cohort}}, ShareOf(engine_.NodeOfCohort(cohort)));
    }
    families_.push_back(of_cohorts.Take());
  }

  static void Quotas(const json& group, const Labels& labels, Gauge* nominal, Gauge* borrowing, Gauge* lending) {
    const absl::StatusOr<api::ResourceGroup> read = api::DecodePart<api::ResourceGroup>(group);
    if (!read.ok()) return;
    const auto limit = [](const std::optional<api::Quantity>& quantity) {
      return quantity.has_value() ? quantity->ToDouble() : std::numeric_limits<double>::infinity();
    };
    for (const api::FlavorQuotas& flavor : read->flavors) {
      for (const api::ResourceQuota& quota : flavor.resources) {
        Labels all = labels;
        all.emplace_back("flavor", flavor.name);
        all.emplace_back("resource", quota.name);
        nominal->Set(all, quota.nominal_quota.ToDouble());
        borrowing->Set(all, limit(quota.borrowing_limit));
        lending->Set(all, limit(quota.lending_limit));
      }
    }
  }

  const World& world_;
  const scheduler::Engine& engine_;
  const GaugeOptions& options_;
  std::map<std::string, Figures> by_cluster_queue_;
  std::map<std::pair<std::string, std::string>, Figures> by_local_queue_;
  std::vector<MetricFamily> families_;
};

}  // namespace

std::vector<MetricFamily> Gauges(const World& world, const scheduler::Engine& engine, const GaugeOptions& options) {
  return Collector(world, engine, options).Run();
}

}  // namespace muster::manager
