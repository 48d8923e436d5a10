#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "api/resource_units.h"
#include "sim/trace/inspect.h"

namespace muster::sim {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostLines = 20;  // of one table

double Rounded(double value) { return std::round(value * 1000) / 1000; }

// Seconds since 1970 as a time of day, others as they are.
std::string When(int64_t seconds) {
  constexpr int64_t kYear2000 = 946684800;
  if (seconds < kYear2000 || seconds > 4 * kYear2000) return absl::StrCat(seconds, " s");
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

std::string Amount(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15 ? absl::StrFormat("%.0f", value)
                                                              : absl::StrFormat("%.2f", value);
}

// Bytes in GiB, which people can read.
std::string AmountOf(const std::string& resource, double value) {
  return api::IsCountedInBytes(resource) ? absl::StrFormat("%.1fGi", value / (1 << 30)) : Amount(value);
}

// Columns as wide as they have to be, the first to the left, the others to the right.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = "  ";
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      absl::StrAppend(&line, i == 0 ? "" : "  ", i == 0 ? row[i] : space, i == 0 ? space : row[i]);
    }
    while (line.back() == ' ') line.pop_back();
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::vector<std::string> SpreadRow(const std::string& name, const Spread& s) {
  return {name,
          absl::StrCat(s.min),
          absl::StrCat(s.p50),
          absl::StrCat(s.p90),
          absl::StrCat(s.p99),
          absl::StrCat(s.max),
          absl::StrFormat("%.1f", s.mean)};
}

std::string Percent(double part, double whole) {
  return whole > 0 ? absl::StrFormat("%.1f%%", 100 * part / whole) : "-";
}

double CapacityOf(const Inspection& in) {
  for (const ResourceSummary& r : in.resources) {
    if (r.name == in.resource) return r.capacity;
  }
  return 0;
}

double HoursOf(const Inspection& in) {
  double hours = 0;
  for (const QueueSummary& queue : in.queues) hours += queue.hours;
  return hours;
}

std::string LoadTable(const Inspection& in) {
  const double capacity = CapacityOf(in);
  double scale = capacity;
  for (const LoadPoint& point : in.load) scale = std::max(scale, point.mean);
  std::vector<std::vector<std::string>> rows = {{"from", "jobs", "mean", "peak"}};
  if (capacity > 0) rows[0].push_back("of capacity");
  std::vector<std::string> bars = {""};
  for (const LoadPoint& point : in.load) {
    rows.push_back(
        {When(point.begin_s), absl::StrCat(point.submitted), absl::StrFormat("%.1f", point.mean), Amount(point.peak)});
    if (capacity > 0) rows.back().push_back(Percent(point.mean, capacity));
    bars.emplace_back(scale > 0 ? static_cast<size_t>(std::lround(40 * point.mean / scale)) : 0, '#');
  }
  std::string text;
  const std::string table = Table(rows);
  size_t line = 0;
  for (size_t at = 0; at < table.size(); ++line) {
    const size_t end = table.find('\n', at);
    absl::StrAppend(&text, table.substr(at, end - at), bars[line].empty() ? "" : "  ", bars[line], "\n");
    at = end + 1;
  }
  return text;
}

ordered_json SpreadJson(const Spread& s) {
  return {{"count", s.count}, {"min", s.min}, {"p50", s.p50},           {"p90", s.p90},
          {"p99", s.p99},     {"max", s.max}, {"mean", Rounded(s.mean)}};
}

}  // namespace

std::string InspectionText(const Inspection& in) {
  std::string text =
      absl::StrCat(in.source, ": ", in.jobs, in.jobs == 1 ? " job" : " jobs", ", read as ", in.format, "\n");
  if (!in.about.empty()) {
    absl::StrAppend(&text, "\nThe file says\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : in.about) rows.push_back({name + ": " + value});
    absl::StrAppend(&text, Table(rows));
  }
  if (in.jobs > 0) {
    const double days = static_cast<double>(in.last_submit_s - in.first_submit_s) / 86400;
    absl::StrAppend(&text, "\nSubmitted from ", When(in.first_submit_s), " to ", When(in.last_submit_s), ", ",
                    absl::StrFormat("%.1f", days), " days\n");
    std::vector<std::vector<std::string>> spreads = {{"", "min", "p50", "p90", "p99", "max", "mean"},
                                                     SpreadRow("duration in s", in.duration),
                                                     SpreadRow("pods", in.pods)};
    if (in.recorded_wait.count > 0) spreads.push_back(SpreadRow("recorded wait in s", in.recorded_wait));
    absl::StrAppend(&text, Table(spreads));
    absl::StrAppend(&text, "\nResources\n");
    std::vector<std::vector<std::string>> rows = {{"resource", "jobs", "largest job", "hours", "capacity"}};
    for (const ResourceSummary& r : in.resources) {
      rows.push_back({r.name, absl::StrCat(r.jobs), AmountOf(r.name, r.largest),
                      api::IsCountedInBytes(r.name) ? AmountOf(r.name, r.hours) : absl::StrFormat("%.0f", r.hours),
                      r.capacity > 0 ? AmountOf(r.name, r.capacity) : "-"});
    }
    absl::StrAppend(&text, Table(rows));
    absl::StrAppend(&text, "\nQueues, by hours of ", in.resource, "\n");
    rows = {{"queue", "jobs", "hours", "share"}};
    for (const QueueSummary& queue : in.queues) {
      if (rows.size() > kMostLines) break;
      rows.push_back({queue.name.empty() ? "(as its manifest says)" : queue.name, absl::StrCat(queue.jobs),
                      absl::StrFormat("%.0f", queue.hours), Percent(queue.hours, HoursOf(in))});
    }
    absl::StrAppend(&text, Table(rows));
    if (in.queues.size() > kMostLines) absl::StrAppend(&text, "  and ", in.queues.size() - kMostLines, " more\n");
    absl::StrAppend(&text, "\nSizes, in ", in.resource, " of a whole job\n");
    rows = {{"size", "jobs", "of jobs", "of hours"}};
    std::vector<SizeSummary> sizes = in.sizes;
    const size_t more = sizes.size() > kMostLines ? sizes.size() - kMostLines : 0;
    if (more > 0) {  // the most frequent
      std::stable_sort(sizes.begin(), sizes.end(),
                       [](const SizeSummary& a, const SizeSummary& b) { return a.jobs > b.jobs; });
      sizes.resize(kMostLines);
      std::sort(sizes.begin(), sizes.end(),
                [](const SizeSummary& a, const SizeSummary& b) { return a.amount < b.amount; });
    }
    for (const SizeSummary& size : sizes) {
      rows.push_back({Amount(size.amount), absl::StrCat(size.jobs),
                      Percent(static_cast<double>(size.jobs), static_cast<double>(in.jobs)),
                      Percent(size.hours, HoursOf(in))});
    }
    absl::StrAppend(&text, Table(rows));
    if (more > 0) absl::StrAppend(&text, "  and ", more, " rarer sizes\n");
    absl::StrAppend(&text, "\nLoad in ", in.resource, ", if every job started when it was submitted\n", LoadTable(in));
  }
  if (!in.statuses.empty()) {
    absl::StrAppend(
        &text, "\nStatuses: ",
        absl::StrJoin(in.statuses, ", ",
                      [](std::string* out, const auto& s) { absl::StrAppend(out, s.first, " ", s.second); }),
        "\n");
  }
  const auto list = [&text](const char* title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    absl::StrAppend(&text, "\n", title, "\n");
    for (const std::string& line : lines) absl::StrAppend(&text, "  ", line, "\n");
  };
  std::vector<std::string> remarks;
  for (const Remark& r : in.remarks) remarks.push_back(FormatRemark(r));
  list("How it was read", remarks);
  list("Odd", in.oddities);
  list("Not in it", in.missing);
  return text;
}

std::string InspectionJson(const Inspection& in) {
  ordered_json json = {{"trace", in.source},
                       {"format", in.format},
                       {"about", in.about},
                       {"jobs", in.jobs},
                       {"shapes", in.shapes},
                       {"users", in.users},
                       {"bad_rows", in.bad_rows},
                       {"first_submit_s", in.first_submit_s},
                       {"last_submit_s", in.last_submit_s},
                       {"last_end_s", in.last_end_s},
                       {"resource", in.resource},
                       {"duration_s", SpreadJson(in.duration)},
                       {"pods", SpreadJson(in.pods)},
                       {"recorded_wait_s", SpreadJson(in.recorded_wait)}};
  json["resources"] = ordered_json::array();
  for (const ResourceSummary& r : in.resources) {
    json["resources"].push_back(
        {{"name", r.name},
         {"jobs", r.jobs},
         {"largest_job", Rounded(r.largest)},
         {"hours", Rounded(r.hours)},
         {"capacity", r.capacity > 0 ? ordered_json(Rounded(r.capacity)) : ordered_json(nullptr)}});
  }
  json["queues"] = ordered_json::array();
  for (const QueueSummary& q : in.queues) {
    json["queues"].push_back({{"name", q.name}, {"jobs", q.jobs}, {"hours", Rounded(q.hours)}});
  }
  json["sizes"] = ordered_json::array();
  for (const SizeSummary& s : in.sizes) {
    json["sizes"].push_back({{"amount", Rounded(s.amount)}, {"jobs", s.jobs}, {"hours", Rounded(s.hours)}});
  }
  json["load"] = ordered_json::array();
  for (const LoadPoint& p : in.load) {
    json["load"].push_back({{"begin_s", p.begin_s},
                            {"end_s", p.end_s},
                            {"submitted", p.submitted},
                            {"mean", Rounded(p.mean)},
                            {"peak", Rounded(p.peak)}});
  }
  json["statuses"] = in.statuses;
  json["remarks"] = ordered_json::array();
  for (const Remark& r : in.remarks) {
    json["remarks"].push_back(
        {{"text", r.text}, {"count", r.count}, {"first_row", r.first_row}, {"left_out", r.left_out}});
  }
  json["oddities"] = in.oddities;
  json["missing"] = in.missing;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace muster::sim
