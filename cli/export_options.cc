#include "cli/export_options.h"

#include <filesystem>
#include <iostream>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/arguments.h"

namespace muster::cli {
namespace {

// Two names of one file are one file.
std::string Resolved(const std::string& path) {
  std::error_code error;
  // What does not exist yet is only made absolute when it is given so.
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  return error ? path : resolved.string();
}

template <typename Export>
absl::Status Take(absl::StatusOr<Export> opened, std::optional<Export>* to) {
  if (!opened.ok()) return opened.status();
  *to = *std::move(opened);
  return absl::OkStatus();
}

}  // namespace

void AddExportOptions(CLI::App* command, ExportOptions* options) {
  command->add_option("--perfetto", options->perfetto,
                      "Write a timeline per team and per node that ui.perfetto.dev opens (.gz: compressed)");
  CLI::Option* metrics = command->add_option("--openmetrics", options->openmetrics,
                                             "Write Kueue's metrics over the trace's clock, for Prometheus to import");
  command
      ->add_option("--openmetrics-step", options->openmetrics_step_s,
                   "Seconds between samples; by default 60, and more for replays of more than a week")
      ->check(WholeNumber<int64_t>(1, int64_t{1} << 40))
      ->needs(metrics);
  command->add_option("--swf", options->swf, "Write the schedule in the Standard Workload Format");
  command->add_option("--batsim", options->batsim, "Write the schedule as Batsim's table of jobs (CSV)");
}

absl::Status Exports::Open(const ExportOptions& options, const sim::Trace* trace) {
  std::map<std::string, std::string> option_of;
  for (const auto& [option, path] :
       {std::pair("--perfetto", &options.perfetto), std::pair("--openmetrics", &options.openmetrics),
        std::pair("--swf", &options.swf), std::pair("--batsim", &options.batsim)}) {
    if (path->empty()) continue;
    const auto [other, added] = option_of.emplace(Resolved(*path), option);
    if (added) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(other->second, " and ", option, " both want to write ", *path, "; give each a file of its own"));
  }
  absl::Status status;
  if (!options.perfetto.empty()) status = Take(sim::PerfettoTrace::Open(options.perfetto, trace), &perfetto_);
  if (status.ok() && !options.openmetrics.empty()) {
    status = Take(sim::KueueMetrics::Open(options.openmetrics, trace, options.openmetrics_step_s), &metrics_);
  }
  if (status.ok() && !options.swf.empty()) status = Take(sim::SwfSchedule::Open(options.swf, trace), &swf_);
  if (status.ok() && !options.batsim.empty()) status = Take(sim::BatsimJobs::Open(options.batsim, trace), &batsim_);
  return status;
}

void Exports::AddTo(std::vector<sim::ReplayObserver*>* observers) {
  if (perfetto_.has_value()) observers->push_back(&*perfetto_);
  if (metrics_.has_value()) observers->push_back(&*metrics_);
  if (swf_.has_value()) observers->push_back(&*swf_);
  if (batsim_.has_value()) observers->push_back(&*batsim_);
}

absl::Status Exports::Close(const sim::SimulationResult& result) {
  absl::Status status;
  if (perfetto_.has_value()) status = perfetto_->Close();
  if (metrics_.has_value()) {
    status.Update(metrics_->Close());
    // Prometheus takes a value for stale after five minutes.
    if (metrics_->step_s() >= 300) {
      std::cerr << "note: --openmetrics has a sample every " << metrics_->step_s()
                << " s; start Prometheus with --query.lookback-delta=" << 2 * metrics_->step_s()
                << "s, or take a smaller --openmetrics-step\n";
    }
  }
  if (swf_.has_value()) status.Update(swf_->Close(result));
  if (batsim_.has_value()) status.Update(batsim_->Close());
  return status;
}

}  // namespace muster::cli
