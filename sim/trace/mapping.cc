#include "sim/trace/mapping.h"

#include <yaml-cpp/yaml.h>

#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace muster::sim {
namespace {

absl::Status Bad(const YAML::Node& node, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("mapping, line ", node.Mark().line + 1, ": ", what));
}

using Texts = std::vector<std::pair<std::string, YAML::Node>>;

// The entries of a YAML map from text to text.
absl::StatusOr<Texts> Entries(const YAML::Node& node, absl::string_view name) {
  if (!node.IsMap()) return Bad(node, absl::StrCat(name, " has to be a map"));
  Texts out;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
      return Bad(entry.first, absl::StrCat("an entry of ", name, " has to be NAME: VALUE"));
    }
    out.emplace_back(entry.first.Scalar(), entry.second);
  }
  return out;
}

absl::Status ParseColumns(const YAML::Node& node, Mapping* m) {
  const std::map<std::string, std::string Mapping::*> kFields = {{"id", &Mapping::id},
                                                                 {"queue", &Mapping::queue_column},
                                                                 {"submit", &Mapping::submit},
                                                                 {"duration", &Mapping::duration},
                                                                 {"gpus", &Mapping::gpus},
                                                                 {"pods", &Mapping::pods},
                                                                 {"priority", &Mapping::priority},
                                                                 {"priorityClass", &Mapping::priority_class},
                                                                 {"nodeSelector", &Mapping::node_selector},
                                                                 {"status", &Mapping::status},
                                                                 {"manifest", &Mapping::manifest}};
  absl::StatusOr<Texts> entries = Entries(node, "columns");
  if (!entries.ok()) return entries.status();
  for (const auto& [key, value] : *entries) {
    auto field = kFields.find(key);
    if (field == kFields.end()) {
      return Bad(value, absl::StrCat("columns.", key,
                                     " is not known; use id, queue, submit, duration, gpus, pods, priority, "
                                     "priorityClass, nodeSelector, status or manifest"));
    }
    m->*(field->second) = value.Scalar();
  }
  return absl::OkStatus();
}

absl::Status ParseField(const std::string& key, const YAML::Node& node, Mapping* m) {
  if (key == "columns") return ParseColumns(node, m);
  if (key == "requests" || key == "queueMap" || key == "priorityMap" || key == "constantRequests") {
    absl::StatusOr<Texts> entries = Entries(node, key);
    if (!entries.ok()) return entries.status();
    for (const auto& [name, value] : *entries) {
      if (key == "requests") m->requests[name] = value.Scalar();
      if (key == "queueMap") m->queue_map[name] = value.Scalar();
      if (key == "priorityMap" && !absl::SimpleAtoi(value.Scalar(), &m->priority_map[name])) {
        return Bad(value, absl::StrCat("priorityMap.", name, " has to be a whole number"));
      }
      if (key == "constantRequests") {
        absl::StatusOr<api::Quantity> quantity = api::Quantity::Parse(value.Scalar());
        if (!quantity.ok()) return Bad(value, quantity.status().message());
        m->constant_requests[name] = *quantity;
      }
    }
    return absl::OkStatus();
  }
  if (!node.IsScalar()) return Bad(node, absl::StrCat(key, " has to be a single value"));
  const std::string& text = node.Scalar();
  if (key == "format") {
    if (text != "csv" && text != "jsonl" && text != "swf") return Bad(node, "format has to be csv, jsonl or swf");
    m->format = text == "csv" ? Format::kCsv : text == "swf" ? Format::kSwf : Format::kJsonl;
  } else if (key == "resource") {
    m->resource = text;
  } else if (key == "queue") {
    m->queue = text;
  } else if (key == "gpusPerPod") {
    if (!absl::SimpleAtoi(text, &m->gpus_per_pod) || m->gpus_per_pod < 1 || m->gpus_per_pod > 1000000) {
      return Bad(node, "gpusPerPod has to be a whole number from 1 to 1000000");
    }
  } else {
    return Bad(node, absl::StrCat(key, " is not known; see sim/mapping.h for the fields"));
  }
  return absl::OkStatus();
}

}  // namespace

Mapping Mapping::ForFile(absl::string_view path) {
  if (!absl::ConsumeSuffix(&path, ".gz")) absl::ConsumeSuffix(&path, ".xz");
  Mapping m;
  m.id = "job_id";
  m.submit = "submit_s";
  if (absl::EndsWith(path, ".swf")) {
    m.format = Format::kSwf;
    m.duration = "run_s";
    m.pods = "procs_requested|procs_allocated";
    m.status = "status";
    m.constant_requests["cpu"] = api::Quantity::FromValue(1);
    m.queue = "default";
    return m;
  }
  m.format = absl::EndsWith(path, ".jsonl") ? Format::kJsonl : Format::kCsv;
  m.queue_column = "queue";
  m.duration = "duration_s";
  m.pods = "pods";
  m.priority = "priority";
  m.priority_class = "priority_class";
  m.node_selector = "node_selector";
  m.status = "status";
  m.manifest = "manifest";
  m.request_prefix = "request.";
  return m;
}

absl::StatusOr<Mapping> Mapping::Parse(absl::string_view yaml) {
  Mapping m;
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsMap())
      return absl::InvalidArgumentError("the mapping has to be a YAML map with fields such as columns");
    for (const auto& entry : root) {
      if (!entry.first.IsScalar()) return Bad(entry.first, "a field name has to be text");
      if (absl::Status s = ParseField(entry.first.Scalar(), entry.second, &m); !s.ok()) return s;
    }
  } catch (const YAML::Exception& e) {  // yaml-cpp reports by throwing
    return absl::InvalidArgumentError(absl::StrCat("mapping, line ", e.mark.line + 1, ": ", e.msg));
  }
  if (m.submit.empty() || m.duration.empty()) {
    return absl::InvalidArgumentError("the mapping needs columns.submit and columns.duration");
  }
  if (m.queue_column.empty() && m.queue.empty() && m.manifest.empty()) {
    return absl::InvalidArgumentError("the mapping needs columns.queue, or queue for all rows");
  }
  if (m.gpus.empty() && m.requests.empty() && m.constant_requests.empty() && m.manifest.empty()) {
    return absl::InvalidArgumentError("the mapping needs columns.gpus, requests or constantRequests");
  }
  return m;
}

}  // namespace muster::sim
