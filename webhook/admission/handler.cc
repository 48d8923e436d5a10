#include "webhook/admission/handler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/problem.h"

namespace muster::webhook {

AdmissionResponse ToResponse(Validation validation) {
  if (validation.failure.has_value()) return *std::move(validation.failure);
  std::vector<api::Problem> problems = validation.errors.Take();
  if (validation.sort_by_field) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const api::Problem& a, const api::Problem& b) { return a.path < b.path; });
  }
  // Kubernetes says the same thing once.
  std::vector<std::string> messages;
  for (const api::Problem& problem : problems) {
    std::string message = api::ToFieldError(problem);
    if (std::find(messages.begin(), messages.end(), message) == messages.end()) messages.push_back(std::move(message));
  }
  AdmissionResponse response = AdmissionResponse::Allowed();
  if (messages.size() == 1) response = AdmissionResponse::Denied(std::move(messages.front()));
  if (messages.size() > 1) response = AdmissionResponse::Denied(absl::StrCat("[", absl::StrJoin(messages, ", "), "]"));
  response.warnings = std::move(validation.warnings);
  return response;
}

}  // namespace muster::webhook
