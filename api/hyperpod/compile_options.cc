#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/hyperpod/compile.h"

namespace muster::hyperpod {
namespace {

// An option as the command line names it. Without `values` any text is one.
struct Entry {
  absl::string_view name;
  std::vector<absl::string_view> values;
  absl::string_view standard;  // the default
  absl::string_view what;
  // Takes the index into `values` and the text.
  bool (*set)(CompileOptions* options, int index, absl::string_view text);
};

template <class Enum, Enum CompileOptions::*kMember>
bool SetEnum(CompileOptions* options, int index, absl::string_view) {
  options->*kMember = static_cast<Enum>(index);
  return true;
}

template <std::string CompileOptions::*kMember>
bool SetText(CompileOptions* options, int, absl::string_view text) {
  options->*kMember = text == "none" ? "" : std::string(text);
  return true;
}

template <bool CompileOptions::*kMember>
bool SetBool(CompileOptions* options, int index, absl::string_view) {
  options->*kMember = index == 1;
  return true;
}

bool SetLevels(CompileOptions* options, int, absl::string_view text) {
  options->topology_levels.clear();
  if (text == "none") return true;
  for (absl::string_view level : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    options->topology_levels.emplace_back(level);
  }
  return !options->topology_levels.empty();
}

bool SetPoolFlavors(CompileOptions* options, int, absl::string_view text) {
  return absl::SimpleAtoi(text, &options->pool_flavors) && options->pool_flavors >= 1 && options->pool_flavors <= 64;
}

const std::vector<Entry>& Table() {
  using O = CompileOptions;
  static const auto* const table = new std::vector<Entry>{
      {"dont-lend",
       {"own-cohort", "no-cohort", "zero-limits"},
       "own-cohort",
       "where a DontLend team's queue is",
       SetEnum<O::DontLend, &O::dont_lend>},
      {"borrow-rounding",
       {"down", "up", "nearest"},
       "down",
       "a percentage that is not a whole device",
       SetEnum<O::Rounding, &O::borrow_limit_rounding>},
      {"unlisted-borrow-limit",
       {"percentage", "zero"},
       "percentage",
       "borrowing limit of types that AbsoluteBorrowLimits leaves out",
       SetEnum<O::Unlisted, &O::unlisted_borrow_limit>},
      {"efa-of-parts",
       {"round-up", "whole", "none"},
       "round-up",
       "EFA interfaces that go with parts of an instance",
       SetEnum<EfaOfParts, &O::efa_of_parts>},
      {"disabled",
       {"label-only", "hold", "hold-and-drain"},
       "hold",
       "what ActivationState Disabled does to the queue",
       SetEnum<O::Disabled, &O::disabled>},
      {"reclaim-within-cohort",
       {"Never", "LowerPriority", "Any"},
       "Any",
       "preemption.reclaimWithinCohort",
       SetText<&O::reclaim_within_cohort>},
      {"borrow-within-cohort",
       {"none", "Never", "LowerPriority"},
       "LowerPriority",
       "preemption.borrowWithinCohort.policy while FairShare is Disabled",
       SetText<&O::borrow_within_cohort>},
      {"queueing-strategy",
       {"none", "BestEffortFIFO", "StrictFIFO"},
       "none",
       "queueingStrategy; none = Kueue's default",
       SetText<&O::queueing_strategy>},
      {"cohort", {}, "shared-pool", "name of the cohort", SetText<&O::cohort>},
      {"topology-levels",
       {},
       "network-node-layer-1, -2, -3 and hostname",
       "node labels of the topology, widest first, separated by commas; none = quota only, as with Karpenter",
       SetLevels},
      {"pool-flavors", {}, "15", "flavors of one idle pool queue, 1 to 64", SetPoolFlavors},
      {"mixed-entries",
       {"reject", "add"},
       "reject",
       "one type in two entries, or Count beside parts of an instance",
       SetBool<&O::allow_mixed_entries>},
      {"manager-configuration",
       {"no", "yes"},
       "yes",
       "whether to write the Configuration of Kueue's manager",
       SetBool<&O::manager_configuration>},
  };
  return *table;
}

}  // namespace

absl::Status CompileOptions::Set(absl::string_view name_and_value) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(name_and_value, absl::MaxSplits('=', 1));
  std::vector<absl::string_view> names;
  for (const Entry& entry : Table()) {
    names.push_back(entry.name);
    if (entry.name != parts.first) continue;
    int index = -1;
    for (size_t i = 0; i < entry.values.size(); ++i) {
      if (entry.values[i] == parts.second) index = static_cast<int>(i);
    }
    const bool allowed = entry.values.empty() ? !parts.second.empty() : index >= 0;
    if (allowed && entry.set(this, index, parts.second)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "option ", entry.name, ": \"", parts.second, "\" is not one; ",
        entry.values.empty() ? std::string(entry.what) : absl::StrCat("use ", absl::StrJoin(entry.values, ", "))));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no option \"", parts.first, "\"; there are ", absl::StrJoin(names, ", ")));
}

std::string CompileOptions::Help() {
  std::string text;
  for (const Entry& entry : Table()) {
    absl::StrAppend(&text, entry.name, "=", entry.values.empty() ? "…" : absl::StrJoin(entry.values, "|"), "\n    ",
                    entry.what, " (", entry.standard, ")\n");
  }
  return text;
}

}  // namespace muster::hyperpod
