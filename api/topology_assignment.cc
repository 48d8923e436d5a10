// The wire forms of a topology assignment. v1beta2 packs the domains into slices:
//
//   {levels: [rack, host], slices: [{domainCount: 2,
//       valuesPerLevel: [{universal: r1}, {individual: {prefix: h, roots: ["1", "2"]}}],
//       podCounts: {universal: 4}}]}
//
// v1beta1 lists them: {levels: […], domains: [{values: […], count: 4}, …]}.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/decoder.h"
#include "api/encoder.h"
#include "api/fields_workload.h"
#include "api/vocabulary.h"

namespace muster::api {

using nlohmann::json;

namespace {

// The packed form of one level, or of the pod counts: one value for all domains, or one for each.
struct SliceValues {
  std::optional<std::string> universal;
  bool has_individual = false;
  std::string prefix;
  std::string suffix;
  std::vector<std::string> roots;
};
struct SliceCounts {
  std::optional<int32_t> universal;
  std::optional<std::vector<int32_t>> individual;
};
struct Slice {
  int32_t domain_count = 0;
  std::vector<SliceValues> values_per_level;
  SliceCounts pod_counts;
};
struct PackedAssignment {
  std::vector<std::string> levels;
  std::vector<Slice> slices;
  std::vector<TopologyDomainAssignment> domains;
};

template <class V>
void Fields(V& v, SliceValues& s) {
  v.Field("universal", s.universal);
  v.Group("individual", [&](auto& v) {
    s.has_individual = true;
    v.Field("prefix", s.prefix);
    v.Field("suffix", s.suffix);
    v.Field("roots", s.roots);
  });
}
template <class V>
void Fields(V& v, SliceCounts& s) {
  v.Field("universal", s.universal);
  v.Field("individual", s.individual);
}
template <class V>
void Fields(V& v, Slice& s) {
  v.Field("domainCount", s.domain_count);
  v.Field("valuesPerLevel", s.values_per_level);
  v.Field("podCounts", s.pod_counts);
}
template <class V>
void Fields(V& v, PackedAssignment& p) {
  v.Field("levels", p.levels);
  v.Field("slices", p.slices);
  v.Field("domains", p.domains);
}

constexpr int kMaxSlices = 1000;
constexpr int32_t kMaxDomainsPerSlice = 100000;
// A few bytes of slices can stand for a huge list; these are far above any real assignment.
constexpr size_t kMaxDomains = 1000000;
constexpr size_t kMaxExpandedBytes = size_t{256} << 20;
constexpr size_t kMaxHostLength = 253;

// The messages of the CustomResourceDefinition's rules; false when one is broken.
bool CheckSlice(DecodeContext& context, const JsonPath& path, const Slice& slice, size_t levels) {
  const size_t domains = static_cast<size_t>(std::max(slice.domain_count, 0));
  if (slice.domain_count < 1 || slice.domain_count > kMaxDomainsPerSlice) {
    context.Error(path.Field("domainCount"), "Invalid", absl::StrCat("must be between 1 and ", kMaxDomainsPerSlice),
                  absl::StrCat(slice.domain_count));
    return false;
  }
  if (slice.values_per_level.size() != levels) {
    context.Error(path.Field("valuesPerLevel"), "Invalid",
                  "valuesPerLevel must have the same length as the number of levels in this TopologyAssignment");
    return false;
  }
  const JsonPath values_path = path.Field("valuesPerLevel");
  for (size_t l = 0; l < levels; ++l) {
    const SliceValues& values = slice.values_per_level[l];
    const JsonPath level_path = values_path.Item(static_cast<int>(l));
    if (values.universal.has_value() == values.has_individual) {
      context.Error(level_path, "Invalid", "exactly one of the fields in [universal individual] must be set");
      return false;
    }
    if (values.has_individual && values.roots.size() != domains) {
      context.Error(level_path, "Invalid",
                    "valuesPerLevel.individual, if set, must have roots of length equal to domainCount of this "
                    "TopologyAssignmentSlice");
      return false;
    }
  }
  const SliceCounts& counts = slice.pod_counts;
  const JsonPath counts_path = path.Field("podCounts");
  if (counts.universal.has_value() == counts.individual.has_value()) {
    context.Error(counts_path, "Invalid", "exactly one of the fields in [universal individual] must be set");
    return false;
  }
  if (counts.individual.has_value() && counts.individual->size() != domains) {
    context.Error(counts_path, "Invalid", "podCounts.individual must have length equal to domainCount");
    return false;
  }
  return true;
}

size_t ExpandedBytes(const Slice& slice) {
  size_t bytes = 0;
  for (const SliceValues& values : slice.values_per_level) {
    const size_t shared = values.universal ? values.universal->size() : values.prefix.size() + values.suffix.size();
    bytes += (shared + sizeof(std::string)) * static_cast<size_t>(slice.domain_count);
  }
  return bytes;
}

void Expand(const Slice& slice, std::vector<TopologyDomainAssignment>& domains) {
  for (int32_t d = 0; d < slice.domain_count; ++d) {
    TopologyDomainAssignment& domain = domains.emplace_back();
    domain.count = slice.pod_counts.universal ? *slice.pod_counts.universal : (*slice.pod_counts.individual)[d];
    for (const SliceValues& values : slice.values_per_level) {
      domain.values.push_back(values.universal ? *values.universal
                                               : absl::StrCat(values.prefix, values.roots[d], values.suffix));
    }
  }
}

// One level of all domains, packed: what is common to all values at the front and at the back is said once. Where the
// two would overlap in the shortest value, the prefix gives way (as Kueue does).
json PackLevel(absl::Span<const TopologyDomainAssignment> domains, size_t level) {
  const std::string& first = domains[0].values[level];
  size_t prefix = first.size();
  size_t suffix = first.size();
  size_t shortest = first.size();
  bool all_equal = true;
  for (const TopologyDomainAssignment& domain : domains) {
    const std::string& value = domain.values[level];
    all_equal = all_equal && value == first;
    shortest = std::min(shortest, value.size());
    prefix = std::mismatch(first.begin(), first.begin() + std::min(prefix, value.size()), value.begin()).first -
             first.begin();
    suffix = std::mismatch(first.rbegin(), first.rbegin() + std::min(suffix, value.size()), value.rbegin()).first -
             first.rbegin();
  }
  if (all_equal) return {{"universal", first}};
  if (prefix + suffix > shortest) prefix = shortest - suffix;
  json individual = {{"roots", json::array()}};
  if (prefix > 0) individual["prefix"] = first.substr(0, prefix);
  if (suffix > 0) individual["suffix"] = first.substr(first.size() - suffix);
  for (const TopologyDomainAssignment& domain : domains) {
    const std::string& value = domain.values[level];
    individual["roots"].push_back(value.substr(prefix, value.size() - prefix - suffix));
  }
  return {{"individual", std::move(individual)}};
}

json PackSlice(absl::Span<const TopologyDomainAssignment> domains, size_t levels) {
  json values = json::array();
  for (size_t level = 0; level < levels; ++level) values.push_back(PackLevel(domains, level));
  json counts = json::array();
  bool all_equal = true;
  for (const TopologyDomainAssignment& domain : domains) {
    counts.push_back(domain.count);
    all_equal = all_equal && domain.count == domains[0].count;
  }
  return {{"domainCount", domains.size()},
          {"valuesPerLevel", std::move(values)},
          {"podCounts", all_equal ? json{{"universal", domains[0].count}} : json{{"individual", std::move(counts)}}}};
}

// Hosts are often named after the pool they are in: pool-a-1, pool-a-2, pool-b-1. Their common beginnings are longer
// within a pool than among all (Kueue: TASAssignmentsEncodingByHostnamePrefix). Splits where the longest beginning that
// ends in '-', counts at most `depth` of them and is shared by two hosts changes.
std::vector<absl::Span<const TopologyDomainAssignment>> SplitByHostPrefix(
    absl::Span<const TopologyDomainAssignment> domains, int depth) {
  absl::flat_hash_map<absl::string_view, int> hosts;  // by beginning
  const auto for_prefixes = [depth](const std::string& host, auto&& visit) {
    if (host.size() > kMaxHostLength) return;  // no name of a host
    size_t end = 0;
    for (int i = 0; i < depth && (end = host.find('-', end)) != std::string::npos; ++i) {
      ++end;
      if (end < host.size()) visit(absl::string_view(host).substr(0, end));
    }
  };
  for (const TopologyDomainAssignment& d : domains) {
    for_prefixes(d.values.back(), [&](absl::string_view prefix) { ++hosts[prefix]; });
  }
  std::vector<absl::Span<const TopologyDomainAssignment>> out;
  absl::string_view current;
  size_t begin = 0;
  for (size_t i = 0; i < domains.size(); ++i) {
    absl::string_view key;
    for_prefixes(domains[i].values.back(), [&](absl::string_view prefix) {
      if (hosts[prefix] > 1) key = prefix;
    });
    if (i > 0 && (key != current || i - begin == static_cast<size_t>(kMaxDomainsPerSlice))) {
      out.push_back(domains.subspan(begin, i - begin));
      begin = i;
    }
    current = key;
  }
  out.push_back(domains.subspan(begin));
  return out;
}

// The slices of the deepest split that is allowed.
json PackByHostPrefix(absl::Span<const TopologyDomainAssignment> domains, size_t levels) {
  int depth = 0;
  for (const TopologyDomainAssignment& d : domains) {
    if (d.values.back().size() > kMaxHostLength) continue;
    depth = std::max<int>(depth, std::count(d.values.back().begin(), d.values.back().end(), '-'));
  }
  std::vector<absl::Span<const TopologyDomainAssignment>> slices = SplitByHostPrefix(domains, depth);
  while (slices.size() > static_cast<size_t>(kMaxSlices) && depth > 0) slices = SplitByHostPrefix(domains, --depth);
  json out = json::array();
  for (const auto& slice : slices) out.push_back(PackSlice(slice, levels));
  return out;
}

}  // namespace

void ReadValue(DecodeContext& context, const JsonPath& path, const json& value, TopologyAssignment& out) {
  PackedAssignment packed;
  ReadValue<PackedAssignment>(context, path, value, packed);
  const JsonPath slices_path = path.Field("slices");
  const JsonPath domains_path = path.Field("domains");
  if (packed.slices.size() > kMaxSlices) {
    return context.Error(slices_path, "TooMany", absl::StrCat("must have at most ", kMaxSlices, " items"));
  }
  size_t domains = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < packed.slices.size(); ++i) {
    const JsonPath slice_path = slices_path.Item(static_cast<int>(i));
    if (!CheckSlice(context, slice_path, packed.slices[i], packed.levels.size())) return;
    domains += static_cast<size_t>(packed.slices[i].domain_count);
    bytes += ExpandedBytes(packed.slices[i]);
    if (domains > kMaxDomains || bytes > kMaxExpandedBytes) {
      return context.Error(slice_path, "TooMany", absl::StrCat("stands for more than ", kMaxDomains, " domains"));
    }
  }
  for (size_t i = 0; i < packed.domains.size(); ++i) {
    if (packed.domains[i].values.size() == packed.levels.size()) continue;
    const JsonPath domain = domains_path.Item(static_cast<int>(i));
    return context.Error(domain.Field("values"), "Invalid", "must have one value per level");
  }
  out.levels = std::move(packed.levels);
  out.domains = std::move(packed.domains);
  for (const Slice& slice : packed.slices) Expand(slice, out.domains);
}

void WriteValue(const TopologyAssignment& assignment, json& slot) {
  slot = {{"levels", assignment.levels}, {"slices", json::array()}};
  const std::vector<TopologyDomainAssignment>& domains = assignment.domains;
  if (domains.empty()) return;
  const size_t levels = assignment.levels.size();
  json whole = json::array({PackSlice(domains, levels)});
  if (assignment.levels.empty() || assignment.levels.back() != kHostnameLabel) {
    slot["slices"] = std::move(whole);
    return;
  }
  json split = PackByHostPrefix(domains, levels);
  const bool shorter = whole.dump().size() < split.dump().size();
  const bool allowed = domains.size() <= static_cast<size_t>(kMaxDomainsPerSlice);
  slot["slices"] = shorter && allowed ? std::move(whole) : std::move(split);
}

}  // namespace muster::api
