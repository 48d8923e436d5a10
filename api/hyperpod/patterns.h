// The regular expressions of the API model as functions: nothing here backtracks, whatever it is given.
// Internal to api/hyperpod. All are O(length).
#ifndef MUSTER_API_HYPERPOD_PATTERNS_H_
#define MUSTER_API_HYPERPOD_PATTERNS_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace muster::hyperpod {

bool IsEntityName(absl::string_view text);          // [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}
bool IsTeamName(absl::string_view text);            // [a-z0-9]([-a-z0-9]*[a-z0-9]){0,39}?: any length
bool IsRecordId(absl::string_view text);            // [a-z0-9]{12}
bool IsClusterArn(absl::string_view text);          // arn:aws…:sagemaker:…:…:cluster/…
bool IsComputeQuotaArn(absl::string_view text);     // …:compute-quota/…
bool IsSchedulerConfigArn(absl::string_view text);  // …:cluster-scheduler-config/…, region of 9 to 16 characters
// [\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*: everything but control, format, private and unassigned characters. Unassigned ones
// pass here: which they are changes with every Unicode version.
bool IsDescription(absl::string_view text);
// [\p{L}\p{Z}\p{N}_.:/=+\-@]*: outside of ASCII, the blocks of symbols and punctuation are refused.
bool IsTagText(absl::string_view text);

// Characters (code points) of well-formed UTF-8.
size_t CountCharacters(absl::string_view text);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_PATTERNS_H_
