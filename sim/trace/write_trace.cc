#include "sim/trace/write_trace.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "sim/trace/lines.h"
#include "sim/trace/tolerations.h"

namespace muster::sim {
namespace {

using Text = std::function<std::string(const Job&, const JobShape&, const JobTerms&)>;

struct Column {
  std::string name;
  Text text;
  bool always = false;
};

std::string Number(const std::optional<int64_t>& value) { return value.has_value() ? absl::StrCat(*value) : ""; }

template <class F>
std::string OfGroups(const JobShape& shape, F text) {
  return absl::StrJoin(shape.pods, "+",
                       [&text](std::string* out, const PodGroup& g) { absl::StrAppend(out, text(g)); });
}

std::string Amount(const JobShape& shape, const std::string& resource) {
  const bool any = std::any_of(shape.pods.begin(), shape.pods.end(),
                               [&](const PodGroup& g) { return g.requests.contains(resource); });
  if (!any) return "";
  return OfGroups(shape, [&resource](const PodGroup& g) {
    const auto it = g.requests.find(resource);
    return it == g.requests.end() ? std::string("0") : it->second.ToString();
  });
}

// What a manifest says is not written again.
bool Described(const JobShape& shape) { return !shape.manifest.empty(); }

std::vector<Column> AllColumns(const Trace& trace) {
  std::vector<Column> columns = {
      {"job_id", [](const Job& j, const JobShape&, const JobTerms&) { return j.id; }, true},
      {"queue", [](const Job&, const JobShape& s, const JobTerms&) { return s.queue; }, true},
      {"submit_s", [](const Job& j, const JobShape&, const JobTerms&) { return absl::StrCat(j.submit_s); }, true},
      {"duration_s", [](const Job& j, const JobShape&, const JobTerms&) { return absl::StrCat(j.duration_s); }, true},
      {"pods",
       [](const Job&, const JobShape& s, const JobTerms&) {
         return Described(s) ? "" : OfGroups(s, [](const PodGroup& g) { return absl::StrCat(g.count); });
       },
       true},
      {"min_pods", [](const Job&, const JobShape& s, const JobTerms&) {
         const bool any = std::any_of(s.pods.begin(), s.pods.end(), [](const PodGroup& g) { return g.min_count != 0; });
         if (Described(s) || !any) return std::string();
         return OfGroups(s, [](const PodGroup& g) { return absl::StrCat(g.min_count == 0 ? g.count : g.min_count); });
       }}};
  std::set<std::string> resources;
  for (const JobShape& shape : trace.shapes) {
    if (Described(shape)) continue;
    for (const PodGroup& group : shape.pods) {
      for (const auto& [resource, amount] : group.requests) resources.insert(resource);
    }
  }
  for (const std::string& resource : resources) {
    columns.push_back({absl::StrCat("request.", resource), [resource](const Job&, const JobShape& s, const JobTerms&) {
                         return Described(s) ? "" : Amount(s, resource);
                       }});
  }
  const std::vector<Column> rest = {
      {"priority",
       [](const Job&, const JobShape& s, const JobTerms&) { return s.priority == 0 ? "" : absl::StrCat(s.priority); }},
      {"priority_class", [](const Job&, const JobShape& s, const JobTerms&) { return s.priority_class; }},
      {"node_selector", [](const Job&, const JobShape& s,
                           const JobTerms&) { return absl::StrJoin(s.node_selector, ";", absl::PairFormatter("=")); }},
      {"tolerations",
       [](const Job&, const JobShape& s, const JobTerms&) { return TolerationsText(s.tolerations).value_or(""); }},
      {"topology", [](const Job&, const JobShape& s, const JobTerms&) { return s.topology; }},
      {"estimate_s", [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.estimate_s); }},
      {"time_limit_s", [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.own.time_limit_s); }},
      {"deadline_s", [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.deadline_s); }},
      {"after", [](const Job&, const JobShape&, const JobTerms& t) { return absl::StrJoin(t.after, ";"); }},
      {"think_s",
       [](const Job&, const JobShape&, const JobTerms& t) { return t.think_s == 0 ? "" : absl::StrCat(t.think_s); }},
      {"checkpoint_s",
       [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.own.checkpoint_interval_s); }},
      {"checkpoint_cost_s",
       [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.own.checkpoint_cost_s); }},
      {"image_pull_s", [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.own.image_pull_s); }},
      {"restart_delay_s", [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.own.restart_delay_s); }},
      {"pod_mtbf_s", [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.own.pod_mtbf_s); }},
      {"backoff_limit", [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.own.backoff_limit); }},
      {"start_s", [](const Job&, const JobShape&, const JobTerms& t) { return Number(t.start_s); }},
      {"user", [](const Job&, const JobShape&, const JobTerms& t) { return t.user; }},
      {"group", [](const Job&, const JobShape&, const JobTerms& t) { return t.group; }},
      {"status", [](const Job&, const JobShape& s, const JobTerms&) { return s.status; }},
      {"manifest", [](const Job&, const JobShape& s, const JobTerms&) { return s.manifest; }}};
  columns.insert(columns.end(), rest.begin(), rest.end());
  return columns;
}

void AppendField(const std::string& text, std::string* row) {
  if (text.find_first_of(",\"\n") == std::string::npos) {
    row->append(text);
  } else {
    absl::StrAppend(row, "\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
  }
}

}  // namespace

absl::Status WriteTrace(const Trace& trace, std::ostream* out) {
  std::vector<Column> columns = AllColumns(trace);
  const JobTerms none;
  const auto terms_of = [&](const Job& job) -> const JobTerms& {
    const JobTerms* terms = trace.TermsOf(job);
    return terms == nullptr ? none : *terms;
  };
  std::erase_if(columns, [&](const Column& c) {
    return !c.always && std::all_of(trace.jobs.begin(), trace.jobs.end(), [&](const Job& job) {
      return c.text(job, trace.ShapeOf(job), terms_of(job)).empty();
    });
  });
  std::string row;
  for (const Column& c : columns) {
    row += row.empty() ? "" : ",";
    AppendField(c.name, &row);
  }
  *out << row << "\n";
  for (const Job& job : trace.jobs) {
    row.clear();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) row += ',';
      AppendField(columns[i].text(job, trace.ShapeOf(job), terms_of(job)), &row);
    }
    const bool carried =
        row.size() < kMaxRow && row.find('\r') == std::string::npos && row.find('\0') == std::string::npos;
    if (!carried) {
      return absl::InvalidArgumentError(
          absl::StrCat(trace.source, ":", job.row,
                       ": the job holds a carriage return, a NUL byte or too much text for "
                       "a row of CSV"));
    }
    *out << row << "\n";
  }
  return absl::OkStatus();
}

}  // namespace muster::sim
