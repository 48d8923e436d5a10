// AdmissionReview in, AdmissionReview out.
//
// Source of the rules: sigs.k8s.io/controller-runtime's webhook/admission (what is refused with which words) and
// k8s.io/api/admission/v1. The version of the review is echoed; only its `request` is looked at.
#ifndef MUSTER_WEBHOOK_ADMISSION_REVIEW_H_
#define MUSTER_WEBHOOK_ADMISSION_REVIEW_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "webhook/admission/response.h"

namespace muster::webhook {

// A request as it was read. `object` and `old_object` are null when absent.
struct AdmissionRequest {
  std::string review_api_version;  // "" = leave both out of the answer
  std::string review_kind;
  std::string uid;
  std::string operation;
  std::string sub_resource;
  std::string name;
  std::string ns;
  nlohmann::json object;
  nlohmann::json old_object;
};

// What decoding says of a document whose version and kind cannot be read; "" when they can, or are not there.
std::string VersionKindError(const nlohmann::json& document);

// Reads a review. Returns false and fills `error` (and of `request` what the answer echoes) when it cannot be read.
// Never throws. O(size).
bool ParseReview(absl::string_view content_type, absl::string_view body, AdmissionRequest* request,
                 AdmissionResponse* error);

// The answer, ending in a newline, byte for byte as Go encodes it.
std::string WriteReview(const AdmissionRequest& request, const AdmissionResponse& response);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_ADMISSION_REVIEW_H_
