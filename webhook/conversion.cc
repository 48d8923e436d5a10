#include "webhook/conversion.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/convert.h"
#include "api/json_text.h"
#include "webhook/admission/review.h"
#include "webhook/go/go_text.h"
#include "webhook/go/go_types.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kTextPlain[] = "text/plain; charset=utf-8";
constexpr char kOld[] = "kueue.x-k8s.io/v1beta1";
constexpr char kNew[] = "kueue.x-k8s.io/v1beta2";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// The type of a kind in one of the versions; nullptr when it is not among those that are converted.
const GoStruct* TypeOf(absl::string_view version, absl::string_view kind) {
  const GoStruct* old = GoOldKueueTypeOf(kind);
  if (old == nullptr || (version != kOld && version != kNew)) return nullptr;
  return version == kOld ? old : &GoTypeOf("kueue.x-k8s.io", kind);
}

absl::Status NotRegistered(absl::string_view kind, absl::string_view version) {
  return absl::InvalidArgumentError(NotRegisteredError(version, kind));
}

// What the decoder says when it does not find what it needs to know the type.
absl::Status Missing(absl::string_view what, const json& object) {
  return absl::InvalidArgumentError(absl::StrCat("Object '", what, "' is missing in '",
                                                 object.dump(-1, ' ', false, json::error_handler_t::replace), "'"));
}

// Converts in place. Errors: InvalidArgument with the text of the answer.
absl::Status Convert(const std::string& desired, json& object) {
  if (std::string error = VersionKindError(object); !error.empty()) return absl::InvalidArgumentError(error);
  const std::string version = ValueOrEmpty(StringField(object, "apiVersion"));
  const std::string kind = ValueOrEmpty(StringField(object, "kind"));
  if (kind.empty()) return Missing("Kind", object);
  if (version.empty()) return Missing("apiVersion", object);
  const GoStruct* source = TypeOf(version, kind);
  if (source == nullptr) return NotRegistered(kind, version);
  if (std::string error = GoDecodeError(*source, object); !error.empty()) return absl::InvalidArgumentError(error);
  const GoStruct* target = TypeOf(desired, kind);
  if (target == nullptr) return NotRegistered(kind, desired);
  if (version == desired) {
    return absl::InvalidArgumentError(
        absl::StrCat("conversion is not allowed between same type *", View(source->package_name)));
  }
  absl::Status status;
  if (desired == kOld) {
    status = api::DowngradeToV1Beta1(kind, object);
  } else {
    api::UpgradeToV1Beta2(kind, object);
    if (kind == "Workload") status = api::UpgradeTopologyAssignments(object);
  }
  if (status.ok()) object = GoRewritten(*target, object);
  return status;
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
