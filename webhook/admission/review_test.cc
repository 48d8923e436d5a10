#include "webhook/admission/review.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "webhook/admission/response.h"

namespace muster::webhook {
namespace {

constexpr char kJson[] = "application/json";

TEST(Review, ARequestIsRead) {
  AdmissionRequest request;
  AdmissionResponse error;
  ASSERT_TRUE(ParseReview(kJson, R"({"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview",
      "request": {"uid": "u", "operation": "UPDATE", "subResource": "status", "name": "n", "namespace": "a",
                  "object": {"x": 1}, "oldObject": {"x": 2}, "dryRun": true}})",
                          &request, &error));
  EXPECT_EQ(request.uid, "u");
  EXPECT_EQ(request.operation, "UPDATE");
  EXPECT_EQ(request.sub_resource, "status");
  EXPECT_EQ(request.name, "n");
  EXPECT_EQ(request.ns, "a");
  EXPECT_EQ(request.object["x"], 1);
  EXPECT_EQ(request.old_object["x"], 2);
  EXPECT_EQ(request.review_api_version, "admission.k8s.io/v1beta1");
}

TEST(Review, WhatCannotBeReadIsRefusedInGosWords) {
  const struct {
    const char* content_type;
    const char* body;
    const char* want;
  } kCases[] = {
      {kJson, "", "request body is empty"},
      {"text/plain", "{}", "contentType=text/plain, expected application/json"},
      {kJson, "{nope",
       "couldn't get version/kind; json parse error: invalid character 'n' looking for beginning of object key string"},
      {kJson, R"({"kind": 1})",
       "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type "
       "string"},
      {kJson, R"({"request": {"uid": 7}})",
       "json: cannot unmarshal number into Go struct field AdmissionRequest.request.uid of type types.UID"},
      {kJson, R"({"request": {"dryRun": "no"}})",
       "json: cannot unmarshal string into Go struct field AdmissionRequest.request.dryRun of type bool"},
      {kJson, R"({"request": []})",
       "json: cannot unmarshal array into Go struct field unversionedAdmissionReview.request of type "
       "v1.AdmissionRequest"},
  };
  for (const auto& c : kCases) {
    AdmissionRequest request;
    AdmissionResponse error;
    EXPECT_FALSE(ParseReview(c.content_type, c.body, &request, &error)) << c.body;
    EXPECT_EQ(error.message, c.want);
    EXPECT_EQ(error.code, 400);
    EXPECT_FALSE(error.allowed);
  }
}

TEST(Review, TheAnswerEchoesTheVersionAndTheUid) {
  AdmissionRequest request;
  request.review_api_version = "admission.k8s.io/v1";
  request.review_kind = "AdmissionReview";
  request.uid = "<u>";
  AdmissionResponse response = AdmissionResponse::Allowed();
  response.patch = "[]";
  response.warnings = {"a", "b"};
  EXPECT_EQ(WriteReview(request, response),
            R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"\u003cu\u003e",)"
            R"("allowed":true,"status":{"metadata":{},"code":200},"patch":"W10=","patchType":"JSONPatch",)"
            R"("warnings":["a","b"]}})"
            "\n");
}

TEST(Response, EachKindOfRefusalHasItsCode) {
  EXPECT_EQ(AdmissionResponse::Allowed().code, 200);
  EXPECT_TRUE(AdmissionResponse::Allowed().allowed);
  EXPECT_EQ(AdmissionResponse::Denied("no").reason, "Forbidden");
  EXPECT_EQ(AdmissionResponse::Denied("no").code, 403);
  EXPECT_EQ(AdmissionResponse::BadRequest("what").code, 400);
  const AdmissionResponse gone = AdmissionResponse::NotFound({.name = "q", .group = "batch", .kind = "jobs"});
  EXPECT_EQ(gone.message, R"(jobs.batch "q" not found)");
  EXPECT_EQ(WriteReview({}, gone),
            R"({"response":{"uid":"","allowed":false,"status":{"metadata":{},"status":"Failure",)"
            R"("message":"jobs.batch \"q\" not found","reason":"NotFound",)"
            R"("details":{"name":"q","group":"batch","kind":"jobs"},"code":404}}})"
            "\n");
}

}  // namespace
}  // namespace muster::webhook
