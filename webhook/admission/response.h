// What is said about a request: allowed, denied, or not understood.
//
// Source of the rules: sigs.k8s.io/controller-runtime's webhook/admission.
#ifndef MUSTER_WEBHOOK_ADMISSION_RESPONSE_H_
#define MUSTER_WEBHOOK_ADMISSION_RESPONSE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::webhook {

// The object that an error of the API server is about.
struct StatusDetails {
  std::string name;
  std::string group;
  std::string kind;
};

// Thread-safety: value type.
struct AdmissionResponse {
  bool allowed = false;
  int code = 0;
  std::string message = {};
  std::string reason = {};     // Forbidden, NotFound; "" for what could not be decoded
  StatusDetails details = {};  // of an API error; all "" when there are none
  bool api_error = false;      // an error of the API server passed through: status is "Failure"
  std::vector<std::string> warnings = {};
  std::string patch = {};  // list of JSON Patch operations, as JSON; "" = no change

  static AdmissionResponse Allowed();
  // 403 Forbidden.
  static AdmissionResponse Denied(std::string message);
  // 400: the request cannot be decoded.
  static AdmissionResponse BadRequest(std::string message);
  static AdmissionResponse NotFound(const StatusDetails& details);
  // 500: Kueue panics on such an object, which no API server sends; controller-runtime answers with what Go says.
  static AdmissionResponse Panicked(absl::string_view what);
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_ADMISSION_RESPONSE_H_
