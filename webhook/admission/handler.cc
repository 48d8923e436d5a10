#include "webhook/admission/handler.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/problem.h"

namespace muster::webhook {
namespace {

// More of errors nobody reads.
constexpr size_t kMaxMessageBytes = size_t{1} << 20;

// Shortens the text to `size` bytes, between characters, and says so.
void Cut(size_t size, std::string& text) {
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  const size_t rest = text.size() - size;
  text.resize(size);
  absl::StrAppend(&text, "… (", rest, " bytes and what follows are left out)");
}

}  // namespace

AdmissionResponse ToResponse(Validation validation) {
  if (validation.failure.has_value()) return *std::move(validation.failure);
  std::vector<api::Problem> problems = validation.errors.Take();
  if (validation.sort_by_field) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const api::Problem& a, const api::Problem& b) { return a.path < b.path; });
  }
  // Kubernetes says the same thing once.
  absl::flat_hash_set<std::string> seen;
  std::vector<std::string> messages;
  size_t bytes = 0;
  for (const api::Problem& problem : problems) {
    std::string message = api::ToFieldError(problem);
    if (!seen.insert(message).second) continue;
    bytes += message.size();
    if (bytes > kMaxMessageBytes) {
      Cut(kMaxMessageBytes - (bytes - message.size()), message);
      messages.push_back(std::move(message));
      break;
    }
    messages.push_back(std::move(message));
  }
  AdmissionResponse response = AdmissionResponse::Allowed();
  if (messages.size() == 1) response = AdmissionResponse::Denied(std::move(messages.front()));
  if (messages.size() > 1) response = AdmissionResponse::Denied(absl::StrCat("[", absl::StrJoin(messages, ", "), "]"));
  response.warnings = std::move(validation.warnings);
  return response;
}

}  // namespace muster::webhook
