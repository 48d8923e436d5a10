#include "webhook/admission/answer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/job_kinds.h"
#include "webhook/admission/handler.h"
#include "webhook/base/processor_budget.h"
#include "webhook/go/go_types.h"
#include "webhook/patch/object_patch.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

// A handler that does something recognizable.
Failure SetColor(const Env& env, const api::JobKind& kind, ObjectPatch& patch) {
  (void)env;
  if (kind.kind != "Job") return AdmissionResponse::Denied("other kinds have no color");
  patch.Set("/spec/color", "blue");
  return std::nullopt;
}

void NoRed(const Env& env, const api::JobKind& kind, const json& object, const json* old, Validation& out) {
  (void)env;
  (void)kind;
  const api::JsonPath root;
  const api::JsonPath spec = root.Field("spec");
  if (object["spec"].value("color", "") == "red") out.errors.Invalid(spec.Field("color"), "\"red\"", "is taken");
  if (old != nullptr) out.warnings.push_back("changed");
}

void NeverNew(const api::JobKind& kind, const json& object, api::FieldErrors& errors) {
  (void)object;
  errors.Forbidden(api::JsonPath(), absl::StrCat("no new ", kind.kind));
}

class AnswerTest : public testing::Test {
 protected:
  AdmissionResponse Ask(const Handler& handler, const std::string& operation, const char* object,
                        const char* old = "null") {
    request_ = AdmissionRequest();
    request_.operation = operation;
    request_.object = json::parse(object);
    request_.old_object = json::parse(old);
    const ProcessorBudget budget(absl::Hours(1));
    return AnswerRequest({config_, state_, budget}, handler, request_);
  }

  const WebhookConfig config_ = DefaultWebhookConfig();
  const CachedClusterState state_;
  const api::JobKind& job_ = *api::FindJobKind("batch", "Job");
  const GoStruct& type_ = GoTypeOf("batch", "Job");
  const Handler mutating_{.kind = &job_, .type = &type_, .mutates = true, .mutate = &SetColor};
  const Handler validating_{.kind = &job_, .type = &type_, .validate = &NoRed};
  AdmissionRequest request_;
};

TEST_F(AnswerTest, AChangeIsAPatchWithWhatGoRewrites) {
  const AdmissionResponse answer = Ask(
      mutating_, "CREATE", R"({"metadata": {}, "spec": {"template": {"metadata": {}, "spec": {"containers": []}}}})");
  EXPECT_TRUE(answer.allowed);
  EXPECT_EQ(json::parse(answer.patch), json::parse(R"([{"op": "add", "path": "/spec/color", "value": "blue"},
                                                       {"op": "add", "path": "/status", "value": {}}])"));
}

TEST_F(AnswerTest, WhereNothingChangesThereIsNoPatch) {
  const AdmissionResponse answer = Ask(mutating_, "CREATE", R"({"spec": {"color": "blue"}})");
  EXPECT_TRUE(answer.allowed);
  EXPECT_EQ(answer.patch, "");
}

TEST_F(AnswerTest, ErrorsAreDeniedAndWarningsComeAlong) {
  EXPECT_EQ(Ask(validating_, "CREATE", R"({"spec": {"color": "red"}})").message,
            "spec.color: Invalid value: \"red\": is taken");
  const AdmissionResponse answer = Ask(validating_, "UPDATE", R"({"spec": {"color": "blue"}})", "{}");
  EXPECT_TRUE(answer.allowed);
  EXPECT_EQ(answer.warnings, std::vector<std::string>{"changed"});
}

TEST_F(AnswerTest, OneMoreRuleForNewObjectsIsNotAskedOfChanges) {
  Handler handler = validating_;
  handler.also_on_create = &NeverNew;
  EXPECT_EQ(Ask(handler, "CREATE", R"({"spec": {}})").message, "Forbidden: no new Job");
  EXPECT_TRUE(Ask(handler, "UPDATE", R"({"spec": {}})", "{}").allowed);
}

TEST_F(AnswerTest, ObjectsAreDecodedEvenWhereNothingIsDone) {
  const Handler nothing{.kind = &job_, .type = &type_};
  EXPECT_TRUE(Ask(nothing, "CREATE", R"({"spec": {"suspend": true}})").allowed);
  EXPECT_EQ(Ask(nothing, "CREATE", R"({"spec": {"suspend": "yes"}})").message,
            "json: cannot unmarshal string into Go struct field JobSpec.spec.suspend of type bool");
  EXPECT_EQ(Ask(nothing, "UPDATE", "{}", R"({"spec": []})").code, 400);
  EXPECT_EQ(Ask(nothing, "CREATE", "null").message, "there is no content to decode");
  EXPECT_EQ(Ask(nothing, "CREATE", R"({"kind": "Pod", "apiVersion": "v1"})").message,
            "unable to decode /v1, Kind=Pod into *v1.Job");
}

TEST_F(AnswerTest, OperationsThatAreNoneOfOursAreAllowed) {
  EXPECT_TRUE(Ask(validating_, "CONNECT", "null").allowed);
  EXPECT_TRUE(Ask(validating_, "DELETE", "null", "{}").allowed);
  EXPECT_TRUE(Ask(mutating_, "DELETE", "null").allowed);
  EXPECT_EQ(Ask(validating_, "DESTROY", "{}").message, "unknown operation \"DESTROY\"");
}

TEST(ToResponseTest, ErrorsArePrintedAsAListWithoutRepetitions) {
  const api::JsonPath root;
  Validation validation;
  validation.errors.Required(root.Field("b"));
  validation.errors.Required(root.Field("a"));
  validation.errors.Required(root.Field("b"));
  EXPECT_EQ(ToResponse(validation).message, "[b: Required value, a: Required value]");
  validation.sort_by_field = true;
  EXPECT_EQ(ToResponse(validation).message, "[a: Required value, b: Required value]");
  validation.failure = AdmissionResponse::NotFound({.name = "n", .group = "", .kind = "namespaces"});
  EXPECT_EQ(ToResponse(validation).code, 404);
  EXPECT_TRUE(ToResponse({}).allowed);
}

}  // namespace
}  // namespace muster::webhook
