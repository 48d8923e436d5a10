#include "api/hyperpod/read.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/hyperpod/canonical.h"
#include "api/hyperpod/records.h"
#include "api/hyperpod/shapes.h"
#include "api/hyperpod/shorthand.h"
#include "api/json_text.h"
#include "api/yaml.h"

namespace muster::hyperpod {
namespace {

using nlohmann::json;

enum class Kind { kPolicy, kQuota, kCluster, kNodes, kNode };

// A member that only records of that kind have.
struct Mark {
  absl::string_view member;
  Kind kind;
};
constexpr Mark kMarks[] = {
    {"SchedulerConfig", Kind::kPolicy},
    {"ClusterSchedulerConfigId", Kind::kPolicy},
    {"ClusterSchedulerConfigArn", Kind::kPolicy},
    {"ComputeQuotaConfig", Kind::kQuota},
    {"ComputeQuotaTarget", Kind::kQuota},
    {"ComputeQuotaId", Kind::kQuota},
    {"ComputeQuotaArn", Kind::kQuota},
    {"ClusterNodeSummaries", Kind::kNodes},
    {"NodeDetails", Kind::kNode},
    {"InstanceGroups", Kind::kCluster},
};

bool IsKubernetesObject(const json& value) {
  return value.is_object() && value.contains("apiVersion") && value.contains("kind");
}

std::optional<Kind> KindOf(const json& value) {
  if (!value.is_object() || IsKubernetesObject(value)) return std::nullopt;
  for (const auto& [key, item] : value.items()) {
    const std::string folded = FoldName(key);
    for (const Mark& mark : kMarks) {
      if (FoldName(mark.member) == folded) return mark.kind;
    }
  }
  return std::nullopt;
}

// Calls `f(record, kind, in_summary)` for every record within the value, outermost first; whether there was any.
template <class F>
bool ForEachRecord(const json& value, bool in_summary, int depth, F f) {
  if (depth > api::kMaxNesting || !value.is_structured() || IsKubernetesObject(value)) return false;
  if (const std::optional<Kind> kind = KindOf(value)) {
    f(value, *kind, in_summary);
    return true;
  }
  bool any = false;
  if (value.is_array()) {
    for (const json& item : value) any |= ForEachRecord(item, in_summary, depth + 1, f);
  } else {
    for (const auto& [key, item] : value.items()) {
      any |= ForEachRecord(item, in_summary || absl::EndsWith(FoldName(key), "summaries"), depth + 1, f);
    }
  }
  return any;
}

Form FormOf(const json& value, bool in_summary) {
  if (in_summary) return Form::kSummary;
  if (FindMember(value, "TargetVersion") != nullptr) return Form::kUpdate;
  for (const char* member : {"Status", "CreationTime", "ComputeQuotaVersion", "ClusterSchedulerConfigVersion"}) {
    if (FindMember(value, member) != nullptr) return Form::kDescribe;
  }
  return Form::kCreate;
}

// Adds what was found wrong with one record; whether the record is good.
bool Report(std::vector<api::Problem> found, const api::Source& source, const std::string& id, ReadResult* result) {
  const bool good = !api::HasErrors(found);
  for (api::Problem& problem : found) {
    problem.source = source;
    problem.object = id;
    result->problems.push_back(std::move(problem));
  }
  return good;
}

template <class T>
bool Finish(T* record, const json& read_from, std::vector<api::Problem> found, const api::Source& source,
            ReadResult* result) {
  record->source = source;
  CheckRecord(*record, read_from, &found);
  return Report(std::move(found), source, RecordId(*record), result);
}

void ReadRecord(const json& value, Kind kind, Form form, const api::Source& source, ReadResult* result) {
  std::vector<api::Problem> found;
  switch (kind) {
    case Kind::kPolicy: {
      const json v = Canonical(value, ClusterSchedulerConfigShape(), "", &found);
      ClusterSchedulerConfig policy = ToClusterSchedulerConfig(v, form);
      if (Finish(&policy, value, std::move(found), source, result)) {
        result->documents.policies.push_back(std::move(policy));
      }
      return;
    }
    case Kind::kQuota: {
      const json v = Canonical(value, ComputeQuotaShape(), "", &found);
      ComputeQuota quota = ToComputeQuota(v, form);
      if (Finish(&quota, value, std::move(found), source, result)) {
        result->documents.quotas.push_back(std::move(quota));
      }
      return;
    }
    case Kind::kCluster: {
      Cluster cluster = ToCluster(Canonical(value, ClusterShape(), "", &found));
      const std::string id = absl::StrCat("Cluster", cluster.name.empty() ? "" : "/", cluster.name);
      if (Report(std::move(found), source, id, result)) result->documents.clusters.push_back(std::move(cluster));
      return;
    }
    case Kind::kNodes:
    case Kind::kNode: {
      const json v = Canonical(value, kind == Kind::kNodes ? ClusterNodesShape() : ClusterNodeShape(), "", &found);
      Cluster cluster;
      if (v.contains("ClusterNodeSummaries")) {
        for (const json& node : v["ClusterNodeSummaries"]) cluster.nodes.push_back(ToClusterNode(node));
      }
      if (v.contains("NodeDetails")) cluster.nodes.push_back(ToClusterNode(v["NodeDetails"]));
      if (Report(std::move(found), source, "ClusterNodes", result)) {
        result->documents.clusters.push_back(std::move(cluster));
      }
      return;
    }
  }
}

void Unreadable(const api::Source& source, std::string message, ReadResult* result) {
  result->problems.push_back({.source = source,
                              .object = "",
                              .path = "",
                              .message = std::move(message),
                              .severity = api::Severity::kError,
                              .rule = "Unreadable",
                              .value = ""});
}

// ---- Commands.

struct Operation {
  absl::string_view name;
  Kind kind;
  Form form;
};
constexpr Operation kOperations[] = {
    {"create-cluster-scheduler-config", Kind::kPolicy, Form::kCreate},
    {"update-cluster-scheduler-config", Kind::kPolicy, Form::kUpdate},
    {"create-compute-quota", Kind::kQuota, Form::kCreate},
    {"update-compute-quota", Kind::kQuota, Form::kUpdate},
    {"create-cluster", Kind::kCluster, Form::kCreate},
};

// Options of the command line itself.
bool IsGlobalOption(absl::string_view name) {
  for (absl::string_view global :
       {"region", "profile", "output", "query", "endpoint-url", "no-cli-pager", "debug", "color", "no-verify-ssl",
        "no-paginate", "no-sign-request", "ca-bundle", "cli-read-timeout", "cli-connect-timeout", "cli-binary-format",
        "generate-cli-skeleton"}) {
    if (name == global) return true;
  }
  return false;
}

json OptionValue(const AwsCommand::Option& option) {
  const auto one = [](const std::string& text) -> json {
    if (!absl::StartsWith(text, "{") && !absl::StartsWith(text, "[")) return text;
    absl::StatusOr<json> parsed = api::ParseJson(text);
    return parsed.ok() ? *std::move(parsed) : json(text);
  };
  if (option.values.size() == 1 && option.name != "tags") return one(option.values[0]);
  json list = json::array();
  for (const std::string& value : option.values) list.push_back(one(value));
  if (list.size() == 1 && list[0].is_array()) return list[0];
  return list;
}

bool ReadCommands(absl::string_view text, api::Source source, ReadResult* result) {
  bool any = false;
  for (const AwsCommand& command : FindAwsCommands(text)) {
    ++source.document;
    source.line = command.line;
    for (const Operation& operation : kOperations) {
      if (operation.name != command.operation) continue;
      json value = json::object();
      for (const AwsCommand::Option& option : command.options) {
        if (IsGlobalOption(option.name)) continue;
        if (option.name != "cli-input-json") {
          value[option.name] = OptionValue(option);
          continue;
        }
        const json input = OptionValue(option);
        if (input.is_object()) {
          value.update(input);
        } else {
          Unreadable(source, "--cli-input-json: give that file instead", result);
        }
      }
      ReadRecord(value, operation.kind, operation.form, source, result);
      any = true;
    }
  }
  return any;
}

}  // namespace

bool LooksLikeHyperPod(const json& document) {
  return ForEachRecord(document, false, 0, [](const json&, Kind, bool) {});
}

void ReadDocument(const json& document, const api::Source& source, ReadResult* result) {
  api::Source at = source;
  int records = 0;
  const bool is_list = document.is_array() || !KindOf(document);
  ForEachRecord(document, false, 0, [&](const json& record, Kind kind, bool in_summary) {
    if (is_list) at.item = records++;
    ReadRecord(record, kind, FormOf(record, in_summary), at, result);
  });
}

ReadResult ReadText(absl::string_view text, absl::string_view name) {
  ReadResult result;
  api::Source source;
  source.file = std::string(name);
  if (!api::IsValidUtf8(text)) {
    Unreadable(source, "is not UTF-8 text", &result);
    return result;
  }
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
  const bool script = absl::EndsWith(name, ".sh");
  const bool json_text = absl::EndsWith(name, ".json") || absl::StartsWith(start, "{") || absl::StartsWith(start, "[");
  if (!script && json_text) {
    absl::StatusOr<json> document = api::ParseJson(text);
    if (document.ok()) {
      ReadDocument(*document, source, &result);
    } else {
      Unreadable(source, std::string(document.status().message()), &result);
    }
  } else if (script || absl::StartsWith(start, "aws ") || absl::StartsWith(start, "#!") ||
             absl::StrContains(text, "aws sagemaker")) {
    ReadCommands(text, source, &result);
  } else {
    const std::vector<api::YamlDocument> documents = api::ParseYaml(text);
    for (size_t i = 0; i < documents.size(); ++i) {
      source.document = static_cast<int>(i);
      source.line = documents[i].line;
      if (documents[i].error.empty()) {
        ReadDocument(documents[i].value, source, &result);
      } else {
        Unreadable(source, documents[i].error, &result);
      }
    }
  }
  if (result.problems.empty() && result.documents.empty()) {
    source = {};
    source.file = std::string(name);
    Unreadable(source, "there is no cluster policy, compute quota or cluster in it", &result);
  }
  return result;
}

void JoinClusters(std::vector<Cluster>* clusters) {
  Cluster* main = nullptr;
  for (Cluster& cluster : *clusters) {
    if (cluster.groups.empty()) continue;
    if (main != nullptr) return;  // two clusters: whose nodes they are is not known
    main = &cluster;
  }
  Cluster nodes;
  if (main == nullptr) main = &nodes;
  for (Cluster& cluster : *clusters) {
    if (&cluster == main || !cluster.groups.empty()) continue;
    std::move(cluster.nodes.begin(), cluster.nodes.end(), std::back_inserter(main->nodes));
  }
  Cluster joined = std::move(*main);
  const bool any = !joined.groups.empty() || !joined.nodes.empty();
  clusters->clear();
  if (any) clusters->push_back(std::move(joined));
}

}  // namespace muster::hyperpod
