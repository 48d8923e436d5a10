#include "sim/trace/trace.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "sim/files/input.h"

namespace muster::sim {
namespace {

constexpr int64_t kMaxSeconds = int64_t{1} << 40;  // far beyond any trace, far below overflow
constexpr int64_t kMaxPods = 1000000;

// Turns the columns of one record into a job, or remembers the first thing wrong with it.
class RowParser {
 public:
  RowParser(const Record& record, const Mapping& mapping) : r_(record), m_(mapping) {}

  bool Parse(Job* job) {
    job->row = r_.row;
    job->id = std::string(Value(m_.id).value_or(""));
    if (job->id.empty()) job->id = absl::StrCat("row-", r_.row);
    job->manifest = std::string(Value(m_.manifest).value_or(""));
    ParseQueue(job);
    job->submit_s = Seconds(m_.submit, /*times=*/true);
    job->duration_s = Seconds(m_.duration, /*times=*/false);
    if (job->manifest.empty()) ParsePods(job);
    ParsePriority(job);
    ParseNodeSelector(job);
    job->status = std::string(Value(m_.status).value_or(""));
    return problem_.reason.empty();
  }
  const RowProblem& problem() const { return problem_; }

 private:
  void Fail(absl::string_view column, std::string reason) {
    if (problem_.reason.empty()) problem_ = {r_.row, std::string(column), std::move(reason)};
  }

  // The value of a column or, for "a|b", of the first that says something. nullopt if none does.
  std::optional<absl::string_view> Value(absl::string_view columns) const {
    if (columns.empty()) return std::nullopt;
    const bool several = absl::StrContains(columns, '|');
    for (absl::string_view column : absl::StrSplit(columns, '|')) {
      std::optional<absl::string_view> value = r_.Get(column);
      if (!value) continue;
      const absl::string_view text = absl::StripAsciiWhitespace(*value);
      if (!text.empty() && !(several && text == "-1")) return text;
    }
    return std::nullopt;
  }

  void ParseQueue(Job* job) {
    const absl::string_view queue = Value(m_.queue_column).value_or(m_.queue);
    if (queue.empty() && !job->manifest.empty()) return;  // the manifest says
    if (queue.empty()) return Fail(m_.queue_column, "the queue is empty");
    auto mapped = m_.queue_map.find(std::string(queue));
    job->queue = mapped == m_.queue_map.end() ? std::string(queue) : mapped->second;
  }

  int64_t Seconds(const std::string& column, bool times) {
    const std::optional<absl::string_view> text = Value(column);
    if (!text) return Fail(column, "no value"), 0;
    int64_t whole = 0;
    double number = 0;
    absl::Time time;
    if (absl::SimpleAtoi(*text, &whole)) {
      number = static_cast<double>(whole);
    } else if (absl::SimpleAtod(*text, &number) && std::isfinite(number)) {
      whole = std::abs(number) < 1e15 ? static_cast<int64_t>(std::floor(number)) : 0;
    } else if (times && absl::ParseTime(absl::RFC3339_full, *text, &time, nullptr)) {
      whole = absl::ToUnixSeconds(time);
      number = static_cast<double>(whole);
    } else {
      return Fail(column, absl::StrCat("\"", Short(*text), "\" is not a number of seconds")), 0;
    }
    if (number < 0) return Fail(column, absl::StrCat(*text, " s is negative")), 0;
    if (number > kMaxSeconds) return Fail(column, absl::StrCat(*text, " s is too large")), 0;
    return whole;
  }

  int64_t Count(const std::string& column, int64_t max) {
    const std::optional<absl::string_view> text = Value(column);
    if (!text) return Fail(column, "no value"), 1;
    int64_t count = 0;
    double number = 0;
    if (!absl::SimpleAtoi(*text, &count)) {
      if (!absl::SimpleAtod(*text, &number) || std::floor(number) != number || std::abs(number) > 1e15) {
        return Fail(column, absl::StrCat("\"", Short(*text), "\" is not a whole number")), 1;
      }
      count = static_cast<int64_t>(number);
    }
    if (count < 1 || count > max) return Fail(column, absl::StrCat(count, " is not in 1..", max)), 1;
    return count;
  }

  void AddRequest(const std::string& resource, const std::string& column, absl::string_view text, PodGroup* group) {
    absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(text);
    if (!quantity.ok()) return Fail(column, std::string(quantity.status().message()));
    if (quantity->Sign() < 0) return Fail(column, absl::StrCat(text, " is negative"));
    if (!quantity->IsZero()) group->requests[resource] = *quantity;
  }

  void ParsePods(Job* job) {
    PodGroup group;
    group.requests = m_.constant_requests;
    for (const auto& [resource, column] : m_.requests) {
      if (std::optional<absl::string_view> text = Value(column)) AddRequest(resource, column, *text, &group);
    }
    if (!m_.request_prefix.empty()) {
      for (size_t i = 0; i < r_.names.size(); ++i) {
        const absl::string_view text = absl::StripAsciiWhitespace(r_.values[i]);
        if (text.empty() || !absl::StartsWith(r_.names[i], m_.request_prefix)) continue;
        AddRequest(r_.names[i].substr(m_.request_prefix.size()), r_.names[i], text, &group);
      }
    }
    if (!m_.gpus.empty()) {
      job->pods = SplitIntoPods(Count(m_.gpus, kMaxPods), m_.gpus_per_pod, m_.resource);
      for (PodGroup& pods : job->pods) pods.requests.insert(group.requests.begin(), group.requests.end());
      return;
    }
    const bool has_pods = !m_.pods.empty() && (Value(m_.pods) || m_.request_prefix.empty());
    group.count = has_pods ? static_cast<int32_t>(Count(m_.pods, kMaxPods)) : 1;
    if (group.requests.empty()) Fail("", "the job asks for no resource");
    job->pods.push_back(std::move(group));
  }

  void ParsePriority(Job* job) {
    job->priority_class = std::string(Value(m_.priority_class).value_or(""));
    const std::optional<absl::string_view> text = Value(m_.priority);
    if (!text) return;
    auto mapped = m_.priority_map.find(std::string(*text));
    if (mapped != m_.priority_map.end()) {
      job->priority = mapped->second;
    } else if (!absl::SimpleAtoi(*text, &job->priority)) {
      Fail(m_.priority, absl::StrCat("\"", Short(*text), "\" is neither a whole number nor in priorityMap"));
    }
  }

  void ParseNodeSelector(Job* job) {
    for (absl::string_view pair : absl::StrSplit(Value(m_.node_selector).value_or(""), ';', absl::SkipWhitespace())) {
      const std::pair<absl::string_view, absl::string_view> kv = absl::StrSplit(pair, absl::MaxSplits('=', 1));
      const absl::string_view key = absl::StripAsciiWhitespace(kv.first);
      if (key.empty() || !absl::StrContains(pair, '='))
        return Fail(m_.node_selector, "not of the form key=value;key=value");
      job->node_selector[std::string(key)] = std::string(absl::StripAsciiWhitespace(kv.second));
    }
  }

  static absl::string_view Short(absl::string_view text) { return text.substr(0, 40); }

  const Record& r_;
  const Mapping& m_;
  RowProblem problem_;
};

}  // namespace

std::vector<PodGroup> SplitIntoPods(int64_t gpus, int64_t per_pod, const std::string& resource) {
  auto group = [&](int64_t count, int64_t each) {
    PodGroup g;
    g.count = static_cast<int32_t>(count);
    g.requests[resource] = api::Quantity::FromValue(each);
    return g;
  };
  if (gpus <= per_pod) return {group(1, gpus)};
  std::vector<PodGroup> groups = {group(gpus / per_pod, per_pod)};
  if (gpus % per_pod != 0) groups.push_back(group(1, gpus % per_pod));
  return groups;
}

absl::StatusOr<Trace> ReadTrace(const std::string& path, const Mapping& mapping, int64_t max_jobs) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  if (!in.ok()) return in.status();
  return ReadTrace(in->get(), path, mapping, max_jobs);
}

absl::StatusOr<Trace> ReadTrace(std::istream* in, const std::string& source, const Mapping& mapping, int64_t max_jobs) {
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = NewRecordReader(mapping.format, in);
  if (!reader.ok()) return absl::Status(reader.status().code(), absl::StrCat(source, ": ", reader.status().message()));

  Trace trace;
  trace.source = source;
  absl::flat_hash_map<std::string, int64_t> row_of;
  auto report = [&](RowProblem problem) {
    ++trace.bad_rows;
    if (trace.problems.size() < Trace::kMaxProblems) trace.problems.push_back(std::move(problem));
  };
  Record record;
  bool first = true;
  while (max_jobs == 0 || static_cast<int64_t>(trace.jobs.size()) < max_jobs) {
    absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (absl::IsDataLoss(more.status())) {
      return absl::DataLossError(absl::StrCat(source, ": ", more.status().message()));
    }
    if (!more.ok()) {
      report({record.row, "", std::string(more.status().message())});
      continue;
    }
    if (!*more) break;
    if (std::exchange(first, false) && mapping.format == Format::kCsv) {
      // A column that is missing altogether is a wrong mapping, not 100,000 bad rows.
      for (const std::string& column : {mapping.queue_column, mapping.submit, mapping.duration, mapping.gpus}) {
        const bool manifest_says =
            column == mapping.queue_column && !mapping.manifest.empty() && record.Get(mapping.manifest).has_value();
        if (!column.empty() && !absl::StrContains(column, '|') && !record.Get(column) && !manifest_says) {
          return absl::InvalidArgumentError(absl::StrCat(source, ": row 1: there is no column \"", column,
                                                         "\"; give a mapping file with --mapping or correct it"));
        }
      }
    }
    Job job;
    RowParser parser(record, mapping);
    if (!parser.Parse(&job)) {
      report(parser.problem());
      continue;
    }
    auto [earlier, fresh] = row_of.emplace(job.id, job.row);
    if (!fresh) {
      report({job.row, mapping.id, absl::StrCat("job id \"", job.id, "\" is already used in row ", earlier->second)});
      continue;
    }
    trace.jobs.push_back(std::move(job));
  }
  if (in->bad()) return absl::DataLossError(absl::StrCat(source, ": the file breaks off; fetch it again"));
  std::stable_sort(trace.jobs.begin(), trace.jobs.end(),
                   [](const Job& a, const Job& b) { return a.submit_s < b.submit_s; });
  return trace;
}

std::string FormatProblem(const Trace& trace, const RowProblem& problem) {
  return absl::StrCat(trace.source, ":", problem.row, ": ",
                      problem.column.empty() ? "" : absl::StrCat("column ", problem.column, ": "), problem.reason);
}

}  // namespace muster::sim
