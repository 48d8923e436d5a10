#include "sim/trace/slurm_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::sim {
namespace {

constexpr int64_t kMost = int64_t{1} << 50;  // of anything: far beyond any cluster, far below overflow

absl::Status Bad(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text.substr(0, 60), "\" is ", what));
}

bool ParseCount(absl::string_view text, int64_t* out) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit) && absl::SimpleAtoi(text, out) &&
         *out <= kMost;
}

// Amounts such as 1536, 1.50K or 64G, in `base` steps.
absl::StatusOr<int64_t> ParseScaled(absl::string_view text, int64_t unit, double base) {
  constexpr absl::string_view kSuffixes = "KMGTPE";
  double scale = static_cast<double>(unit);
  absl::string_view number = text;
  if (!number.empty()) {
    const size_t power = kSuffixes.find(absl::ascii_toupper(static_cast<unsigned char>(number.back())));
    if (power != absl::string_view::npos) {
      scale = std::pow(base, static_cast<double>(power + 1));
      number.remove_suffix(1);
    }
  }
  double value = 0;
  const bool digits = !number.empty() && std::all_of(number.begin(), number.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.';
  });
  if (!digits || !absl::SimpleAtod(number, &value) || value * scale > static_cast<double>(kMost)) {
    return Bad(text, "no amount such as 4, 500M or 1.5G");
  }
  return static_cast<int64_t>(std::ceil(value * scale));
}

}  // namespace

bool IsSlurmNone(absl::string_view text) {
  static constexpr absl::string_view kNone[] = {"",          "Unknown",         "None",   "N/A", "(null)",
                                                "UNLIMITED", "Partition_Limit", "INVALID"};
  return std::any_of(std::begin(kNone), std::end(kNone),
                     [text](absl::string_view none) { return absl::EqualsIgnoreCase(text, none); });
}

absl::StatusOr<SlurmTime> ParseSlurmTime(absl::string_view text, absl::TimeZone zone) {
  SlurmTime out;
  if (ParseCount(text, &out.unix_s)) {
    if (out.unix_s > (int64_t{1} << 40)) return Bad(text, "no time: too large for seconds since 1970");
    return out;
  }
  absl::Time time;
  if (absl::ParseTime("%Y-%m-%d%ET%H:%M:%E*S%Ez", text, &time, nullptr) ||
      absl::ParseTime("%Y-%m-%d%ET%H:%M:%E*S%z", text, &time, nullptr)) {
    out.unix_s = absl::ToUnixSeconds(time);
  } else if (absl::ParseTime("%Y-%m-%d%ET%H:%M:%E*S", text, zone, &time, nullptr) ||
             absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, zone, &time, nullptr)) {
    out.unix_s = absl::ToUnixSeconds(time);
    out.zone_given = false;
  } else {
    return Bad(text, "no time such as 2026-11-27T10:00:00; run sacct without SLURM_TIME_FORMAT");
  }
  if (out.unix_s < 0 || out.unix_s > (int64_t{1} << 40)) return Bad(text, "no time of this age");
  return out;
}

absl::StatusOr<int64_t> ParseSlurmDuration(absl::string_view text) {
  const absl::Status bad = Bad(text, "no duration such as 1-02:03:04 (days-hours:minutes:seconds)");
  absl::string_view rest = text.substr(0, text.find('.'));
  if (rest.size() < text.size()) {
    int64_t fraction = 0;
    if (!ParseCount(text.substr(rest.size() + 1, 15), &fraction)) return bad;
  }
  int64_t days = 0;
  const size_t dash = rest.find('-');
  if (dash != absl::string_view::npos) {
    if (!ParseCount(rest.substr(0, dash), &days)) return bad;
    rest.remove_prefix(dash + 1);
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, ':');
  int64_t n[3] = {};
  if (parts.size() > 3) return bad;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!ParseCount(parts[i], &n[i]) || n[i] > int64_t{1} << 32) return bad;
  }
  if (days > int64_t{1} << 24) return bad;
  if (dash != absl::string_view::npos) return days * 86400 + n[0] * 3600 + n[1] * 60 + n[2];
  if (parts.size() == 3) return n[0] * 3600 + n[1] * 60 + n[2];
  return n[0] * 60 + n[1];  // minutes[:seconds]
}

absl::StatusOr<int64_t> ParseSlurmMemory(absl::string_view text, int64_t unit) { return ParseScaled(text, unit, 1024); }

absl::StatusOr<Tres> ParseTres(absl::string_view text) {
  Tres out;
  int64_t typed = 0;
  bool total = false;
  std::vector<std::string> types;
  for (const absl::string_view entry : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> kv = absl::StrSplit(entry, absl::MaxSplits('=', 1));
    if (kv.first.empty() || kv.second.empty()) return Bad(entry, "no NAME=AMOUNT");
    const absl::string_view name = kv.first;
    if (name == "billing" || name == "energy" || name == "vmem" || name == "pages") continue;
    const bool memory = name == "mem";
    const absl::StatusOr<int64_t> amount =
        memory ? ParseSlurmMemory(kv.second, int64_t{1} << 20) : ParseScaled(kv.second, 1, 1000);
    if (!amount.ok()) return absl::InvalidArgumentError(absl::StrCat(name, ": ", amount.status().message()));
    if (memory) {
      out.memory_bytes = *amount;
    } else if (name == "cpu") {
      out.cpus = *amount;
    } else if (name == "node") {
      out.nodes = *amount;
    } else if (name == "gres/gpu") {
      out.gpus = *amount;
      total = true;
    } else if (absl::StartsWith(name, "gres/gpu:")) {
      typed = std::min(kMost, typed + *amount);
      types.emplace_back(name.substr(9));
    } else {
      out.others.emplace_back(name.substr(0, 40));
    }
  }
  if (!total) out.gpus = typed;
  if (types.size() == 1) out.gpu_type = types[0];
  return out;
}

std::vector<PodShare> ShareAmongNodes(const Tres& total) {
  const int64_t nodes = total.nodes;
  const int64_t more_cpus = total.cpus % nodes, more_gpus = total.gpus % nodes;
  const int64_t memory = total.memory_bytes / nodes + (total.memory_bytes % nodes == 0 ? 0 : 1);
  int64_t edges[] = {0, std::min(more_cpus, more_gpus), std::max(more_cpus, more_gpus), nodes};
  std::vector<PodShare> shares;
  for (int i = 0; i < 3; ++i) {
    if (edges[i] == edges[i + 1]) continue;
    shares.push_back({edges[i + 1] - edges[i], total.cpus / nodes + (edges[i] < more_cpus ? 1 : 0), memory,
                      total.gpus / nodes + (edges[i] < more_gpus ? 1 : 0)});
  }
  return shares;
}

}  // namespace muster::sim
