#include "sim/trace/mapping.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/nearest_name.h"

namespace muster::sim {
namespace {

absl::Status Bad(const YAML::Node& node, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("mapping, line ", node.Mark().line + 1, ": ", what));
}

using Column = std::pair<const char*, std::string Mapping::*>;
constexpr std::array<Column, 28> kColumns = {{{"id", &Mapping::id},
                                              {"queue", &Mapping::queue_column},
                                              {"submit", &Mapping::submit},
                                              {"duration", &Mapping::duration},
                                              {"gpus", &Mapping::gpus},
                                              {"pods", &Mapping::pods},
                                              {"minPods", &Mapping::min_pods},
                                              {"priority", &Mapping::priority},
                                              {"priorityClass", &Mapping::priority_class},
                                              {"nodeSelector", &Mapping::node_selector},
                                              {"topology", &Mapping::topology_column},
                                              {"estimate", &Mapping::estimate},
                                              {"deadline", &Mapping::deadline},
                                              {"after", &Mapping::after},
                                              {"think", &Mapping::think},
                                              {"timeLimit", &Mapping::time_limit},
                                              {"checkpoint", &Mapping::checkpoint},
                                              {"checkpointCost", &Mapping::checkpoint_cost},
                                              {"restartDelay", &Mapping::restart_delay},
                                              {"imagePull", &Mapping::image_pull},
                                              {"podMTBF", &Mapping::pod_mtbf},
                                              {"backoffLimit", &Mapping::backoff_limit},
                                              {"tolerations", &Mapping::tolerations},
                                              {"start", &Mapping::start},
                                              {"user", &Mapping::user},
                                              {"group", &Mapping::group},
                                              {"status", &Mapping::status},
                                              {"manifest", &Mapping::manifest}}};
const std::vector<std::string>& Fields() {
  static const auto& fields = *new std::vector<std::string>{
      "format", "columns",  "requests",    "constantRequests", "ignoreRequests", "resource",   "gpusPerPod",
      "queue",  "queueMap", "priorityMap", "topology",         "order",          "onlyStatus", "skipStatus"};
  return fields;
}

absl::Status NotKnown(const YAML::Node& node, absl::string_view prefix, const std::string& name,
                      const std::vector<std::string>& known) {
  const std::string meant = api::MeantHint(name, std::vector<absl::string_view>(known.begin(), known.end()));
  return Bad(node, absl::StrCat(prefix, name, " is not known",
                                meant.empty() ? absl::StrCat("; there are ", absl::StrJoin(known, ", ")) : meant));
}

using Texts = std::vector<std::pair<std::string, YAML::Node>>;

// The entries of a YAML map from text to text.
absl::StatusOr<Texts> Entries(const YAML::Node& node, absl::string_view name) {
  if (!node.IsMap()) return Bad(node, absl::StrCat(name, " has to be a map"));
  Texts out;
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
      return Bad(entry.first, absl::StrCat("an entry of ", name, " has to be NAME: VALUE"));
    }
    if (!seen.insert(entry.first.Scalar()).second) {
      return Bad(entry.first, absl::StrCat(name, ".", entry.first.Scalar(), " comes twice"));
    }
    out.emplace_back(entry.first.Scalar(), entry.second);
  }
  return out;
}

absl::StatusOr<std::set<std::string>> List(const YAML::Node& node, absl::string_view name) {
  if (!node.IsSequence()) return Bad(node, absl::StrCat(name, " has to be a list: [A, B]"));
  std::set<std::string> out;
  for (const auto& entry : node) {
    if (!entry.IsScalar()) return Bad(entry, absl::StrCat("an entry of ", name, " has to be text"));
    out.insert(entry.Scalar());
  }
  return out;
}

// Remembers which columns of the trace are named; "a|b" are two, "-a" is a.
void AddNamed(absl::string_view columns, Mapping* m) {
  for (absl::string_view column : absl::StrSplit(columns, '|', absl::SkipEmpty())) m->named.emplace(column);
}

absl::Status ParseColumns(const YAML::Node& node, Mapping* m) {
  absl::StatusOr<Texts> entries = Entries(node, "columns");
  if (!entries.ok()) return entries.status();
  for (const auto& [key, value] : *entries) {
    const auto* column =
        std::find_if(kColumns.begin(), kColumns.end(), [&key = key](const Column& c) { return key == c.first; });
    if (column == kColumns.end()) {
      std::vector<std::string> known;
      for (const Column& c : kColumns) known.emplace_back(c.first);
      return NotKnown(value, "columns.", key, known);
    }
    m->*(column->second) = value.Scalar();
    AddNamed(value.Scalar(), m);
  }
  return absl::OkStatus();
}

absl::Status ParseMap(const std::string& key, const YAML::Node& node, Mapping* m) {
  absl::StatusOr<Texts> entries = Entries(node, key);
  if (!entries.ok()) return entries.status();
  for (const auto& [name, value] : *entries) {
    if (key == "requests") {
      m->requests[name] = value.Scalar();
      AddNamed(value.Scalar(), m);
    }
    if (key == "queueMap") m->queue_map[name] = value.Scalar();
    if (key == "priorityMap" && !absl::SimpleAtoi(value.Scalar(), &m->priority_map[name])) {
      return Bad(value, absl::StrCat("priorityMap.", name, " has to be a whole number"));
    }
    if (key == "constantRequests") {
      absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(value.Scalar());
      if (!quantity.ok()) return Bad(value, quantity.status().message());
      if (quantity->Sign() < 0) return Bad(value, absl::StrCat("constantRequests.", name, " is negative"));
      m->constant_requests[name] = *quantity;
    }
  }
  return absl::OkStatus();
}

absl::Status ParseField(const std::string& key, const YAML::Node& node, std::string* order, Mapping* m) {
  if (key == "columns") return ParseColumns(node, m);
  if (key == "requests" || key == "queueMap" || key == "priorityMap" || key == "constantRequests") {
    return ParseMap(key, node, m);
  }
  if (key == "ignoreRequests" || key == "onlyStatus" || key == "skipStatus") {
    absl::StatusOr<std::set<std::string>> list = List(node, key);
    if (!list.ok()) return list.status();
    (key == "ignoreRequests" ? m->ignored_requests : key == "onlyStatus" ? m->only_status : m->skip_status) = *list;
    return absl::OkStatus();
  }
  if (std::find(Fields().begin(), Fields().end(), key) == Fields().end()) return NotKnown(node, "", key, Fields());
  if (!node.IsScalar()) return Bad(node, absl::StrCat(key, " has to be a single value"));
  const std::string& text = node.Scalar();
  if (key == "resource") {
    m->resource = text;
  } else if (key == "queue") {
    m->queue = text;
  } else if (key == "topology") {
    if (absl::Status s = CheckTopologyText(text); !s.ok()) return Bad(node, s.message());
    m->topology = text;
  } else if (key == "order") {
    if (text != "shortest-first" && text != "submit") return Bad(node, "order has to be submit or shortest-first");
    *order = text;
  } else if (key == "gpusPerPod") {
    if (!absl::SimpleAtoi(text, &m->gpus_per_pod) || m->gpus_per_pod < 1 || m->gpus_per_pod > 1000000) {
      return Bad(node, "gpusPerPod has to be a whole number from 1 to 1000000");
    }
  }
  return absl::OkStatus();
}

// The format that a mapping names, and what of it the mapping replaces: who says how to count a job's pods says all of it.
absl::StatusOr<Mapping> Base(const YAML::Node& root, Format otherwise) {
  Format format = otherwise;
  if (const YAML::Node node = root["format"]) {
    if (!node.IsScalar()) return Bad(node, "format has to be a single value");
    const std::optional<Format> named = FormatNamed(node.Scalar());
    if (!named.has_value()) {
      return Bad(node, absl::StrCat("format \"", node.Scalar(), "\" is not known; there are ", FormatNames()));
    }
    format = *named;
  }
  Mapping m;
  m.format = format;
  if (format == Format::kCsv || format == Format::kJsonl) return m;
  m = Mapping::ForFormat(format);
  const YAML::Node columns = root["columns"];
  const bool shape = columns && columns.IsMap() && (columns["gpus"] || columns["pods"]);
  if (shape || root["requests"] || root["constantRequests"]) {
    m.pods.clear();
    m.gpus.clear();
    m.request_prefix.clear();
    m.constant_requests.clear();
  }
  return m;
}

absl::Status Check(const Mapping& m) {
  if (m.submit.empty() || m.duration.empty()) {
    return absl::InvalidArgumentError("the mapping needs columns.submit and columns.duration");
  }
  if (m.queue_column.empty() && m.queue.empty() && m.manifest.empty()) {
    return absl::InvalidArgumentError("the mapping needs columns.queue, or queue for all rows");
  }
  if (m.gpus.empty() && m.requests.empty() && m.constant_requests.empty() && m.manifest.empty() &&
      m.request_prefix.empty()) {
    return absl::InvalidArgumentError("the mapping needs columns.gpus, requests or constantRequests");
  }
  if ((!m.only_status.empty() || !m.skip_status.empty()) && m.status.empty()) {
    return absl::InvalidArgumentError("the mapping needs columns.status for onlyStatus and skipStatus");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Mapping> Mapping::Parse(absl::string_view yaml, Format otherwise) {
  Mapping m;
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsMap())
      return absl::InvalidArgumentError("the mapping has to be a YAML map with fields such as columns");
    absl::StatusOr<Mapping> base = Base(root, otherwise);
    if (!base.ok()) return base;
    m = *std::move(base);
    const std::string given_priority = std::exchange(m.priority, "");
    std::string order;
    std::set<std::string> seen;
    for (const auto& entry : root) {
      if (!entry.first.IsScalar()) return Bad(entry.first, "a field name has to be text");
      const std::string& key = entry.first.Scalar();
      if (!seen.insert(key).second) return Bad(entry.first, absl::StrCat(key, " comes twice"));
      if (absl::Status s = ParseField(key, entry.second, &order, &m); !s.ok()) return s;
    }
    if (order == "shortest-first") {
      if (!m.priority.empty()) {
        return Bad(root["order"], "order shortest-first and columns.priority say the same thing; leave out one");
      }
      m.priority = absl::StrCat("-", m.duration);
    } else if (m.priority.empty()) {
      m.priority = given_priority;
    }
  } catch (const YAML::Exception& e) {  // yaml-cpp reports by throwing
    return absl::InvalidArgumentError(absl::StrCat("mapping, line ", e.mark.line + 1, ": ", e.msg));
  }
  if (absl::Status s = Check(m); !s.ok()) return s;
  return m;
}

}  // namespace muster::sim
