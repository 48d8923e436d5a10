// The part of RowParser that reads what jobs have in common: pods, priority, where they may run.
#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sim/trace/blanks.h"
#include "sim/trace/row_parser.h"
#include "sim/trace/tolerations.h"

namespace muster::sim {
namespace {

constexpr int64_t kMaxPods = 1000000;
constexpr size_t kMaxGroups = 64;

absl::string_view Short(absl::string_view text) { return text.substr(0, 40); }

// What Kubernetes makes names of resources of.
bool IsResourceName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._/", c);
  });
}

}  // namespace

int64_t RowParser::Count(const Columns& columns, absl::string_view text, int64_t max) {
  int64_t count = 0;
  double number = 0;
  if (!absl::SimpleAtoi(text, &count)) {
    if (!absl::SimpleAtod(text, &number) || std::floor(number) != number || std::abs(number) > 1e15) {
      return Fail(columns.names, absl::StrCat("\"", Short(text), "\" is not a whole number")), 1;
    }
    count = static_cast<int64_t>(number);
  }
  if (count < 1 || count > max) return Fail(columns.names, absl::StrCat(count, " is not in 1..", max)), 1;
  return count;
}

void RowParser::AddRequest(const std::string& resource, absl::string_view column, absl::string_view text,
                           PodGroup* group) {
  absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(text);
  if (!quantity.ok()) return Fail(column, std::string(quantity.status().message()));
  if (quantity->Sign() < 0) return Fail(column, absl::StrCat(text, " is negative"));
  if (!quantity->IsZero()) group->requests[resource] = *quantity;
}

void RowParser::AddRequests(const std::string& resource, absl::string_view column, absl::string_view text,
                            std::vector<PodGroup>* groups) {
  if (!IsResourceName(resource)) {
    return Fail(column, absl::StrCat("\"", Short(resource), "\" is no name of a resource"));
  }
  if (groups->size() == 1 || !absl::StrContains(text, '+')) {
    for (PodGroup& group : *groups) AddRequest(resource, column, text, &group);
    return;
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '+');
  if (parts.size() != groups->size()) {
    return Fail(column, absl::StrCat("has ", parts.size(), " amounts, for ", groups->size(), " groups of pods"));
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    AddRequest(resource, column, absl::StripAsciiWhitespace(parts[i]), &(*groups)[i]);
  }
}

// The groups of pods, by their numbers: "2", or "2+1" for two groups.
std::vector<PodGroup> RowParser::ParseGroups() {
  std::vector<PodGroup> groups;
  const std::optional<absl::string_view> text = Value(pods_);
  if (m_.pods.empty() || (!text.has_value() && !m_.request_prefix.empty())) {
    groups.emplace_back();
  } else if (!text.has_value()) {
    Fail(pods_.names, "no value");
    groups.emplace_back();
  } else {
    for (absl::string_view part : absl::StrSplit(*text, '+')) {
      if (groups.size() == kMaxGroups) {
        Fail(pods_.names, absl::StrCat("more than ", kMaxGroups, " groups of pods"));
        break;
      }
      groups.emplace_back().count = static_cast<int32_t>(Count(pods_, absl::StripAsciiWhitespace(part), kMaxPods));
    }
  }
  const std::optional<absl::string_view> min = Value(min_pods_);
  if (!min.has_value()) return groups;
  const std::vector<absl::string_view> parts = absl::StrSplit(*min, '+');
  if (parts.size() != groups.size()) {
    Fail(min_pods_.names, absl::StrCat("has ", parts.size(), " numbers, for ", groups.size(), " groups of pods"));
    return groups;
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    PodGroup& group = groups[i];
    group.min_count = static_cast<int32_t>(Count(min_pods_, absl::StripAsciiWhitespace(parts[i]), group.count));
    if (group.min_count == group.count) group.min_count = 0;  // the same as not saying it
  }
  return groups;
}

void RowParser::ParsePods(JobShape* shape) {
  const bool by_gpus = !m_.gpus.empty();
  std::vector<PodGroup> groups = by_gpus ? std::vector<PodGroup>(1) : ParseGroups();
  for (PodGroup& group : groups) {
    for (const auto& [resource, amount] : m_.constant_requests) {
      if (!amount.IsZero() && !m_.ignored_requests.contains(resource)) group.requests[resource] = amount;
    }
  }
  for (const auto& [resource, columns] : requests_) {
    if (std::optional<absl::string_view> text = Value(columns)) AddRequests(resource, columns.names, *text, &groups);
  }
  for (const size_t place : prefixed_) {
    const absl::string_view text = Stripped(r_->values[place]);
    if (text.empty()) continue;
    AddRequests(names_[place].substr(m_.request_prefix.size()), names_[place], text, &groups);
  }
  if (by_gpus) {
    const std::optional<absl::string_view> text = Value(gpus_);
    if (!text.has_value()) return Fail(gpus_.names, "no value");
    const PodGroup others = groups.front();
    groups = SplitIntoPods(Count(gpus_, *text, kMaxPods), m_.gpus_per_pod, m_.resource);
    for (PodGroup& pods : groups) pods.requests.insert(others.requests.begin(), others.requests.end());
  }
  std::erase_if(groups, [](const PodGroup& group) { return group.requests.empty(); });
  if (groups.empty()) {
    asks_for_ignored_ = problem_.reason.empty() && !m_.ignored_requests.empty();
    Fail("", "the job asks for no resource");
  }
  shape->pods = std::move(groups);
}

void RowParser::ParsePriority(JobShape* shape) {
  shape->priority_class = std::string(Value(priority_class_).value_or(""));
  const std::optional<absl::string_view> text = Value(priority_);
  if (!text) return;
  auto mapped = m_.priority_map.find(std::string(*text));
  if (mapped != m_.priority_map.end()) {
    shape->priority = mapped->second;
    return;
  }
  double number = 0;
  if (priority_.negated && absl::SimpleAtod(*text, &number)) {
    number = -std::floor(number);
    if (std::abs(number) > std::numeric_limits<int32_t>::max()) {
      return Fail(priority_.names, absl::StrCat(Short(*text), " is too large for a priority"));
    }
    shape->priority = static_cast<int32_t>(number);
  } else if (priority_.negated || !absl::SimpleAtoi(*text, &shape->priority)) {
    Fail(priority_.names, absl::StrCat("\"", Short(*text), "\" is neither a whole number nor in priorityMap"));
  }
}

void RowParser::ParseNodeSelector(JobShape* shape) {
  for (absl::string_view pair : absl::StrSplit(Value(node_selector_).value_or(""), ';', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> kv = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    const absl::string_view key = absl::StripAsciiWhitespace(kv.first);
    if (key.empty() || !absl::StrContains(pair, '='))
      return Fail(node_selector_.names, "not of the form key=value;key=value");
    shape->node_selector[std::string(key)] = std::string(absl::StripAsciiWhitespace(kv.second));
  }
}

void RowParser::ParseTolerations(JobShape* shape) {
  const std::optional<absl::string_view> text = Value(tolerations_);
  if (!text.has_value()) return;
  absl::StatusOr<std::vector<api::Toleration>> tolerations = sim::ParseTolerations(*text);
  if (!tolerations.ok()) return Fail(tolerations_.names, std::string(tolerations.status().message()));
  shape->tolerations = *std::move(tolerations);
}

void RowParser::ParseTopology(JobShape* shape) {
  const absl::string_view text = Value(topology_).value_or(m_.topology);
  if (absl::Status s = CheckTopologyText(text); !s.ok()) {
    return Fail(topology_.names, absl::StrCat("\"", Short(text), "\": ", s.message()));
  }
  shape->topology = std::string(text);
}

}  // namespace muster::sim
