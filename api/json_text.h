// JSON text to a value, safe on any input.
#ifndef MUSTER_API_JSON_TEXT_H_
#define MUSTER_API_JSON_TEXT_H_

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::api {

// Deeper documents are refused, in JSON and in YAML: no object nests this deep, and recursion over it stays shallow.
inline constexpr int kMaxNesting = 100;

// Parses one JSON value. Errors: InvalidArgument with line and column for malformed text, invalid UTF-8, and nesting
// over kMaxNesting. Of a key that is given twice the last value counts. Never throws. O(size).
absl::StatusOr<nlohmann::json> ParseJson(absl::string_view text);

// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms). O(size).
bool IsValidUtf8(absl::string_view text);

}  // namespace muster::api

#endif  // MUSTER_API_JSON_TEXT_H_
