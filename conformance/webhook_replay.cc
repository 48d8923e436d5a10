#include "conformance/webhook_replay.h"

#include <algorithm>
#include <regex>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace muster::conformance {
namespace {

using nlohmann::json;

const json& Get(const json& value, const char* field) {
  static const json& null = *new json();
  const auto it = value.is_object() ? value.find(field) : value.end();
  return value.is_object() && it != value.end() ? *it : null;
}

bool HoldsQuantities(const std::string& key) {
  static const auto& keys = *new std::set<std::string>{"nominalQuota", "borrowingLimit", "lendingLimit", "weight",
                                                       "requests",     "limits",         "overhead"};
  return keys.count(key) > 0;
}

bool IsNothing(const json& value) { return value.is_null() || (value.is_structured() && value.empty()) || value == ""; }

json Pruned(const json& value, bool top, bool quantity) {
  if (quantity && value.is_number()) return value.dump();
  if (value.is_object()) {
    json out = json::object();
    for (const auto& [key, item] : value.items()) {
      if (top && key == "status") continue;
      json kept = Pruned(item, false, quantity || HoldsQuantities(key));
      if (!IsNothing(kept)) out.emplace(key, std::move(kept));
    }
    return out;
  }
  if (value.is_array()) {
    json out = json::array();
    for (const json& item : value) out.push_back(Pruned(item, false, false));
    return out;
  }
  return value;
}

// The object of the request with the answer's patch applied.
absl::StatusOr<json> Result(const json& request, const json& response, bool strict) {
  json object = Get(request, "object");
  if (object.is_null()) object = json::object();
  const json& encoded = Get(response, "patch");
  std::string text;
  if (encoded.is_string()) {
    if (!absl::Base64Unescape(encoded.get<std::string>(), &text)) return absl::InvalidArgumentError("not base64");
    try {
      object = object.patch(json::parse(text));
    } catch (const json::exception& e) {
      return absl::InvalidArgumentError(absl::StrCat("patch: ", e.what()));
    }
  }
  return strict ? object : Pruned(object, true, false);
}

// Messages without what differs between two runs of Kueue: a pointer, the order of a Go map and, unless the case is
// about it, the order of errors.
std::string Comparable(const json& message, bool order) {
  if (!message.is_string()) return "";
  static const auto& pointer = *new std::regex("is not a multiple of [0-9]{6,}");
  static const auto& flavors = *new std::regex(R"(flavors defined in the ClusterQueue: \[[^\]]*\])");
  std::string text = std::regex_replace(message.get<std::string>(), pointer, "is not a multiple of <pointer>");
  text = std::regex_replace(text, flavors, "flavors: [..]");
  if (order || text.size() < 2 || text.front() != '[' || text.back() != ']') return text;
  std::vector<std::string> parts = absl::StrSplit(text.substr(1, text.size() - 2), ", ");
  std::sort(parts.begin(), parts.end());
  return absl::StrCat("[", absl::StrJoin(parts, ", "), "]");
}

std::vector<std::string> ConversionDifferences(const json& request, const json& want, const json& got) {
  std::vector<std::string> out;
  if (Get(got, "uid") != Get(Get(request, "request"), "uid")) out.push_back("uid");
  if (Get(Get(got, "result"), "status") != Get(Get(want, "result"), "status")) out.push_back("result");
  const auto without_managed_fields = [](json objects) {
    for (json& object : objects) {
      if (object.is_object() && object.contains("metadata") && object["metadata"].is_object()) {
        object["metadata"].erase("managedFields");
      }
    }
    return objects.is_null() ? json::array() : objects;
  };
  if (without_managed_fields(Get(want, "convertedObjects")) != without_managed_fields(Get(got, "convertedObjects"))) {
    out.push_back("objects");
  }
  return out;
}

}  // namespace

absl::StatusOr<webhook::WebhookConfig> ConfigOfContext(absl::string_view context) {
  webhook::WebhookConfig config = webhook::DefaultWebhookConfig();
  config.frameworks = {"batch/job",
                       "kubeflow.org/mpijob",
                       "ray.io/rayjob",
                       "ray.io/raycluster",
                       "ray.io/rayservice",
                       "jobset.x-k8s.io/jobset",
                       "workload.codeflare.dev/appwrapper",
                       "trainer.kubeflow.org/trainjob",
                       "pod",
                       "deployment",
                       "statefulset",
                       "leaderworkerset.x-k8s.io/leaderworkerset"};
  if (context != "variantC") {
    for (const char* kind : {"paddlejob", "pytorchjob", "tfjob", "xgboostjob", "jaxjob"}) {
      config.frameworks.insert(absl::StrCat("kubeflow.org/", kind));
    }
  }
  if (context == "variantB") {
    config.frameworks.insert("sparkoperator.k8s.io/sparkapplication");
    config.manage_jobs_without_queue_name = true;
    config.gates.Set(webhook::Gate::kSparkApplicationIntegration, true);
    config.gates.Set(webhook::Gate::kConcurrentAdmission, true);
    config.gates.Set(webhook::Gate::kPriorityBoost, true);
    config.gates.Set(webhook::Gate::kRejectUpdatesToCQWithInvalidOnFlavors, true);
  } else if (context != "main" && context != "default-wpc" && context != "variantC") {
    return absl::NotFoundError(absl::StrCat("unknown context ", context));
  }
  if (context == "variantC") config.frameworks.erase("kubeflow.org/mpijob");
  return config;
}

absl::Status AddObjectsOfContext(absl::string_view context, webhook::CachedClusterState& state) {
  if (context != "default-wpc") return absl::OkStatus();
  return state.Upsert({{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                       {"kind", "WorkloadPriorityClass"},
                       {"metadata", {{"name", "default"}}},
                       {"value", 1}});
}

bool IsAboutOrder(const json& recorded) { return Get(recorded, "path") == "order"; }

std::string PathOf(const json& recorded) {
  if (!IsAboutOrder(recorded)) return recorded.value("path", "");
  const json& kind = Get(Get(Get(recorded, "request"), "request"), "kind");
  return absl::StrCat("/validate-", absl::StrReplaceAll(kind.value("group", ""), {{".", "-"}}), "-",
                      kind.value("version", ""), "-", absl::AsciiStrToLower(kind.value("kind", "")));
}

std::vector<json> OwnersOf(const json& recorded) {
  std::vector<json> owners;
  if (Get(Get(Get(Get(recorded, "response"), "response"), "status"), "code") == 404) return owners;
  const json& metadata = Get(Get(Get(Get(recorded, "request"), "request"), "object"), "metadata");
  for (const json& reference : Get(metadata, "ownerReferences")) {
    if (Get(reference, "controller") != true) continue;
    owners.push_back({{"apiVersion", Get(reference, "apiVersion")},
                      {"kind", Get(reference, "kind")},
                      {"metadata",
                       {{"name", Get(reference, "name")},
                        {"namespace", Get(metadata, "namespace")},
                        {"uid", Get(reference, "uid")}}}});
  }
  return owners;
}

std::vector<std::string> Differences(const json& request, const json& want_review, const json& got_review,
                                     const Strictness& strictness) {
  const json& want = Get(want_review, "response");
  const json& got = Get(got_review, "response");
  if (Get(request, "kind") == "ConversionReview") return ConversionDifferences(request, want, got);
  std::vector<std::string> out;
  const json& want_status = Get(want, "status");
  const json& got_status = Get(got, "status");
  if (Get(want, "allowed") != Get(got, "allowed")) out.push_back("allowed");
  if (Get(got, "uid") != Get(Get(request, "request"), "uid")) out.push_back("uid");
  if (Get(want_status, "code") != Get(got_status, "code")) out.push_back("code");
  if (Get(want_status, "reason") != Get(got_status, "reason")) out.push_back("reason");
  const std::string want_message = Comparable(Get(want_status, "message"), strictness.order);
  if (want_message != Comparable(Get(got_status, "message"), strictness.order)) out.push_back("message");
  if (Get(want, "warnings") != Get(got, "warnings")) out.push_back("warnings");
  if (!out.empty() || Get(want, "allowed") != true) return out;
  const absl::StatusOr<json> want_object = Result(Get(request, "request"), want, strictness.strict);
  const absl::StatusOr<json> got_object = Result(Get(request, "request"), got, strictness.strict);
  if (!want_object.ok() || !got_object.ok() || *want_object != *got_object) out.push_back("object");
  return out;
}

}  // namespace muster::conformance
