#include "kube/api_error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::kube {
namespace {

constexpr char kApiErrorPayload[] = "muster/api-error";  // "403 Forbidden"

}  // namespace

void SetApiError(const ApiError& error, absl::Status* status) {
  status->SetPayload(kApiErrorPayload, absl::Cord(absl::StrCat(error.code, " ", error.reason)));
}

std::optional<ApiError> ApiErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kApiErrorPayload);
  if (!payload.has_value()) return std::nullopt;
  const std::string text(*payload);
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  ApiError error;
  if (!absl::SimpleAtoi(parts.first, &error.code)) return std::nullopt;
  error.reason = std::string(parts.second);
  return error;
}

}  // namespace muster::kube
