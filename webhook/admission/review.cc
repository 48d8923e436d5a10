#include "webhook/admission/review.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "webhook/go/go_json.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kJsonContentType[] = "application/json";
constexpr char kReviewKind[] = "AdmissionReview";
constexpr char kReviewVersion[] = "admission.k8s.io/v1";

// Moves a string out of the request. False when it is there but of another type.
bool TakeString(json& from, const char* field, const char* go_path, const char* go_type, std::string* out,
                AdmissionResponse* error) {
  const auto it = from.find(field);
  if (it == from.end() || it->is_null()) return true;
  if (!it->is_string()) {
    *error = AdmissionResponse::BadRequest(absl::StrCat("json: cannot unmarshal ", JsonTypeName(*it),
                                                        " into Go struct field ", go_path, " of type ", go_type));
    return false;
  }
  *out = std::move(it->get_ref<std::string&>());
  return true;
}

// What nothing depends on must have its type all the same, or Go does not read the request.
bool CheckUnused(const json& from, AdmissionResponse* error) {
  static constexpr struct {
    const char* field;
    json::value_t type;
    const char* go_type;
  } kFields[] = {{"dryRun", json::value_t::boolean, "bool"},
                 {"kind", json::value_t::object, "v1.GroupVersionKind"},
                 {"requestKind", json::value_t::object, "v1.GroupVersionKind"},
                 {"requestResource", json::value_t::object, "v1.GroupVersionResource"},
                 {"requestSubResource", json::value_t::string, "string"},
                 {"resource", json::value_t::object, "v1.GroupVersionResource"},
                 {"userInfo", json::value_t::object, "v1.UserInfo"}};
  for (const auto& expected : kFields) {
    const auto it = from.find(expected.field);
    if (it == from.end() || it->is_null() || it->type() == expected.type) continue;
    *error = AdmissionResponse::BadRequest(absl::StrCat("json: cannot unmarshal ", JsonTypeName(*it),
                                                        " into Go struct field AdmissionRequest.request.",
                                                        expected.field, " of type ", expected.go_type));
    return false;
  }
  return true;
}

bool ReadRequest(json& source, AdmissionRequest* request, AdmissionResponse* error) {
  const auto it = source.find("request");
  if (it == source.end() || it->is_null()) return true;
  if (!it->is_object()) {
    *error = AdmissionResponse::BadRequest(
        absl::StrCat("json: cannot unmarshal ", JsonTypeName(*it),
                     " into Go struct field unversionedAdmissionReview.request of type v1.AdmissionRequest"));
    return false;
  }
  json& from = *it;
  const bool ok =
      CheckUnused(from, error) &&
      TakeString(from, "uid", "AdmissionRequest.request.uid", "types.UID", &request->uid, error) &&
      TakeString(from, "operation", "AdmissionRequest.request.operation", "v1.Operation", &request->operation, error) &&
      TakeString(from, "subResource", "AdmissionRequest.request.subResource", "string", &request->sub_resource,
                 error) &&
      TakeString(from, "name", "AdmissionRequest.request.name", "string", &request->name, error) &&
      TakeString(from, "namespace", "AdmissionRequest.request.namespace", "string", &request->ns, error);
  if (!ok) return false;
  if (const auto object = from.find("object"); object != from.end()) request->object = std::move(*object);
  if (const auto object = from.find("oldObject"); object != from.end()) request->old_object = std::move(*object);
  return true;
}

void AppendStatus(const AdmissionResponse& response, std::string* out) {
  absl::StrAppend(out, R"("status":{"metadata":{})");
  if (response.api_error) absl::StrAppend(out, R"(,"status":"Failure")");
  if (!response.message.empty()) {
    absl::StrAppend(out, R"(,"message":)");
    AppendGoJsonString(response.message, out);
  }
  if (!response.reason.empty()) {
    absl::StrAppend(out, R"(,"reason":)");
    AppendGoJsonString(response.reason, out);
  }
  const StatusDetails& details = response.details;
  if (!details.name.empty() || !details.kind.empty()) {
    const char* separator = "";
    absl::StrAppend(out, R"(,"details":{)");
    for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"name", details.name},
                                     {"group", details.group},
                                     {"kind", details.kind}}) {
      if (value.empty()) continue;
      absl::StrAppend(out, separator, "\"", key, "\":");
      AppendGoJsonString(value, out);
      separator = ",";
    }
    absl::StrAppend(out, "}");
  }
  absl::StrAppend(out, R"(,"code":)", response.code, "}");
}

}  // namespace

std::string VersionKindError(const json& document) {
  constexpr char kPrefix[] = "couldn't get version/kind; json parse error: json: cannot unmarshal ";
  if (document.is_null()) return "";
  if (!document.is_object()) {
    return absl::StrCat(
        kPrefix, JsonTypeName(document),
        R"( into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" })");
  }
  for (const char* name : {"apiVersion", "kind"}) {
    const json* value = Field(document, name);
    if (value == nullptr || value->is_string()) continue;
    return absl::StrCat(kPrefix, JsonTypeName(*value), " into Go struct field .", name, " of type string");
  }
  return "";
}

bool ParseReview(absl::string_view content_type, absl::string_view body, AdmissionRequest* request,
                 AdmissionResponse* error) {
  if (body.empty()) {
    *error = AdmissionResponse::BadRequest("request body is empty");
    return false;
  }
  if (content_type != kJsonContentType) {
    *error = AdmissionResponse::BadRequest(absl::StrCat("contentType=", content_type, ", expected ", kJsonContentType));
    return false;
  }
  absl::StatusOr<json> document = api::ParseJson(body);
  if (!document.ok()) {
    std::string reason = GoJsonSyntaxError(body);
    // Go replaces invalid UTF-8; we refuse it, in the parser's words.
    if (reason.empty()) reason = std::string(document.status().message());
    *error = AdmissionResponse::BadRequest(absl::StrCat("couldn't get version/kind; json parse error: ", reason));
    return false;
  }
  if (std::string reason = VersionKindError(*document); !reason.empty()) {
    *error = AdmissionResponse::BadRequest(std::move(reason));
    return false;
  }
  if (document->is_null()) *document = json::object();
  const std::string* api_version = StringField(*document, "apiVersion");
  const std::string* kind = StringField(*document, "kind");
  request->review_api_version = api_version == nullptr || api_version->empty() ? kReviewVersion : *api_version;
  request->review_kind = kind == nullptr || kind->empty() ? kReviewKind : *kind;
  return ReadRequest(*document, request, error);
}

std::string WriteReview(const AdmissionRequest& request, const AdmissionResponse& response) {
  std::string out = "{";
  if (!request.review_api_version.empty()) {
    absl::StrAppend(&out, R"("kind":)");
    AppendGoJsonString(request.review_kind, &out);
    absl::StrAppend(&out, R"(,"apiVersion":)");
    AppendGoJsonString(request.review_api_version, &out);
    absl::StrAppend(&out, ",");
  }
  absl::StrAppend(&out, R"("response":{"uid":)");
  AppendGoJsonString(request.uid, &out);
  absl::StrAppend(&out, R"(,"allowed":)", response.allowed ? "true" : "false", ",");
  AppendStatus(response, &out);
  if (!response.patch.empty()) {
    absl::StrAppend(&out, R"(,"patch":")", absl::Base64Escape(response.patch), R"(","patchType":"JSONPatch")");
  }
  if (!response.warnings.empty()) {
    absl::StrAppend(&out, R"(,"warnings":[)");
    for (size_t i = 0; i < response.warnings.size(); ++i) {
      if (i > 0) absl::StrAppend(&out, ",");
      AppendGoJsonString(response.warnings[i], &out);
    }
    absl::StrAppend(&out, "]");
  }
  absl::StrAppend(&out, "}}\n");
  return out;
}

}  // namespace muster::webhook
