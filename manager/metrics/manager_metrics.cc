#include "manager/metrics/manager_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "manager/metrics/transitions.h"

namespace muster::manager {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::map<std::string, std::string>;
using Buckets = prometheus::Histogram::BucketBoundaries;

// Kueue's: 1, and from 2.5 on twice the one before.
Buckets Doubling(int count) {
  Buckets bounds = {1};
  for (double bound = 2.5; static_cast<int>(bounds.size()) < count; bound *= 2) bounds.push_back(bound);
  return bounds;
}
// Prometheus' own.
const Buckets kSeconds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const Buckets kFine = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};
constexpr int kWaitBuckets = 14, kAdmissionBuckets = 16;

MetricFamily Single(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  ClientMetric& metric = family.metric.emplace_back();
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return family;
}

// As Kueue names its controllers.
const char* NameOf(Controller controller) {
  switch (controller) {
    case Controller::kWorkload:
      return "workload_controller";
    case Controller::kClusterQueue:
      return "clusterqueue_controller";
    case Controller::kLocalQueue:
      return "localqueue_controller";
    case Controller::kCohort:
      return "cohort_controller";
    case Controller::kReferenced:
      return "resourceflavor_controller";
    case Controller::kPriorityClass:
      return "workloadpriorityclass_controller";
    case Controller::kPods:
      return "v1_pod";
    case Controller::kStatefulSet:
      return "statefulset";
    case Controller::kPodOfStatefulSet:
      return "statefulset_pod";
    case Controller::kLeaderWorkerSet:
      return "leaderworkerset";
    case Controller::kProvisioning:
      return "provisioning_workload";
    case Controller::kProvisioningCheck:
      return "provisioning_admissioncheck";
    case Controller::kReplaceSlice:
      return "workload_slice";
    case Controller::kUngateElastic:
      return "elastic_job_ungater";
    case Controller::kUngateByTopology:
      return "tas_topology_ungater";
    case Controller::kNode:
      return "tas_node_controller";
    case Controller::kJob:
      return "job";
    case Controller::kVerify:
      return "verify";
    default:
      return "other";
  }
}

const char* MethodOf(kube::Verb verb) {
  switch (verb) {
    case kube::Verb::kGet:
      return "GET";
    case kube::Verb::kCreate:
      return "POST";
    case kube::Verb::kUpdate:
      return "PUT";
    case kube::Verb::kDelete:
      return "DELETE";
    default:
      return "PATCH";
  }
}

double ResidentBytes() {
  double size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double ProcessorSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

absl::Duration Since(absl::Time then) { return absl::Now() - then; }

}  // namespace

// Counters and histograms by name, made when they are first used. Thread-safe.
class ManagerMetrics::Series {
 public:
  void Count(const char* name, const char* help, const Labels& labels) {
    const std::lock_guard<std::mutex> lock(mutex_);
    prometheus::Family<prometheus::Counter>*& family = counters_[name];
    if (family == nullptr) family = &prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    family->Add(labels).Increment();
  }
  void Observe(const char* name, const char* help, const Buckets& buckets, const Labels& labels, absl::Duration value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    prometheus::Family<prometheus::Histogram>*& family = histograms_[name];
    if (family == nullptr) family = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
    family->Add(labels, buckets).Observe(absl::ToDoubleSeconds(value));
  }
  std::vector<MetricFamily> Collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_;
  std::mutex mutex_;
  std::map<std::string, prometheus::Family<prometheus::Counter>*> counters_;
  std::map<std::string, prometheus::Family<prometheus::Histogram>*> histograms_;
};

ManagerMetrics::ManagerMetrics(MetricsOptions options)
    : options_(std::move(options)), series_(std::make_unique<Series>()), start_(absl::Now()) {}
ManagerMetrics::~ManagerMetrics() = default;

const char* ManagerMetrics::role() const {
  return !options_.leader_election ? "standalone" : leads_ ? "leader" : "follower";
}

void ManagerMetrics::Lead() { leads_ = true; }

void ManagerMetrics::CycleBegins() { cycle_began_ = absl::Now(); }

void ManagerMetrics::CycleEnded(const scheduler::CycleResult& result) {
  if (!result.ran()) return;
  bool success = false;
  for (const scheduler::Decision& decision : result.entries) {
    success = success || decision.outcome == scheduler::Outcome::kAdmitted ||
              decision.outcome == scheduler::Outcome::kEvicted;
    for (const scheduler::PreemptionTarget& target : decision.targets) {
      if (!target.newly_evicted) continue;
      const std::string reason(scheduler::ToString(target.reason));
      preemptions_[target.identity->key] = {decision.queue->name, reason};
    }
  }
  const Labels labels = {{"result", success ? "success" : "inadmissible"}, {"replica_role", role()}};
  series_->Count("kueue_admission_attempts_total", "Cycles with somebody to look at, by whether anybody was let in.",
                 labels);
  series_->Observe("kueue_admission_attempt_duration_seconds", "Time a cycle took to decide.", kFine, labels,
                   Since(cycle_began_));
}

void ManagerMetrics::LookedAt(const Item& item, bool ok) {
  const char* controller = NameOf(item.controller);
  series_->Count("controller_runtime_reconcile_total", "Times something was looked at, by controller and result.",
                 {{"controller", controller}, {"result", ok ? "success" : "error"}});
  if (!ok) {
    series_->Count("controller_runtime_reconcile_errors_total", "The same for those that failed.",
                   {{"controller", controller}});
  }
}

void ManagerMetrics::WorkloadChanged(const kube::ObjectPtr& before, const kube::ObjectPtr& after, absl::Time now) {
  if (after == nullptr && before != nullptr) preemptions_.erase(absl::StrCat(before->ns(), "/", before->name()));
  for (const Transition& t : TransitionsOf(before, after, now)) {
    // Who does not lead only sees what another did; but ends are everybody's news, as in Kueue.
    if (options_.leader_election && !leads_ && t.kind != Transition::Kind::kFinished) continue;
    const Labels queue = {
        {"cluster_queue", t.cluster_queue}, {"priority_class", t.priority_class}, {"replica_role", role()}};
    const Labels local = {
        {"name", t.local_queue}, {"namespace", t.ns}, {"priority_class", t.priority_class}, {"replica_role", role()}};
    const auto count = [&](const std::string& name, const char* help) {
      series_->Count(absl::StrCat("kueue_", name).c_str(), help, queue);
      if (options_.local_queues) series_->Count(absl::StrCat("kueue_local_queue_", name).c_str(), help, local);
    };
    const auto wait = [&](const std::string& name, const char* help, int buckets, absl::Duration value) {
      series_->Observe(absl::StrCat("kueue_", name).c_str(), help, Doubling(buckets), queue, value);
      if (!options_.local_queues) return;
      series_->Observe(absl::StrCat("kueue_local_queue_", name).c_str(), help, Doubling(kWaitBuckets), local, value);
    };
    switch (t.kind) {
      case Transition::Kind::kQuotaReserved:
        count("quota_reserved_workloads_total", "Reservations of quota.");
        wait("quota_reserved_wait_time_seconds", "From creation, or from when it was queued again, to the reservation.",
             kWaitBuckets, t.waited);
        break;
      case Transition::Kind::kAdmitted:
        count("admitted_workloads_total", "Admissions.");
        wait("admission_wait_time_seconds", "From creation, or from when it was queued again, to admission.",
             kAdmissionBuckets, t.waited);
        wait("admission_checks_wait_time_seconds", "From the reservation of quota to admission.", kWaitBuckets,
             t.since_before);
        break;
      case Transition::Kind::kReady:
        wait("ready_wait_time_seconds", "From creation, or from when it was queued again, to ready pods.", kWaitBuckets,
             t.waited);
        wait("admitted_until_ready_wait_time_seconds", "From admission to ready pods.", kWaitBuckets, t.since_before);
        break;
      case Transition::Kind::kFinished:
        count("finished_workloads_total", "Workloads that ended for good.");
        break;
      case Transition::Kind::kEvicted: {
        const auto with_reason = [&](Labels labels) {
          labels["reason"] = t.reason;
          labels["underlying_cause"] = t.cause;
          return labels;
        };
        series_->Count("kueue_evicted_workloads_total", "Evictions.", with_reason(queue));
        if (options_.local_queues) {
          series_->Count("kueue_local_queue_evicted_workloads_total", "Evictions.", with_reason(local));
        }
        if (t.once) {
          series_->Count("kueue_evicted_workloads_once_total", "Evictions, of each workload the first for a reason.",
                         with_reason(queue));
        }
        if (t.since_before >= absl::ZeroDuration()) {
          series_->Observe("kueue_pods_ready_to_evicted_time_seconds", "From ready pods to eviction.",
                           Doubling(kWaitBuckets),
                           {{"cluster_queue", t.cluster_queue},
                            {"reason", t.reason},
                            {"underlying_cause", t.cause},
                            {"replica_role", role()}},
                           t.since_before);
        }
        const auto preemption = preemptions_.find(absl::StrCat(after->ns(), "/", after->name()));
        if (t.preempted && preemption != preemptions_.end()) {
          series_->Count("kueue_preempted_workloads_total", "Preemptions, by the ClusterQueue that they made room for.",
                         {{"preempting_cluster_queue", preemption->second.cluster_queue},
                          {"reason", preemption->second.reason},
                          {"replica_role", role()}});
        }
        if (preemption != preemptions_.end()) preemptions_.erase(preemption);
        break;
      }
    }
  }
}

void ManagerMetrics::LoopTook(absl::Duration took) {
  series_->Observe("muster_manager_loop_seconds", "Time the loop took for what there was to deal with at a time.",
                   kFine, {}, took);
}

void ManagerMetrics::Answered(const kube::Request& request, int code, absl::Duration took) {
  const Labels labels = {{"code", code == 0 ? "<error>" : absl::StrCat(code)}, {"method", MethodOf(request.verb)}};
  series_->Count("rest_client_requests_total", "Requests by code and method.", labels);
  series_->Observe("rest_client_request_duration_seconds",
                   "From when a request was handed to its sender, with the wait for its turn, to its answer.", kSeconds,
                   {{"method", MethodOf(request.verb)}}, took);
}

std::vector<MetricFamily> ManagerMetrics::GaugesOf(const Manager& manager) const {
  return Gauges(manager.world(), manager.engine(), {role(), options_.cluster_queue_resources, options_.local_queues});
}

std::string ManagerMetrics::Text(std::vector<MetricFamily> gauges, const ProcessFigures& figures) const {
  std::vector<MetricFamily> families = series_->Collect();
  // What was not counted yet is not there yet, and has no lines.
  std::move(gauges.begin(), gauges.end(), std::back_inserter(families));
  const auto gauge = [&](const char* name, const char* help, double value) {
    families.push_back(Single(name, help, MetricType::Gauge, value));
  };
  gauge("muster_manager_inputs_waiting", "What watches and answers said that the loop has not seen.",
        double(figures.inputs_waiting));
  gauge("muster_manager_writes_waiting", "Writes that wait for a sender.", double(figures.writes_waiting));
  gauge("muster_manager_writes_under_way", "Writes that are sent and not answered.", double(figures.writes_under_way));
  families.push_back(Single("muster_manager_events_dropped_total", "Events that were too many to be recorded.",
                            MetricType::Counter, double(figures.events_dropped)));
  MetricFamily leads = Single("leader_election_master_status", "1 while this replica leads.", MetricType::Gauge,
                              leads_ || !options_.leader_election ? 1 : 0);
  leads.metric[0].label.push_back({"name", options_.lease});
  families.push_back(std::move(leads));
  MetricFamily build = Single("kueue_build_info", "1 for the version that runs.", MetricType::Gauge, 1);
  build.metric[0].label.push_back({"git_version", options_.version});
  families.push_back(std::move(build));
  MetricFamily synced =
      Single("muster_manager_cache_synced", "Whether all objects were listed once.", MetricType::Gauge, 0);
  MetricFamily objects = Single("muster_manager_cache_objects", "Objects known.", MetricType::Gauge, 0);
  MetricFamily bytes = Single("muster_manager_cache_bytes", "About what they take.", MetricType::Gauge, 0);
  MetricFamily failures =
      Single("muster_manager_cache_failures_total", "Lists and watches that failed.", MetricType::Counter, 0);
  for (MetricFamily* family : {&synced, &objects, &bytes, &failures}) family->metric.clear();
  for (const kube::CacheFigures& cache : figures.caches) {
    const auto add = [&](MetricFamily* family, double value) {
      ClientMetric& metric = family->metric.emplace_back();
      metric.label.push_back({"resource", cache.resource});
      (family->type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    };
    add(&synced, cache.synced ? 1 : 0);
    add(&objects, double(cache.objects));
    add(&bytes, double(cache.bytes));
    add(&failures, double(cache.failures));
  }
  for (MetricFamily* family : {&synced, &objects, &bytes, &failures}) families.push_back(std::move(*family));
  gauge("process_resident_memory_bytes", "Memory in use.", ResidentBytes());
  families.push_back(
      Single("process_cpu_seconds_total", "Processor time used.", MetricType::Counter, ProcessorSeconds()));
  gauge("process_start_time_seconds", "When the process started.", absl::ToDoubleSeconds(start_ - absl::UnixEpoch()));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace muster::manager
