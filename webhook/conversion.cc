#include "webhook/conversion.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/convert.h"
#include "api/json_text.h"
#include "webhook/admission/answer.h"
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

std::string Text(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

absl::Status TooLarge() {
  return absl::ResourceExhaustedError(
      absl::StrCat("the converted objects are larger than ", kMaxAnswerBytes, " bytes; ask for fewer at a time"));
}

HttpAnswer BadRequest() {
  HttpAnswer answer;
  answer.status = answer.code = 400;
  return answer;
}

}  // namespace

HttpAnswer AnswerConversion(absl::string_view body, const ProcessorBudget& budget) {
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
  std::string converted, failure;
  if (objects != request.end() && objects->is_array()) {
    for (json& object : *objects) {
      if (budget.Spent()) break;
      absl::Status status = Convert(desired, object);
      const std::string text = status.ok() ? Text(object) : "";
      object = nullptr;  // its text is what is kept
      if (converted.size() + text.size() > kMaxAnswerBytes) status = TooLarge();
      if (!status.ok()) {
        answer.allowed = false;
        answer.code = absl::IsResourceExhausted(status) ? 413 : 400;
        failure = absl::StrCat("\"message\":", Text(std::string(status.message())), ",");
        break;
      }
      absl::StrAppend(&converted, converted.empty() ? "" : ",", text);
    }
  }
  const bool any = answer.allowed && !converted.empty();
  answer.body = absl::StrCat("{\"apiVersion\":", Text(ValueOrEmpty(StringField(*review, "apiVersion"))),
                             ",\"kind\":", Text(ValueOrEmpty(StringField(*review, "kind"))),
                             ",\"response\":{\"convertedObjects\":", any ? "[" : "null", any ? converted : "",
                             any ? "]" : "", ",\"result\":{", failure, "\"metadata\":{},\"status\":\"",
                             answer.allowed ? "Success" : "Failure", "\"},\"uid\":", Text(answer.uid), "}}\n");
  // What is left to be so large is what no API server sends: names, or an object that is quoted in a failure.
  return answer.body.size() > kMaxAnswerBytes ? BadRequest() : answer;
}

}  // namespace muster::webhook
