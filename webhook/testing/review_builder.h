// Reviews and answers for tests and benchmarks.
#ifndef MUSTER_WEBHOOK_TESTING_REVIEW_BUILDER_H_
#define MUSTER_WEBHOOK_TESTING_REVIEW_BUILDER_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"

namespace muster::webhook {

// The text of an AdmissionReview; `old` null on CREATE.
inline std::string ReviewText(const std::string& operation, const nlohmann::json& object,
                              const nlohmann::json& old = nullptr) {
  // What an API server sends besides the objects.
  const nlohmann::json kind = {{"group", "batch"}, {"version", "v1"}, {"kind", "Job"}};
  const nlohmann::json resource = {{"group", "batch"}, {"version", "v1"}, {"resource", "jobs"}};
  const nlohmann::json review = {
      {"apiVersion", "admission.k8s.io/v1"},
      {"kind", "AdmissionReview"},
      {"request",
       {{"uid", "0a1b"},
        {"kind", kind},
        {"resource", resource},
        {"requestKind", kind},
        {"requestResource", resource},
        {"name", "train-17"},
        {"namespace", "team-a"},
        {"operation", operation},
        {"userInfo", {{"username", "kubernetes-admin"}, {"groups", {"system:masters", "system:authenticated"}}}},
        {"object", object},
        {"oldObject", old},
        {"dryRun", false},
        {"options",
         {{"kind", operation + "Options"}, {"apiVersion", "meta.k8s.io/v1"}, {"fieldManager", "kubectl-create"}}}}}};
  return review.dump();
}

// What an answer says: its message, or "allowed", or the JSON Patch.
inline std::string Gist(const std::string& body) {
  const nlohmann::json answer = nlohmann::json::parse(body).at("response");
  if (answer.at("allowed") != true) return answer.at("status").value("message", "?");
  if (!answer.contains("patch")) return "allowed";
  std::string patch;
  absl::Base64Unescape(answer.at("patch").get<std::string>(), &patch);
  return patch;
}

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_TESTING_REVIEW_BUILDER_H_
