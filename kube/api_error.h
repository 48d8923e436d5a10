// What an API server answered instead of what was asked for, carried along with a status.
#ifndef MUSTER_KUBE_API_ERROR_H_
#define MUSTER_KUBE_API_ERROR_H_

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace muster::kube {

struct ApiError {
  int code = 0;  // of HTTP
  std::string reason;
};

void SetApiError(const ApiError& error, absl::Status* status);
std::optional<ApiError> ApiErrorOf(const absl::Status& status);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_API_ERROR_H_
