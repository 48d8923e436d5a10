#include "sim/trace/inspect.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::sim {
namespace {

double AmountOf(const JobShape& shape, const std::string& resource) {
  double amount = 0;
  for (const PodGroup& group : shape.pods) {
    const auto it = group.requests.find(resource);
    if (it != group.requests.end()) amount += it->second.ToDouble() * group.count;
  }
  return amount;
}

std::string MainResource(const std::set<std::string>& names) {
  for (const char* part : {"gpu", "neuron", "tpu", "accelerator"}) {
    for (const std::string& name : names) {
      if (absl::StrContains(name, part)) return name;
    }
  }
  return names.empty() ? "" : *names.begin();
}

class Inspector {
 public:
  Inspector(const Trace& trace, const InspectOptions& options) : trace_(trace), options_(options) {}

  Inspection Run() {
    out_.source = trace_.source;
    out_.about = trace_.about;
    out_.jobs = static_cast<int64_t>(trace_.jobs.size());
    out_.shapes = static_cast<int64_t>(trace_.shapes.size());
    out_.bad_rows = trace_.bad_rows;
    out_.remarks = trace_.remarks;
    std::set<std::string> names;
    for (const JobShape& shape : trace_.shapes) {
      for (const PodGroup& group : shape.pods) {
        for (const auto& [resource, amount] : group.requests) names.insert(resource);
      }
    }
    out_.resource = options_.resource.empty() ? MainResource(names) : options_.resource;
    for (const std::string& name : names) AddResource(name);
    if (trace_.jobs.empty()) return std::move(out_);
    Totals();
    Load();
    Oddities();
    Missing();
    return std::move(out_);
  }

 private:
  void AddResource(const std::string& name) {
    ResourceSummary r;
    r.name = name;
    std::vector<double> amounts;
    for (const JobShape& shape : trace_.shapes) amounts.push_back(AmountOf(shape, name));
    for (const Job& job : trace_.jobs) {
      const double amount = amounts[job.shape];
      if (amount == 0) continue;
      ++r.jobs;
      r.largest = std::max(r.largest, amount);
      r.hours += amount * static_cast<double>(job.duration_s) / 3600;
    }
    const auto capacity = options_.capacity.find(name);
    if (capacity != options_.capacity.end()) r.capacity = capacity->second;
    if (r.capacity > 0 && r.largest > r.capacity) {
      Odd(absl::StrCat("the largest job asks for more ", name, " than there is"));
    }
    out_.resources.push_back(std::move(r));
  }

  void Totals() {
    for (const JobShape& shape : trace_.shapes) amounts_.push_back(AmountOf(shape, out_.resource));
    std::map<std::string, QueueSummary> queues;
    std::map<double, SizeSummary> sizes;
    std::vector<int64_t> durations, pods, waits;
    std::set<std::string> users;
    out_.first_submit_s = trace_.jobs.front().submit_s;
    out_.last_submit_s = trace_.jobs.back().submit_s;
    for (const Job& job : trace_.jobs) {
      const JobShape& shape = trace_.ShapeOf(job);
      const double amount = amounts_[job.shape];
      const double hours = amount * static_cast<double>(job.duration_s) / 3600;
      QueueSummary& queue = queues[shape.queue];
      ++queue.jobs;
      queue.hours += hours;
      SizeSummary& size = sizes[amount];
      size.amount = amount;
      ++size.jobs;
      size.hours += hours;
      if (!shape.status.empty()) ++out_.statuses[shape.status];
      durations.push_back(job.duration_s);
      int64_t count = 0;
      for (const PodGroup& group : shape.pods) count += group.count;
      pods.push_back(count);
      out_.last_end_s = std::max(out_.last_end_s, job.submit_s + job.duration_s);
      if (const JobTerms* terms = trace_.TermsOf(job)) {
        if (!terms->user.empty()) users.insert(terms->user);
        if (terms->start_s.has_value() && *terms->start_s >= job.submit_s)
          waits.push_back(*terms->start_s - job.submit_s);
      }
    }
    out_.users = static_cast<int64_t>(users.size());
    for (auto& [name, queue] : queues) {
      queue.name = name;
      out_.queues.push_back(queue);
    }
    std::stable_sort(out_.queues.begin(), out_.queues.end(),
                     [](const QueueSummary& a, const QueueSummary& b) { return a.hours > b.hours; });
    for (const auto& [amount, size] : sizes) out_.sizes.push_back(size);
    out_.duration = SpreadOf(std::move(durations));
    out_.pods = SpreadOf(std::move(pods));
    out_.recorded_wait = SpreadOf(std::move(waits));
  }

  // Sweeps over begins and ends.
  void Load() {
    std::vector<std::pair<int64_t, double>> changes;
    for (const Job& job : trace_.jobs) {
      if (job.duration_s == 0 || amounts_[job.shape] == 0) continue;
      changes.emplace_back(job.submit_s, amounts_[job.shape]);
      changes.emplace_back(job.submit_s + job.duration_s, -amounts_[job.shape]);
    }
    std::sort(changes.begin(), changes.end());  // ends before begins of the same second
    const int64_t begin = out_.first_submit_s, span = std::max<int64_t>(1, out_.last_end_s - begin);
    const int64_t points = std::min<int64_t>(options_.points, span);
    for (int64_t i = 0; i < points; ++i) {
      LoadPoint point;
      point.begin_s = begin + span / points * i + std::min(i, span % points);
      out_.load.push_back(point);
      if (i > 0) out_.load[i - 1].end_s = point.begin_s;
    }
    out_.load.back().end_s = begin + span;
    double level = 0;
    size_t next = 0;
    for (LoadPoint& point : out_.load) {
      double area = 0;
      int64_t at = point.begin_s;
      const bool changes_at_once = next < changes.size() && changes[next].first == at;
      point.peak = changes_at_once ? 0 : level;
      for (; next < changes.size() && changes[next].first < point.end_s; ++next) {
        area += level * static_cast<double>(changes[next].first - at);
        at = changes[next].first;
        level += changes[next].second;
        const bool settled = next + 1 == changes.size() || changes[next + 1].first != at;
        if (settled) point.peak = std::max(point.peak, level);
      }
      area += level * static_cast<double>(point.end_s - at);
      point.mean = area / static_cast<double>(point.end_s - point.begin_s);
    }
    size_t i = 0;
    for (const Job& job : trace_.jobs) {
      while (i + 1 < out_.load.size() && job.submit_s >= out_.load[i].end_s) ++i;
      ++out_.load[i].submitted;
    }
  }

  void Odd(std::string text) { out_.oddities.push_back(std::move(text)); }

  void Oddities() {
    int64_t zero = 0, gap = 0, gap_at = 0, same = 0, run = 0, beyond_limit = 0, before_submit = 0, lost = 0,
            beyond_estimate = 0;
    absl::flat_hash_set<absl::string_view> ids;
    for (const Job& job : trace_.jobs) ids.insert(job.id);
    int64_t last = out_.first_submit_s;
    for (const Job& job : trace_.jobs) {
      zero += job.duration_s == 0;
      if (job.submit_s - last > gap) {
        gap = job.submit_s - last;
        gap_at = last;
      }
      run = job.submit_s == last ? run + 1 : 1;
      same = std::max(same, run);
      last = job.submit_s;
      const JobTerms* terms = trace_.TermsOf(job);
      if (terms == nullptr) continue;
      const bool longer = terms->estimate_s.has_value() && job.duration_s > *terms->estimate_s;
      beyond_estimate += longer;
      beyond_limit += !longer && terms->own.time_limit_s.has_value() && job.duration_s > *terms->own.time_limit_s;
      before_submit += terms->start_s.has_value() && *terms->start_s < job.submit_s;
      for (const std::string& id : terms->after) lost += !ids.contains(id);
    }
    const auto jobs = [](int64_t n) { return absl::StrCat(n, n == 1 ? " job " : " jobs "); };
    if (zero > 0) Odd(absl::StrCat(jobs(zero), "of 0 seconds: admitted and ended at once"));
    if (beyond_estimate > 0) Odd(absl::StrCat(jobs(beyond_estimate), "that ran longer than their estimate"));
    if (beyond_limit > 0) Odd(absl::StrCat(jobs(beyond_limit), "that ran longer than their time limit"));
    if (before_submit > 0) Odd(absl::StrCat(jobs(before_submit), "whose recorded start is before their submission"));
    if (lost > 0) Odd(absl::StrCat(lost, " references (after) to jobs that are not in the trace"));
    if (same > 100 && same * 2 > out_.jobs) Odd(absl::StrCat(jobs(same), "submitted in one and the same second"));
    if (gap > 7 * 86400) {
      Odd(absl::StrCat("no submission for ", gap / 86400, " days, from ", gap_at, " s on; is a part missing?"));
    }
    if (out_.duration.max > 60 * 86400) Odd(absl::StrCat("a job of ", out_.duration.max / 86400, " days"));
    if (out_.bad_rows > 0) Odd(absl::StrCat(out_.bad_rows, " rows that could not be used"));
  }

  void Missing() {
    const auto none_of_shapes = [this](auto says) {
      return std::none_of(trace_.shapes.begin(), trace_.shapes.end(), says);
    };
    const auto none_of_terms = [this](auto says) {
      return std::none_of(trace_.terms.begin(), trace_.terms.end(), says);
    };
    const auto miss = [this](bool missing, const char* what) {
      if (missing) out_.missing.emplace_back(what);
    };
    miss(none_of_terms([](const JobTerms& t) { return t.estimate_s.has_value(); }), "estimates (estimate_s)");
    miss(none_of_terms([](const JobTerms& t) { return t.start_s.has_value(); }), "recorded starts (start_s)");
    miss(none_of_terms([](const JobTerms& t) { return !t.user.empty(); }), "users (user)");
    miss(none_of_terms([](const JobTerms& t) { return !t.after.empty(); }), "dependencies (after)");
    miss(none_of_shapes([](const JobShape& s) { return s.priority != 0 || !s.priority_class.empty(); }),
         "priorities (priority, priority_class): all jobs are equal");
    miss(none_of_shapes([](const JobShape& s) { return !s.node_selector.empty(); }), "node selectors (node_selector)");
    miss(none_of_shapes([](const JobShape& s) { return !s.topology.empty() || s.workload != nullptr; }),
         "topology requests (topology)");
    miss(none_of_shapes([](const JobShape& s) { return !s.status.empty(); }), "statuses (status)");
  }

  const Trace& trace_;
  const InspectOptions& options_;
  Inspection out_;
  std::vector<double> amounts_;  // of the resource, by shape
};

}  // namespace

Spread SpreadOf(std::vector<int64_t> values) {
  Spread s;
  if (values.empty()) return s;
  std::sort(values.begin(), values.end());
  const auto rank = [&values](int percent) { return values[(values.size() * percent + 99) / 100 - 1]; };
  s.count = static_cast<int64_t>(values.size());
  s.min = values.front();
  s.p50 = rank(50);
  s.p90 = rank(90);
  s.p99 = rank(99);
  s.max = values.back();
  for (const int64_t value : values) s.mean += static_cast<double>(value);
  s.mean /= static_cast<double>(values.size());
  return s;
}

Inspection Inspect(const Trace& trace, const InspectOptions& options) { return Inspector(trace, options).Run(); }

}  // namespace muster::sim
