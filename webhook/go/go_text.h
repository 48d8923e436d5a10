// Texts that Go's standard library prints, because they are part of Kueue's answers.
//
// Source of the rules: Go's strconv, time and fmt. All functions are pure.
#ifndef MUSTER_WEBHOOK_GO_GO_TEXT_H_
#define MUSTER_WEBHOOK_GO_GO_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::webhook {

// strconv.Atoi and strconv.ParseInt(…, 10, 32), and strconv.ParseBool. Errors: InvalidArgument with Go's text, such as
// `strconv.Atoi: parsing "x": invalid syntax`.
absl::StatusOr<int64_t> GoAtoi(absl::string_view text);
absl::StatusOr<int32_t> GoParseInt32(absl::string_view text);
absl::StatusOr<bool> GoParseBool(absl::string_view text);

// What time.Parse(time.RFC3339) says is wrong with `text`; "" when it is fine.
std::string GoTimeError(absl::string_view text);
// The time as metav1.Time writes it: in UTC and without a fraction. The text itself when it is no time.
std::string GoTime(absl::string_view text);

// What apimachinery says of a kind that its scheme has not in that version.
std::string NotRegisteredError(absl::string_view api_version, absl::string_view kind);

// The text in double quotes as fmt's %q prints it.
std::string GoQuote(absl::string_view text);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_GO_GO_TEXT_H_
