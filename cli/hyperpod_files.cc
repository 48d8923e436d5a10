#include "cli/hyperpod_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/json_text.h"
#include "api/yaml.h"
#include "cli/arguments.h"
#include "cli/manifest_paths.h"

namespace muster::cli {
namespace {

template <class T>
void Append(std::vector<T> from, std::vector<T>* to) {
  std::move(from.begin(), from.end(), std::back_inserter(*to));
}

void AppendResult(hyperpod::ReadResult from, hyperpod::ReadResult* to) {
  Append(std::move(from.documents.policies), &to->documents.policies);
  Append(std::move(from.documents.quotas), &to->documents.quotas);
  Append(std::move(from.documents.clusters), &to->documents.clusters);
  Append(std::move(from.problems), &to->problems);
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

enum class Holds { kHyperPod, kObjects, kNeither };

// Of what the documents of a file are. What cannot be read counts as objects, so that it is complained about.
Holds WhatItHolds(const std::string& text) {
  std::vector<nlohmann::json> values;
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
  bool readable = true;
  if (absl::StartsWith(start, "{") || absl::StartsWith(start, "[")) {
    absl::StatusOr<nlohmann::json> document = api::ParseJson(text);
    readable = document.ok();
    if (readable) values.push_back(*std::move(document));
  } else {
    for (api::YamlDocument& document : api::ParseYaml(text)) {
      readable = readable && document.error.empty();
      values.push_back(std::move(document.value));
    }
  }
  if (std::any_of(values.begin(), values.end(), &hyperpod::LooksLikeHyperPod)) return Holds::kHyperPod;
  const bool other = std::all_of(values.begin(), values.end(), [](const nlohmann::json& value) {
    return value.is_object() && !value.contains("kind") && !value.contains("apiVersion") && !value.contains("metadata");
  });
  return readable && other && !values.empty() ? Holds::kNeither : Holds::kObjects;
}

}  // namespace

HyperPodFiles ReadHyperPodFiles(const std::vector<std::string>& paths, const api::LoadOptions& options) {
  HyperPodFiles files;
  std::vector<std::string> others;
  std::vector<api::Problem> left_out;
  for (const std::string& path : paths) {
    bool taken = false;
    std::vector<std::string> rest;
    const std::vector<std::string> in_path = FilesOf(path);
    const bool folder = in_path.size() != 1 || in_path[0] != path;
    for (const std::string& file : in_path) {
      const std::string text = TextOf(file);
      const Holds holds = WhatItHolds(text);
      if ((absl::EndsWith(file, ".sh") && !text.empty()) || holds == Holds::kHyperPod) {
        AppendResult(hyperpod::ReadText(text, file), &files.hyperpod);
        taken = true;
      } else if (folder && holds == Holds::kNeither) {
        // Beside a policy lie mappings, values and the like. Named by themselves they are a mistake.
        api::Problem& problem = left_out.emplace_back();
        problem.source.file = file;
        problem.message = "holds no Kubernetes object and no HyperPod policy, left out";
        problem.severity = api::Severity::kWarning;
        problem.rule = "NoObject";
        taken = true;
      } else {
        rest.push_back(file);
      }
    }
    // A path of which all is Kubernetes' is named as it was, for the messages about it.
    if (taken) {
      Append(std::move(rest), &others);
    } else {
      others.push_back(path);
    }
  }
  files.kubernetes = api::LoadPaths(others, options);
  Append(std::move(left_out), &files.kubernetes.problems);
  hyperpod::JoinClusters(&files.hyperpod.documents.clusters);
  return files;
}

std::vector<api::Node> NodesOf(const HyperPodFiles& files) {
  std::vector<api::Node> nodes;
  for (const api::Decoded& decoded : files.kubernetes.objects) {
    if (const auto* node = std::get_if<api::Node>(&decoded.object)) nodes.push_back(*node);
  }
  if (!nodes.empty()) return nodes;
  for (const hyperpod::Cluster& cluster : files.hyperpod.documents.clusters) {
    Append(hyperpod::MakeNodes(cluster), &nodes);
  }
  return nodes;
}

absl::StatusOr<hyperpod::Cluster> ClusterOf(const std::vector<std::string>& more) {
  constexpr int64_t kMostNodes = 100'000;
  hyperpod::Cluster cluster;
  for (const std::string& text : more) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
    int64_t count = 0;
    if (!absl::SimpleAtoi(parts.second, &count) || count < 0 || count > kMostNodes) {
      return absl::InvalidArgumentError(absl::StrCat("\"", text, "\": write TYPE=COUNT, such as ml.g5.8xlarge=2"));
    }
    if (hyperpod::FindInstanceType(parts.first) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("\"", text, "\": there is no instance type ", parts.first));
    }
    hyperpod::InstanceGroup group;
    group.name = absl::StrCat("nodes-", cluster.groups.size());
    group.instance_types = {parts.first};
    group.count = count;
    cluster.groups.push_back(std::move(group));
  }
  return cluster;
}

absl::StatusOr<hyperpod::Capacity> CapacityOf(const HyperPodFiles& files, const std::vector<std::string>& more) {
  absl::StatusOr<hyperpod::Cluster> given = ClusterOf(more);
  if (!given.ok()) return given.status();
  hyperpod::Capacity capacity = hyperpod::CapacityOf(*given);
  bool nodes = false;
  for (const api::Decoded& decoded : files.kubernetes.objects)
    nodes |= std::holds_alternative<api::Node>(decoded.object);
  if (nodes) {
    AddCapacity(hyperpod::CapacityOf(NodesOf(files)), &capacity);
  } else {
    for (const hyperpod::Cluster& cluster : files.hyperpod.documents.clusters) {
      AddCapacity(hyperpod::CapacityOf(cluster), &capacity);
    }
  }
  return capacity;
}

void AddNodesOption(CLI::App* command, std::vector<std::string>* nodes) {
  command->add_option("--nodes", *nodes, "TYPE=COUNT: nodes there are, instead of a cluster's description")
      ->check(AcceptedBy([](const std::string& text) { return ClusterOf({text}).status(); }));
}

void AddCompileOption(CLI::App* command, std::vector<std::string>* settings, const std::string& help) {
  command->add_option("--option", *settings, help)->check(AcceptedBy([](const std::string& text) {
    return CompileOptionsOf({text}).status();
  }));
}

absl::StatusOr<hyperpod::CompileOptions> CompileOptionsOf(const std::vector<std::string>& settings) {
  hyperpod::CompileOptions options;
  for (const std::string& setting : settings) {
    if (absl::Status s = options.Set(setting); !s.ok()) return s;
  }
  return options;
}

}  // namespace muster::cli
