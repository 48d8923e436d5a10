// The annotation kueue.x-k8s.io/admission-gated-by: names of gates, joined by commas.
#ifndef MUSTER_API_ADMISSION_GATES_H_
#define MUSTER_API_ADMISSION_GATES_H_

#include "absl/strings/string_view.h"
#include "api/field_errors.h"
#include "api/json_path.h"

namespace muster::api {

// Whether `gates` is a list of distinct domain-prefixed names. Empty text is no gate and fine. O(length · log gates).
void CheckAdmissionGates(const JsonPath& path, absl::string_view gates, FieldErrors& errors);

// Whether gates may change from `before` to `now`: they are given on creation, and from then on only taken away.
void CheckAdmissionGateChange(const JsonPath& path, absl::string_view now, absl::string_view before,
                              FieldErrors& errors);

}  // namespace muster::api

#endif  // MUSTER_API_ADMISSION_GATES_H_
