#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/provenance.h"
#include "cli/remarks.h"
#include "cli/simulate.h"
#include "sim/compare/comparison.h"
#include "sim/compare/page.h"
#include "sim/compare/text.h"
#include "sim/files/input.h"
#include "sim/files/output_file.h"
#include "sim/sweep/variant.h"

namespace muster::cli {
namespace {

constexpr size_t kMaxFile = size_t{16} << 20;

absl::StatusOr<std::vector<sim::Variant>> ReadVariants(const SimulateArgs& args) {
  const absl::StatusOr<std::string> text = sim::ReadInput(args.what_if, kMaxFile);
  if (!text.ok()) return text.status();
  return sim::ParseVariants(*text, args.what_if);
}

// All mistakes of all variants, so that none shows after an hour of replays.
absl::Status CheckAll(const SimulateArgs& args, const std::vector<sim::Variant>& variants) {
  const Remarks not_yet;
  if (absl::Status s = ReadReplayPolicy(args, nullptr).status(); !s.ok()) return s;
  std::string mistakes;
  for (const sim::Variant& variant : variants) {
    const absl::Status s = ReadReplayPolicy(args, &variant).status();
    if (!s.ok()) absl::StrAppend(&mistakes, mistakes.empty() ? "" : "\n", args.what_if, ": ", s.message());
  }
  return mistakes.empty() ? absl::OkStatus() : absl::InvalidArgumentError(mistakes);
}

struct Work {
  const SimulateArgs& args;
  const TraceFile& trace;
  EndSignals* signals;
  NewRemarks remarks = {};
};

// Replays one variant into a folder of its name below `dir`.
absl::StatusOr<sim::RunResult> ReplayOne(Work* work, const std::string& dir, const sim::Variant* variant) {
  const std::string name = variant == nullptr ? sim::kBaseName : variant->name;
  SimulateArgs one = work->args;
  one.out = (std::filesystem::path(dir) / name).string();
  one.quiet = true;
  absl::Status status;
  std::string remarks;
  {
    const Remarks kept;
    status = [&] {
      absl::StatusOr<sim::ReplayPolicy> policy = ReadReplayPolicy(one, variant);
      if (!policy.ok()) return policy.status();
      absl::StatusOr<sim::ResultFolder> folder = sim::ResultFolder::Create(one.out, false);
      if (!folder.ok()) return folder.status();
      return Replay(one, *std::move(policy), work->trace, variant, &*folder, work->signals);
    }();
    remarks = kept.Take();
  }
  work->remarks.Tell(remarks, name);
  if (!status.ok()) return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
  absl::StatusOr<sim::RunResult> run = sim::ReadRun(one.out);
  if (run.ok()) run->dir = name;
  return run;
}

absl::StatusOr<std::vector<sim::Comparison>> CompareAll(const std::vector<sim::RunResult>& runs) {
  std::vector<sim::Comparison> comparisons;
  for (size_t i = 1; i < runs.size(); ++i) {
    absl::StatusOr<sim::Comparison> comparison = sim::Compare(runs[0], runs[i], {});
    if (!comparison.ok()) return comparison.status();
    comparisons.push_back(*std::move(comparison));
  }
  return comparisons;
}

absl::Status WriteSummary(const std::string& dir, const SimulateArgs& args, const std::vector<sim::RunResult>& runs) {
  nlohmann::ordered_json summary = {{"trace", std::filesystem::path(args.trace).filename().string()},
                                    {"variants", nlohmann::ordered_json::array()}};
  for (const sim::RunResult& run : runs) summary["variants"].push_back(run.dir);
  return sim::WriteFile(dir + "/summary.json", summary.dump(2) + "\n");
}

}  // namespace

absl::Status SimulateWhatIf(const SimulateArgs& args, EndSignals* signals) {
  absl::StatusOr<sim::ResultFolder> folder = sim::ResultFolder::Create(args.out, args.overwrite);
  if (!folder.ok()) return folder.status();
  const absl::StatusOr<std::vector<sim::Variant>> variants = ReadVariants(args);
  if (!variants.ok()) return variants.status();
  if (absl::Status s = CheckAll(args, *variants); !s.ok()) return s;
  const absl::StatusOr<TraceFile> trace = ReadReplayTrace(args);
  if (!trace.ok()) return trace.status();
  absl::StatusOr<sim::ResultFolder::Provenance> provenance = ProvenanceOf(args, *trace, nullptr);
  if (!provenance.ok()) return provenance.status();
  const absl::StatusOr<nlohmann::ordered_json> what_if = FileProvenance(args, args.what_if);
  if (!what_if.ok()) return what_if.status();
  (*provenance)["variant"] = *what_if;

  const std::string& dir = folder->staging();
  Work work{args, *trace, signals};
  std::vector<sim::RunResult> runs;
  for (size_t i = 0; i <= variants->size(); ++i) {
    absl::StatusOr<sim::RunResult> run = ReplayOne(&work, dir, i == 0 ? nullptr : &(*variants)[i - 1]);
    if (absl::IsCancelled(run.status())) {
      if (absl::Status s = WriteSummary(dir, args, runs); !s.ok()) return s;
      if (absl::Status s = folder->CommitUnfinished(*provenance); !s.ok()) return s;
      return absl::CancelledError(absl::StrCat("ended by a signal after ", runs.size(), " of ", variants->size() + 1,
                                               " replays; what was written until then is whole, in ", args.out, "/",
                                               sim::ResultFolder::kUnfinished));
    }
    if (!run.ok()) return run.status();
    runs.push_back(*std::move(run));
  }
  const absl::StatusOr<std::vector<sim::Comparison>> comparisons = CompareAll(runs);
  if (!comparisons.ok()) return comparisons.status();
  const std::string json = ComparisonsAsJson(*comparisons, {});
  if (absl::Status s = sim::WriteFile(dir + "/comparison.json", json); !s.ok()) return s;
  if (absl::Status s = sim::WriteComparisonPage(dir + "/comparison.html", json); !s.ok()) return s;
  if (absl::Status s = WriteSummary(dir, args, runs); !s.ok()) return s;
  if (absl::Status s = folder->Commit(*provenance); !s.ok()) return s;
  std::cout << FormatComparisons(*comparisons, {});
  return absl::OkStatus();
}

}  // namespace muster::cli
