#include "webhook/admission/response.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "webhook/go/go_text.h"

namespace muster::webhook {

AdmissionResponse AdmissionResponse::Allowed() { return {.allowed = true, .code = 200}; }

AdmissionResponse AdmissionResponse::Denied(std::string message) {
  return {.code = 403, .message = std::move(message), .reason = "Forbidden"};
}

AdmissionResponse AdmissionResponse::BadRequest(std::string message) {
  return {.code = 400, .message = std::move(message)};
}

AdmissionResponse AdmissionResponse::NotFound(const StatusDetails& details) {
  return {.code = 404,
          .message = absl::StrCat(details.kind, details.group.empty() ? "" : ".", details.group, " ",
                                  GoQuote(details.name), " not found"),
          .reason = "NotFound",
          .details = details,
          .api_error = true};
}

AdmissionResponse AdmissionResponse::Panicked(absl::string_view what) {
  return {.code = 500, .message = absl::StrCat("panic: runtime error: ", what, " [recovered]")};
}

}  // namespace muster::webhook
