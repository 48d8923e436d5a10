#include "cli/world_options.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "api/problem.h"
#include "cli/arguments.h"
#include "cli/policy_files.h"
#include "sim/files/input.h"
#include "sim/replay/check_input.h"
#include "sim/topology/make_nodes.h"

namespace muster::cli {
namespace {

constexpr int64_t kMaxSeconds = int64_t{1} << 40;

// When the first job is submitted.
int64_t BeginOf(const sim::Trace& trace) { return trace.jobs.empty() ? 0 : trace.jobs.front().submit_s; }

// Seconds on the trace's clock, an RFC 3339 time, or +SECONDS after the first submission.
absl::StatusOr<int64_t> TimeOf(const std::string& text, const sim::Trace& trace) {
  const bool relative = !text.empty() && text[0] == '+';
  int64_t seconds = 0;
  absl::Time time;
  std::string error;
  if (!absl::SimpleAtoi(relative ? text.substr(1) : text, &seconds)) {
    if (relative || !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no time; write seconds of the trace's clock, ",
                                                     "+SECONDS after its first submission, or 2026-01-31T12:00:00Z"));
    }
    seconds = absl::ToUnixSeconds(time);
  }
  if (relative) seconds += BeginOf(trace);
  if (seconds < 0 || seconds > kMaxSeconds) return absl::InvalidArgumentError(absl::StrCat(text, " is out of range"));
  return seconds;
}

absl::Status ReadModel(const std::string& path, sim::RunModel* model) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = sim::OpenInput(path);
  if (!in.ok()) return in.status();
  const std::string text((std::istreambuf_iterator<char>(**in)), std::istreambuf_iterator<char>());
  absl::StatusOr<sim::RunModel> read = sim::RunModel::Parse(text);
  if (!read.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", read.status().message()));
  *model = *std::move(read);
  return absl::OkStatus();
}

// A time limit that nobody has ends nothing, which is hardly meant.
void WarnOfLimits(const sim::RunModel& model, const sim::Trace& trace) {
  if (!model.enforce_time_limit || model.all.time_limit_s > 0) return;
  const bool of_class = std::any_of(model.classes.begin(), model.classes.end(),
                                    [](const auto& c) { return c.second.time_limit_s.value_or(0) > 0; });
  const bool of_job = std::any_of(trace.terms.begin(), trace.terms.end(),
                                  [](const sim::JobTerms& t) { return t.own.time_limit_s.value_or(0) > 0; });
  if (of_class || of_job) return;
  std::cerr << "warning: enforceTimeLimit ends nothing: neither the model (timeLimitSeconds) nor a job (column "
               "time_limit_s) has a time limit; estimate_s is what a user said, and ends no job\n";
}

absl::StatusOr<std::vector<sim::PolicyChange>> ReadChanges(const WorldOptions& options, const sim::Trace& trace) {
  std::vector<sim::PolicyChange> changes;
  for (const std::string& words : options.changes) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(words, absl::MaxSplits('=', 1));
    if (parts.second.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("--at ", words, ": is not TIME=FILE"));
    }
    const absl::StatusOr<int64_t> at_s = TimeOf(parts.first, trace);
    if (!at_s.ok()) return absl::InvalidArgumentError(absl::StrCat("--at ", words, ": ", at_s.status().message()));
    if (*at_s < BeginOf(trace)) {
      return absl::InvalidArgumentError(absl::StrCat("--at ", words, ": is before the first submission at ",
                                                     BeginOf(trace), "; +SECONDS counts from there"));
    }
    const api::LoadResult loaded = ReadPolicyFiles({parts.second});
    if (absl::Status s = loaded.status(); !s.ok()) return s;
    for (const api::Problem& problem : loaded.problems) std::cerr << "warning: " << api::ToString(problem) << "\n";
    sim::PolicyChange change{*at_s, parts.second, {}};
    for (const api::Decoded& decoded : loaded.objects) change.objects.push_back(decoded.object);
    if (change.objects.empty())
      return absl::InvalidArgumentError(absl::StrCat(parts.second, ": there is no object in it"));
    changes.push_back(std::move(change));
  }
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.at_s < b.at_s; });
  return changes;
}

// Made-up outages go on for so long after the last submission as the trace is long, and four times its longest job.
int64_t Horizon(const sim::Trace& trace) {
  int64_t longest_s = 0;
  for (const sim::Job& job : trace.jobs) longest_s = std::max(longest_s, job.duration_s);
  const int64_t last_s = trace.jobs.empty() ? 0 : trace.jobs.back().submit_s;
  return last_s + std::min(last_s - BeginOf(trace) + 4 * longest_s, kMaxSeconds);
}

absl::StatusOr<std::vector<sim::Outage>> ReadOutages(const WorldOptions& options, const sim::Trace& trace,
                                                     const sim::ReplayPolicy& policy, int64_t* known_until_s) {
  absl::StatusOr<sim::Outages> read = sim::ReadOutages(options.outages);
  if (!read.ok()) return read.status();
  if (!options.outages_start.empty()) {
    const absl::StatusOr<int64_t> start_s = TimeOf(options.outages_start, trace);
    if (!start_s.ok()) return absl::InvalidArgumentError(absl::StrCat("--outages-start: ", start_s.status().message()));
    const int64_t by_s = BeginOf(trace) - *start_s;
    const auto shift = [by_s](int64_t* time_s) {
      if (*time_s != sim::Outage::kNever) *time_s += by_s;
    };
    for (sim::Outage& o : read->outages) {
      for (int64_t* time_s : {&o.down_s, &o.cordon_s, &o.up_s}) shift(time_s);
    }
    for (sim::OutageWindow& w : read->windows) {
      for (int64_t* time_s : {&w.outage.down_s, &w.outage.cordon_s, &w.outage.up_s, &w.until_s}) shift(time_s);
    }
  }
  absl::StatusOr<std::vector<sim::Outage>> spread =
      sim::SpreadWindows(read->windows, policy.nodes, BeginOf(trace), Horizon(trace));
  if (!spread.ok()) return absl::InvalidArgumentError(absl::StrCat(options.outages, ":", spread.status().message()));
  read->outages.insert(read->outages.end(), spread->begin(), spread->end());
  for (const sim::OutageWindow& w : read->windows) {
    if (w.every_s > 0 && w.until_s > Horizon(trace)) *known_until_s = Horizon(trace);
  }
  const size_t all = read->outages.size();
  std::erase_if(read->outages, [&](const sim::Outage& o) { return o.up_s <= BeginOf(trace); });
  if (read->lanl) {  // 22 systems in one file: those that there is no node of are others
    std::set<std::string> there;
    for (const api::Node& node : policy.nodes) there.insert(node.metadata.name);
    std::erase_if(read->outages, [&](const sim::Outage& o) { return !there.contains(o.node); });
  }
  std::cerr << options.outages << ": " << read->outages.size() << " of " << all << " outages are used\n";
  if (read->outages.empty() && all > 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        options.outages,
        ": no outage is of a node of the policy and later than the first submission; --outages-start says ",
        "which time of the file that is"));
  }
  return std::move(read->outages);
}

absl::StatusOr<std::vector<sim::Outage>> DrawOutages(const WorldOptions& options, const sim::Trace& trace,
                                                     const sim::ReplayPolicy& policy) {
  std::vector<std::string> names;
  for (const api::Node& node : policy.nodes) names.push_back(node.metadata.name);
  const double expected = static_cast<double>(names.size()) * static_cast<double>(Horizon(trace) - BeginOf(trace)) /
                          static_cast<double>(options.node_mtbf_s);
  if (names.empty()) return absl::InvalidArgumentError("--node-mtbf: there are no nodes that could fail");
  if (expected > static_cast<double>(sim::kMaxOutages)) {
    return absl::InvalidArgumentError(absl::StrFormat("--node-mtbf %d would make %.0f outages, more than %d",
                                                      options.node_mtbf_s, expected, sim::kMaxOutages));
  }
  return sim::DrawOutages(names, BeginOf(trace), Horizon(trace), options.node_mtbf_s, options.node_mttr_s,
                          options.load.seed);
}

}  // namespace

void AddWorldOptions(CLI::App* command, WorldOptions* o) {
  command->add_option("--model", o->model,
                      "YAML file saying what runs cost beside their work: checkpoints, restarts, failures "
                      "(docs/simulator.md). Without: nothing");
  command->add_option(
      "--latency", o->latency,
      "How long the controllers take: none; SECONDS from what happens to what is decided on it; or kueue, "
      "its own rhythm of cycles, API writes and batches. Over what --model says");
  command->add_option("--nodes", o->nodes,
                      "Nodes to add to the policy, such as 64xml.p5.48xlarge:rack=8. May be given several times");
  command->add_option("--outages", o->outages,
                      "CSV file of times that nodes are down: node,down,up[,kind,cordon,every,until]");
  command->add_option("--outages-start", o->outages_start,
                      "The time of --outages that the first submission falls on. Without: both have one clock");
  command->add_option("--node-mtbf", o->node_mtbf_s, "Mean seconds between failures of a node; makes outages up")
      ->check(WholeNumber<int64_t>(1));
  command->add_option("--node-mttr", o->node_mttr_s, "Mean seconds until such a node is repaired")
      ->check(WholeNumber<int64_t>(1))
      ->capture_default_str();
  command->add_option("--at", o->changes,
                      "TIME=FILE: policy objects that change then. TIME: seconds of the trace's clock, or +SECONDS "
                      "after the first submission. May be given several times");
  command->add_option("--scale-load", o->load.scale, "Jobs arrive so many times as fast");
  command->add_option("--thin", o->load.thin, "Keep each job with this probability");
  command->add_option("--repeat", o->load.repeat, "Play the trace so many times, one after the other");
  command->add_option("--shift", o->load.shift_s, "Everything happens so many seconds later");
  command->add_option("--seed", o->load.seed, "Of --thin and --node-mtbf")->capture_default_str();
  command->add_flag("--check", o->check,
                    "Hold the replay against the laws that none may break (docs/trust.md); end it if one is broken");
}

absl::Status AddNodes(const WorldOptions& options, sim::ReplayPolicy* policy) {
  std::set<std::string> there;
  for (const api::Node& node : policy->nodes) there.insert(node.metadata.name);
  for (const std::string& words : options.nodes) {
    absl::StatusOr<std::vector<api::Node>> nodes = sim::MakeNodes(words);
    if (!nodes.ok()) return absl::InvalidArgumentError(absl::StrCat("--nodes ", nodes.status().message()));
    for (api::Node& node : *nodes) {
      if (!there.insert(node.metadata.name).second) {
        return absl::InvalidArgumentError(absl::StrCat("--nodes ", words, ": there is a Node/", node.metadata.name,
                                                       " already; give another name=PREFIX"));
      }
      policy->nodes.push_back(std::move(node));
    }
  }
  return absl::OkStatus();
}

absl::Status FillWorld(const WorldOptions& options, const sim::Trace& trace, const sim::ReplayPolicy& policy,
                       sim::SimulationOptions* out) {
  if (!options.model.empty()) {
    if (absl::Status s = ReadModel(options.model, &out->model); !s.ok()) return s;
    WarnOfLimits(out->model, trace);
  }
  if (!options.latency.empty()) {
    if (absl::Status s = out->model.control_plane.SetLatency(options.latency); !s.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--latency ", s.message()));
    }
  }
  absl::StatusOr<std::vector<sim::PolicyChange>> changes = ReadChanges(options, trace);
  if (!changes.ok()) return changes.status();
  out->policy_changes = *std::move(changes);
  std::vector<sim::Outage> outages;
  for (const bool drawn : {false, true}) {
    if (drawn ? options.node_mtbf_s == 0 : options.outages.empty()) continue;
    absl::StatusOr<std::vector<sim::Outage>> more =
        drawn ? DrawOutages(options, trace, policy) : ReadOutages(options, trace, policy, &out->outages_known_until_s);
    if (drawn) out->outages_known_until_s = Horizon(trace);
    if (!more.ok()) return more.status();
    outages.insert(outages.end(), more->begin(), more->end());
  }
  out->node_steps = sim::StepsOf(std::move(outages));
  return absl::OkStatus();
}

absl::Status CheckInput(const WorldOptions& options, const sim::Trace& trace, const sim::ReplayPolicy& policy) {
  const std::vector<std::string> lines = sim::WhatCannotRun(trace, policy);
  if (lines.empty()) return absl::OkStatus();
  if (!options.lenient) {
    return absl::InvalidArgumentError(absl::StrCat(absl::StrJoin(lines, "\n"), "\n--lenient replays it as it is"));
  }
  for (const std::string& line : lines) std::cerr << "warning: " << line << "\n";
  return absl::OkStatus();
}

void TellWorld(const WorldOptions& options, const sim::SimulationOptions& world, const sim::Metrics& metrics,
               const sim::ConservationCheck* check) {
  if (metrics.end_s > world.outages_known_until_s) {
    std::cerr << "warning: outages of " << (options.node_mtbf_s > 0 ? "--node-mtbf" : options.outages)
              << " were made up to " << world.outages_known_until_s << " s, and the replay ends at " << metrics.end_s
              << " s: none begins in between\n";
  }
  if (check == nullptr) return;
  const sim::Balance& b = check->balance();
  std::cerr << absl::StrFormat(
      "check: %d runs at %d instants break no law; of %.0f %s-hours %.0f were useful, %.0f lost, %.0f overhead, %.0f "
      "idle\n",
      check->runs(), check->instants(), b.capacity / 3600, metrics.resource, b.useful / 3600, b.lost / 3600,
      b.overhead / 3600, b.idle / 3600);
  if (check->overcommitted() > 0) {
    std::cerr << "check: hosts held more than they have " << check->overcommitted()
              << " times, as Kueue lets them; first: " << check->first_overcommitted()
              << "; --strict-topology forbids it\n";
  }
}

}  // namespace muster::cli
