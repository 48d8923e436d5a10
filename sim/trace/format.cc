#include "sim/trace/format.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace muster::sim {
namespace {

struct Entry {
  Format format;
  absl::string_view name, words;
};
constexpr Entry kFormats[] = {
    {Format::kCsv, "csv", "CSV"},
    {Format::kJsonl, "jsonl", "JSON lines"},
    {Format::kSwf, "swf", "the Standard Workload Format"},
    {Format::kSacct, "sacct", "what Slurm's sacct prints"},
    {Format::kKueue, "kueue", "Kueue's Workloads as kubectl prints them"},
    {Format::kPhilly, "philly", "CSV of the Philly trace"},
    {Format::kOpenb, "openb", "pods of Alibaba's cluster-trace-gpu-v2023"},
};

const Entry& EntryOf(Format format) {
  return *std::find_if(std::begin(kFormats), std::end(kFormats),
                       [format](const Entry& e) { return e.format == format; });
}

bool HasAll(const std::vector<absl::string_view>& names, std::initializer_list<absl::string_view> wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&names](absl::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  });
}

// sacct prints JobID among the first, or JobIDRaw, whatever the delimiter.
bool LooksLikeSacct(absl::string_view header) {
  const std::vector<absl::string_view> names = absl::StrSplit(header, absl::ByAnyChar("| \t;"), absl::SkipEmpty());
  return HasAll(names, {"JobID"}) || HasAll(names, {"JobIDRaw"});
}

bool LooksLikeSwf(absl::string_view line) {
  if (absl::StartsWith(line, ";")) return true;
  const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  double number = 0;
  return fields.size() == 18 && std::all_of(fields.begin(), fields.end(),
                                            [&number](absl::string_view f) { return absl::SimpleAtod(f, &number); });
}

}  // namespace

absl::string_view FormatName(Format format) { return EntryOf(format).name; }
absl::string_view FormatInWords(Format format) { return EntryOf(format).words; }

std::optional<Format> FormatNamed(absl::string_view name) {
  for (const Entry& entry : kFormats) {
    if (entry.name == name) return entry.format;
  }
  return std::nullopt;
}

std::string FormatNames() {
  std::string text;
  for (size_t i = 0; i < std::size(kFormats); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : i + 1 == std::size(kFormats) ? " or " : ", ", kFormats[i].name);
  }
  return text;
}

Format RecognizeFormat(absl::string_view head, absl::string_view path) {
  absl::ConsumePrefix(&head, "\xef\xbb\xbf");
  const absl::string_view text = absl::StripLeadingAsciiWhitespace(head);
  if (absl::StartsWith(text, "{") || absl::StartsWith(text, "[")) {
    return absl::StrContains(text, "\"apiVersion\"") ? Format::kKueue : Format::kJsonl;
  }
  absl::string_view line = text.substr(0, text.find('\n'));
  absl::ConsumeSuffix(&line, "\r");
  if (LooksLikeSwf(line)) return Format::kSwf;
  if (LooksLikeSacct(line)) return Format::kSacct;
  const std::vector<absl::string_view> columns = absl::StrSplit(line, ',');
  if (HasAll(columns, {"job_id", "vc", "submit_time", "duration", "gpu_num"})) return Format::kPhilly;
  if (HasAll(columns, {"name", "cpu_milli", "num_gpu", "gpu_milli", "creation_time"})) return Format::kOpenb;
  for (const absl::string_view suffix : {".gz", ".xz", ".zst"}) {
    if (absl::ConsumeSuffix(&path, suffix)) break;
  }
  if (absl::EndsWith(path, ".swf")) return Format::kSwf;
  return absl::EndsWith(path, ".jsonl") ? Format::kJsonl : Format::kCsv;
}

}  // namespace muster::sim
