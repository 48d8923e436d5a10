#include "webhook/serving/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace muster::webhook {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Codes answers have; whatever else comes counts as the last.
constexpr std::array<int, 9> kCodes = {200, 400, 403, 404, 413, 422, 503, 504, 500};
enum Decision { kAllowed, kDenied, kError };
constexpr std::array<const char*, 3> kDecisions = {"allowed", "denied", "error"};

// Seconds. An answer takes tens of microseconds; what waits for an owner to be looked up takes milliseconds.
const prometheus::Histogram::BucketBoundaries kLatencyBuckets = {
    0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

struct PathMetrics {
  prometheus::Histogram* latency;
  std::array<prometheus::Counter*, kCodes.size()> codes;
  std::array<prometheus::Counter*, kDecisions.size()> decisions;
};

Decision ToDecision(const HttpAnswer& answer) {
  switch (OutcomeOf(answer)) {
    case Outcome::kAllowed:
      return kAllowed;
    case Outcome::kDenied:
      return kDenied;
    case Outcome::kNotUnderstood:
    case Outcome::kNotAnswered:
      return kError;
  }
  return kError;
}

size_t CodeIndex(int code) {
  for (size_t i = 0; i < kCodes.size(); ++i) {
    if (kCodes[i] == code) return i;
  }
  return kCodes.size() - 1;
}

MetricFamily Family(const char* name, const char* help, MetricType type) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void Add(MetricFamily* family, double value, const std::string& label = "", const std::string& label_value = "") {
  ClientMetric metric;
  if (!label.empty()) metric.label.push_back({label, label_value});
  if (family->type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family->metric.push_back(std::move(metric));
}

MetricFamily Single(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family = Family(name, help, type);
  Add(&family, value);
  return family;
}

double ResidentBytes() {
  double size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double UnixSeconds(absl::Time t) { return absl::ToDoubleSeconds(t - absl::UnixEpoch()); }

void CollectServer(const HttpServerStats& stats, std::vector<MetricFamily>* out) {
  out->push_back(
      Single("muster_webhook_connections", "Open connections.", MetricType::Gauge, double(stats.connections)));
  out->push_back(Single("muster_webhook_requests_in_flight", "Requests being answered.", MetricType::Gauge,
                        double(stats.in_flight)));
  MetricFamily connections =
      Family("muster_webhook_connections_total", "Connections by what became of them.", MetricType::Counter);
  Add(&connections, double(stats.accepted), "result", "accepted");
  Add(&connections, double(stats.refused_connections), "result", "refused");
  Add(&connections, double(stats.evicted_connections), "result", "evicted");
  Add(&connections, double(stats.failed_handshakes), "result", "handshake_failed");
  out->push_back(std::move(connections));
  out->push_back(Single("muster_webhook_overloaded_total", "Requests answered 429 because a limit was reached.",
                        MetricType::Counter, double(stats.overloaded)));
  out->push_back(Single("muster_webhook_late_total", "Requests answered 503 because the answer took too long.",
                        MetricType::Counter, double(stats.late)));
  out->push_back(Single("muster_webhook_held_bytes", "Bodies, what answering them costs, and answers not yet sent.",
                        MetricType::Gauge, double(stats.held_bytes)));
  out->push_back(Single("muster_webhook_malformed_total", "Requests that were no HTTP or did not arrive in time.",
                        MetricType::Counter, double(stats.malformed)));
}

void CollectCertificates(const CertificateSource& certificates, std::vector<MetricFamily>* out) {
  if (const auto current = certificates.Current()) {
    out->push_back(Single("muster_webhook_certificate_expiry_timestamp_seconds",
                          "When the serving certificate in use expires.", MetricType::Gauge,
                          UnixSeconds(current->not_after)));
  }
  MetricFamily reloads = Family("muster_webhook_certificate_reloads_total",
                                "Pairs of certificate and key that were looked at.", MetricType::Counter);
  Add(&reloads, double(certificates.taken()), "result", "taken");
  Add(&reloads, double(certificates.refused()), "result", "refused");
  out->push_back(std::move(reloads));
}

void CollectCaches(const std::vector<kube::CacheFigures>& caches, absl::Time now, std::vector<MetricFamily>* out) {
  MetricFamily synced =
      Family("muster_webhook_cache_synced", "Whether all objects were listed once.", MetricType::Gauge);
  MetricFamily objects = Family("muster_webhook_cache_objects", "Objects known.", MetricType::Gauge);
  MetricFamily age = Family("muster_webhook_cache_age_seconds",
                            "Time since the API server last said something about the resource.", MetricType::Gauge);
  MetricFamily lists = Family("muster_webhook_cache_lists_total", "Full lists read.", MetricType::Counter);
  MetricFamily failures =
      Family("muster_webhook_cache_failures_total", "Lists and watches that failed.", MetricType::Counter);
  for (const kube::CacheFigures& cache : caches) {
    Add(&synced, cache.synced ? 1 : 0, "resource", cache.resource);
    Add(&objects, double(cache.objects), "resource", cache.resource);
    if (cache.last_contact != absl::InfinitePast()) {
      Add(&age, absl::ToDoubleSeconds(now - cache.last_contact), "resource", cache.resource);
    }
    Add(&lists, double(cache.lists), "resource", cache.resource);
    Add(&failures, double(cache.failures), "resource", cache.resource);
  }
  for (MetricFamily* family : {&synced, &objects, &age, &lists, &failures}) out->push_back(std::move(*family));
}

}  // namespace

class Metrics::Impl {
 public:
  Impl(const std::vector<Route>& routes, Sources sources) : sources_(std::move(sources)), start_(absl::Now()) {
    auto& latency = prometheus::BuildHistogram()
                        .Name("controller_runtime_webhook_latency_seconds")
                        .Help("Time to answer a request, without the network.")
                        .Register(registry_);
    auto& requests = prometheus::BuildCounter()
                         .Name("controller_runtime_webhook_requests_total")
                         .Help("Requests by path and code inside the answer.")
                         .Register(registry_);
    auto& decisions = prometheus::BuildCounter()
                          .Name("muster_webhook_decisions_total")
                          .Help(
                              "Answers: allowed, denied (by a rule, or something it names is not there), error (not "
                              "understood, or not answered).")
                          .Register(registry_);
    auto add = [&](const std::string& path) {
      PathMetrics& metrics = paths_[path];
      metrics.latency = &latency.Add({{"webhook", path}}, kLatencyBuckets);
      for (size_t i = 0; i < kCodes.size(); ++i) {
        metrics.codes[i] = &requests.Add({{"webhook", path}, {"code", std::to_string(kCodes[i])}});
      }
      for (size_t i = 0; i < kDecisions.size(); ++i) {
        metrics.decisions[i] = &decisions.Add({{"webhook", path}, {"decision", kDecisions[i]}});
      }
    };
    for (const Route& route : routes) add(route.path);
    add("other");
    other_ = &paths_.at("other");
  }

  void Observe(absl::string_view path, const HttpAnswer& answer, absl::Duration took) {
    const auto found = paths_.find(path);
    PathMetrics& metrics = found == paths_.end() ? *other_ : found->second;
    metrics.latency->Observe(absl::ToDoubleSeconds(took));
    metrics.codes[CodeIndex(answer.code)]->Increment();
    metrics.decisions[ToDecision(answer)]->Increment();
  }
  bool IsRoute(absl::string_view path) const { return path != "other" && paths_.contains(path); }

  std::string Text(bool process) const {
    std::vector<MetricFamily> families = registry_.Collect();
    if (sources_.server) CollectServer(sources_.server(), &families);
    if (sources_.certificates != nullptr) CollectCertificates(*sources_.certificates, &families);
    if (sources_.caches) CollectCaches(sources_.caches(), absl::Now(), &families);
    if (process) {
      families.push_back(Single("process_resident_memory_bytes", "Memory in use.", MetricType::Gauge, ResidentBytes()));
      families.push_back(
          Single("process_start_time_seconds", "When the process started.", MetricType::Gauge, UnixSeconds(start_)));
    }
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return out.str();
  }

 private:
  const Sources sources_;
  const absl::Time start_;
  prometheus::Registry registry_;
  absl::flat_hash_map<std::string, PathMetrics> paths_;  // not changed after construction
  PathMetrics* other_ = nullptr;
};

Metrics::Metrics(const std::vector<Route>& routes, Sources sources)
    : impl_(std::make_unique<Impl>(routes, std::move(sources))) {}
Metrics::~Metrics() = default;
void Metrics::Observe(absl::string_view path, const HttpAnswer& answer, absl::Duration took) {
  impl_->Observe(path, answer, took);
}
bool Metrics::IsRoute(absl::string_view path) const { return impl_->IsRoute(path); }
std::string Metrics::Text(bool process) const { return impl_->Text(process); }

}  // namespace muster::webhook
