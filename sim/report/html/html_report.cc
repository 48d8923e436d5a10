#include "sim/report/html/html_report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sim/report/html/page.h"
#include "sim/report/html/policy_data.h"
#include "sim/report/html/report_assets.h"

namespace muster::sim {
namespace {

constexpr size_t kMaxName = 120;  // bytes of a job's name

// Cut between characters of UTF-8, not within.
std::string Cut(std::string name) {
  if (name.size() <= kMaxName) return name;
  size_t end = kMaxName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  name.resize(end);
  return name + "\xe2\x80\xa6";
}

}  // namespace

HtmlReport::HtmlReport(std::function<std::string(size_t)> name_of)
    : runs_([name_of = std::move(name_of)](size_t job) { return Cut(name_of(job)); }) {}

void HtmlReport::OnBegin(const ReplaySetting& setting) {
  teams_ = setting.teams;
  resource_ = setting.resource;
  policy_ = PolicyData(*setting.policy);
  usage_.OnBegin(setting);
  places_.OnBegin(setting);
  runs_.OnBegin(setting);
}

void HtmlReport::OnSubmit(const JobSubmit& event) {
  usage_.OnSubmit(event);
  runs_.OnSubmit(event);
  preemptions_.OnSubmit(event);
}

void HtmlReport::OnStart(const RunStart& event) {
  usage_.OnStart(event);
  places_.OnStart(event);
  runs_.OnStart(event);
}

void HtmlReport::OnStop(const RunStop& event) {
  usage_.OnStop(event);
  runs_.OnStop(event, places_.Of(event.job));
  preemptions_.OnStop(event);
  places_.OnStop(event);  // forgets where it was
}

void HtmlReport::OnChange(const WorldChange& change) { usage_.OnChange(change); }

void HtmlReport::OnInstant(int64_t now_s) {
  usage_.OnInstant(now_s);
  places_.OnInstant(now_s);
}

void HtmlReport::OnEnd(int64_t now_s) {
  usage_.OnEnd(now_s);
  places_.OnEnd(now_s);
  runs_.OnEnd(now_s);
}

absl::Status HtmlReport::Write(const std::string& path, const ReportFacts& facts, const Metrics& metrics) {
  return WritePage(path, {.title = absl::StrCat("Replay of ", facts.trace),
                          .description = absl::StrCat(metrics.total.jobs, " jobs, ", metrics.teams.size(),
                                                      " queues; amounts are of ", metrics.resource, "."),
                          .style = assets::kReportCss,
                          .scripts = {assets::kGanttJs, assets::kReportJs},
                          .data = Data(facts, metrics)});
}

}  // namespace muster::sim
