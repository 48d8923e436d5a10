#include "webhook/conversion.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/convert.h"
#include "api/json_text.h"
#include "webhook/go_types.h"
#include "webhook/json_access.h"
#include "webhook/object_patch.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kTextPlain[] = "text/plain; charset=utf-8";
constexpr char kOld[] = "kueue.x-k8s.io/v1beta1";
constexpr char kNew[] = "kueue.x-k8s.io/v1beta2";

// The status fields of a kind: counts are always written, lists only in v1beta1, which writes null for none.
struct StatusFields {
  std::initializer_list<const char*> counts;
  std::initializer_list<const char*> old_lists;
  std::initializer_list<const char*> new_lists;
};

struct ConvertedKind {
  absl::string_view kind;
  StatusFields status;
};

const ConvertedKind kKinds[] = {
    {"ClusterQueue",
     {{"admittedWorkloads", "pendingWorkloads", "reservingWorkloads"},
      {"flavorsReservation", "flavorsUsage", "pendingWorkloadsStatus"},
      {"flavorsReservation", "flavorsUsage"}}},
    {"LocalQueue",
     {{"admittedWorkloads", "pendingWorkloads", "reservingWorkloads"},
      {"flavorsReservation", "flavorUsage"},
      {"flavorsReservation", "flavorsUsage"}}},
    {"Cohort", {}},
    {"Workload", {}},
};

const ConvertedKind* FindKind(absl::string_view kind) {
  for (const ConvertedKind& row : kKinds) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

void FillStatus(const StatusFields& fields, bool old, json& object) {
  json& status = object["status"];
  if (!status.is_object()) status = json::object();
  for (const char* count : fields.counts) {
    if (Field(status, count) == nullptr) status[count] = 0;
  }
  if (old) {
    for (const char* list : fields.old_lists) status.emplace(list, nullptr);
    return;
  }
  for (const char* list : fields.new_lists) {
    if (Field(status, list) == nullptr) status.erase(list);
  }
  if (fields.old_lists.size() > fields.new_lists.size()) status.erase("pendingWorkloadsStatus");
}

// Converts in place. Errors: InvalidArgument with the text of the answer.
absl::Status Convert(const std::string& desired, json& object) {
  if (!object.is_object()) return absl::InvalidArgumentError("the object cannot be decoded");
  const std::string version = ValueOrEmpty(StringField(object, "apiVersion"));
  const std::string kind = ValueOrEmpty(StringField(object, "kind"));
  const ConvertedKind* row = FindKind(kind);
  for (const std::string& asked : {version, desired}) {
    if (row != nullptr && (asked == kOld || asked == kNew)) continue;
    return absl::InvalidArgumentError(absl::StrCat("no kind \"", kind, "\" is registered for version \"", asked,
                                                   "\" in scheme \"pkg/runtime/scheme.go:110\""));
  }
  if (version == desired) {
    const std::string package = version == kOld ? "v1beta1" : "v1beta2";
    return absl::InvalidArgumentError(
        absl::StrCat("conversion is not allowed between same type *", package, ".", kind));
  }
  if (std::string error = GoDecodeError(GoTypeOf("kueue.x-k8s.io", kind), object); !error.empty()) {
    return absl::InvalidArgumentError(error);
  }
  const bool to_old = desired == kOld;
  absl::Status status;
  if (to_old) {
    status = api::DowngradeToV1Beta1(kind, object);
  } else {
    api::UpgradeToV1Beta2(kind, object);
    if (kind == "Workload") status = api::UpgradeTopologyAssignments(object);
  }
  if (!status.ok()) return status;
  // Written by Go, with what Go writes for what is not there. The changes themselves are of no interest here.
  FillStatus(row->status, to_old, object);
  ObjectPatch patch(&object);
  AddGoRewriting(GoTypeOf("kueue.x-k8s.io", kind), patch);
  return absl::OkStatus();
}

HttpAnswer BadRequest() {
  HttpAnswer answer;
  answer.status = answer.code = 400;
  return answer;
}

}  // namespace

HttpAnswer AnswerConversion(absl::string_view body) {
  absl::StatusOr<json> review = api::ParseJson(body);
  if (!review.ok() || !review->is_object()) return BadRequest();
  const auto found = review->find("request");
  if (found == review->end() || !found->is_object()) return BadRequest();
  json request = std::move(*found);
  const auto objects = request.find("objects");
  if (objects != request.end() && !objects->is_array() && !objects->is_null()) return BadRequest();
  const std::string desired = ValueOrEmpty(StringField(request, "desiredAPIVersion"));

  HttpAnswer answer;
  answer.content_type = kTextPlain;
  answer.uid = ValueOrEmpty(StringField(request, "uid"));
  answer.allowed = true;
  answer.code = 200;
  json response = {{"uid", answer.uid},
                   {"convertedObjects", nullptr},
                   {"result", {{"metadata", json::object()}, {"status", "Success"}}}};
  if (objects != request.end() && objects->is_array()) {
    for (json& object : *objects) {
      if (absl::Status status = Convert(desired, object); !status.ok()) {
        answer.allowed = false;
        answer.code = 400;
        response["result"]["status"] = "Failure";
        response["result"]["message"] = std::string(status.message());
        break;
      }
    }
    if (answer.allowed && !objects->empty()) response["convertedObjects"] = std::move(*objects);
  }
  json out = {{"kind", ValueOrEmpty(StringField(*review, "kind"))},
              {"apiVersion", ValueOrEmpty(StringField(*review, "apiVersion"))},
              {"response", std::move(response)}};
  answer.body = out.dump(-1, ' ', false, json::error_handler_t::replace);
  answer.body.push_back('\n');
  return answer;
}

}  // namespace muster::webhook
